//! What lies where in a release: the folder that `deploy/one-machine/install.sh` expects, and what goes with it.

use std::path::Path;

/// The folder whose files lie on top: who unpacks a release runs `./install.sh` there.
const ON_TOP: &str = "deploy/one-machine/";
/// What tries or checks a release: no part of it.
const NOT_ALONG: [&str; 3] = ["/check.sh", "/try.sh", "/machines.sh"];
/// Other files and folders, each at its own place.
const ALONG: [&str; 6] = ["LICENSE", "README.md", "README.vi.md", "deploy/", "docs/guides/", "schemas/"];

/// One file of a release.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its path in the checkout.
    pub from: String,
    /// Its path in the release.
    pub to: String,
}

/// Where each file of the checkout goes, for those that go along; sorted.
///
/// The guide to the installation is the `README.md`, which `install.sh` puts on the machine; the one about Concord is
/// `CONCORD.md`, beside it.
pub fn entries(files: &[String]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = files.iter().flat_map(|file| places(file)).collect();
    entries.sort();
    entries.dedup();
    entries
}

fn places(file: &str) -> Vec<Entry> {
    let entry = |to: String| Entry { from: file.to_owned(), to };
    if NOT_ALONG.iter().any(|name| file.ends_with(name)) {
        return Vec::new();
    }
    if let Some(inner) = file.strip_prefix(ON_TOP) {
        return vec![entry(inner.to_owned())];
    }
    // Pages about all of it, without what lies deeper.
    let page = file.strip_prefix("docs/").is_some_and(|inner| !inner.contains('/') && is_markdown(inner));
    if !page && !ALONG.iter().any(|place| file == *place || (place.ends_with('/') && file.starts_with(place)))
    {
        return Vec::new();
    }
    match (file.strip_prefix("README"), file.strip_prefix("deploy/policy/")) {
        (Some(rest), _) => vec![entry(format!("CONCORD{rest}"))],
        // The policy to begin with lies beside install.sh as well.
        (_, Some(policy)) => vec![entry(file.to_owned()), entry(format!("policy/{policy}"))],
        _ => vec![entry(file.to_owned())],
    }
}

/// A text as it reads at its place in the release: each of its links leads to where its target lies there, and what leads
/// to something that stays behind is no link any more. Nothing for what has no links.
pub fn reads(entry: &Entry, text: &str, entries: &[Entry]) -> Option<String> {
    if !is_markdown(&entry.from) {
        return None;
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        let Some(end) = after.find([')', '\n']).filter(|&end| after[end..].starts_with(')')) else {
            shown.push_str(&rest[..at + 2]);
            rest = after;
            continue;
        };
        shown.push_str(before);
        let (target, fragment) = after[..end].split_at(after[..end].find('#').unwrap_or(end));
        if target.is_empty() || target.contains(':') {
            shown.push_str(&rest[at..=at + 2 + end]);
        } else if let Some(place) = place(&joined(folder(&entry.from), target), entries) {
            let way = way(folder(&entry.to), &place);
            shown.extend(["](", &way, fragment, ")"]);
        } else if let Some(opening) = shown.rfind('[') {
            shown.remove(opening);
        }
        rest = &after[end + 1..];
    }
    shown.push_str(rest);
    Some(shown)
}

