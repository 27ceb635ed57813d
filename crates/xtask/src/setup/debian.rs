//! Packages of Debian, pinned by version and hash, unpacked into `.tools` and not installed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::pip;
use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// What `<package>.sha256` pins: a package's version, and the hash of its file.
struct Pin {
    version: String,
    hash: String,
}

/// Whether packages can be fetched here.
pub fn is_here() -> bool {
    ["apt-get", "dpkg"].iter().all(|program| shell::on_path(program).is_some())
}

/// Fetches a package and puts what is in it into a folder, which is made.
pub fn fetch(place: &Place, package: &str, home: &Path) -> Outcome {
    let pin = pinned(place, package)?;
    println!(
        "{package} {}: fetching it with apt-get, checked against crates/xtask/{package}.sha256",
        pin.version
    );
    let scratch = place.tools().join(format!("{package}.{}.download", std::process::id()));
    let placed = fetch_into(place, package, &pin, &scratch).and_then(|unpacked| {
        fs::rename(&unpacked, home).context(|| format!("put {} in place", home.display()))
    });
    // Scratch, whatever came of it.
    let _ = fs::remove_dir_all(&scratch);
    placed.map_err(|failure| {
        Failure::new(format!(
            "{failure}; put that right, or install it: apt-get install --no-install-recommends {package}"
        ))
    })
}

fn fetch_into(place: &Place, package: &str, pin: &Pin, scratch: &Path) -> Outcome<PathBuf> {
    fs::create_dir_all(scratch).context(|| format!("make the folder {}", scratch.display()))?;
    // Into a folder of ours, which the user that apt-get otherwise becomes cannot write.
    let wanted = format!("{package}={}", pin.version);
    let args = ["-o", "APT::Sandbox::User=root", "--quiet", "download", &*wanted];
    let mut command = shell::program(place, Path::new("apt-get"), args);
    command.current_dir(scratch);
    shell::run(command)?;
    let files = fs::read_dir(scratch).context(|| format!("read {}", scratch.display()))?;
    let file = files.flatten().map(|file| file.path()).next();
    let file = file.ok_or_else(|| Failure::new("apt-get left no package behind"))?;
    match pip::sha256(place, &file) {
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
    shell::run(shell::program(place, Path::new("dpkg"), [Path::new("-x"), &file, &unpacked]))?;
    // Processes of several users must get through.
    fs::set_permissions(&unpacked, fs::Permissions::from_mode(0o755))
        .context(|| format!("open {} to all", unpacked.display()))?;
    Ok(unpacked)
}

/// The pin for this machine.
fn pinned(place: &Place, package: &str) -> Outcome<Pin> {
    let file = place.pins().join(format!("{package}.sha256"));
    let list = fs::read_to_string(&file).context(|| format!("read {}", file.display()))?;
    let platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    listed(&list, &platform)
        .ok_or_else(|| Failure::new(format!("no {package} is pinned for {platform}: install it")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_pinned_by_its_whole_hash() {
        for list in [include_str!("../../postfix.sha256"), include_str!("../../prometheus.sha256")] {
            let pin = listed(list, "linux-x86_64").expect("a pin");
            assert_eq!(pin.hash.len(), 64);
            assert!(pin.version.contains("deb12"), "{}", pin.version);
        }
        assert!(listed("abc 1.0 linux-x86_64", "plan9-mips").is_none());
    }
}
