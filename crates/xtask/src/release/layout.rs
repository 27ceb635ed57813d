//! What lies where in a release: the folder that `deploy/one-machine/install.sh` expects, and what goes with it.

use std::path::Path;

/// The folder whose files lie on top: who unpacks a release runs `./install.sh` there.
const ON_TOP: &str = "deploy/one-machine/";
/// Of that folder, what makes a release or tries one: no part of it.
const NOT_ALONG: [&str; 3] = ["release.sh", "check.sh", "try.sh"];
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
/// Once the installation by hand is there, its guide is the `README.md`, which `install.sh` puts on the machine; the one
/// about Concord is then `CONCORD.md`, beside it, so that what it links to is where it says.
pub fn entries(files: &[String]) -> Vec<Entry> {
    let installs = files.iter().any(|file| file == "deploy/one-machine/install.sh");
    let mut entries: Vec<Entry> = files.iter().flat_map(|file| places(file, installs)).collect();
    entries.sort();
    entries.dedup();
    entries
}

fn places(file: &str, installs: bool) -> Vec<Entry> {
    let entry = |to: String| Entry { from: file.to_owned(), to };
    if let Some(inner) = file.strip_prefix(ON_TOP) {
        return if NOT_ALONG.contains(&inner) { Vec::new() } else { vec![entry(inner.to_owned())] };
    }
    // Pages about all of it, without what lies deeper.
    let page = file.strip_prefix("docs/").is_some_and(|inner| !inner.contains('/') && is_markdown(inner));
    if !page && !ALONG.iter().any(|place| file == *place || (place.ends_with('/') && file.starts_with(place)))
    {
        return Vec::new();
    }
    match (installs, file.strip_prefix("README"), file.strip_prefix("deploy/policy/")) {
        (true, Some(rest), _) => vec![entry(format!("CONCORD{rest}"))],
        // The policy to begin with lies beside install.sh as well.
        (true, _, Some(policy)) => vec![entry(file.to_owned()), entry(format!("policy/{policy}"))],
        _ => vec![entry(file.to_owned())],
    }
}

/// A text as it reads at its place in the release: what lay in the folder on top has come nearer, and so has what it
/// links to; the README of Concord leads to it there. Nothing for all that stays as it is.
pub fn reads(entry: &Entry, text: &str) -> Option<String> {
    if !is_markdown(&entry.from) {
        return None;
    }
    if entry.from.starts_with(ON_TOP) {
        let text = text.replace("](../../README", "](CONCORD").replace("](../../", "](");
        return Some(text.replace("](../", "](deploy/"));
    }
    entry.to.starts_with("CONCORD").then(|| text.replace(&format!("]({ON_TOP}"), "]("))
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
            "deploy/one-machine/release.sh",
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
    fn without_an_installation_the_readme_is_the_readme() {
        let files = ["README.md", "README.vi.md", "deploy/policy/policy.toml"];
        assert_eq!(laid_out(&files), ["README.md", "README.vi.md", "deploy/policy/policy.toml"]);
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
    fn what_has_moved_links_from_where_it_is() {
        let read =
            |from: &str, to: &str, text| reads(&Entry { from: from.to_owned(), to: to.to_owned() }, text);
        let text = "[a](../../README.md#x) [b](../../docs/guides/operator.md) [c](../runbooks/README.md) [d](nats.conf)";
        assert_eq!(
            read("deploy/one-machine/README.md", "README.md", text).as_deref(),
            Some(
                "[a](CONCORD.md#x) [b](docs/guides/operator.md) [c](deploy/runbooks/README.md) [d](nats.conf)"
            )
        );
        let text = "[a](deploy/one-machine/README.md) [b](docs/security.md)";
        assert_eq!(
            read("README.md", "CONCORD.md", text).as_deref(),
            Some("[a](README.md) [b](docs/security.md)")
        );
        assert_eq!(read("README.md", "README.md", text), None);
        assert_eq!(read("deploy/one-machine/install.sh", "install.sh", text), None);
        assert_eq!(read("docs/guides/operator.md", "docs/guides/operator.md", text), None);
    }
}
