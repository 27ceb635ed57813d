//! The stages of the process, and how a command, a fact and a step find theirs.

mod capacity;
pub mod casefile;
pub mod closure;
pub mod confirmation;
pub mod coordination;
pub mod escalation;
pub mod intake;
mod reading;
pub mod routing;
pub mod taskforce;

use events::{Body, CaseId, CommandId, DutyId, Fact, Kind, Lifecycle, Stage, Timestamp};
pub(crate) use reading::read_below;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    access,
    case::{Case, Happening, OutOfOrder, Receipt, Trace},
    deadlines::{self, Timer},
    decision::{Act, Automatic, By, Context, Decision, Outcome},
    labels::{self, Label},
    policy::Policy,
    refusal::{Code, Refusal},
    standing::Standing,
    text,
};

/// A command: an act of a person, or a step of the process itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Raising and numbering.
    Intake(intake::Command),
    /// Callback and written confirmation.
    Confirmation(confirmation::Command),
    /// Routing and acknowledgement.
    Routing(routing::Command),
    /// Positions and rounds.
    Coordination(coordination::Command),
    /// The inter-agency task force.
    Taskforce(taskforce::Command),
    /// Dispute, dossier and directive.
    Escalation(escalation::Command),
    /// Closing by two keys.
    Closure(closure::Command),
    /// What is kept with a case; withdrawing, cancelling and merging.
    Casefile(casefile::Command),
}

/// Every act of a person, in the order of the process.
pub fn acts() -> impl Iterator<Item = &'static Act> {
    [
        intake::ACTS,
        confirmation::ACTS,
        routing::ACTS,
        coordination::ACTS,
        taskforce::ACTS,
        escalation::ACTS,
        closure::ACTS,
        casefile::ACTS,
    ]
    .into_iter()
    .flatten()
}

/// Every automatic step, in the order of the process; the reminders and overdue levels of each stage come besides.
pub fn steps() -> impl Iterator<Item = &'static Automatic> {
    [intake::STEPS, routing::STEPS, coordination::STEPS, taskforce::STEPS, casefile::STEPS]
        .into_iter()
        .flatten()
}

/// The act of that name.
pub fn act(name: &str) -> Option<&'static Act> {
    acts().find(|act| act.name == name)
}

impl Command {
    /// Reads an act of a person from its body. Every text is cleaned on the way in (DOMAIN §3.5).
    pub fn parse(act: &Act, mut body: Value) -> Result<Self, Refusal> {
        clean(&mut body);
        if body.is_null() {
            body = Value::Object(Map::new());
        }
        if !body.is_object() {
            return Err(Refusal::new(
                Code::InvalidData,
                "Nội dung phải là một đối tượng JSON.",
                "The body must be a JSON object.",
            ));
        }
        match act.stage {
            Stage::Intake => intake::Command::parse(body).map(Self::Intake),
            Stage::Confirmation => read(act.name, body).map(Self::Confirmation),
            Stage::Routing => read(act.name, body).map(Self::Routing),
            Stage::Coordination => read(act.name, body).map(Self::Coordination),
            Stage::Taskforce => read(act.name, body).map(Self::Taskforce),
            Stage::Escalation => read(act.name, body).map(Self::Escalation),
            Stage::Closure => read(act.name, body).map(Self::Closure),
            Stage::Casefile => read(act.name, body).map(Self::Casefile),
            Stage::Document
            | Stage::Directory
            | Stage::Reporting
            | Stage::Briefing
            | Stage::Project
            | Stage::Distribution => Err(Refusal::not_found()),
        }
    }

    /// The JSON Schema of an act's body: what [`Command::parse`] reads. `None` for what is no act on a case.
    pub fn schema(act: &Act, generator: &mut SchemaGenerator) -> Option<Schema> {
        match act.stage {
            Stage::Intake => Some(intake::Raise::json_schema(generator)),
            Stage::Confirmation => variant::<confirmation::Command>(act.name, generator),
            Stage::Routing => variant::<routing::Command>(act.name, generator),
            Stage::Coordination => variant::<coordination::Command>(act.name, generator),
            Stage::Taskforce => variant::<taskforce::Command>(act.name, generator),
            Stage::Escalation => variant::<escalation::Command>(act.name, generator),
            Stage::Closure => variant::<closure::Command>(act.name, generator),
            Stage::Casefile => variant::<casefile::Command>(act.name, generator),
            Stage::Document
            | Stage::Directory
            | Stage::Reporting
            | Stage::Briefing
            | Stage::Project
            | Stage::Distribution => None,
        }
    }

