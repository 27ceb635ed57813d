//! A stage at work: it answers commands, does its automatic steps when poked, and sweeps for what nobody did.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bus::{
    Attempt, Casebook, Executed, Failpoint, Loaded,
    connection::Message,
    failpoint,
    protocol::{self, Done, StepAnswer, StepRequest, step_subject},
};
use domain::{By, Case, Code, Command, Context, Outcome, Refusal, Step};
use events::{AggregateId, CaseId, Stage, Timestamp};
use futures::StreamExt as _;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    Chassis, StartError,
    metrics::Acts,
    serving::{Asked, SWEEP, serve, serve_acts},
};

/// How long the steps that follow an act may take before the answer goes out without them (DESIGN D2).
const FOLLOW_UP: Duration = Duration::from_millis(500);

/// How many messages a service works on at a time; further ones are answered `BUSY`.
const AT_ONCE: usize = 512;

/// How long is waited for the rank of a case that was just raised.
const RANK: Duration = Duration::from_millis(400);

/// How many cases a sweep works on at a time.
const SWEPT_AT_ONCE: usize = 256;

/// After so many steps the sweep looks again without a pause.
const MORE_MAY_BE_DUE: usize = 256;

/// How often a step may fail before the operator is told.
const ALERT_AFTER: u32 = 5;

/// More steps in a row than a case can need.
const MOST_STEPS: usize = 64;

/// The stages of one service.
#[derive(Clone, Debug)]
struct Desk {
    chassis: Chassis,
    casebook: Casebook,
    records: &'static [Stage],
    acts: Acts,
}

/// Starts a service that owns stages: the same for all of them, because legality lives in the domain alone.
pub async fn start(
    service: &'static str,
    records: &'static [Stage],
    chassis: Chassis,
) -> Result<(), StartError> {
    let failed = Chassis::failed(service);
    let casebook = Casebook::new(chassis.bus.clone(), chassis.views.clone());
    let acts = chassis.metrics.acts(records);
    let desk = Desk { chassis, casebook, records, acts };
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let acts = domain::stages::acts().filter(|act| records.contains(&act.stage));
    let at_desk = desk.clone();
    let carry_out = move |asked| {
        let desk = at_desk.clone();
        async move { desk.carry_out(asked).await }
    };
    serve_acts(&desk.chassis, service, acts, &desk.acts, &places, carry_out).await?;
    for stage in records.iter().copied() {
        let messages = desk.chassis.bus.queue_subscribe(&step_subject(stage), service).await;
        let messages = messages.map_err(|error| failed(&error))?;
        let (desk, places) = (desk.clone(), Arc::clone(&places));
        let tracker = desk.chassis.tasks.clone();
        let acts = desk.acts.clone();
        let busy = move || acts.step(stage, Err(Code::Busy));
        tracker.spawn(serve(desk.chassis.clone(), messages, places, busy, move |message| {
            let desk = desk.clone();
            async move { protocol::write(&desk.step(&message).await) }
        }));
    }
    let tracker = desk.chassis.tasks.clone();
    tracker.spawn(desk.sweep());
    Ok(())
}

impl Desk {
    /// An act of a person, and the steps that follow it.
    async fn carry_out(&self, asked: Asked) -> Result<Done, Refusal> {
        let Asked { act, request, person, policy, now } = asked;
        let AggregateId::Case(case) = request.on else { return Err(Refusal::not_found()) };
        let command = Command::parse(act, request.body)?;
        let attempt = Attempt {
            case,
            command: &command,
            id: request.command,
            fingerprint: Some(request.fingerprint),
            by: By::Person(&person),
            act: Some(act.name),
            now,
            expected_version: request.expected_version,
            correlation: Some(request.correlation),
            rank: None,
            policy: &policy,
        };
        let executed = self.decide(&attempt).await?;
        failpoint::reached(Failpoint::StageRecorded);
        let (loaded, pending) = self.follow_up(executed.loaded.clone(), attempt.now).await;
        failpoint::reached(Failpoint::StageAnswering);
        let Executed { receipt, replayed, .. } = executed;
        Ok(Done {
            event: receipt.event,
            version: receipt.version,
            replayed,
            now_at: loaded.case.version,
            sequence: loaded.sequence,
            pending,
        })
    }

