//! Backups of a real server: what is in them, what is added to them, what a damaged one is told by, and what is restored.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use bus::{
    Bus, Principal,
    append::{Append, append},
    archive::{self, Whole},
    audit::TRUTH,
    delivery::Deliveries,
    streams::{ACCESS, ATTACHMENTS, AUDIT, CASES, CHECKPOINT, DEAD, IDENTITY, NOTIFIER, OUTBOX, Shape},
};
use bytes::Bytes;
use events::{Digest, Timestamp};
use proof::{
    Frontier, Hash,
    checkpoint::{Checkpoint, Head},
    keys::SigningKey,
    leaf,
};
use serde_json::Value;
use svc_audit::backup::{self, INCOMPLETE, Restoration, Summary};
use tempfile::TempDir;
use testkit::nats::TestNats;

/// A server with something in every stream, and a folder for its backup.
struct Rehearsal {
    nats: TestNats,
    readers: Vec<(Principal, Bus)>,
    root: TempDir,
}

/// A stream, whose right fills it, a subject and a payload.
type Message<'a> = (&'static str, Principal, &'a str, &'a [u8]);

const ALL: [Message<'static>; 10] = [
    (CASES, Principal::Ledger, "case.00.a", "sự kiện \"một\"\n".as_bytes()),
    (CASES, Principal::Ledger, "case.00.b", b"two"),
    (CASES, Principal::Ledger, "document.x", b"three"),
    (OUTBOX, Principal::Notifier, "outbox.case.a.1", b"queued"),
    (OUTBOX, Principal::Notifier, "outbox.case.a.2", b"queued"),
    (ACCESS, Principal::Identity, "access.btg.truc-ban", b"signed in"),
    (DEAD, Principal::Notifier, "dead.notifier.1", b"why"),
    (IDENTITY, Principal::Identity, "$KV.IDENTITY.account.a", b"old"),
    (IDENTITY, Principal::Identity, "$KV.IDENTITY.account.b", b"other"),
    (ATTACHMENTS, Principal::Files, "$O.attachments.C.x", &[0xff, 0, 0x25]),
];

impl Rehearsal {
    async fn new() -> Self {
        let nats = TestNats::start().await;
        let mut readers = Vec::new();
        for principal in [Principal::Audit, Principal::Identity, Principal::Notifier] {
            readers.push((principal, nats.connect(principal).await));
        }
        let all = Self { nats, readers, root: tempfile::tempdir().unwrap() };
        for message in ALL {
            all.store(message).await;
        }
        // A newer value takes the place of the old one, and leaves a gap.
        all.store((IDENTITY, Principal::Identity, "$KV.IDENTITY.account.a", b"new")).await;
        all
    }

    async fn store(&self, (stream, principal, subject, payload): Message<'_>) {
        let bus = self.nats.connect(principal).await;
        let before = bus::log::last(&bus, stream, subject).await.unwrap();
        let message = Append {
            subject: subject.to_owned(),
            payload: Bytes::copy_from_slice(payload),
            id: format!("id of {subject}"),
            expected: before.map_or(0, |before| before.sequence),
            headers: vec![("Concord-Type", "đầu đề".to_owned())],
        };
        append(&bus, stream, &message).await.unwrap();
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("backup")
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    async fn take(&self) -> Result<Summary, String> {
        self.take_into(&self.folder(), Some(&self.nats.keys())).await
    }

    async fn take_into(&self, folder: &Path, keys: Option<&Path>) -> Result<Summary, String> {
        let reader = |wanted| &self.readers.iter().find(|(principal, _)| *principal == wanted).unwrap().1;
        backup::take(folder, reader, keys, now(), &|_| ()).await.map_err(|error| error.to_string())
    }

    async fn check(&self) -> Result<Summary, String> {
        backup::check(&self.folder(), &|_| ()).await.map_err(|error| error.to_string())
    }

    async fn restore(&self) -> Result<Summary, String> {
        let restoration = Restoration {
            backup: self.folder(),
            data: self.data(),
            shape: Shape::default(),
            nats_server: None,
            now: now(),
        };
        backup::restore(&restoration, &|_| ()).await.map_err(|error| error.to_string())
    }

    /// All of a stream.
    async fn all(&self, stream: &'static str) -> Vec<Whole> {
        let (_, principal) = backup::STREAMS.into_iter().find(|(name, _)| *name == stream).unwrap();
        all(&self.nats.connect(principal).await, stream).await
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&fs::read(self.folder().join("backup.json")).unwrap()).unwrap()
    }

