//! `docs/process.md` in both languages: paragraphs by hand, tables from the code so that they cannot drift.

use std::{fmt::Write as _, path::Path};

use domain::{
    catalogue, deadlines,
    labels::{self, Label, acts},
    notices,
    period::Period,
    policy::Policy,
    refusal::Code,
    regions, stages,
};
use events::{DeadlineKey, Kind, Stage, Urgency};
use service::problem;

use crate::{flow::golden, place};

/// A page, its language, and its paragraphs with `{{…}}` where a table stands.
const PAGES: [(&str, &str, Page); 2] = [
    ("process.md", include_str!("pages/process.md"), Page { vietnamese: false }),
    ("process.vi.md", include_str!("pages/process.vi.md"), Page { vietnamese: true }),
];

/// The columns of the periods.
const URGENCIES: [Urgency; 4] = [Urgency::HoaToc, Urgency::ThuongKhan, Urgency::Khan, Urgency::Thuong];

/// The date until which an opinion is asked for: of the dossier, never a deadline.
const DIRECTIVE: &str = "directive";

#[test]
fn the_process_is_documented_as_the_code_has_it() {
    for (name, template, page) in PAGES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
        golden(&file, &page.filled(template));
    }
}

/// `docs/refusals.md`: every code with its words in both languages.
#[test]
fn the_refusals_are_documented_as_the_code_has_them() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/refusals.md");
    golden(&file, &include_str!("pages/refusals.md").replace("{{codes}}", codes().trim_end()));
}

fn codes() -> String {
    let mut out = "| Mã – Code | HTTP | Nghĩa – Meaning | Làm gì tiếp – What to do next | Khi nào – Acts |\n"
        .to_owned();
    out.push_str("|---|---|---|---|---|\n");
    for code in Code::ALL {
        let words = labels::code(code);
        let acts: Vec<_> = catalogue::acts()
            .filter(|act| acts::act(act.name).is_some_and(|words| words.refusals.contains(&code)))
            .map(|act| format!("`{}`", act.name))
            .collect();
        let when =
            if acts::ANY.contains(&code) { "mọi việc – any act".to_owned() } else { acts.join(", ") };
        let (title, next) = (words.title, words.next);
        let status = problem::status(code).as_u16();
        let _ = writeln!(
            out,
            "| `{code}` | {status} | {}<br>{} | {}<br>{} | {when} |",
            title.vi, title.en, next.vi, next.en
        );
    }
    out
}

#[test]
fn each_page_of_the_process_shows_all_there_is() {
    for (name, template, _) in PAGES {
        let shows = |what: &str| assert_eq!(template.matches(what).count(), 1, "{name}: {what} once");
        for region in regions::ALL {
            shows(&format!("{{{{diagram {}}}}}", region.name));
        }
        for stage in Stage::ALL {
            let needs = [
                ("acts", stages::acts().any(|act| act.stage == stage)),
                ("steps", stages::steps().any(|step| step.stage == stage)),
                ("clocks", DeadlineKey::ALL.into_iter().any(|key| deadlines::stage(key) == stage)),
                ("mails", notices::MAILED.iter().any(|kind| kind.stage() == stage)),
            ];
            for (table, _) in needs.into_iter().filter(|(_, needed)| *needed) {
                shows(&format!("{{{{{table} {stage}}}}}"));
            }
        }
    }
}

#[test]
fn the_acts_and_steps_of_the_catalogue_have_words() {
    for act in catalogue::acts() {
        assert!(acts::act(act.name).is_some(), "labels::acts has no words for {}", act.name);
    }
    for step in catalogue::steps() {
        assert!(labels::step(step.name).is_some(), "labels has no words for {}", step.name);
    }
}

#[derive(Clone, Copy)]
struct Page {
    vietnamese: bool,
}

