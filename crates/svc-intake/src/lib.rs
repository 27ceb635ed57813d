//! Raises cases and numbers them.
