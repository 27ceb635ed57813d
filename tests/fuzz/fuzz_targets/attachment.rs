//! A file and its name, as somebody uploads them. A name that is taken is the name of one file, however it is handed
//! out; what a file is, is said of any bytes, and the same each time.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

#[path = "../../../crates/svc-api/src/attachments/kind.rs"]
mod kind;
#[path = "../../../crates/svc-api/src/attachments/name.rs"]
mod name;

fuzz_target!(|data: (&str, &[u8])| {
    let (typed, bytes) = data;
    let found = kind::of(&mut Cursor::new(bytes)).expect("memory can be read");
    assert_eq!(found, kind::of(&mut Cursor::new(bytes)).expect("memory can be read"));
    if let Some(name) = name::checked(typed) {
        assert!(!name.contains(['/', '\\', '\r', '\n', '"', '\0']) && !name.starts_with('.'), "{name:?}");
        found.as_ref().map(|kind| name::fits(&name, kind));
    }
    let header = name::disposition(typed, found.as_ref());
    assert!(header.to_str().is_ok_and(|value| value.starts_with("attachment")), "{header:?}");
});
