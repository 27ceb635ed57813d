//! A replay as text: one line for each fact, in local time, without the content of the case.

mod details;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use chrono::{DateTime, FixedOffset};
use domain::{
    Case,
    calendar::LOCAL,
    deadlines,
    duties::Duty,
    labels,
    stages::{escalation::Submitted, taskforce::TaskforceState},
};
use events::{
    Actor, Capacity, DelegationId, Fact, Timestamp,
    directory::Delegation,
    escalation::Instruction,
    terms::{Deadline, Lifecycle},
};

pub(crate) use details::details;

use crate::replay::{AsOf, Period, Query, Scope, Stands, Summary};

/// Writes lines; remembers the day, so that each is named once.
pub(crate) struct Printer {
    colour: bool,
    /// Every delegation that was ever granted.
    delegations: BTreeMap<DelegationId, Delegation>,
}

impl Printer {
    pub(crate) fn new(colour: bool, delegations: BTreeMap<DelegationId, Delegation>) -> Self {
        Self { colour, delegations }
    }

    /// Who it was, in which office, and by what right if not his own: in whose name and by which document.
    fn who(&self, actor: &Actor) -> String {
        let (officer, office, capacity) = match actor {
            Actor::System { service } => return format!("[{service}]"),
            Actor::Person { officer, office, capacity, .. } => (officer, office, capacity),
        };
        let right = match capacity {
            Capacity::Direct => return format!("{officer} ({office})"),
            Capacity::Kt => "KT.",
            Capacity::Tl => "TL.",
            Capacity::Q => "Q.",
            Capacity::Tuq(_) => "TUQ.",
            Capacity::Focal(_) => "focal unit for",
        };
        let by = capacity
            .delegation()
            .and_then(|id| self.delegations.get(&id))
            .map(|found| format!(" {} by {}", found.from, details::printed(&found.basis)))
            .unwrap_or_default();
        format!("{officer} ({office}, {right}{by})")
    }

    /// One fact: when, who, what, and where it leaves the case or duty; of one that stands apart, why.
    pub(crate) fn fact(
        &mut self,
        out: &mut impl Write,
        fact: &Fact,
        stands: Option<Stands<'_>>,
        apart: Option<&str>,
    ) -> io::Result<()> {
        let origin = fact.origin();
        let code = stands.and_then(Stands::code).unwrap_or_else(|| "–".to_owned());
        let kind = fact.body().kind();
        let who = self.who(&origin.actor);
        let details = details(fact).join(" · ");
        write!(out, "{}  {code:<14} {:>3}  ", self.paint(DIM, &moment(origin.occurred_at)), fact.version)?;
        write!(out, "{}  ", self.paint(BOLD, &format!("{kind:<36}", kind = kind.name())))?;
        let state = fact.draft.transition.map(|moved| format!("→ {}  ", state(moved.to))).unwrap_or_default();
        let apart = apart.map(|why| self.paint(RED, &format!("  stands apart: {why}"))).unwrap_or_default();
        let mark = labels::exercise(stands.is_some_and(Stands::is_exercise));
        let rest = format!("{who:<36}  {mark}{}{details}{apart}", self.paint(GREEN, &state));
        writeln!(out, "{}", rest.trim_end())
    }