impl Page {
    fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        if self.vietnamese { vi } else { en }
    }

    fn words(self, label: Label) -> &'static str {
        self.pick(label.vi, label.en)
    }

    fn filled(self, template: &str) -> String {
        let mut out = String::new();
        for line in template.lines() {
            match line.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
                Some(wanted) => out.push_str(&self.table(wanted)),
                None => out.push_str(line),
            }
            out.push('\n');
        }
        out
    }

    fn table(self, wanted: &str) -> String {
        let (what, of) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let stage = || Stage::ALL.into_iter().find(|stage| stage.name() == of).expect("a stage");
        let table = match what {
            "diagram" => self.diagram(of),
            "refusals" => self.refusals(acts::ANY, "\n- ", "- "),
            "acts" => self.acts(stage()),
            "steps" => self.steps(stage()),
            "clocks" => self.clocks(stage()),
            "mails" => self.mails(stage()),
            _ => panic!("{{{{{wanted}}}}} is no table"),
        };
        table.trim_end().to_owned()
    }

    fn diagram(self, name: &str) -> String {
        let region = regions::ALL.iter().find(|region| region.name == name).expect("a region");
        let moves = self.pick("các trạng thái và sự kiện", "its states and the facts that move it");
        let words = self.words(region.label);
        format!("![{words}: {moves}](diagrams/{name}{}.svg)", self.pick(".vi", ""))
    }

    fn refusals(self, codes: &[Code], between: &str, before: &str) -> String {
        let words = |code: &Code| format!("`{code}` {}", self.words(labels::code(*code).title));
        let list: Vec<_> = codes.iter().map(words).collect();
        if list.is_empty() { "–".to_owned() } else { format!("{before}{}", list.join(between)) }
    }

    fn acts(self, stage: Stage) -> String {
        let mut out = self
            .pick(
                "| Hành động | Ai thực hiện | Sự kiện được ghi | Lý do từ chối riêng |\n",
                "| Act | Who | What follows | Refused for |\n",
            )
            .to_owned();
        out.push_str("|---|---|---|---|\n");
        for act in stages::acts().filter(|act| act.stage == stage) {
            let words = acts::act(act.name).expect("words");
            let facts: Vec<_> = act.records.iter().map(|kind| self.fact(*kind)).collect();
            let _ = writeln!(
                out,
                "| {}<br>`{}` | {} | {} | {} |",
                self.words(words.label),
                act.name,
                self.pick(words.who, act.who),
                facts.join("<br>"),
                self.refusals(words.refusals, "<br>", ""),
            );
        }
        out
    }

    fn fact(self, kind: Kind) -> &'static str {
        self.words(labels::happening(kind))
    }

    fn steps(self, stage: Stage) -> String {
        let mut out = self
            .pick("| Hệ thống tự làm | Khi | Sự kiện được ghi |\n", "| By itself | When | What follows |\n")
            .to_owned();
        out.push_str("|---|---|---|\n");
        for step in stages::steps().filter(|step| step.stage == stage) {
            let (label, when) = labels::step(step.name).expect("words");
            let (label, when) = (self.words(label), self.pick(when, step.when));
            let _ = writeln!(out, "| {label}<br>`{}` | {when} | {} |", step.name, self.fact(step.records));
        }
        out
    }

    fn clocks(self, stage: Stage) -> String {
        let policy = place::policy(None).expect("the delivered policy");
        let mut out = format!("| {} |", self.pick("Thời hạn", "Clock"));
        for urgency in URGENCIES {
            let _ = write!(out, " {} |", self.words(labels::urgency(urgency)));
        }
        let _ =
            writeln!(out, " {} |\n|---|---|---|---|---|---|", self.pick("Khi hết hạn", "When time is up"));
        for key in DeadlineKey::ALL.into_iter().filter(|key| deadlines::stage(*key) == stage) {
            let end = if deadlines::has_levels(key) {
                self.pick("nhắc hạn, quá hạn mức 1–3", "reminders, then overdue 1–3")
            } else {
                self.pick("nhắc hạn, rồi chuyển cấp", "reminders, then the next level")
            };
            self.row(&mut out, self.words(labels::deadline(key)), &policy, &key.to_string(), end);
        }
        if stage == Stage::Escalation {
            let name = self.pick("Đề nghị cho ý kiến trước", "Opinion requested by");
            let end = self.pick("không nhắc, không bao giờ quá hạn", "nothing: never overdue");
            self.row(&mut out, name, &policy, DIRECTIVE, end);
        }
        out
    }

    fn row(self, out: &mut String, name: &str, policy: &Policy, table: &str, end: &str) {
        let _ = write!(out, "| {name}<br>`{table}` |");
        for urgency in URGENCIES {
            let _ = write!(out, " {} |", self.period(policy.periods(urgency)[table]));
        }
        let _ = writeln!(out, " {end} |");
    }

    fn period(self, period: Period) -> String {
        let (count, vi, en) = match period {
            Period::Clock { minutes } if minutes % 60 == 0 => (minutes / 60, "giờ", "h"),
            Period::Clock { minutes } => (minutes, "phút", "min"),
            Period::WorkingMinutes(minutes) if minutes % 60 == 0 => {
                (minutes / 60, "giờ làm việc", "working h")
            }
            Period::WorkingMinutes(minutes) => (minutes, "phút làm việc", "working min"),
            Period::WorkingDays(1) => (1, "ngày làm việc", "working day"),
            Period::WorkingDays(days) => (days, "ngày làm việc", "working days"),
        };
        format!("{count} {}", self.pick(vi, en))
    }

    fn mails(self, stage: Stage) -> String {
        let mailed = notices::MAILED.iter().filter(|kind| kind.stage() == stage);
        let facts: Vec<_> = mailed.map(|kind| self.fact(*kind)).collect();
        let of = self.pick("Sự kiện có thể gửi thư", "Facts that may bring mail");
        format!("{of}: {}.", facts.join(" · "))
    }
}
