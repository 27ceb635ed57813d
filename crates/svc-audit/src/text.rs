//! A replay as text: one line for each fact, in local time, without the content of the case.

use std::io::{self, Write};

use chrono::{DateTime, FixedOffset};
use domain::{
    Case,
    calendar::LOCAL,
    deadlines,
    stages::{escalation::Submitted, taskforce::TaskforceState},
};
use events::{
    Actor, Body, Fact, Timestamp,
    coordination::{Closes, Position},
    escalation::Instruction,
    taskforce::Member,
    terms::{Deadline, Document, Lifecycle},
};

use crate::replay::Summary;

/// Writes lines; remembers the day, so that each is named once.
pub(crate) struct Printer {
    colour: bool,
}

impl Printer {
    pub(crate) fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// One fact: when, who, what, and where it leaves the case.
    pub(crate) fn fact(&mut self, out: &mut impl Write, fact: &Fact, case: Option<&Case>) -> io::Result<()> {
        let origin = fact.origin();
        let code = case.and_then(|case| case.code.as_ref()).map_or("–", |code| code.as_str());
        let kind = fact.body().kind();
        let who = match &origin.actor {
            Actor::Person { officer, office, .. } => format!("{officer} ({office})"),
            Actor::System { service } => format!("[{service}]"),
        };
        let details = details(fact).join(" · ");
        write!(out, "{}  {code:<14} {:>3}  ", self.paint(DIM, &moment(origin.occurred_at)), fact.version)?;
        write!(out, "{}  ", self.paint(BOLD, &format!("{kind:<36}", kind = kind.name())))?;
        let state = fact.draft.transition.map(|moved| format!("→ {}  ", state(moved.to))).unwrap_or_default();
        let rest = format!("{who:<36}  {}{details}", self.paint(GREEN, &state));
        writeln!(out, "{}", rest.trim_end())
    }

    /// Where a case stands at the end.
    pub(crate) fn case(&mut self, out: &mut impl Write, case: &Case) -> io::Result<()> {
        let code = case.code.as_ref().map_or("–", |code| code.as_str());
        writeln!(out)?;
        writeln!(out, "{}  {}", self.paint(BOLD, code), self.paint(GREEN, state(case.lifecycle)))?;
        for confirmation in &case.confirmations {
            let late = if confirmation.late { ", late" } else { "" };
            let caller = confirmation.caller.map(|caller| format!(", caller {caller:?}")).unwrap_or_default();
            writeln!(out, "  written confirmation {:?}{late}{caller}", confirmation.written)?;
        }
        if case.taskforce.state != TaskforceState::None {
            writeln!(out, "  task force {:?}", case.taskforce.state)?;
        }
        for dossier in &case.escalation.dossiers {
            let number = dossier.number;
            match (&dossier.submitted, &dossier.directive) {
                (Some(submitted), directive) => {
                    let answer = directive.as_ref().map(|directive| directive.document.printed());
                    let answer =
                        answer.map_or("no answer yet".to_owned(), |printed| format!("answered by {printed}"));
                    writeln!(out, "  dossier {number}, {answer}, digest {}", seal(submitted))?;
                }
                (None, _) => writeln!(out, "  dossier {number}, not sent up")?,
            }
        }
        for item in &case.escalation.instructions {
            let late = if item.is_late() { ", late" } else { "" };
            let Instruction { item: number, agency, .. } = &item.instruction;
            writeln!(out, "  item {number} of {agency} {:?}{late}", item.state)?;
        }
        for armed in deadlines::running(case) {
            let Deadline { key, instance, due, .. } = armed.deadline;
            let level =
                if armed.level > 0 { format!(", overdue level {}", armed.level) } else { String::new() };
            writeln!(out, "  running: {key} {instance}, due {}{level}", moment(due))?;
        }
        Ok(())
    }