    /// Carries out an act. A refusal counts only when no step of the system is still to come (DESIGN D2), and on a
    /// case that has not moved meanwhile: such a step may just have been done.
    async fn decide(&self, attempt: &Attempt<'_>) -> Result<Executed, Refusal> {
        let mut version = self.chassis.views.case(attempt.case).map(|case| case.version);
        loop {
            let refusal = match self.casebook.execute(attempt).await {
                Ok(executed) => return Ok(executed),
                Err(refusal) => refusal,
            };
            // These say nothing about the state: no step of ours would change them. NOT_FOUND does: who is assigned
            // by a step sees the case only then.
            if matches!(
                refusal.code,
                Code::IdempotencyKeyReused
                    | Code::OutcomeUnknown
                    | Code::Busy
                    | Code::StoreFull
                    | Code::Unavailable
            ) {
                return Err(refusal);
            }
            let Some(known) = self.chassis.views.case(attempt.case) else { return Err(refusal) };
            if self.next_step(&known, attempt.now).is_some() {
                return self.after_pending_steps(attempt, refusal).await;
            }
            if version.replace(known.version) == Some(known.version) {
                return Err(refusal);
            }
        }
    }

    /// A step that is still to come is done first; when it cannot be, a command that it would make legal is answered
    /// "repeat".
    async fn after_pending_steps(
        &self,
        attempt: &Attempt<'_>,
        refusal: Refusal,
    ) -> Result<Executed, Refusal> {
        let Some(loaded) = self.casebook.at_least(attempt.case, 0).await? else { return Err(refusal) };
        let (loaded, pending) = self.follow_up(loaded, attempt.now).await;
        match self.casebook.execute(attempt).await {
            Err(refusal) if !pending.is_empty() && would_be_legal(attempt, &loaded.case) => {
                tracing::debug!(case = %attempt.case, code = %refusal.code, ?pending, "a step is pending");
                Err(Refusal::new(
                    Code::AutomaticStepPending,
                    "Hệ thống đang hoàn tất một bước tự động; đề nghị gửi lại với cùng khóa.",
                    "A step of the system is still under way: repeat with the same key.",
                ))
            }
            outcome => outcome,
        }
    }

    fn next_step(&self, case: &Case, now: Timestamp) -> Option<(Stage, Step)> {
        let policy = &self.chassis.views.policy(now);
        Stage::ALL
            .into_iter()
            .find_map(|stage| domain::next_step(case, stage, now, policy).map(|step| (stage, step)))
    }

    /// Sees to the steps that follow: one's own are done here, the others' stages are poked; then it looks again.
    /// Gives the case as it stands then, and the names of the steps that are still to come.
    async fn follow_up(&self, mut loaded: Loaded, now: Timestamp) -> (Loaded, Vec<String>) {
        let end = Instant::now() + FOLLOW_UP;
        for _ in 0..MOST_STEPS {
            let Some((stage, step)) = self.next_step(&loaded.case, now) else { break };
            let moved = tokio::time::timeout_at(end, async {
                if self.records.contains(&stage) {
                    self.own_step(&loaded, &step).await.map(|executed| executed.loaded)
                } else {
                    self.poke(stage, &loaded).await
                }
            });
            match moved.await {
                Ok(Ok(next)) if next.sequence > loaded.sequence => loaded = next,
                Ok(Ok(_)) | Err(_) => break,
                Ok(Err(refusal)) => {
                    let code = refusal.code;
                    tracing::debug!(case = %loaded.case.id, %stage, %code, "a step waits for the sweep");
                    break;
                }
            }
        }
        let pending = domain::next_steps(&loaded.case, now, &self.chassis.views.policy(now))
            .map(|step| format!("{}.{}", step.command.stage(), step.name))
            .collect();
        (loaded, pending)
    }

    /// Asks another stage to do its step.
    async fn poke(&self, stage: Stage, loaded: &Loaded) -> Result<Loaded, Refusal> {
        failpoint::reached(Failpoint::StagePoking);
        let clock = self.chassis.clock.now();
        let request = StepRequest { case: loaded.case.id, at_least: loaded.case.version, clock };
        let answered = self
            .chassis
            .bus
            .request(&step_subject(stage), protocol::write(&request), FOLLOW_UP)
            .await
            .map_err(|error| Refusal::new(Code::Unavailable, "Dịch vụ chưa trả lời.", error.to_string()))?;
        failpoint::reached(Failpoint::StagePoked);
        let StepAnswer { version } = protocol::read(&answered)?;
        let at_least = self.casebook.at_least(loaded.case.id, version).await?;
        at_least.ok_or_else(Refusal::not_found)
    }

    /// A poke: does what its stages must do next in a case, as long as there is something.
    async fn step(&self, message: &Message) -> StepAnswer {
        let Ok(StepRequest { case, at_least, clock }) = protocol::read(message) else {
            return StepAnswer { version: 0 };
        };
        self.chassis.clock.set(clock);
        let loaded = self.casebook.at_least(case, at_least).await;
        let version = match loaded {
            Ok(Some(loaded)) => self.own_steps(loaded).await.map(|loaded| loaded.case.version),
            Ok(None) => Ok(0),
            Err(refusal) => Err(refusal),
        };
        let version = version.unwrap_or_else(|refusal| {
            tracing::debug!(%case, code = %refusal.code, "a poke waits for the sweep");
            0
        });
        StepAnswer { version }
    }

