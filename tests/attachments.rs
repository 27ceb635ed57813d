//! Files through the API: byte for byte, to those alone who may read the case, and nothing is left of what did not come.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{fs, time::Duration};

use bus::{Principal, log, streams::ATTACHMENTS};
use events::Digest;
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, letter, send},
    process::{Installation, Up},
};
use testkit::eventually;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Who brings files, and raises with them.
const RAISER: &str = "snnmt.dau-moi";

/// Who sees nothing of it.
const STRANGER: &str = "sxd.lanh-dao";

const NAME: &str = "Báo cáo số 118 (bản ký).pdf";

/// Bytes that begin as a PDF does, and of which no two parts are alike.
fn pdf(size: usize) -> Vec<u8> {
    let rest = (0_u32..).flat_map(u32::to_le_bytes);
    b"%PDF-1.7\n".iter().copied().chain(rest).take(size).collect()
}

async fn upload(api: &Api, name: &str, content: Vec<u8>) -> Answer {
    let request = api.request(RAISER, Method::POST, "/api/v1/attachments");
    let request = request.query(&[("file_name", name), ("state_secret", "false")]);
    send(request.body(content)).await.unwrap()
}

/// A case by a document with those files.
async fn raised(api: &Api, number: u32, files: Value) -> String {
    let mut letter = letter(number);
    letter["document"]["attachments"] = files;
    letter["document"]["date"] = json!("2026-05-16");
    let raised = api.act(RAISER, "", "raise", &format!("letter {number}"), &letter).await.unwrap();
    assert_eq!(raised.status, 201, "{}", raised.text);
    raised.case().to_owned()
}

/// How many messages the store of files holds.
async fn stored(up: &Up) -> Value {
    let deploy = up.connect(Principal::Deploy).await;
    let subject = format!("$JS.API.STREAM.INFO.{ATTACHMENTS}");
    let answer = deploy.request(&subject, "{}".into(), Duration::from_secs(5)).await.unwrap();
    serde_json::from_slice::<Value>(answer.payload()).unwrap()["state"]["messages"].clone()
}

/// How many files the process has open in its spool.
fn spooled(up: &Up) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", up.id())).unwrap();
    let targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().contains("/spool/")).count()
}

#[tokio::test]
async fn a_file_goes_round_byte_by_byte_to_those_who_may_read_the_case() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let content = pdf(1_500_000);
    let digest = Digest::of(&content).to_string();
    let taken = upload(&api, NAME, content.clone()).await;
    assert_eq!(taken.status, 201, "{}", taken.text);
    let expected = json!({
        "file_name": NAME, "media_type": "application/pdf", "size": 1_500_000, "sha256": digest,
    });
    assert_eq!(taken.body, expected);
    let again = upload(&api, "khác.pdf", content.clone()).await;
    assert_eq!((again.status, &again.body["sha256"]), (200, &json!(digest)));

    let address = |case: &str, digest: &str| format!("/api/v1/cases/{case}/attachments/{digest}");
    let case = raised(&api, 118, json!([taken.body])).await;
    let other = raised(&api, 119, json!([])).await;
    let response = api.request("btg.truc-ban", Method::GET, &address(&case, &digest)).send().await.unwrap();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-length", "1500000"),
        ("content-security-policy", "sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("etag", &format!("\"{digest}\"")),
        (
            "content-disposition",
            "attachment; filename=\"bao cao so 118 (ban ky).pdf\"; \
             filename*=UTF-8''B%C3%A1o%20c%C3%A1o%20s%E1%BB%91%20118%20%28b%E1%BA%A3n%20k%C3%BD%29.pdf",
        ),
    ] {
        assert_eq!(header(name).as_deref(), Some(value), "{name}");
    }
    assert!(response.bytes().await.unwrap() == content, "not the same bytes");

    // Not yours, not of this case, not stored, not a digest: all the same.
    let unknown = Digest::of(b"unknown").to_string();
    let mut answers = Vec::new();
    for (who, case, digest) in [
        (STRANGER, &*case, &*digest),
        ("btg.truc-ban", &other, &digest),
        ("btg.truc-ban", &case, &unknown),
        ("btg.truc-ban", &case, "x"),
        ("btg.truc-ban", "no-case", &digest),
    ] {
        let request = api.request(who, Method::GET, &address(case, digest));
        let answer = send(request.header("X-Request-Id", "the-same")).await.unwrap();
        assert_eq!((answer.status, answer.code()), (404, "NOT_FOUND"), "{who} {case} {digest}");
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(spooled(&up), 0);
    assert_eq!(fs::read_dir(place.data().join("spool")).unwrap().count(), 0);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let place = Installation::new();
    let up = place.up().await;
    let token = fs::read_to_string(place.data().join("tokens").join(RAISER)).unwrap();
    let mut line = TcpStream::connect(up.address()).await.unwrap();
    let head = format!(
        "POST /api/v1/attachments?file_name=a.pdf&state_secret=false HTTP/1.1\r\nHost: x\r\n\
         Authorization: Bearer {}\r\nContent-Length: 3000000\r\n\r\n",
        token.trim()
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(&pdf(1_000_000)).await.unwrap();
    eventually(async || if spooled(&up) == 1 { Ok(()) } else { Err("nothing in the spool") }).await;
    drop(line);
    eventually(async || if spooled(&up) == 0 { Ok(()) } else { Err("still in the spool") }).await;
    assert_eq!(stored(&up).await, 0);
    assert_eq!(fs::read_dir(place.data().join("spool")).unwrap().count(), 0);
}

#[tokio::test]
async fn an_upload_that_crawls_is_ended() {
    let place = Installation::new();
    place.configure("[attachments]\nstall_seconds = 1\n");
    let up = place.up().await;
    let token = fs::read_to_string(place.data().join("tokens").join(RAISER)).unwrap();
    let mut line = TcpStream::connect(up.address()).await.unwrap();
    let head = format!(
        "POST /api/v1/attachments?file_name=a.pdf&state_secret=false HTTP/1.1\r\nHost: x\r\n\
         Authorization: Bearer {}\r\nAccept-Language: en\r\nContent-Length: 3000000\r\n\r\n",
        token.trim()
    );
    line.write_all(head.as_bytes()).await.unwrap();
    let (mut read, mut write) = line.split();
    let (mut answer, mut buffer) = (Vec::new(), [0; 4_096]);
    // A byte now and then does not keep it open.
    let mut now_and_then = tokio::time::interval(Duration::from_millis(100));
    let answered = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            tokio::select! {
                _ = now_and_then.tick() => drop(write.write_all(b"%").await),
                got = read.read(&mut buffer) => match got {
                    Ok(0) | Err(_) => break,
                    Ok(length) => answer.extend_from_slice(&buffer[..length]),
                },
            }
            if answer.ends_with(b"}") {
                break;
            }
        }
    });
    answered.await.expect("it is ended within seconds");
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("UPLOAD_STALLED"), "{answer}");
    assert_eq!((spooled(&up), stored(&up).await), (0, json!(0)));
}

