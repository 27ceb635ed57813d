//! Routes a case to the liaison units and falls back when nobody acknowledges.
