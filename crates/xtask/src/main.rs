//! The project's own tool: setup, up, demo, test, ci, tidy, layers, schemas.
fn main() {}