    /// The stage that owns it.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Intake(_) => Stage::Intake,
            Self::Confirmation(_) => Stage::Confirmation,
            Self::Routing(_) => Stage::Routing,
            Self::Coordination(_) => Stage::Coordination,
            Self::Taskforce(_) => Stage::Taskforce,
            Self::Escalation(_) => Stage::Escalation,
            Self::Closure(_) => Stage::Closure,
            Self::Casefile(_) => Stage::Casefile,
        }
    }

    /// The document that it brings, if it brings one.
    pub fn document(&self) -> Option<&events::terms::Document> {
        match self {
            Self::Intake(command) => command.document(),
            Self::Confirmation(command) => command.document(),
            Self::Taskforce(command) => command.document(),
            Self::Escalation(command) => command.document(),
            Self::Casefile(command) => command.document(),
            Self::Routing(_) | Self::Coordination(_) | Self::Closure(_) => None,
        }
    }

    /// The planned project that its decision looks at.
    pub fn project(&self) -> Option<DutyId> {
        match self {
            Self::Intake(command) => command.project(),
            _ => None,
        }
    }

    /// The other cases that its decision looks at.
    pub fn looks_at(&self, case: Option<&Case>) -> Vec<CaseId> {
        match (self, case) {
            (Self::Intake(command), None) => command.looks_at(),
            (Self::Closure(command), Some(case)) => command.looks_at(case),
            (Self::Casefile(command), Some(_)) => command.looks_at(),
            _ => Vec::new(),
        }
    }
}

/// Reads `{act: body}` as a stage's command.
pub(crate) fn read<T: DeserializeOwned>(act: &str, body: Value) -> Result<T, Refusal> {
    read_below(act, Value::Object(Map::from_iter([(act.to_owned(), body)])))
}

/// The schema of an act's body within that of its stage's command: what [`read`] reads.
pub(crate) fn variant<T: JsonSchema>(act: &str, generator: &mut SchemaGenerator) -> Option<Schema> {
    let command = T::json_schema(generator);
    let choices = command.get("oneOf")?.as_array()?;
    choices.iter().find_map(|choice| choice["properties"].get(act)?.clone().try_into().ok())
}

