//! The way to a fact of an aggregate that is folded whole in memory: the directory, a duty of the plan. The same as that of
//! a case, but that nothing else is looked at and nothing goes along.

use std::sync::Arc;

use domain::{
    By, Code, Decision, Directory, OutOfOrder, Outcome, Policy, Receipt, Refusal, case::Trace, directory,
    duties,
};
use events::{Actor, AggregateId, CommandId, Digest, Draft, EventId, Fact, Origin, Stage, Timestamp};
use uuid::Uuid;

use super::{Casebook, LEDGER, Shelf, busy, outcome_unknown, proposed, unanswered, unreadable};
use crate::{
    connection::Bus,
    log,
    protocol::{self, Proposal, Recorded, Verdict},
    streams::CASES,
};

/// How often is decided again after a conflict. A province's offices write at the same minute, on the 15th at five.
const ROUNDS: u32 = 8;

/// An aggregate that is folded whole from its own facts.
pub trait Aggregate: Clone + Send + Sync + 'static {
    /// Folds a fact into it.
    fn evolve(before: Option<Self>, fact: &Fact) -> Result<Self, OutOfOrder>;
    /// The version of its newest fact.
    fn version(&self) -> u32;
    /// Its newest fact and the request that led to it.
    fn last(&self) -> Trace;
    /// What an act did, if it was done.
    fn receipt(&self, command: CommandId) -> Option<Receipt>;
    /// As far as it is known on a shelf.
    fn on(shelf: &dyn Shelf, id: AggregateId) -> Option<Kept<Self>>;
    /// Puts a newer fold on a shelf; an older one is ignored.
    fn put(shelf: &dyn Shelf, kept: Kept<Self>);
}

/// An aggregate with the place of its newest fact in the log.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    /// It.
    pub it: Arc<T>,
    /// The sequence of its newest fact.
    pub sequence: u64,
}

/// A command with all that its fact needs to say; what it decides is given beside it.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// On what.
    pub aggregate: AggregateId,
    /// The stage that records it.
    pub stage: Stage,
    /// Its id.
    pub id: CommandId,
    /// The digest of its canonical body; `None` for an automatic step.
    pub fingerprint: Option<Digest>,
    /// Who gives it.
    pub by: By<'a>,
    /// The service's clock when it first arrived.
    pub now: Timestamp,
    /// The request that began the chain; `None` goes on with the aggregate's own.
    pub correlation: Option<Uuid>,
    /// The policy in force.
    pub policy: &'a Policy,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Carried<T> {
    /// The aggregate with the command's fact.
    pub kept: Kept<T>,
    /// The command's result.
    pub receipt: Receipt,
    /// The command had been carried out before.
    pub replayed: bool,
    /// When the fact happened that it made just now.
    pub occurred_at: Option<Timestamp>,
}

impl Casebook {
    /// Carries out a command: at most eight rounds, then `BUSY`. A refusal counts only on a fold that is proven current.
    pub async fn carry_out<T: Aggregate>(
        &self,
        order: &Order<'_>,
        decide: impl Fn(Option<&T>) -> Result<Outcome, Refusal>,
    ) -> Result<Carried<T>, Refusal> {
        let mut kept = T::on(&*self.shelf, order.aggregate);
        let mut proven = false;
        let mut tried = Vec::new();
        for _ in 0..ROUNDS {
            let decided = loop {
                match decide(kept.as_ref().map(|kept| kept.it.as_ref())) {
                    Err(_) if !proven => {
                        kept = read_whole(&self.bus, order.aggregate, kept).await?;
                        proven = true;
                    }
                    decided => break decided?,
                }
            };
            let decision = match (decided, &kept) {
                (Outcome::Repeat(receipt), Some(kept)) => {
                    let (kept, replayed) = (kept.clone(), !tried.contains(&receipt.event));
                    T::put(&*self.shelf, kept.clone());
                    return Ok(Carried { kept, receipt, replayed, occurred_at: None });
                }
                (Outcome::Repeat(_), None) => return Err(Refusal::not_found()),
                (Outcome::Fresh(decision), _) => decision,
            };
            let event = EventId::new(order.now, rand::random());
            if let Some(carried) = self.propose_on(order, kept.as_ref(), decision, event).await? {
                return Ok(carried);
            }
            tried.push(event);
            kept = read_whole(&self.bus, order.aggregate, kept).await?;
            proven = true;
        }
        Err(busy())
    }

