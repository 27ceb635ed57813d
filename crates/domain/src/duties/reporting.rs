//! Reporting: what every agency owes on the 15th (plan, III.2; DOMAIN §4).
//!
//! A report is opened some working days before it is due, reminded of, and recorded as overdue until something comes: a
//! report, or *không phát sinh* in one act, so that silence and nil differ. Who is owed accepts it, returns it for a
//! supplement, or waives it.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Months, NaiveDate, TimeDelta};
use events::{
    AgencyId, Body, DutyId, Fact, Kind, Stage, Timestamp, UnitId,
    briefing::{Came, ReportNoted},
    duty::{CaseNoted, Clock, ClockKey},
    reporting::{
        Cadence, NilReturned, Period, ReportAccepted, ReportItem, ReportOpened, ReportReturned,
        ReportSubmitted, ReportTransferred, ReportWaived,
    },
    terms::{Document, Side},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duty, Sight, Step, Timer, Wanted, clocks, must_be_of, rules};
use crate::{
    access::Principal,
    calendar::{self, OutsideCalendar},
    decision::{Act, Automatic, Context, Decision, outside_calendar},
    documents,
    organisation::Role,
    policy::Policy,
    refusal::{Refusal, optional_text, required_text},
};

/// The most items of a report.
const MOST_ITEMS: usize = 50;

/// The longest text of an item, in characters.
const LONGEST_ITEM: usize = 10_000;

/// Reports of the last months are still opened if nobody was there to do it in time.
const LATEST_MONTHS: u32 = 12;

/// The acts of persons on a report.
pub const ACTS: &[Act] = &[
    act("submit-report", &[Kind::ReportSubmitted], OWING),
    act("nil-return", &[Kind::NilReturned], OWING),
    act("accept-report", &[Kind::ReportAccepted], OWED),
    act("return-report", &[Kind::ReportReturned], OWED),
    act("waive-report", &[Kind::ReportWaived], "AL of the agency to which it is owed"),
];

const OWING: &str = "LO, LH, AL of the agency that owes it";
const OWED: &str = "LO, LH, AL of the agency to which it is owed";

/// The steps of the process itself.
pub const STEPS: &[Automatic] = &[
    Automatic {
        name: "open-report",
        stage: Stage::Reporting,
        records: Kind::ReportOpened,
        when: "a report is due in some working days (five by default) and its agency is there",
    },
    Automatic {
        name: "transfer-report",
        stage: Stage::Reporting,
        records: Kind::ReportTransferred,
        when: "the agency that owes it has ended and has a successor",
    },
];

const fn act(name: &'static str, records: &'static [Kind], who: &'static str) -> Act {
    Act { name, stage: Stage::Reporting, records, who }
}

/// A command on a report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// The report, or its supplement.
    SubmitReport(Box<SubmitReport>),
    /// There is nothing to communicate.
    NilReturn(NilReturn),
    /// It is as it should be.
    AcceptReport(AcceptReport),
    /// Something is missing.
    ReturnReport(ReturnReport),
    /// Nothing is owed for this period.
    WaiveReport(WaiveReport),
    /// A report can be handed in from now on.
    #[serde(skip)]
    Open(Opening),
    /// The agency has ended: its successor owes it.
    #[serde(skip)]
    Transfer {
        /// The agency that has ended.
        from: AgencyId,
    },
    /// Its clock.
    #[serde(skip)]
    Timer(Timer),
}

/// The report, or its supplement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitReport {
    /// What it says, by topic; empty only where a document is there.
    #[serde(default)]
    pub items: Vec<ReportItem>,
    /// The document, if there is one beside.
    #[serde(default)]
    pub document: Option<Document>,
    /// A planned project that the agency proposes to prepare together, in a sentence or two (II.1.1).
    #[serde(default)]
    pub proposes_project: Option<String>,
}

/// There is nothing to communicate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NilReturn {
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
}

/// It is as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptReport {
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
}

/// Something is missing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnReport {
    /// What is missing.
    pub reason: String,
}

/// Nothing is owed for this period.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiveReport {
    /// Why.
    pub reason: String,
}

/// Which report is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The agency that owes it.
    pub agency: AgencyId,
    /// What it covers.
    pub period: Period,
    /// The 15th.
    pub nominal: NaiveDate,
    /// When it is opened.
    pub at: Timestamp,
    /// When it is due, is reminded of, and is overdue.
    pub clock: Clock,
}

