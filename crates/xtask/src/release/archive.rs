//! From a folder to one file that is the same each time: sums, tar, gzip, and the sum of that.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// The list of digests within a release.
pub const SUMS: &str = "SHA256SUMS";

/// The SHA-256 of each file of a folder, as `sha256sum --check` reads it, sorted by name.
pub fn sums(place: &Place, folder: &Path) -> Outcome<String> {
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    let mut names: Vec<&str> =
        files.iter().filter_map(|file| file.strip_prefix(folder).ok()?.to_str()).collect();
    names.retain(|name| *name != SUMS);
    names.sort_unstable();
    let mut command = shell::program(place, Path::new("sha256sum"), ["--"]);
    command.args(names).current_dir(folder);
    shell::read(command)
}

/// The SHA-256 of one file.
pub fn sha256(place: &Place, file: &Path) -> Outcome<String> {
    let text = shell::read(shell::program(place, Path::new("sha256sum"), [Path::new("--"), file]))?;
    // A leading backslash says that the name is written otherwise.
    let sum = text.split(' ').next().unwrap_or_default().trim_start_matches('\\');
    Ok(sum.to_owned())
}

/// Packs a folder: names in order, owners, modes and times that say nothing of this machine.
pub fn pack(place: &Place, folder: &Path, epoch: &str) -> Outcome<PathBuf> {
    let (parent, name) = parent_and_name(folder)?;
    let tar = parent.join(format!("{name}.tar"));
    let mut command = shell::program(place, Path::new("tar"), ["--create", "--format=gnu", "--sort=name"]);
    command
        .args(["--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"])
        .arg(format!("--mtime=@{epoch}"))
        .arg("--file")
        .arg(&tar)
        .arg("--directory")
        .arg(parent)
        .arg(name)
        .env("LC_ALL", "C");
    shell::run(command)?;
    squeeze(place, &tar)
}

/// Makes `x.gz` of `x`, without name and time.
pub fn squeeze(place: &Place, file: &Path) -> Outcome<PathBuf> {
    let args = [Path::new("--no-name"), Path::new("--best"), Path::new("--force"), Path::new("--"), file];
    let mut command = shell::program(place, Path::new("gzip"), args);
    command.env_remove("GZIP");
    shell::run(command)?;
    let mut packed = file.as_os_str().to_owned();
    packed.push(".gz");
    Ok(PathBuf::from(packed))
}

/// Writes `x.sha256` beside `x`, and says what stands in it.
pub fn sum_beside(place: &Place, file: &Path) -> Outcome<String> {
    let (parent, name) = parent_and_name(file)?;
    let sum = sha256(place, file)?;
    let beside = parent.join(format!("{name}.sha256"));
    fs::write(&beside, format!("{sum}  {name}\n")).context(|| format!("write {}", beside.display()))?;
    Ok(sum)
}

fn parent_and_name(path: &Path) -> Outcome<(&Path, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    path.parent().zip(name).ok_or_else(|| Failure::new(format!("{} cannot be packed", path.display())))
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    for entry in fs::read_dir(folder).context(|| format!("look into {}", folder.display()))? {
        let path = entry.context(|| format!("look into {}", folder.display()))?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// The lines in which two lists of sums differ, each as the name of a file.
pub fn differing(one: &str, other: &str) -> Vec<String> {
    let has = |list: &str, line: &str| list.lines().any(|own| own == line);
    let alone =
        one.lines().filter(|line| !has(other, line)).chain(other.lines().filter(|line| !has(one, line)));
    let mut names: Vec<String> =
        alone.map(|line| line.split_once("  ").map_or(line, |(_, name)| name).to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_differ_or_are_missing_are_named_once() {
        let one = "aa  concord\nbb  LICENSE\ncc  only-here\n";
        let other = "dd  concord\nbb  LICENSE\nee  only-there\n";
        assert_eq!(differing(one, other), ["concord", "only-here", "only-there"]);
        assert_eq!(differing(one, one), Vec::<String>::new());
    }

    #[test]
    fn two_folders_with_the_same_content_give_the_same_bytes() {
        let place = Place::find().expect("this checkout");
        let scratch = std::env::temp_dir().join(format!("concord-archive-{}", std::process::id()));
        let packed = ["one", "two"].map(|which| {
            let folder = scratch.join(which).join("concord-0");
            fs::create_dir_all(folder.join("docs")).expect("a folder");
            // In another order, and so in another place on the disk and at another time.
            let mut names = ["b", "docs/c", "a"];
            if which == "two" {
                names.reverse();
            }
            for name in names {
                fs::write(folder.join(name), name).expect("a file");
            }
            let sums = sums(&place, &folder).expect("sums");
            let names: Vec<&str> = sums.lines().filter_map(|line| Some(line.split_once("  ")?.1)).collect();
            assert_eq!(names, ["a", "b", "docs/c"]);
            fs::read(pack(&place, &folder, "1764300000").expect("packed")).expect("an archive")
        });
        fs::remove_dir_all(&scratch).expect("scratch");
        assert!(packed[0] == packed[1], "the archives differ");
    }
}
