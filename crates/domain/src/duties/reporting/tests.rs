//! The regular reports: when they are due, what may be done, what follows by itself.
