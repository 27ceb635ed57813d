//! The directory's own way to a fact: the same as that of a case, on the one aggregate that it is.

use std::sync::Arc;

use domain::{
    By, Code, Context, Decision, Directory, Outcome, Policy, Receipt, Refusal,
    directory::{self, Command},
};
use events::{Actor, AggregateId, CommandId, Digest, Draft, EventId, Fact, Origin, Stage, Timestamp};
use uuid::Uuid;

use super::{Casebook, LEDGER, ROUNDS, busy, outcome_unknown, proposed, unanswered, unreadable};
use crate::{
    connection::Bus,
    log,
    protocol::{self, Proposal, Recorded, Verdict},
    streams::CASES,
};

/// The directory with the place of its newest fact in the log.
#[derive(Clone, Debug)]
pub struct LoadedDirectory {
    /// The directory.
    pub directory: Arc<Directory>,
    /// The sequence of its newest fact.
    pub sequence: u64,
}

/// A command of the directory with all that its decision needs.
#[derive(Clone, Copy, Debug)]
pub struct DirectoryAttempt<'a> {
    /// The command.
    pub command: &'a Command,
    /// Its id.
    pub id: CommandId,
    /// The digest of its canonical body; `None` for a step of the directory itself.
    pub fingerprint: Option<Digest>,
    /// Who gives it.
    pub by: By<'a>,
    /// The act that it is, by its name; `None` for a step of the directory itself.
    pub act: Option<&'static str>,
    /// The service's clock when it first arrived.
    pub now: Timestamp,
    /// The version of the directory that the caller saw.
    pub expected_version: Option<u32>,
    /// The request that began the chain.
    pub correlation: Option<Uuid>,
    /// The policy in force.
    pub policy: &'a Policy,
}

/// What came of a command of the directory.
#[derive(Clone, Debug)]
pub struct DirectoryExecuted {
    /// The directory with the command's fact.
    pub loaded: LoadedDirectory,
    /// The command's result.
    pub receipt: Receipt,
    /// The command had been carried out before.
    pub replayed: bool,
}

impl Casebook {
    /// Carries out a command of the directory: at most five rounds, then `BUSY`. A refusal counts only on a directory that
    /// is proven current.
    pub async fn execute_in_directory(
        &self,
        attempt: &DirectoryAttempt<'_>,
    ) -> Result<DirectoryExecuted, Refusal> {
        let mut loaded = self.shelf.directory();
        let mut proven = false;
        let mut tried = Vec::new();
        for _ in 0..ROUNDS {
            let ctx = Context {
                by: attempt.by,
                act: attempt.act,
                expected_version: attempt.expected_version,
                ..Context::of_system(attempt.now, attempt.policy)
            };
            let decided = loop {
                let directory = loaded.as_ref().map(|loaded| loaded.directory.as_ref());
                match directory::decide(directory, attempt.id, attempt.fingerprint, attempt.command, &ctx) {
                    Err(_) if !proven => {
                        loaded = read_directory(&self.bus, loaded).await?;
                        proven = true;
                    }
                    decided => break decided?,
                }
            };
            let decision = match (decided, &loaded) {
                (Outcome::Repeat(receipt), Some(loaded)) => {
                    let (loaded, replayed) = (loaded.clone(), !tried.contains(&receipt.event));
                    self.shelf.put_directory(loaded.clone());
                    return Ok(DirectoryExecuted { loaded, receipt, replayed });
                }
                (Outcome::Repeat(_), None) => return Err(Refusal::not_found()),
                (Outcome::Fresh(decision), _) => decision,
            };
            let event = EventId::new(attempt.now, rand::random());
            if let Some(executed) =
                self.propose_in_directory(attempt, loaded.as_ref(), decision, event).await?
            {
                return Ok(executed);
            }
            tried.push(event);
            loaded = read_directory(&self.bus, loaded).await?;
            proven = true;
        }
        Err(busy())
    }

    async fn propose_in_directory(
        &self,
        attempt: &DirectoryAttempt<'_>,
        loaded: Option<&LoadedDirectory>,
        decision: Decision,
        event: EventId,
    ) -> Result<Option<DirectoryExecuted>, Refusal> {
        let known = loaded.map(|loaded| loaded.directory.as_ref());
        let actor = match attempt.by {
            By::Person(person) => person.actor(),
            By::System => Actor::System { service: Stage::Directory.name().to_owned() },
        };
        let own = Draft {
            id: event,
            aggregate: AggregateId::Directory,
            origin: Origin {
                occurred_at: decision.occurred_at,
                actor,
                command: attempt.id,
                fingerprint: attempt.fingerprint,
                correlation: attempt.correlation.unwrap_or(attempt.id.0),
                causation: None,
                policy_version: attempt.policy.version.clone(),
                basis: attempt.policy.basis,
            },
            body: decision.body,
            transition: None,
            deadlines: Vec::new(),
        };
        let facts = vec![proposed(&own, known.map_or(0, |directory| directory.version))?];
        let subject = protocol::fact_subject(Stage::Directory);
        let answer = self.bus.request(&subject, protocol::write(&Proposal { facts }), LEDGER).await;
        match protocol::read(&answer.map_err(|error| unanswered(&error))?)? {
            Verdict::Conflict => Ok(None),
            Verdict::Refused(refusal) => Err(refusal),
            Verdict::Recorded(recorded) => {
                let Some(Recorded { sequence, stamp, digest }) = recorded.into_iter().next() else {
                    return Err(outcome_unknown());
                };
                let fact = Fact::stamped(own, stamp, digest);
                let directory = directory::evolve(known.cloned(), &fact)
                    .map_err(|reason| damaged(sequence, &reason.to_string()))?;
                let loaded = LoadedDirectory { directory: Arc::new(directory), sequence };
                self.shelf.put_directory(loaded.clone());
                let receipt = loaded.directory.acts.get(&attempt.id).copied().ok_or_else(outcome_unknown)?;
                Ok(Some(DirectoryExecuted { loaded, receipt, replayed: false }))
            }
        }
    }
}

/// Reads what the log has of the directory beyond what is known.
pub async fn read_directory(
    bus: &Bus,
    known: Option<LoadedDirectory>,
) -> Result<Option<LoadedDirectory>, Refusal> {
    let subject = AggregateId::Directory.subject();
    let mut loaded = known;
    loop {
        let next = loaded.as_ref().map_or(0, |loaded| loaded.sequence) + 1;
        let entries = log::read(bus, CASES, next, &subject).await.map_err(|error| unreadable(&error))?;
        let more = entries.len() >= log::BATCH;
        for entry in entries {
            let before = loaded.map(|loaded| Arc::unwrap_or_clone(loaded.directory));
            let folded = Fact::from_bytes(&entry.payload)
                .map_err(|error| error.to_string())
                .and_then(|fact| directory::evolve(before, &fact).map_err(|error| error.to_string()));
            let directory = folded.map_err(|reason| damaged(entry.sequence, &reason))?;
            loaded = Some(LoadedDirectory { directory: Arc::new(directory), sequence: entry.sequence });
        }
        if !more {
            return Ok(loaded);
        }
    }
}

/// A directory whose facts do not follow on each other gives no rights any more.
fn damaged(sequence: u64, reason: &str) -> Refusal {
    tracing::error!(sequence, reason, alert = true, "UNREADABLE: the log of the directory is damaged");
    Refusal::new(
        Code::Unavailable,
        "Danh bạ trong sổ ghi không đọc được; đã báo quản trị.",
        format!("The log of the directory cannot be read at {sequence}: {reason}. The operator is alerted."),
    )
}
