//! What an operator is told about his installation: when all is well, and when one thing after another is not.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{fs, fs::Permissions, os::unix::fs::PermissionsExt as _, process::Stdio, time::Duration};

use bus::Principal;
use chrono::{Datelike as _, TimeDelta};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use service::Clock;
use support::{
    Said, concord, finish,
    process::{Installation, with_relay},
};
use testkit::{eventually, smtp::SmtpSink};
use tokio::net::TcpListener;

/// Every check of an installation that runs as it is shipped, in the order of the output.
const NAMES: [&str; 43] = [
    "configuration",
    "policy",
    "policy-advice",
    "calendar",
    "demonstration",
    "data-directory",
    "disk",
    "credentials",
    "assertion-keys",
    "checkpoint-keys",
    "running",
    "livez",
    "readyz",
    "readable-cases",
    "metrics",
    "certificate",
    "open-files",
    "nats-binary",
    "nats-server",
    "durability",
    "clock",
    "process-clock",
    "stream-cases",
    "stream-outbox",
    "stream-dead",
    "stream-kv-identity",
    "stream-access",
    "stream-audit",
    "stream-obj-attachments",
    "consumer-notifier",
    "disk-for-streams",
    "policy-in-force",
    "notifier-backlog",
    "dead-letters",
    "mail-hold",
    "unsent-mail",
    "audit-findings",
    "checkpoint",
    "audit-trees",
    "relay",
    "public-url",
    "bounces",
    "backup",
];

async fn doctor(place: &Installation, options: &[&str]) -> Said {
    let mut doctor = concord();
    doctor.arg("doctor").arg("--data").arg(place.data()).args(options);
    let config = place.data().with_file_name("concord.toml");
    if config.exists() {
        doctor.arg("--config").arg(config);
    }
    finish(&mut doctor).await
}

async fn as_json(place: &Installation) -> Value {
    serde_json::from_str(&doctor(place, &["--json"]).await.out).unwrap()
}

/// The line of one check.
#[track_caller]
fn line<'a>(said: &'a Said, check: &str) -> &'a str {
    let found = said.out.lines().find(|line| line.split_whitespace().nth(1) == Some(check));
    found.unwrap_or_else(|| panic!("no line {check} in:\n{}", said.out))
}

/// The checks that fail, and its exit code agrees. The disk of the machine that tests is left out: it is not ours.
#[track_caller]
fn fails(said: &Said) -> Vec<&str> {
    let mut failed: Vec<_> =
        said.out.lines().filter_map(|line| line.strip_prefix("fail  ")?.split_whitespace().next()).collect();
    assert_eq!(said.code, Some(i32::from(!failed.is_empty())), "{}", said.out);
    failed.retain(|check| *check != "disk");
    failed
}

