//! `release`: the archive that is handed out, with the lists of what is in it, and the same bytes each time.
//!
//! It is made of the last commit alone: what git tracks, at the time of the commit. `--check` makes it a second time,
//! from a clone in another place with another cargo home, and compares. `--program` lays out the folder alone, with a
//! program that was built before: to try the installation.

mod archive;
mod build;
mod layout;
mod parts;
mod sbom;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::setup::{self, For};
use crate::tool::AUDITABLE;
use crate::{layers, shell};
use build::{Build, Toolchain};

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    let asked = Asked::read(args)?;
    if !asked.allow_dirty {
        clean(place)?;
    }
    let metadata = layers::metadata(place, &["--no-deps"])?;
    let target = metadata["target_directory"].as_str().map(PathBuf::from);
    let dist = target.ok_or_else(|| Failure::new("cargo metadata names no target directory"))?.join("dist");
    let out = asked.out.map(|out| std::path::absolute(&out).context(|| format!("find {}", out.display())));
    let out = out.transpose()?.unwrap_or_else(|| dist.clone());
    setup::ensure(place, For::Serving)?;
    let program = asked.program;
    let making = Making { place, cargo_home: build::cargo_home()?, target: dist.join("build"), program, out };
    if making.program.is_some() {
        let Folder { path, sums, .. } = making.lay_out(&Commit::ask(place)?)?;
        println!("release: {} ({} files): to try it, and no release", path.display(), sums.lines().count());
        return Ok(());
    }
    let first = making.make()?;
    first.tell();
    if asked.check { check(place, &dist, &first) } else { Ok(()) }
}

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    out: Option<PathBuf>,
    program: Option<PathBuf>,
    check: bool,
    allow_dirty: bool,
}

impl Asked {
    fn read(args: &[String]) -> Outcome<Self> {
        let mut asked = Self::default();
        let mut words = args.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--check" => asked.check = true,
                "--allow-dirty" => asked.allow_dirty = true,
                "--out" | "--program" => {
                    let path = words.next().ok_or_else(|| Failure::new(format!("{word} needs a path")))?;
                    let path = Some(PathBuf::from(path));
                    if word == "--out" { asked.out = path } else { asked.program = path }
                }
                other => {
                    let known = "--out DIR, --check, --program FILE, --allow-dirty";
                    return Err(Failure::unknown_argument(other, known));
                }
            }
        }
        if asked.check && (asked.allow_dirty || asked.program.is_some()) {
            let with = "it does not go with --allow-dirty and --program";
            return Err(Failure::new(format!("--check compares what is built of the last commit: {with}")));
        }
        Ok(asked)
    }
}

/// A release bears the time and the name of a commit, and must be what that commit says.
fn clean(place: &Place) -> Outcome {
    let changed = shell::read(shell::git(place, ["status", "--porcelain", "--untracked-files=no"]))?;
    if changed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "these files are not as in the last commit; commit them, or try it with --allow-dirty:\n{}",
        changed.trim_end()
    )))
}

/// One release to be made.
struct Making<'a> {
    place: &'a Place,
    cargo_home: PathBuf,
    /// Where it is built.
    target: PathBuf,
    /// What was built before, instead.
    program: Option<PathBuf>,
    /// Where it is put.
    out: PathBuf,
}

/// What is packed.
struct Folder {
    path: PathBuf,
    sums: String,
    parts: usize,
    debug: PathBuf,
}

/// One that was made.
struct Made {
    archive: PathBuf,
    sha256: String,
    sums: String,
    parts: usize,
    debug: PathBuf,
    seconds: f32,
}

