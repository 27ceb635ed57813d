//! The regular duties of the plan: reports on the 15th, briefings, planned projects (plan, II.1.1, II.2, III.2; DOMAIN
//! §3.6, §4).
//!
//! Each is an aggregate of its own, beside the cases, with versions and a chain of hashes. What they share stands here:
//! one way to decide, to fold and to find what must be done next; what they mean stands in a file each.

pub mod briefing;
pub mod clocks;
mod command;
mod guards;
pub mod papers;
pub mod project;
pub mod reporting;
mod rules;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike as _;
use events::{
    AgencyId, AggregateId, Body, CommandId, Digest, DutyId, Fact, Kind, Stage, Timestamp,
    briefing::ReportNoted,
    duty::{CaseNoted, ClockKey},
};

pub use clocks::{Running, Timer};
pub use command::{Command, Wanted, acts, begins, called, named, path, steps};
pub(crate) use rules::DutiesFile;
pub use rules::{DutyRules, Shift};
pub use steps::{Step, due, next_beginning, next_step, to_begin};

use crate::{
    access::{self, Principal},
    calendar,
    case::{Case, Happening, OutOfOrder, Receipt, Trace},
    deadlines,
    decision::{By, Context, Decision, Outcome},
    distribution::Distribution,
    labels::{self, Label},
    organisation::{Person, Role},
    policy::Policy,
    refusal::{Code, Refusal},
    stages,
};

/// A duty as its facts leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Its id.
    pub id: DutyId,
    /// The version of its newest fact.
    pub version: u32,
    /// The digest of its newest fact.
    pub head: Digest,
    /// Its newest fact and the request that led to it.
    pub last: Trace,
    /// When it began.
    pub begun_at: Timestamp,
    /// When its newest fact was recorded.
    pub recorded_at: Timestamp,
    /// The acts that made its facts: what makes a repeat recognisable for ever.
    pub acts: BTreeMap<CommandId, Receipt>,
    /// The clocks that were armed; which of them run is a question of state.
    pub clocks: Vec<Running>,
    /// What happened, oldest first, without reminders.
    pub history: Vec<Happening>,
    /// Who may see it.
    pub audience: BTreeSet<Principal>,
    /// The documents that it has brought.
    pub documents: BTreeSet<papers::Named>,
    /// Where they went.
    pub distributions: Vec<Distribution>,
    /// What it is.
    pub subject: Subject,
}

/// What a duty is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A report that is owed.
    Report(reporting::Report),
    /// A briefing.
    Briefing(briefing::Briefing),
    /// A planned project.
    Project(project::Project),
}

impl Subject {
    /// The stage that owns its facts.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Report(_) => Stage::Reporting,
            Self::Briefing(_) => Stage::Briefing,
            Self::Project(_) => Stage::Project,
        }
    }
}

/// What a decision sees of the rest of the log, as it was looked up for it ([`Command::looks_for`]).
#[derive(Clone, Copy, Debug, Default)]
pub struct Sight<'a> {
    /// The cases that were looked for, by their numbers.
    pub cases: &'a [CaseNoted],
    /// The reports that were looked for, by their agencies.
    pub reports: &'a [ReportNoted],
}

/// A state by its name in JSON.
pub(crate) fn named_state(state: impl serde::Serialize, label: Label) -> (String, Label) {
    let name = serde_json::to_value(state).ok().and_then(|name| name.as_str().map(str::to_owned));
    (name.unwrap_or_default(), label)
}

/// The acts of which any one settles what a clock is about.
pub const fn settling(key: ClockKey) -> &'static [&'static str] {
    match key {
        ClockKey::Report => &["submit-report", "nil-return"],
        ClockKey::Supplement => &["submit-report"],
        ClockKey::Task => &["report-conclusion"],
        ClockKey::Comment => &["give-comment"],
        ClockKey::Checkpoint => &["complete-checkpoint", "waive-checkpoint"],
    }
}

impl From<&Case> for Noted {
    fn from(case: &Case) -> Self {
        let overdue = deadlines::running(case).any(|armed| armed.level > 0);
        Self(CaseNoted { case: case.id, code: case.code.clone(), state: case.lifecycle, overdue })
    }
}

/// A case as a report or an agenda names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted(pub CaseNoted);