    /// Does the steps of its own stages.
    async fn own_steps(&self, mut loaded: Loaded) -> Result<Loaded, Refusal> {
        for _ in 0..MOST_STEPS {
            let now = self.chassis.clock.now();
            let policy = &self.chassis.views.policy(now);
            let step =
                self.records.iter().find_map(|stage| domain::next_step(&loaded.case, *stage, now, policy));
            let Some(step) = step else { break };
            let executed = self.own_step(&loaded, &step).await?;
            if executed.loaded.sequence <= loaded.sequence {
                break;
            }
            loaded = executed.loaded;
        }
        Ok(loaded)
    }

    /// Does one step. Two replicas that find the same one make one fact: its id is derived.
    async fn own_step(&self, loaded: &Loaded, step: &Step) -> Result<Executed, Refusal> {
        let case = loaded.case.id;
        let rank = match step.command {
            Command::Intake(_) => self.chassis.views.rank(case, RANK).await,
            _ => None,
        };
        let now = self.chassis.clock.now();
        let attempt = Attempt {
            case,
            command: &step.command,
            id: step.command_id(case),
            fingerprint: None,
            by: By::System,
            act: None,
            now,
            expected_version: None,
            correlation: None,
            rank,
            policy: &self.chassis.views.policy(now),
        };
        let executed = self.casebook.execute(&attempt).await;
        let stage = step.command.stage();
        self.acts.step(stage, executed.as_ref().map(|done| done.replayed).map_err(|refusal| refusal.code));
        let executed = executed?;
        // A step that no clock asks for happens when it is done.
        if let Some(due) = executed.occurred_at.filter(|due| *due != attempt.now) {
            let late = executed.loaded.case.recorded_at - due;
            self.acts.late(stage, late.to_std().unwrap_or_default());
        }
        failpoint::reached(Failpoint::StageRecorded);
        Ok(executed)
    }

    /// The safety net: what a clock asks for, and what was not done when it was found.
    async fn sweep(self) {
        let mut grace = Duration::ZERO;
        let mut failures = HashMap::new();
        let desk = &self;
        loop {
            let mut progress = self.chassis.views.progress();
            progress.mark_unchanged();
            let now = self.chassis.clock.now();
            // At the start everything that waits is taken up at once.
            let due = self.chassis.views.due(self.records, now, grace);
            grace = SWEEP;
            let mut done = 0;
            // All of an urgency before the first of the next.
            for equals in due.chunk_by(|one, other| one.urgency == other.urgency) {
                let swept = futures::stream::iter(equals.to_vec())
                    .map(|due| async move { (due.case, desk.sweep_case(due.case, now).await) });
                let mut swept = std::pin::pin!(swept.buffer_unordered(SWEPT_AT_ONCE));
                while let Some((case, outcome)) = swept.next().await {
                    done += usize::from(outcome.is_ok());
                    note_failure(&mut failures, case, outcome);
                    if self.chassis.stop.is_cancelled() {
                        return;
                    }
                }
            }
            // There may be more than is found at a time.
            if done >= MORE_MAY_BE_DUE {
                continue;
            }
            if !self.chassis.rest(progress, now).await {
                return;
            }
        }
    }

    async fn sweep_case(&self, case: CaseId, now: Timestamp) -> Result<(), Refusal> {
        if let Some(loaded) = self.casebook.at_least(case, 0).await? {
            let loaded = self.own_steps(loaded).await?;
            self.follow_up(loaded, now).await;
        }
        Ok(())
    }
}

/// Whether the command would be legal once the pending steps are done: they are done on paper.
fn would_be_legal(attempt: &Attempt<'_>, case: &Case) -> bool {
    let policy = attempt.policy;
    let settled = domain::stages::settled(case.clone(), attempt.now, policy);
    let ctx = Context { by: attempt.by, act: attempt.act, ..Context::of_system(attempt.now, policy) };
    let decided = domain::decide(Some(&settled), attempt.id, attempt.fingerprint, attempt.command, &ctx);
    matches!(decided, Ok(Outcome::Fresh(_)))
}

/// A step that fails again and again will not mend itself: the operator is told, once.
fn note_failure(failures: &mut HashMap<CaseId, u32>, case: CaseId, outcome: Result<(), Refusal>) {
    let Err(refusal) = outcome else {
        failures.remove(&case);
        return;
    };
    let times = failures.entry(case).or_default();
    *times += 1;
    tracing::debug!(%case, code = %refusal.code, times, "the sweep comes again");
    if *times == ALERT_AFTER {
        tracing::error!(%case, code = %refusal.code, alert = true, "an automatic step cannot be done");
    }
}
