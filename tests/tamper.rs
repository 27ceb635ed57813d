//! Tampering with exports: whatever is altered, by a stranger or by somebody who holds the key of the installation, is
//! found, given the last checkpoint kept elsewhere.
//!
//! `CONCORD_TRIALS=10000 cargo test --release -p concord --test tamper -- --nocapture` is the long run of docs/figures.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read as _, Write as _},
    path::Path,
};

use events::Digest;
use proof::{
    Frontier,
    checkpoint::{self, Checkpoint, Head, LOGS, Signed},
    keys::{SigningKey, Trusted},
    leaf,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use support::{
    concord, finish,
    process::{Installation, Up},
};
use svc_audit::verify::{self, Report, Terms};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// An export, unpacked.
#[derive(Clone)]
struct Export(BTreeMap<String, Vec<u8>>);

/// What one who tampers has, and what one who verifies has.
struct Given {
    all: Export,
    case: Export,
    key: SigningKey,
    kept: String,
}

impl Export {
    fn read(path: &Path) -> Self {
        let mut zip = ZipArchive::new(fs::File::open(path).expect("the export")).expect("a ZIP file");
        let names: Vec<String> = zip.file_names().map(|name| name.expect("a name").into_owned()).collect();
        let read = names.into_iter().map(|name| {
            let mut content = Vec::new();
            zip.by_name(&name).expect("a file").read_to_end(&mut content).expect("its content");
            (name, content)
        });
        Self(read.collect())
    }

    fn pack(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (name, content) in &self.0 {
            zip.start_file(name, stored).expect("begun");
            zip.write_all(content).expect("written");
        }
        zip.finish().expect("a ZIP file").into_inner()
    }

    fn verify(&self, given: &Given) -> Result<Report, verify::Unreadable> {
        let trusted: Trusted = [given.key.public().clone()].into_iter().collect();
        let terms = Terms { trusted, kept: Some(given.kept.clone()) };
        verify::export(Cursor::new(self.pack()), &terms, &|_, _| {})
    }

    fn lines(&self, log: &str) -> Vec<String> {
        let text = String::from_utf8(self.0[&format!("logs/{log}.tsv")].clone()).expect("text");
        text.lines().map(str::to_owned).collect()
    }

    fn set_lines(&mut self, log: &str, lines: &[String]) {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        self.0.insert(format!("logs/{log}.tsv"), text.into_bytes());
    }

    /// Makes the manifest agree with the files again, and signs it: what only who holds the key can do.
    fn sign(&mut self, key: &SigningKey) {
        let mut manifest: Value = serde_json::from_slice(&self.0["manifest.json"]).expect("a manifest");
        let files: BTreeMap<_, _> = self
            .0
            .iter()
            .filter(|(name, _)| !name.starts_with("manifest."))
            .map(|(name, content)| {
                (name.clone(), json!({ "bytes": content.len(), "sha256": Digest::of(content) }))
            })
            .collect();
        manifest["files"] = json!(files);
        for log in LOGS {
            manifest["messages"][log] = json!(self.lines(log).len());
        }
        let text = serde_json::to_vec_pretty(&manifest).expect("JSON");
        let words = format!("concord-export/1\n{}\n", Digest::of(&text));
        let note = checkpoint::sign(&words, std::slice::from_ref(key)).expect("signed");
        self.0.insert("manifest.json".to_owned(), text);
        self.0.insert("manifest.sig".to_owned(), note.into_bytes());
    }

    /// Makes all checkpoints anew over the messages as they are now: a whole other history, signed with the true key.
    fn rewrite(&mut self, key: &SigningKey) {
        let roots = LOGS.map(|log| {
            let mut tree = Frontier::default();
            for line in self.lines(log) {
                let mut parts = line.splitn(3, '\t').skip(1);
                let (subject, payload) = (parts.next().expect("a subject"), parts.next().expect("a message"));
                tree.push(leaf(subject, payload.as_bytes()));
            }
            Head { size: tree.size(), root: tree.root() }
        });
        let newest = self.checkpoints().pop().expect("a checkpoint");
        self.0.retain(|name, _| !name.starts_with("checkpoints/"));
        let old =
            Signed::open(&newest.1, &[key.public().clone()].into_iter().collect()).expect("a checkpoint");
        let forged = Checkpoint { heads: roots, ..old.checkpoint };
        let forged = forged.sign(std::slice::from_ref(key)).expect("signed");
        self.0.insert(newest.0, forged.note.into_bytes());
        let proofs = json!({ "parts": { "cases": [], "outbox": [], "access": [] }, "consistency": [] });
        self.0.insert("proofs.json".to_owned(), proofs.to_string().into_bytes());
        self.sign(key);
    }

    fn checkpoints(&self) -> Vec<(String, String)> {
        let notes = self.0.iter().filter(|(name, _)| name.starts_with("checkpoints/"));
        notes.map(|(name, note)| (name.clone(), String::from_utf8(note.clone()).expect("text"))).collect()
    }
}

/// The verdict of the verifier that was written from the format's page alone: its exit code, and what it says.
fn second(export: &Export, given: &Given) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, content).expect("written");
        path
    };
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/verifier/verify.py");
    let mut python = std::process::Command::new("python3");
    python.arg(program).arg(file("export.zip", &export.pack()));
    python.arg("--key").arg(file("key.txt", given.key.public().to_string().as_bytes()));
    python.arg("--checkpoint").arg(file("kept.txt", given.kept.as_bytes()));
    let output = python.output().expect("python3");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A way to tamper; false where this export has nothing for it.
