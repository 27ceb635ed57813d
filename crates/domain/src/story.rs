//! Given, when, then: a case as its officers and its clock play it, for the tests of the rules.
//!
//! Nothing is pretended. Each fact is written as the ledger writes it, stamped and read back before it is folded
//! ([`crate::paper`]), so every test also checks the chain and the codec. A refusal that a test does not name fails it.

mod ends;
mod files;
mod forms;
mod given;
mod histories;
mod invariants;
mod naive;
mod played;
mod regions;
mod scenarios;
mod then;
mod words;

use std::sync::{Arc, LazyLock};

use chrono::NaiveDateTime;
use events::{
    Actor, AggregateId, Body, CaseId, CommandId, Digest, Lifecycle, OfficerId, Timestamp,
    escalation::{Addressee, Purpose},
};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use ends::close;
pub(crate) use files::{Files, absence};
pub(crate) use forms::*;
pub(crate) use words::{clock, line, mail};

use crate::{
    By, Case, Code, Command, Context, Decision, Outcome, Policy, Refusal, Registration, Step, calendar,
    decide, directory, due, evolve, labels, next_steps, notices,
    paper::{Entry, Paper},
    stages::{
        act,
        escalation::{DossierFile, Submitted},
    },
};

/// More steps than this at one instant are a circle.
const STEPS: usize = 200;

/// The delivered policy, read once.
static DELIVERED: LazyLock<Arc<Policy>> = LazyLock::new(|| Arc::new(Files::default().policy()));

/// An instant by the local clock, as `16/05/2026 21:52` or `16/05/2026 21:52:30.5`.
pub(crate) fn local(text: &str) -> Timestamp {
    let read = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let clock = read("%d/%m/%Y %H:%M").or_else(|| read("%d/%m/%Y %H:%M:%S%.f")).expect("a local time");
    calendar::local(clock.date(), clock.time())
}

/// The directory's own process.
fn of_directory() -> Actor {
    Actor::System { service: "directory".to_owned() }
}

/// A case, its policy, its clock and the officer who acts next.
pub(crate) struct Story {
    pub(crate) policy: Arc<Policy>,
    pub(crate) now: Timestamp,
    paper: Paper,
    raised: Vec<CaseId>,
    current: Option<CaseId>,
    officer: OfficerId,
    keys: u32,
    key: Option<String>,
    expected: Option<u32>,
    rank: Option<u32>,
    also_required: Vec<&'static str>,
    answer: Option<Result<Outcome, Refusal>>,
}

impl Story {
    /// Under the delivered policy.
    pub(crate) fn new() -> Self {
        Self::under(Arc::clone(&DELIVERED))
    }

    /// Under another policy.
    pub(crate) fn under(policy: Arc<Policy>) -> Self {
        Self {
            policy,
            now: local("16/05/2026 21:52"),
            paper: Paper::default(),
            raised: Vec::new(),
            current: None,
            officer: "btg.truc-ban".into(),
            keys: 0,
            key: None,
            expected: None,
            rank: Some(7),
            also_required: Vec::new(),
            answer: None,
        }
    }

    // Given.

    /// The clock jumps: whatever came due meanwhile was not done, as in an outage.
    pub(crate) fn at(&mut self, clock: &str) -> &mut Self {
        self.nothing_refused();
        self.now = local(clock);
        self
    }

    /// The clock runs as the real process does: from due to due, and at each all is settled.
    pub(crate) fn until(&mut self, clock: &str) -> &mut Self {
        self.until_instant(local(clock))
    }

    pub(crate) fn until_instant(&mut self, target: Timestamp) -> &mut Self {
        self.settle();
        while let Some(next) = self.next_due().filter(|next| *next <= target) {
            assert!(next > self.now, "due at {} lies not after now, {}", clock(next), clock(self.now));
            self.now = next;
            self.settle();
        }
        self.now = target;
        self.settle()
    }

    /// Who acts next.
    pub(crate) fn by(&mut self, officer: &str) -> &mut Self {
        self.officer = officer.into();
        self
    }

    /// The key of the next act; each act has its own unless it is named.
    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The version that the next act expects.
    pub(crate) fn expecting(&mut self, version: u32) -> &mut Self {
        self.expected = Some(version);
        self
    }

