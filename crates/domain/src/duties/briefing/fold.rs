//! How the facts of a briefing fold.

use events::{
    Body, Fact,
    briefing::{BriefingTransferred, Conclusion},
};

use super::{Agenda, Briefing, State, Task, TaskState};
use crate::duties::guards::replace;

/// Folds a fact; says whether it follows.
pub(in crate::duties) fn evolve(briefing: &mut Briefing, fact: &Fact) -> bool {
    match fact.body() {
        Body::AgendaCompiled(said) => {
            let before = briefing.agenda.as_ref().map_or(0, |agenda| agenda.compiled.edition);
            briefing.agenda = Some(Agenda { at: fact.origin().occurred_at, compiled: said.clone() });
            briefing.state == State::Scheduled && said.edition == before + 1
        }
        Body::AgendaItemAdded(said) => {
            briefing.items.push(said.text.clone());
            briefing.state == State::Scheduled && is_numbered(&briefing.items, said.item)
        }
        Body::BriefingRescheduled(said) => {
            briefing.at = said.at;
            briefing.place.clone_from(&said.place);
            briefing.reason = Some(said.reason.clone());
            briefing.state == State::Scheduled
        }
        Body::BriefingHeld(said) => {
            briefing.attended.clone_from(&said.attended);
            moves(briefing, State::Scheduled, State::Held)
        }
        Body::MinutesIssued(said) => {
            briefing.minutes = Some(Box::new(said.document.clone()));
            briefing.tasks = said.conclusions.iter().map(task).collect();
            let numbered = (1..).zip(&briefing.tasks).all(|(number, task)| task.number == number);
            moves(briefing, State::Held, State::MinutesIssued) && numbered
        }
        Body::BriefingCancelled(said) => {
            briefing.reason = Some(said.reason.clone());
            moves(briefing, State::Scheduled, State::Cancelled)
        }
        Body::BriefingTransferred(said) => {
            transfer(briefing, said);
            briefing.is_live()
        }
        body => evolve_task(briefing, body),
    }
}

fn moves(briefing: &mut Briefing, from: State, to: State) -> bool {
    let follows = briefing.state == from;
    briefing.state = to;
    follows
}

/// Whether the newest of a list has the number that follows.
fn is_numbered<T>(list: &[T], number: u32) -> bool {
    usize::try_from(number).is_ok_and(|number| number == list.len())
}

fn task(conclusion: &Conclusion) -> Task {
    Task {
        number: conclusion.task,
        text: conclusion.text.clone(),
        agency: conclusion.agency.clone(),
        due: conclusion.clock.due,
        state: TaskState::Open,
        late: false,
        level: 0,
        report: None,
        reason: None,
    }
}

/// What is said of a task; a reminder or an overdue level only of one that is still to be done.
fn evolve_task(briefing: &mut Briefing, body: &Body) -> bool {
    use TaskState::{Accepted, Open, Reported};
    let number = match body {
        Body::TaskReported(said) => said.task,
        Body::TaskAccepted(said) => said.task,
        Body::TaskReturned(said) => said.task,
        Body::BriefingReminded(said) => return briefing.owing(said.key, said.instance).is_some(),
        Body::BriefingOverdue(said) if briefing.owing(said.key, said.instance).is_some() => said.instance,
        _ => return false,
    };
    let Some(task) = briefing.tasks.iter_mut().find(|task| task.number == number) else { return false };
    let (from, to) = match body {
        Body::TaskReported(said) => {
            task.late |= said.late;
            task.report = Some(said.text.clone());
            (Open, Reported)
        }
        Body::TaskAccepted(_) => (Reported, Accepted),
        Body::TaskReturned(said) => {
            task.reason = Some(said.reason.clone());
            (task.due, task.level) = (said.clock.due, 0);
            (Reported, Open)
        }
        Body::BriefingOverdue(said) => {
            (task.late, task.level) = (true, said.level);
            (Open, Open)
        }
        _ => return false,
    };
    let follows = task.state == from;
    task.state = to;
    follows
}

fn transfer(briefing: &mut Briefing, said: &BriefingTransferred) {
    let BriefingTransferred { from, to } = said;
    briefing.was_of.push(from.clone());
    if briefing.chair == *from {
        briefing.chair.clone_from(to);
    }
    // Who was invited to a briefing that was held stays on record.
    if briefing.state == State::Scheduled {
        replace(&mut briefing.invited, from, to);
    }
    for task in briefing.tasks.iter_mut().filter(|task| task.state != TaskState::Accepted) {
        if task.agency == *from {
            task.agency.clone_from(to);
        }
    }
}
