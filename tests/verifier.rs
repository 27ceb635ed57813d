//! The second verifier, in Python and written from `docs/export-format.md` alone, finds each kind of tampering.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::process::Command;

use support::top;

#[test]
fn the_verifier_passes_its_own_tests() {
    let mut python = Command::new("python3");
    python.args(["-m", "unittest", "test_verify"]).current_dir(top().join("tests/verifier"));
    let ran = python.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("python3 runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