pub(crate) fn clean(value: &mut Value) {
    match value {
        Value::String(string) => *string = text::clean(string),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Says whether a command is legal, and which fact it makes.
///
/// The order of the checks is DESIGN D3's: visible, command known, rights, expected version, state, guards.
pub fn decide(
    case: Option<&Case>,
    id: CommandId,
    fingerprint: Option<events::Digest>,
    command: &Command,
    ctx: &Context<'_>,
) -> Result<Outcome, Refusal> {
    let Some(case) = case else {
        return match command {
            Command::Intake(command) => {
                ctx.within_the_matrix()?;
                intake::raise(command, ctx).map(Outcome::Fresh)
            }
            _ => Err(Refusal::not_found()),
        };
    };
    if let By::Person(person) = ctx.by
        && !access::may_see(case, person, ctx.policy, ctx.now)
    {
        return Err(Refusal::not_found());
    }
    if let Some(receipt) = case.acts.get(&id) {
        return if receipt.fingerprint == fingerprint {
            Ok(Outcome::Repeat(*receipt))
        } else {
            Err(key_reused())
        };
    }
    let acting = capacity::resolve(case, command, ctx)?;
    let ctx = &match &acting {
        Some(person) => Context { by: By::Person(person), ..*ctx },
        None => *ctx,
    };
    if ctx.expected_version.is_some_and(|expected| expected != case.version) {
        return Err(Refusal::new(
            Code::Conflict,
            "Dữ liệu đã thay đổi, hãy tải lại.",
            format!("The case is at version {} now: reload it.", case.version),
        ));
    }
    match command {
        Command::Intake(command) => intake::decide(case, command, ctx),
        Command::Confirmation(command) => confirmation::decide(case, command, ctx),
        Command::Routing(command) => routing::decide(case, command, ctx),
        Command::Coordination(command) => coordination::decide(case, command, ctx),
        Command::Taskforce(command) => taskforce::decide(case, command, ctx),
        Command::Escalation(command) => escalation::decide(case, command, ctx),
        Command::Closure(command) => closure::decide(case, command, ctx),
        Command::Casefile(command) => casefile::decide(case, command, ctx),
    }
    .map(|decision| Outcome::Fresh(Decision { acting: acting.clone().map(Box::new), ..decision }))
}

pub(crate) fn key_reused() -> Refusal {
    Refusal::new(
        Code::IdempotencyKeyReused,
        "Khóa chống trùng này đã dùng cho một nội dung khác; hãy dùng khóa mới.",
        "This Idempotency-Key was used with another body: use a new key for a new act.",
    )
}

fn authorise(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    if let By::Person(person) = ctx.by
        && ctx.policy.organisation.has_ended(&person.agency, ctx.now)
    {
        return Err(Refusal::not_authorised(
            "Cơ quan này đã kết thúc hoạt động; việc của cơ quan thuộc về cơ quan kế thừa.",
            "This agency is no more: what was its to do is its successor's.",
        ));
    }
    match command {
        Command::Intake(command) => intake::authorise(command, ctx),
        Command::Confirmation(command) => confirmation::authorise(case, command, ctx),
        Command::Routing(command) => routing::authorise(case, command, ctx),
        Command::Coordination(command) => coordination::authorise(case, command, ctx),
        Command::Taskforce(command) => taskforce::authorise(case, command, ctx),
        Command::Escalation(command) => escalation::authorise(case, command, ctx),
        Command::Closure(command) => closure::authorise(case, command, ctx),
        Command::Casefile(command) => casefile::authorise(case, command, ctx),
    }
}

/// Folds a fact into its case. Every stage is given every fact and changes its own region only.
pub fn evolve(case: Option<Case>, fact: &Fact) -> Result<Case, OutOfOrder> {
    let standing = Standing::after(case.as_ref().map(Standing::of), fact)?;
    let version = fact.version;
    let begun = || intake::begin(fact).ok_or(OutOfOrder::Place { version, kind: fact.body().kind() });
    let mut case = case.map_or_else(begun, Ok)?;
    case.lifecycle = standing.lifecycle();
    let origin = fact.origin();
    case.version = version;
    case.head = fact.digest;
    case.recorded_at = fact.recorded_at;
    case.last = Trace { event: fact.draft.id, correlation: origin.correlation };
    case.acts
        .insert(origin.command, Receipt { version, event: fact.draft.id, fingerprint: origin.fingerprint });
    // After reopening, only what is armed anew runs (PROCESS §4 rule 5).
    if fact.body().kind() == Kind::CaseReopened {
        case.deadlines.clear();
    }
    deadlines::arm(&mut case, fact);
    intake::evolve(&mut case, fact);
    confirmation::evolve(&mut case, fact);
    routing::evolve(&mut case, fact);
    coordination::evolve(&mut case, fact);
    taskforce::evolve(&mut case, fact);
    escalation::evolve(&mut case, fact);
    closure::evolve(&mut case, fact);
    casefile::evolve(&mut case, fact);
    if !is_reminder(fact.body().kind()) {
        case.history.push(Happening::of(fact));
    }
    case.audience = access::audience(&case);
    Ok(case)
}

/// A reminder is no part of the story.
fn is_reminder(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ConfirmationReminded
            | Kind::RoutingReminded
            | Kind::CoordinationReminded
            | Kind::TaskforceReminded
            | Kind::EscalationReminded
            | Kind::ClosureReminded
    )
}

/// A step of the process itself, found on the fold (DESIGN D2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What makes it this step and no other: the same obligation gives the same name, in every process.
    pub name: String,
    /// The command.
    pub command: Command,
}

impl Step {
    /// A step of the catalogue, for one instance of its obligation.
    fn of(step: &Automatic, instance: Option<String>, command: Command) -> Self {
        let name =
            instance.map_or_else(|| step.name.to_owned(), |instance| format!("{}/{instance}", step.name));
        Self { name, command }
    }

    /// The id of its command: derived, so that two replicas that find the same step make one fact.
    pub fn command_id(&self, case: CaseId) -> CommandId {
        CommandId::of_step(case, &format!("{}/{}", self.command.stage(), self.name))
    }
}

/// What a stage must do next by itself: it looks at the fold, never at the event that woke it.
pub fn next_step(case: &Case, stage: Stage, now: Timestamp, policy: &Policy) -> Option<Step> {
    let step = match stage {
        Stage::Intake => intake::next_step(case),
        Stage::Routing => routing::next_step(case, now, policy),
        Stage::Coordination => coordination::next_step(case, policy),
        Stage::Taskforce => taskforce::next_step(case, now),
        Stage::Casefile => casefile::next_step(case, now, policy),
        Stage::Confirmation
        | Stage::Escalation
        | Stage::Closure
        | Stage::Document
        | Stage::Directory
        | Stage::Reporting
        | Stage::Briefing
        | Stage::Project
        | Stage::Distribution => None,
    };
    step.or_else(|| {
        let timer = deadlines::next(case, stage, now, policy)?;
        Some(Step { name: deadlines::name(case, &timer), command: timed(stage, timer)? })
    })
}

