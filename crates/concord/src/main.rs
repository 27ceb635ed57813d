//! The binary: up, serve, play, audit.
fn main() {}
