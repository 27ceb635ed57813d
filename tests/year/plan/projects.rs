//! The planned projects: proposed, planned together, carried through their three phases; one declined, one suspended.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{BTG, Draft, On, UBND, at};

/// The projects: who proposes, with whom, what, on which topic.
const PROJECTS: [(&str, &str, &str, &str); 6] = [
    ("SCT", "SNNMT", "Đường dây 220 kV qua ba xã", "energy"),
    ("SXD", "XBM", "Mở rộng đường liên xã", "infrastructure"),
    ("SNNMT", "XNT", "Nâng cấp hồ chứa nước", "agriculture"),
    ("SVHTT", "SDL", "Lễ hội văn hóa – du lịch năm 2026", "tourism"),
    ("BQLDA", "SXD", "Cầu vượt cửa sông", "infrastructure"),
    ("SYT", "PDL", "Bệnh viện khu vực phía Nam", "health"),
];

/// Which project is declined.
const DECLINED: usize = 1;
/// Which project rests for three weeks.
const SUSPENDED: usize = 2;

impl Draft<'_> {
    /// The projects, evenly over the first seven tenths of the span.
    pub(super) fn planned_projects(&mut self) {
        let (days, projects) = (self.working_days(), self.span.projects);
        let most = days.len() * 7 / 10;
        for (place, project) in projects.iter().enumerate() {
            self.project(*project, days[2 + place * most / projects.len()]);
        }
    }

    fn stage(
        &mut self,
        project: usize,
        day: NaiveDate,
        hour: u32,
        by: Officer<'_>,
        act: &'static str,
        body: Value,
    ) {
        let when = at(day, hour, 20);
        let officer = match by {
            Officer::Leader(agency) => self.leader(agency, when),
            Officer::Head(agency) => self.head(agency, when),
            Officer::Liaison(agency) => self.liaison(agency, when),
        };
        self.deed(when, officer, act, On::Project(project), body);
    }

    fn project(&mut self, project: usize, begun: NaiveDate) {
        use Officer::{Head, Leader, Liaison};
        let (agency, partner, title, topic) = PROJECTS[project];
        let after = |draft: &Self, days| draft.day_after(begun, days);
        let proposal = json!({
            "state_secret": false, "title": title, "topic": topic, "partners": [partner],
            "reason": "Có thu hồi đất, người dân quan tâm.",
        });
        self.stage(project, begun, 8, Head(agency), "propose-project", proposal);
        if project == DECLINED {
            let reason = json!({ "reason": "Dự án không có nội dung cần phối hợp." });
            return self.stage(project, after(self, 1), 9, Leader(BTG), "decline-planning", reason);
        }
        self.stage(project, after(self, 1), 9, Leader(BTG), "accept-planning", json!({}));
        let question = json!({ "agency": partner, "question": "Đề nghị góp ý về phương án." });
        self.stage(project, after(self, 2), 8, Head(agency), "request-comment", question);
        let comment = json!({ "state_secret": false, "request": 1, "text": "Thống nhất với phương án." });
        self.stage(project, after(self, 4), 9, Leader(partner), "give-comment", comment);
        self.planned(project, after(self, 5), begun);
        for (hour, side) in [(9, BTG), (10, UBND)] {
            self.stage(project, after(self, 6), hour, Leader(side), "agree-plan", json!({ "edition": 1 }));
        }
        self.stage(
            project,
            after(self, 7),
            8,
            Head(agency),
            "enter-phase",
            json!({ "state_secret": false, "phase": "before" }),
        );
        if project == SUSPENDED {
            let reason = json!({ "reason": "Chờ điều chỉnh quy hoạch." });
            self.stage(project, after(self, 8), 8, Leader(agency), "suspend-project", reason);
            self.stage(project, after(self, 13), 8, Leader(agency), "resume-project", json!({}));
        }
        // Checkpoints of the phases are done by then; of the second one a day late.
        let ends = [15, 31, 46].map(|days| after(self, days));
        for (place, (phase, next)) in
            [("before", "during"), ("during", "after"), ("after", "")].into_iter().enumerate()
        {
            let (checkpoint, done) = (place + 1, ends[place]);
            let owner = if place == 2 { partner } else { agency };
            let note = json!({ "state_secret": false, "checkpoint": checkpoint, "done_on": done });
            self.stage(project, done, 9, Liaison(owner), "complete-checkpoint", note);
            let ended = self.day_after(done, 1);
            let report =
                self.document(agency, "BC", &format!("Báo cáo giai đoạn {phase}"), at(ended, 10, 20));
            if next.is_empty() {
                let body = json!({ "state_secret": false, "report": report });
                self.stage(project, ended, 10, Leader(agency), "complete-project", body);
            } else {
                let body = json!({ "state_secret": false, "phase": next, "report": report });
                self.stage(project, ended, 10, Head(agency), "enter-phase", body);
            }
        }
    }

    /// The plan, with a mandatory checkpoint in each phase.
    fn planned(&mut self, project: usize, submitted: NaiveDate, begun: NaiveDate) {
        let (agency, partner, title, _) = PROJECTS[project];
        let document =
            self.document(agency, "KH", &format!("Kế hoạch phối hợp: {title}"), at(submitted, 8, 20));
        let point = |phase: &str, title: &str, owner: &str, days: u32| {
            let due = self.day_after(begun, days);
            json!({ "phase": phase, "title": title, "owner": owner, "due": due, "mandatory": true })
        };
        let checkpoints = [
            point("before", "Gửi tài liệu cho các xã", agency, 17),
            point("during", "Thông tin tiến độ hằng tuần", agency, 30),
            point("after", "Đánh giá kết quả thông tin", partner, 50),
        ];
        let body = json!({ "state_secret": false, "document": document, "checkpoints": checkpoints });
        self.stage(project, submitted, 8, Officer::Head(agency), "submit-plan", body);
    }
}

/// Who acts for an agency.
#[derive(Clone, Copy)]
enum Officer<'a> {
    Leader(&'a str),
    Head(&'a str),
    Liaison(&'a str),
}
