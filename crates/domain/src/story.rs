//! Given, when, then: a case as its officers and its clock play it, for the tests of the rules.
//!
//! Nothing is pretended. Each fact is written as the ledger writes it, stamped and read back before it is folded, so
//! every test also checks the chain and the codec. A refusal that a test does not name fails it.

mod forms;
mod histories;
mod scenarios;
mod words;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use chrono::NaiveDateTime;
use events::{
    Actor, AggregateId, Body, Capacity, CaseId, CommandId, DeadlineKey, Digest, DocumentId, Draft, EventId,
    Fact, Kind, Lifecycle, OfficerId, Origin, Timestamp, envelope,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use forms::*;
pub(crate) use words::{clock, line, mail};

use crate::{
    By, Case, Code, Command, Context, Decision, OutOfOrder, Outcome, Person, Policy, PolicyFiles, Refusal,
    Registration, Step, calendar, deadlines, decide, due, evolve, next_step, next_steps, notices,
    stages::act,
};

/// More steps than this at one instant are a circle.
const STEPS: usize = 200;

/// The delivered policy, read once.
static DELIVERED: LazyLock<Arc<Policy>> = LazyLock::new(|| Arc::new(Files::default().policy()));

/// The texts of the policy's files; a test changes what it is about.
pub(crate) struct Files {
    pub(crate) policy: String,
    pub(crate) organisation: String,
    pub(crate) deadlines: String,
    pub(crate) routing: String,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            policy: include_str!("../../../deploy/policy/policy.toml").to_owned(),
            organisation: include_str!("../../../deploy/policy/organisation.toml").to_owned(),
            deadlines: include_str!("../../../deploy/policy/deadlines.toml").to_owned(),
            routing: include_str!("../../../deploy/policy/routing.toml").to_owned(),
        }
    }
}

impl Files {
    /// The delivered files with more lines in `organisation.toml`.
    pub(crate) fn with_organisation(lines: &str) -> Self {
        let mut files = Self::default();
        files.organisation.push_str(lines);
        files
    }

    /// Reads them; the calendar is the delivered one.
    pub(crate) fn read(&self) -> Result<Policy, crate::PolicyError> {
        Policy::from_files(PolicyFiles {
            policy: &self.policy,
            organisation: &self.organisation,
            calendar: include_str!("../../../deploy/policy/calendar-VN.toml"),
            deadlines: &self.deadlines,
            routing: &self.routing,
        })
    }

    /// Reads them; they must be right.
    pub(crate) fn policy(&self) -> Policy {
        self.read().expect("a policy that can be read")
    }

    /// A story under them.
    pub(crate) fn story(&self) -> Story {
        Story::under(Arc::new(self.policy()))
    }
}

/// An absence of an officer, as `organisation.toml` says it.
pub(crate) fn absence(officer: &str, from: &str, until: &str) -> String {
    format!(
        "\n[[absence]]\nofficer = \"{officer}\"\nfrom = \"{from}:00+07:00\"\nuntil = \"{until}:00+07:00\"\n"
    )
}

/// An instant by the local clock, as `16/05/2026 21:52` or `16/05/2026 21:52:30.5`.
pub(crate) fn local(text: &str) -> Timestamp {
    let read = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let clock = read("%d/%m/%Y %H:%M").or_else(|| read("%d/%m/%Y %H:%M:%S%.f")).expect("a local time");
    calendar::local(clock.date(), clock.time())
}

/// A case, its policy, its clock and the officer who acts next.
pub(crate) struct Story {
    pub(crate) policy: Arc<Policy>,
    pub(crate) now: Timestamp,
    case: Option<Case>,
    stored: Vec<String>,
    facts: Vec<Fact>,
    registered: BTreeMap<DocumentId, Registration>,
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
            case: None,
            stored: Vec::new(),
            facts: Vec::new(),
            registered: BTreeMap::new(),
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