type Deed = (&'static str, fn(&mut Export, &mut StdRng, &SigningKey) -> bool);

const DEEDS: [Deed; 14] = [
    ("one bit flipped in a file", |export, dice, _| {
        let names: Vec<_> = export.0.keys().cloned().collect();
        flip(export, names.choose(dice).expect("a file"), dice)
    }),
    ("one bit flipped in a log, by who holds the key", |export, dice, key| {
        let name = format!("logs/{}.tsv", log(dice));
        let done = flip(export, &name, dice);
        if String::from_utf8(export.0[&name].clone()).is_ok() {
            export.sign(key);
        }
        done
    }),
    ("a message removed", |export, dice, key| {
        edit(export, dice, key, |lines, dice| {
            let at = dice.random_range(0..lines.len());
            lines.remove(at);
        })
    }),
    ("a message removed, and the sequences closed", |export, dice, key| {
        edit(export, dice, key, |lines, dice| {
            let at = dice.random_range(0..lines.len());
            lines.remove(at);
            renumber(lines);
        })
    }),
    ("a message inserted", |export, dice, key| {
        edit(export, dice, key, |lines, dice| {
            let copy = lines.choose(dice).expect("a message").clone();
            lines.insert(dice.random_range(0..=lines.len()), copy);
            renumber(lines);
        })
    }),
    ("a message added at the end", |export, dice, key| {
        edit(export, dice, key, |lines, _| {
            let copy = lines.last().expect("a message").clone();
            lines.push(copy);
            renumber(lines);
        })
    }),
    ("two messages swapped", |export, dice, key| {
        edit(export, dice, key, |lines, dice| {
            let (one, other) = (dice.random_range(0..lines.len()), dice.random_range(0..lines.len()));
            lines.swap(one, other);
            renumber(lines);
        })
    }),
    ("a message dated otherwise", |export, dice, key| {
        edit(export, dice, key, |lines, dice| {
            let at = dice.random_range(0..lines.len());
            lines[at] = lines[at].replacen("T0", "T1", 1).replacen("2026-", "2025-", 1);
        })
    }),
    ("the end cut off", |export, dice, key| {
        edit(export, dice, key, |lines, dice| lines.truncate(dice.random_range(0..lines.len())))
    }),
    ("the whole history made anew without a message", |export, dice, key| {
        let done = edit(export, dice, key, |lines, dice| {
            let at = dice.random_range(0..lines.len());
            lines.remove(at);
            renumber(lines);
        });
        export.rewrite(key);
        done
    }),
    ("the whole history made anew with its end cut off", |export, dice, key| {
        let done = edit(export, dice, key, |lines, dice| lines.truncate(dice.random_range(0..lines.len())));
        export.rewrite(key);
        done
    }),
    ("a checkpoint forged with another key", |export, dice, key| {
        let (name, note) = export.checkpoints().choose(dice).expect("a checkpoint").clone();
        let other = SigningKey::generate(key.public().name()).expect("a key");
        let opened =
            Signed::open(&note, &[key.public().clone()].into_iter().collect()).expect("a checkpoint");
        let forged = opened.checkpoint.sign(&[other]).expect("signed");
        export.0.insert(name, forged.note.into_bytes());
        export.sign(key);
        true
    }),
    ("a checkpoint with another root, by who holds the key", |export, dice, key| {
        let (name, note) = export.checkpoints().choose(dice).expect("a checkpoint").clone();
        let opened =
            Signed::open(&note, &[key.public().clone()].into_iter().collect()).expect("a checkpoint");
        let mut checkpoint = opened.checkpoint;
        checkpoint.heads[dice.random_range(0..3)].root = leaf("another", &dice.random::<[u8; 8]>());
        let forged = checkpoint.sign(std::slice::from_ref(key)).expect("signed");
        export.0.insert(name, forged.note.into_bytes());
        export.sign(key);
        true
    }),
    ("a file added or removed", |export, dice, _| {
        if dice.random() {
            export.0.insert("logs/more.tsv".to_owned(), b"1\ta\tb\n".to_vec());
        } else {
            let names: Vec<_> = export.0.keys().filter(|name| *name != "manifest.json").cloned().collect();
            export.0.remove(names.choose(dice).expect("a file"));
        }
        true
    }),
];

fn log(dice: &mut StdRng) -> &'static str {
    LOGS.choose(dice).expect("a log")
}

