//! The dossier: both sides' statements, what they dispute and how it came to that, as one document (plan III.3 b3).
//!
//! It is compiled from the facts alone, so that anybody who replays them has the same document and the same digest.

use events::{
    AgencyId, CaseCode, Digest, Kind, OfficeId, Timestamp, Urgency,
    coordination::Position,
    escalation::Statement,
    terms::{Document, Side},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::LOCAL,
    case::{Case, Happening},
    labels,
    organisation::Organisation,
    stages::coordination::Round,
};

/// The form of the document: a change of what it says or how needs a new one, because its digest stands in the log.
const FORM: &str = "vn.concord.dossier.v1";

/// What a dossier says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    /// The form of the document.
    pub form: String,
    /// The dossier's number within the case.
    pub number: u32,
    /// The number of the case.
    pub case: Option<CaseCode>,
    /// What the case is called.
    pub title: String,
    /// What happened, as it was first reported.
    pub summary: String,
    /// The coordination that was asked for.
    pub request: String,
    /// How urgent it is.
    pub urgency: Urgency,
    /// The agency that raised it.
    pub raiser: AgencyId,
    /// The agency reported to.
    pub receiver: AgencyId,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The documents of the case, as `number/symbol`, with issuer and date.
    pub documents: Vec<Listed>,
    /// The text on which the last positions were asked.
    pub proposal: Option<String>,
    /// The positions that stand against it.
    pub disputed: Vec<Point>,
    /// The statement of each side; without text where a side stayed silent.
    pub statements: Vec<SideStatement>,
    /// What happened, oldest first, without reminders.
    pub history: Vec<Happened>,
    /// What the sides advise together; absent where they do not agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// Something that happened, as a dossier says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// The agency that acted; absent when the process did it by itself.
    pub agency: Option<AgencyId>,
    /// The office that acted.
    pub office: Option<OfficeId>,
}

impl Happened {
    fn of(happening: &Happening) -> Self {
        let Happening { at, kind, agency, office, .. } = happening.clone();
        Self { at, kind, agency, office }
    }
}

/// A document that the case refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listed {
    /// Number and symbol as they are printed.
    pub printed: String,
    /// Who issued it.
    pub issuer: AgencyId,
    /// The date of issue.
    pub date: chrono::NaiveDate,
    /// What it is about.
    #[serde(rename = "abstract")]
    pub subject: String,
}

/// A disputed point: what an agency says against the proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// The agency.
    pub agency: AgencyId,
    /// It proposes something else, rather than only disagreeing.
    pub counter: bool,
    /// Its reasons, or its own proposal.
    pub text: String,
}

/// What a side says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideStatement {
    /// The side.
    pub side: Side,
    /// The agency that speaks for it.
    pub agency: Option<AgencyId>,
    /// When it was filed.
    pub filed_at: Option<Timestamp>,
    /// What it says; absent where the side stayed silent.
    pub statement: Option<Statement>,
}

/// Compiles the dossier of a case as it stands.
pub fn compile(case: &Case, number: u32, silent: &[Side]) -> Content {
    let filed = case.escalation.current().into_iter().flat_map(|current| &current.statements);
    let mut statements: Vec<_> = filed
        .map(|filed| SideStatement {
            side: filed.side,
            agency: Some(filed.agency.clone()),
            filed_at: Some(filed.at),
            statement: Some(filed.statement.clone()),
        })
        .chain(silent.iter().map(|side| SideStatement {
            side: *side,
            agency: None,
            filed_at: None,
            statement: None,
        }))
        .collect();
    statements.sort_by_key(|each| each.side);
    let round = case.rounds.last();
    Content {
        form: FORM.to_owned(),
        number,
        case: case.code.clone(),
        title: case.matter.title.clone(),
        summary: case.matter.summary.clone(),
        request: case.matter.request.clone(),
        urgency: case.urgency,
        raiser: case.raiser.clone(),
        receiver: case.receiver.clone(),
        raised_at: case.raised_at,
        documents: documents(case).map(listed).collect(),
        proposal: round.map(|round| round.opened.proposal.clone()),
        disputed: round.map(disputed).unwrap_or_default(),
        statements,
        history: case.history.iter().map(Happened::of).collect(),
        advice: None,
    }
}

/// Compiles the dossier of joint advice: nothing is disputed, and no side speaks for itself.
pub fn of_advice(case: &Case, number: u32, advice: &str) -> Content {
    Content {
        disputed: Vec::new(),
        statements: Vec::new(),
        advice: Some(advice.to_owned()),
        ..compile(case, number, &[])
    }
}

/// The documents that came with the case: what raised it, and what confirmed its calls.
fn documents(case: &Case) -> impl Iterator<Item = &Document> {
    let raised = case.intakes.iter().filter_map(|intake| intake.document.as_ref());
    raised.chain(case.confirmations.iter().filter_map(|confirmation| confirmation.document.as_ref()))
}

fn listed(document: &Document) -> Listed {
    Listed {
        printed: document.printed(),
        issuer: document.issuer.clone(),
        date: document.date,
        subject: document.subject.clone(),
    }
}