    async fn propose_on<T: Aggregate>(
        &self,
        order: &Order<'_>,
        kept: Option<&Kept<T>>,
        decision: Decision,
        event: EventId,
    ) -> Result<Option<Carried<T>>, Refusal> {
        let known = kept.map(|kept| kept.it.as_ref());
        let occurred_at = decision.occurred_at;
        let (actor, causation) = match order.by {
            By::Person(person) => (decision.acting.as_deref().unwrap_or(person).actor(), None),
            By::System => {
                let cause = known.filter(|_| order.stage != Stage::Directory).map(|it| it.last().event);
                (Actor::System { service: order.stage.name().to_owned() }, cause)
            }
        };
        let going_on = || known.filter(|_| order.stage != Stage::Directory).map(|it| it.last().correlation);
        let own = Draft {
            id: event,
            aggregate: order.aggregate,
            origin: Origin {
                occurred_at,
                actor,
                command: order.id,
                fingerprint: order.fingerprint,
                correlation: order.correlation.or_else(going_on).unwrap_or(order.id.0),
                causation,
                policy_version: order.policy.version.clone(),
                basis: order.policy.basis,
            },
            body: decision.body,
            transition: None,
            deadlines: Vec::new(),
        };
        let facts = vec![proposed(&own, known.map_or(0, T::version))?];
        let subject = protocol::fact_subject(order.stage);
        let answer = self.bus.request(&subject, protocol::write(&Proposal { facts }), LEDGER).await;
        match protocol::read(&answer.map_err(|error| unanswered(&error))?)? {
            Verdict::Conflict => Ok(None),
            Verdict::Refused(refusal) => Err(refusal),
            Verdict::Recorded(recorded) => {
                let Some(Recorded { sequence, stamp, digest }) = recorded.into_iter().next() else {
                    return Err(outcome_unknown());
                };
                let fact = Fact::stamped(own, stamp, digest);
                let it = T::evolve(known.cloned(), &fact)
                    .map_err(|reason| damaged(order.aggregate, sequence, &reason.to_string()))?;
                let kept = Kept { it: Arc::new(it), sequence };
                T::put(&*self.shelf, kept.clone());
                let receipt = kept.it.receipt(order.id).ok_or_else(outcome_unknown)?;
                Ok(Some(Carried { kept, receipt, replayed: false, occurred_at: Some(occurred_at) }))
            }
        }
    }
}

/// Reads what the log has of an aggregate beyond what is known.
pub async fn read_whole<T: Aggregate>(
    bus: &Bus,
    aggregate: AggregateId,
    known: Option<Kept<T>>,
) -> Result<Option<Kept<T>>, Refusal> {
    let subject = aggregate.subject();
    let mut kept = known;
    loop {
        let next = kept.as_ref().map_or(0, |kept| kept.sequence) + 1;
        let entries = log::read(bus, CASES, next, &subject).await.map_err(|error| unreadable(&error))?;
        let more = entries.len() >= log::BATCH;
        for entry in entries {
            let before = kept.map(|kept| Arc::unwrap_or_clone(kept.it));
            let it = fold_whole(before, &entry.payload)
                .map_err(|reason| damaged(aggregate, entry.sequence, &reason))?;
            kept = Some(Kept { it: Arc::new(it), sequence: entry.sequence });
        }
        if !more {
            return Ok(kept);
        }
    }
}

/// Folds the exact bytes of a fact into its aggregate.
pub fn fold_whole<T: Aggregate>(before: Option<T>, bytes: &[u8]) -> Result<T, String> {
    let fact = Fact::from_bytes(bytes).map_err(|error| error.to_string())?;
    T::evolve(before, &fact).map_err(|error| error.to_string())
}

/// What does not follow on itself is not decided on any more (DESIGN D8); a directory like that gives no rights.
fn damaged(aggregate: AggregateId, sequence: u64, reason: &str) -> Refusal {
    let subject = aggregate.subject();
    tracing::error!(
        subject,
        sequence,
        reason,
        alert = true,
        "UNREADABLE: the log of an aggregate is damaged"
    );
    Refusal::new(
        Code::Unavailable,
        "Sổ ghi không đọc được; đã báo quản trị.",
        format!("The log of {subject} cannot be read at {sequence}: {reason}. The operator is alerted."),
    )
}

impl Aggregate for Directory {
    fn evolve(before: Option<Self>, fact: &Fact) -> Result<Self, OutOfOrder> {
        directory::evolve(before, fact)
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn last(&self) -> Trace {
        self.last
    }

    fn receipt(&self, command: CommandId) -> Option<Receipt> {
        self.acts.get(&command).copied()
    }

    fn on(shelf: &dyn Shelf, _: AggregateId) -> Option<Kept<Self>> {
        shelf.directory()
    }

    fn put(shelf: &dyn Shelf, kept: Kept<Self>) {
        shelf.put_directory(kept);
    }
}

impl Aggregate for duties::Duty {
    fn evolve(before: Option<Self>, fact: &Fact) -> Result<Self, OutOfOrder> {
        duties::evolve(before, fact)
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn last(&self) -> Trace {
        self.last
    }

    fn receipt(&self, command: CommandId) -> Option<Receipt> {
        self.acts.get(&command).copied()
    }

    fn on(shelf: &dyn Shelf, id: AggregateId) -> Option<Kept<Self>> {
        let AggregateId::Duty(id) = id else { return None };
        shelf.duty(id)
    }

    fn put(shelf: &dyn Shelf, kept: Kept<Self>) {
        shelf.put_duty(kept);
    }
}
