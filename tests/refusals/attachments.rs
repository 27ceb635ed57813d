//! Files that are not taken in.

use domain::Code;
use reqwest::{Method, RequestBuilder};

use crate::{
    refused::{Refusals, facts},
    support::{
        api::{Api, send},
        process::Installation,
    },
};

const PDF: &[u8] = b"%PDF-1.7\n";

fn upload(api: &Api, query: &[(&str, &str)], content: &[u8]) -> RequestBuilder {
    api.request("snnmt.dau-moi", Method::POST, "/api/v1/attachments").query(query).body(content.to_vec())
}

#[tokio::test]
async fn a_file_that_is_not_taken_in_is_refused_with_its_reason() {
    let place = Installation::new();
    place.configure("[attachments]\nmax_bytes = 100000\n");
    let up = place.up().await;
    let api = up.api();
    let mut refusals = Refusals::of(api.clone());
    let named = |name: &'static str| [("file_name", name), ("state_secret", "false")];

    let largest = [PDF, &vec![b'x'; 100_000 - PDF.len()]].concat();
    assert_eq!(send(upload(&api, &named("a.pdf"), &largest)).await.unwrap().status, 201);
    let larger = [&largest[..], b"x"].concat();
    refusals.refused(upload(&api, &named("a.pdf"), &larger), 413, "ATTACHMENT_TOO_LARGE").await;

    for (name, content) in [
        ("a.exe", b"MZ\x90\0\x03".as_slice()),
        ("a.html", b"<!doctype html><p>a"),
        ("a.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ("a.pdf", b"MZ\x90\0\x03"),
        ("a.exe", PDF),
        ("a.bat", b"del *.*"),
        ("pdf", PDF),
    ] {
        refusals.refused(upload(&api, &named(name), content), 415, "ATTACHMENT_TYPE_REFUSED").await;
    }
    let secret = Code::StateSecretContentRefused;
    let marked = [("file_name", "a.pdf"), ("state_secret", "false"), ("classification", "mat")];
    for query in [&[("file_name", "a.pdf"), ("state_secret", "true")][..], &marked, &named("TỐI MẬT.pdf")]
    {
        refusals.by_rule(upload(&api, query, PDF), secret).await;
    }
    for (query, field) in [
        (&[("file_name", "a.pdf")][..], "/state_secret"),
        (&[("file_name", "a.pdf"), ("state_secret", "no")], "/state_secret"),
        (&[("state_secret", "false")], "/file_name"),
        (&named("../a.pdf"), "/file_name"),
        (&named("a\r\nb.pdf"), "/file_name"),
        (&named("anh\u{202E}fdp.exe"), "/file_name"),
    ] {
        let refused = refusals.by_rule(upload(&api, query, PDF), Code::InvalidData).await;
        assert_eq!(refused.body["errors"][0]["pointer"], field, "{query:?}");
    }
    let empty = refusals.by_rule(upload(&api, &named("a.pdf"), b""), Code::InvalidData).await;
    assert_eq!(empty.body["errors"][0]["pointer"], "/body");
    let more = [("file_name", "a.pdf"), ("state_secret", "false"), ("case", "1")];
    refusals.refused(upload(&api, &more, PDF), 400, "MALFORMED_QUERY").await;
    let stranger = api.plain(Method::POST, "/api/v1/attachments").query(&named("a.pdf")).body(PDF);
    refusals.refused(stranger, 401, "UNAUTHENTICATED").await;
    assert_eq!(facts(&api).await, 1, "the policy alone");
}
