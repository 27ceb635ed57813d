//! What must hold at the end of each day, whatever was done on it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use domain::{
    Case, Policy, calendar, deadlines,
    duties::{self, Duty, Subject, reporting},
    stages::routing::AssignmentState,
};
use events::{AgencyId, Timestamp, reporting::Cadence};

use super::world::World;

/// How many wrong things are shown at most.
const SHOWN: usize = 30;

/// What was found over the days.
#[derive(Debug, Default)]
pub struct Found {
    /// Days that were looked at.
    pub days: usize,
    /// Days on which everything held.
    pub held: usize,
    /// What was wrong, the day before it.
    pub faults: Vec<String>,
}

impl Found {
    /// Looks at a day's end.
    pub fn look(&mut self, world: &mut World, since: Timestamp, now: Timestamp) {
        self.days += 1;
        let mut faults = std::mem::take(&mut world.faults);
        let policy = world.policy(now);
        numbers(world, &mut faults);
        for case in world.cases.values() {
            about_case(case, now, policy, &mut faults);
        }
        for duty in world.duties.values() {
            about_duty(duty, now, policy, &mut faults);
        }
        reports(world, since, now, &mut faults);
        mails(world, now, &mut faults);
        let due = world.directory.as_ref().and_then(|known| domain::directory::next_step(known, now, policy));
        faults.extend(due.map(|step| format!("the directory has not done {step:?}")));
        if faults.is_empty() {
            self.held += 1;
        }
        let day = calendar::local_date(now);
        self.faults.extend(faults.into_iter().map(|words| format!("{day}: {words}")));
    }

    /// Panics with what was wrong.
    pub fn nothing_wrong(&self) {
        let few: Vec<_> = self.faults.iter().take(SHOWN).collect();
        assert!(self.faults.is_empty(), "{} faults, of which {few:#?}", self.faults.len());
    }
}

/// The numbers of the cases have no gap, and each case has that of its rank.
fn numbers(world: &World, faults: &mut Vec<String>) {
    for case in world.cases.values() {
        let rank = world.numbers.get(&case.id);
        if case.code.as_ref() != rank {
            faults.push(format!("{} has the number {:?}, not {rank:?}", case.id, case.code));
        }
    }
    let different: BTreeSet<_> = world.numbers.values().map(ToString::to_string).collect();
    if different.len() != world.cases.len() {
        faults.push(format!("{} numbers of {} cases", different.len(), world.cases.len()));
    }
}

/// Who has ended, and has a successor, owes nothing more.
fn has_passed_on(agency: &AgencyId, now: Timestamp, policy: &Policy) -> bool {
    policy.organisation.successor(agency, now).is_some()
}

fn about_case(case: &Case, now: Timestamp, policy: &Policy, faults: &mut Vec<String>) {
    let name = case.code.as_ref().map_or_else(|| case.id.to_string(), ToString::to_string);
    for armed in &case.deadlines {
        let deadline = &armed.deadline;
        let (key, due) = (deadline.key, deadline.due);
        if !deadlines::is_running(case, deadline) {
            continue;
        }
        if !case.lifecycle.is_live() {
            faults.push(format!("{name} is over, and {key} runs"));
        }
        if due <= now && deadlines::has_levels(key) && armed.level == 0 {
            faults.push(format!("{name}: {key} was due {due}, and nothing says so"));
        }
        let owing = deadlines::owing(case, deadline, policy);
        if owing.iter().any(|agency| has_passed_on(agency, now, policy)) {
            faults.push(format!("{name}: {key} is owed by {owing:?}, of whom one is no more"));
        }
    }
    if !case.lifecycle.is_live() {
        return;
    }
    let waiting = case.assignments.iter().filter(|each| each.state == AssignmentState::Assigned);
    let asked = waiting.map(|each| &each.assignment.agency);
    for agency in case.required.iter().chain(&case.consulted).chain(asked) {
        if has_passed_on(agency, now, policy) {
            faults.push(format!("{name} still asks {agency}, which is no more"));
        }
    }
    faults.extend(domain::next_steps(case, now, policy).map(|step| format!("{name} has not done {step:?}")));
}

fn about_duty(duty: &Duty, now: Timestamp, policy: &Policy, faults: &mut Vec<String>) {
    let name = format!("{} of {}", duty.code(), duty.agency());
    for (running, owing) in duty.running() {
        let (key, due) = (running.clock.key, running.clock.due);
        if !duty.is_live() {
            faults.push(format!("{name} is over, and {key:?} runs"));
        }
        if running.clock.levels.first().is_some_and(|first| *first <= now) && running.level == 0 {
            faults.push(format!("{name}: {key:?} was due {due}, and nothing says so"));
        }
        if has_passed_on(owing, now, policy) {
            faults.push(format!("{name}: {key:?} is owed by {owing}, which is no more"));
        }
    }
    if duty.is_live() {
        if has_passed_on(duty.agency(), now, policy) {
            faults.push(format!("{name} is still that of an agency that is no more"));
        }
        faults
            .extend(duties::next_step(duty, now, policy).map(|step| format!("{name} has not done {step:?}")));
    }
}

/// Of each month whose reports are open, there is exactly one of each agency that owed one and was there then.
fn reports(world: &World, since: Timestamp, now: Timestamp, faults: &mut Vec<String>) {
    let mut opened: BTreeMap<u32, Vec<AgencyId>> = BTreeMap::new();
    for duty in world.duties.values() {
        if let Subject::Report(report) = &duty.subject {
            let first = report.was_of.first().unwrap_or(&report.agency);
            opened.entry(report.period.month).or_default().push(first.clone());
        }
    }
    for month in 1..=12 {
        let expected = owing(month, since, now, world);
        let mut found = opened.remove(&month).unwrap_or_default();
        found.sort();
        if found != expected {
            faults.push(format!("the reports of month {month} are of {found:?}, not of {expected:?}"));
        }
    }
}

/// Who owes a report of a month that is open at `now`, by the policy and the calendar of its opening.
fn owing(month: u32, since: Timestamp, now: Timestamp, world: &World) -> Vec<AgencyId> {
    let early = world.policy(now);
    let Ok(Some(due)) = reporting::due(2026, month, early) else { return Vec::new() };
    let (rules, calendar) = (&early.duties.reports, &early.calendar);
    let opens = calendar.working_day_before(calendar::local_date(due), rules.open_days).expect("a day");
    let opens = calendar::local(opens, NaiveTime::from_hms_opt(8, 0, 0).expect("a time"));
    if opens < since || opens > now {
        return Vec::new();
    }
    // Opened by what was in force then.
    let then = world.policy(opens);
    let owed = |cadence| cadence == Cadence::Monthly || month.is_multiple_of(3);
    let owing = then.duties.reports.owing().filter(|(_, cadence)| owed(*cadence));
    let mut there: Vec<_> = owing
        .map(|(agency, _)| agency.clone())
        .filter(|agency| then.organisation.is_there(agency, opens))
        .collect();
    there.sort();
    there
}

/// What was to be sent today was sent.
fn mails(world: &World, now: Timestamp, faults: &mut Vec<String>) {
    let open = world.letters.values().filter(|letter| !letter.ended);
    let late: Vec<_> = open.filter(|letter| letter.digest_at.is_none_or(|at| at <= now)).collect();
    if !late.is_empty() {
        faults.push(format!("{} mails are not sent, the first of them {:?}", late.len(), late[0]));
    }
}