#[tokio::test]
async fn a_damaged_file_is_never_handed_out_until_it_is_brought_again() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let content = pdf(700_000);
    let digest = Digest::of(&content).to_string();
    let taken = upload(&api, NAME, content.clone()).await;
    let case = raised(&api, 118, json!([taken.body])).await;
    let address = format!("/api/v1/cases/{case}/attachments/{digest}");
    // The store's own credential can add, and so lay another content behind the entry.
    let files = up.connect(Principal::Files).await;
    let entry = log::read(&files, ATTACHMENTS, 1, "$O.attachments.M.>").await.unwrap().remove(0);
    let mut damaged: Value = serde_json::from_slice(&entry.payload).unwrap();
    (damaged["nuid"], damaged["chunks"]) = (json!("other"), json!(1));
    let within = Duration::from_secs(5);
    let other = pdf(700_000).split_off(400_000);
    files.request("$O.attachments.C.other", other.into(), within).await.unwrap();
    files.request(&entry.subject, damaged.to_string().into(), within).await.unwrap();

    let answer = api.get("btg.truc-ban", &address).await.unwrap();
    assert_eq!((answer.status, answer.code()), (502, "ATTACHMENT_DAMAGED"), "{}", answer.text);
    assert!(
        place.log().lines().any(|line| line.contains("ATTACHMENT_DAMAGED") && line.contains("alert=true"))
    );
    assert_eq!(upload(&api, NAME, content.clone()).await.status, 201, "it is stored anew");
    let response = api.request("btg.truc-ban", Method::GET, &address).send().await.unwrap();
    assert!(response.bytes().await.unwrap() == content);
    assert_eq!(spooled(&up), 0);
}

/// What the process has in memory, now and at most until now, in KiB.
fn memory(up: &Up) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{}/status", up.id())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    (field("VmRSS:"), field("VmHWM:"))
}

#[tokio::test]
async fn fifty_megabytes_come_and_go_within_sixty_four_more() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let small = upload(&api, "nhỏ.pdf", pdf(1_000)).await;
    assert_eq!(small.status, 201, "{}", small.text);
    let content = pdf(50 << 20);
    let digest = Digest::of(&content).to_string();
    let (before, _) = memory(&up);
    let taken = upload(&api, "lớn.pdf", content.clone()).await;
    assert_eq!(taken.status, 201, "{}", taken.text);
    let (in_between, most_in) = memory(&up);
    let case = raised(&api, 118, json!([taken.body])).await;
    let address = format!("/api/v1/cases/{case}/attachments/{digest}");
    let response = api.request("btg.truc-ban", Method::GET, &address).send().await.unwrap();
    assert!(response.bytes().await.unwrap() == content);
    let (after, most) = memory(&up);
    let mib = |kib: u64| kib.div_ceil(1_024);
    println!(
        "resident before {} MiB; upload: at most {} MiB more, {} MiB after; with the download: at most {} MiB more, {} MiB \
         after",
        mib(before),
        mib(most_in.saturating_sub(before)),
        mib(in_between),
        mib(most.saturating_sub(before)),
        mib(after)
    );
    assert!(most.saturating_sub(before) <= 64 << 10, "{before} KiB before, at most {most} KiB");
}
