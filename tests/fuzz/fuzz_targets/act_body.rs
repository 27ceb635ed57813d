//! The body of an act: screened and read as the edge and the stage do it. It is refused or read, and nothing else.
#![no_main]

use domain::{Command, directory, secrecy, stages};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, body)) = data.split_first() else { return };
    let acts: Vec<_> = catalogue::acts().collect();
    let act = acts[usize::from(*which) % acts.len()];
    let Ok(mut body) = serde_json::from_slice(body) else { return };
    if secrecy::screen(act.name, &mut body).is_err() {
        return;
    }
    match directory::named(act.name) {
        Some(_) => drop(directory::Command::parse(act, body)),
        None => drop(Command::parse(act, body)),
    }
});
