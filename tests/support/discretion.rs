//! Mails say nothing: neither a word of a scenario nor of the organisation, beyond their fixed frame.

use std::{collections::BTreeSet, fs};

use chrono::{DateTime, NaiveDate};
use domain::{labels, scenario::Scenario};
use serde_json::Value;

use super::{mails::Mail, policy, top};

/// No word of the case, of a document, of an agency or of a person is in any mail, beyond the fixed frame and the
/// title of the recipient's own office.
pub fn nothing_is_given_away(scenario: &Scenario, mails: &[Mail]) {
    let policy = policy();
    let organisation = &policy.organisation;
    let mut sensitive = BTreeSet::new();
    for text in texts(scenario) {
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
    let mut deeds = scenario.steps.iter().filter_map(|step| step.act.as_ref());
    let named = deeds.find_map(|deed| deed.body["title"].as_str()).unwrap_or_default();
    for word in words(&format!("{named} nghiệp, trường, snnmt, 0258")) {
        assert!(sensitive.contains(&word), "{word} is not looked for");
    }
    let frame = frame();
    for mail in mails {
        let office = organisation
            .holdings()
            .filter_map(|held| organisation.office(&held.office))
            .find(|office| office.email == mail.to)
            .expect("an office at this address");
        let text = mail.text.replacen(&office.title, "", 1);
        assert_ne!(text, mail.text, "it does not address the office at {}", mail.to);
        let links =
            text.split_whitespace().filter_map(|word| word.strip_prefix("https://phoi-hop.tinh.example/"));
        let links: Vec<_> = links.map(str::to_owned).collect();
        assert!(!links.is_empty(), "no link in {text}");
        let mut text = text;
        for path in links.iter().filter(|path| *path != "work") {
            let about = ["cases/", "directory/delegations/", "reports/", "briefings/", "projects/"];
            let id = about.iter().find_map(|about| path.strip_prefix(about));
            let id = id.expect("a link to the case, the duty or the delegation, or to what waits");
            assert!(id.parse::<events::CaseId>().is_ok(), "{id} says more than an opaque id");
            text = text.replace(path.as_str(), "");
        }
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
    let titles = (1..30).filter_map(|number| labels::alert(&format!("E{number:02}"), None));
    frame.extend(titles.chain([labels::DISCREET]).flat_map(|title| words(title.vi)));
    frame.extend(
        ["E08b", "E08c", "E15", "E17b", "E18", "E18b", "E20b", "E21b", "E22", "E22b", "E23b"]
            .into_iter()
            .flat_map(|id| [labels::alert(id, None), labels::alert(id, Some(1))])
            .flatten()
            .flat_map(|title| words(title.vi)),
    );
    // What fills the braces, whatever the case: how an addressee is called, the urgency, a due time in words.
    frame.extend(words("đồng chí, Thường, Khẩn, Thượng khẩn, Hỏa tốc, 22 giờ 07, ngày 16/5/2026"));
    frame
}