/// Where a file or a folder of the checkout lies in the release; the nearest to the top, if it lies there twice.
fn place(target: &str, entries: &[Entry]) -> Option<String> {
    if let Some(entry) =
        entries.iter().filter(|entry| entry.from == target).min_by_key(|entry| entry.to.len())
    {
        return Some(entry.to.clone());
    }
    if ON_TOP.strip_suffix('/') == Some(target) {
        return Some(String::new());
    }
    let inside = format!("{target}/");
    let stays = |entry: &Entry| entry.from.starts_with(&inside) && entry.to == entry.from;
    entries.iter().any(stays).then(|| target.to_owned())
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A relative link from a folder, as a path of its own.
fn joined(folder: &str, link: &str) -> String {
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in link.split('/').filter(|step| !step.is_empty() && *step != ".") {
        if step == ".." {
            steps.pop();
        } else {
            steps.push(step);
        }
    }
    steps.join("/")
}

/// The relative link from a folder to a path.
fn way(folder: &str, to: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    let steps: Vec<&str> = to.split('/').filter(|step| !step.is_empty()).collect();
    let alike = from.iter().zip(&steps).take_while(|(one, other)| one == other).count();
    let up = vec![".."; from.len() - alike];
    let way = [&up, &steps[alike..]].concat().join("/");
    if way.is_empty() { ".".to_owned() } else { way }
}

fn is_markdown(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|kind| kind == "md")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(files: &[&str]) -> Vec<String> {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        let mut places: Vec<String> = entries(&files).into_iter().map(|entry| entry.to).collect();
        places.sort();
        places
    }

    #[test]
    fn what_install_sh_looks_for_lies_beside_it() {
        let files = [
            "deploy/one-machine/install.sh",
            "deploy/one-machine/README.md",
            "deploy/one-machine/concord.toml",
            "deploy/one-machine/systemd/concord.service",
            "deploy/one-machine/try.sh",
            "deploy/docker/check.sh",
            "deploy/policy/policy.toml",
            "README.md",
            "LICENSE",
        ];
        let expected = [
            "CONCORD.md",
            "LICENSE",
            "README.md",
            "concord.toml",
            "deploy/policy/policy.toml",
            "install.sh",
            "policy/policy.toml",
            "systemd/concord.service",
        ];
        assert_eq!(laid_out(&files), expected);
    }

    #[test]
    fn sources_tests_and_figures_stay_behind() {
        let files = [
            "crates/bus/src/lib.rs",
            "tests/mail.rs",
            "docs/figures/bench.md",
            "Cargo.lock",
            "docs/security.md",
        ];
        assert_eq!(laid_out(&files), ["docs/security.md"]);
    }

    #[test]
    fn every_link_leads_to_where_its_target_lies_in_the_release() {
        let files = [
            "README.md",
            "deploy/cluster/README.md",
            "deploy/one-machine/README.md",
            "deploy/one-machine/nats.conf",
            "deploy/policy/policy.toml",
            "deploy/runbooks/README.md",
            "docs/guides/operator.md",
        ];
        let entries = entries(&files.map(str::to_owned));
        let read = |from: &str, text: &str| {
            let entry = entries.iter().find(|entry| entry.from == from).expect("it goes along");
            reads(entry, text, &entries)
        };
        for (from, text, expected) in [
            ("deploy/one-machine/README.md", "[a](../../README.md#x)", "[a](CONCORD.md#x)"),
            ("deploy/one-machine/README.md", "[a](nats.conf), [b](#here)", "[a](nats.conf), [b](#here)"),
            ("deploy/one-machine/README.md", "[a](../policy)", "[a](deploy/policy)"),
            (
                "README.md",
                "[a](deploy/one-machine) [b](deploy/one-machine/README.md)",
                "[a](.) [b](README.md)",
            ),
            ("README.md", "[a `b`](ARCHITECTURE.md#c), [d](https://e.f/g)", "a `b`, [d](https://e.f/g)"),
            ("docs/guides/operator.md", "[a](../../README.md)", "[a](../../CONCORD.md)"),
            (
                "docs/guides/operator.md",
                "[a](../../deploy/policy/policy.toml)",
                "[a](../../policy/policy.toml)",
            ),
            ("deploy/cluster/README.md", "[a](../one-machine/README.md#b)", "[a](../../README.md#b)"),
            ("deploy/cluster/README.md", "[a](../runbooks/README.md)", "[a](../runbooks/README.md)"),
            ("deploy/cluster/README.md", "no link](\n[a](../figures.md)", "no link](\na"),
        ] {
            assert_eq!(read(from, text).as_deref(), Some(expected), "{from}");
        }
        assert_eq!(read("deploy/one-machine/nats.conf", "[a](b)"), None);
    }
}
