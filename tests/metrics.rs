//! What a process counts and measures is what happened, and names nobody.

#![expect(clippy::float_cmp, clippy::cast_precision_loss, reason = "what is counted here is small and whole")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::fs;

use bus::Principal;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;
use support::{
    api::{call, call_that_ended},
    log,
    mails::outbox,
    metrics::{Metrics, OPEN_METRICS, PLAIN},
    policy,
    process::Installation,
    split::Split,
    top,
};
use testkit::eventually;

#[tokio::test]
async fn what_happened_is_what_is_counted() {
    let place = Installation::new();
    place.configure("[metrics]\nlisten = \"127.0.0.1:0\"\n");
    let up = place.up().await;
    let (api, url) = (up.api(), up.metrics());
    let give = async |officer, case: &str, act, key| {
        let body = if act == "raise" { call() } else { json!({}) };
        api.act(officer, case, act, key, &body).await.expect("an answer")
    };
    let raised = give("btg.truc-ban", "", "raise", "a call").await;
    assert_eq!(raised.status, 201, "{}", raised.text);
    assert!(give("btg.truc-ban", "", "raise", "a call").await.is_repeat());
    let case = raised.case();
    assert_eq!(give("btg.dau-moi", case, "acknowledge", "here").await.status, 200);
    assert_eq!(give("btg.dau-moi", case, "acknowledge", "again").await.code(), "NO_OPEN_ASSIGNMENT");
    // Past the hour in which the call is to be verified and the second unit is to acknowledge.
    api.set_clock("2026-05-16T23:30:00+07:00".parse().expect("a time")).await.expect("the clock is set");

    let facts = log::read(&place.replay(&["--json"]).await.succeeded());
    let read = Metrics::read(&url).await;
    let raise = |code| read.value("concord_commands_total", &[("act", "raise"), ("code", code)]);
    assert_eq!((raise("OK"), raise("REPLAYED")), (1.0, 1.0));
    let acknowledge = |code| read.value("concord_commands_total", &[("act", "acknowledge"), ("code", code)]);
    assert_eq!((acknowledge("OK"), acknowledge("NO_OPEN_ASSIGNMENT")), (1.0, 1.0));
    let took = |act| read.value("concord_command_duration_seconds_count", &[("act", act)]);
    assert_eq!((took("raise"), took("acknowledge")), (2.0, 2.0));

    let all = facts.len() as f64;
    assert_eq!(read.value("concord_write_messages_sum", &[("stream", "CASES")]), all);
    assert_eq!(read.value("concord_write_writers_sum", &[("stream", "CASES")]), all);
    assert_eq!(read.value("concord_ledger_proposals_total", &[("verdict", "recorded")]), all);
    assert_eq!(read.value("concord_ledger_queue", &[]), 0.0);
    let bytes = read.value("concord_write_size_bytes_sum", &[("stream", "CASES")]);
    let texts: usize = facts.iter().map(|fact| fact.fact.to_string().len()).sum();
    assert!(bytes >= texts as f64, "{bytes} of {texts} bytes");
    assert!(read.value("concord_write_duration_seconds_sum", &[("stream", "CASES")]) > 0.0);

    let steps = read.sum("concord_steps_total", &[("code", "OK")]);
    assert_eq!(steps, all - 3.0, "all but the policy, the raise and the acknowledgement");
    // The clock jumps from due to due: each is recorded at its very instant.
    assert_eq!(read.sum("concord_step_lateness_seconds_sum", &[]), 0.0);

    assert_eq!(read.value("concord_fold_applied_sequence", &[]), all);
    assert_eq!(read.value("concord_fold_lag", &[]), 0.0);
    assert_eq!(read.value("concord_fold_cases", &[]), 1.0);
    assert_eq!(read.value("concord_fold_unreadable_cases", &[]), 0.0);

    let entries = outbox(&up.connect(Principal::Notifier).await).await;
    let entered = entries.len() as f64;
    assert!(entered > 0.0);
    for state in ["queued", "attempting", "sent"] {
        assert_eq!(read.value("concord_mail_states_total", &[("state", state)]), entered, "{state}");
    }
    assert_eq!(read.value("concord_mail_handover_seconds_count", &[("outcome", "sent")]), entered);
    assert_eq!(read.value("concord_write_messages_sum", &[("stream", "OUTBOX")]), entered * 3.0);
    assert_eq!(read.value("concord_mail_open", &[]), 0.0);
    assert_eq!(read.value("concord_mail_oldest_open_seconds", &[]), 0.0);
    assert_eq!(read.value("concord_mail_oldest_unsent_seconds", &[]), 0.0);
    assert_eq!(read.value("concord_mail_held", &[]), 0.0);
    assert_eq!(read.value("concord_delivery_backlog", &[("consumer", "notifier")]), 0.0);
    assert_eq!(read.value("concord_dead_letters_total", &[("consumer", "notifier")]), 0.0);
    assert_eq!(read.sum("concord_step_oldest_pending_seconds", &[]), 0.0);
    assert_eq!(read.value("concord_stream_replicas", &[("stream", "CASES")]), 1.0);
    assert_eq!(read.labels("server").len(), 1, "one server");
    assert_eq!(read.value("concord_time_seconds", &[]), 1_778_949_000.0, "23:30 on 16 May 2026 in Vietnam");
    assert!(read.value("concord_process_resident_memory_bytes", &[]) > 10e6);

    let connections = "thirteen services, what reads for all of them, and what keeps files";
    assert_eq!(read.labels("service").len(), 15, "{connections}");
    assert_eq!(read.sum("concord_connection_up", &[]), 15.0);
    assert_eq!(read.sum("concord_connection_violations_total", &[]), 0.0);

    names_nobody(&read, case);
    is_explained(&read);
    // The older way says the same.
    let plain = Metrics::parse(Metrics::text(&url, PLAIN).await);
    assert_eq!(plain.value("concord_commands_total", &[("act", "raise"), ("code", "OK")]), 1.0);
    let elsewhere = reqwest::get(url.replace("/metrics", "/api/v1/cases")).await.expect("an answer");
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND, "nothing but metrics on this port");
    assert!(Metrics::text(&url, OPEN_METRICS).await.contains("# UNIT concord_write_size_bytes bytes\n"));
    assert!(up.term().await.success());
}