/// Where a report stands (DOMAIN §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReportState")]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// *Chưa gửi*: it can be handed in.
    Open,
    /// *Đã gửi*: it was handed in.
    Submitted,
    /// *Không phát sinh*: the agency says that there is nothing.
    NilReturned,
    /// *Đề nghị bổ sung*: it was returned.
    Returned,
    /// *Đã chấp nhận*: it is as it should be.
    Accepted,
    /// *Được miễn*: nothing is owed.
    Waived,
}

/// A report that is owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Report")]
pub struct Report {
    /// The agency that owes it.
    pub agency: AgencyId,
    /// The liaison unit through which it is owed.
    pub unit: UnitId,
    /// The agency to which it is owed.
    pub owed_to: AgencyId,
    /// What it covers.
    pub period: Period,
    /// The day on which it would be due if every day were a working day.
    pub nominal: NaiveDate,
    /// When it is due.
    pub due: Timestamp,
    /// Where it stands.
    pub state: State,
    /// It came after it was due, or has not come although it is due.
    pub late: bool,
    /// The overdue level that was recorded; 0 for none.
    pub level: u32,
    /// What was handed in, the last one counts; empty after a nil return.
    pub submitted: Vec<ReportSubmitted>,
    /// Why it was returned last, or waived.
    pub reason: Option<String>,
    /// The agencies that owed it before, oldest first.
    pub was_of: Vec<AgencyId>,
}

impl Report {
    pub(super) fn begun(said: &ReportOpened) -> Self {
        Self {
            agency: said.agency.clone(),
            unit: said.unit.clone(),
            owed_to: said.owed_to.clone(),
            period: said.period,
            nominal: said.nominal,
            due: said.clock.due,
            state: State::Open,
            late: false,
            level: 0,
            submitted: Vec::new(),
            reason: None,
            was_of: Vec::new(),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, State::Accepted | State::Waived)
    }

    /// What is asked of the agency now.
    pub(super) fn owing(&self, key: ClockKey) -> Option<&AgencyId> {
        let asked = match self.state {
            State::Open => key == ClockKey::Report,
            State::Returned => key == ClockKey::Supplement,
            State::Submitted | State::NilReturned | State::Accepted | State::Waived => false,
        };
        asked.then_some(&self.agency)
    }

    pub(super) fn holders(&self) -> BTreeSet<&AgencyId> {
        BTreeSet::from([&self.agency, &self.owed_to])
    }
}

impl Report {
    /// The report as an agenda names it.
    pub fn noted(&self, report: DutyId) -> ReportNoted {
        let came = match self.state {
            State::Open | State::Returned => Came::NotYet,
            State::NilReturned => Came::Nil,
            State::Accepted if self.submitted.is_empty() => Came::Nil,
            State::Submitted | State::Accepted => Came::Submitted,
            State::Waived => Came::Waived,
        };
        ReportNoted { report, agency: self.agency.clone(), came, late: self.late }
    }
}

impl Command {
    pub(super) fn document(&self) -> Option<&Document> {
        match self {
            Self::SubmitReport(act) => act.document.as_ref(),
            _ => None,
        }
    }

    pub(super) fn looks_for(&self, report: &Report) -> Wanted {
        match self {
            Self::SubmitReport(_) => cases_of(report),
            _ => Wanted::Nothing,
        }
    }
}

/// The cases that a report is about: those of its agency, live at some time in its period.
pub fn cases_of(report: &Report) -> Wanted {
    let begins = |day| calendar::local(day, chrono::NaiveTime::MIN);
    Wanted::CasesOf {
        agency: report.agency.clone(),
        from: begins(report.period.from),
        until: begins(report.period.until) + TimeDelta::days(1),
    }
}

/// Everybody of the agency that owes it and of the one to which it is owed, the leaders of the sides, the auditors.
pub(super) fn audience(report: &Report) -> BTreeSet<Principal> {
    let agencies = [&report.agency, &report.owed_to].into_iter().chain(&report.was_of);
    let leaders = [Principal::Leaders(Side::A), Principal::Leaders(Side::B), Principal::Auditors];
    agencies.map(|agency| Principal::Agency(agency.clone())).chain(leaders).collect()
}

