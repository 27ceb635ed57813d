//! What a fact says beyond its type, in a few words: states, levels and deadlines, never the matter itself.

use std::collections::BTreeSet;

use events::{
    AgencyId, Body, Fact, Timestamp,
    coordination::{Closes, Position},
    directory::{Basis, Delegate, Delegation},
    duty::{Clock, ClockKey},
    taskforce::Member,
    terms::Document,
};

use domain::calendar::LOCAL;

use super::due;

/// What a fact says beyond its type: states, levels and deadlines, never the matter itself.
#[expect(clippy::too_many_lines, reason = "a table: one row for each type of fact")]
pub(crate) fn details(fact: &Fact) -> Vec<String> {
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
        | Body::DossierReceived(_)
        | Body::CaseReopened(_)
        | Body::NoteAdded(_)
        | Body::ReportAccepted(_)
        | Body::ReportWaived(_)
        | Body::BriefingCancelled(_)
        | Body::PlanningAccepted(_)
        | Body::PlanningDeclined(_)
        | Body::ProjectSuspended(_)
        | Body::ProjectCancelled(_) => Vec::new(),
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
            words.extend(said.closes.as_ref().map(closes));
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
        Body::RoundOpened(opened) => vec![format!("round {}", opened.round.number)],
        Body::CoordinationReopened(said) => vec![format!("round {}", said.round.number)],
        Body::CoordinationReevaluated(said) => {
            let mut words = vec![format!("round {}", said.round)];
            words.extend(said.split.map(|side| format!("side {side:?} is split")));
            words.extend(said.closes.as_ref().map(closes));
            words
        }
        Body::DutiesTransferred(said) => {
            let mut words = vec![format!("{} to {}", said.from, said.to)];
            let next = said.assignments.iter().filter_map(|each| each.next.as_ref());
            words.extend(next.map(|next| format!("{} {:?}", next.holder, next.level)));
            words
        }
        Body::JointAdviceProposed(said) => {
            vec![
                format!("proposal {} to {:?}", said.proposal, said.addressee),
                format!("digest {}", said.digest),
            ]
        }
        Body::DirectiveReturned(said) => vec![format!("dossier {}", said.dossier)],
        Body::DirectiveNoted(said) => vec![format!("dossier {}", said.dossier)],
        Body::DossierWithdrawalProposed(said) => {
            vec![format!("proposal {}, side {:?}", said.proposal, said.side), said.document.printed()]
        }
        Body::DossierWithdrawalAgreed(said) => vec![format!("proposal {}", said.proposal)],
        Body::DossierWithdrawn(said) => vec![format!("proposal {}, dossier {}", said.proposal, said.dossier)],
        Body::CaseMerged(said) => vec![format!("into {}", said.into)],
        Body::IntakesAdopted(said) => {
            let mut words = vec![format!("from {}", said.from), format!("{:?}", said.urgency)];
            words.extend(said.intakes.iter().map(|each| {
                format!("intake {} (was {}): {}, {:?}", each.number, each.was, each.raiser, each.written)
            }));
            words.extend(said.required.iter().map(|agency| format!("{agency} required")));
            words.extend(said.consulted.iter().map(|agency| format!("{agency} consulted")));
            words
        }
        Body::CaseLinked(said) => vec![format!("link {}: {:?} {}", said.link, said.kind, said.other)],
        Body::CaseUnlinked(said) => vec![format!("link {}", said.link)],
        Body::UrgencyChanged(said) => vec![format!("{:?} to {:?}", said.from, said.to)],
        Body::DeadlineExtended(said) => {
            vec![format!("{} {} was due {}", said.key, said.instance, due(said.from))]
        }
        Body::DocumentAttached(said) => vec![said.document.printed()],
        Body::SecretReferenced(said) => vec![
            format!("held by {}", said.holding_agency),
            format!("entry {} of {}", said.register_entry, said.date.format("%d/%m/%Y")),
        ],
        Body::DistributionRecorded(said) | Body::DocumentDistributed(said) => {
            let mut words = vec![
                format!("distribution {}: {}", said.distribution, said.document),
                format!("{} recipients", said.recipients.len()),
            ];
            let groups: BTreeSet<_> = said.recipients.iter().filter_map(|each| each.group.as_ref()).collect();
            words.extend(groups.into_iter().map(|group| format!("group {group}")));
            words
        }
        Body::DeliveryRecorded(said) | Body::DocumentDelivered(said) => {
            vec![format!(
                "distribution {}, recipient {}, delivered {}",
                said.distribution,
                said.recipient,
                due(said.delivered_at)
            )]
        }
        Body::ReceiptRecorded(said) | Body::DocumentReceived(said) => {
            vec![format!(
                "distribution {}, recipient {}, {}",
                said.distribution,
                said.recipient,
                due(said.received_at)
            )]
        }
        Body::Corrected(said) => {
            let how = if said.text.is_some() { "corrected" } else { "covered" };
            vec![format!("{} {how}", said.field)]
        }
        Body::DocumentRegistered(registered) => vec![registered.document.printed()],
        Body::PolicyPublished(said) => vec![format!("{} in force {}", said.version, day(said.in_force))],
        Body::OfficerRegistered(said) => vec![said.officer.to_string()],
        Body::OfficeTaken(said) => {
            let until = said.until.map(|until| format!(" until {}", day(until))).unwrap_or_default();
            let acting = if said.acting { ", acting" } else { "" };
            let from = day(said.from);
            vec![
                format!("{} holds {} from {from}{until}{acting}", said.officer, said.office),
                printed(&said.basis),
            ]
        }
        Body::OfficeLeft(said) => {
            vec![format!("{} leaves {} on {}", said.officer, said.office, day(said.at)), printed(&said.basis)]
        }
        Body::AbsenceReported(said) => {
            vec![format!("{} from {} until {}", said.officer, day(said.from), day(said.until))]
        }
        Body::AbsenceEnded(said) => vec![format!("absence {} ends {}", said.absence, day(said.at))],
        Body::DelegationGranted(said) => delegation(&said.delegation),
        Body::DelegationRevoked(said) => vec![said.delegation.to_string()],
        Body::DelegationExpiring(said) => vec![format!("{} in {} days", said.delegation, said.days)],
        Body::DelegationExpired(said) => vec![said.delegation.to_string()],
        Body::DelegationsPassed(said) => {
            let next = said.delegations.iter().filter_map(|passed| passed.next.as_ref());
            let mut words = vec![format!("{} to {}", said.from, said.to)];
            words.extend(next.flat_map(delegation));
            words
        }
        Body::AgreementProposed(said) => {
            let parties: Vec<_> =
                said.parties.iter().map(|each| format!("side {:?} {}", each.side, each.agency)).collect();
            let (from, until) = (said.from.format("%d/%m/%Y"), said.until.format("%d/%m/%Y"));
            vec![
                format!("agreement {}: {}", said.agreement, parties.join(", ")),
                format!("from {from} until {until}"),
                printed(&said.basis),
            ]
        }
        Body::AgreementSigned(said) => {
            let mut words =
                vec![format!("agreement {}, side {:?} {}", said.agreement, said.side, said.agency)];
            words.extend(said.in_force.map(|from| format!("in force {}", day(from))));
            words
        }
        Body::AgreementExpired(said) => vec![format!("agreement {}", said.agreement)],
        Body::AmendmentProposed(said) => {
            let files: Vec<_> = said.files.iter().map(|file| file.name.as_str()).collect();
            vec![
                format!("amendment {} to {}: {}", said.amendment, said.version, files.join(", ")),
                format!("in force {}", day(said.effective_from)),
                printed(&said.basis),
            ]
        }
        Body::AmendmentAgreed(said) => {
            let both = if said.completes { ", both sides" } else { "" };
            vec![format!("amendment {}, side {:?} {}{both}", said.amendment, said.side, said.agency)]
        }
        Body::AmendmentWithdrawn(said) => vec![format!("amendment {}", said.amendment)],
        Body::ReportOpened(said) => {
            vec![format!("{}: {} to {}", said.period, said.agency, said.owed_to), clock(&said.clock)]
        }
        Body::ReportSubmitted(said) => {
            let mut words = vec![format!("{} items", said.items.len())];
            words.extend(said.document.as_ref().map(Document::printed));
            words.extend((!said.cases.is_empty()).then(|| format!("{} cases named", said.cases.len())));
            words.extend(said.proposes_project.as_ref().map(|_| "proposes a project".to_owned()));
            words.extend(late(said.late));
            words
        }
        Body::NilReturned(said) => late(said.late).into_iter().collect(),
        Body::ReportReturned(said) => vec![clock(&said.clock)],
        Body::ReportTransferred(said) => vec![format!("{} to {} {}", said.from, said.to, said.unit)],
        Body::ReportingReminded(said) | Body::BriefingReminded(said) | Body::ProjectReminded(said) => {
            let what = format!("{} {}", key(said.key), said.instance);
            vec![format!("{what}, reminder {}, owed by {}, due {}", said.reminder, said.owing, due(said.due))]
        }
        Body::ReportingOverdue(said) | Body::BriefingOverdue(said) | Body::ProjectOverdue(said) => {
            vec![format!("{} {}, level {}, owed by {}", key(said.key), said.instance, said.level, said.owing)]
        }
        Body::BriefingScheduled(said) => vec![
            format!("{:?}, {}, chaired by {}", said.kind, due(said.at), said.chair),
            format!("invites {}", agencies(&said.invited)),
        ],
        Body::AgendaCompiled(said) => vec![
            format!("edition {}", said.edition),
            format!("{} cases, {} reports", said.cases.len(), said.reports.len()),
        ],
        Body::AgendaItemAdded(said) => vec![format!("item {}", said.item)],
        Body::BriefingRescheduled(said) => vec![due(said.at)],
        Body::BriefingHeld(said) => vec![format!("attended by {}", agencies(&said.attended))],
        Body::MinutesIssued(said) => {
            let tasks = said.conclusions.iter();
            let tasks = tasks.map(|each| format!("{} of {}", clock(&each.clock), each.agency));
            [said.document.printed()].into_iter().chain(tasks).collect()
        }
        Body::TaskReported(said) => {
            let mut words = vec![format!("task {}", said.task)];
            words.extend(said.document.as_ref().map(Document::printed));
            words.extend(late(said.late));
            words
        }
        Body::TaskAccepted(said) => vec![format!("task {}", said.task)],
        Body::TaskReturned(said) => vec![clock(&said.clock)],
        Body::BriefingTransferred(said) => vec![format!("{} to {}", said.from, said.to)],
        Body::ProjectProposed(said) => {
            let mut words = vec![format!("{} asks {}", said.agency, said.asked)];
            words.extend((!said.partners.is_empty()).then(|| format!("with {}", agencies(&said.partners))));
            words.extend(said.document.as_ref().map(Document::printed));
            words
        }
        Body::PlanSubmitted(said) => {
            let checkpoints = said.checkpoints.iter();
            let checkpoints = checkpoints.map(|each| format!("{} of {}", clock(&each.clock), each.owner));
            [format!("edition {}", said.edition), said.document.printed()]
                .into_iter()
                .chain(checkpoints)
                .collect()
        }
        Body::CommentRequested(said) => vec![format!("{} of {}", clock(&said.clock), said.agency)],
        Body::CommentGiven(said) => {
            let mut words = vec![format!("comment {}", said.request)];
            words.extend(said.document.as_ref().map(Document::printed));
            words.extend(late(said.late));
            words
        }
        Body::PlanAgreed(said) => vec![format!("edition {}, side {:?}", said.edition, said.side)],
        Body::PhaseEntered(said) => {
            let mut words = vec![format!("{:?}", said.phase)];
            words.extend(said.report.as_ref().map(Document::printed));
            words
        }
        Body::CheckpointCompleted(said) => {
            let mut words =
                vec![format!("checkpoint {} on {}", said.checkpoint, said.done_on.format("%d/%m/%Y"))];
            words.extend(said.document.as_ref().map(Document::printed));
            words.extend(late(said.late));
            words
        }
        Body::CheckpointWaived(said) => vec![format!("checkpoint {}", said.checkpoint)],
        Body::ProjectResumed(said) => said.clocks.iter().map(clock).collect(),
        Body::ProjectCompleted(said) => vec![said.report.printed()],
        Body::ProjectTransferred(said) => vec![format!("{} to {}", said.from, said.to)],
    };
    details.extend(
        fact.draft
            .deadlines
            .iter()
            .map(|deadline| format!("{} {} due {}", deadline.key, deadline.instance, due(deadline.due))),
    );
    details
}

