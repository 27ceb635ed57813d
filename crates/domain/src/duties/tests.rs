//! Given, when, then: the duties as officers and the clock play them, for the tests of their rules.
//!
//! Nothing is pretended. Each fact is stamped, written and read back before it is folded, as the ledger does it; what
//! the process proposes must be legal; and a refusal that a test does not name fails it.

mod histories;

use std::sync::LazyLock;

use chrono::{DateTime, FixedOffset, TimeDelta};
use events::{
    Actor, CaseId, Draft, EventId, Lifecycle, OfficerId, Origin,
    duty::ClockKey,
    envelope::{self, Stamp},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{briefing::Briefing, project::Project, reporting::Report, *};
use crate::{
    calendar, labels,
    story::{Files, local},
};

/// More steps than this at one instant are a circle.
const STEPS: usize = 200;

/// The delivered policy, in which the province's committee alone reports and is invited.
static POLICY: LazyLock<Policy> = LazyLock::new(|| files(&["UBND"], &[], &["UBND"]).policy());

/// The delivered files, in which these agencies report monthly and quarterly, and these are invited to the briefing of
/// the month.
pub(super) fn files(monthly: &[&str], quarterly: &[&str], invited: &[&str]) -> Files {
    let mut files = Files::default();
    for (key, agencies) in [("monthly", monthly), ("quarterly", quarterly), ("invited", invited)] {
        let from = files.duties.find(&format!("\n{key} = [")).expect(key);
        let length = files.duties[from..].find(']').expect("a list") + 1;
        files.duties.replace_range(from..from + length, &format!("\n{key} = {agencies:?}"));
    }
    files
}

/// The duties of a province, its clock, and the officer who acts next.
pub(super) struct Play {
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    /// Since when there is a policy.
    since: Timestamp,
    duties: BTreeMap<DutyId, Duty>,
    facts: BTreeMap<DutyId, Vec<Fact>>,
    current: Option<DutyId>,
    officer: OfficerId,
    keys: u32,
    answer: Option<Result<Outcome, Refusal>>,
}

impl Play {
    /// It begins at a time, under the policy of these tests.
    pub(super) fn from(clock: &str) -> Self {
        Self::under(POLICY.clone(), clock)
    }

    /// It begins at a time, under another policy.
    pub(super) fn under(policy: Policy, clock: &str) -> Self {
        let now = local(clock);
        let mut play = Self {
            now,
            policy,
            since: now,
            duties: BTreeMap::new(),
            facts: BTreeMap::new(),
            current: None,
            officer: "btg.lanh-dao".into(),
            keys: 0,
            answer: None,
        };
        play.settle();
        play
    }

    // Given.

    /// The clock runs as the real process does: from due to due, and at each all is settled.
    pub(super) fn at(&mut self, clock: &str) -> &mut Self {
        self.until(local(clock))
    }

    pub(super) fn until(&mut self, target: Timestamp) -> &mut Self {
        self.nothing_refused();
        while let Some(next) = self.next_due().filter(|next| *next <= target) {
            assert!(next > self.now, "due at {next}, which is not after {}", self.now);
            self.now = next;
            self.settle();
        }
        self.now = target;
        self.settle()
    }

    /// The clock jumps: whatever came due meanwhile was not done, as in an outage.
    pub(super) fn wakes_at(&mut self, clock: &str) -> &mut Self {
        self.nothing_refused();
        self.now = local(clock);
        self.settle()
    }

    fn next_due(&self) -> Option<Timestamp> {
        let due = self.duties.values().filter_map(|duty| due(duty, self.now, &self.policy));
        due.chain(next_beginning(self.now, &self.policy)).min()
    }

    /// Who acts next.
    pub(super) fn by(&mut self, officer: &str) -> &mut Self {
        self.officer = officer.into();
        self
    }

    /// The duty that is meant from now on.
    pub(super) fn on(&mut self, duty: DutyId) -> &mut Self {
        self.nothing_refused();
        self.current = Some(duty);
        self
    }

    /// What an agency owes for a month is meant from now on.
    pub(super) fn on_report(&mut self, agency: &str, year: i32, month: u32) -> &mut Self {
        self.on(DutyId::of_report(&agency.into(), year, month))
    }

    // When.

    /// The officer acts; an act that begins a duty begins another one.
    pub(super) fn when(&mut self, name: &str, body: Value) -> &mut Self {
        self.nothing_refused();
        self.tries(name, body);
        self.settle()
    }

    /// The officer acts, whatever comes of it.
    fn tries(&mut self, name: &str, body: Value) {
        self.keys += 1;
        let act = named(name).expect("an act of the catalogue");
        let Some(person) = self.policy.organisation.person(&self.officer, self.now) else {
            self.answer = Some(Err(Refusal::without_office()));
            return;
        };
        let key = format!("key {}", self.keys);
        let begun = DutyId::begun_by(&person.agency, &person.officer, &key);
        let id = if begins(act) { begun } else { self.current.expect("a duty") };
        let command_id = CommandId::of_person(&person.agency, &person.officer, id, &key);
        let fingerprint = Some(Digest::of(body.to_string().as_bytes()));
        let answer = Command::parse(act, body).and_then(|command| {
            let ctx = Context {
                by: By::Person(&person),
                act: Some(act.name),
                ..Context::of_system(self.now, &self.policy)
            };
            self.decided(id, command_id, fingerprint, &command, &ctx)
        });
        if let Err(Refusal { code, .. }) = &answer {
            assert!(
                labels::acts::may_be_refused(name, *code),
                "labels::acts says nothing of {code} for {name}"
            );
        }
        if let Ok(Outcome::Fresh(decision)) = &answer {
            assert!(act.records.contains(&decision.body.kind()), "{name}");
            self.current = Some(id);
            self.record(id, command_id, fingerprint, person.actor(), decision.clone());
        }
        self.answer = Some(answer);
    }

    fn decided(
        &self,
        id: DutyId,
        command_id: CommandId,
        fingerprint: Option<Digest>,
        command: &Command,
        ctx: &Context<'_>,
    ) -> Result<Outcome, Refusal> {
        let duty = self.duties.get(&id);
        let (cases, reports) = match command.looks_for(duty) {
            Wanted::Nothing => (Vec::new(), Vec::new()),
            Wanted::CasesOf { .. } => (vec![a_case()], Vec::new()),
            Wanted::Agenda { year, month } => (vec![a_case()], self.reports_of(year, month)),
        };
        let sight = Sight { cases: &cases, reports: &reports };
        decide(duty, command_id, fingerprint, command, ctx, sight)
    }

    fn reports_of(&self, year: i32, month: u32) -> Vec<ReportNoted> {
        let reports = self.duties.values().filter_map(|duty| match &duty.subject {
            Subject::Report(report) => Some((duty.id, report)),
            _ => None,
        });
        let owed = reports.filter(|(_, owed)| (owed.period.year, owed.period.month) == (year, month));
        owed.map(|(report, owed)| owed.noted(report)).collect()
    }

    fn record(
        &mut self,
        id: DutyId,
        command: CommandId,
        fingerprint: Option<Digest>,
        actor: Actor,
        decision: Decision,
    ) {
        let told = self.facts.entry(id).or_default();
        let actor = decision.acting.map_or(actor, |person| person.actor());
        let mut random = [0; 10];
        random[..8].copy_from_slice(&told.len().to_be_bytes());
        let draft = Draft {
            id: EventId::new(self.now, random),
            aggregate: AggregateId::Duty(id),
            origin: Origin {
                occurred_at: decision.occurred_at,
                actor,
                command,
                fingerprint,
                correlation: Uuid::from_u128(1),
                causation: None,
                policy_version: self.policy.version.clone(),
                basis: 0,
            },
            body: decision.body,
            transition: None,
            deadlines: Vec::new(),
        };
        assert!(decision.occurred_at <= self.now, "what has not happened yet is no fact: {draft:?}");
        let previous = told.last().map_or(Digest::ZERO, |fact| fact.digest);
        let version = told.last().map_or(0, |fact| fact.version) + 1;
        let stamp = Stamp { version, recorded_at: self.now, previous };
        let stored = envelope::stamp(&draft.to_json().unwrap(), stamp).unwrap();
        let fact = Fact::from_bytes(stored.as_bytes()).unwrap();
        assert_eq!(fact.draft, draft, "it is read as it was written");
        let duty = evolve(self.duties.remove(&id), &fact).expect("a fact that was decided follows");
        self.duties.insert(id, duty);
        told.push(fact);
    }

    /// The process does what it must by itself.
    fn settle(&mut self) -> &mut Self {
        for _ in 0..STEPS {
            let Some(step) = self.step() else { return self };
            let ctx = Context::of_system(self.now, &self.policy);
            match self.decided(step.duty, step.command_id(), None, &step.command, &ctx) {
                Ok(Outcome::Fresh(decision)) => {
                    assert_eq!(decision.body.kind().stage(), step.command.stage());
                    let service = step.command.stage().name().to_owned();
                    self.record(step.duty, step.command_id(), None, Actor::System { service }, decision);
                }
                other => panic!("{step:?} is proposed, but {other:?}"),
            }
        }
        panic!("it does not come to rest: {:?}", self.step());
    }

    fn step(&self) -> Option<Step> {
        let begins = to_begin(|id| self.duties.contains_key(&id), self.since, self.now, &self.policy);
        begins.or_else(|| self.duties.values().find_map(|duty| next_step(duty, self.now, &self.policy)))
    }

    // Then.

    fn nothing_refused(&mut self) {
        if let Some(Err(refusal)) = self.answer.take() {
            panic!("refused: {refusal}");
        }
    }

    /// The act recorded a fact of this kind.
    pub(super) fn then(&mut self, kind: Kind) -> &mut Self {
        match self.answer.take() {
            Some(Ok(Outcome::Fresh(decision))) => assert_eq!(decision.body.kind(), kind),
            other => panic!("{kind} is expected, but {other:?}"),
        }
        self
    }

    /// The act was refused.
    pub(super) fn refused(&mut self, code: Code) -> &mut Self {
        match self.answer.take() {
            Some(Err(refusal)) => {
                assert_eq!(refusal.code, code, "{refusal}");
                assert!(!refusal.vi.is_empty() && refusal.vi != refusal.en, "{refusal:?}");
            }
            other => panic!("{code} is expected, but {other:?}"),
        }
        self
    }

    /// The act was refused for what stands in a field.
    pub(super) fn refused_at(&mut self, code: Code, field: &str) -> &mut Self {
        if let Some(Err(refusal)) = &self.answer {
            assert_eq!(refusal.field.as_deref(), Some(field), "{refusal}");
        }
        self.refused(code)
    }

    /// The duty that is meant.
    pub(super) fn duty(&self) -> &Duty {
        let id = self.current.expect("a duty");
        self.duties.get(&id).expect("the duty has begun")
    }

    /// All of them.
    pub(super) fn duties(&self) -> impl Iterator<Item = &Duty> {
        self.duties.values()
    }

    pub(super) fn report(&self) -> &Report {
        match &self.duty().subject {
            Subject::Report(report) => report,
            other => panic!("a report is meant, not {other:?}"),
        }
    }

    pub(super) fn briefing(&self) -> &Briefing {
        match &self.duty().subject {
            Subject::Briefing(briefing) => briefing,
            other => panic!("a briefing is meant, not {other:?}"),
        }
    }

    pub(super) fn project(&self) -> &Project {
        match &self.duty().subject {
            Subject::Project(project) => project,
            other => panic!("a project is meant, not {other:?}"),
        }
    }

    /// What was recorded of the duty that is meant, a line each: when it happened, and what.
    pub(super) fn told(&self) -> Vec<String> {
        self.facts[&self.duty().id].iter().map(line).collect()
    }

    /// What its clocks made the process record.
    pub(super) fn timers(&self) -> Vec<String> {
        let facts = &self.facts[&self.duty().id];
        facts.iter().filter(|fact| timer(fact.body()).is_some()).map(line).collect()
    }
}

/// A reminder or an overdue level: of what, which one, and when that was due.
fn timer(body: &Body) -> Option<(bool, ClockKey, u32, u32, Timestamp)> {
    match body {
        Body::ReportingReminded(said) | Body::BriefingReminded(said) | Body::ProjectReminded(said) => {
            Some((false, said.key, said.instance, said.reminder, said.due))
        }
        Body::ReportingOverdue(said) | Body::BriefingOverdue(said) | Body::ProjectOverdue(said) => {
            Some((true, said.key, said.instance, said.level, said.due))
        }
        _ => None,
    }
}

fn line(fact: &Fact) -> String {
    let at = clock(fact.origin().occurred_at);
    match timer(fact.body()) {
        Some((false, key, instance, reminder, _)) => {
            format!("{at} reminder {reminder} of {key:?} {instance}")
        }
        Some((true, key, instance, level, _)) => format!("{at} level {level} of {key:?} {instance}"),
        None => format!("{at} {}", fact.body().kind()),
    }
}

/// An instant by the local clock.
pub(super) fn clock(at: Timestamp) -> String {
    let local: DateTime<FixedOffset> = at.with_timezone(&calendar::LOCAL);
    local.format("%d/%m/%Y %H:%M").to_string()
}

fn a_case() -> CaseNoted {
    let case = CaseId(Uuid::from_u128(7));
    CaseNoted { case, code: None, state: Lifecycle::InCoordination, overdue: false }
}

/// A document of an agency, issued on a day.
pub(super) fn document(issuer: &str, number: u32, day: &str) -> Value {
    json!({
        "number": number,
        "symbol": format!("BC-{issuer}"),
        "register": "state",
        "issuer": issuer,
        "place": "Khánh Hòa",
        "date": day,
        "abstract": "Báo cáo tình hình",
        "signer": { "office": "Giám đốc" },
    })
}

/// A day that is some days after an instant, as a body writes it.
fn day_after(at: Timestamp, days: i64) -> String {
    calendar::local_date(at + TimeDelta::days(days)).to_string()
}

#[test]
fn every_act_and_step_has_its_words_and_its_row_in_the_matrix() {
    for act in acts() {
        assert!(labels::acts::act(act.name).is_some(), "{}", act.name);
        let roles = [Role::Lo, Role::Lh, Role::Al, Role::Cl];
        assert!(roles.iter().any(|role| POLICY.rbac.allows(act.name, *role)), "{}", act.name);
        assert!(!POLICY.rbac.allows(act.name, Role::Ad), "{}", act.name);
    }
    for step in steps() {
        assert!(labels::step(step.name).is_some(), "{}", step.name);
    }
}

#[test]
fn a_repeat_is_known_and_another_content_under_its_key_is_refused() {
    let mut play = Play::from("01/02/2026 09:00");
    play.at("09/02/2026 09:00").on_report("UBND", 2026, 2).by("ubnd.lanh-dao").when("nil-return", json!({}));
    let act = named("nil-return").unwrap();
    let person = play.policy.organisation.person(&"ubnd.lanh-dao".into(), play.now).unwrap();
    let ctx = Context { by: By::Person(&person), ..Context::of_system(play.now, &play.policy) };
    let command = Command::parse(act, json!({})).unwrap();
    let (id, receipt) = play.duty().acts.iter().find(|(_, receipt)| receipt.version == 3).unwrap();
    let again = |fingerprint| decide(Some(play.duty()), *id, fingerprint, &command, &ctx, Sight::default());
    assert_eq!(again(receipt.fingerprint), Ok(Outcome::Repeat(*receipt)));
    assert_eq!(again(None).unwrap_err().code, Code::IdempotencyKeyReused);
}