    /// The last line: what was read, and whether it holds together.
    pub(crate) fn summary(
        &mut self,
        out: &mut impl Write,
        summary: &Summary,
        at: Option<Timestamp>,
    ) -> io::Result<()> {
        let Summary { facts, cases, faults } = *summary;
        let at = at.map(|at| format!(" as recorded by {}", moment(at))).unwrap_or_default();
        let facts = if facts == 1 { "1 fact".to_owned() } else { format!("{facts} facts") };
        let cases = if cases == 1 { "1 case".to_owned() } else { format!("{cases} cases") };
        writeln!(out)?;
        if faults == 0 {
            let sound = self.paint(GREEN, "the chain is unbroken, no version is missing");
            writeln!(out, "{facts}, {cases}{at}: {sound}")
        } else {
            let broken = self.paint(RED, &format!("{faults} FAULTS"));
            writeln!(out, "{facts}, {cases}{at}: {broken}, see the lines that begin with !!")
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const RED: &str = "31";

/// Whether a dossier that is compiled again from the log has the digest that was recorded.
fn seal(submitted: &Submitted) -> &'static str {
    if submitted.content.digest() == submitted.digest { "agrees" } else { "DIFFERS" }
}

/// Local time, to the second.
fn moment(at: Timestamp) -> String {
    let local: DateTime<FixedOffset> = at.with_timezone(&LOCAL);
    local.format("%d/%m/%Y %H:%M:%S").to_string()
}

/// A due time: the day too, because periods run over midnight.
fn due(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%d/%m %H:%M").to_string()
}

/// The state by its name in DOMAIN §3.1.
fn state(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Received => "Received",
        Lifecycle::Routed => "Routed",
        Lifecycle::InCoordination => "InCoordination",
        Lifecycle::Agreed => "Agreed",
        Lifecycle::Disputed => "Disputed",
        Lifecycle::Escalated => "Escalated",
        Lifecycle::Directed => "Directed",
        Lifecycle::Closed => "Closed",
        Lifecycle::Withdrawn => "Withdrawn",
        Lifecycle::Cancelled => "Cancelled",
        Lifecycle::Merged => "Merged",
    }
}

/// What a fact says beyond its type: states, levels and deadlines, never the matter itself.
fn details(fact: &Fact) -> Vec<String> {
    let mut details = match fact.body() {
        Body::RaisedByPhone(raised) => {
            let mut said = vec![format!("{} to {}", raised.parties.raiser, raised.parties.receiver)];
            said.extend(raised.late_logged.then(|| "logged late".to_owned()));
            said
        }
        Body::RaisedInWriting(raised) => vec![
            format!("{} to {}", raised.parties.raiser, raised.parties.receiver),
            raised.document.printed(),
        ],
        Body::Numbered(numbered) => vec![numbered.code.to_string()],
        Body::CallbackVerified(_)
        | Body::CallbackFailed(_)
        | Body::CallbackUnreachable(_)
        | Body::WrittenMatched(_)
        | Body::WrittenDiscrepant(_)
        | Body::CorrectedRequested(_)
        | Body::DossierReceived(_) => Vec::new(),
        Body::WrittenReceived(received) => {
            let mut said = vec![received.document.printed()];
            said.extend(received.late.then(|| "late".to_owned()));
            said
        }
        Body::CaseRouted(routed) => routed
            .assignments
            .iter()
            .map(|each| {
                let lead = if each.lead { " leads" } else { "" };
                format!("{}{lead}: {} {:?}", each.agency, each.holder, each.level)
            })
            .collect(),
        Body::AssignmentAcknowledged(said) => vec![format!("assignment {} by {}", said.assignment, said.by)],
        Body::FallbackAssigned(said) => {
            vec![format!("{:?}: {} {:?}", said.because, said.next.holder, said.next.level)]
        }
        Body::ChiefReminded(said) => vec![format!("assignment {}, time {}", said.assignment, said.times)],
        Body::ConfirmationReminded(said)
        | Body::RoutingReminded(said)
        | Body::CoordinationReminded(said)
        | Body::TaskforceReminded(said)
        | Body::EscalationReminded(said)
        | Body::ClosureReminded(said) => {
            vec![format!("{} {}, {} %", said.key, said.instance, said.share)]
        }
        Body::ConfirmationOverdue(said)
        | Body::RoutingOverdue(said)
        | Body::CoordinationOverdue(said)
        | Body::TaskforceOverdue(said)
        | Body::EscalationOverdue(said)
        | Body::ClosureOverdue(said) => {
            let owing = said.owing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            vec![format!("{} {}, level {}, owed by {owing}", said.key, said.instance, said.level)]
        }
        Body::CoordinationOpened(opened) => vec![format!("round {}", opened.round.number)],
        Body::PositionRecorded(said) => {
            let mut words = vec![format!("{}: {}", said.agency, position(&said.position))];
            words.extend(said.split.map(|side| format!("side {side:?} is split")));
            words.extend(said.closes.as_ref().map(|closes| match closes {
                Closes::Agreed => "agreed".to_owned(),
                Closes::Next(round) => format!("next round {}", round.number),
                Closes::Disputed => "disputed".to_owned(),
            }));
            words
        }
        Body::OpinionRecorded(said) => vec![format!("{}: {}", said.agency, position(&said.position))],
        Body::ClosureProposed(said) => vec![format!("side {:?}, {:?}", said.side, said.outcome)],
        Body::CaseClosed(closed) => vec![format!("{:?}", closed.outcome)],
        Body::ClosureRejected(said) => vec![format!("proposal {}", said.proposal)],
        Body::DiscrepancyExplained(said) => vec![format!("explanation {}", said.explanation)],
        Body::WrittenReconciled(said) => {
            vec![format!("explanation {}", said.explanation), format!("{:?} prevails", said.prevails)]
        }
        Body::AssignmentDeclined(said) => vec![format!("assignment {} by {}", said.assignment, said.by)],
        Body::CaseRerouted(said) => {
            vec![format!("assignment {}: {} {:?}", said.assignment, said.next.holder, said.next.level)]
        }
        Body::AgencyAdded(said) => vec![
            format!("{} {:?}", said.assignment.agency, said.role),
            format!("{} {:?}", said.assignment.holder, said.assignment.level),
        ],
        Body::DisagreementDeclared(said) => vec![format!("side {:?}", said.side)],
        Body::SettlementProposed(said) => vec![format!("proposal {}, side {:?}", said.proposal, said.side)],
        Body::AgreementReached(said) => vec![format!("proposal {}", said.proposal)],
        Body::TaskforceProposed(said) => {
            let agencies: Vec<_> = said.mandate.agencies.iter().map(ToString::to_string).collect();
            vec![format!("{} invites {}", said.by, agencies.join(", "))]
        }
        Body::TaskforceProposalWithdrawn(said) => vec![format!("proposal {}", said.proposal)],
        Body::MemberNominated(said) => vec![member(&said.member)],
        Body::ConsentGiven(said) => {
            let mut words = vec![said.agency.to_string()];
            words.extend(said.member.as_ref().map(member));
            words.extend(said.completes.then(|| "complete".to_owned()));
            words
        }
        Body::ConsentRefused(said) => vec![said.agency.to_string()],
        Body::TaskforceEstablished(said) => {
            let mut words = vec![format!("by {}", said.by), said.document.printed()];
            words.extend(said.by_directive.then(|| "by directive".to_owned()));
            words.extend(said.members.iter().map(member));
            words
        }
        Body::MeetingScheduled(said) => vec![format!("meeting {}, {}", said.meeting, due(said.at))],
        Body::MinutesRecorded(said) => vec![format!("meeting {}", said.meeting), said.document.printed()],
        Body::TaskAssigned(said) => {
            vec![format!("task {}: {}, due {}", said.task, said.owner, due(said.due))]
        }
        Body::TaskCompleted(said) => vec![format!("task {}", said.task)],
        Body::MemberReplaced(said) => vec![format!("{} by {}", said.old, member(&said.new))],
        Body::TermEnded(said) => vec![said.until.format("%d/%m/%Y").to_string()],
        Body::TaskforceDissolved(said) => {
            let mut words = vec![said.report.printed()];
            words.extend(said.transfers.iter().map(|each| format!("task {} goes to {}", each.task, each.to)));
            words
        }
        Body::StatementFiled(said) => {
            let mut words = vec![format!("side {:?} by {}", said.side, said.agency)];
            words.extend(said.completes.then(|| "complete".to_owned()));
            words
        }
        Body::CaseEscalated(said) => {
            let mut words =
                vec![format!("dossier {}, requested by {}", said.dossier, due(said.requested_by))];
            words.extend(said.document.as_ref().map(Document::printed));
            words.extend(said.silent.iter().map(|side| format!("side {side:?} silent")));
            words.push(format!("digest {}", said.digest));
            words
        }
        Body::InfoRequested(said) => vec![format!("question {} to {}", said.request, said.agency)],
        Body::InfoSupplied(said) => vec![format!("question {} by {}", said.request, said.agency)],
        Body::DirectiveIssued(said) => {
            let items = said.instructions.iter();
            let items = items.map(|each| format!("item {}: {}", each.item, each.agency));
            [said.document.printed()].into_iter().chain(items).collect()
        }
        Body::InstructionAcknowledged(said) => {
            let items: Vec<_> = said.items.iter().map(ToString::to_string).collect();
            vec![format!("{}: item {}", said.agency, items.join(", "))]
        }
        Body::InstructionReported(said) => {
            let mut words = vec![format!("item {}", said.item), said.document.printed()];
            words.extend(said.late.then(|| "late".to_owned()));
            words
        }
        Body::InstructionAccepted(said) => vec![format!("item {}", said.item)],
        Body::InstructionRejected(said) => vec![format!("item {}", said.item)],
        Body::CaseWithdrawn(said) => vec![said.document.printed()],
        Body::CancellationProposed(said) => vec![format!("proposal {}, {:?}", said.proposal, said.reason)],
        Body::CaseCancelled(said) => vec![format!("proposal {}, {:?}", said.proposal, said.reason)],
        Body::DocumentRegistered(registered) => vec![registered.document.printed()],
    };
    details.extend(
        fact.draft
            .deadlines
            .iter()
            .map(|deadline| format!("{} {} due {}", deadline.key, deadline.instance, due(deadline.due))),
    );
    details
}

fn member(member: &Member) -> String {
    format!("{} {}{}", member.agency, member.officer, if member.lead { " leads" } else { "" })
}

fn position(position: &Position) -> &'static str {
    match position {
        Position::Agree { .. } => "Agree",
        Position::Disagree { .. } => "Disagree",
        Position::Counter { .. } => "Counter",
    }
}
