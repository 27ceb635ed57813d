//! Starting other programs: always in the root of the workspace, always saying which one failed.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::failure::{Failure, Outcome};
use crate::place::Place;

/// The cargo that runs us, else the one on PATH.
pub fn cargo<S: AsRef<OsStr>>(place: &Place, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = program(place, &cargo_itself(), args);
    forget_this_crate(&mut command);
    command
}

/// The program of that cargo.
pub fn cargo_itself() -> PathBuf {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).into()
}

/// Takes from a cargo that is called what the one that calls us has said of xtask.
pub fn forget_this_crate(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_of_this_crate)) {
        command.env_remove(name);
    }
}

/// Whether `cargo run` sets this variable to say which crate runs: xtask. A cargo that inherits it builds again what
/// looks at it, and again without it.
fn is_of_this_crate(variable: &str) -> bool {
    let crate_itself = ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];
    variable.starts_with("CARGO_PKG_")
        || variable.starts_with("CARGO_MANIFEST_")
        || crate_itself.contains(&variable)
}

/// Git, about this checkout, which may belong to another user, as in containers.
pub fn git<S: AsRef<OsStr>>(place: &Place, args: impl IntoIterator<Item = S>) -> Command {
    let safe = format!("safe.directory={}", place.root().display());
    let mut command = program(place, Path::new("git"), ["-c", &safe]);
    command.args(args);
    command
}

/// Any other program.
pub fn program<S: AsRef<OsStr>>(place: &Place, path: &Path, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(path);
    command.args(args).current_dir(place.root());
    command
}

/// Runs it on our terminal; anything but exit code 0 is a failure.
pub fn run(mut command: Command) -> Outcome {
    let what = describe(&command);
    let status = command.status().map_err(|error| not_started(&what, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::exited(&what, status.code())) }
}

/// Becomes that program, so that signals and the exit code need no carrying. Returns only on failure.
pub fn become_program(mut command: Command) -> Outcome {
    let what = describe(&command);
    Err(not_started(&what, &command.exec()))
}

/// Runs it and keeps what it prints on standard output; its errors still reach the terminal.
pub fn read(mut command: Command) -> Outcome<String> {
    let what = describe(&command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| not_started(&what, &error))?;
    if !output.status.success() {
        return Err(Failure::exited(&what, output.status.code()));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::new(format!("`{what}` printed something unreadable")))
}

/// Asks a program something, quietly: `None` if it is missing or unwell.
pub fn ask(mut command: Command) -> Option<String> {
    let Output { status, stdout, .. } = command.stdin(Stdio::null()).output().ok()?;
    status.success().then(|| String::from_utf8_lossy(&stdout).trim().to_owned())
}

/// Looks a program up as a shell does.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The command as a person would type it.
fn describe(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

fn not_started(what: &str, error: &std::io::Error) -> Failure {
    if error.kind() == ErrorKind::NotFound {
        let name = what.split(' ').next().unwrap_or(what);
        return Failure::new(format!("cannot run `{what}`: `{name}` is not installed or not on PATH"));
    }
    Failure::new(format!("cannot run `{what}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_lends_us_its_name_and_code() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 7"]);
        let failure = run(command).expect_err("exit 7");
        assert_eq!(failure.to_string(), "`sh -c exit 7` failed with exit code 7");
        assert_eq!(format!("{:?}", failure.exit_code()), format!("{:?}", std::process::ExitCode::from(7)));
    }

    #[test]
    fn an_inner_cargo_learns_nothing_of_the_crate_that_calls_it() {
        let place = Place::find().expect("this checkout");
        let command = cargo(&place, ["build"]);
        let removed: Vec<_> =
            command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            assert!(removed.contains(&OsStr::new(name)), "{name} is inherited");
        }
        for name in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "RUSTFLAGS"] {
            assert!(!is_of_this_crate(name), "{name} is lost");
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let failure = run(Command::new("no-such-program-anywhere")).expect_err("missing");
        assert!(failure.to_string().contains("`no-such-program-anywhere` is not installed"));
    }
}
