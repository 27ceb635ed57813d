//! The binary, built so that another checkout on another machine gives the same bytes.
//!
//! What would differ is where things lie: the checkout, cargo's home, the folder of the build and the sources of the
//! standard library. Rust and C are told to write other names in their stead. What remains an input is the compiler,
//! the linker and the C compiler; [`Toolchain`] says which they were.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::tool::{self, AUDITABLE};
use crate::{app, shell};

/// The section in which `cargo auditable` keeps the list of parts.
const SECTION: &[u8] = b".dep-v0";

/// What the compiler says of itself.
pub struct Toolchain {
    /// `rustc 1.95.0 (59807616e 2026-04-14)`
    pub called: String,
    /// What it builds for, unless told otherwise.
    pub host: String,
    commit: String,
    sysroot: PathBuf,
}

impl Toolchain {
    pub fn ask(place: &Place) -> Outcome<Self> {
        let rustc = PathBuf::from(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        let text = shell::read(shell::program(place, &rustc, ["-vV"]))?;
        let sysroot = shell::read(shell::program(place, &rustc, ["--print", "sysroot"]))?;
        let word = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
            found.ok_or_else(|| Failure::new(format!("`rustc -vV` does not say `{key}`")))
        };
        Ok(Self {
            called: text.lines().next().unwrap_or_default().to_owned(),
            host: word("host: ")?,
            commit: word("commit-hash: ")?,
            sysroot: PathBuf::from(sysroot.trim()),
        })
    }
}

/// The folders that a build must not betray, each with the name that is written in its stead.
///
/// The more particular comes last, for the last that fits is taken. A folder behind a symbolic link has two names, and
/// compilers write both: as it was given, and where they found themselves.
pub fn renamed(
    cargo_home: &Path,
    root: &Path,
    target: &Path,
    toolchain: &Toolchain,
) -> Vec<(PathBuf, String)> {
    let given = vec![
        (cargo_home.to_owned(), "/cargo".to_owned()),
        (root.to_owned(), "/concord".to_owned()),
        (target.to_owned(), "/target".to_owned()),
        // There only with the component rust-src; without it the names are these already.
        (toolchain.sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{}", toolchain.commit)),
    ];
    // Of cargo's home it may be a part that is shared.
    let registry = (cargo_home.join("registry"), "/cargo/registry".to_owned());
    let is_known = |real: &Path| given.iter().any(|(folder, _)| real.starts_with(folder));
    let behind_links: Vec<_> = std::iter::once(&registry)
        .chain(&given)
        .filter_map(|(folder, name)| Some((folder.canonicalize().ok()?, name.clone())))
        .filter(|(real, _)| !is_known(real))
        .collect();
    [behind_links, given].concat()
}

/// Where cargo keeps what it has fetched.
pub fn cargo_home() -> Outcome<PathBuf> {
    let given = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let usual = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    given
        .or_else(usual)
        .ok_or_else(|| Failure::new("neither CARGO_HOME nor HOME is set: where is cargo's home?"))
}

/// What a build is made of.
pub struct Build<'a> {
    pub place: &'a Place,
    pub cargo_home: &'a Path,
    pub target: &'a Path,
    pub toolchain: &'a Toolchain,
    /// The instant of the commit, in seconds since 1970.
    pub epoch: &'a str,
}