/// No label is of a case, an agency, an office or a person.
fn names_nobody(read: &Metrics, case: &str) {
    let names: Vec<_> = read.label_names().into_iter().collect();
    assert_eq!(
        names,
        [
            "act", "code", "consumer", "le", "mail", "outcome", "server", "service", "stage", "state",
            "stream", "verdict"
        ]
    );
    let policy = policy();
    let organisation = &policy.organisation;
    let mut nobody = vec![case.to_owned(), "VV-2026".to_owned()];
    nobody.extend(organisation.agencies().map(|agency| format!("\"{}", agency.id)));
    nobody.extend(organisation.officers().flat_map(|officer| [officer.id.to_string(), officer.name.clone()]));
    for name in nobody {
        assert!(!read.text.contains(&name), "{name} is in:\n{}", read.text);
    }
}

/// Each family says what it is, and stands in the operator's guide in both languages.
fn is_explained(read: &Metrics) {
    for guide in ["docs/guides/operator.md", "docs/guides/operator.vi.md"] {
        let guide = fs::read_to_string(top().join(guide)).expect("the guide");
        for (name, family) in &read.families {
            let name = if family.sort == "counter" { format!("{name}_total") } else { name.clone() };
            assert!(family.help.len() > 10 && !family.sort.is_empty(), "{name}: {family:?}");
            assert!(guide.contains(&format!("`{name}`")), "{name} is not in the guide");
        }
    }
}

#[tokio::test]
async fn each_process_has_its_own_and_says_when_the_server_went_away() {
    let mut split = Split::start().await;
    let front = split.serve("front", &["ledger", "intake", "identity", "api"]).await;
    let back = split.serve("back", &["confirmation", "routing", "coordination"]).await;
    let of = async |process: &support::split::Serve| Metrics::read(&process.metrics()).await;
    // A step of the second process for an act in the first.
    let raised = front.api().act("btg.truc-ban", "", "raise", "a call", &call()).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    let step = |read: &Metrics, stage| read.sum("concord_steps_total", &[("stage", stage), ("code", "OK")]);
    let (first, second) = (of(&front).await, of(&back).await);
    assert_eq!((step(&first, "intake"), step(&first, "routing")), (1.0, 0.0));
    assert_eq!((step(&second, "intake"), step(&second, "routing")), (0.0, 1.0));
    assert_eq!(second.sum("concord_write_messages_sum", &[]), 0.0, "it has no ledger");
    assert_eq!(first.sum("concord_connection_losses_total", &[]), 0.0);

    split.nats.kill9().await;
    eventually(async || {
        let read = of(&front).await;
        let away = read.sum("concord_connection_up", &[]) == 0.0;
        // Nobody knows how far the log is: nothing is claimed.
        let unknown = !read.families.contains_key("concord_fold_lag");
        if away && unknown { Ok(()) } else { Err(read.text) }
    })
    .await;
    split.nats.restart().await;
    eventually(async || {
        let read = of(&front).await;
        let connected = read.sum("concord_connection_up", &[]);
        let lost = read.sum("concord_connection_losses_total", &[]);
        let known = read.families.contains_key("concord_fold_lag");
        if connected == 6.0 && lost >= 6.0 && known { Ok(()) } else { Err(read.text) }
    })
    .await;
}

#[tokio::test]
async fn how_late_a_step_is_recorded_is_measured() {
    let split = Split::start().await;
    let services = ["ledger", "intake", "confirmation", "routing", "coordination", "identity", "api"];
    let all = split.serve("all", &[&["--clock", "system"], &services[..]].concat()).await;
    // A call that was to be verified within a quarter of an hour: nobody has, and the process says so at once.
    let long_ago = all.api().time().await - TimeDelta::minutes(25);
    let call = call_that_ended(long_ago);
    let raised = all.api().act("btg.truc-ban", "", "raise", "a call", &call).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    eventually(async || {
        let read = Metrics::read(&all.metrics()).await;
        let of = |name| read.sum(name, &[("stage", "confirmation")]);
        let (steps, seconds) =
            (of("concord_step_lateness_seconds_count"), of("concord_step_lateness_seconds_sum"));
        if steps >= 1.0 && seconds > 600.0 * steps && seconds < 1_500.0 * steps {
            Ok(())
        } else {
            Err(read.text)
        }
    })
    .await;
}