    /// More agencies whose position is required, once the case is raised: what adding an agency will do.
    pub(crate) fn requiring(&mut self, agencies: &[&'static str]) -> &mut Self {
        self.also_required.extend(agencies);
        self
    }

    /// Agencies that are consulted. No fact says this yet, so the fold is changed by hand.
    pub(crate) fn consulting(&mut self, agencies: &[&'static str]) -> &mut Self {
        self.amend(|case| {
            case.consulted.extend(agencies.iter().map(|agency| (*agency).into()));
            case.audience = crate::access::audience(case);
        })
    }

    /// The policy changes.
    pub(crate) fn now_under(&mut self, files: &Files) -> &mut Self {
        self.policy = Arc::new(files.policy());
        self
    }

    /// A document that another case registered.
    pub(crate) fn registering(&mut self, document: Value) -> &mut Self {
        let document: events::terms::Document = serde_json::from_value(document).unwrap();
        self.registered.insert(document.id(), Registration { document });
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
        let person = self.person();
        self.keys += 1;
        let key = self.key.take().unwrap_or_else(|| format!("key {}", self.keys));
        let id = CommandId::of_person(&person.agency, &person.officer, &key);
        let case = self
            .case
            .as_ref()
            .map_or_else(|| CaseId::raised_by(&person.agency, &person.officer, &key), |case| case.id);
        let fingerprint = Some(Digest::of(body.to_string().as_bytes()));
        let act = act(name).expect("an act of the catalogue");
        let actor = Actor::Person {
            officer: person.officer.clone(),
            office: person.office.clone(),
            agency: person.agency.clone(),
            capacity: Capacity::Direct,
        };
        let answer = Command::parse(act, body)
            .and_then(|command| self.decide(By::Person(&person), id, fingerprint, &command));
        self.expected = None;
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
        let id = CommandId::of_person(&person.agency, &person.officer, "usurped");
        self.answer = Some(self.decide(By::Person(&person), id, None, command));
        self
    }

    /// The system gives a command of its own accord, due or not.
    pub(crate) fn system(&mut self, command: &Command) -> &mut Self {
        self.nothing_refused();
        let step = Step { name: format!("forced {}", self.facts.len()), command: command.clone() };
        self.answer = Some(self.perform(&step));
        self
    }

    /// A fact that no act makes yet.
    pub(crate) fn forge(&mut self, decision: Decision) -> &mut Self {
        self.nothing_refused();
        let id = CommandId::of_step(self.case().id, &format!("forged {}", self.facts.len()));
        let actor = Actor::System { service: "forge".to_owned() };
        self.record(self.case().id, id, None, actor, decision);
        self
    }

    /// The fold is changed by hand, to what no fact makes yet.
    pub(crate) fn amend(&mut self, change: impl FnOnce(&mut Case)) -> &mut Self {
        change(self.case.as_mut().expect("a case is raised"));
        self
    }

    /// Everything that the process does by itself at this instant.
    pub(crate) fn settle(&mut self) -> &mut Self {
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
        self.case.iter().flat_map(|case| next_steps(case, self.now, &self.policy)).collect()
    }

    /// What a decision on a step would be, without recording it.
    pub(crate) fn would(&self, step: &Step) -> Result<Outcome, Refusal> {
        self.decide(By::System, step.command_id(self.case().id), None, &step.command)
    }

    /// The next instant at which the process has something to do.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        due(self.case.as_ref()?, self.now, &self.policy)
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
        id: CommandId,
        fingerprint: Option<Digest>,
        command: &Command,
    ) -> Result<Outcome, Refusal> {
        let registration = command.document().and_then(|document| self.registered.get(&document.id()));
        let ctx = Context {
            by,
            registration,
            expected_version: self.expected,
            rank: self.rank,
            ..Context::of_system(self.now, &self.policy)
        };
        decide(self.case.as_ref(), id, fingerprint, command, &ctx)
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
        let mut body = decision.body;
        if let Body::RaisedByPhone(events::intake::RaisedByPhone { parties, .. })
        | Body::RaisedInWriting(events::intake::RaisedInWriting { parties, .. }) = &mut body
        {
            parties.required.extend(self.also_required.iter().map(|agency| (*agency).into()));
        }
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.facts.len().to_be_bytes());
        let draft = Draft {
            id: EventId::new(self.now, random),
            aggregate: AggregateId::Case(case),
            origin: Origin {
                occurred_at: decision.occurred_at,
                actor,
                command,
                fingerprint,
                correlation: Uuid::from_u128(1),
                causation: self.facts.last().map(|fact| fact.draft.id),
                policy_version: self.policy.version.clone(),
                basis: 0,
            },
            body,
            transition: decision.transition,
            deadlines: decision.deadlines,
        };
        let version = u32::try_from(self.facts.len()).unwrap() + 1;
        let previous = self.facts.last().map_or(Digest::ZERO, |fact| fact.digest);
        let bytes = envelope::stamp(&draft.to_json().unwrap(), version, self.now, previous).unwrap();
        let fact = Fact::from_bytes(bytes.as_bytes()).expect("a fact that was written can be read");
        assert_eq!(fact.draft, draft, "a fact is read as it was written");
        let evolved = evolve(self.case.take(), &fact).expect("a fact that was decided follows on its case");
        self.case = Some(evolved);
        self.stored.push(bytes);
        self.facts.push(fact);
        if let Some(document) = decision.registers {
            self.registered.insert(document.id(), Registration { document });
        }
    }