/// Says whether a command is legal, and which fact it makes; the checks are in the order of DESIGN D3.
pub fn decide(
    duty: Option<&Duty>,
    id: CommandId,
    fingerprint: Option<Digest>,
    command: &Command,
    ctx: &Context<'_>,
    sight: Sight<'_>,
) -> Result<Outcome, Refusal> {
    let Some(duty) = duty else {
        let acting = resolve(ctx, |ctx| may_begin(command, ctx))?;
        let ctx = &acting_as(ctx, acting.as_ref());
        let decision = match command {
            Command::Reporting(command) => reporting::begin(command, ctx),
            Command::Briefing(command) => briefing::begin(command, ctx),
            Command::Project(command) => project::begin(command, ctx),
            Command::Papers(_) => Err(Refusal::not_found()),
        }?;
        return Ok(Outcome::Fresh(Decision { acting: acting.map(Box::new), ..decision }));
    };
    if let By::Person(person) = ctx.by
        && !may_see(duty, person, ctx.policy, ctx.now)
    {
        return Err(Refusal::not_found());
    }
    if let Some(receipt) = duty.acts.get(&id) {
        return if receipt.fingerprint == fingerprint {
            Ok(Outcome::Repeat(*receipt))
        } else {
            Err(stages::key_reused())
        };
    }
    let acting = resolve(ctx, |ctx| may(duty, command, ctx))?;
    let ctx = &acting_as(ctx, acting.as_ref());
    if ctx.expected_version.is_some_and(|expected| expected != duty.version) {
        return Err(Refusal::new(
            Code::Conflict,
            "Dữ liệu đã thay đổi, hãy tải lại.",
            format!("It is at version {} now: reload it.", duty.version),
        ));
    }
    let decision = match (command, &duty.subject) {
        (Command::Reporting(command), Subject::Report(report)) => {
            reporting::decide(duty, report, command, ctx, sight)
        }
        (Command::Briefing(command), Subject::Briefing(briefing)) => {
            briefing::decide(duty, briefing, command, ctx, sight)
        }
        (Command::Project(command), Subject::Project(project)) => {
            project::decide(duty, project, command, ctx)
        }
        (Command::Papers(command), _) => papers::decide(duty, command, ctx),
        _ => Err(Refusal::not_found()),
    }?;
    Ok(Outcome::Fresh(Decision { acting: acting.map(Box::new), ..decision }))
}

fn acting_as<'a>(ctx: &Context<'a>, acting: Option<&'a Person>) -> Context<'a> {
    match acting {
        Some(person) => Context { by: By::Person(person), ..*ctx },
        None => *ctx,
    }
}

/// By what right a person acts: in the office in which he came (`None`), or in another one that he holds. Nothing of
/// the regular duties is delegated (DOMAIN §2).
fn resolve(
    ctx: &Context<'_>,
    may: impl Fn(&Context<'_>) -> Result<(), Refusal>,
) -> Result<Option<Person>, Refusal> {
    let refusal = match (may(ctx), ctx.by) {
        (Ok(()), _) => return Ok(None),
        (Err(refusal), By::System) => return Err(refusal),
        (Err(refusal), By::Person(_)) if refusal.code != Code::NotAuthorised => return Err(refusal),
        (Err(refusal), By::Person(_)) => refusal,
    };
    let person = ctx.person()?;
    let standings = ctx.policy.organisation.standings(&person.officer, ctx.now);
    let others = standings.filter(|other| other.office != person.office);
    let able = |other: &Person| may(&Context { by: By::Person(other), ..*ctx }).is_ok();
    others.into_iter().find(able).map(Some).ok_or(refusal)
}

fn may_begin(command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.within_the_matrix()?;
    must_be_alive(ctx)?;
    match command {
        Command::Reporting(_) => ctx.system(),
        Command::Briefing(command) => briefing::may_begin(command, ctx),
        Command::Project(command) => project::may_begin(command, ctx),
        Command::Papers(_) => Err(Refusal::not_found()),
    }
}

fn may(duty: &Duty, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.within_the_matrix()?;
    must_be_alive(ctx)?;
    match (command, &duty.subject) {
        (Command::Reporting(command), Subject::Report(report)) => reporting::authorise(report, command, ctx),
        (Command::Briefing(command), Subject::Briefing(briefing)) => {
            briefing::authorise(briefing, command, ctx)
        }
        (Command::Project(command), Subject::Project(project)) => project::authorise(project, command, ctx),
        (Command::Papers(_), _) => papers::authorise(duty, ctx),
        _ => Err(Refusal::not_found()),
    }
}

fn must_be_alive(ctx: &Context<'_>) -> Result<(), Refusal> {
    match ctx.by {
        By::Person(person) if ctx.policy.organisation.has_ended(&person.agency, ctx.now) => {
            Err(Refusal::not_authorised(
                "Cơ quan này đã kết thúc hoạt động; việc của cơ quan thuộc về cơ quan kế thừa.",
                "This agency is no more: what was its to do is its successor's.",
            ))
        }
        _ => Ok(()),
    }
}

/// An officer of one of these roles, of one of these agencies.
pub(crate) fn must_be_of<'a>(
    ctx: &Context<'_>,
    roles: &[Role],
    agencies: impl IntoIterator<Item = &'a AgencyId>,
) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if !agencies.into_iter().any(|agency| *agency == person.agency) {
        return Err(Refusal::not_authorised(
            "Việc này thuộc về cơ quan khác.",
            "This is another agency's to do.",
        ));
    }
    if !roles.contains(&person.role) {
        return Err(Refusal::not_authorised(
            "Chức vụ của đồng chí không được thực hiện việc này.",
            "Your office may not do this.",
        ));
    }
    Ok(())
}

