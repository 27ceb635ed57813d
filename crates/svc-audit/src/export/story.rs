//! The story of a case or a regular duty for people: a page that prints on A4, Vietnamese first.

use std::sync::Arc;

use askama::Template;
use chrono::NaiveDate;
use domain::{
    OutOfOrder, Policy,
    calendar::LOCAL,
    distribution::{self, Distribution},
    duties::Subject,
    labels::{self, Label},
};
use events::{Actor, AgencyId, Fact, Timestamp, reporting::Period};
use proof::checkpoint::Signed;

use super::ExportError;
use crate::text;

#[derive(Template)]
#[template(path = "story.html")]
struct Story<'a> {
    code: String,
    title: &'a str,
    rows: Vec<Row>,
    happened: Vec<Line>,
    distributions: Vec<Sent>,
    events: usize,
    head: String,
    number: u64,
    at: String,
    note: &'a str,
}

/// A document that was sent.
struct Sent {
    document: String,
    at: String,
    recipients: String,
}

/// What stands above the story: a name in both languages, and what it is.
struct Row {
    name: Label,
    value: String,
    en: &'static str,
}

fn row(vi: &'static str, en: &'static str, value: impl Into<String>) -> Row {
    Row { name: Label { vi, en }, value: value.into(), en: "" }
}

fn labelled(vi: &'static str, en: &'static str, value: Label) -> Row {
    Row { name: Label { vi, en }, value: value.vi.to_owned(), en: value.en }
}

struct Line {
    version: u32,
    at: String,
    recorded: String,
    what: Label,
    kind: &'static str,
    who: String,
    details: String,
    digest: String,
}

/// The page of a case, out of all its facts.
pub(super) fn of_case(
    facts: &[Arc<Fact>],
    policy: Option<&Policy>,
    newest: &Signed,
) -> Result<String, ExportError> {
    let Some(case) = folded(facts, domain::evolve) else { return Ok(String::new()) };
    let rows = vec![
        labelled("Độ khẩn", "Urgency", labels::urgency(case.urgency)),
        labelled("Trạng thái", "State", labels::lifecycle(case.lifecycle)),
        row("Cơ quan báo cáo", "Raised by", agency(&case.raiser, policy, case.since(&case.raiser))),
        row("Cơ quan tiếp nhận", "Reported to", agency(&case.receiver, policy, case.since(&case.receiver))),
        row("Tóm tắt", "Summary", &case.matter.summary),
    ];
    let code = case.code.as_ref().map_or_else(|| case.id.to_string(), ToString::to_string);
    let code = format!("{}{code}", labels::exercise(case.matter.exercise));
    page(code, &case.matter.title, rows, &case.casefile.distributions, facts, policy, newest)
}

