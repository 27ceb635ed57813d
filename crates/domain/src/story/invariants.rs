//! What holds in every history.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use events::{Actor, Body, DeadlineKey, Fact, Kind, Lifecycle, escalation::Purpose, terms::Level};

use super::{Story, clock, line};
use crate::{
    Case, Outcome, Policy, access, deadlines,
    keys::{self, KeyState},
    regions,
    scenario::name,
    stages,
    stages::{
        confirmation::{Confirmation, Written},
        escalation::{Dossier, ItemState},
        routing::AssignmentState,
        taskforce::{TaskState, Taskforce},
    },
};

/// What the process proposes is legal, and comes to rest.
pub(crate) fn settles(story: &mut Story) {
    for step in story.steps() {
        match story.would(&step) {
            Ok(Outcome::Fresh(_)) => {}
            other => panic!("{step:?} is proposed, but {other:?}"),
        }
    }
    let before = story.facts().len();
    let paper = stages::settled(story.case().clone(), story.now, &story.policy);
    story.settle();
    let case = story.case();
    assert_eq!(
        (paper.version, paper.lifecycle, &paper.escalation),
        (case.version, case.lifecycle, &case.escalation)
    );
    assert_eq!(
        (&paper.assignments, &paper.rounds),
        (&case.assignments, &case.rounds),
        "on paper as in the log"
    );
    assert_eq!((&paper.confirmations, &paper.deadlines), (&case.confirmations, &case.deadlines));
    assert_eq!(paper.taskforce, case.taskforce);
    assert!(story.facts().len() - before < 40, "{} steps at once", story.facts().len() - before);
    assert_eq!(story.steps(), [], "a settled case has no next step in any stage");
}

/// The next due instant lies ahead; nothing is to be done before it, and something is at it.
pub(crate) fn is_due_exactly(story: &mut Story) {
    let now = story.now;
    if let Some(next) = story.next_due() {
        assert!(next > now);
        for early in [now + (next - now) / 2, next - TimeDelta::nanoseconds(1)] {
            story.now = early;
            assert!(!story.has_to_act(), "before {}", clock(next));
        }
        story.now = next;
        assert!(story.has_to_act(), "at {}", clock(next));
    } else {
        story.now = now + TimeDelta::days(400);
        assert!(!story.has_to_act(), "nothing is due ever");
    }
    story.now = now;
}

/// PROCESS §5, "Always", and what else holds of every fold.
pub(crate) fn is_sound(case: &Case, policy: &Policy) {
    let kept = serde_json::to_vec(case).expect("a case can be kept");
    assert_eq!(
        serde_json::from_slice::<Case>(&kept).expect("and read"),
        *case,
        "kept and read it is the same"
    );
    let waits = case.lifecycle == Lifecycle::InCoordination;
    // A case that has just come back waits for its next round.
    assert!(
        case.open_round().is_some() == waits
            || waits && stages::coordination::next_step(case, policy).is_some()
    );
    assert!(case.rounds.iter().rev().skip(1).all(|round| !round.is_open()));
    has_a_sound_dossier(case);
    assert!(case.lifecycle != Lifecycle::Closed || case.written_settled());
    let pending = stages::closure::pending(case).is_some();
    assert!(!pending || matches!(case.lifecycle, Lifecycle::Agreed | Lifecycle::Directed));
    assert_eq!(case.audience, access::audience(case));
    assert!(keys::pending(&case.settlements).is_none() || case.lifecycle == Lifecycle::Disputed);
    let early = [Lifecycle::Received, Lifecycle::Routed, Lifecycle::InCoordination];
    assert!(keys::pending(&case.cancellations).is_none() || early.contains(&case.lifecycle));
    assert!(case.required.iter().all(|agency| !case.consulted.contains(agency)), "an agency has one part");
    let mut agencies = BTreeSet::new();
    for assigned in &case.assignments {
        let open = assigned.state == AssignmentState::Assigned;
        let declined = assigned.state == AssignmentState::Declined;
        let stands = open || declined || assigned.state == AssignmentState::Acknowledged;
        assert!(
            !stands || agencies.insert(&assigned.assignment.agency),
            "an agency has one assignment that stands"
        );
        assert!(!open || case.lifecycle.is_live());
        let route = deadlines::find(case, DeadlineKey::Route, assigned.assignment.number).is_some();
        // After reopening, only what is armed anew runs.
        let ran_on = case.closed_at.is_none();
        assert!(!route || declined && case.lifecycle.is_live());
        assert!(
            route || !ran_on || !(declined && case.lifecycle.is_live()),
            "who declined must be re-routed"
        );
        let (lead, level) = (assigned.assignment.lead, assigned.assignment.level);
        assert!(assigned.chief_reminded == 0 || level == Level::Chief);
        assert!(assigned.chief_reminded <= 3 || lead);
        assert_eq!(lead, assigned.assignment.agency == case.receiver);
    }
    for armed in &case.deadlines {
        assert!(armed.deadline.due > armed.deadline.start);
        assert_eq!(armed.deadline.due.timestamp_subsec_nanos(), 0);
        assert!(!deadlines::is_running(case, &armed.deadline) || case.lifecycle.is_live());
    }
    has_a_sound_task_force(case);
    case.confirmations.iter().for_each(|confirmation| is_confirmed_soundly(case, confirmation));
}