/// Whether a person may see a duty.
pub fn may_see(duty: &Duty, person: &Person, policy: &Policy, now: Timestamp) -> bool {
    !access::principals(person, policy, now).is_disjoint(&duty.audience)
}

/// Folds a fact into its duty.
pub fn evolve(duty: Option<Duty>, fact: &Fact) -> Result<Duty, OutOfOrder> {
    let (version, kind) = (fact.version, fact.body().kind());
    let expected = duty.as_ref().map_or(1, |duty| duty.version + 1);
    if version != expected {
        return Err(OutOfOrder::Version { expected, found: version });
    }
    if fact.previous != duty.as_ref().map_or(Digest::ZERO, |duty| duty.head) {
        return Err(OutOfOrder::Chain { version });
    }
    if duty.as_ref().is_some_and(|duty| fact.recorded_at < duty.recorded_at) {
        return Err(OutOfOrder::Time { version });
    }
    let place = || OutOfOrder::Place { version, kind };
    let AggregateId::Duty(id) = fact.draft.aggregate else { return Err(place()) };
    let origin = fact.origin();
    let last = Trace { event: fact.draft.id, correlation: origin.correlation };
    let begun = duty.is_none();
    let mut duty = match duty {
        Some(duty) if duty.id != id => return Err(place()),
        Some(duty) => duty,
        None => Duty {
            id,
            version,
            head: fact.digest,
            last,
            begun_at: origin.occurred_at,
            recorded_at: fact.recorded_at,
            acts: BTreeMap::new(),
            clocks: Vec::new(),
            history: Vec::new(),
            audience: BTreeSet::new(),
            documents: BTreeSet::new(),
            distributions: Vec::new(),
            subject: begun_by(fact).ok_or_else(place)?,
        },
    };
    let papers = papers::evolve(&mut duty.documents, &mut duty.distributions, fact);
    if !papers && kind.stage() != duty.subject.stage() {
        return Err(place());
    }
    duty.version = version;
    duty.head = fact.digest;
    duty.last = last;
    duty.recorded_at = fact.recorded_at;
    let receipt = Receipt { version, event: fact.draft.id, fingerprint: origin.fingerprint };
    duty.acts.insert(origin.command, receipt);
    clocks::follow(&mut duty.clocks, fact);
    let follows = begun
        || papers
        || match &mut duty.subject {
            Subject::Report(report) => reporting::evolve(report, fact),
            Subject::Briefing(briefing) => briefing::evolve(briefing, fact),
            Subject::Project(project) => project::evolve(project, fact),
        };
    if !follows {
        return Err(OutOfOrder::State { version, kind });
    }
    if !is_reminder(kind) {
        duty.history.push(Happening::of(fact));
    }
    duty.audience = match &duty.subject {
        Subject::Report(report) => reporting::audience(report),
        Subject::Briefing(briefing) => briefing::audience(briefing),
        Subject::Project(project) => project::audience(project),
    };
    Ok(duty)
}