/// The page of a regular duty, out of all its facts.
pub(super) fn of_duty(
    facts: &[Arc<Fact>],
    policy: Option<&Policy>,
    newest: &Signed,
) -> Result<String, ExportError> {
    let Some(duty) = folded(facts, domain::duties::evolve) else { return Ok(String::new()) };
    let mut rows = vec![
        labelled("Trạng thái", "State", duty.state().1),
        row("Cơ quan", "Agency", agency(duty.agency(), policy, duty.begun_at)),
    ];
    let title = match &duty.subject {
        Subject::Report(report) => {
            let day = |day: NaiveDate| day.format("%d/%m/%Y");
            let Period { from, until, .. } = report.period;
            rows.push(row("Gửi cho", "Owed to", agency(&report.owed_to, policy, duty.begun_at)));
            rows.push(row("Kỳ báo cáo", "Period", format!("{} – {}", day(from), day(until))));
            rows.push(row("Thời hạn", "Due", moment(report.due)));
            let said = report.submitted.iter().flat_map(|submitted| &submitted.items);
            rows.extend(
                said.map(|item| row("Nội dung", "What it says", format!("{}: {}", item.topic, item.text))),
            );
            "Báo cáo định kỳ".to_owned()
        }
        Subject::Briefing(briefing) => {
            rows.push(row("Thời gian", "When", moment(briefing.at)));
            rows.push(row("Địa điểm", "Where", &briefing.place));
            rows.extend(briefing.items.iter().map(|item| row("Nội dung", "On the agenda", item)));
            rows.extend(briefing.tasks.iter().map(|task| {
                let words = format!("{} – {}, {}", task.text, task.agency, moment(task.due));
                Row { en: labels::task_state(task.state).en, ..row("Kết luận", "Conclusion", words) }
            }));
            briefing.title(true)
        }
        Subject::Project(project) => {
            rows.push(row("Lĩnh vực", "Topic", &project.topic));
            rows.push(row("Lý do phối hợp", "Why together", &project.reason));
            rows.extend(project.checkpoints.iter().map(|tracked| {
                let (planned, phase) = (&tracked.checkpoint, labels::phase(tracked.checkpoint.phase).vi);
                let words =
                    format!("{phase}: {} – {}, {}", planned.title, planned.owner, moment(planned.clock.due));
                Row { en: labels::checkpoint_state(tracked.state).en, ..row("Mốc", "Checkpoint", words) }
            }));
            project.title.clone()
        }
    };
    page(duty.code(), &title, rows, &duty.distributions, facts, policy, newest)
}

/// What does not follow is verify's to tell; the page shows what can be shown.
fn folded<T: Clone>(
    facts: &[Arc<Fact>],
    evolve: impl Fn(Option<T>, &Fact) -> Result<T, OutOfOrder>,
) -> Option<T> {
    facts.iter().fold(None, |it: Option<T>, fact| evolve(it.clone(), fact).ok().or(it))
}

fn sent(sent: &Distribution) -> Sent {
    Sent {
        document: sent.recorded.document.clone(),
        at: moment(sent.recorded.sent_at),
        recipients: distribution::printed(&sent.recorded.recipients),
    }
}

/// The name that an agency had at a time.
fn agency(id: &AgencyId, policy: Option<&Policy>, at: Timestamp) -> String {
    let named = policy.map(|policy| policy.organisation.agency_name(id, at));
    named.unwrap_or(id.as_str()).to_owned()
}

fn page(
    code: String,
    title: &str,
    rows: Vec<Row>,
    distributions: &[Distribution],
    facts: &[Arc<Fact>],
    policy: Option<&Policy>,
    newest: &Signed,
) -> Result<String, ExportError> {
    let story = Story {
        code,
        title,
        rows,
        distributions: distributions.iter().map(sent).collect(),
        happened: facts.iter().map(|fact| line(fact, policy)).collect(),
        events: facts.len(),
        head: facts.last().map(|fact| fact.digest.to_string()).unwrap_or_default(),
        number: newest.checkpoint.number,
        at: moment(newest.checkpoint.at),
        note: &newest.note,
    };
    Ok(story.render()?)
}

fn line(fact: &Fact, policy: Option<&Policy>) -> Line {
    let (origin, kind) = (fact.origin(), fact.body().kind());
    let who = match &origin.actor {
        Actor::System { service } => format!("Hệ thống · {service}"),
        Actor::Person { officer, office, .. } => {
            let organisation = policy.map(|policy| &policy.organisation);
            let name = organisation.and_then(|all| all.officer(officer)).map(|officer| officer.name.clone());
            let title = organisation.map_or(office.as_str(), |all| all.title(office, origin.occurred_at));
            let name = name.unwrap_or(officer.to_string());
            format!("{name} · {title}")
        }
    };
    Line {
        version: fact.version,
        at: moment(origin.occurred_at),
        recorded: moment(fact.recorded_at),
        what: labels::happening(kind),
        kind: kind.name(),
        who,
        details: text::details(fact).join(" · "),
        digest: fact.digest.to_string(),
    }
}

fn moment(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%d/%m/%Y %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests;
