//! Replays the log, shows any case as it was, and checks the chain.
