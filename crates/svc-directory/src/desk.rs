//! The directory at work: it publishes the policy of the files, answers acts, and does what its clock asks for.

use std::{sync::Arc, time::Duration};

use bus::{Carried, Casebook, DirectoryAttempt, protocol::Done};
use domain::{
    By, Code, Directory, Policy, Refusal,
    directory::{self, Agreement, Command, PublishPolicy},
};
use events::{CommandId, Stage, Timestamp};
use tokio::{sync::Semaphore, time::Instant};

use service::{
    Chassis, StartError,
    metrics::Acts,
    serving::{Asked, serve_acts},
};

/// How many messages it works on at a time; further ones are answered `BUSY`.
const AT_ONCE: usize = 64;

/// How long is waited for a ledger, at the start, to publish the policy of the files.
const LEDGER: Duration = Duration::from_mins(1);

/// The pause before a ledger that is not there yet is asked again.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Clone, Debug)]
struct Desk {
    chassis: Chassis,
    casebook: Casebook,
    acts: Acts,
}

/// Starts the service. When it works, there is a policy in the log.
pub(crate) async fn start(service: &'static str, chassis: Chassis) -> Result<(), StartError> {
    let failed = Chassis::failed(service);
    let casebook = Casebook::new(chassis.bus.clone(), chassis.views.clone());
    let acts = chassis.metrics.acts(&[Stage::Directory]);
    let desk = Desk { chassis, casebook, acts };
    desk.publish_files().await.map_err(|reason| failed(&reason))?;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let at_desk = desk.clone();
    let carry_out = move |asked| {
        let desk = at_desk.clone();
        async move { desk.carry_out(asked).await }
    };
    serve_acts(&desk.chassis, service, directory::ACTS.iter(), &desk.acts, &places, carry_out).await?;
    let tracker = desk.chassis.tasks.clone();
    tracker.spawn(desk.sweep());
    Ok(())
}

/// Whether a policy says the same as another one that was published under its version.
fn is_same(policy: &Policy, published: &events::directory::PolicyPublished) -> bool {
    policy.texts == published.files
}

/// Warns if the policy in force says something else than the files.
fn warn_of_other_files(known: &Directory, files: &Policy, now: Timestamp, agreement: Option<&Agreement>) {
    let Some(in_force) = known.policy_at(now).filter(|in_force| in_force.files != files.texts) else {
        return;
    };
    tracing::warn!(
        files = files.version,
        in_force = in_force.version,
        agreement = agreement.map(|agreement| agreement.said.agreement),
        %now,
        "the policy in force is another one than that of the files"
    );
}

impl Desk {
    /// Who operates the machine publishes by starting it: what its policy files say is in force from now on, if this
    /// version was never published. A version that says something else than it did is refused. While an agreement is in
    /// force the files have no say: both sides change the policy (plan IV ¶2), and what is in force goes on.
    async fn publish_files(&self) -> Result<(), String> {
        let policy = Arc::clone(self.chassis.views.policy_of_files());
        let end = Instant::now() + LEDGER;
        loop {
            let known = bus::read_directory(&self.chassis.reader, None).await;
            let known = match known {
                Ok(known) => known,
                Err(refusal) if Instant::now() < end && refusal.code == Code::Unavailable => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(refusal) => return Err(refusal.en),
            };
            if let Some(loaded) = &known {
                let now = self.chassis.clock.now();
                if let Some(agreement) = loaded.it.needs_two_keys(now, now) {
                    warn_of_other_files(&loaded.it, &policy, now, Some(agreement));
                    return Ok(());
                }
                match loaded.it.published(&policy.version) {
                    Some(published) if is_same(&policy, published) => {
                        warn_of_other_files(&loaded.it, &policy, now, None);
                        return Ok(());
                    }
                    Some(_) => {
                        return Err(format!(
                            "the policy files say something else than version {} that was published: give them a \
                             version of their own in policy.toml",
                            policy.version
                        ));
                    }
                    None => {}
                }
            }
            let publish = PublishPolicy { in_force: None, files: policy.texts.clone() };
            let id = CommandId::of_directory_step(&format!("publish/{}", policy.version));
            match self.execute(&Command::PublishPolicy(publish), id, &policy).await {
                Ok(_) => {
                    tracing::info!(version = policy.version, "the policy of the files is published");
                    return Ok(());
                }
                Err(refusal) if Instant::now() < end && is_passing(refusal.code) => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(refusal) => return Err(refusal.en),
            }
        }
    }

    /// A command of the service itself.
    async fn execute(
        &self,
        command: &Command,
        id: CommandId,
        policy: &Policy,
    ) -> Result<Carried<Directory>, Refusal> {
        let attempt = DirectoryAttempt {
            command,
            id,
            fingerprint: None,
            by: By::System,
            act: None,
            now: self.chassis.clock.now(),
            expected_version: None,
            correlation: None,
            policy,
        };
        self.casebook.execute_in_directory(&attempt).await
    }

    /// An act of a person.
    async fn carry_out(&self, asked: Asked) -> Result<Done, Refusal> {
        let Asked { act, request, person, policy, now } = asked;
        let command = Command::parse(act, request.body)?;
        let attempt = DirectoryAttempt {
            command: &command,
            id: request.command,
            fingerprint: Some(request.fingerprint),
            by: By::Person(&person),
            act: Some(act.name),
            now,
            expected_version: request.expected_version,
            correlation: Some(request.correlation),
            policy: &policy,
        };
        let Carried { kept, receipt, replayed, .. } = self.casebook.execute_in_directory(&attempt).await?;
        Ok(Done {
            event: receipt.event,
            version: receipt.version,
            replayed,
            now_at: kept.it.version,
            sequence: kept.sequence,
            pending: Vec::new(),
        })
    }

    /// What the clock asks for: warnings, ends, successions.
    async fn sweep(self) {
        loop {
            let mut progress = self.chassis.views.progress();
            progress.mark_unchanged();
            let now = self.chassis.clock.now();
            if let Some(step) = self.chassis.views.directory_step(now) {
                let policy = self.chassis.views.policy(now);
                let executed = self.execute(&step.command, step.id, &policy).await;
                let seen = executed.as_ref().map(|done| done.replayed).map_err(|refusal| refusal.code);
                self.acts.step(Stage::Directory, seen);
                match executed {
                    Ok(_) => continue,
                    Err(refusal) => tracing::debug!(code = %refusal.code, "a step of the directory waits"),
                }
            }
            if !self.chassis.rest(progress, now).await {
                return;
            }
        }
    }
}

/// Whether a refusal says that the ledger is not there yet.
fn is_passing(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::Busy | Code::OutcomeUnknown)
}