    // Then.

    /// The act made a fact of this kind.
    pub(crate) fn then(&mut self, kind: Kind) -> &mut Self {
        assert_eq!(self.decision().body.kind(), kind);
        self
    }

    /// Whether the act was done; a refusal is no surprise here.
    pub(crate) fn done(&mut self) -> bool {
        self.answer.take().expect("an act comes first").is_ok()
    }

    /// What the act was decided to record.
    pub(crate) fn decision(&mut self) -> Decision {
        match self.answer.take().expect("an act comes first") {
            Ok(Outcome::Fresh(decision)) => decision,
            other => panic!("not a fact, but {other:?}"),
        }
    }

    /// The act was known: it made the fact of this version already.
    pub(crate) fn repeats(&mut self, version: u32) -> &mut Self {
        match self.answer.take().expect("an act comes first") {
            Ok(Outcome::Repeat(receipt)) => {
                assert_eq!(receipt.version, version);
                assert_eq!(receipt.event, self.facts[version as usize - 1].draft.id);
            }
            other => panic!("not a repeat, but {other:?}"),
        }
        self
    }

    /// The act was refused; gives the field that the refusal is about.
    fn refusal(&mut self, code: Code) -> Option<String> {
        let refusal = self.why();
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(!refusal.vi.is_empty() && !refusal.en.is_empty(), "a refusal says why: {refusal:?}");
        refusal.field
    }

    /// The act was refused: how.
    pub(crate) fn why(&mut self) -> Refusal {
        match self.answer.take().expect("an act comes first") {
            Err(refusal) => refusal,
            Ok(outcome) => panic!("not refused, but {outcome:?}"),
        }
    }

    /// The act was refused, not about a field.
    pub(crate) fn refused(&mut self, code: Code) -> &mut Self {
        assert_eq!(self.refusal(code), None);
        self
    }

    /// The act was refused, about this field.
    pub(crate) fn refused_at(&mut self, code: Code, field: &str) -> &mut Self {
        assert_eq!(self.refusal(code).as_deref(), Some(field));
        self
    }

    /// Where the case stands.
    pub(crate) fn stands(&mut self, lifecycle: Lifecycle) -> &mut Self {
        assert_eq!(self.case().lifecycle, lifecycle);
        self
    }

    /// The case.
    pub(crate) fn case(&self) -> &Case {
        self.case.as_ref().expect("a case is raised")
    }

    /// Its facts.
    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Its newest fact.
    pub(crate) fn newest(&self) -> &Fact {
        self.facts.last().expect("a case is raised")
    }

    /// Its facts as they are stored.
    pub(crate) fn stored(&self) -> &[String] {
        &self.stored
    }

    /// The documents that are registered, by number and symbol.
    pub(crate) fn registered(&self) -> Vec<String> {
        self.registered.values().map(|registration| registration.document.printed()).collect()
    }

    /// The case as its stored facts give it.
    pub(crate) fn replayed(&self) -> Result<Option<Case>, OutOfOrder> {
        self.stored.iter().try_fold(None, |case, bytes| {
            evolve(case, &Fact::from_bytes(bytes.as_bytes()).unwrap()).map(Some)
        })
    }