/// Region W: what has come and what is still owed.
fn is_confirmed_soundly(case: &Case, confirmation: &Confirmation) {
    let document = confirmation.document.is_some();
    let void = matches!(case.lifecycle, Lifecycle::Withdrawn | Lifecycle::Cancelled);
    match confirmation.written {
        Written::Satisfied => assert!(!document),
        Written::Pending | Written::Overdue => assert!(!void && document == confirmation.corrected),
        Written::Received | Written::Discrepant => assert!(!void && document),
        Written::Matched | Written::Reconciled => assert!(document),
        Written::Lapsed => assert!(void),
    }
    assert!(document || !(confirmation.late || confirmation.corrected));
    let reconciled = confirmation.written == Written::Reconciled;
    assert_eq!(confirmation.prevails.is_some(), reconciled);
    let explanations = &confirmation.explanations;
    // What was taken over from another case is reconciled there.
    assert!(reconciled || explanations.iter().all(|key| key.state != KeyState::Confirmed));
    assert!(keys::pending(explanations).is_none() || confirmation.written == Written::Discrepant);
    assert!(explanations.is_empty() || document);
}

/// Regions E and I: a dossier goes with its state of the case, its digest with what it says, and nothing is instructed
/// but by a directive.
fn has_a_sound_dossier(case: &Case) {
    let escalation = &case.escalation;
    assert_eq!(escalation.state == Dossier::Drafting, case.lifecycle == Lifecycle::Disputed);
    let sent_up = matches!(escalation.state, Dossier::Submitted | Dossier::InfoRequested);
    assert_eq!(sent_up, case.lifecycle == Lifecycle::Escalated);
    let current = escalation.current();
    let directed = current.is_some_and(|current| current.directive.is_some());
    let answered = current.and_then(|current| current.submitted.as_ref());
    assert!(!directed || escalation.state == Dossier::Decided);
    assert_eq!(case.lifecycle == Lifecycle::Directed, directed && case.lifecycle.is_live());
    if matches!(escalation.state, Dossier::Decided | Dossier::Returned | Dossier::DossierWithdrawn) {
        let purpose = answered.expect("what was answered had gone up").purpose;
        assert!(directed || escalation.state != Dossier::Decided || purpose == Purpose::JointAdvice);
    }
    let advised = keys::pending(&escalation.advices).is_some();
    assert!(!advised || matches!(case.lifecycle, Lifecycle::InCoordination | Lifecycle::Agreed));
    assert!(keys::pending(&escalation.withdrawals).is_none() || case.lifecycle == Lifecycle::Escalated);
    let ordered = escalation.instructions.iter().any(|item| !item.archived);
    assert_eq!(ordered, directed, "nothing is instructed but by a directive");
    assert!(escalation.dossiers.iter().skip_while(|each| each.archived).all(|each| !each.archived));
    assert!(case.lifecycle != Lifecycle::Closed || escalation.is_carried_out());
    for dossier in &escalation.dossiers {
        let digest = dossier.submitted.as_ref().map(|submitted| submitted.content.digest());
        assert_eq!(digest, dossier.submitted.as_ref().map(|submitted| submitted.digest));
        assert!(dossier.requests.iter().rev().skip(1).all(|request| request.answer.is_some()));
    }
    for item in &escalation.instructions {
        let runs = deadlines::find(case, DeadlineKey::Implementation, item.instruction.item).is_some();
        assert_eq!(runs, item.is_open() && case.lifecycle == Lifecycle::Directed);
        assert!(!item.archived || item.state == ItemState::Accepted);
        assert!(!item.overdue || item.is_open());
    }
}