/// The latest position of each agency that does not agree.
fn disputed(round: &Round) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for stated in &round.positions {
        points.retain(|point| point.agency != stated.agency);
        let (counter, text) = match &stated.position {
            Position::Agree { .. } => continue,
            Position::Disagree { reasons } => (false, reasons.clone()),
            Position::Counter { text } => (true, text.clone()),
        };
        points.push(Point { agency: stated.agency.clone(), counter, text });
    }
    points
}

impl Content {
    /// The canonical form: JSON in UTF-8 without white space, the fields in the order in which they are declared.
    pub fn canonical(&self) -> String {
        // Strings, numbers and lists: there is nothing in it that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The SHA-256 of the canonical form: what the log records.
    pub fn digest(&self) -> Digest {
        Digest::of(self.canonical().as_bytes())
    }

    /// The document as it is read: in Vietnamese, plain text, with the names of its time: in what happened those of
    /// then, in all else those of when it went up. That of an exercise says so first; the case says whether it is one.
    pub fn text(&self, case: &Case, organisation: &Organisation, went_up: Timestamp) -> String {
        let name = |agency: &AgencyId| organisation.agency_name(agency, went_up).to_owned();
        let mut out = Vec::new();
        let mut line = |text: String| out.push(text);
        let subject = match self.advice {
            None => "về vụ việc chưa thống nhất trong phối hợp",
            Some(_) => "về nội dung tham mưu chung",
        };
        line(format!("{}HỒ SƠ BÁO CÁO THƯỜNG TRỰC TỈNH ỦY", labels::exercise(case.matter.exercise)));
        line(subject.to_owned());
        line(String::new());
        line(format!(
            "Vụ việc: {} – {}",
            self.case.as_ref().map_or("(chưa có số)", CaseCode::as_str),
            self.title
        ));
        line(format!("Mức độ: {}. Hồ sơ số {}.", labels::urgency(self.urgency).vi, self.number));
        line(format!(
            "Cơ quan báo cáo: {} – cơ quan tiếp nhận: {}, {}.",
            name(&self.raiser),
            name(&self.receiver),
            moment(self.raised_at)
        ));
        line(String::new());
        line("I. NỘI DUNG VỤ VIỆC".to_owned());
        line(self.summary.clone());
        line(format!("Đề nghị phối hợp: {}", self.request));
        for document in &self.documents {
            line(format!(
                "– Văn bản {} ngày {} của {}: {}",
                document.printed,
                document.date.format("%d/%m/%Y"),
                name(&document.issuer),
                document.subject
            ));
        }
        line(String::new());
        match &self.advice {
            Some(advice) => {
                line("II. NỘI DUNG THAM MƯU CHUNG".to_owned());
                line(advice.clone());
            }
            None => self.what_is_disputed(&name, &mut line),
        }
        line(String::new());
        line(format!("{}. QUÁ TRÌNH XỬ LÝ", if self.advice.is_some() { "III" } else { "IV" }));
        for happening in &self.history {
            let called = |agency| organisation.agency_name(agency, happening.at);
            let who = happening.agency.as_ref().map_or("Hệ thống", called);
            line(format!("– {}: {} ({who})", moment(happening.at), labels::happening(happening.kind).vi));
        }
        line(String::new());
        line(format!("Mã băm SHA-256: {}", self.digest()));
        out.push(String::new());
        out.join("\n")
    }
}

impl Content {
    /// The disputed points, and what each side says.
    fn what_is_disputed(&self, name: &dyn Fn(&AgencyId) -> String, line: &mut dyn FnMut(String)) {
        line("II. NỘI DUNG CHƯA THỐNG NHẤT".to_owned());
        line(format!("Phương án lấy ý kiến: {}", self.proposal.as_deref().unwrap_or("(không có)")));
        if self.disputed.is_empty() {
            line("– Có bên chưa cho ý kiến trong thời hạn.".to_owned());
        }
        for point in &self.disputed {
            let stand =
                if point.counter { "đề nghị phương án khác" } else { "không thống nhất" };
            line(format!("– {} {stand}: {}", name(&point.agency), point.text));
        }
        line(String::new());
        line("III. Ý KIẾN HAI BÊN".to_owned());
        for each in &self.statements {
            statement(each, name, line);
        }
    }
}

/// A side's statement under its four headings; where the side stayed silent, just that.
fn statement(each: &SideStatement, name: &dyn Fn(&AgencyId) -> String, line: &mut dyn FnMut(String)) {
    let side = labels::side(each.side).vi;
    let (Some(agency), Some(said)) = (&each.agency, &each.statement) else {
        line(format!("{side}: chưa gửi ý kiến."));
        return;
    };
    let at = each.filed_at.map(|at| format!(", gửi lúc {}", moment(at))).unwrap_or_default();
    line(format!("{side} – {}{at}:", name(agency)));
    line(format!("  1. Diễn biến, sự việc: {}", said.facts));
    line(format!("  2. Ý kiến: {}", said.position));
    line(format!("  3. Căn cứ: {}", said.legal_basis));
    line(format!("  4. Kiến nghị: {}", said.requested_decision));
}

/// Local time as an official writes it.
fn moment(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%H giờ %M, ngày %d/%m/%Y").to_string()
}
