//! Failpoints: places at which a test lets the process die, to prove that nothing is lost or doubled there.
//!
//! Only builds with debug assertions have them; `CONCORD_FAILPOINT=<name>` names the one that is armed.

/// Ends the process at once if this failpoint is armed, as `kill -9` would.
pub fn reached(name: &str) {
    if cfg!(debug_assertions) && std::env::var("CONCORD_FAILPOINT").is_ok_and(|armed| armed == name) {
        tracing::error!(name, "failpoint");
        std::process::abort();
    }
}
