//! The report of an exercise as people read it: a page in Markdown, Vietnamese first, then English.

use chrono::TimeDelta;
use domain::{labels, work::Owed};
use events::terms::Level;
use service::problem::Language;

use super::{
    report::{Asked, Report, Verdict},
    seen::Names,
};
use crate::words::{hour, moment, second, span, word};

const LANGUAGES: [Language; 2] = [Language::Vi, Language::En];

/// The page of an exercise.
pub(crate) fn page(report: &Report, scenario: Option<&str>, names: &Names) -> String {
    let mut lines = Vec::new();
    for language in LANGUAGES {
        lines.extend(head(report, scenario, language));
        lines.extend(asked(report, names, language));
        lines.push(String::new());
    }
    lines.extend(mails(report, names));
    lines.push(String::new());
    lines.join("\n")
}

fn head(report: &Report, scenario: Option<&str>, language: Language) -> Vec<String> {
    let Report { code, title, raised_at, until, state, sums, .. } = report;
    let (raised, until, state) =
        (moment(*raised_at, language), moment(*until, language), word(labels::lifecycle(*state), language));
    let pick = |vi: String, en: String| match language {
        Language::Vi => vi,
        Language::En => en,
    };
    let mut lines = vec![pick(
        format!("# DIỄN TẬP – Báo cáo kết quả diễn tập {code}"),
        format!("# EXERCISE (DIỄN TẬP) – report on {code}"),
    )];
    lines.push(String::new());
    if let Some(scenario) = scenario {
        lines.push(pick(format!("- Kịch bản: {scenario}"), format!("- Scenario: {scenario}")));
    }
    lines.push(pick(format!("- Vụ việc diễn tập: {title}"), format!("- Case of the exercise: {title}")));
    lines.push(pick(
        format!("- Bắt đầu: {raised}; tổng hợp đến: {until}; trạng thái: {state}"),
        format!("- Begun: {raised}; as of: {until}; state: {state}"),
    ));
    lines.push(pick(
        format!(
            "- Đã yêu cầu: {}; trả lời đúng hạn: {}; trả lời muộn: {}; chưa trả lời: {}; không còn phải trả lời: {}",
            sums.asked, sums.on_time, sums.late, sums.not_answered, sums.lapsed
        ),
        format!(
            "- Asked: {}; answered on time: {}; late: {}; not answered: {}; no longer asked: {}",
            sums.asked, sums.on_time, sums.late, sums.not_answered, sums.lapsed
        ),
    ));
    if let (Some(median), Some(longest)) = (sums.median, sums.longest) {
        let [median, longest] = [median, longest].map(|seconds| span(TimeDelta::seconds(seconds), language));
        lines.push(pick(
            format!("- Thời gian trả lời: trung vị {median}; lâu nhất {longest}"),
            format!("- Time to answer: median {median}; longest {longest}"),
        ));
    }
    if report.state.is_live() && report.sealed_from.is_none() {
        lines.push(pick(
            "- Vụ việc diễn tập chưa kết thúc trên hệ thống; đề nghị kết thúc, rút hoặc hủy như vụ việc thật."
                .to_owned(),
            "- The case is still open in the system: close, withdraw or cancel it as a real one.".to_owned(),
        ));
    }
    if report.sealed_from.is_some() {
        lines.push(pick(
            format!(
                "- Nội dung từ {until} đang được niêm phong đối với người lập báo cáo nên chưa tổng hợp: việc ghi “chưa \
                 trả lời” có thể đã được trả lời sau thời điểm đó."
            ),
            format!(
                "- What came from {until} on is sealed for whoever reports, and is left out: what is said not to be answered \
                 may have been answered since."
            ),
        ));
    }
    lines.push(String::new());
    lines
}