pub(super) fn authorise(report: &Report, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    const OFFICES: &[Role] = &[Role::Lo, Role::Lh, Role::Al];
    match command {
        Command::SubmitReport(_) | Command::NilReturn(_) => must_be_of(ctx, OFFICES, [&report.agency]),
        Command::AcceptReport(_) | Command::ReturnReport(_) => must_be_of(ctx, OFFICES, [&report.owed_to]),
        Command::WaiveReport(_) => must_be_of(ctx, &[Role::Al], [&report.owed_to]),
        Command::Open(_) | Command::Transfer { .. } | Command::Timer(_) => ctx.system(),
    }
}

pub(super) fn begin(command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Command::Open(opening) = command else { return Err(Refusal::not_found()) };
    let organisation = &ctx.policy.organisation;
    let unit = organisation.liaison_unit(&opening.agency, ctx.now);
    let unit = unit.filter(|_| opening.at <= ctx.now).ok_or_else(not_yet)?;
    Ok(Decision::new(
        opening.at,
        Body::ReportOpened(ReportOpened {
            agency: opening.agency.clone(),
            unit: unit.id.clone(),
            owed_to: ctx.policy.duties.reports.owed_to.clone(),
            period: opening.period,
            nominal: opening.nominal,
            clock: opening.clock.clone(),
        }),
    ))
}

fn not_yet() -> Refusal {
    Refusal::bad_state("Chưa đến thời điểm mở kỳ báo cáo.", "This report cannot be opened yet.")
}

pub(super) fn decide(
    duty: &Duty,
    report: &Report,
    command: &Command,
    ctx: &Context<'_>,
    sight: Sight<'_>,
) -> Result<Decision, Refusal> {
    let now = |body| Ok(Decision::new(ctx.now, body));
    match command {
        Command::SubmitReport(act) => {
            must_be(report, &[State::Open, State::Returned])?;
            now(Body::ReportSubmitted(submit(duty, report, act, ctx, sight.cases)?))
        }
        Command::NilReturn(act) => {
            must_be(report, &[State::Open])?;
            optional_text("note", act.note.as_deref(), 1000)?;
            let late = ctx.now > report.due;
            now(Body::NilReturned(NilReturned { note: act.note.clone(), late }))
        }
        Command::AcceptReport(act) => {
            must_be(report, &[State::Submitted, State::NilReturned])?;
            optional_text("note", act.note.as_deref(), 1000)?;
            now(Body::ReportAccepted(ReportAccepted { note: act.note.clone() }))
        }
        Command::ReturnReport(act) => {
            must_be(report, &[State::Submitted, State::NilReturned])?;
            required_text("reason", &act.reason, 1000)?;
            let clock = supplement(ctx).map_err(outside_calendar)?;
            now(Body::ReportReturned(ReportReturned { reason: act.reason.clone(), clock }))
        }
        Command::WaiveReport(act) => {
            must_be(report, &[State::Open, State::Returned])?;
            required_text("reason", &act.reason, 1000)?;
            now(Body::ReportWaived(ReportWaived { reason: act.reason.clone() }))
        }
        Command::Open(_) => Err(Refusal::bad_state("Kỳ này đã mở.", "It is open already.")),
        Command::Transfer { from } => transfer(report, from, ctx),
        Command::Timer(timer) => {
            let at = clocks::check(duty, timer, ctx.now)?;
            Ok(Decision::new(
                at,
                match timer.clone() {
                    Timer::Remind(said) => Body::ReportingReminded(said),
                    Timer::MarkOverdue(said) => Body::ReportingOverdue(said),
                },
            ))
        }
    }
}

