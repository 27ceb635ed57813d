//! The two lists of parts that lie in a release: `SBOM.cdx.json` for programs, `THIRD-PARTY.txt` for people.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::parts::{Origin, Part};

/// The licence of nats-server, which its program does not carry.
const NATS_LICENSE: &str = "Apache-2.0";
/// What the list for people says where a program names no licence.
const NOT_SAID: &str = "(not said in the program)";

/// What a release holds, as far as it is code.
pub struct Contents<'a> {
    pub version: &'a str,
    pub target: &'a str,
    /// The instant of the commit, as `2026-11-28T10:00:00Z`.
    pub time: &'a str,
    pub commit: &'a str,
    /// What it was built with, each as a program calls itself.
    pub tools: &'a [String],
    pub sha256: &'a str,
    pub crates: &'a [Part],
    pub server: Server<'a>,
}

/// The nats-server that goes with it.
pub struct Server<'a> {
    pub version: &'a str,
    pub sha256: &'a str,
    pub modules: &'a [Part],
}

impl Server<'_> {
    fn purl(&self) -> String {
        format!("pkg:golang/github.com/nats-io/nats-server/v2@v{}", self.version)
    }
}

/// The list as `CycloneDX` 1.5, without anything that a second run would make differently.
pub fn sbom(release: &Contents) -> Value {
    let root = "concord";
    let mut components: Vec<Value> =
        release.crates.iter().filter(|part| !is_program(part)).map(component).collect();
    components.push(json!({
        "type": "application",
        "bom-ref": release.server.purl(),
        "name": "nats-server",
        "version": release.server.version,
        "purl": release.server.purl(),
        "licenses": [{"expression": NATS_LICENSE}],
        "hashes": [{"alg": "SHA-256", "content": release.server.sha256}],
        "description": "a program of its own, beside concord",
    }));
    components.extend(release.server.modules.iter().map(component));
    let own = release.crates.iter().find(|part| is_program(part));
    let uses = |part: &Part| json!({"ref": part.reference(), "dependsOn": part.uses});
    let mut dependencies = vec![json!({"ref": root, "dependsOn": own.map(|part| &part.uses)})];
    dependencies.extend(release.crates.iter().filter(|part| !is_program(part)).map(uses));
    let modules: Vec<String> = release.server.modules.iter().map(Part::reference).collect();
    dependencies.push(json!({"ref": release.server.purl(), "dependsOn": modules}));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": release.time,
            "tools": {"components": release.tools.iter().map(|tool| tool_component(tool)).collect::<Vec<_>>()},
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": "concord",
                "version": release.version,
                "licenses": [{"expression": "Apache-2.0"}],
                "hashes": [{"alg": "SHA-256", "content": release.sha256}],
                "properties": [
                    {"name": "concord:commit", "value": release.commit},
                    {"name": "concord:target", "value": release.target},
                ],
            },
        },
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(part: &Part) -> Value {
    let mut value = json!({
        "type": "library",
        "bom-ref": part.reference(),
        "name": part.name,
        "version": part.version,
    });
    if let Some(purl) = part.purl() {
        value["purl"] = purl.into();
    }
    if let Some(license) = &part.license {
        value["licenses"] = json!([{"expression": license}]);
    }
    if let Some(sha256) = &part.sha256 {
        value["hashes"] = json!([{"alg": "SHA-256", "content": sha256}]);
    }
    value
}

/// `rustc 1.95.0 (…)` as a tool with a version.
fn tool_component(called: &str) -> Value {
    let (name, version) = called.split_once(' ').unwrap_or((called, ""));
    json!({"type": "application", "name": name, "version": version})
}

fn is_program(part: &Part) -> bool {
    part.origin == Origin::Own && part.name == "concord"
}

/// Name, version and licence of all that is not ours, one a line.
pub fn third_party(release: &Contents) -> String {
    let mut text = format!(
        "What is in concord {} ({}) and was made by others: name, version, licence as its author states it.\n\
         The same for programs, with digests and who uses what: SBOM.cdx.json.\n\nLinked into concord\n\n",
        release.version, release.target
    );
    let others = release.crates.iter().filter(|part| part.origin != Origin::Own);
    lines(&mut text, others);
    let _ = write!(
        text,
        "\nnats-server {}, a program of its own: {NATS_LICENSE}. Modules in it, as it lists them itself\n\n",
        release.server.version
    );
    lines(&mut text, release.server.modules.iter());
    text
}

fn lines<'a>(text: &mut String, parts: impl Iterator<Item = &'a Part>) {
    for part in parts {
        let license = part.license.as_deref().unwrap_or(NOT_SAID);
        // Writing to a String does not fail.
        let _ = writeln!(text, "{:<44} {:<24} {license}", part.name, part.version);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::release::parts::{go_modules, tests::sample};

    fn with_sample<T>(look: impl Fn(&Contents) -> T) -> T {
        let mut crates = sample();
        // The program itself is what the list is of, not a part of it.
        crates[0].name = "concord".to_owned();
        let modules = go_modules(
            b"\nmod\tgithub.com/nats-io/nats-server/v2\tv2.15.1\t\ndep\tgolang.org/x/sys\tv0.48.0\th1:bbX=\n\xff",
        );
        look(&Contents {
            version: "0.1.0",
            target: "x86_64-unknown-linux-gnu",
            time: "2026-11-28T10:00:00Z",
            commit: "00c4186",
            tools: &["rustc 1.95.0 (59807616e 2026-04-14)".to_owned()],
            sha256: "ab12",
            crates: &crates,
            server: Server { version: "2.15.1", sha256: "dd9b", modules: &modules },
        })
    }

    #[test]
    fn every_part_is_listed_once_and_each_edge_leads_to_a_part() {
        let sbom = with_sample(sbom);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let listed: Vec<String> =
            sbom["components"].as_array().expect("parts").iter().map(|part| text(&part["bom-ref"])).collect();
        assert_eq!(
            listed,
            [
                "pkg:cargo/cfg@1.0.5%2Bx",
                "pkg:golang/github.com/nats-io/nats-server/v2@v2.15.1",
                "pkg:golang/golang.org/x/sys@v0.48.0"
            ]
        );
        let known: BTreeSet<String> = listed.into_iter().chain(["concord".to_owned()]).collect();
        for edge in sbom["dependencies"].as_array().expect("edges") {
            assert!(known.contains(&text(&edge["ref"])), "{edge}");
            for used in edge["dependsOn"].as_array().expect("what it uses") {
                assert!(known.contains(&text(used)), "{edge}");
            }
        }
    }

    #[test]
    fn the_list_says_what_it_is_of() {
        let about = with_sample(sbom)["metadata"].clone();
        assert_eq!(about["component"]["hashes"][0]["content"], "ab12");
        assert_eq!(about["timestamp"], "2026-11-28T10:00:00Z");
        assert_eq!(about["tools"]["components"][0]["name"], "rustc");
    }

    #[test]
    fn people_read_what_is_not_ours_with_its_licence() {
        let text = with_sample(third_party);
        assert!(
            text.lines().any(|line| line.starts_with("cfg ") && line.ends_with(" MIT OR Apache-2.0")),
            "{text}"
        );
        assert!(
            text.lines().any(|line| line.starts_with("golang.org/x/sys ") && line.ends_with(NOT_SAID)),
            "{text}"
        );
        assert!(!text.lines().any(|line| line.starts_with("concord ")), "{text}");
    }
}
