//! The telephone call at night (DOMAIN §8, S2), through the real binary, a real nats-server and a real mail server:
//! what the log says afterwards, at any moment, and what left by mail.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{collections::BTreeSet, fs};

use chrono::{DateTime, NaiveDate};
use domain::{Policy, PolicyFiles, scenario::Scenario};
use events::Kind;
use serde_json::Value;
use support::{
    concord, finish, golden,
    mails::{self, Mail},
    process::Installation,
    story::{CASE, Story, file},
    top,
};
use testkit::smtp::AioSmtpd;

#[tokio::test]
async fn a_story_ends_in_one_log_and_in_mails_without_content() {
    let relay = AioSmtpd::start().await;
    let place = Installation::new();
    place.mail_to(relay.address());
    let up = place.up().await;
    let mut play = concord();
    play.arg("play").arg(file("txt")).arg("--data").arg(place.data());
    let played = finish(&mut play).await.succeeded();
    assert!(played.contains("expectations came true"), "{played}");

    let whole = place.replay(&["--case", CASE]).await.succeeded();
    golden::check(&file("out"), &whole);
    then(&place, &whole).await;
    facts_are_as_the_schemas_say(&place).await;

    let arrived: Vec<_> = relay
        .mails()
        .into_iter()
        .map(|mail| {
            let header = |name| mail.header(name).unwrap_or_default().to_owned();
            assert_eq!(mail.defects, Vec::<String>::new());
            assert_eq!(header("X-RcptTo"), header("To"), "the envelope names somebody else");
            Mail { to: header("To"), subject: header("Subject"), id: header("Message-ID"), text: mail.text }
        })
        .collect();
    golden::check(&file("mails"), &mails::list(&arrived));
    let ids: BTreeSet<_> = arrived.iter().map(|mail| &mail.id).collect();
    assert_eq!(ids.len(), arrived.len(), "a mail came twice");
    nothing_is_given_away(&arrived);

    assert!(up.term().await.success());
}

/// A replay as of a moment shows what had been recorded by then, and where the case stood.
async fn then(place: &Installation, whole: &str) {
    let at = place.replay(&["--case", CASE, "--at", "2026-05-16T22:30:00+07:00"]).await.succeeded();
    let facts = |text: &str| {
        let facts = text.lines().take_while(|line| !line.is_empty());
        facts.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(facts(&at), facts(whole)[..6], "the facts up to the fallback");
    let stood = &at[at.find("\n\n").expect("the case after its facts")..];
    let wanted = "

VV-2026-00001  Routed
  written confirmation Pending, caller Verified
  running: written 1, due 17/05/2026 05:48:00
  running: ack 3, due 16/05/2026 22:52:00

6 facts, 1 case as recorded by 16/05/2026 22:30:00: the chain is unbroken, no version is missing
";
    assert_eq!(stood, wanted);
    let before = place.replay(&["--case", CASE, "--at", "2026-05-16T21:00:00+07:00"]).await.succeeded();
    assert!(before.contains("0 facts, 0 cases as recorded by 16/05/2026 21:00:00"), "{before}");
}

/// Every fact of the log, the documents' registrations too, is what its published schema promises.
async fn facts_are_as_the_schemas_say(place: &Installation) {
    let lines = place.replay(&["--json"]).await.succeeded();
    let mut kinds = BTreeSet::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).expect("a line in JSON");
        let fact = &line["fact"];
        let kind = Kind::of_ce_type(fact["type"].as_str().expect("a type")).expect("a type that we know");
        let schema = top().join("schemas/events").join(kind.schema_path());
        let schema = fs::read(schema).expect("a published schema");
        let schema = serde_json::from_slice(&schema).expect("a schema in JSON");
        if let Err(error) = jsonschema::validate(&schema, fact) {
            panic!("{kind} is not as its schema says: {error}");
        }
        assert_eq!(line["state"].is_null(), kind == Kind::DocumentRegistered, "{line}");
        kinds.insert(kind.name());
    }
    assert_eq!(lines.lines().count(), 18, "17 facts of the case, and a document's registration");
    assert!(kinds.contains("document.registered"));
}