/// A task force at work has one member of each agency, one of whom leads; a case is not closed over it, and none that
/// was withdrawn or cancelled waits for consents.
fn has_a_sound_task_force(case: &Case) {
    use stages::taskforce::TaskforceState::{Active, Consented, Proposed, Refused};
    let Taskforce { state, proposal, formed, tasks, .. } = &case.taskforce;
    assert_eq!(proposal.is_some(), matches!(state, Proposed | Refused | Consented));
    if let Some(proposal) = proposal {
        assert_eq!(proposal.silent().next().is_none(), *state == Consented);
        assert!(proposal.members.iter().filter(|member| member.lead).count() <= 1);
        assert!(proposal.members.iter().all(|member| proposal.invites(&member.agency)));
        assert_eq!(proposal.number, case.taskforce.proposals);
    }
    if let Some(formed) = formed {
        let agencies: BTreeSet<_> = formed.members.iter().map(|member| &member.agency).collect();
        assert_eq!(agencies, formed.mandate.agencies.iter().collect());
        assert_eq!(agencies.len(), formed.members.len());
        assert_eq!(formed.members.iter().filter(|member| member.lead).count(), 1);
    }
    assert!(*state != Active || formed.is_some());
    let open = tasks.iter().any(|task| task.state == TaskState::Open);
    assert!(!open || *state == Active, "an open task is somebody's");
    let standing = matches!(state, Proposed | Consented | Active);
    assert!(case.lifecycle != Lifecycle::Closed || !standing);
    let ended = matches!(case.lifecycle, Lifecycle::Withdrawn | Lifecycle::Cancelled);
    assert!(!ended || !standing);
}

/// A raised urgency moves no due later, a lowered one none earlier; and an extension only later, at most twice, and
/// never what is overdue (PROCESS §4 rule 4).
pub(crate) fn dues_move_rightly(story: &Story) {
    let mut case: Option<Case> = None;
    for bytes in story.stored() {
        let fact = Fact::from_bytes(bytes.as_bytes()).unwrap();
        if let Some(before) = &case {
            let raised = match fact.body() {
                Body::UrgencyChanged(said) => Some(said.to > said.from),
                Body::IntakesAdopted(_) => Some(true),
                Body::DeadlineExtended(said) => {
                    assert!(fact.origin().occurred_at <= said.from && said.from < said.to);
                    Some(false)
                }
                _ => None,
            };
            for (new, raised) in fact.draft.deadlines.iter().filter_map(|new| Some((new, raised?))) {
                let Some(old) = deadlines::find(before, new.key, new.instance) else { continue };
                let (old, new) = (old.deadline.due, new.due);
                assert!(if raised { new <= old } else { new >= old }, "{}", line(&fact));
            }
        }
        let folded = crate::evolve(case, &fact).unwrap();
        assert!(folded.deadlines.iter().all(|armed| armed.extended <= 2));
        case = Some(folded);
    }
}

/// Every duty that is open is in the agenda: a deadline that runs has its next instant there, no later than its due or
/// its next level.
pub(crate) fn nothing_is_forgotten(story: &Story) {
    let case = story.case();
    for armed in deadlines::running(case) {
        let deadline = armed.deadline;
        if !deadlines::has_levels(deadline.key) || armed.level == 3 {
            continue;
        }
        let period = deadline.due - deadline.start;
        let latest = deadline.due + period * i32::from(armed.level);
        let next = story.next_due().expect("something is due");
        assert!(next <= latest.max(story.now), "{} {} is forgotten", deadline.key, deadline.instance);
    }
}