    /// The facts say this, one line for each, from a clock time on.
    pub(crate) fn says_since(&self, clock: &str, lines: &[&str]) {
        assert_eq!(self.log_since(clock).join("\n"), lines.join("\n"));
    }

    /// The facts say this from the beginning, one line for each.
    pub(crate) fn says(&self, lines: &[&str]) {
        assert_eq!(self.log().join("\n"), lines.join("\n"));
    }

    /// Its facts in words, one line for each.
    pub(crate) fn log(&self) -> Vec<String> {
        self.facts.iter().map(line).collect()
    }

    /// The facts in words from a clock time on.
    pub(crate) fn log_since(&self, clock: &str) -> Vec<String> {
        let since = local(clock);
        self.facts.iter().filter(|fact| fact.origin().occurred_at >= since).map(line).collect()
    }

    /// The deadlines that run, in words: `written 1: 16/05 21:48 to 17/05 05:48`.
    pub(crate) fn running(&self) -> Vec<String> {
        let words = |armed: &deadlines::Armed| {
            let events::Deadline { key, instance, start, due } = armed.deadline;
            format!("{key} {instance}: {} to {}", clock(start), clock(due))
        };
        let mut running: Vec<_> = deadlines::running(self.case()).map(words).collect();
        running.sort();
        running
    }

    /// When a deadline that runs is due, in words.
    pub(crate) fn due_of(&self, key: DeadlineKey, instance: u32) -> Option<String> {
        deadlines::find(self.case(), key, instance).map(|armed| clock(armed.deadline.due))
    }

    /// The mails of the newest fact, in words: `E01 to BTG.LD by 16/05 22:07`.
    pub(crate) fn mails(&self) -> Vec<String> {
        notices::notices(self.case(), self.newest(), &self.policy).iter().map(mail).collect()
    }

    /// The person who acts next.
    pub(crate) fn person(&self) -> Person {
        self.policy.organisation.person(&self.officer).expect("an officer of the organisation")
    }

    /// The next step of one stage.
    pub(crate) fn step_of(&self, stage: events::Stage) -> Option<Step> {
        next_step(self.case(), stage, self.now, &self.policy)
    }

    fn nothing_refused(&self) {
        if let Some(Err(refusal)) = &self.answer {
            panic!("nobody expected that this is refused: {refusal}");
        }
    }

    // Histories that many tests begin with, on the night of 16 May 2026 (DOMAIN §8, S2).

    /// SNNMT has called at 21:40 to 21:48, BTG logged it at 21:52; routed to BTG and UBND.
    pub(crate) fn phoned() -> Self {
        let mut story = Self::new();
        story.by("btg.truc-ban").raise(phone()).settle();
        story
    }

    /// At 22:05 UBND and BTG acknowledge; round 1 is open until 02:05.
    pub(crate) fn coordinating() -> Self {
        let mut story = Self::phoned();
        story.acknowledged("16/05/2026 22:05");
        story
    }

    /// UBND and BTG acknowledge.
    pub(crate) fn acknowledged(&mut self, clock: &str) -> &mut Self {
        self.until(clock).by("ubnd.dau-moi").when("acknowledge", json!({}));
        self.by("btg.dau-moi").when("acknowledge", json!({})).settle()
    }

    /// At 23:50 BTG agrees: the sides agree; the document is still owed.
    pub(crate) fn agreed() -> Self {
        let mut story = Self::coordinating();
        story.until("16/05/2026 23:50").by("btg.lanh-dao").when("record-position", agree()).settle();
        story
    }

    /// At 00:30 the document comes, at 00:40 it matches: the case can be closed.
    pub(crate) fn settled() -> Self {
        let mut story = Self::agreed();
        story
            .until("17/05/2026 00:30")
            .by("snnmt.van-thu")
            .when("submit-written-confirmation", confirmation());
        story.until("17/05/2026 00:40").by("btg.dau-moi").when("compare-written", verdicts("same")).settle();
        story
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.nothing_refused();
        }
    }
}