/// What a clock of a duty is about.
fn key(key: ClockKey) -> &'static str {
    match key {
        ClockKey::Report => "report",
        ClockKey::Supplement => "supplement",
        ClockKey::Task => "task",
        ClockKey::Comment => "comment",
        ClockKey::Checkpoint => "checkpoint",
    }
}

/// A clock of a duty, as it is armed.
pub(super) fn clock(clock: &Clock) -> String {
    format!("{} {} due {}", key(clock.key), clock.instance, due(clock.due))
}

fn late(late: bool) -> Option<String> {
    late.then(|| "late".to_owned())
}

fn agencies(agencies: &[AgencyId]) -> String {
    agencies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A time of the directory: its day has a year.
fn day(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%d/%m/%Y %H:%M").to_string()
}

/// The document on which something rests.
pub(super) fn printed(basis: &Basis) -> String {
    format!("{:02}/{} of {}", basis.number, basis.symbol, basis.date.format("%d/%m/%Y"))
}

fn delegation(delegation: &Delegation) -> Vec<String> {
    let to = match &delegation.to {
        Delegate::Officer(officer) => officer.to_string(),
        Delegate::Unit(unit) => unit.to_string(),
    };
    let powers: Vec<_> = delegation.powers.iter().map(|power| format!("{power:?}")).collect();
    vec![
        format!("{} to {to}: {}", delegation.from, powers.join(", ")),
        format!("until {}", day(delegation.ends)),
        printed(&delegation.basis),
    ]
}

fn member(member: &Member) -> String {
    format!("{} {}{}", member.agency, member.officer, if member.lead { " leads" } else { "" })
}

fn closes(closes: &Closes) -> String {
    match closes {
        Closes::Agreed => "agreed".to_owned(),
        Closes::Next(round) => format!("next round {}", round.number),
        Closes::Disputed => "disputed".to_owned(),
    }
}

fn position(position: &Position) -> &'static str {
    match position {
        Position::Agree { .. } => "Agree",
        Position::Disagree { .. } => "Disagree",
        Position::Counter { .. } => "Counter",
    }
}
