//! What it means: the pure rules of the process, stage by stage.
