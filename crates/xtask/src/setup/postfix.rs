//! The relay that tests deliver through: Debian's Postfix in `.tools/postfix`, unpacked and not installed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::debian;
use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// Puts Postfix there unless it is: the installed one, else the pinned package.
pub fn ensure(place: &Place) -> Outcome {
    let home = place.tools().join("postfix");
    if let Ok(version) = version(place, &home) {
        println!("postfix {version}: already there ({})", home.display());
        return Ok(());
    }
    // A link that leads nowhere, or what an interrupted run has left.
    let _ = fs::remove_file(&home);
    let _ = fs::remove_dir_all(&home);
    if let Ok(version) = version(place, Path::new("/")) {
        println!("postfix {version}: the installed one");
        return symlink("/", &home).context(|| format!("make the link {}", home.display()));
    }
    if !debian::is_here() {
        println!("postfix: left out, there is no apt-get to fetch it; the tests that need it will fail");
        return Ok(());
    }
    debian::fetch(place, "postfix", &home)?;
    println!("postfix {}: in place ({})", version(place, &home)?, home.display());
    Ok(())
}

/// The version of a Postfix whose server can be loaded, found as in its package.
fn version(place: &Place, home: &Path) -> Outcome<String> {
    let server = home.join("usr/lib/postfix/sbin/smtpd");
    if !server.is_file() {
        return Err(Failure::new(format!("there is no {}", server.display())));
    }
    let libraries = home.join("usr/lib/postfix");
    let ask = |program: &Path, args: &[&Path]| {
        let mut command = shell::program(place, program, args);
        command.env("LD_LIBRARY_PATH", &libraries);
        shell::ask(command).unwrap_or_default()
    };
    let loaded = ask(Path::new("ldd"), &[&server]);
    let missing: Vec<_> = loaded
        .lines()
        .filter(|line| line.contains("not found"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    if !missing.is_empty() {
        return Err(Failure::new(format!(
            "postfix needs {}: apt-get install libdb5.3 libicu72 libnsl2 libsasl2-2 libssl3",
            missing.join(", ")
        )));
    }
    let answer =
        ask(&home.join("usr/sbin/postconf"), &[Path::new("-d"), Path::new("-h"), Path::new("mail_version")]);
    if answer.is_empty() {
        return Err(Failure::new(format!("the postconf under {} does not say its version", home.display())));
    }
    Ok(answer)
}