    /// The first file of a stream.
    fn segment(&self, stream: &str) -> PathBuf {
        let file = &self.manifest()["streams"][stream]["segments"][0]["file"];
        self.folder().join(stream).join(file.as_str().unwrap())
    }

    /// Writes a file of a stream anew, and its digest too: what only the contents tell.
    fn rewrite(&self, stream: &str, alter: impl FnOnce(&mut Vec<String>)) {
        let path = self.segment(stream);
        let lines = BufReader::new(zstd::Decoder::new(fs::File::open(&path).unwrap()).unwrap()).lines();
        let mut lines = lines.map(Result::unwrap).collect();
        alter(&mut lines);
        let mut file = zstd::Encoder::new(Vec::new(), 0).unwrap();
        for line in lines {
            writeln!(file, "{line}").unwrap();
        }
        let file = file.finish().unwrap();
        let mut manifest = self.manifest();
        manifest["streams"][stream]["segments"][0]["sha256"] = Digest::of(&file).to_string().into();
        fs::write(path, file).unwrap();
        self.rewrite_manifest(&manifest);
    }

    fn rewrite_manifest(&self, manifest: &Value) {
        fs::write(self.folder().join("backup.json"), manifest.to_string()).unwrap();
    }

    /// Neither a check nor a restoration takes it, and nothing is made.
    async fn is_refused(&self, says: &str) {
        let said = self.check().await.unwrap_err();
        assert!(said.contains(says), "{said}");
        assert_eq!(self.restore().await.unwrap_err(), said);
        assert!(!self.data().exists());
    }

    /// Signs a checkpoint over what the logs hold now; with another root for one of them, if that is wanted.
    async fn sign(&self, wrong: Option<&str>) {
        let mut heads = [Head::default(); 3];
        for (stream, head) in TRUTH.into_iter().zip(&mut heads) {
            let mut tree = Frontier::default();
            for message in self.all(stream).await {
                tree.push(leaf(&message.subject, &message.payload));
            }
            let root = if wrong == Some(stream) { leaf("another", b"") } else { tree.root() };
            *head = Head { size: tree.size(), root };
        }
        let key = SigningKey::generate("concord.example").unwrap();
        let checkpoint = Checkpoint {
            origin: "concord.example".to_owned(),
            heads,
            number: 1,
            at: now(),
            previous: Digest::ZERO,
            keys: vec![key.public().clone()],
        };
        let note = checkpoint.sign(&[key]).unwrap().note;
        self.store((AUDIT, Principal::Audit, CHECKPOINT, note.as_bytes())).await;
    }
}

fn now() -> Timestamp {
    "2026-05-17T08:00:00Z".parse().unwrap()
}

async fn all(bus: &Bus, stream: &'static str) -> Vec<Whole> {
    archive::read(bus, stream, 1).await.unwrap()
}

fn root(summary: &Summary, stream: &str) -> Hash {
    summary.streams.iter().find(|line| line.stream == stream).unwrap().root
}

