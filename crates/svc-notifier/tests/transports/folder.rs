//! Mail as files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use svc_notifier::letter::Letter;
use svc_notifier::transport::{Config, Outcome, Transport};
use testkit::smtp::Mail;

use crate::letter;

#[tokio::test]
async fn a_letter_becomes_one_file_however_often_it_is_sent() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("not/there/yet");
    let mut transport = Transport::new(Config::Folder { directory: directory.clone() }).unwrap();
    let name = "20260714T030405-0198f2a0-0000-5000-8000-000000000001.eml";
    for _ in 0..2 {
        let outcome = transport.send(&letter(1)).await;
        assert_eq!(outcome, Outcome::Sent { reply: format!("250 written to {name}") });
    }
    transport.send(&letter(2)).await;

    let files: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    let mode = fs::metadata(directory.join(name)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mails = Mail::read_folder(&directory);
    assert_eq!(mails[0].header("Subject"), Some(letter(1).subject.as_str()));
    assert_eq!(mails[1].text, letter(2).text);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_waits_and_a_bad_letter_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "").unwrap();
    let mut transport = Transport::new(Config::Folder { directory: file.join("below") }).unwrap();
    let outcome = transport.send(&letter(1)).await;
    assert!(matches!(outcome, Outcome::Unreachable { .. }), "{outcome:?}");
    let outcome = transport.send(&Letter { message_id: "../../x@y".into(), ..letter(1) }).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}