fn asked(report: &Report, names: &Names, language: Language) -> Vec<String> {
    let mut lines: Vec<String> = match language {
        Language::Vi => {
            vec!["| Việc | Cơ quan | Hạn | Người trả lời | Lúc | Sau | Kết quả |".to_owned()]
        }
        Language::En => vec!["| What | Owed by | Due | Answered by | At | After | Verdict |".to_owned()],
    };
    lines.push("|---|---|---|---|---|---|---|".to_owned());
    for each in &report.asked {
        let (by, at, after) = match &each.answer {
            None => ("–".to_owned(), "–".to_owned(), "–".to_owned()),
            Some(answer) => {
                let (officer, office) = (names.of(answer.officer.as_str()), names.of(answer.office.as_str()));
                let done = word(labels::happening(answer.fact), language);
                (
                    format!("{officer}, {office}: {done}"),
                    hour(answer.at, report.raised_at, language),
                    span(TimeDelta::seconds(answer.after), language),
                )
            }
        };
        lines.push(format!(
            "| {} ({}) | {} | {} | {by} | {at} | {after} | {} |",
            owed(each.what, language),
            each.instance,
            names.of(each.agency.as_str()),
            each.due.map_or_else(|| "–".to_owned(), |due| hour(due, report.raised_at, language)),
            verdict(each, language)
        ));
    }
    lines
}

/// The mails, in both languages at once: they differ in the head of the table alone.
fn mails(report: &Report, names: &Names) -> Vec<String> {
    if report.mails.is_empty() {
        return vec!["Không có thư báo nào. / No alert was mailed.".to_owned()];
    }
    let mut lines = vec![
        "| Thư báo / Alert | Gửi đến / To | Ghi sổ / Entered | Máy chủ thư nhận sau / Taken by the relay after |"
            .to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for mail in &report.mails {
        let to = mail.office_title.as_deref().unwrap_or_else(|| names.of(mail.office.as_str()));
        let taken = mail.taken_after.map_or_else(
            || labels::mail_state(&mail.state).map_or(mail.state.as_str(), |label| label.vi).to_owned(),
            |seconds| format!("{seconds} s"),
        );
        lines.push(format!("| {} {} | {to} | {} | {taken} |", mail.alert, mail.title, second(mail.entered)));
    }
    lines
}

/// What is owed, in words.
fn owed(what: Owed, language: Language) -> &'static str {
    match what {
        Owed::Deadline(key) => word(labels::deadline(key), language),
        Owed::Key(act) => labels::acts::act(act).map_or(act, |words| word(words.label, language)),
    }
}

fn verdict(asked: &Asked, language: Language) -> String {
    let pick = |vi: &str, en: &str| language.pick(vi, en).to_owned();
    let words = match asked.verdict {
        Verdict::OnTime => pick("Đúng hạn", "on time"),
        Verdict::Late { by } => {
            format!("{} {}", language.pick("Muộn", "late by"), span(TimeDelta::seconds(by), language))
        }
        Verdict::NotAnswered { overdue: true } => pick("Chưa trả lời, quá hạn", "not answered, overdue"),
        Verdict::NotAnswered { overdue: false } => {
            pick("Chưa trả lời, chưa đến hạn", "not answered, not yet due")
        }
        Verdict::Lapsed => pick("Không còn phải trả lời", "no longer asked"),
    };
    let level = Some(asked.overdue_level).filter(|level| *level > 0);
    let level = level.map(|level| format!(" ({} {level})", language.pick("quá hạn cấp", "overdue level")));
    let passed = asked
        .passed_to
        .map(|to| format!("; {} {}", language.pick("đã chuyển lên", "passed on to"), rung(to, language)));
    [Some(words), level, passed].into_iter().flatten().collect()
}

/// Who is asked next.
fn rung(level: Level, language: Language) -> &'static str {
    match level {
        Level::Liaison => language.pick("cán bộ đầu mối", "the liaison officer"),
        Level::Deputy => language.pick("cán bộ đầu mối dự phòng", "the deputy"),
        Level::UnitHead => language.pick("trưởng bộ phận đầu mối", "the head of the unit"),
        Level::Chief => language.pick("người đứng đầu cơ quan", "the head of the agency"),
    }
}
