//! A scenario as somebody writes it.
#![no_main]

use domain::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    drop(Scenario::parse(data));
});
