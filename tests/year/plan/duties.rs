//! The regular duties: reports of each month, the briefing, the agreement of the year and its one change.

use chrono::NaiveDate;
use domain::{calendar, duties::reporting};
use events::Timestamp;
use serde_json::{Value, json};

use super::{BTG, Draft, On, at, day};
use crate::{
    support::agreement::HEADS,
    year::province::{ENDING, QUARTERLY, SUCCESSOR, amended_duties},
};

/// How a report comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// In time, with something to say.
    InTime,
    /// In time: there is nothing to say.
    Nil,
    /// A working day late.
    Late,
    /// Three working days late: every level is recorded.
    VeryLate,
    /// In time, and returned for a supplement.
    Returned,
    /// Not at all; a leader of the Party side waives it in the end.
    Waived,
    /// Not at all.
    Missing,
}

/// A text with a number of its own for each agency and month.
fn item(topic: &str, text: &str) -> Value {
    json!({ "state_secret": false, "items": [{ "topic": topic, "text": text }] })
}

impl Draft<'_> {
    /// Both sides sign the plan of the year in its first working days, and change it once.
    pub(super) fn agreement(&mut self) {
        let first = self.day_after(self.working_day(self.span.from), 1);
        let plan = json!({
            "title": "Kế hoạch phối hợp thông tin, tuyên truyền năm 2026", "from": "2026-01-01",
            "until": "2026-12-31",
            "parent": {
                "number": 1, "symbol": "CTr/BTGTU-UBND", "date": "2026-01-01", "from_year": 2026,
                "until_year": 2030,
            },
            "basis": { "number": 5, "symbol": "KH/BTGTU-UBND", "date": first },
        });
        self.deed(at(first, 7, 30), HEADS[0], "propose-agreement", On::Directory, plan);
        for (minute, head) in [(0, HEADS[0]), (45, HEADS[1])] {
            self.deed(at(first, 8, minute), head, "sign-agreement", On::Directory, json!({ "agreement": 1 }));
        }
        let (proposed, from) = self.amended();
        let change = json!({
            "files": [{ "name": "duties.toml", "text": amended_duties() }],
            "version": "2026.2", "effective_from": at(from, 0, 0),
            "reason": "Sở Tài chính báo cáo hằng quý.",
            "basis": { "number": 12, "symbol": "TB/BTGTU-UBND", "date": proposed },
        });
        self.deed(at(proposed, 8, 0), "ubnd.quan-tri", "propose-amendment", On::Directory, change);
        for (hour, head) in [(9, HEADS[1]), (14, HEADS[0])] {
            self.deed(
                at(proposed, hour, 0),
                head,
                "agree-amendment",
                On::Directory,
                json!({ "amendment": 1 }),
            );
        }
    }

    /// When the change is proposed, and from when it is in force: in the spring, or in the second week of a shorter span.
    fn amended(&self) -> (NaiveDate, NaiveDate) {
        if self.has(day(3, 10)) {
            return (day(3, 10), day(4, 1));
        }
        let proposed = self.day_after(self.working_day(self.span.from), 5);
        (proposed, self.day_after(proposed, 5))
    }

    /// The head of a department that ends delegates: what is delegated does not go on by itself.
    pub(super) fn delegation(&mut self) {
        let granted = day(6, 22);
        if !self.has(granted) {
            return;
        }
        let body = json!({
            "from": "SDL.LD", "to": { "officer": "sdl.truong-phong" }, "powers": ["position"],
            "ends": at(day(7, 10), 17, 0),
            "basis": { "number": 7, "symbol": "GUQ-SDL", "date": granted },
        });
        self.deed(at(granted, 8, 5), "sdl.lanh-dao", "grant-delegation", On::Directory, body);
    }

    /// Reports and briefings of every month that lies in the span with its opening.
    pub(super) fn regular_duties(&mut self) {
        for month in 1..=12 {
            let due =
                reporting::due(2026, month, self.policy).expect("a month of the calendar").expect("a day");
            let due = calendar::local_date(due);
            if self.has(self.day_before(due, self.policy.duties.reports.open_days)) {
                self.reports(month, due);
            }
            let briefing = self.working_day(day(month, self.policy.duties.briefings.day));
            if self.has(self.day_before(briefing, self.policy.duties.briefings.call_days)) {
                self.briefing(month, briefing);
            }
        }
    }

    /// Who owes a report in a month.
    fn owing(&self, month: u32, opened: Timestamp) -> Vec<String> {
        let (organisation, (_, amended)) = (&self.policy.organisation, self.amended());
        let all = self.policy.duties.reports.monthly.iter();
        let there = all.filter(|agency| organisation.is_there(agency, opened));
        let quarterly = |agency: &str| agency == QUARTERLY && calendar::local_date(opened) >= amended;
        let owing = there.map(ToString::to_string);
        owing.filter(|agency| !quarterly(agency) || month.is_multiple_of(3)).collect()
    }

    fn reports(&mut self, month: u32, due: NaiveDate) {
        let opens = self.day_before(due, self.policy.duties.reports.open_days);
        let owing = self.owing(month, at(opens, 8, 0));
        let count = owing.len();
        let first = usize::try_from(month).expect("a month") * 3;
        for (place, agency) in owing.into_iter().enumerate() {
            // The exceptions go round, so that everybody is late once in a while.
            let comes = match (place + count - first % count) % count {
                _ if month == 6 && agency == ENDING[0] => Comes::Missing,
                0 => Comes::Late,
                1 if month == 9 => Comes::Missing,
                1 => Comes::VeryLate,
                2 => Comes::Returned,
                3 if month.is_multiple_of(5) => Comes::Waived,
                _ if self.chance(30) => Comes::Nil,
                _ => Comes::InTime,
            };
            self.report(&agency, month, due, comes);
        }
        if month == 6 && self.has(day(7, 2)) {
            // What the department that has ended still owed, its successor hands in.
            let on = On::Duty(format!("BC-2026-06/{}", ENDING[0]));
            let body = item("culture", "Báo cáo thay sở cũ sau khi hợp nhất.");
            self.deed(
                at(day(7, 2), 9, 0),
                self.liaison(SUCCESSOR, at(day(7, 2), 9, 0)),
                "submit-report",
                on.clone(),
                body,
            );
            self.deed(
                at(day(7, 2), 15, 0),
                self.liaison(BTG, at(day(7, 2), 15, 0)),
                "accept-report",
                on,
                json!({}),
            );
        }
    }

    fn report(&mut self, agency: &str, month: u32, due: NaiveDate, comes: Comes) {
        let on = On::Duty(format!("BC-2026-{month:02}/{agency}"));
        let came = match comes {
            Comes::Missing => return,
            Comes::Waived => {
                let when = at(self.day_after(due, 4), 9, 0);
                let reason = json!({ "reason": "Cơ quan tập trung khắc phục thiên tai." });
                return self.deed(when, self.leader(BTG, when), "waive-report", on, reason);
            }
            Comes::Late => at(self.day_after(due, 1), self.from(8, 10), self.from(0, 59)),
            Comes::VeryLate => at(self.day_after(due, 4), self.from(8, 10), self.from(0, 59)),
            _ => at(self.some_days_before(due, 0, 4), self.from(9, 16), self.from(0, 59)),
        };
        let (act, body) = match comes {
            Comes::Nil => ("nil-return", json!({})),
            _ => ("submit-report", item("governance", "Tình hình ổn định; đã thông tin kịp thời trong kỳ.")),
        };
        self.deed(came, self.liaison(agency, came), act, on.clone(), body);
        let mut judged = self.about(came, 60, 400);
        if comes == Comes::Returned {
            let reason = json!({ "reason": "Chưa nêu số liệu." });
            self.deed(judged, self.liaison(BTG, judged), "return-report", on.clone(), reason);
            let again = self.about(judged, 300, 700);
            let body = item("governance", "Số liệu bổ sung của kỳ báo cáo.");
            self.deed(again, self.liaison(agency, again), "submit-report", on.clone(), body);
            judged = self.about(again, 60, 400);
        }
        self.deed(judged, self.liaison(BTG, judged), "accept-report", on, json!({}));
    }

    /// The briefing of a month: something is put on its agenda, it is held, its conclusions are followed to their end.
    fn briefing(&mut self, month: u32, held: NaiveDate) {
        let on = On::Duty(format!("GB-2026-{month:02}"));
        let begins = at(held, 8, 30);
        let organisation = &self.policy.organisation;
        let there = self.policy.duties.briefings.invited.iter();
        // Who was there when it was called, and is.
        let called = at(self.day_before(held, self.policy.duties.briefings.call_days), 8, 0);
        let invited: Vec<String> = there
            .filter(|agency| organisation.is_there(agency, called) && organisation.is_there(agency, begins))
            .map(ToString::to_string)
            .collect();
        let speaker = self.pick(&invited);
        let when = at(self.day_before(held, 2), 9, 0);
        let text = json!({ "state_secret": false, "text": "Phân luồng giao thông trong thời gian sửa cầu." });
        self.deed(when, self.liaison(&speaker, when), "add-agenda-item", on.clone(), text);
        let mut attended = vec![BTG.to_owned()];
        attended.extend(invited.iter().filter(|agency| *agency != QUARTERLY || month != 3).cloned());
        let when = at(held, 10, 30);
        self.deed(when, self.head(BTG, when), "hold-briefing", on.clone(), json!({ "attended": attended }));
        self.conclusions(month, held, &invited, &on);
    }

    fn conclusions(&mut self, month: u32, held: NaiveDate, invited: &[String], on: &On) {
        let mut owners: Vec<String> = (0..3).map(|_| self.pick(invited)).collect();
        if month == 6 {
            // It outlives its owner.
            ENDING[1].clone_into(&mut owners[0]);
        }
        let dues = [8, 6, 9].map(|days| self.day_after(held, days));
        let issued = at(held, 15, 0);
        let document = self.document(BTG, "TB", "Thông báo kết luận giao ban", issued);
        let conclusions: Vec<Value> = owners
            .iter()
            .zip(dues)
            .map(|(agency, due)| json!({ "text": "Gửi số liệu bổ sung.", "agency": agency, "due": due }))
            .collect();
        let minutes = json!({ "state_secret": false, "document": document, "conclusions": conclusions });
        self.deed(issued, "btg.van-thu", "issue-minutes", on.clone(), minutes);
        for (place, (owner, due)) in owners.iter().zip(dues).enumerate() {
            let task = place + 1;
            // One of the three is late.
            let reported = if task == 2 { self.day_after(due, 1) } else { self.some_days_before(due, 1, 2) };
            let when = at(reported, 9, self.from(0, 59));
            let body = json!({ "state_secret": false, "task": task, "text": "Đã gửi đủ số liệu." });
            self.deed(when, self.liaison(owner, when), "report-conclusion", on.clone(), body);
            let accepted = self.about(when, 60, 500);
            self.deed(
                accepted,
                self.head(BTG, accepted),
                "accept-conclusion",
                on.clone(),
                json!({ "task": task }),
            );
        }
    }

    fn pick(&mut self, of: &[String]) -> String {
        let place = self.from(0, u32::try_from(of.len()).expect("few agencies") - 1);
        of[usize::try_from(place).expect("a place")].clone()
    }
}
