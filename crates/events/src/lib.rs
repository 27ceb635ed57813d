//! What is said: every event declared once, the envelope, the identifiers.
