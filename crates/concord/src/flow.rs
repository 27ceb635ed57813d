//! `docs/flow.md`: who records what and what follows, written from the code so that it cannot drift.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use bus::permissions::Principal;
use domain::{catalogue, deadlines, notices};
use events::{DeadlineKey, Kind, Stage};
use service::Service;

use crate::services;

/// The stages that a service of the list records.
fn recorder(services: &[Service], stage: Stage) -> &Service {
    services.iter().find(|service| service.records.contains(&stage)).unwrap()
}

#[test]
fn each_stage_has_exactly_one_recorder_and_its_credential_says_so() {
    let services = services::all();
    for stage in Stage::ALL.into_iter().chain(Stage::DUTIES).chain([Stage::Directory]) {
        let recorders: Vec<_> = services.iter().filter(|service| service.records.contains(&stage)).collect();
        assert_eq!(recorders.len(), 1, "{stage}");
        assert!(recorders[0].principal.stages().contains(&stage.name()), "{stage}");
    }
    for service in &services {
        let subject = |stage: &Stage| format!("fact.{stage}");
        let own: Vec<_> = service.records.iter().map(subject).collect();
        for foreign in
            Stage::ALL.iter().chain(&Stage::DUTIES).map(subject).filter(|subject| !own.contains(subject))
        {
            assert!(!service.principal.rights().publish.contains(&foreign), "{}: {foreign}", service.name);
        }
    }
}

#[test]
fn an_act_and_a_step_record_facts_of_their_own_stage() {
    for act in catalogue::acts() {
        assert!(act.records.iter().all(|kind| kind.stage() == act.stage), "{}", act.name);
    }
    for step in catalogue::steps() {
        assert_eq!(step.records.stage(), step.stage, "{}", step.name);
    }
}

#[test]
fn the_flow_is_documented_as_the_code_has_it() {
    golden(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/flow.md"), &flow());
}

/// Compares a page with what the code makes of it; `UPDATE_GOLDENS=1` writes it.
pub(crate) fn golden(file: &Path, page: &str) {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, page).unwrap();
    }
    let written = fs::read_to_string(file).unwrap_or_default();
    assert!(written == page, "{} is stale: UPDATE_GOLDENS=1 cargo test -p concord", file.display());
}

fn flow() -> String {
    let services = services::all();
    let mut out = String::new();
    out.push_str(
        "# The flow: who records what, and what follows\n\n\
         Generated from the code (`UPDATE_GOLDENS=1 cargo test -p concord flow`); do not edit.\n\n\
         A *fact* is recorded by exactly one service, on its own credential. What follows in another stage is that \
         stage's own automatic step, found on the case as it stands.\n\n",
    );
    picture(&mut out, &services);
    out.push_str("## Services\n\n| Service | What for | Records the stages |\n|---|---|---|\n");
    for service in &services {
        let stages: Vec<_> = service.records.iter().map(|stage| stage.name()).collect();
        let _ = writeln!(out, "| {} | {} | {} |", service.name, service.about, dash(&stages.join(", ")));
    }
    out.push_str("\n## Acts of persons\n\n| Act | Who | Service | Facts |\n|---|---|---|---|\n");
    for act in catalogue::acts() {
        let facts: Vec<_> = act.records.iter().map(|kind| format!("`{kind}`")).collect();
        let service = recorder(&services, act.stage).name;
        let _ = writeln!(out, "| `{}` | {} | {service} | {} |", act.name, act.who, facts.join(" · "));
    }
    out.push_str("\n## Automatic steps\n\n| Step | When | Service | Fact |\n|---|---|---|---|\n");
    for step in catalogue::steps() {
        let service = recorder(&services, step.stage).name;
        let _ = writeln!(out, "| `{}` | {} | {service} | `{}` |", step.name, step.when, step.records);
    }
    out.push_str(
        "\n## Deadlines\n\nA reminder comes at 50 % and 80 % of a period of two hours or more; overdue is recorded \
         at the due instant, one and two periods later. An assignment falls back instead.\n\n\
         | Deadline | Service | Reminder | Overdue |\n|---|---|---|---|\n",
    );
    for key in DeadlineKey::ALL {
        let stage = deadlines::stage(key);
        let overdue =
            if deadlines::has_levels(key) { format!("`{stage}.overdue`") } else { "–".to_owned() };
        let service = recorder(&services, stage).name;
        let _ = writeln!(out, "| `{key}` | {service} | `{stage}.reminded` | {overdue} |");
    }
    out.push_str("\n## Facts that may bring mail\n\n");
    for kind in notices::MAILED {
        let _ = writeln!(out, "- `{kind}`");
    }
    rights(&mut out);
    out
}

fn picture(out: &mut String, services: &[Service]) {
    out.push_str("```mermaid\nflowchart LR\n");
    out.push_str("  edge([HTTP]) --> api\n");
    for service in services.iter().filter(|service| !service.records.is_empty()) {
        let commands: Vec<_> = service.records.iter().map(|stage| format!("cmd.{stage}")).collect();
        let _ = writeln!(out, "  api -- \"{}\" --> {}", commands.join("<br>"), service.name);
        let facts: Vec<_> = service.records.iter().map(|stage| format!("fact.{stage}")).collect();
        let _ = writeln!(out, "  {} -- \"{}\" --> ledger", service.name, facts.join("<br>"));
    }
    out.push_str(
        "  ledger -- \"compare-and-set\" --> cases[(CASES)]\n  cases --> notifier --> outbox[(OUTBOX)]\n  \
         notifier --> mail([SMTP])\n  cases --> audit\n  cases --> fold[the fold of the process] --> api\n```\n\n",
    );
}

fn rights(out: &mut String) {
    out.push_str(
        "\n## Who may publish what on the bus\n\nEverything that is not listed is denied by the server; besides, \
         each has its own inbox.\n\n",
    );
    let shown: BTreeMap<_, _> =
        Principal::ALL.into_iter().map(|principal| (principal.name(), principal.rights())).collect();
    out.push_str("| Credential | Publishes | Subscribes |\n|---|---|---|\n");
    for (name, rights) in shown {
        let list = |subjects: &[String]| {
            let own: Vec<_> = subjects
                .iter()
                .filter(|subject| !subject.starts_with("_INBOX"))
                .map(|subject| format!("`{subject}`"))
                .collect();
            dash(&own.join(" "))
        };
        let _ = writeln!(out, "| {name} | {} | {} |", list(&rights.publish), list(&rights.subscribe));
    }
    out.push_str("\n## Every event type\n\n| Type | Version | Service |\n|---|---|---|\n");
    let services = services::all();
    for kind in Kind::ALL {
        let service = if kind.stage() == Stage::Document {
            "any stage, with its own fact"
        } else {
            recorder(&services, kind.stage()).name
        };
        let path = kind.schema_path();
        let _ = writeln!(out, "| [`{kind}`](../schemas/events/{path}) | {} | {service} |", kind.version());
    }
}

fn dash(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { text.to_owned() }
}
