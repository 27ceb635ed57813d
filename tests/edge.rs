//! The edge as a caller meets it: ids and headers of every answer, TLS, and an end that finishes what was accepted.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{fs, process::Stdio, sync::Arc};

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{
    api::{Api, call, send},
    process::{Installation, Up},
    split::Split,
};
use testkit::eventually;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

const OFFICER: &str = "snnmt.dau-moi";

/// Who calls with a trace of his own finds it in the facts, and as the id of the answer.
#[tokio::test]
async fn a_trace_goes_from_the_caller_to_the_facts() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let split = Split::start().await;
    let services = ["ledger", "directory", "intake", "routing", "identity", "api"];
    let serve = split.serve("one", &services).await;
    let api = serve.api();
    let traced = |request: reqwest::RequestBuilder| {
        request.header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
    };
    let raise = traced(api.request("btg.truc-ban", Method::POST, "/api/v1/cases"));
    let raised = send(raise.header("Idempotency-Key", "a call").json(&call())).await.unwrap();
    assert_eq!(raised.status, 201, "{}", raised.text);
    let events = api.get("btg.truc-ban", &format!("/api/v1/cases/{}/events", raised.case())).await.unwrap();
    let events = events.body["events"].as_array().unwrap();
    assert!(events.len() > 2, "the raise and the steps that it leads to");
    for event in events {
        assert_eq!(event["correlationid"].as_str().unwrap().replace('-', ""), TRACE, "{event}");
    }
    let nothing = traced(api.plain(Method::GET, "/api/v1/cases")).send().await.unwrap();
    assert_eq!(nothing.headers()["x-request-id"], TRACE, "the id of a request that brings none");
}

#[tokio::test]
async fn every_answer_carries_an_id_and_the_headers_that_keep_it_harmless() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let get = |path: &str| api.request(OFFICER, Method::GET, path);
    for (request, status) in [
        (get("/api/v1/cases"), 200),
        (get("/api/v1/nothing"), 404),
        (get("/livez"), 200),
        (api.plain(Method::GET, "/api/v1/cases"), 401),
        (api.request(OFFICER, Method::DELETE, "/api/v1/cases"), 405),
        (api.request(OFFICER, Method::POST, "/api/v1/cases"), 400),
    ] {
        let own = request.try_clone().unwrap().header("X-Request-Id", "their-own.7/a");
        let unfit = request.try_clone().unwrap().header("X-Request-Id", "two words");
        let mut ids = Vec::new();
        for request in [request, own, unfit] {
            let answer = send(request).await.unwrap();
            assert_eq!(answer.status, status, "{}", answer.text);
            for (name, value) in [
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
                ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{name}");
            }
            assert_eq!(answer.header("strict-transport-security"), None, "it speaks no TLS");
            let id = answer.header("x-request-id").unwrap().to_owned();
            if status >= 400 {
                assert_eq!(answer.body["request_id"], *id, "{}", answer.text);
            }
            ids.push(id);
        }
        assert_eq!(ids[1], "their-own.7/a");
        assert!(ids[0] != ids[2] && [&ids[0], &ids[2]].iter().all(|id| id.len() == 32), "{ids:?}");
    }
}

/// A file that is taken in.
fn pdf() -> Vec<u8> {
    [b"%PDF-1.7\n".as_slice(), &vec![b'x'; 100_000]].concat()
}

/// An upload of which the first half has been accepted, and its second half.
async fn late_half(up: &Up, token: &str) -> (TcpStream, Vec<u8>) {
    let content = pdf();
    let mut line = TcpStream::connect(up.address()).await.unwrap();
    let head = format!(
        "POST /api/v1/attachments?file_name=a.pdf&state_secret=false HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    line.write_all(head.as_bytes()).await.unwrap();
    // It asks for the body: it has accepted the request.
    let mut asked = [0; 25];
    line.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    line.write_all(&content[..50_000]).await.unwrap();
    (line, content[50_000..].to_vec())
}

/// The head of an upload by somebody who is not known: it is answered without its body.
fn a_strangers(length: usize, more: &str) -> String {
    let path = "/api/v1/attachments?file_name=a.pdf&state_secret=false";
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{more}\r\n")
}

#[tokio::test]
async fn what_is_left_of_a_body_does_not_cost_the_next_request() {
    let place = Installation::new();
    let up = place.up().await;
    let mut line = TcpStream::connect(up.address()).await.unwrap();
    let content = pdf();
    line.write_all(a_strangers(content.len(), "").as_bytes()).await.unwrap();
    for half in content.chunks(content.len().div_ceil(2)) {
        line.write_all(half).await.unwrap();
    }
    line.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answers = String::new();
    line.read_to_string(&mut answers).await.unwrap();
    let refused = answers.find("HTTP/1.1 401 ").expect(&answers);
    let alive = answers.find("HTTP/1.1 200 ").expect(&answers);
    assert!(refused < alive && !answers[..alive].contains("connection: close"), "{answers}");
}

#[tokio::test]
async fn a_connection_ends_and_says_so_where_too_much_is_left_of_a_body() {
    let place = Installation::new();
    let up = place.up().await;
    for (length, more) in [(9_000_000, ""), (9_000, "Expect: 100-continue\r\n")] {
        let mut line = TcpStream::connect(up.address()).await.unwrap();
        line.write_all(a_strangers(length, more).as_bytes()).await.unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn told_to_stop_it_finishes_what_it_has_accepted_and_takes_nothing_new() {
    let place = Installation::new();
    let mut up = place.up().await;
    let token = fs::read_to_string(place.data().join("tokens").join(OFFICER)).unwrap();
    let (mut line, rest) = late_half(&up, token.trim()).await;
    let process = Pid::from_raw(up.id().cast_signed()).unwrap();
    kill_process(process, Signal::TERM).unwrap();
    let address = up.address();
    eventually(async || match TcpStream::connect(address).await {
        Ok(_) => Err("it still takes connections"),
        Err(_) => Ok(()),
    })
    .await;
    line.write_all(&rest).await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(up.ended().await.success(), "{}", place.log());
    // What was answered is there.
    let up = place.up().await;
    let api: Api = up.api();
    let again = api.request(OFFICER, Method::POST, "/api/v1/attachments");
    let again = again.query(&[("file_name", "a.pdf"), ("state_secret", "false")]);
    let content = pdf();
    assert_eq!(send(again.body(content)).await.unwrap().status, 200);
}

#[tokio::test]
async fn with_a_certificate_it_is_reached_by_tls_and_says_so() {
    let place = Installation::new();
    let keys = tempfile::tempdir().unwrap();
    let (certificate, key) = (keys.path().join("cert.pem"), keys.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    place.configure(&format!(
        "[http.tls]\ncertificate = \"{}\"\nkey = \"{}\"\n",
        certificate.display(),
        key.display()
    ));
    let mut child = place.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let running = eventually(async || {
        let running = fs::read(place.data().join("run.json")).map_err(|error| error.to_string())?;
        serde_json::from_slice::<Value>(&running).map_err(|error| error.to_string())
    })
    .await;
    let address = running["http"].as_str().unwrap().strip_prefix("https://").expect("https").to_owned();

    let mut trusted = RootCertStore::empty();
    trusted.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let line = TcpStream::connect(&address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut line = TlsConnector::from(Arc::new(client)).connect(name, line).await.unwrap();
    line.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok\n"), "{answer}");
    assert!(answer.contains("\r\nstrict-transport-security: max-age=31536000\r\n"), "{answer}");

    let process = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    kill_process(process, Signal::TERM).unwrap();
    assert!(child.wait().await.unwrap().success());
}
