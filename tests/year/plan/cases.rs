//! The lives of the cases: raised by telephone or in writing, acknowledged, agreed or disputed, closed, or taken back.

use chrono::{NaiveDate, TimeDelta};
use domain::calendar;
use events::Timestamp;
use serde_json::{Value, json};

use super::{BTG, Draft, On, SECRETARY, UBND, at, bodies};

/// Who raises cases: departments and communes, some more often than others; what ends is its successor's from then on.
const RAISERS: [&str; 24] = [
    "SNNMT", "SNNMT", "SNNMT", "SXD", "SXD", "SXD", "SCT", "SVHTT", "SVHTT", "SDL", "SDL", "SYT", "SYT",
    "SGDDT", "STC", "SNV", "BQLKKT", "SKHCN", "XBM", "XNT", "PDL", "XHA", "PTH", "DKHS",
];

/// A case while it is planned: what it is, and how far it has come.
struct Life {
    case: usize,
    raiser: &'static str,
    matter: (&'static str, &'static str, &'static str),
    /// When its newest deed was done.
    at: Timestamp,
}

/// How a case goes on once both have acknowledged it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// The other side agrees.
    Agrees,
    /// It counters, and the raiser agrees.
    Counters,
    /// It agrees after the time for it has passed.
    AgreesLate,
    /// It disagrees; the sides settle it.
    Settles,
    /// It disagrees; the case goes up and comes back with instructions.
    Escalates,
    /// It disagrees; the case goes up and is returned, and the sides agree.
    Returned,
    /// The raiser takes the case back.
    Withdrawn,
}