/// The lifecycle moves by its table only; and no timer closes, agrees or disputes anything.
pub(crate) fn moves_rightly(story: &Story) {
    for fact in story.facts() {
        let Some(transition) = fact.draft.transition else { continue };
        let (from, to) = (transition.from.as_ref().map(name), name(&transition.to));
        let known = regions::LIFECYCLE.moves.iter().any(|each| {
            each.from == from.as_deref() && each.to == to && each.facts.contains(&fact.body().kind())
        });
        assert!(known, "{}: {transition:?}", line(fact));
        let automatic = matches!(fact.origin().actor, Actor::System { .. });
        // A round that is looked at again closes by the positions that are there, where a published policy made one
        // agency of two; the act is the policy's.
        let by_itself = matches!(transition.to, Lifecycle::Routed | Lifecycle::InCoordination)
            || fact.body().kind() == Kind::CoordinationReevaluated;
        assert!(!automatic || by_itself, "{}: by itself", line(fact));
    }
}

/// Reminders and overdue levels come once each, in order, when they are due and not before.
pub(crate) fn timers_are_in_order(story: &Story) {
    let mut said = BTreeSet::new();
    for fact in story.facts() {
        let origin = fact.origin();
        assert!(origin.occurred_at <= fact.recorded_at);
        // A deadline that is armed again begins anew, even where it is due at the same instant.
        for armed in &fact.draft.deadlines {
            said.retain(|(key, instance, _, _)| (*key, *instance) != (armed.key, armed.instance));
        }
        // What came with a merged case goes on from where it was.
        if let Body::IntakesAdopted(adopted) = fact.body() {
            for (intake, clock) in
                adopted.intakes.iter().flat_map(|each| each.clocks.iter().map(move |clock| (each, clock)))
            {
                let armed = fact.draft.deadlines.iter();
                let armed =
                    armed.clone().find(|armed| (armed.key, armed.instance) == (clock.key, intake.number));
                let due = armed.expect("a clock has its deadline").due;
                said.extend((1..=clock.level).map(|level| (clock.key, intake.number, due, 100 + level)));
            }
        }
        match fact.body() {
            Body::ConfirmationReminded(one)
            | Body::RoutingReminded(one)
            | Body::CoordinationReminded(one)
            | Body::TaskforceReminded(one)
            | Body::EscalationReminded(one)
            | Body::ClosureReminded(one) => {
                let name = |share: u8| (one.key, one.instance, one.due, share);
                assert!(said.insert(name(one.share)), "{} comes twice", line(fact));
                assert!(one.share == 80 || !said.contains(&name(80)));
                assert!(
                    !said.contains(&name(101)) && origin.occurred_at < one.due && fact.recorded_at < one.due
                );
            }
            Body::ConfirmationOverdue(one)
            | Body::RoutingOverdue(one)
            | Body::CoordinationOverdue(one)
            | Body::TaskforceOverdue(one)
            | Body::EscalationOverdue(one)
            | Body::ClosureOverdue(one) => {
                let name = |level: u8| (one.key, one.instance, one.due, 100 + level);
                assert!(said.insert(name(one.level)), "{} comes twice", line(fact));
                assert!(
                    one.level == 1 || said.contains(&name(one.level - 1)),
                    "{} comes too early",
                    line(fact)
                );
                assert!((1..=3).contains(&one.level) && origin.occurred_at >= one.due);
                assert!(!one.owing.is_empty(), "{}: somebody owes", line(fact));
            }
            _ => {}
        }
    }
}

/// What is folded again from the stored bytes, or kept as JSON, is the same case.
pub(crate) fn is_replayable(story: &Story) {
    assert_eq!(story.replayed().unwrap().as_ref(), Some(story.case()));
    let kept = serde_json::to_string(story.case()).unwrap();
    assert_eq!(serde_json::from_str::<Case>(&kept).unwrap(), *story.case());
}
