//! Files in the store: whole or not at all, never overwritten, and a damaged one is noticed.

use std::io::Cursor;

use bus::{
    Bus, Principal,
    append::{Append, append},
    log,
    objects::{self, CHUNK, ObjectError, Put},
    streams::{ATTACHMENTS, Shape},
};
use events::{Digest, Timestamp};
use serde_json::{Value, json};
use testkit::nats::TestNats;

use crate::SOON;

/// Bytes of which no two pieces are alike.
fn bytes(size: usize) -> Vec<u8> {
    (0_u32..).flat_map(u32::to_le_bytes).take(size).collect()
}

fn noon() -> Timestamp {
    "2026-05-16T05:00:00Z".parse().unwrap()
}

async fn put(files: &Bus, content: &[u8]) -> Result<Put, ObjectError> {
    objects::put(files, &Digest::of(content), &mut Cursor::new(content), noon()).await
}

/// What is stored of a file, and the digest of it.
async fn stored(files: &Bus, digest: &Digest) -> Result<(Vec<u8>, Digest), ObjectError> {
    let object = objects::find(files, digest).await?.expect("an entry");
    let mut content = Vec::new();
    let found = objects::copy(files, &object, &mut content).await?;
    Ok((content, found))
}

/// The subject of a file's entry.
async fn entry_subject(files: &Bus) -> String {
    let entries = log::read(files, ATTACHMENTS, 1, "$O.attachments.M.>").await.unwrap();
    entries.last().expect("an entry").subject.clone()
}

async fn messages(nats: &TestNats) -> Value {
    let deploy = nats.connect(Principal::Deploy).await;
    let info = crate::ask(&deploy, "$JS.API.STREAM.INFO.OBJ_attachments", json!({})).await;
    info["state"]["messages"].clone()
}

#[tokio::test]
async fn a_file_comes_back_byte_by_byte_and_is_stored_once() {
    let nats = TestNats::start().await;
    let files = nats.connect(Principal::Files).await;
    for size in [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK - 1] {
        let content = bytes(size);
        let digest = Digest::of(&content);
        assert_eq!(objects::find(&files, &digest).await.unwrap(), None);
        assert_eq!(put(&files, &content).await.unwrap(), Put::Stored, "{size}");
        assert_eq!(put(&files, &content).await.unwrap(), Put::Present, "{size}");
        let (back, found) = stored(&files, &digest).await.unwrap();
        assert!(back == content && found == digest, "{size}");
    }
    // An entry for each, and the pieces: 0, 1, 1, 2 and 3.
    assert_eq!(messages(&nats).await, 5 + 7);
    let entry = log::read(&files, ATTACHMENTS, 1, "$O.attachments.M.>").await.unwrap().remove(1);
    let entry: Value = serde_json::from_slice(&entry.payload).unwrap();
    let digest = Digest::of(&bytes(1)).to_string();
    assert_eq!(
        entry,
        json!({
            "name": digest, "bucket": "attachments", "nuid": digest, "size": 1, "chunks": 1,
            "mtime": "2026-05-16T05:00:00Z", "digest": "SHA-256=bjQLnP-zepicpUTmu3gKLHiQHT-zNzh2hRGjBhevoB0=",
            "options": { "max_chunk_size": CHUNK },
        })
    );
    assert_eq!(files.violations(), 0);
}

#[tokio::test]
async fn what_was_stored_in_part_is_gone_on_with() {
    let nats = TestNats::start().await;
    let files = nats.connect(Principal::Files).await;
    let content = bytes(2 * CHUNK + 7);
    let digest = Digest::of(&content);
    // Two of three pieces: then the process died.
    let mut expected = 0;
    for (number, piece) in (1..).zip(content.chunks(CHUNK).take(2)) {
        let message = Append {
            subject: format!("$O.attachments.C.{digest}"),
            payload: piece.to_vec().into(),
            id: format!("{digest}/{number}"),
            expected,
            headers: Vec::new(),
        };
        expected = append(&files, ATTACHMENTS, &message).await.unwrap();
    }
    assert_eq!(objects::find(&files, &digest).await.unwrap(), None, "nobody is given half a file");
    assert_eq!(put(&files, &content).await.unwrap(), Put::Stored);
    assert!(stored(&files, &digest).await.unwrap() == (content, digest));
    assert_eq!(messages(&nats).await, 4);
}

#[tokio::test]
async fn two_who_bring_the_same_file_at_once_store_it_once() {
    let nats = TestNats::start().await;
    let (one, other) = (nats.connect(Principal::Files).await, nats.connect(Principal::Files).await);
    let content = bytes(5 * CHUNK);
    let (first, second) = tokio::join!(put(&one, &content), put(&other, &content));
    first.unwrap();
    second.unwrap();
    assert!(stored(&one, &Digest::of(&content)).await.unwrap().0 == content);
    assert_eq!(messages(&nats).await, 6);
    assert_eq!((one.violations(), other.violations()), (0, 0));
}

#[tokio::test]
async fn a_damaged_file_is_noticed_and_healed_by_whoever_brings_it_again() {
    let nats = TestNats::start().await;
    let files = nats.connect(Principal::Files).await;
    let content = bytes(CHUNK + 100);
    let digest = Digest::of(&content);
    put(&files, &content).await.unwrap();
    let object = entry_subject(&files).await;
    for (at, (pieces, chunks)) in
        [(b"something else".to_vec(), 1), (content[..CHUNK].to_vec(), 2)].into_iter().enumerate()
    {
        let word = format!("damaged{at}");
        let chunk = format!("$O.attachments.C.{word}");
        files.request(&chunk, pieces.into(), SOON).await.unwrap();
        let entry = json!({
            "name": digest, "bucket": "attachments", "nuid": word, "size": content.len(), "chunks": chunks,
            "mtime": noon(), "digest": "", "options": { "max_chunk_size": CHUNK },
        });
        files.request(&object, entry.to_string().into(), SOON).await.unwrap();
        match stored(&files, &digest).await {
            Ok((_, found)) => assert_ne!(found, digest),
            Err(error) => assert!(matches!(error, ObjectError::Damaged(_)), "{error}"),
        }
        assert_eq!(put(&files, &content).await.unwrap(), Put::Stored);
        assert!(stored(&files, &digest).await.unwrap().0 == content);
        assert_eq!(put(&files, &content).await.unwrap(), Put::Present);
    }
}

#[tokio::test]
async fn a_full_store_says_so() {
    let nats = TestNats::start_with(&Shape { attachments_max_bytes: 1 << 20, ..Shape::default() }).await;
    let files = nats.connect(Principal::Files).await;
    let content = bytes(3 * CHUNK);
    assert!(matches!(put(&files, &content).await, Err(ObjectError::Full)));
    assert_eq!(objects::find(&files, &Digest::of(&content)).await.unwrap(), None);
}
