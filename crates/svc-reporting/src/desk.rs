//! The duties at work: acts are answered, and what the clock asks for is done.

use std::{sync::Arc, time::Duration};

use bus::{Carried, Casebook, Order, protocol::Done};
use domain::{
    By, Code, Context, Policy, Refusal,
    duties::{self, Command, Duty, Sight, Step},
};
use events::{AggregateId, CommandId, Digest, DutyId, Timestamp, briefing::ReportNoted, duty::CaseNoted};
use tokio::sync::Semaphore;
use uuid::Uuid;

use service::{
    Chassis, StartError,
    metrics::Acts,
    serving::{Asked, serve_acts},
};

use crate::RECORDS;

/// How many messages it works on at a time; further ones are answered `BUSY`.
const AT_ONCE: usize = 64;

/// More steps in a row than a duty can need.
const MOST_STEPS: usize = 32;

/// How long the next step waits after one that could not be done.
const PAUSE: Duration = Duration::from_millis(200);

/// How often a step may fail in a row before the operator is told.
const ALERT_AFTER: u32 = 25;

#[derive(Clone, Debug)]
struct Desk {
    chassis: Chassis,
    casebook: Casebook,
    acts: Acts,
}

/// A command with who gives it and why.
struct Given<'a> {
    duty: DutyId,
    command: &'a Command,
    id: CommandId,
    fingerprint: Option<Digest>,
    by: By<'a>,
    act: Option<&'static str>,
    expected_version: Option<u32>,
    correlation: Option<Uuid>,
}

/// Starts the service.
pub(crate) async fn start(service: &'static str, chassis: Chassis) -> Result<(), StartError> {
    let casebook = Casebook::new(chassis.bus.clone(), chassis.views.clone());
    let acts = chassis.metrics.acts(RECORDS);
    let desk = Desk { chassis, casebook, acts };
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let at_desk = desk.clone();
    let carry_out = move |asked| {
        let desk = at_desk.clone();
        async move { desk.carry_out(asked).await }
    };
    serve_acts(&desk.chassis, service, duties::acts(), &desk.acts, &places, carry_out).await?;
    let tracker = desk.chassis.tasks.clone();
    tracker.spawn(desk.sweep());
    Ok(())
}

impl Desk {
    /// An act of a person, and the steps that follow it.
    async fn carry_out(&self, asked: Asked) -> Result<Done, Refusal> {
        let Asked { act, request, person, policy, now } = asked;
        let AggregateId::Duty(duty) = request.on else { return Err(Refusal::not_found()) };
        let command = Command::parse(act, request.body)?;
        let given = Given {
            duty,
            command: &command,
            id: request.command,
            fingerprint: Some(request.fingerprint),
            by: By::Person(&person),
            act: Some(act.name),
            expected_version: request.expected_version,
            correlation: Some(request.correlation),
        };
        let carried = self.execute(&given, now, &policy).await?;
        let Carried { mut kept, receipt, replayed, .. } = carried;
        for _ in 0..MOST_STEPS {
            let Some(step) = duties::next_step(&kept.it, now, &policy) else { break };
            match self.take(&step, now, &policy).await {
                Ok(carried) => kept = carried.kept,
                // The sweep comes again.
                Err(_) => break,
            }
        }
        Ok(Done {
            event: receipt.event,
            version: receipt.version,
            replayed,
            now_at: kept.it.version,
            sequence: kept.sequence,
            pending: Vec::new(),
        })
    }

    /// A step of the process itself. Two replicas that find the same one make one fact: its id is derived.
    async fn take(&self, step: &Step, now: Timestamp, policy: &Policy) -> Result<Carried<Duty>, Refusal> {
        let given = Given {
            duty: step.duty,
            command: &step.command,
            id: step.command_id(),
            fingerprint: None,
            by: By::System,
            act: None,
            expected_version: None,
            correlation: None,
        };
        let carried = self.execute(&given, now, policy).await;
        let stage = step.command.stage();
        self.acts.step(stage, carried.as_ref().map(|done| done.replayed).map_err(|refusal| refusal.code));
        let carried = carried?;
        if let Some(due) = carried.occurred_at.filter(|due| *due != now) {
            let late = carried.kept.it.recorded_at - due;
            self.acts.late(stage, late.to_std().unwrap_or_default());
        }
        Ok(carried)
    }

    async fn execute(
        &self,
        given: &Given<'_>,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<Carried<Duty>, Refusal> {
        let (cases, reports) = self.look_up(given).await?;
        let sight = Sight { cases: &cases, reports: &reports };
        let Given { duty, command, id, fingerprint, by, act, expected_version, correlation } = *given;
        let ctx = Context { by, act, expected_version, ..Context::of_system(now, policy) };
        let (aggregate, stage) = (AggregateId::Duty(duty), command.stage());
        let order = Order { aggregate, stage, id, fingerprint, by, now, correlation, policy };
        let decide = |known: Option<&Duty>| duties::decide(known, id, fingerprint, command, &ctx, sight);
        self.casebook.carry_out(&order, decide).await
    }

    /// What the decision must know of cases and reports: read on a thread of its own, for it reads the disk.
    async fn look_up(&self, given: &Given<'_>) -> Result<(Vec<CaseNoted>, Vec<ReportNoted>), Refusal> {
        let known = self.chassis.views.known_duty(given.duty);
        let wanted = given.command.looks_for(known.as_deref());
        if wanted == duties::Wanted::Nothing {
            return Ok((Vec::new(), Vec::new()));
        }
        let views = Arc::clone(&self.chassis.views);
        let looked = tokio::task::spawn_blocking(move || views.look_up(&wanted)).await;
        let unread = |error: String| {
            Refusal::new(Code::Unavailable, "Chưa đọc được danh sách vụ việc; đề nghị thử lại.", error)
        };
        looked.map_err(|error| unread(error.to_string()))?.map_err(|error| unread(error.to_string()))
    }

    /// What the clock asks for: reports to be opened, reminders, briefings to be called, successions.
    async fn sweep(self) {
        let mut failures = 0;
        loop {
            let mut progress = self.chassis.views.progress();
            progress.mark_unchanged();
            let now = self.chassis.clock.now();
            if let Some(step) = self.chassis.views.duty_step(now) {
                let policy = self.chassis.views.policy(now);
                match self.take(&step, now, &policy).await {
                    Ok(_) => failures = 0,
                    Err(refusal) => {
                        failures += 1;
                        tracing::debug!(duty = %step.duty, code = %refusal.code, "a step of a duty waits");
                        if failures == ALERT_AFTER {
                            let (duty, code) = (step.duty, refusal.code);
                            tracing::error!(%duty, %code, alert = true, "an automatic step cannot be done");
                        }
                        tokio::select! {
                            () = tokio::time::sleep(PAUSE) => {}
                            () = self.chassis.stop.cancelled() => return,
                        }
                    }
                }
                if self.chassis.stop.is_cancelled() {
                    return;
                }
                continue;
            }
            if !self.chassis.rest(progress, now).await {
                return;
            }
        }
    }
}