/// What is handed in: the cases are frozen as they stand, so that the report can be read later as it was sent.
fn submit(
    duty: &Duty,
    report: &Report,
    act: &SubmitReport,
    ctx: &Context<'_>,
    cases: &[CaseNoted],
) -> Result<ReportSubmitted, Refusal> {
    if act.items.is_empty() && act.document.is_none() {
        return Err(Refusal::invalid(
            "items",
            "Cần ít nhất một nội dung hoặc một văn bản; nếu không có gì, dùng “không phát sinh”.",
            "At least one item or a document; where there is nothing, make a nil return.",
        ));
    }
    if act.items.len() > MOST_ITEMS {
        return Err(Refusal::invalid("items", "Tối đa 50 nội dung.", "At most 50 items."));
    }
    for (place, item) in act.items.iter().enumerate() {
        let topic = ctx.policy.organisation.topic(&item.topic);
        if !topic.is_some_and(|topic| topic.is_used(ctx.now)) {
            return Err(Refusal::invalid(
                &format!("items[{place}].topic"),
                "Không có lĩnh vực này, hoặc không còn dùng.",
                "There is no such topic, or it is used no more.",
            ));
        }
        required_text(&format!("items[{place}].text"), &item.text, LONGEST_ITEM)?;
    }
    if let Some(document) = &act.document {
        documents::check("document", document, calendar::local_date(ctx.now), ctx.policy)?;
        documents::issued_by("document", document, &[&report.agency])?;
    }
    optional_text("proposes_project", act.proposes_project.as_deref(), 1000)?;
    let asked = match report.state {
        State::Returned => duty.clocks.iter().find(|each| each.clock.key == ClockKey::Supplement),
        _ => None,
    };
    let due = asked.map_or(report.due, |asked| asked.clock.due);
    Ok(ReportSubmitted {
        items: act.items.clone(),
        document: act.document.clone(),
        cases: cases.to_vec(),
        proposes_project: act.proposes_project.clone(),
        late: ctx.now > due,
    })
}

/// The clock of a supplement: overdue at once when it is due, and again a working day later.
fn supplement(ctx: &Context<'_>) -> Result<Clock, OutsideCalendar> {
    let (rules, days) = (&ctx.policy.duties.reports, &ctx.policy.calendar);
    let due = days.add_working_days(ctx.now, rules.supplement_days)?;
    let morning = calendar::local(calendar::local_date(due), rules.reminder_time);
    let levels = vec![due, days.add_working_days(due, 1)?];
    Ok(Clock { key: ClockKey::Supplement, instance: 1, due, reminders: vec![morning], levels })
}

fn transfer(report: &Report, from: &AgencyId, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let organisation = &ctx.policy.organisation;
    let to = organisation.successor(from, ctx.now).filter(|_| report.holders().contains(from));
    let (Some(to), Some(at)) = (to, organisation.ends_at(from)) else {
        return Err(Refusal::bad_state("Không có gì để chuyển giao.", "There is nothing to pass on."));
    };
    let unit =
        organisation.liaison_unit(to, ctx.now).map_or_else(|| report.unit.clone(), |unit| unit.id.clone());
    let body = ReportTransferred { from: from.clone(), to: to.clone(), unit };
    Ok(Decision::new(at, Body::ReportTransferred(body)))
}

fn must_be(report: &Report, legal: &[State]) -> Result<(), Refusal> {
    if legal.contains(&report.state) {
        return Ok(());
    }
    let now = crate::labels::report_state(report.state);
    Err(Refusal::bad_state(
        format!("Trạng thái không cho phép: báo cáo đang ở “{}”.", now.vi),
        format!("The report stands at “{}”: this cannot be done now.", now.en),
    ))
}

/// Folds a fact; says whether it follows.
pub(super) fn evolve(report: &mut Report, fact: &Fact) -> bool {
    use State::{Accepted, NilReturned, Open, Returned, Submitted, Waived};
    let (from, to): (&[State], State) = match fact.body() {
        Body::ReportSubmitted(said) => {
            report.submitted.push(said.clone());
            report.late |= said.late && report.state == Open;
            (&[Open, Returned], Submitted)
        }
        Body::NilReturned(said) => {
            report.late |= said.late;
            (&[Open], NilReturned)
        }
        Body::ReportReturned(said) => {
            report.reason = Some(said.reason.clone());
            (&[Submitted, NilReturned], Returned)
        }
        Body::ReportAccepted(_) => (&[Submitted, NilReturned], Accepted),
        Body::ReportWaived(said) => {
            report.reason = Some(said.reason.clone());
            // Nothing is owed, so nothing is late.
            report.late = false;
            (&[Open, Returned], Waived)
        }
        Body::ReportTransferred(said) => {
            if report.agency == said.from {
                report.was_of.push(std::mem::replace(&mut report.agency, said.to.clone()));
                report.unit = said.unit.clone();
            } else {
                report.owed_to = said.to.clone();
            }
            return report.is_live();
        }
        Body::ReportingReminded(_) => return report.is_live(),
        Body::ReportingOverdue(said) => {
            if said.key == ClockKey::Report {
                (report.level, report.late) = (said.level, true);
            }
            return report.is_live();
        }
        _ => return false,
    };
    let follows = from.contains(&report.state);
    report.state = to;
    follows
}

