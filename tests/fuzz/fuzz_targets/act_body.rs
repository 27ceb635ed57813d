//! The body of an act: screened and read as the edge and the stage do it. It is refused or read, and nothing else.
#![no_main]

use domain::{Command, catalogue, directory, duties, secrecy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, body)) = data.split_first() else { return };
    let acts: Vec<_> = catalogue::acts().collect();
    let act = acts[usize::from(*which) % acts.len()];
    let Ok(mut body) = serde_json::from_slice(body) else { return };
    if secrecy::screen(act.name, &mut body).is_err() {
        return;
    }
    if directory::named(act.name).is_some() {
        drop(directory::Command::parse(act, body));
    } else if duties::named(act.name).is_some() {
        drop(duties::Command::parse(act, body));
    } else {
        drop(Command::parse(act, body));
    }
});
