//! A report of failure, as anybody may send it to the address of a mail. It is about one of our mails, or nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use svc_notifier::bounce;

fuzz_target!(|data: &[u8]| {
    if let Some(report) = bounce::read(data) {
        assert!(report.reply.chars().count() <= 500 && !report.reply.contains(char::is_control), "{report:?}");
    }
});