/// A reminder is no part of the story.
fn is_reminder(kind: Kind) -> bool {
    matches!(kind, Kind::ReportingReminded | Kind::BriefingReminded | Kind::ProjectReminded)
}

fn begun_by(fact: &Fact) -> Option<Subject> {
    match fact.body() {
        Body::ReportOpened(said) => Some(Subject::Report(reporting::Report::begun(said))),
        Body::BriefingScheduled(said) => Some(Subject::Briefing(briefing::Briefing::begun(said))),
        Body::ProjectProposed(said) => Some(Subject::Project(project::Project::begun(said))),
        _ => None,
    }
}

impl Duty {
    /// Whether something may still be done, or asked for, in it.
    pub fn is_live(&self) -> bool {
        match &self.subject {
            Subject::Report(report) => report.is_live(),
            Subject::Briefing(briefing) => briefing.is_live(),
            Subject::Project(project) => project.is_live(),
        }
    }

    /// The number that people use for it: without meaning, so that it may stand in a mail.
    pub fn code(&self) -> String {
        match &self.subject {
            Subject::Report(report) => report.period.to_string(),
            Subject::Briefing(briefing) => briefing.code(self.id),
            Subject::Project(_) => {
                let year = calendar::local_date(self.begun_at).format("%Y");
                format!("DA-{year}-{}", &self.id.to_string()[..6].to_uppercase())
            }
        }
    }

    /// The agency that owes what a clock is about; `None` where it does not run any more.
    pub fn owing(&self, running: &Running) -> Option<&AgencyId> {
        let (key, instance) = (running.clock.key, running.clock.instance);
        match &self.subject {
            Subject::Report(report) => report.owing(key),
            Subject::Briefing(briefing) => briefing.owing(key, instance),
            Subject::Project(project) => project.owing(key, instance),
        }
    }

    /// The clocks that run, each with the agency that owes.
    pub fn running(&self) -> impl Iterator<Item = (&Running, &AgencyId)> {
        self.clocks.iter().filter_map(|running| Some((running, self.owing(running)?)))
    }

    /// Where it stands, and what that is called.
    pub fn state(&self) -> (String, Label) {
        match &self.subject {
            Subject::Report(report) => named_state(report.state, labels::report_state(report.state)),
            Subject::Briefing(briefing) => {
                named_state(briefing.state, labels::briefing_state(briefing.state))
            }
            Subject::Project(project) => named_state(project.state, labels::project_state(project.state)),
        }
    }

    /// The agency that owes it, calls it, or proposes it.
    pub fn agency(&self) -> &AgencyId {
        match &self.subject {
            Subject::Report(report) => &report.agency,
            Subject::Briefing(briefing) => &briefing.chair,
            Subject::Project(project) => &project.agency,
        }
    }

    /// Something is overdue in it, or came late.
    pub fn is_late(&self) -> bool {
        let report = matches!(&self.subject, Subject::Report(report) if report.late);
        report || self.running().any(|(running, _)| running.level > 0)
    }

    /// The month that it belongs to, by local time: in which a report is owed, a briefing is held, a project was proposed.
    pub fn month(&self) -> (i32, u32) {
        let of = |at| {
            let day = calendar::local_date(at);
            (day.year(), day.month())
        };
        match &self.subject {
            Subject::Report(report) => (report.period.year, report.period.month),
            Subject::Briefing(briefing) => of(briefing.at),
            Subject::Project(_) => of(self.begun_at),
        }
    }

    /// Whether an agency takes part in it.
    pub fn involves(&self, agency: &AgencyId) -> bool {
        self.agency() == agency || self.audience.contains(&Principal::Agency(agency.clone()))
    }

    /// The agencies that have something to do in it, for who takes over when one of them ends.
    fn holders(&self) -> BTreeSet<&AgencyId> {
        match &self.subject {
            Subject::Report(report) => report.holders(),
            Subject::Briefing(briefing) => briefing.holders(),
            Subject::Project(project) => project.holders(),
        }
    }
}

#[cfg(test)]
mod tests;
