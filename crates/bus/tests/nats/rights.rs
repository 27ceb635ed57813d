//! The server enforces exactly the rights that the code declares.

use bus::connection::Bus;
use bus::permissions::{Principal, overlap};
use bus::{log, streams};
use bytes::Bytes;
use testkit::nats::TestNats;

use crate::SOON;

/// One subject that a pattern allows.
fn instance(pattern: &str) -> String {
    pattern.replace('*', "X").replace('>', "x")
}

/// Subjects that matter, each the right of few or of nobody.
fn touchy() -> Vec<String> {
    let stages = Principal::ALL.into_iter().flat_map(Principal::stages);
    let inboxes = Principal::ALL.into_iter().map(|principal| format!("{}.x", principal.inbox()));
    let api = ["STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.DELETE"]
        .into_iter()
        .flat_map(|verb| {
            ["CASES", "OUTBOX", "OBJ_attachments", "OTHER"].map(|stream| format!("$JS.API.{verb}.{stream}"))
        });
    let consumers =
        ["CREATE", "DELETE", "MSG.NEXT"].map(|verb| format!("$JS.API.CONSUMER.{verb}.CASES.notifier"));
    let plain = [
        "case.03.7f",
        "document.00.1",
        "outbox.1",
        "$O.attachments.C.x",
        "$O.attachments.M.x",
        "dead.notifier.1",
        "log.1",
        "dev.clock",
        "cmd.intake.raise",
    ];
    stages
        .map(|stage| format!("fact.{stage}"))
        .chain(inboxes)
        .chain(api)
        .chain(consumers)
        .chain(plain.map(str::to_owned))
        .chain(["$JS.ACK.CASES.notifier.1.1.1.1.0".to_owned(), "$SYS.REQ.SERVER.PING".to_owned()])
        .collect()
}

async fn publish(bus: &Bus, subject: &str) {
    bus.publish(subject, Bytes::from_static(b"{}")).await.unwrap();
    bus.flush().await.unwrap();
}

/// All that a credential's rights name is allowed.
pub async fn has_what_is_declared(bus: &Bus) {
    let rights = bus.principal().rights();
    for pattern in &rights.publish {
        publish(bus, &instance(pattern)).await;
    }
    for pattern in &rights.subscribe {
        bus.subscribe(pattern).await.unwrap();
    }
    // The server reports in order: once this is denied, everything before was allowed.
    publish(bus, "nobody.may").await;
    bus.violated(1).await;
    assert_eq!(bus.violations(), 1, "{}", bus.principal());
    assert_eq!(bus.last_violation().unwrap(), r#"Permissions Violation for Publish to "nobody.may""#);
}

/// Nothing that matters is allowed beyond them, and each denial is seen.
pub async fn everything_else_is_denied(bus: &Bus) {
    let principal = bus.principal();
    let rights = principal.rights();
    let mut denied = 0;
    for subject in touchy() {
        publish(bus, &subject).await;
        if !rights.publish.iter().any(|allowed| overlap(allowed, &subject)) {
            denied += 1;
            bus.violated(denied).await;
            let words = bus.last_violation().unwrap();
            assert!(words.contains(&format!("{subject:?}")), "{principal} {subject}: {words}");
        }
    }
    let inboxes = Principal::ALL.into_iter().filter(|other| *other != principal).map(Principal::inbox);
    for pattern in inboxes.map(|inbox| format!("{inbox}.>")).chain([">".to_owned(), "case.>".to_owned()]) {
        bus.subscribe(&pattern).await.unwrap();
        denied += 1;
        bus.violated(denied).await;
    }
    assert_eq!(bus.violations(), denied, "{principal}");
}

#[tokio::test]
async fn every_credential_connects_and_has_what_is_declared() {
    let nats = TestNats::start().await;
    for principal in Principal::ALL {
        has_what_is_declared(&nats.connect(principal).await).await;
    }
}

#[tokio::test]
async fn everything_else_is_denied_and_seen() {
    let nats = TestNats::start().await;
    for principal in Principal::ALL {
        everything_else_is_denied(&nats.connect(principal).await).await;
    }
}

#[tokio::test]
async fn a_stage_cannot_propose_for_another() {
    let nats = TestNats::start().await;
    let routing = nats.connect(Principal::Routing).await;
    publish(&routing, "fact.routing").await;
    publish(&routing, "fact.closure").await;
    routing.violated(1).await;
    assert_eq!(routing.violations(), 1);
    assert_eq!(routing.last_violation().unwrap(), r#"Permissions Violation for Publish to "fact.closure""#);
}

#[tokio::test]
async fn an_auditor_reads_the_truth_and_no_secret() {
    let nats = TestNats::start().await;
    let auditor = nats.connect(Principal::Auditor).await;
    for stream in [streams::CASES, streams::OUTBOX, streams::ACCESS, streams::AUDIT] {
        assert_eq!(log::read(&auditor, stream, 1, ">").await.unwrap().len(), 0, "{stream}");
        assert_eq!(log::last_sequence(&auditor, stream).await.unwrap(), 0, "{stream}");
    }
    assert_eq!(auditor.violations(), 0);
    let mut denied = 0;
    for subject in [
        "$JS.API.DIRECT.GET.IDENTITY",
        "$JS.API.DIRECT.GET.OBJ_attachments",
        "$JS.API.STREAM.MSG.GET.CASES",
        "$JS.API.CONSUMER.CREATE.CASES.mine",
        "$JS.API.CONSUMER.MSG.NEXT.CASES.notifier",
        "$JS.API.STREAM.NAMES",
        "access.x",
        "audit.checkpoint",
        "q.audit",
        "cmd.intake.raise",
    ] {
        publish(&auditor, subject).await;
        denied += 1;
        auditor.violated(denied).await;
    }
}

#[tokio::test]
async fn the_edge_can_write_nothing() {
    let nats = TestNats::start().await;
    let api = nats.connect(Principal::Api).await;
    let mut denied = 0;
    for subject in ["case.03.7f", "document.00.1", "fact.intake", "step.intake", "log.1", "outbox.1"] {
        publish(&api, subject).await;
        denied += 1;
        api.violated(denied).await;
    }
    let deploy = nats.connect(Principal::Deploy).await;
    let info = crate::ask(&deploy, "$JS.API.STREAM.INFO.CASES", serde_json::json!({})).await;
    assert_eq!(info["state"]["messages"], 0);
}

#[tokio::test]
async fn a_request_is_answered_once_and_nobody_is_answered_unasked() {
    let nats = TestNats::start().await;
    let (intake, ledger) = (nats.connect(Principal::Intake).await, nats.connect(Principal::Ledger).await);
    let mut proposals = ledger.queue_subscribe("fact.>", "ledger").await.unwrap();

    let answering = async {
        let proposal = proposals.next().await.unwrap();
        assert_eq!((proposal.subject(), proposal.payload().as_ref()), ("fact.intake", b"raised".as_ref()));
        let inbox = proposal.reply().unwrap().to_owned();
        assert!(inbox.starts_with("_INBOX_intake."));
        ledger.publish(&inbox, Bytes::from_static(b"recorded")).await.unwrap();
        inbox
    };
    let asking = intake.request("fact.intake", Bytes::from_static(b"raised"), SOON);
    let (answer, inbox) = tokio::join!(asking, answering);
    assert_eq!(answer.unwrap().payload().as_ref(), b"recorded");

    publish(&ledger, &inbox).await;
    ledger.violated(1).await;
    publish(&ledger, "_INBOX_intake.guessed").await;
    ledger.violated(2).await;
}
