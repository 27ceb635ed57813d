//! Of what the binaries are made: every crate that is linked, and every module of nats-server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One part that is in a binary.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub name: String,
    pub version: String,
    /// As an SPDX expression, where its author says it.
    pub license: Option<String>,
    /// The SHA-256 of the package as `Cargo.lock` holds it, in hexadecimal.
    pub sha256: Option<String>,
    pub origin: Origin,
    /// The parts that it uses, by [`Part::reference`].
    pub uses: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// This repository. It has no address by which others would know it: a crate of the registry may have the same name.
    Own,
    /// The registry of crates.
    Registry,
    /// A module of Go, in nats-server.
    Go,
}

impl Part {
    /// The package URL, by which a scanner knows it.
    pub fn purl(&self) -> Option<String> {
        let kind = match self.origin {
            Origin::Own => return None,
            Origin::Registry => "cargo",
            Origin::Go => "golang",
        };
        Some(format!("pkg:{kind}/{}@{}", self.name, self.version.replace('+', "%2B")))
    }

    /// A name of its own within one list.
    pub fn reference(&self) -> String {
        self.purl().unwrap_or_else(|| format!("concord:{}@{}", self.name, self.version))
    }
}

/// The crates that `cargo tree` says are linked, with what `cargo metadata` and `Cargo.lock` know of them.
///
/// The tree is of the very program and its features; the metadata are of the whole workspace, tests and all.
pub fn crates(tree: &str, metadata: &Value, lock: &str) -> Vec<Part> {
    let linked = linked(tree);
    let sums = checksums(lock);
    let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let text = |key: &str| package[key].as_str();
        let (Some(id), Some(name), Some(version)) = (text("id"), text("name"), text("version")) else {
            continue;
        };
        let key = (name.to_owned(), version.to_owned());
        if linked.contains(&key) {
            let part = Part {
                name: key.0.clone(),
                version: key.1.clone(),
                // The older way of writing it is no SPDX.
                license: text("license").map(|license| license.replace('/', " OR ")),
                sha256: sums.get(&key).cloned(),
                origin: if package["source"].is_null() { Origin::Own } else { Origin::Registry },
                uses: BTreeSet::new(),
            };
            parts.insert(id, part);
        }
    }
    let references: BTreeMap<&str, String> = parts.iter().map(|(id, part)| (*id, part.reference())).collect();
    for node in metadata["resolve"]["nodes"].as_array().into_iter().flatten() {
        let Some(part) = node["id"].as_str().and_then(|id| parts.get_mut(id)) else { continue };
        let used = node["deps"].as_array().into_iter().flatten().filter(|dependency| is_linked(dependency));
        part.uses = used.filter_map(|one| references.get(one["pkg"].as_str()?).cloned()).collect();
    }
    let mut parts: Vec<Part> = parts.into_values().collect();
    parts.sort();
    parts
}

/// Names and versions out of `cargo tree --prefix none`: `serde v1.0.229`, `bus v0.1.0 (/path)`, `axum v0.8.9 (*)`.
pub fn linked(tree: &str) -> BTreeSet<(String, String)> {
    let words = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    };
    tree.lines().filter_map(words).collect()
}

/// A dependency for the build or for tests alone is not in the binary.
fn is_linked(dependency: &Value) -> bool {
    dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
}

fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let package = |block: &str| {
        let value = |key: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
            line.and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
        };
        Some(((value("name")?, value("version")?), value("checksum")?))
    };
    lock.split("[[package]]").filter_map(package).collect()
}