    /// Where a case stands at the end.
    pub(crate) fn case(&self, out: &mut impl Write, case: &Case) -> io::Result<()> {
        let code = case.code.as_ref().map_or("–", |code| code.as_str());
        writeln!(out)?;
        let mark = labels::exercise(case.matter.exercise);
        writeln!(out, "{mark}{}  {}", self.paint(BOLD, code), self.paint(GREEN, state(case.lifecycle)))?;
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

    /// Where a duty stands at the end.
    pub(crate) fn duty(&self, out: &mut impl Write, duty: &Duty) -> io::Result<()> {
        writeln!(out)?;
        let (name, _) = duty.state();
        writeln!(out, "{}  {}  {}", self.paint(BOLD, &duty.code()), duty.agency(), self.paint(GREEN, &name))?;
        for (running, owing) in duty.running() {
            let level =
                if running.level > 0 { format!(", overdue level {}", running.level) } else { String::new() };
            writeln!(out, "  running: {}, owed by {owing}{level}", details::clock(&running.clock))?;
        }
        Ok(())
    }

    /// The last line: what was read, and whether it holds together.
    pub(crate) fn summary(&self, out: &mut impl Write, summary: &Summary, query: &Query) -> io::Result<()> {
        let Summary { facts, cases, duties, apart, faults } = *summary;
        let facts = counted(facts, "fact");
        let number = |of: usize| of.try_into().unwrap_or(u64::MAX);
        let mut things = Vec::new();
        // Of a duty alone it goes without saying that there is no case.
        if cases > 0 || duties == 0 {
            things.push(counted(number(cases), "case"));
        }
        if duties > 0 {
            things.push(counted(number(duties), "duty"));
        }
        let things = things.join(", ");
        let agency = match &query.scope {
            Scope::Agency(agency) => format!(" in which {agency} takes part"),
            Scope::All | Scope::Case(_) | Scope::Duty(_) => String::new(),
        };
        let Period { from, to } = query.period;
        let recorded = if from.or(to).is_some() { ", recorded" } else { "" };
        let from = from.map(|from| format!(" from {}", moment(from))).unwrap_or_default();
        let to = to.map(|to| format!(" until before {}", moment(to))).unwrap_or_default();
        let as_of = match query.as_of {
            AsOf::Now => String::new(),
            AsOf::Recorded(at) => format!(" as recorded by {}", moment(at)),
            AsOf::Occurred(at) => format!(" as it had happened by {}", moment(at)),
        };
        let all = format!("{facts}, {things}{agency}{recorded}{from}{to}{as_of}");
        writeln!(out)?;
        if apart > 0 {
            let which = "recorded after what had not happened yet, and left out of the state";
            writeln!(out, "{} {which}: see “stands apart”", counted(apart, "fact"))?;
        }
        if faults == 0 {
            let sound = self.paint(GREEN, "the chain is unbroken, no version is missing");
            writeln!(out, "{all}: {sound}")
        } else {
            let broken = self.paint(RED, &format!("{faults} FAULTS"));
            writeln!(out, "{all}: {broken}, see the lines that begin with !!")
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

/// A number of things.
pub(crate) fn counted(number: u64, what: &str) -> String {
    match (number, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {what}s"),
    }
}

/// Local time, to the second.
pub(crate) fn moment(at: Timestamp) -> String {
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

#[cfg(test)]
mod tests {
    use events::{
        Digest, Kind,
        envelope::{self, Stamp},
    };

    use super::*;

    /// What a replay says of a case that was raised by telephone.
    fn told(exercise: bool) -> String {
        let mut example = Kind::RaisedByPhone.example();
        for stamp in ["version", "recordedtime", "previoushash"] {
            example.as_object_mut().unwrap().remove(stamp);
        }
        example["data"]["matter"]["exercise"] = exercise.into();
        let stamp = Stamp {
            version: 1,
            recorded_at: Timestamp::from_timestamp(1_800_000_000, 0).unwrap(),
            previous: Digest::ZERO,
        };
        let fact = envelope::stamp(&example.to_string(), stamp).unwrap();
        let fact = Fact::from_bytes(fact.as_bytes()).unwrap();
        let case = domain::evolve(None, &fact).unwrap();
        let (mut out, mut printer) = (Vec::new(), Printer::new(false, BTreeMap::new()));
        printer.fact(&mut out, &fact, Some(Stands::Case(&case)), None).unwrap();
        printer.case(&mut out, &case).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_told_of_an_exercise_says_so() {
        let drill = told(true);
        let marked: Vec<_> = drill.lines().filter(|line| line.contains("[DIỄN TẬP] ")).collect();
        assert_eq!(marked.len(), 2, "the fact, and how the case stands: {drill}");
        assert!(drill.lines().next().unwrap().contains("[DIỄN TẬP] → Received"), "{drill}");
        assert!(marked[1].starts_with("[DIỄN TẬP] "), "{drill}");
        assert!(!told(false).contains("DIỄN TẬP"));
    }
}