fn flip(export: &mut Export, name: &str, dice: &mut StdRng) -> bool {
    let content = export.0.get_mut(name).expect("a file");
    if content.is_empty() {
        return false;
    }
    let at = dice.random_range(0..content.len());
    content[at] ^= 1 << dice.random_range(0..8);
    true
}

/// Alters the messages of a log, makes the manifest agree, and signs it; says whether anything is altered.
fn edit(
    export: &mut Export,
    dice: &mut StdRng,
    key: &SigningKey,
    alter: impl Fn(&mut Vec<String>, &mut StdRng),
) -> bool {
    let log = log(dice);
    let before = export.lines(log);
    if before.is_empty() {
        return false;
    }
    let mut lines = before.clone();
    alter(&mut lines, dice);
    export.set_lines(log, &lines);
    export.sign(key);
    lines != before
}

/// Gives the messages the sequences that they would have.
fn renumber(lines: &mut [String]) {
    let mut sequences: Vec<u64> = lines
        .iter()
        .map(|line| line.split('\t').next().expect("a sequence").parse().expect("a number"))
        .collect();
    sequences.sort_unstable();
    for at in 1..sequences.len() {
        if sequences[at] <= sequences[at - 1] {
            sequences[at] = sequences[at - 1] + 1;
        }
    }
    for (line, sequence) in lines.iter_mut().zip(sequences) {
        let rest = line.split_once('\t').expect("a message").1.to_owned();
        *line = format!("{sequence}\t{rest}");
    }
}

async fn command(place: &Installation, arguments: &[&str]) -> String {
    let mut command = concord();
    finish(command.args(arguments).arg("--data").arg(place.data())).await.succeeded()
}

/// A real installation that has played a dispute, and its exports.
async fn given() -> Given {
    let place = Installation::starting("2026-07-08T09:00:00+07:00");
    place.configure("[audit]\ncheckpoint_seconds = 1\n");
    let up = place.up().await;
    play(&place, &up).await;
    let folder = place.data();
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    command(&place, &["audit", "checkpoint", "--out", &file("kept")]).await;
    command(&place, &["audit", "export", &file("all.zip")]).await;
    let kept = file("kept");
    command(
        &place,
        &["audit", "export", &file("case.zip"), "--case", "VV-2026-00001", "--checkpoint", &kept],
    )
    .await;
    let keys = place.data().join("credentials/checkpoints");
    let read = |name: &str| fs::read_to_string(keys.join(name)).expect("a key");
    Given {
        all: Export::read(&folder.join("all.zip")),
        case: Export::read(&folder.join("case.zip")),
        key: SigningKey::read(&read("1.key"), &read("1.pub")).expect("a key"),
        kept: fs::read_to_string(folder.join("kept")).expect("a checkpoint"),
    }
}

async fn play(place: &Installation, up: &Up) {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios/s3-highway-delay.txt");
    assert!(up.api().clock().await.is_ok());
    command(place, &["play", &scenario.to_string_lossy()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_altered_in_an_export_is_found() {
    let trials = std::env::var("CONCORD_TRIALS").ok().and_then(|trials| trials.parse().ok()).unwrap_or(400);
    let given = given().await;
    for export in [&given.all, &given.case] {
        let report = export.verify(&given).expect("a verdict");
        assert!(report.holds(), "{:#?}", report.faults);
        let (code, said) = second(export, &given);
        assert_eq!(code, Some(0), "{said}");
    }
    let mut dice = StdRng::seed_from_u64(20_261_128);
    let mut tried: BTreeMap<&str, u32> = BTreeMap::new();
    for trial in 0..trials {
        let (what, deed) = DEEDS[trial % DEEDS.len()];
        // A whole other history is an export of everything.
        let of_all = what.contains("history") || dice.random();
        let mut export = if of_all { given.all.clone() } else { given.case.clone() };
        if !deed(&mut export, &mut dice, &given.key) {
            continue;
        }
        *tried.entry(what).or_default() += 1;
        match export.verify(&given) {
            Err(_) => {}
            Ok(report) => assert!(!report.holds(), "{what} was not found (trial {trial}): {report:#?}"),
        }
        if trial < 2 * DEEDS.len() {
            let (code, said) = second(&export, &given);
            assert!(
                matches!(code, Some(1 | 2)),
                "{what} was not found by the second verifier (trial {trial}): {said}"
            );
        }
    }
    assert!(tried.len() == DEEDS.len(), "{tried:?}");
    println!("{} of {} trials found: {tried:#?}", tried.values().sum::<u32>(), tried.values().sum::<u32>());
}