/// A stage's command for a timer.
fn timed(stage: Stage, timer: Timer) -> Option<Command> {
    Some(match stage {
        Stage::Confirmation => Command::Confirmation(confirmation::Command::Timer(timer)),
        Stage::Routing => Command::Routing(routing::Command::Timer(timer)),
        Stage::Coordination => Command::Coordination(coordination::Command::Timer(timer)),
        Stage::Taskforce => Command::Taskforce(taskforce::Command::Timer(timer)),
        Stage::Escalation => Command::Escalation(escalation::Command::Timer(timer)),
        Stage::Closure => Command::Closure(closure::Command::Timer(timer)),
        Stage::Intake
        | Stage::Casefile
        | Stage::Document
        | Stage::Directory
        | Stage::Reporting
        | Stage::Briefing
        | Stage::Project
        | Stage::Distribution => return None,
    })
}

/// What every stage must do next by itself, in the order of the process.
pub fn next_steps(case: &Case, now: Timestamp, policy: &Policy) -> impl Iterator<Item = Step> {
    Stage::ALL.into_iter().filter_map(move |stage| next_step(case, stage, now, policy))
}

/// The next instant after `now` at which some stage has something to do by itself.
pub fn due(case: &Case, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    let instants = [
        deadlines::next_instant(case, now),
        routing::next_absence(case, now, policy),
        taskforce::next_end(case, now),
        casefile::next_end(case, now, policy),
    ];
    instants.into_iter().flatten().min()
}

/// A decision on a timer: checked, dated at the instant at which it was due.
pub(crate) fn decide_timer(
    case: &Case,
    timer: &Timer,
    ctx: &Context<'_>,
    reminded: fn(events::terms::Reminded) -> Body,
    overdue: fn(events::terms::Overdue) -> Body,
) -> Result<Decision, Refusal> {
    let at = deadlines::check(case, timer, ctx.now, ctx.policy)?;
    Ok(Decision::new(
        at,
        match timer.clone() {
            Timer::Remind(fields) => reminded(fields),
            Timer::MarkOverdue(fields) => overdue(fields),
        },
    ))
}

/// The state in which a command is legal, when the case is not in it.
pub(crate) fn must_be(case: &Case, legal: &[Lifecycle]) -> Result<(), Refusal> {
    if legal.contains(&case.lifecycle) {
        return Ok(());
    }
    let names = |pick: fn(&Label) -> &'static str, or: &str| {
        let names = legal.iter().map(|state| format!("“{}”", pick(&labels::lifecycle(*state))));
        names.collect::<Vec<_>>().join(or)
    };
    let now = labels::lifecycle(case.lifecycle);
    Err(Refusal::bad_state(
        format!(
            "Trạng thái không cho phép: vụ việc đang ở “{}”, cần {}.",
            now.vi,
            names(|label| label.vi, " hoặc ")
        ),
        format!(
            "The case stands at “{}”; this is legal only at {}.",
            now.en,
            names(|label| label.en, " or ")
        ),
    ))
}

/// The case must be live.
pub(crate) fn must_live(case: &Case) -> Result<(), Refusal> {
    if case.lifecycle.is_live() {
        return Ok(());
    }
    Err(Refusal::bad_state(
        format!("Trạng thái không cho phép: vụ việc đã ở “{}”.", labels::lifecycle(case.lifecycle).vi),
        format!("The case stands at “{}”: nothing more is done in it.", labels::lifecycle(case.lifecycle).en),
    ))
}

/// The case as it would stand once the steps that are due have been done, on paper: nothing is recorded.
pub fn settled(mut case: Case, now: Timestamp, policy: &Policy) -> Case {
    let ctx = Context { rank: Some(0), ..Context::of_system(now, policy) };
    // More than any case can need: a fault of the rules must not hang a service.
    for _ in 0..64 {
        let Some(step) = next_steps(&case, now, policy).next() else { break };
        let id = step.command_id(case.id);
        let Ok(Outcome::Fresh(decision)) = decide(Some(&case), id, None, &step.command, &ctx) else { break };
        let Ok(next) = evolve(Some(case.clone()), &on_paper(&case, id, decision)) else { break };
        case = next;
    }
    case
}

/// A fact that is folded and never stored.
fn on_paper(case: &Case, command: CommandId, decision: Decision) -> Fact {
    let origin = events::Origin {
        occurred_at: decision.occurred_at,
        actor: events::Actor::System { service: String::new() },
        command,
        fingerprint: None,
        correlation: case.last.correlation,
        causation: Some(case.last.event),
        policy_version: String::new(),
        basis: 0,
    };
    Fact {
        draft: events::Draft {
            id: case.last.event,
            aggregate: events::AggregateId::Case(case.id),
            origin,
            body: decision.body,
            transition: decision.transition,
            deadlines: decision.deadlines,
        },
        version: case.version + 1,
        recorded_at: case.recorded_at,
        previous: case.head,
        digest: events::Digest::ZERO,
    }
}

#[cfg(test)]
mod tests;