fn written(summary: &Summary) -> Vec<(&'static str, u64)> {
    summary.streams.iter().filter(|line| line.written > 0).map(|line| (line.stream, line.written)).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn every_message_comes_back_with_its_place_headers_time_and_bytes() {
    let rehearsal = Rehearsal::new().await;
    rehearsal.sign(None).await;
    // The keys that sign checkpoints stand in a folder of their own.
    let signs = rehearsal.nats.keys().join("checkpoints");
    fs::create_dir(&signs).unwrap();
    fs::write(signs.join("1.key"), "a key").unwrap();
    let taken = rehearsal.take().await.unwrap();
    assert_eq!(rehearsal.check().await.unwrap().streams.len(), taken.streams.len());
    assert_eq!(rehearsal.restore().await.unwrap().keys, files(&rehearsal.nats.keys()).len());
    assert!(!rehearsal.data().join(INCOMPLETE).exists());

    let credentials = rehearsal.data().join("credentials");
    let signs = credentials.join("checkpoints/1.key");
    assert_eq!(fs::read_to_string(&signs).unwrap(), "a key");
    assert_eq!((mode(signs.parent().unwrap()), mode(&signs)), (0o700, 0o600));
    assert_eq!((mode(&credentials), mode(&credentials.join("ledger.nk"))), (0o700, 0o600));
    assert_eq!((mode(&rehearsal.folder()), mode(&rehearsal.segment(CASES))), (0o700, 0o600));
    let again = TestNats::start_in(&rehearsal.data().join("nats"), &credentials, None).await;
    for (stream, principal) in backup::STREAMS {
        let (before, mut now) =
            (rehearsal.all(stream).await, all(&again.connect(principal).await, stream).await);
        if stream == OUTBOX {
            // Sending was switched off.
            let held: Value = serde_json::from_slice(&now.pop().unwrap().payload).unwrap();
            assert_eq!(held["on"], false);
            assert_eq!(held["why"], "restored from the backup of 2026-05-17T08:00:00Z");
        }
        assert!(!now.is_empty(), "{stream}");
        let without_places = |messages: Vec<Whole>| {
            let place =
                |message: Whole| if stream == IDENTITY { Whole { sequence: 0, ..message } } else { message };
            messages.into_iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(without_places(now), without_places(before), "{stream}");
    }
    // What reads a message sees when it was first stored, and a read-back finds its id.
    let bus = again.connect(Principal::Audit).await;
    let first = bus::log::last(&bus, CASES, "case.00.a").await.unwrap().unwrap();
    assert_eq!(first.stored_at, rehearsal.all(CASES).await[0].stored_at);
    assert_eq!(first.message_id.as_deref(), Some("id of case.00.a"));
    let mut deliveries =
        Deliveries::open(&again.connect(Principal::Notifier).await, CASES, NOTIFIER).await.unwrap();
    assert_eq!(deliveries.next().await.unwrap().entry.stored_at, first.stored_at);
}

#[tokio::test]
async fn a_second_backup_adds_what_is_new_and_touches_nothing_else() {
    let rehearsal = Rehearsal::new().await;
    let first = rehearsal.take().await.unwrap();
    let before = files(&rehearsal.folder());
    rehearsal.store((CASES, Principal::Ledger, "case.00.c", b"four")).await;
    rehearsal.store((IDENTITY, Principal::Identity, "$KV.IDENTITY.account.a", b"newest")).await;
    // What a run has left that was cut short.
    fs::write(rehearsal.folder().join("CASES/0000000004-0000000009.ndjson.zst"), "half").unwrap();
    let second = rehearsal.take().await.unwrap();
    assert_eq!(written(&second), [(IDENTITY, 2), (DEAD, 1), (CASES, 1)]);
    assert_ne!(root(&second, CASES), root(&first, CASES));
    let mut tree = Frontier::default();
    for message in rehearsal.all(CASES).await {
        tree.push(leaf(&message.subject, &message.payload));
    }
    assert_eq!(root(&second, CASES), tree.root());
    let after = files(&rehearsal.folder());
    let kept = |path: &Path| path.parent().is_some_and(|folder| !folder.ends_with(IDENTITY));
    for (path, content) in before.iter().filter(|(path, _)| kept(path) && !path.ends_with("backup.json")) {
        assert!(after.iter().any(|file| file == &(path.clone(), content.clone())), "{}", path.display());
    }
    assert_eq!(after.len(), before.len() + 1, "{:?}", after.iter().map(|(path, _)| path).collect::<Vec<_>>());
    rehearsal.check().await.unwrap();
    rehearsal.restore().await.unwrap();
}

#[tokio::test]
async fn what_is_damaged_is_refused_and_named() {
    let rehearsal = Rehearsal::new().await;
    rehearsal.take().await.unwrap();
    let keep = rehearsal.root.path().join("whole");
    let copy = |from: &Path, to: &Path| {
        for (path, content) in files(from) {
            let to = to.join(path.strip_prefix(from).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, content).unwrap();
        }
    };
    copy(&rehearsal.folder(), &keep);
    let segment = rehearsal.segment(CASES);
    let name = segment.display();

    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    rehearsal.is_refused(&format!("{name} is damaged: its SHA-256 is not the one of backup.json")).await;

    fs::remove_file(&segment).unwrap();
    rehearsal.is_refused(&format!("cannot read {name}: No such file")).await;
    // Nor does a backup go on from there.
    assert!(rehearsal.take().await.unwrap_err().contains(&name.to_string()));

    copy(&keep, &rehearsal.folder());
    rehearsal.rewrite(CASES, |lines| lines.swap(0, 1));
    rehearsal.is_refused(&format!("{name} is damaged: line 1: message 2 comes after message 0")).await;

    copy(&keep, &rehearsal.folder());
    rehearsal.rewrite(CASES, |lines| drop(lines.pop()));
    rehearsal.is_refused(&format!("{name} is damaged: it ends with message 2, and backup.json says 3")).await;

    copy(&keep, &rehearsal.folder());
    rehearsal.rewrite(CASES, |lines| lines[1] = lines[1].replace("two", "too"));
    rehearsal
        .is_refused(
            "CASES: over its first 3 messages the root is not the one that backup.json at the end of \
             0000000001-0000000003.ndjson.zst names",
        )
        .await;

    copy(&keep, &rehearsal.folder());
    rehearsal.rewrite(IDENTITY, |lines| lines[0] = lines[0].replace("other", "mine!"));
    rehearsal.is_refused("backup.json is damaged: the root of KV_IDENTITY is not that of its messages").await;

    copy(&keep, &rehearsal.folder());
    let key = rehearsal.folder().join("keys/ledger.nk");
    fs::write(&key, "SU").unwrap();
    rehearsal.is_refused(&format!("{} is damaged", key.display())).await;

    copy(&keep, &rehearsal.folder());
    let mut manifest = rehearsal.manifest();
    manifest["keys"]["../../ledger.nk"] = Digest::of(b"").to_string().into();
    rehearsal.rewrite_manifest(&manifest);
    rehearsal.is_refused("`../../ledger.nk` is not the name of a file").await;
    for name in ["../ledger.nk", "checkpoints/../../ledger.nk", "/ledger.nk"] {
        let mut manifest = rehearsal.manifest();
        manifest["keys"] = serde_json::json!({ name: Digest::of(b"").to_string() });
        rehearsal.rewrite_manifest(&manifest);
        rehearsal.is_refused(&format!("`{name}` is not the name of a file")).await;
    }

    copy(&keep, &rehearsal.folder());
    rehearsal.check().await.unwrap();
    fs::remove_file(rehearsal.folder().join("backup.json")).unwrap();
    rehearsal.is_refused("holds no backup").await;
}

#[tokio::test]
async fn a_checkpoint_that_the_logs_do_not_bear_out_is_told() {
    let rehearsal = Rehearsal::new().await;
    rehearsal.sign(None).await;
    rehearsal.store((ACCESS, Principal::Identity, "access.btg.truc-ban", b"later")).await;
    rehearsal.take().await.unwrap();
    rehearsal.check().await.unwrap();

    rehearsal.sign(Some(OUTBOX)).await;
    rehearsal.take().await.unwrap();
    let says = "OUTBOX: over its first 2 messages the root is not the one that checkpoint 1 of 2026-05-17T08:00:00+00:00 names";
    rehearsal.is_refused(says).await;
}

#[tokio::test]
async fn a_folder_belongs_to_one_installation() {
    let (one, other) = (Rehearsal::new().await, Rehearsal::new().await);
    one.take().await.unwrap();
    other.store((CASES, Principal::Ledger, "case.00.c", b"four")).await;
    other.take().await.unwrap();
    // Here the last message is another one, there are fewer than the folder holds.
    one.store((CASES, Principal::Ledger, "case.00.d", b"not the same")).await;
    for (taken, folder) in [(&one, other.folder()), (&Rehearsal::new().await, other.folder())] {
        let refused = taken.take_into(&folder, Some(&taken.nats.keys())).await.unwrap_err();
        let says = "does not go on from here: its message 4 of CASES is not the one of this installation";
        assert!(refused.contains(says), "{refused}");
    }
    other.check().await.unwrap();
}

#[tokio::test]
async fn keys_are_left_out_on_demand_and_never_left_over() {
    let rehearsal = Rehearsal::new().await;
    assert_eq!(rehearsal.take_into(&rehearsal.folder(), None).await.unwrap().keys, 0);
    assert!(!rehearsal.folder().join("keys").exists());
    rehearsal.restore().await.unwrap();
    assert!(!rehearsal.data().join("credentials").exists());

    rehearsal.take().await.unwrap();
    let refused = rehearsal.take_into(&rehearsal.folder(), None).await.unwrap_err();
    assert!(refused.contains("keys holds keys of an earlier backup"), "{refused}");
}

#[tokio::test]
async fn a_restoration_changes_no_directory_that_is_there() {
    let rehearsal = Rehearsal::new().await;
    rehearsal.take().await.unwrap();
    fs::create_dir(rehearsal.data()).unwrap();
    let own = rehearsal.data().join("something");
    fs::write(&own, "of mine").unwrap();
    let refused = rehearsal.restore().await.unwrap_err();
    assert!(refused.contains("is not empty"), "{refused}");
    assert_eq!(files(&rehearsal.data()), [(own.clone(), b"of mine".to_vec())]);
    fs::remove_file(own).unwrap();
    rehearsal.restore().await.unwrap();
}
