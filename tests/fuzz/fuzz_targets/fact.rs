//! A fact as it is stored: if it can be read, its link is read alike without it.
#![no_main]

use events::{Fact, envelope};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let whole = Fact::from_bytes(data);
    if let (Ok(fact), Ok(link)) = (&whole, envelope::link(data)) {
        assert_eq!(fact.body().kind(), link.kind);
    }
});