/// What a month's report covers (DOMAIN §4): from the day on which the one before was due to the day before this one is;
/// a quarter's from the month before it.
fn period(cadence: Cadence, nominal: NaiveDate) -> Option<Period> {
    let back = match cadence {
        Cadence::Monthly => 1,
        Cadence::Quarterly => 3,
    };
    let from = nominal.checked_sub_months(Months::new(back))?;
    let until = nominal.pred_opt()?;
    Some(Period { cadence, year: nominal.year(), month: nominal.month(), from, until })
}

/// Whether a report of this cadence is owed in a month: a quarter's in its last one.
fn is_owed_in(cadence: Cadence, month: u32) -> bool {
    cadence == Cadence::Monthly || month.is_multiple_of(3)
}

/// When the report of a month is opened, and its clock.
fn clock(nominal: NaiveDate, policy: &Policy) -> Result<(Timestamp, Clock), OutsideCalendar> {
    let (rules, days) = (&policy.duties.reports, &policy.calendar);
    let day = rules.due_day(nominal, days)?;
    let due = calendar::local(day, days.end_of_day());
    let before = |n: u32| days.working_day_before(day, n);
    let opened = calendar::local(before(rules.open_days)?, rules.reminder_time);
    let reminders = rules.reminders.iter().map(|n| Ok(calendar::local(before(*n)?, rules.reminder_time)));
    let mut reminders: Vec<Timestamp> = reminders.collect::<Result<_, _>>()?;
    reminders.sort_unstable();
    let levels = rules.levels.iter().map(|n| days.add_working_days(due, *n));
    let mut levels: Vec<Timestamp> = levels.collect::<Result<_, _>>()?;
    levels.sort_unstable();
    Ok((opened, Clock { key: ClockKey::Report, instance: 1, due, reminders, levels }))
}

/// The day on which the report of a month is due, by the policy.
///
/// # Errors
/// A month beyond the years of the calendar.
pub fn due(year: i32, month: u32, policy: &Policy) -> Result<Option<Timestamp>, OutsideCalendar> {
    let nominal = policy.duties.reports.nominal(year, month);
    nominal.map(|nominal| clock(nominal, policy).map(|(_, clock)| clock.due)).transpose()
}

/// The months whose reports may be opened at a time: the last ones, this one and the next.
fn months_at(since: Timestamp, now: Timestamp) -> impl Iterator<Item = (i32, u32)> {
    let today = calendar::local_date(now);
    let earliest = today.checked_sub_months(Months::new(LATEST_MONTHS)).unwrap_or(today);
    let latest = today.checked_add_months(Months::new(1)).unwrap_or(today);
    rules::months(earliest.max(calendar::local_date(since)), latest)
}

/// When the reports of a month are opened, with their clock; `None` beyond the years of the calendar, of which an
/// administrator is warned when the policy is read.
fn opened(year: i32, month: u32, policy: &Policy) -> Option<(NaiveDate, Timestamp, Clock)> {
    let nominal = policy.duties.reports.nominal(year, month)?;
    let (at, clock) = clock(nominal, policy).ok()?;
    Some((nominal, at, clock))
}

/// The reports that can be handed in at `now`, as far as they were opened since `since`.
pub(super) fn openings(since: Timestamp, now: Timestamp, policy: &Policy) -> Vec<Step> {
    let reports = &policy.duties.reports;
    let mut steps = Vec::new();
    for (year, month) in months_at(since, now) {
        let Some((nominal, at, clock)) = opened(year, month, policy) else { continue };
        if at < since || at > now {
            continue;
        }
        for (agency, cadence) in reports.owing().filter(|(_, cadence)| is_owed_in(*cadence, month)) {
            let Some(period) = period(cadence, nominal) else { continue };
            if !policy.organisation.is_there(agency, at) {
                continue;
            }
            let opening = Opening { agency: agency.clone(), period, nominal, at, clock: clock.clone() };
            steps.push(Step {
                duty: DutyId::of_report(agency, year, month),
                name: "open".to_owned(),
                command: super::Command::Reporting(Command::Open(opening)),
                due: at,
            });
        }
    }
    steps
}

/// When the next reports are opened.
pub(super) fn next_opening(now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    policy.duties.reports.owing().next()?;
    let months = months_at(now, now);
    months.filter_map(|(year, month)| opened(year, month, policy)).map(|(_, at, _)| at).find(|at| *at > now)
}

#[cfg(test)]
mod tests;
