//! The process on paper: a scenario is played through the rules alone, without a server (`concord simulate`).

mod duties;
mod holds;

use std::sync::Arc;

use chrono::{Datelike as _, TimeDelta};
use events::{Actor, AggregateId, CaseId, CommandId, Digest, DutyId, Kind, Stage, Timestamp};

pub use holds::Checked;

use crate::{
    calendar,
    case::Case,
    decision::{By, Context, Decision, Others, Outcome, Registration},
    directory,
    duties::Duty,
    organisation::Person,
    paper::{Entry, Paper},
    policy::Policy,
    refusal::{Code, Refusal},
    scenario::{self, Deed, Expected, Reference, Scenario, Step},
    secrecy, stages,
    stages::Command,
};

/// More steps than this at one instant are a circle.
const STEPS: usize = 1000;

/// The cases of a scenario, their officers' acts and their clock.
#[derive(Clone, Debug)]
pub struct Simulation {
    policy: Arc<Policy>,
    now: Timestamp,
    paper: Paper,
    /// The cases, in the order in which they were raised, with the names that the scenario gives them.
    raised: Vec<(CaseId, String)>,
    /// The duties that officers began, with the names that the scenario gives them.
    begun: Vec<(DutyId, String)>,
    /// Since when duties begin by themselves, if they do.
    duties_since: Option<Timestamp>,
    /// What is spoken of.
    current: Option<About>,
    /// Every decision that made a fact.
    decided: Vec<Decided>,
}

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A case.
    Case(CaseId),
    /// A regular duty.
    Duty(DutyId),
}

impl About {
    /// The case, if it is one.
    pub fn case(self) -> Option<CaseId> {
        match self {
            Self::Case(id) => Some(id),
            Self::Duty(_) => None,
        }
    }
}

/// A decision that made a fact, with all that it was made on: it can be made again.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The case.
    pub case: CaseId,
    /// When.
    pub now: Timestamp,
    /// Who gave the command; `None` for the process itself.
    pub by: Option<Person>,
    /// The command.
    pub command: Command,
    /// The act that it is, by its name; `None` for a step of the process.
    pub act: Option<&'static str>,
    /// Its id.
    pub id: CommandId,
    /// The digest of its body.
    pub fingerprint: Option<Digest>,
    /// The registration of the document that it brings, if there was one.
    pub registration: Option<Registration>,
    /// The rank of the case, for its number.
    pub rank: Option<u32>,
}

/// A step of a scenario, and what came of it.
#[derive(Clone, Debug)]
pub struct Played {
    /// What the process did by itself since the step before.
    pub meanwhile: Vec<Done>,
    /// What came of the act; `None` when only the clock moved on.
    pub outcome: Option<Result<Kind, Refusal>>,
    /// What the process did by itself after the act.
    pub afterwards: Vec<Done>,
    /// What must hold then, and whether it does.
    pub checked: Vec<Checked>,
    /// What the step is about.
    pub about: Option<About>,
}

/// Something that the process did by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// In what.
    pub about: About,
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
}

impl Decided {
    /// Makes the decision, on a case as it stands then.
    pub fn decide(
        &self,
        case: Option<&Case>,
        others: &Others,
        project: Option<&Duty>,
        policy: &Policy,
    ) -> Result<Outcome, Refusal> {
        let ctx = Context {
            by: self.by.as_ref().map_or(By::System, By::Person),
            act: self.act,
            registration: self.registration.as_ref(),
            rank: self.rank,
            others,
            project,
            ..Context::of_system(self.now, policy)
        };
        stages::decide(case, self.id, self.fingerprint, &self.command, &ctx)
    }

    /// Who acts, as the fact names him.
    fn actor(&self) -> Actor {
        match &self.by {
            Some(person) => person.actor(),
            None => Actor::System { service: self.command.stage().to_string() },
        }
    }
}

impl Played {
    /// Everything was as it must be.
    pub fn holds(&self) -> bool {
        self.checked.iter().all(|checked| checked.held)
    }
}

impl Simulation {
    /// No case yet.
    pub fn new(policy: Arc<Policy>, now: Timestamp) -> Self {
        Self {
            policy,
            now,
            paper: Paper::default(),
            raised: Vec::new(),
            begun: Vec::new(),
            duties_since: None,
            current: None,
            decided: Vec::new(),
        }
    }