impl Build<'_> {
    /// Builds, and puts the program and its debug information into a folder, apart from each other.
    pub fn put(&self, folder: &Path, debug: &Path) -> Outcome {
        let built = self.run()?;
        let program = folder.join("concord");
        let word = Path::as_os_str;
        let to =
            |name: &str, args: &[OsString]| shell::run(shell::program(self.place, Path::new(name), args));
        to("objcopy", &["--only-keep-debug".into(), word(&built).into(), word(debug).into()])?;
        to("strip", &["--strip-debug".into(), "-o".into(), word(&program).into(), word(&built).into()])?;
        let mut link = OsString::from("--add-gnu-debuglink=");
        link.push(debug);
        to("objcopy", &[link, word(&program).into()])?;
        let bytes = fs::read(&program).context(|| format!("read {}", program.display()))?;
        if bytes.windows(SECTION.len()).any(|window| window == SECTION) {
            return Ok(());
        }
        Err(Failure::new(
            "the binary does not carry the list of its parts: cargo auditable did not do its work",
        ))
    }

    fn run(&self) -> Outcome<PathBuf> {
        let auditable = AUDITABLE.ensure(self.place)?;
        let args = ["auditable", "build", "--release", "--locked", "-p", "concord", "--bin", "concord"];
        let mut command = shell::program(self.place, &auditable, args);
        command.arg("--message-format=json-render-diagnostics");
        shell::forget_this_crate(&mut command);
        tool::on_path(self.place, &mut command)?;
        command.env("CARGO", self.calling_it_by_name()?).env("CONCORD_CARGO", shell::cargo_itself());
        let renamed = renamed(self.cargo_home, self.place.root(), self.target, self.toolchain);
        command
            .env("CARGO_HOME", self.cargo_home)
            .env("CARGO_TARGET_DIR", self.target)
            .env("CARGO_ENCODED_RUSTFLAGS", flags(&renamed, "--remap-path-prefix=", "\u{1f}"))
            .env("CFLAGS", flags(&renamed, "-ffile-prefix-map=", " "))
            .env("SOURCE_DATE_EPOCH", self.epoch)
            .env("LC_ALL", "C")
            .env_remove("RUSTFLAGS");
        app::executable(&shell::read(command)?, "concord")
            .ok_or_else(|| Failure::new("cargo built concord but does not say where it is"))
    }

    /// A cargo that calls `cargo auditable` by its name alone.
    ///
    /// It names itself to cargo by its full path, and cargo takes that path into the names of all symbols of ours.
    fn calling_it_by_name(&self) -> Outcome<PathBuf> {
        const PROGRAM: &str =
            "#!/bin/sh\nRUSTC_WORKSPACE_WRAPPER=cargo-auditable exec \"$CONCORD_CARGO\" \"$@\"\n";
        let file = self.target.join("cargo-by-name");
        fs::create_dir_all(self.target)
            .and_then(|()| fs::write(&file, PROGRAM))
            .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o755)))
            .context(|| format!("write {}", file.display()))?;
        Ok(file)
    }
}

fn flags(renamed: &[(PathBuf, String)], flag: &str, between: &str) -> OsString {
    let one = |(from, to): &(PathBuf, String)| format!("{flag}{}={to}", from.display());
    renamed.iter().map(one).collect::<Vec<_>>().join(between).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain() -> Toolchain {
        Toolchain {
            called: "rustc 1.95.0".to_owned(),
            host: "x86_64-unknown-linux-gnu".to_owned(),
            commit: "5980".to_owned(),
            sysroot: PathBuf::from("/toolchain"),
        }
    }

    #[test]
    fn a_folder_behind_a_link_loses_both_of_its_names() {
        let scratch = std::env::temp_dir().join(format!("concord-renamed-{}", std::process::id()));
        let (shared, home) = (scratch.join("shared"), scratch.join("home"));
        fs::create_dir_all(&shared).and_then(|()| fs::create_dir_all(&home)).expect("folders");
        std::os::unix::fs::symlink(&shared, home.join("registry")).expect("a link");
        let renamed = renamed(&home, Path::new("/src"), Path::new("/target"), &toolchain());
        let real = (shared.canonicalize().expect("there"), "/cargo/registry".to_owned());
        fs::remove_dir_all(&scratch).expect("scratch");
        assert!(renamed.contains(&real), "{renamed:?}");
        assert!(renamed.contains(&(home, "/cargo".to_owned())), "{renamed:?}");
    }

    #[test]
    fn no_folder_of_this_machine_is_left_in_the_flags_without_another_name() {
        let renamed =
            renamed(Path::new("/home/a/.cargo"), Path::new("/src"), Path::new("/src/target"), &toolchain());
        assert_eq!(
            flags(&renamed, "-ffile-prefix-map=", " "),
            "-ffile-prefix-map=/home/a/.cargo=/cargo -ffile-prefix-map=/src=/concord \
             -ffile-prefix-map=/src/target=/target -ffile-prefix-map=/toolchain/lib/rustlib/src/rust=/rustc/5980"
        );
    }
}