impl Draft<'_> {
    /// All cases, evenly over the working days.
    pub(super) fn many_cases(&mut self) {
        let (days, cases) = (self.working_days(), self.span.cases);
        for case in 0..cases {
            let day = days[case * days.len() / cases.max(1)];
            let course = self.course();
            let raiser = self.one(&RAISERS);
            let matter = self.one(&bodies::MATTERS);
            if self.chance(34) {
                self.by_telephone(case, raiser, matter, day, course);
            } else {
                self.in_writing(case, raiser, matter, day, course);
            }
        }
    }

    fn course(&mut self) -> Course {
        match self.from(1, 100) {
            1..=58 => Course::Agrees,
            59..=70 => Course::Counters,
            71..=76 => Course::AgreesLate,
            77..=81 => Course::Settles,
            82..=89 => Course::Escalates,
            90..=92 => Course::Returned,
            _ => Course::Withdrawn,
        }
    }

    fn step(&mut self, life: &Life, officer: String, act: &'static str, body: Value) {
        self.deed(life.at, officer, act, On::Case(life.case), body);
    }

    fn in_writing(
        &mut self,
        case: usize,
        raiser: &'static str,
        matter: (&'static str, &'static str, &'static str),
        day: NaiveDate,
        course: Course,
    ) {
        let begun = at(day, self.from(7, 10), self.from(0, 59));
        let urgency = if self.chance(55) { "khan" } else { "thuong" };
        let mut life = Life { case, raiser, matter, at: begun };
        let letter = self.letter(raiser, urgency, matter, begun);
        self.step(&life, self.liaison(raiser, begun), "raise", letter);
        if self.chance(3) {
            // Entered twice by mistake: both of the receiver say so, and the case is cancelled.
            life.at = self.about(begun, 20, 40);
            return self.cancelled(&mut life, "entry-error");
        }
        life.at = self.about(begun, 20, 100);
        self.acknowledged(&mut life);
        self.goes_on(life, course, if urgency == "khan" { 2 } else { 5 });
    }

    /// The liaison officers of both acknowledge; now and then that of the Party side does not, and his deputy does.
    fn acknowledged(&mut self, life: &mut Life) {
        self.step(life, self.liaison(UBND, life.at), "acknowledge", json!({}));
        life.at = self.about(life.at, 10, 60);
        if self.chance(6) {
            // The assignment of an ordinary case falls to the deputy at the latest at the end of the next working day.
            life.at = at(self.day_after(calendar::local_date(life.at), 2), 8, 15);
            return self.step(life, "btg.dau-moi2".to_owned(), "acknowledge", json!({}));
        }
        self.step(life, self.liaison(BTG, life.at), "acknowledge", json!({}));
    }

    fn cancelled(&mut self, life: &mut Life, reason: &str) {
        self.step(life, self.head(BTG, life.at), "propose-cancellation", json!({ "reason": reason }));
        life.at += TimeDelta::minutes(12);
        self.step(life, self.leader(BTG, life.at), "confirm-cancellation", json!({ "proposal": 1 }));
    }

    /// From coordination on; `days` working days are given for positions.
    fn goes_on(&mut self, mut life: Life, course: Course, days: u32) {
        let opened = calendar::local_date(life.at);
        let position = at(self.day_after(opened, 1), self.from(8, 10), self.from(0, 59));
        match course {
            Course::Withdrawn => {
                life.at = self.about(life.at, 30, 200);
                let document = self.document(life.raiser, "CV", "V/v rút đề nghị phối hợp", life.at);
                let body = json!({ "state_secret": false, "document": document });
                self.step(&life, self.leader(life.raiser, life.at), "withdraw", body);
            }
            Course::Agrees => {
                life.at = position;
                self.agrees(&life, BTG);
                self.closed(life, "resolved");
            }
            Course::AgreesLate => {
                life.at = at(self.day_after(opened, days + 1), 9, self.from(0, 59));
                self.agrees(&life, BTG);
                self.closed(life, "resolved");
            }
            Course::Counters => {
                life.at = position;
                let text = json!({ "position": { "counter": { "text": "Thông tin sau khi có số liệu kiểm tra." } } });
                self.step(&life, self.leader(BTG, life.at), "record-position", text);
                life.at = self.about(life.at, 100, 400);
                self.agrees(&life, life.raiser);
                self.closed(life, "resolved");
            }
            Course::Settles | Course::Escalates | Course::Returned => {
                life.at = position;
                self.disputed(life, course);
            }
        }
    }

    fn agrees(&mut self, life: &Life, agency: &str) {
        let body = json!({ "position": { "agree": { "note": "Thống nhất" } } });
        self.step(life, self.leader(agency, life.at), "record-position", body);
    }

    fn disputed(&mut self, mut life: Life, course: Course) {
        let no = json!({ "position": { "disagree": { "reasons": "Chưa rõ nguyên nhân; chưa nên thông tin chung." } } });
        self.step(&life, self.leader(BTG, life.at), "record-position", no);
        if course == Course::Settles {
            life.at = self.about(life.at, 60, 200);
            let text = json!({ "text": "Thông tin sau khi có kết quả kiểm tra." });
            self.step(&life, self.leader(life.raiser, life.at), "propose-settlement", text);
            life.at = self.about(life.at, 30, 120);
            self.step(&life, self.leader(BTG, life.at), "confirm-settlement", json!({ "proposal": 1 }));
            return self.closed(life, "resolved");
        }
        life.at = self.about(life.at, 60, 150);
        let theirs = bodies::statement("Cần thông tin sớm để người dân yên tâm.");
        self.step(&life, self.leader(life.raiser, life.at), "file-statement", theirs);
        life.at = self.about(life.at, 10, 60);
        let ours = bodies::statement("Chỉ thông tin khi đã thống nhất số liệu.");
        self.step(&life, self.leader(BTG, life.at), "file-statement", ours);
        life.at = self.about(life.at, 60, 200);
        let document = self.document(BTG, "TTr", "Tờ trình xin ý kiến chỉ đạo", life.at);
        let dossier = json!({ "state_secret": false, "document": document });
        self.step(&life, self.leader(BTG, life.at), "submit-dossier", dossier);
        life.at = self.about(life.at, 15, 60);
        self.step(&life, SECRETARY.to_owned(), "acknowledge-dossier", json!({}));
        life.at = self.about(life.at, 500, 1200);
        if course == Course::Returned {
            let text =
                json!({ "state_secret": false, "return": { "text": "Hai bên thống nhất lại phương án." } });
            self.step(&life, SECRETARY.to_owned(), "record-directive", text);
            life.at = self.about(life.at, 100, 300);
            self.agrees(&life, life.raiser);
            life.at = self.about(life.at, 60, 300);
            self.agrees(&life, BTG);
            return self.closed(life, "resolved");
        }
        self.directed(life);
    }

    /// The directive comes, is carried out by each in time or late, and accepted.
    fn directed(&mut self, mut life: Life) {
        let day = calendar::local_date(life.at);
        let due = at(self.some_days_after(day, 8, 15), 17, 0);
        let responsible: &[&str] = if self.chance(50) { &[life.raiser] } else { &[life.raiser, BTG] };
        let directive = self.directive(responsible, due, life.at);
        self.step(&life, SECRETARY.to_owned(), "record-directive", directive);
        life.at = self.about(life.at, 60, 400);
        self.step(&life, self.leader(life.raiser, life.at), "acknowledge-directive", json!({}));
        for (place, agency) in responsible.iter().enumerate() {
            let item = place + 1;
            let date = calendar::local_date(due);
            let reported =
                if self.chance(20) { self.day_after(date, 1) } else { self.some_days_before(date, 1, 4) };
            life.at =
                at(reported, 9 + u32::try_from(place).expect("few items"), self.from(0, 59)).max(life.at);
            let document = self.document(agency, "BC", "Báo cáo kết quả thực hiện ý kiến chỉ đạo", life.at);
            let report = json!({ "state_secret": false, "item": item, "document": document });
            self.step(&life, self.leader(agency, life.at), "report-implementation", report);
            life.at = self.about(life.at, 30, 90);
            self.step(&life, SECRETARY.to_owned(), "accept-implementation", json!({ "item": item }));
        }
        self.closed(life, "resolved-by-directive");
    }

    /// The raiser proposes to close, and the other side confirms; a few are never proposed in the year, some late.
    fn closed(&mut self, mut life: Life, outcome: &str) {
        if self.chance(2) {
            return;
        }
        life.at = self.about(life.at, 480, 2400);
        let proposal = json!({ "outcome": outcome, "summary": "Đã thông tin thống nhất." });
        self.step(&life, self.liaison(life.raiser, life.at), "propose-closure", proposal);
        life.at = if self.chance(5) { self.about(life.at, 1500, 1700) } else { self.about(life.at, 60, 600) };
        self.step(&life, self.leader(BTG, life.at), "confirm-closure", json!({ "proposal": 1 }));
    }

    fn by_telephone(
        &mut self,
        case: usize,
        raiser: &'static str,
        matter: (&'static str, &'static str, &'static str),
        day: NaiveDate,
        course: Course,
    ) {
        let urgency = self.one(&["khan", "khan", "thuong-khan", "thuong-khan", "hoa-toc"]);
        let at_night = urgency == "hoa-toc" && self.chance(50);
        let ended = if at_night { at(day, 21, self.from(0, 59)) } else { at(day, 7, self.from(10, 50)) };
        let mut life = Life { case, raiser, matter, at: ended + TimeDelta::minutes(self.from(2, 10).into()) };
        let now = self.now(raiser, ended).to_string();
        let body = bodies::call(&now, urgency, matter, ended);
        self.step(&life, "btg.truc-ban".to_owned(), "raise", body);
        life.at += TimeDelta::minutes(4);
        if self.chance(4) {
            self.step(&life, "btg.truc-ban".to_owned(), "verify-callback", json!({ "result": "failed" }));
            life.at += TimeDelta::minutes(8);
            return self.cancelled(&mut life, "caller-not-genuine");
        }
        self.step(&life, "btg.truc-ban".to_owned(), "verify-callback", json!({ "result": "verified" }));
        life.at += TimeDelta::minutes(3);
        self.step(&life, self.liaison(UBND, life.at), "acknowledge", json!({}));
        if urgency == "hoa-toc" && self.chance(30) {
            // Half an hour of silence: the deputy has it.
            life.at += TimeDelta::minutes(40);
            self.step(&life, "btg.dau-moi2".to_owned(), "acknowledge", json!({}));
        } else {
            life.at += TimeDelta::minutes(5);
            self.step(&life, self.liaison(BTG, life.at), "acknowledge", json!({}));
        }
        if course == Course::Withdrawn {
            return self.goes_on(life, course, 1);
        }
        self.confirmed(&life, urgency, ended);
        life.at = if at_night { life.at + TimeDelta::minutes(90) } else { self.about(life.at, 60, 120) };
        match course {
            Course::Settles | Course::Escalates | Course::Returned => self.disputed(life, course),
            _ => {
                self.agrees(&life, BTG);
                life.at = at(self.day_after(day, 3), 9, 30);
                self.closed(life, "resolved");
            }
        }
    }

    /// The document comes in time, or late, and is compared by who did not log the call.
    fn confirmed(&mut self, life: &Life, urgency: &str, ended: Timestamp) {
        let given = match urgency {
            "hoa-toc" => TimeDelta::hours(8),
            _ => TimeDelta::hours(24),
        };
        let late = self.chance(12);
        let came = if late { ended + given + TimeDelta::minutes(100) } else { ended + given / 3 };
        // An ordinary call's day ends at five; what comes on a day off comes all the same.
        let came = if urgency == "khan" {
            let day = self.day_after(calendar::local_date(ended), 1 + u32::from(late));
            at(day, 10, self.from(0, 59))
        } else {
            came
        };
        let document = Life { at: came, ..*life };
        let body = self.confirmation(life.raiser, life.matter.1, came);
        self.step(&document, self.liaison(life.raiser, came), "submit-written-confirmation", body);
        let compared = Life { at: came + TimeDelta::minutes(45), ..*life };
        self.step(&compared, self.liaison(BTG, compared.at), "compare-written", bodies::verdicts());
    }
}