impl Making<'_> {
    /// The folder with everything in it.
    fn lay_out(&self, commit: &Commit) -> Outcome<Folder> {
        let place = self.place;
        let toolchain = Toolchain::ask(place)?;
        let metadata = layers::metadata(place, &["--filter-platform", &toolchain.host])?;
        let version = version(&metadata)?;
        let name = format!("concord-{version}-{}", toolchain.host);
        let folder = self.out.join(&name);
        // Ours by its name; what is left of another time must not get in.
        if folder.exists() {
            fs::remove_dir_all(&folder).context(|| format!("remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).context(|| format!("make the folder {}", folder.display()))?;
        println!("release: {name}, of commit {} ({})", commit.id, commit.time);

        let debug = self.out.join(format!("{name}.debug"));
        if let Some(program) = &self.program {
            copy(program, &folder.join("concord"))?;
        } else {
            let (cargo_home, target, epoch) = (&self.cargo_home, &self.target, &commit.epoch);
            Build { place, cargo_home, target, toolchain: &toolchain, epoch }.put(&folder, &debug)?;
        }
        copy_files(place, &folder)?;
        let server = setup::pinned_server(place)?;
        copy(&server.path, &folder.join("nats-server"))?;

        let tree = tree(place, &toolchain.host)?;
        let lock = read(&place.root().join("Cargo.lock"))?;
        let crates = parts::crates(&tree, &metadata, &lock);
        whole(&tree, &crates)?;
        let bytes = fs::read(&server.path).context(|| format!("read {}", server.path.display()))?;
        let modules = parts::go_modules(&bytes);
        if modules.is_empty() {
            return Err(Failure::new("nats-server does not say of which modules it was made"));
        }
        let contents = sbom::Contents {
            version: &version,
            target: &toolchain.host,
            time: &commit.time,
            commit: &commit.id,
            tools: &tools(place, &toolchain),
            sha256: &archive::sha256(place, &folder.join("concord"))?,
            crates: &crates,
            server: sbom::Server { version: &server.version, sha256: &server.sha256, modules: &modules },
        };
        let list = serde_json::to_string_pretty(&sbom::sbom(&contents))
            .map_err(|error| Failure::new(format!("the list of parts cannot be written: {error}")))?;
        write(&folder.join("SBOM.cdx.json"), &(list + "\n"))?;
        write(&folder.join("THIRD-PARTY.txt"), &sbom::third_party(&contents))?;
        let sums = archive::sums(place, &folder)?;
        write(&folder.join(archive::SUMS), &sums)?;
        Ok(Folder { path: folder, sums, parts: crates.len() + modules.len(), debug })
    }

    fn make(&self) -> Outcome<Made> {
        let (place, started) = (self.place, Instant::now());
        let commit = Commit::ask(place)?;
        let Folder { path, sums, parts, debug } = self.lay_out(&commit)?;
        println!(
            "release: sha256 of SHA256SUMS, which install.sh shows: {}",
            archive::sha256(place, &path.join(archive::SUMS))?
        );
        let archive = archive::pack(place, &path, &commit.epoch)?;
        let sha256 = archive::sum_beside(place, &archive)?;
        let debug = archive::squeeze(place, &debug)?;
        Ok(Made { archive, sha256, sums, parts, debug, seconds: started.elapsed().as_secs_f32() })
    }
}

impl Made {
    fn tell(&self) {
        let size = |file: &Path| fs::metadata(file).map_or(0, |about| about.len()).div_ceil(1024);
        println!("release: {} ({} KiB)", self.archive.display(), size(&self.archive));
        println!("release: sha256 {}", self.sha256);
        println!("release: {} files, {} parts in SBOM.cdx.json", self.sums.lines().count(), self.parts);
        println!("release: debug information: {} ({} KiB)", self.debug.display(), size(&self.debug));
        println!("release: made in {:.0} s", self.seconds);
    }
}

/// Makes it again where everything lies elsewhere, and compares.
fn check(place: &Place, dist: &Path, first: &Made) -> Outcome {
    let scratch = dist.join(format!("again-{}", std::process::id()));
    let root = scratch.join("another/checkout");
    println!("\nrelease: once more, in {}", scratch.display());
    fs::create_dir_all(&root).context(|| format!("make the folder {}", root.display()))?;
    let mut clone = shell::git(place, ["clone", "--quiet", "--shared", "--"]);
    clone.arg(place.root()).arg(&root);
    shell::run(clone)?;
    // The tools too lie elsewhere, as on another machine.
    let (tools, others) = (place.tools(), root.join(".tools"));
    fs::create_dir_all(others.join("bin")).context(|| format!("make the folder {}", others.display()))?;
    for name in ["nats-server", ".crates.toml", "bin/cargo-auditable"] {
        copy(&tools.join(name), &others.join(name))?;
    }
    // Another home of cargo's that has all that ours has: nothing is fetched again.
    let (home, cargo_home) = (build::cargo_home()?, scratch.join("home"));
    fs::create_dir_all(&cargo_home).context(|| format!("make the folder {}", cargo_home.display()))?;
    for entry in fs::read_dir(&home).context(|| format!("look into {}", home.display()))? {
        let entry = entry.context(|| format!("look into {}", home.display()))?;
        link(&entry.path(), &cargo_home.join(entry.file_name()))?;
    }
    let place = Place::at(root);
    let second = Making {
        place: &place,
        cargo_home,
        target: scratch.join("build"),
        program: None,
        out: scratch.join("out"),
    }
    .make()?;
    second.tell();
    if first.sha256 == second.sha256 {
        // Scratch.
        let _ = fs::remove_dir_all(&scratch);
        println!("release: both times the same bytes");
        return Ok(());
    }
    let differing = archive::differing(&first.sums, &second.sums).join(", ");
    let what = if differing.is_empty() { "the archive itself".to_owned() } else { differing };
    Err(Failure::new(format!(
        "made twice, it is not the same: {what}; the second one is in {}",
        scratch.display()
    )))
}

/// The commit that a release is of.
struct Commit {
    id: String,
    /// In seconds since 1970.
    epoch: String,
    /// The same, in UTC, for people.
    time: String,
}

impl Commit {
    fn ask(place: &Place) -> Outcome<Self> {
        let mut command = shell::git(place, ["log", "-1", "--format=%H %ct %cd"]);
        command.arg("--date=format-local:%Y-%m-%dT%H:%M:%SZ").env("TZ", "UTC");
        let text = shell::read(command)?;
        let mut words = text.split_whitespace().map(str::to_owned);
        match (words.next(), words.next(), words.next()) {
            (Some(id), Some(epoch), Some(time)) => Ok(Self { id, epoch, time }),
            _ => Err(Failure::new("git does not say which commit this is")),
        }
    }
}

fn version(metadata: &Value) -> Outcome<String> {
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let concord = packages.find(|package| package["name"] == "concord" && package["source"].is_null());
    let version = concord.and_then(|package| package["version"].as_str());
    version.map(str::to_owned).ok_or_else(|| Failure::new("cargo metadata names no version of concord"))
}

/// Everything that is linked into the program, with the features that it has there; what only builds it is left out.
fn tree(place: &Place, host: &str) -> Outcome<String> {
    let what = ["tree", "--locked", "-p", "concord", "-e", "normal,no-proc-macro", "--target", host];
    let mut command = shell::cargo(place, what);
    command.args(["--prefix", "none", "--format", "{p}"]);
    shell::read(command)
}

/// No crate of the tree may be missing from the list.
fn whole(tree: &str, crates: &[parts::Part]) -> Outcome {
    let linked = parts::linked(tree);
    if linked.len() == crates.len() {
        return Ok(());
    }
    Err(Failure::new(format!("the list of parts has {} crates, the program {}", crates.len(), linked.len())))
}

/// With what it was built: with the same ones, others get the same bytes.
fn tools(place: &Place, toolchain: &Toolchain) -> Vec<String> {
    let number = |program: &str| {
        let answer = shell::ask(shell::program(place, Path::new(program), ["--version"]))?;
        answer.lines().next()?.rsplit(' ').next().map(str::to_owned)
    };
    let mut tools = vec![toolchain.called.clone(), AUDITABLE.called()];
    tools.extend(number("cc").map(|number| format!("cc {number}")));
    tools.extend(number("objcopy").map(|number| format!("binutils {number}")));
    tools
}

/// Copies what git tracks and a release takes along.
fn copy_files(place: &Place, folder: &Path) -> Outcome {
    let list = shell::read(shell::git(place, ["ls-files", "-z"]))?;
    let files: Vec<String> = list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    let entries = layout::entries(&files);
    for entry in &entries {
        let (from, to) = (place.root().join(&entry.from), folder.join(&entry.to));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).context(|| format!("make the folder {}", parent.display()))?;
        }
        // What is no text stays as it is.
        let text = fs::read_to_string(&from).ok().and_then(|text| layout::reads(entry, &text, &entries));
        match text {
            Some(text) => write(&to, &text)?,
            None => copy(&from, &to)?,
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to).map(|_| ()).context(|| format!("copy {} to {}", from.display(), to.display()))
}

fn link(to: &Path, at: &Path) -> Outcome {
    std::os::unix::fs::symlink(to, at).context(|| format!("make the link {}", at.display()))
}

fn read(file: &Path) -> Outcome<String> {
    fs::read_to_string(file).context(|| format!("read {}", file.display()))
}

fn write(file: &Path, text: &str) -> Outcome {
    fs::write(file, text).context(|| format!("write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Outcome<Asked> {
        Asked::read(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_asked_for_is_understood_in_any_order() {
        let expected = Asked { out: Some(PathBuf::from("there")), check: true, ..Asked::default() };
        assert_eq!(asked(&["--check", "--out", "there"]).expect("understood"), expected);
        assert_eq!(asked(&["--out", "there", "--check"]).expect("understood"), expected);
        assert_eq!(asked(&[]).expect("understood"), Asked::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in
            [&["--out"][..], &["--target"], &["--check", "--allow-dirty"], &["--check", "--program", "x"]]
        {
            assert!(asked(words).is_err(), "{words:?}");
        }
    }
}
