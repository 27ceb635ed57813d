//! Python's pip as a fetcher: it is on every machine we know, and it checks hashes.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// Is there a Python with pip? The failure says what to install.
pub fn check(place: &Place) -> Outcome {
    if shell::ask(python(place, ["--version"])).is_none() {
        return Err(Failure::new("there is no python3: install python3 and pip"));
    }
    if shell::ask(python(place, ["-m", "pip", "--version"])).is_none() {
        return Err(Failure::new("python3 has no pip: install pip (Debian: apt-get install python3-pip)"));
    }
    Ok(())
}

/// Downloads what the requirements file pins into a folder, as wheels.
pub fn download(place: &Place, requirements: &Path, into: &Path) -> Outcome {
    let how = ["download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--quiet", "-r"];
    pip(place, &how, requirements, "-d", into)
}

/// Installs what the requirements file pins into a folder that goes on PYTHONPATH.
pub fn install(place: &Place, requirements: &Path, into: &Path) -> Outcome {
    let how = ["install", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--quiet", "-r"];
    pip(place, &how, requirements, "--target", into)
}

/// Opens a wheel, which is a zip file.
pub fn unpack(place: &Place, wheel: &Path, into: &Path) -> Outcome {
    let mut command = python(place, ["-m", "zipfile", "-e"]);
    command.arg(wheel).arg(into);
    shell::run(command)
}

/// The SHA-256 of a file in hexadecimal; `None` without Python.
pub fn sha256(place: &Place, file: &Path) -> Option<String> {
    const PROGRAM: &str =
        "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let mut command = python(place, ["-c", PROGRAM]);
    command.arg(file);
    shell::ask(command)
}

fn pip(place: &Place, how: &[&str], requirements: &Path, flag: &str, folder: &Path) -> Outcome {
    let mut command = python(place, ["-m", "pip", "--disable-pip-version-check", "--no-input"]);
    command.args(how).arg(requirements).arg(flag).arg(folder);
    // A pip set up to work only inside virtual environments would refuse, though we touch none;
    // nor does root's system Python need a warning.
    command.env("PIP_REQUIRE_VIRTUALENV", "0").env("PIP_ROOT_USER_ACTION", "ignore");
    shell::run(command).map_err(|_| {
        let pinned = requirements.file_name().unwrap_or_default().to_string_lossy();
        Failure::new(format!("pip did not {} what {pinned} pins, for the reason above", how[0]))
    })
}

fn python<S: AsRef<OsStr>>(place: &Place, args: impl IntoIterator<Item = S>) -> Command {
    shell::program(place, Path::new("python3"), args)
}