#[tokio::test]
async fn a_healthy_installation_has_no_failure_and_its_checks_keep_their_names() {
    let place = Installation::new();
    place.configure("[metrics]\nlisten = \"127.0.0.1:0\"\n");
    let up = place.up().await;
    let before = fs::read_dir(place.data()).unwrap().count();
    let report = as_json(&place).await;
    let checks = report["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(names, NAMES, "{report:#}");
    let failed = |check: &&Value| check["verdict"] == "fail";
    assert_eq!(report["failures"], checks.iter().filter(failed).count());
    let counted = ["ok", "warnings", "failures", "skipped"].map(|key| report[key].as_u64().unwrap());
    assert_eq!(counted.iter().sum::<u64>(), checks.len() as u64);
    for check in checks {
        let wants = ["warn", "fail"].contains(&check["verdict"].as_str().unwrap());
        assert_eq!(wants, check["do"].is_string(), "{check}");
    }
    assert_eq!(fs::read_dir(place.data()).unwrap().count(), before, "it has made something");

    let said = doctor(&place, &[]).await;
    assert_eq!(fails(&said), [""; 0], "{}\n{}", said.out, said.err);
    let sum = said.out.lines().last().unwrap();
    assert!(sum.contains(" ok, ") && sum.contains(" failure"), "{sum}");
    assert!(line(&said, "durability").starts_with("ok    durability"), "{}", said.out);
    assert!(line(&said, "backup").contains("concord backup DIR"), "{}", said.out);

    let folder = place.data().with_file_name("backup");
    let mut backup = concord();
    finish(backup.arg("backup").arg(&folder).arg("--data").arg(place.data())).await.succeeded();
    let said = doctor(&place, &[]).await;
    assert!(line(&said, "backup").starts_with("ok "), "{}", said.out);
    up.term().await;
}

#[tokio::test]
async fn a_key_that_others_read_a_dead_letter_and_held_mail_are_said_with_what_to_do() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::new();
    place.configure(&with_relay(relay.address()));
    let up = place.up().await;
    assert_eq!(fails(&doctor(&place, &[]).await), [""; 0]);

    let bus = up.connect(Principal::Notifier).await;
    bus.request("dead.notifier.one", "why".into(), Duration::from_secs(5)).await.unwrap();
    let mut switch = concord();
    switch.args(["mail", "hold", "--why", "a drill", "--data"]).arg(place.data());
    finish(&mut switch).await.succeeded();
    let said = doctor(&place, &[]).await;
    assert_eq!(fails(&said), [""; 0], "warnings alone are no failure");
    assert_eq!(
        line(&said, "dead-letters"),
        "warn  dead-letters            1 message of a year → look for DEAD LETTER in the log, and report it; they go \
         by themselves after a year"
    );
    let held = line(&said, "mail-hold");
    assert!(held.starts_with("warn  mail-hold               sending is OFF since "), "{held}");
    assert!(held.ends_with(": a drill → `concord mail release --why …` when that is over"), "{held}");
    assert!(line(&said, "relay").ends_with("it answers, and lets us in"), "{}", said.out);
    assert_eq!(relay.received(), [], "it sends no mail");

    let key = place.data().join("credentials/ledger.nk");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let said = doctor(&place, &[]).await;
    assert_eq!(said.code, Some(1));
    let key = key.display();
    let expected =
        format!("fail  credentials             {key} can be read by others (mode 644) → run chmod 600 {key}");
    assert_eq!(line(&said, "credentials"), expected);
    assert_eq!(fails(&said), ["credentials"]);
    up.term().await;
}

#[tokio::test]
async fn a_server_that_is_gone_and_a_place_where_nothing_runs_are_told_apart() {
    let place = Installation::new();
    let nothing = doctor(&place, &[]).await;
    assert_eq!(nothing.code, Some(1));
    assert!(line(&nothing, "running").contains("→ start `concord up`"), "{}", nothing.out);
    assert!(line(&nothing, "data-directory").starts_with("fail"), "{}", nothing.out);
    assert!(!place.data().exists(), "it has made something");

    let up = place.up().await;
    // Both at once: alone, the process would go with its server, and take leave.
    let nats = Pid::from_raw(up.nats()).unwrap();
    up.kill9().await;
    kill_process(nats, Signal::KILL).unwrap();
    let said = eventually(async || {
        let said = doctor(&place, &[]).await;
        if line(&said, "nats-server").starts_with("fail") { Ok(said) } else { Err(said) }
    })
    .await;
    assert_eq!(said.code, Some(1));
    let server = line(&said, "nats-server");
    assert!(server.contains("nothing listens at") && server.contains(" → start nats-server"), "{server}");
    assert!(line(&said, "running").contains("is gone, and did not take leave"), "{}", said.out);
    assert!(line(&said, "livez").starts_with("fail"), "{}", said.out);
    assert!(line(&said, "streams").starts_with("skip"), "{}", said.out);
}

#[tokio::test]
async fn a_certificate_that_ends_soon_and_one_that_is_not_yet_served_are_warned_of() {
    let place = Installation::new();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    let write = |days: i64| {
        let mut parameters = CertificateParams::new(vec!["phoi-hop.tinh.example".to_owned()]).unwrap();
        let end = Clock::System.now() + TimeDelta::days(days);
        parameters.not_after =
            date_time_ymd(end.year(), u8::try_from(end.month()).unwrap(), u8::try_from(end.day()).unwrap());
        let pair = KeyPair::generate().unwrap();
        fs::write(&certificate, parameters.self_signed(&pair).unwrap().pem()).unwrap();
        fs::write(&key, pair.serialize_pem()).unwrap();
    };
    write(20);
    place.configure(&format!("[http.tls]\ncertificate = {certificate:?}\nkey = {key:?}\n"));
    let mut up = place.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let said = eventually(async || {
        let said = doctor(&place, &[]).await;
        let up = said.out.lines().any(|line| line.starts_with("ok    readyz"));
        if up { Ok(said) } else { Err(said) }
    })
    .await;
    assert!(line(&said, "livez").contains("https://127.0.0.1:"), "{}", said.out);
    assert!(line(&said, "certificate").starts_with("warn  certificate "), "{}", said.out);
    assert!(line(&said, "certificate-served").starts_with("ok "), "{}", said.out);

    write(300);
    let said = doctor(&place, &[]).await;
    assert_eq!(fails(&said), [""; 0]);
    assert!(line(&said, "certificate").starts_with("ok "), "{}", said.out);
    let served = line(&said, "certificate-served");
    assert!(served.starts_with("warn ") && served.contains("→ start Concord again"), "{served}");
    kill_process(Pid::from_raw(up.id().unwrap().cast_signed()).unwrap(), Signal::TERM).unwrap();
    assert!(up.wait().await.unwrap().success());
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_and_a_relay_that_does_not_answer_fail() {
    let place = Installation::new();
    place.configure("[http]\nlissten = \"127.0.0.1:1\"\n");
    let said = doctor(&place, &[]).await;
    assert_eq!(said.code, Some(1));
    let read = line(&said, "configuration");
    assert!(read.starts_with("fail") && read.contains("unknown field `lissten`"), "{read}");
    assert_eq!(said.out.lines().last().unwrap(), "0 ok, 0 warnings, 1 failure");

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    place.configure(&with_relay(nobody));
    let said = doctor(&place, &[]).await;
    let relay = line(&said, "relay");
    assert!(relay.starts_with("fail") && relay.contains("cannot connect to 127.0.0.1:"), "{relay}");
    assert!(relay.contains("→ look at the relay and at [mail.smtp]"), "{relay}");
}