    /// Nothing yet, for a scenario.
    pub fn of(scenario: &Scenario, policy: Arc<Policy>) -> Self {
        let since = scenario.duties.then_some(scenario.start);
        Self { duties_since: since, ..Self::new(policy, scenario.start) }
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What was recorded.
    pub fn paper(&self) -> &Paper {
        &self.paper
    }

    /// Every decision that made a fact, in order.
    pub fn decided(&self) -> &[Decided] {
        &self.decided
    }

    /// The cases in the order in which they were raised, with their names in the scenario.
    pub fn cases(&self) -> impl Iterator<Item = (&str, &Case)> {
        let named = self.raised.iter().map(|(id, name)| (name.as_str(), self.paper.case(*id)));
        named.filter_map(|(name, case)| case.map(|case| (name, case)))
    }

    /// Plays a step: the clock comes to its time, the act is given, and all comes to rest.
    ///
    /// # Errors
    /// A scenario that speaks of what is not there, or a fault of the rules.
    pub fn play(&mut self, scenario: &Scenario, step: &Step) -> Result<Played, String> {
        let meanwhile = self.until(step.at)?;
        let key = format!("{}/{}", scenario.key(), step.line);
        let outcome = match &step.act {
            Some(deed) if directory::named(&deed.act).is_some() => Some(self.say(deed, &key)?),
            Some(deed) if crate::duties::named(&deed.act).is_some() => Some(self.act_on_duty(deed, &key)?),
            Some(deed) => Some(self.act(deed, &key)?),
            None => None,
        };
        let afterwards = self.settle()?;
        if let Some(name) = &step.about {
            self.current = Some(self.called(name)?);
        }
        let refused = outcome.as_ref().and_then(|outcome| outcome.as_ref().err());
        let mut checked: Vec<_> =
            step.expected.iter().map(|expected| self.check(expected, refused)).collect();
        let foreseen = step.expected.iter().any(|expected| matches!(expected, Expected::Refused(_)));
        if let Some(refusal) = refused.filter(|_| !foreseen) {
            checked.push(Checked::unforeseen(refusal));
        }
        Ok(Played { meanwhile, outcome, afterwards, checked, about: self.current })
    }

    /// The clock runs as the real one does: from due to due, and at each all is settled.
    ///
    /// # Errors
    /// A fault of the rules.
    pub fn until(&mut self, target: Timestamp) -> Result<Vec<Done>, String> {
        let mut done = self.settle()?;
        while let Some(next) = self.next_due().filter(|next| *next <= target) {
            self.now = next.max(self.now + TimeDelta::nanoseconds(1));
            done.extend(self.settle()?);
        }
        self.now = self.now.max(target);
        done.extend(self.settle()?);
        Ok(done)
    }

    fn next_due(&self) -> Option<Timestamp> {
        let cases = self.paper.cases().values();
        let of_cases = cases.filter_map(|case| stages::due(case, self.now, &self.policy)).min();
        of_cases.into_iter().chain(self.next_of_duties()).chain(self.paper.next_of_directory(self.now)).min()
    }

    /// Everything that the process does by itself at this instant.
    fn settle(&mut self) -> Result<Vec<Done>, String> {
        self.settle_directory()?;
        let mut done = self.settle_duties()?;
        for (place, (id, _)) in self.raised.clone().into_iter().enumerate() {
            while let Some((case, step)) = self.next_step(id) {
                let decided = Decided {
                    case: id,
                    now: self.now,
                    by: None,
                    act: None,
                    id: step.command_id(id),
                    command: step.command,
                    fingerprint: None,
                    registration: None,
                    rank: Some(self.rank(place, case)),
                };
                let outcome = decided.decide(Some(case), self.paper.cases(), None, &self.policy);
                let Ok(Outcome::Fresh(decision)) = outcome else {
                    return Err(format!("{} is proposed, and {outcome:?}", step.name));
                };
                done.push(Done {
                    about: About::Case(id),
                    at: decision.occurred_at,
                    kind: decision.body.kind(),
                });
                self.record(decided, decision)?;
                if done.len() > STEPS {
                    return Err(format!("{}: the process does not come to rest", step.name));
                }
            }
        }
        Ok(done)
    }

    /// A case and what the process must do next in it, if anything.
    fn next_step(&self, id: CaseId) -> Option<(&Case, stages::Step)> {
        let case = self.paper.case(id)?;
        stages::next_steps(case, self.now, &self.policy).next().map(|step| (case, step))
    }

    /// The rank of a case among those of its local year.
    fn rank(&self, place: usize, case: &Case) -> u32 {
        let year = |case: &Case| calendar::local_date(case.raised_at).year();
        let before = self.raised[..place].iter().filter_map(|(id, _)| self.paper.case(*id));
        u32::try_from(before.filter(|other| year(other) == year(case)).count()).unwrap_or(u32::MAX) + 1
    }

    fn record(&mut self, decided: Decided, decision: Decision) -> Result<(), String> {
        let entry = Entry {
            recorded_at: self.now,
            actor: decided.actor(),
            command: decided.id,
            fingerprint: decided.fingerprint,
            policy_version: &self.policy.version,
        };
        self.paper.record(decided.case, &entry, decision)?;
        self.decided.push(decided);
        Ok(())
    }

    /// An officer acts, as through the edge.
    fn act(&mut self, deed: &Deed, key: &str) -> Result<Result<Kind, Refusal>, String> {
        let person = match self.person(&deed.officer)? {
            Ok(person) => person,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let act = stages::act(&deed.act).ok_or_else(|| format!("there is no act {}", deed.act))?;
        let raises = deed.act == "raise";
        let id = if raises {
            CaseId::raised_by(&person.agency, &person.officer, key)
        } else {
            let named = deed
                .case
                .as_ref()
                .map(|name| self.named(name).ok_or_else(|| format!("no case is called @{name}")));
            named.transpose()?.or(self.current.and_then(About::case)).ok_or("no case was raised yet")?
        };
        let mut body = deed.body.clone();
        scenario::resolve(&mut body, &|reference| self.find(Some(id), reference))?;
        let fingerprint = Some(Digest::of(body.to_string().as_bytes()));
        let command_id = CommandId::of_person(&person.agency, &person.officer, id, key);
        let command = secrecy::screen(act.name, &mut body).and_then(|()| Command::parse(act, body));
        if !raises {
            self.current = Some(About::Case(id));
        }
        let decided = command.map(|command| Decided {
            case: id,
            now: self.now,
            registration: command
                .document()
                .and_then(|document| self.paper.registration(&document.id()).cloned()),
            by: Some(person),
            act: Some(act.name),
            command,
            id: command_id,
            fingerprint,
            rank: None,
        });
        let outcome = decided.and_then(|decided| {
            let project = decided.command.project().and_then(|id| self.paper.duties().get(&id));
            let outcome = decided.decide(self.paper.case(id), self.paper.cases(), project, &self.policy)?;
            Ok((decided, outcome))
        });
        match outcome {
            Err(refusal) => Ok(Err(refusal)),
            Ok((_, Outcome::Repeat(_))) => {
                Ok(Err(Refusal::new(Code::IdempotencyKeyReused, "Đã thực hiện.", "It was done already.")))
            }
            Ok((decided, Outcome::Fresh(decision))) => {
                let kind = decision.body.kind();
                self.record(decided, decision)?;
                if raises {
                    let name = deed.case.clone().unwrap_or_else(|| (self.raised.len() + 1).to_string());
                    self.raised.push((id, name));
                    self.current = Some(About::Case(id));
                }
                Ok(Ok(kind))
            }
        }
    }

    /// An officer says something to the directory.
    fn say(&mut self, deed: &Deed, key: &str) -> Result<Result<Kind, Refusal>, String> {
        self.found_directory()?;
        let person = match self.person(&deed.officer)? {
            Ok(person) => person,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let act = directory::named(&deed.act).ok_or_else(|| format!("there is no act {}", deed.act))?;
        let mut body = deed.body.clone();
        scenario::resolve(&mut body, &|reference| self.find(None, reference))?;
        let fingerprint = Some(Digest::of(body.to_string().as_bytes()));
        let id = CommandId::of_person(&person.agency, &person.officer, AggregateId::Directory, key);
        let ctx = Context {
            by: By::Person(&person),
            act: Some(act.name),
            ..Context::of_system(self.now, &self.policy)
        };
        let outcome = directory::Command::parse(act, body)
            .and_then(|command| directory::decide(self.paper.directory(), id, fingerprint, &command, &ctx));
        match outcome {
            Err(refusal) => Ok(Err(refusal)),
            Ok(Outcome::Repeat(_)) => Err("the same act twice".to_owned()),
            Ok(Outcome::Fresh(decision)) => {
                let kind = decision.body.kind();
                self.record_in_directory(id, fingerprint, person.actor(), decision)?;
                Ok(Ok(kind))
            }
        }
    }

    /// The officer in the office that he holds; one without an office may do nothing.
    fn person(&self, officer: &str) -> Result<Result<Person, Refusal>, String> {
        let (organisation, officer) = (&self.policy.organisation, officer.into());
        if organisation.officer(&officer).is_none() {
            return Err(format!("there is no officer {officer}"));
        }
        Ok(organisation.person(&officer, self.now).ok_or_else(Refusal::without_office))
    }

    /// The policy of the files is published, if nothing is yet.
    fn found_directory(&mut self) -> Result<(), String> {
        if self.paper.directory().is_some() {
            return Ok(());
        }
        let publish = directory::PublishPolicy { in_force: None, files: self.policy.texts.clone() };
        self.step_of_directory(
            CommandId::of_directory_step("found"),
            &directory::Command::PublishPolicy(publish),
        )
    }

    /// The directory does what it must by itself.
    fn settle_directory(&mut self) -> Result<(), String> {
        self.refresh();
        while let Some(step) = self
            .paper
            .directory()
            .and_then(|directory| directory::next_step(directory, self.now, &self.policy))
        {
            self.step_of_directory(step.id, &step.command)?;
        }
        Ok(())
    }

    fn step_of_directory(&mut self, id: CommandId, command: &directory::Command) -> Result<(), String> {
        let ctx = Context::of_system(self.now, &self.policy);
        match directory::decide(self.paper.directory(), id, None, command, &ctx) {
            Ok(Outcome::Fresh(decision)) => {
                let actor = Actor::System { service: "directory".to_owned() };
                self.record_in_directory(id, None, actor, decision)
            }
            other => Err(format!("{command:?} of the directory: {other:?}")),
        }
    }

    fn record_in_directory(
        &mut self,
        command: CommandId,
        fingerprint: Option<Digest>,
        actor: Actor,
        decision: Decision,
    ) -> Result<(), String> {
        let policy_version = &self.policy.version;
        let entry = Entry { recorded_at: self.now, actor, command, fingerprint, policy_version };
        self.paper.record_in_directory(&entry, decision)?;
        self.refresh();
        Ok(())
    }

    /// The policy is the one in force.
    fn refresh(&mut self) {
        if let Some(policy) = self.paper.policy(self.now) {
            self.policy = Arc::clone(policy);
        }
    }

    /// What goes by that name: a case, or a duty.
    fn called(&self, name: &str) -> Result<About, String> {
        let duty = || self.duty_called(name).map(About::Duty);
        let found = self.named(name).map(About::Case).or_else(duty);
        found.ok_or_else(|| format!("nothing is called @{name}"))
    }

    /// The case of that name.
    fn named(&self, name: &str) -> Option<CaseId> {
        self.raised.iter().rev().find(|(_, known)| known == name).map(|(id, _)| *id)
    }

    /// What a field of an act refers to.
    fn find(&self, case: Option<CaseId>, reference: Reference<'_>) -> Option<String> {
        match reference {
            Reference::Delegation => {
                let newest = self.paper.directory()?.delegations.last()?;
                Some(newest.delegation.id.to_string())
            }
            Reference::Case(name) => Some(match self.called(name).ok()? {
                About::Case(id) => id.to_string(),
                About::Duty(id) => id.to_string(),
            }),
            Reference::Event(kind) => {
                let facts = &self.paper.told(case?)?.facts;
                let newest = facts.iter().rev().find(|fact| fact.body().kind() == kind)?;
                Some(newest.draft.id.to_string())
            }
        }
    }

    fn check(&self, expected: &Expected, refused: Option<&Refusal>) -> Checked {
        if let Some(About::Duty(id)) = self.current
            && !matches!(expected, Expected::Fact { kind, .. } | Expected::Count { kind, .. } if kind.stage() == Stage::Directory)
        {
            let facts = self.paper.told_of_duty(id).map_or(&[][..], |told| &told.facts);
            return holds::check_duty(expected, self.paper.duties().get(&id), facts, refused);
        }
        let current = self.current.and_then(About::case);
        let case = current.and_then(|id| self.paper.case(id));
        let facts = match expected {
            Expected::Fact { kind, .. } | Expected::Count { kind, .. }
                if kind.stage() == Stage::Directory =>
            {
                &self.paper.said_to_directory().facts[..]
            }
            _ => current.and_then(|id| self.paper.told(id)).map_or(&[][..], |told| &told.facts),
        };
        holds::check(expected, case, facts, refused)
    }
}

/// Every step of a scenario as it was played, and how all stands in the end.
///
/// # Errors
/// A scenario that speaks of what is not there, or a fault of the rules; with its line.
pub fn play(
    scenario: &Scenario,
    policy: Arc<Policy>,
) -> Result<(Vec<Played>, Simulation), scenario::BadScenario> {
    let mut simulation = Simulation::of(scenario, policy);
    let mut played = Vec::new();
    for step in &scenario.steps {
        let came = simulation.play(scenario, step);
        played.push(came.map_err(|what| scenario::BadScenario { line: step.line, what })?);
    }
    Ok((played, simulation))
}
