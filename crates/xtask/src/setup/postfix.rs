//! The relay that tests deliver through: Debian's Postfix in `.tools/postfix`, unpacked and not installed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::pip;
use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// What `postfix.sha256` pins: the package, its version, its architecture, and the hash of its file.
struct Pin {
    version: String,
    hash: String,
}

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
    if ["apt-get", "dpkg"].iter().any(|program| shell::on_path(program).is_none()) {
        println!("postfix: left out, there is no apt-get to fetch it; the tests that need it will fail");
        return Ok(());
    }
    fetch(place, &home).map_err(|failure| {
        Failure::new(format!(
            "{failure}; put that right, or install it: apt-get install --no-install-recommends postfix"
        ))
    })
}

fn fetch(place: &Place, home: &Path) -> Outcome {
    let pin = pinned(place)?;
    println!(
        "postfix {}: fetching it with apt-get, checked against crates/xtask/postfix.sha256",
        pin.version
    );
    let scratch = place.tools().join(format!("postfix.{}.download", std::process::id()));
    let placed = fetch_into(place, &pin, &scratch).and_then(|unpacked| {
        fs::rename(&unpacked, home).context(|| format!("put {} in place", home.display()))
    });
    // Scratch, whatever came of it.
    let _ = fs::remove_dir_all(&scratch);
    placed?;
    println!("postfix {}: in place ({})", version(place, home)?, home.display());
    Ok(())
}

fn fetch_into(place: &Place, pin: &Pin, scratch: &Path) -> Outcome<PathBuf> {
    fs::create_dir_all(scratch).context(|| format!("make the folder {}", scratch.display()))?;
    // Into a folder of ours, which the user that apt-get otherwise becomes cannot write.
    let wanted = format!("postfix={}", pin.version);
    let args = ["-o", "APT::Sandbox::User=root", "--quiet", "download", &*wanted];
    let mut command = shell::program(place, Path::new("apt-get"), args);
    command.current_dir(scratch);
    shell::run(command)?;
    let files = fs::read_dir(scratch).context(|| format!("read {}", scratch.display()))?;
    let package = files.flatten().map(|file| file.path()).next();
    let package = package.ok_or_else(|| Failure::new("apt-get left no package behind"))?;
    match pip::sha256(place, &package) {
        Some(hash) if hash == pin.hash => {}
        hash => {
            return Err(Failure::new(format!(
                "the package has sha256 {}, but {} is pinned",
                hash.as_deref().unwrap_or("(unreadable)"),
                pin.hash
            )));
        }
    }
    let unpacked = scratch.join("unpacked");
    shell::run(shell::program(place, Path::new("dpkg"), [Path::new("-x"), &package, &unpacked]))?;
    // Its processes become several users, and all must get through.
    fs::set_permissions(&unpacked, fs::Permissions::from_mode(0o755))
        .context(|| format!("open {} to all", unpacked.display()))?;
    Ok(unpacked)
}

/// The pin for this machine.
fn pinned(place: &Place) -> Outcome<Pin> {
    let file = place.pins().join("postfix.sha256");
    let list = fs::read_to_string(&file).context(|| format!("read {}", file.display()))?;
    let platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    listed(&list, &platform).ok_or_else(|| Failure::new(format!("no postfix is pinned for {platform}")))
}

fn listed(list: &str, platform: &str) -> Option<Pin> {
    let lines = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.into_iter().find_map(|words| match words[..] {
        [hash, version, on] if on == platform => {
            Some(Pin { version: version.to_owned(), hash: hash.to_owned() })
        }
        _ => None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_pinned_by_its_whole_hash() {
        let pin = listed(include_str!("../../postfix.sha256"), "linux-x86_64").expect("a pin");
        assert_eq!(pin.hash.len(), 64);
        assert!(pin.version.contains("deb12"), "{}", pin.version);
        assert!(listed("abc 1.0 linux-x86_64", "plan9-mips").is_none());
    }
}