    /// The rank of the case in its year, 7 unless another is given.
    pub(crate) fn ranking(&mut self, rank: Option<u32>) -> &mut Self {
        self.rank = rank;
        self
    }

    /// More agencies whose position is required, from the beginning on: what adding an agency does later.
    pub(crate) fn requiring(&mut self, agencies: &[&'static str]) -> &mut Self {
        self.also_required.extend(agencies);
        self
    }

    /// Agencies that are consulted, in whatever state the case is: the fold is changed by hand.
    pub(crate) fn consulting(&mut self, agencies: &[&'static str]) -> &mut Self {
        self.amend(|case| {
            case.consulted.extend(agencies.iter().map(|agency| (*agency).into()));
            case.audience = crate::access::audience(case);
        })
    }

    /// A dossier went up by a path that is not of interest, so that the standing body sees the case.
    pub(crate) fn went_up(&mut self) -> &mut Self {
        let now = self.now;
        self.amend(|case| {
            let content = crate::dossier::compile(case, 1, &[]);
            case.escalation.dossiers.push(DossierFile {
                number: 1,
                round: 1,
                statements: Vec::new(),
                complete: true,
                statement_due: now,
                submitted: Some(Submitted {
                    at: now,
                    purpose: Purpose::Disagreement,
                    addressee: Addressee::ThuongTruc,
                    requested_by: now,
                    document: None,
                    digest: content.digest(),
                    content,
                    previous: Lifecycle::Disputed,
                }),
                received: false,
                requests: Vec::new(),
                directive: None,
                archived: false,
            });
            case.audience = crate::access::audience(case);
        })
    }

    /// The policy changes.
    pub(crate) fn now_under(&mut self, files: &Files) -> &mut Self {
        self.policy = Arc::new(files.policy());
        self
    }

    /// The officer acts on the directory.
    pub(crate) fn tells(&mut self, name: &str, body: Value) -> &mut Self {
        self.nothing_refused();
        self.found_directory();
        self.keys += 1;
        let key = self.key.take().unwrap_or_else(|| format!("key {}", self.keys));
        let Some(person) = self.policy.organisation.person(&self.officer, self.now) else {
            self.answer = Some(Err(Refusal::without_office()));
            return self;
        };
        let id = CommandId::of_person(&person.agency, &person.officer, AggregateId::Directory, &key);
        let fingerprint = Some(Digest::of(body.to_string().as_bytes()));
        let act = directory::named(name).expect("an act of the directory");
        let answer = directory::Command::parse(act, body).and_then(|command| {
            let ctx = Context {
                by: By::Person(&person),
                act: Some(act.name),
                ..Context::of_system(self.now, &self.policy)
            };
            directory::decide(self.paper.directory(), id, fingerprint, &command, &ctx)
        });
        if let Err(Refusal { code, .. }) = &answer {
            assert!(
                labels::acts::may_be_refused(name, *code),
                "labels::acts says nothing of {code} for {name}"
            );
        }
        if let Ok(Outcome::Fresh(decision)) = &answer {
            assert!(act.records.contains(&decision.body.kind()), "{name}");
            self.record_in_directory(id, fingerprint, person.actor(), decision.clone());
        }
        self.answer = Some(answer);
        self
    }

    /// The policy of the files is published, if nothing is yet.
    fn found_directory(&mut self) {
        if self.paper.directory().is_some() {
            return;
        }
        let publish = directory::PublishPolicy { in_force: None, files: self.policy.texts.clone() };
        let (command, id) =
            (directory::Command::PublishPolicy(publish), CommandId::of_directory_step("found"));
        let ctx = Context::of_system(self.now, &self.policy);
        match directory::decide(None, id, None, &command, &ctx) {
            Ok(Outcome::Fresh(decision)) => self.record_in_directory(id, None, of_directory(), decision),
            other => panic!("the policy of the files cannot be published: {other:?}"),
        }
    }

    fn record_in_directory(
        &mut self,
        id: CommandId,
        fingerprint: Option<Digest>,
        actor: Actor,
        decision: Decision,
    ) {
        let policy_version = &self.policy.version;
        let entry = Entry { recorded_at: self.now, actor, command: id, fingerprint, policy_version };
        self.paper.record_in_directory(&entry, decision).expect("a fact that was decided follows");
        self.refresh();
    }

    /// The policy is the one in force.
    fn refresh(&mut self) {
        if let Some(policy) = self.paper.policy(self.now) {
            self.policy = Arc::clone(policy);
        }
    }

    /// The directory does what it must by itself.
    fn settle_directory(&mut self) {
        self.refresh();
        while let Some(step) = self
            .paper
            .directory()
            .and_then(|directory| directory::next_step(directory, self.now, &self.policy))
        {
            let ctx = Context::of_system(self.now, &self.policy);
            match directory::decide(self.paper.directory(), step.id, None, &step.command, &ctx) {
                Ok(Outcome::Fresh(decision)) => {
                    self.record_in_directory(step.id, None, of_directory(), decision);
                }
                other => panic!("{step:?} is proposed, but {other:?}"),
            }
        }
    }

    /// A document that another case registered.
    pub(crate) fn registering(&mut self, document: Value) -> &mut Self {
        let document: events::terms::Document = serde_json::from_value(document).unwrap();
        self.paper.register(Registration { document });
        self
    }

    /// Another case is raised next.
    pub(crate) fn aside(&mut self) -> &mut Self {
        self.nothing_refused();
        self.current = None;
        self
    }

    /// It goes on with the case that was raised as the how-manieth, counted from 1.
    pub(crate) fn turn_to(&mut self, number: usize) -> &mut Self {
        self.nothing_refused();
        self.current = Some(self.raised[number - 1]);
        self
    }

    // When.

    /// The officer raises a case.
    pub(crate) fn raise(&mut self, body: Value) -> &mut Self {
        self.when("raise", body)
    }

    /// The officer acts.
    pub(crate) fn when(&mut self, name: &str, body: Value) -> &mut Self {
        self.nothing_refused();
        self.keys += 1;
        let key = self.key.take().unwrap_or_else(|| format!("key {}", self.keys));
        let Some(person) = self.policy.organisation.person(&self.officer, self.now) else {
            self.answer = Some(Err(Refusal::without_office()));
            return self;
        };
        let case = self.current.unwrap_or_else(|| CaseId::raised_by(&person.agency, &person.officer, &key));
        let id = CommandId::of_person(&person.agency, &person.officer, case, &key);
        let fingerprint = Some(Digest::of(body.to_string().as_bytes()));
        let act = act(name).expect("an act of the catalogue");
        let actor = person.actor();
        let answer = Command::parse(act, body)
            .and_then(|command| self.decide(By::Person(&person), Some(act.name), id, fingerprint, &command));
        self.expected = None;
        if let Err(Refusal { code, .. }) = &answer {
            assert!(
                labels::acts::may_be_refused(name, *code),
                "labels::acts says nothing of {code} for {name}"
            );
        }
        if let Ok(Outcome::Fresh(decision)) = &answer {
            let kind = decision.body.kind();
            assert!(
                act.records.contains(&kind),
                "the catalogue of acts does not say that {name} records {kind}"
            );
            self.record(case, id, fingerprint, actor, decision.clone());
        }
        self.answer = Some(answer);
        self
    }

    /// The officer gives a command that is no act of a person.
    pub(crate) fn usurps(&mut self, command: &Command) -> &mut Self {
        self.nothing_refused();
        let person = self.person();
        let id = CommandId::of_person(&person.agency, &person.officer, CaseId(Uuid::nil()), "usurped");
        self.answer = Some(self.decide(By::Person(&person), None, id, None, command));
        self
    }

    /// The system gives a command of its own accord, due or not.
    pub(crate) fn system(&mut self, command: &Command) -> &mut Self {
        self.nothing_refused();
        let step = Step { name: format!("forced {}", self.facts().len()), command: command.clone() };
        self.answer = Some(self.perform(&step));
        self
    }

    /// A fact that no act makes yet.
    pub(crate) fn forge(&mut self, decision: Decision) -> &mut Self {
        self.nothing_refused();
        let id = CommandId::of_step(self.case().id, &format!("forged {}", self.facts().len()));
        let actor = Actor::System { service: "forge".to_owned() };
        self.record(self.case().id, id, None, actor, decision);
        self
    }

    /// The fold is changed by hand, to what no fact makes yet.
    pub(crate) fn amend(&mut self, change: impl FnOnce(&mut Case)) -> &mut Self {
        self.paper.amend(self.current.expect("a case is raised"), change);
        self
    }

    /// Everything that the process does by itself at this instant.
    pub(crate) fn settle(&mut self) -> &mut Self {
        self.settle_directory();
        self.nothing_refused();
        self.answer = None;
        for _ in 0..STEPS {
            let Some(step) = self.steps().into_iter().next() else { return self };
            match self.perform(&step) {
                Ok(Outcome::Fresh(_)) => {}
                other => panic!("{step:?} is proposed, but {other:?}\n{}", self.log().join("\n")),
            }
        }
        panic!("the process does not come to rest:\n{}", self.log().join("\n"));
    }

    /// What the process would do by itself now.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let case = self.current.and_then(|id| self.paper.case(id));
        case.iter().flat_map(|case| next_steps(case, self.now, &self.policy)).collect()
    }

    /// Whether the process, or the directory, would do something by itself now.
    pub(crate) fn has_to_act(&self) -> bool {
        let policy = self.paper.policy(self.now).unwrap_or(&self.policy);
        let directory = self.paper.directory();
        !self.steps().is_empty()
            || directory.is_some_and(|known| directory::next_step(known, self.now, policy).is_some())
    }

    /// What a decision on a step would be, without recording it.
    pub(crate) fn would(&self, step: &Step) -> Result<Outcome, Refusal> {
        self.decide(By::System, None, step.command_id(self.case().id), None, &step.command)
    }

    /// The next instant at which the process has something to do.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let case = self.current.and_then(|id| self.paper.case(id));
        let of_case = case.and_then(|case| due(case, self.now, &self.policy));
        of_case.into_iter().chain(self.paper.next_of_directory(self.now)).min()
    }

