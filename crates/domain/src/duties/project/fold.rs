//! How the facts of a project fold.

use events::{
    Actor, Body, Fact,
    duty::{ClockKey, ClockOverdue},
    project::{
        Checkpoint, CommentRequested, Phase, PlanAgreed, PlanSubmitted, ProjectResumed, ProjectTransferred,
    },
    terms::Side,
};

use super::{Agreed, CheckpointState, DRAFTED, Project, Request, Rest, State, Tracked};
use crate::duties::guards::replace;

/// Folds a fact; says whether it follows.
pub(in crate::duties) fn evolve(project: &mut Project, fact: &Fact) -> bool {
    match fact.body() {
        Body::PlanningAccepted(_) => moves(project, &[State::Proposed], State::PlanDrafting),
        Body::PlanningDeclined(said) => {
            project.why = Some(said.reason.clone());
            moves(project, &[State::Proposed], State::Declined)
        }
        Body::PlanSubmitted(said) => submitted(project, said),
        Body::PlanAgreed(said) => agreed(project, said, &fact.origin().actor),
        Body::PhaseEntered(said) => {
            let from = match said.phase {
                Phase::Before => State::PlanAgreed,
                Phase::During => State::Before,
                Phase::After => State::During,
            };
            moves(project, &[from], State::of(said.phase))
        }
        Body::ProjectSuspended(said) => {
            let Some(phase) = project.state.phase() else { return false };
            project.why = Some(said.reason.clone());
            project.rest = Some(Rest { since: fact.origin().occurred_at, phase });
            project.state = State::Suspended;
            true
        }
        Body::ProjectResumed(said) => resumed(project, said),
        Body::ProjectCompleted(_) => moves(project, &[State::After], State::Completed),
        Body::ProjectCancelled(said) => {
            let follows = project.is_live();
            project.why = Some(said.reason.clone());
            (project.rest, project.state) = (None, State::Cancelled);
            follows
        }
        Body::ProjectTransferred(said) => {
            transfer(project, said);
            project.is_live()
        }
        Body::ProjectReminded(said) => project.owing(said.key, said.instance).is_some(),
        Body::ProjectOverdue(said) => overdue(project, said),
        body => evolve_part(project, body),
    }
}

fn moves(project: &mut Project, from: &[State], to: State) -> bool {
    let follows = from.contains(&project.state);
    project.state = to;
    follows
}

fn submitted(project: &mut Project, said: &PlanSubmitted) -> bool {
    let numbered = (1..).zip(&said.checkpoints).all(|(number, checkpoint)| checkpoint.number == number);
    let follows = said.edition == project.edition + 1 && numbered;
    project.edition = said.edition;
    project.plan = Some(Box::new(said.document.clone()));
    project.checkpoints = said.checkpoints.iter().map(tracked).collect();
    project.agreed.clear();
    moves(project, &[State::PlanDrafting, State::PlanAgreed], State::PlanDrafting) && follows
}

fn tracked(checkpoint: &Checkpoint) -> Tracked {
    Tracked {
        checkpoint: checkpoint.clone(),
        state: CheckpointState::Open,
        late: false,
        level: 0,
        done_on: None,
        note: None,
    }
}

fn agreed(project: &mut Project, said: &PlanAgreed, actor: &Actor) -> bool {
    let Actor::Person { officer, .. } = actor else { return false };
    let twice = project.agreed.iter().any(|each| each.side == said.side || each.officer == *officer);
    let follows = project.state == State::PlanDrafting && said.edition == project.edition && !twice;
    project.agreed.push(Agreed { side: said.side, officer: officer.clone() });
    if [Side::A, Side::B].iter().all(|side| project.agreed.iter().any(|each| each.side == *side)) {
        project.state = State::PlanAgreed;
    }
    follows
}

fn resumed(project: &mut Project, said: &ProjectResumed) -> bool {
    let Some(rest) = project.rest.take() else { return false };
    for clock in &said.clocks {
        let same = |tracked: &&mut Tracked| tracked.checkpoint.clock.instance == clock.instance;
        if let Some(tracked) = project.checkpoints.iter_mut().find(same) {
            tracked.checkpoint.clock = clock.clone();
            tracked.level = 0;
        }
    }
    moves(project, &[State::Suspended], State::of(rest.phase))
}

fn overdue(project: &mut Project, said: &ClockOverdue) -> bool {
    let follows = project.owing(said.key, said.instance).is_some();
    let late = (true, said.level);
    if said.key == ClockKey::Checkpoint {
        let mut checkpoints = project.checkpoints.iter_mut();
        if let Some(tracked) = checkpoints.find(|each| each.checkpoint.number == said.instance) {
            (tracked.late, tracked.level) = late;
        }
    } else if let Some(request) = project.requests.iter_mut().find(|each| each.number == said.instance) {
        (request.late, request.level) = late;
    }
    follows
}

/// What is said of a checkpoint or a comment.
fn evolve_part(project: &mut Project, body: &Body) -> bool {
    let (number, state, note) = match body {
        Body::CommentRequested(said) => return requested(project, said),
        Body::CommentGiven(said) => {
            let live = project.is_live();
            let mut requests = project.requests.iter_mut();
            let Some(request) = requests.find(|each| each.number == said.request) else { return false };
            request.late |= said.late;
            return request.comment.replace(said.text.clone()).is_none() && live;
        }
        Body::CheckpointCompleted(said) => (said.checkpoint, CheckpointState::Done, said.note.clone()),
        Body::CheckpointWaived(said) => (said.checkpoint, CheckpointState::Waived, Some(said.reason.clone())),
        _ => return false,
    };
    let runs = project.state.phase().is_some();
    let mut checkpoints = project.checkpoints.iter_mut();
    let Some(tracked) = checkpoints.find(|each| each.checkpoint.number == number) else { return false };
    if let Body::CheckpointCompleted(said) = body {
        tracked.late |= said.late;
        tracked.done_on = Some(said.done_on);
    }
    let follows = runs && tracked.state == CheckpointState::Open;
    (tracked.state, tracked.note) = (state, note);
    follows
}

fn requested(project: &mut Project, said: &CommentRequested) -> bool {
    let numbered = usize::try_from(said.request).is_ok_and(|number| number == project.requests.len() + 1);
    project.requests.push(Request {
        number: said.request,
        agency: said.agency.clone(),
        question: said.question.clone(),
        due: said.clock.due,
        comment: None,
        late: false,
        level: 0,
    });
    numbered && DRAFTED.contains(&project.state)
}

/// Who did something stays on record; who is to do something gives it to the successor.
fn transfer(project: &mut Project, said: &ProjectTransferred) {
    let ProjectTransferred { from, to } = said;
    project.was_of.push(from.clone());
    replace(&mut project.partners, from, to);
    for agency in [&mut project.agency, &mut project.asked] {
        if agency == from {
            agency.clone_from(to);
        }
    }
    // An agency takes part once.
    let (agency, asked) = (&project.agency, &project.asked);
    project.partners.retain(|partner| partner != agency && partner != asked);
    for tracked in project.checkpoints.iter_mut().filter(|each| each.state == CheckpointState::Open) {
        if tracked.checkpoint.owner == *from {
            tracked.checkpoint.owner.clone_from(to);
        }
    }
    for request in project.requests.iter_mut().filter(|request| request.comment.is_none()) {
        if request.agency == *from {
            request.agency.clone_from(to);
        }
    }
}
