//! The only pen: stamps version, hash chain and recorded time, appends with compare-and-set.