/// The modules that a program of Go says it was made of: lines `dep`, module, version and digest, between tabs.
pub fn go_modules(program: &[u8]) -> Vec<Part> {
    const START: &[u8] = b"\nmod\tgithub.com/nats-io/nats-server/";
    let Some(start) = program.windows(START.len()).position(|window| window == START) else {
        return Vec::new();
    };
    let block =
        program[start + 1..].split(|&byte| byte == b'\n').map_while(|line| std::str::from_utf8(line).ok());
    // One that was replaced stands in a line after it, `=>`, and is then in the program too.
    let module = |line: &str| {
        let mut words = line.split('\t');
        matches!(words.next(), Some("dep" | "=>")).then_some(())?;
        Some(Part {
            name: words.next()?.to_owned(),
            version: words.next()?.to_owned(),
            license: None,
            sha256: None,
            origin: Origin::Go,
            uses: BTreeSet::new(),
        })
    };
    let mut parts: Vec<Part> = block.take_while(|line| line.contains('\t')).filter_map(module).collect();
    parts.sort();
    parts
}

#[cfg(test)]
pub mod tests {
    use serde_json::json;

    use super::*;

    /// `app` links `cfg`, which takes `made` for its build; `other` is of the workspace, and not of the program.
    pub fn sample() -> Vec<Part> {
        let tree = "app v0.1.0 (/src/app)\ncfg v1.0.5+x\ncfg v1.0.5+x (*)\n";
        let dependency =
            |id: &str, kind: Value| json!({"pkg": id, "dep_kinds": [{"kind": kind, "target": null}]});
        let metadata = json!({
            "packages": [
                {"id": "r#cfg", "name": "cfg", "version": "1.0.5+x", "license": "MIT/Apache-2.0", "source": "registry"},
                {"id": "p#app", "name": "app", "version": "0.1.0", "license": "Apache-2.0", "source": null},
                {"id": "r#made", "name": "made", "version": "2.0.0", "license": "MIT", "source": "registry"},
                {"id": "p#other", "name": "other", "version": "0.1.0", "license": "Apache-2.0", "source": null},
            ],
            "resolve": {"nodes": [
                {"id": "p#app", "deps": [dependency("r#cfg", Value::Null), dependency("p#other", json!("dev"))]},
                {"id": "r#cfg", "deps": [dependency("r#made", json!("build"))]},
            ]},
        });
        let lock = "version = 4\n\n[[package]]\nname = \"cfg\"\nversion = \"1.0.5+x\"\nsource = \"registry\"\n\
                    checksum = \"c0ffee\"\ndependencies = [\n \"made\",\n]\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n";
        crates(tree, &metadata, lock)
    }

    #[test]
    fn what_is_linked_is_a_part_and_what_only_builds_or_tests_is_none() {
        let parts = sample();
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["app", "cfg"]);
        assert_eq!(parts[0].uses, BTreeSet::from(["pkg:cargo/cfg@1.0.5%2Bx".to_owned()]));
        assert_eq!(parts[1].uses, BTreeSet::new());
    }

    #[test]
    fn a_part_of_the_registry_has_its_digest_and_a_licence_in_spdx() {
        let part = &sample()[1];
        assert_eq!(part.sha256.as_deref(), Some("c0ffee"));
        assert_eq!(part.license.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(part.purl().as_deref(), Some("pkg:cargo/cfg@1.0.5%2Bx"));
    }

    #[test]
    fn a_crate_of_ours_is_not_taken_for_a_stranger_of_the_same_name() {
        assert_eq!(sample()[0].purl(), None);
        assert_eq!(sample()[0].reference(), "concord:app@0.1.0");
    }

    #[test]
    fn the_modules_of_go_end_where_the_text_ends() {
        let program = b"\x7fELF\xff\npath\tgithub.com/nats-io/nats-server/v2\nmod\tgithub.com/nats-io/nats-server/v2\tv2.15.1\t\n\
            dep\tgolang.org/x/sys\tv0.48.0\th1:bbX=\ndep\texample.org/a\tv1.0.0\th1:c=\nbuild\t-trimpath=true\n\xf9\x32dep\tno\tno\n";
        let modules = go_modules(program);
        let purls: Vec<_> = modules.iter().filter_map(Part::purl).collect();
        assert_eq!(purls, ["pkg:golang/example.org/a@v1.0.0", "pkg:golang/golang.org/x/sys@v0.48.0"]);
        assert_eq!(go_modules(b"no program of Go"), []);
    }
}
