//! Withdrawing and cancelling.