    fn perform(&mut self, step: &Step) -> Result<Outcome, Refusal> {
        let answer = self.would(step);
        if let Ok(Outcome::Fresh(decision)) = &answer {
            let (case, stage) = (self.case().id, step.command.stage());
            assert_eq!(decision.body.kind().stage(), stage, "a stage records its own facts only");
            let actor = Actor::System { service: stage.to_string() };
            self.record(case, step.command_id(case), None, actor, decision.clone());
        }
        answer
    }

    fn decide(
        &self,
        by: By<'_>,
        act: Option<&'static str>,
        id: CommandId,
        fingerprint: Option<Digest>,
        command: &Command,
    ) -> Result<Outcome, Refusal> {
        let registration = command.document().and_then(|document| self.paper.registration(&document.id()));
        let case = self.current.and_then(|id| self.paper.case(id));
        // As the casebook has it: only the cases that the command asks for.
        let others = command.looks_at(case).into_iter();
        let others = others.filter_map(|id| Some((id, Arc::clone(self.paper.cases().get(&id)?)))).collect();
        let ctx = Context {
            by,
            act,
            registration,
            expected_version: self.expected,
            rank: self.rank,
            others: &others,
            ..Context::of_system(self.now, &self.policy)
        };
        decide(case, id, fingerprint, command, &ctx)
    }

    /// Writes a fact as the ledger does, reads it back and folds it.
    fn record(
        &mut self,
        case: CaseId,
        command: CommandId,
        fingerprint: Option<Digest>,
        actor: Actor,
        decision: Decision,
    ) {
        let mut decision = decision;
        if let Body::RaisedByPhone(events::intake::RaisedByPhone { parties, .. })
        | Body::RaisedInWriting(events::intake::RaisedInWriting { parties, .. }) = &mut decision.body
        {
            parties.required.extend(self.also_required.iter().map(|agency| (*agency).into()));
        }
        let policy_version = &self.policy.version;
        let entry = Entry { recorded_at: self.now, actor, command, fingerprint, policy_version };
        self.paper.record(case, &entry, decision).expect("a fact that was decided follows on its case");
        if self.current.is_none() {
            self.raised.push(case);
            self.current = Some(case);
        }
    }

    fn nothing_refused(&self) {
        if let Some(Err(refusal)) = &self.answer {
            panic!("nobody expected that this is refused: {refusal}");
        }
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.nothing_refused();
        }
    }
}