/// No word of the case, of a document, of an agency or of a person is in any mail, beyond the fixed frame and the
/// title of the recipient's own office.
fn nothing_is_given_away(mails: &[Mail]) {
    let policy = policy();
    let organisation = &policy.organisation;
    let mut sensitive = BTreeSet::new();
    for text in texts(&Story::at_night().scenario) {
        sensitive.extend(words(&text));
    }
    for agency in organisation.agencies() {
        sensitive.extend(words(&agency.name));
        sensitive.extend(agency.phone.iter().flat_map(|phone| words(phone)));
        sensitive.insert(agency.id.as_str().to_lowercase());
    }
    for officer in organisation.officers() {
        sensitive.extend(words(&officer.name));
    }
    for word in ["thủy", "lồng", "0258", "118", "snnmt", "agriculture", "vinh", "nghiệp", "trường"] {
        assert!(sensitive.contains(word), "{word} is not looked for");
    }
    let frame = frame();
    for mail in mails {
        let office = organisation
            .officers()
            .filter_map(|officer| organisation.office(&officer.office))
            .find(|office| office.email == mail.to)
            .expect("an office at this address");
        let text = mail.text.replacen(&office.title, "", 1);
        assert_ne!(text, mail.text, "it does not address the office at {}", mail.to);
        let link = text.lines().find_map(|line| line.strip_prefix("Đề nghị đăng nhập để xem: "));
        let case = link.and_then(|link| link.strip_prefix("https://phoi-hop.tinh.example/cases/"));
        let case = case.expect("a link to the case");
        assert!(case.parse::<events::CaseId>().is_ok(), "{case} says more than an opaque id");
        let text = text.replacen(case, "", 1);
        let said: BTreeSet<_> = [words(&text), words(&mail.subject)].into_iter().flatten().collect();
        let leaked: Vec<_> = said.difference(&frame).filter(|word| sensitive.contains(*word)).collect();
        assert!(leaked.is_empty(), "{leaked:?} in the mail to {}:\n{}\n{}", mail.to, mail.subject, mail.text);
    }
}

/// The texts that officers enter in the course of the scenario; times and dates are none.
fn texts(scenario: &Scenario) -> Vec<String> {
    fn collect(value: &Value, texts: &mut Vec<String>) {
        match value {
            Value::String(text) => {
                let time = DateTime::parse_from_rfc3339(text).is_ok();
                if !time && text.parse::<NaiveDate>().is_err() {
                    texts.push(text.clone());
                }
            }
            Value::Number(number) => texts.push(number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
            Value::Object(fields) => fields.values().for_each(|field| collect(field, texts)),
            Value::Null | Value::Bool(_) => {}
        }
    }
    let mut found = Vec::new();
    for deed in scenario.steps.iter().filter_map(|step| step.act.as_ref()) {
        collect(&deed.body, &mut found);
    }
    found
}

/// The words of at least four letters, and the numbers of at least three digits but for the year.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let counts = |word: &String| {
        let long = word.chars().count();
        if word.chars().all(|c| c.is_ascii_digit()) { long >= 3 && word != "2026" } else { long >= 4 }
    };
    words.filter(counts).collect()
}

/// The words of the templates: what every mail says, whatever the case.
fn frame() -> BTreeSet<String> {
    let folder = top().join("crates/svc-notifier/src/notices");
    let mut files = vec![folder.join("frame.txt")];
    let folders = fs::read_dir(folder).expect("the templates").filter_map(Result::ok);
    files.extend(folders.map(|entry| entry.path().join("notice.txt")).filter(|file| file.is_file()));
    assert!(files.len() > 6, "{files:?}");
    let mut frame = BTreeSet::new();
    for file in files {
        let template = fs::read_to_string(file).expect("a template");
        // What stands in braces is not said, but filled in.
        let said = template.split('{').map(|piece| piece.rsplit('}').next().unwrap_or_default());
        frame.extend(said.flat_map(words));
    }
    // What fills the braces, whatever the case: how an addressee is called, the urgency, a due time in words.
    frame.extend(words("đồng chí, Hỏa tốc, 22 giờ 07, ngày 16/5/2026"));
    frame
}

/// The example province.
fn policy() -> Policy {
    let read =
        |name: &str| fs::read_to_string(top().join("deploy/policy").join(name)).expect("a policy file");
    let [policy, organisation, calendar, deadlines, routing] =
        ["policy.toml", "organisation.toml", "calendar-VN.toml", "deadlines.toml", "routing.toml"].map(read);
    let files = PolicyFiles {
        policy: &policy,
        organisation: &organisation,
        calendar: &calendar,
        deadlines: &deadlines,
        routing: &routing,
    };
    Policy::from_files(files).expect("the example policy")
}
