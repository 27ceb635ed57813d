//! The casebook: loads a case, decides, proposes; the only way by which a fact is made (DESIGN D3).

mod directory;
mod whole;

use std::{sync::Arc, time::Duration};

pub use directory::{DirectoryAttempt, read_directory};
pub use whole::{Aggregate, Carried, Kept, Order, fold_whole, read_whole};

use domain::{
    By, Case, Code, Command, Context, Decision, Directory, Others, Outcome, Policy, Receipt, Refusal,
    Registration, duties::Duty,
};
use events::{
    Actor, AggregateId, Body, CaseId, CommandId, Digest, DocumentId, Draft, DutyId, EventId, Fact, Origin,
    Timestamp,
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    connection::{Bus, RequestError},
    failpoint::{self, Failpoint},
    log::{self, ReadError},
    protocol::{self, Proposal, Proposed, Recorded, Verdict},
    streams::CASES,
};

/// How often is decided again after a conflict.
const ROUNDS: u32 = 5;

/// How long the ledger may take: longer than it tries itself.
const LEDGER: Duration = Duration::from_secs(20);

/// How often a stale replica is asked again.
const STALE_READS: u32 = 20;

/// A case with the place of its newest fact in the log.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The case.
    pub case: Arc<Case>,
    /// The sequence of its newest fact.
    pub sequence: u64,
}

/// Where folds stand that need not be loaded again: the fold that all services of a process share.
pub trait Shelf: Send + Sync + 'static {
    /// The case, as far as it is known here.
    fn get(&self, case: CaseId) -> Option<Loaded>;
    /// Takes a newer fold of a case; an older one is ignored.
    fn put(&self, loaded: Loaded);
    /// The directory, as far as it is known here.
    fn directory(&self) -> Option<Kept<Directory>>;
    /// Takes a newer fold of the directory; an older one is ignored.
    fn put_directory(&self, kept: Kept<Directory>);
    /// A duty, as far as it is known here.
    fn duty(&self, id: DutyId) -> Option<Kept<Duty>>;
    /// Takes a newer fold of a duty; an older one is ignored.
    fn put_duty(&self, kept: Kept<Duty>);
}

/// A command with all that its decision needs.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The case.
    pub case: CaseId,
    /// The command.
    pub command: &'a Command,
    /// Its id.
    pub id: CommandId,
    /// The digest of its canonical body; `None` for an automatic step.
    pub fingerprint: Option<Digest>,
    /// Who gives it.
    pub by: By<'a>,
    /// The act that it is, by its name; `None` for an automatic step.
    pub act: Option<&'static str>,
    /// The owning service's clock when it first arrived; it stays through the rounds (DESIGN D7).
    pub now: Timestamp,
    /// The version that the caller saw.
    pub expected_version: Option<u32>,
    /// The request that began the chain; `None` goes on with the case's own.
    pub correlation: Option<Uuid>,
    /// The rank of the case in its year, for its number.
    pub rank: Option<u32>,
    /// The policy in force.
    pub policy: &'a Policy,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The case with the command's fact.
    pub loaded: Loaded,
    /// The command's result.
    pub receipt: Receipt,
    /// The command had been carried out before.
    pub replayed: bool,
    /// When the fact happened that it made just now: for a step that a clock asks for, the due instant.
    pub occurred_at: Option<Timestamp>,
}

/// Loads, decides and proposes, with one service's credential.
#[derive(Clone)]
pub struct Casebook {
    bus: Bus,
    shelf: Arc<dyn Shelf>,
}

impl std::fmt::Debug for Casebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Casebook").field("bus", &self.bus).finish_non_exhaustive()
    }
}

impl Casebook {
    /// A casebook over a connection, with the process's shelf.
    pub fn new(bus: Bus, shelf: Arc<dyn Shelf>) -> Self {
        Self { bus, shelf }
    }

    /// Carries out a command: at most five rounds, then `BUSY`. A refusal counts only on a fold that is proven
    /// current.
    pub async fn execute(&self, attempt: &Attempt<'_>) -> Result<Executed, Refusal> {
        let mut loaded = self.shelf.get(attempt.case);
        let mut proven = false;
        let mut tried = Vec::new();
        for _ in 0..ROUNDS {
            let decided = loop {
                // A document that is new, as nearly all are, costs no question: the ledger notices if it is not.
                let registration = if proven { self.registration(attempt.command).await? } else { None };
                let case = loaded.as_ref().map(|loaded| loaded.case.as_ref());
                let others = self.others(attempt.command.looks_at(case), proven).await?;
                let project = self.project(attempt.command.project(), proven).await?;
                let ctx = Context {
                    now: attempt.now,
                    by: attempt.by,
                    act: attempt.act,
                    policy: attempt.policy,
                    expected_version: attempt.expected_version,
                    registration: registration.as_ref(),
                    rank: attempt.rank,
                    others: &others,
                    project: project.as_deref(),
                };
                match domain::decide(case, attempt.id, attempt.fingerprint, attempt.command, &ctx) {
                    Err(_) if !proven => {
                        loaded = self.current(attempt.case, loaded).await?;
                        proven = true;
                    }
                    decided => break decided?,
                }
            };
            let decision = match (decided, &loaded) {
                (Outcome::Repeat(receipt), Some(loaded)) => {
                    return Ok(Executed {
                        loaded: loaded.clone(),
                        receipt,
                        // What we proposed ourselves, and were not told of, is no repeat.
                        replayed: !tried.contains(&receipt.event),
                        occurred_at: None,
                    });
                }
                // A repeat comes from a case that is there.
                (Outcome::Repeat(_), None) => return Err(Refusal::not_found()),
                (Outcome::Fresh(decision), _) => decision,
            };
            let event = EventId::new(attempt.now, rand::random());
            if let Some(executed) = self.propose(attempt, loaded.as_ref(), decision, event).await? {
                return Ok(executed);
            }
            tried.push(event);
            loaded = self.current(attempt.case, loaded).await?;
            proven = true;
        }
        Err(busy())
    }

    /// The case as the log has it now: what is known here, and what the leader knows beyond it.
    pub async fn current(&self, case: CaseId, known: Option<Loaded>) -> Result<Option<Loaded>, Refusal> {
        let subject = protocol::case_subject(case);
        let Some(last) = log::last(&self.bus, CASES, &subject).await.map_err(|error| unreadable(&error))?
        else {
            return Ok(None);
        };
        self.fold_up_to(case, known, last.sequence).await.map(Some)
    }

    /// The other cases that a decision looks at: as they are known here, or as the log has them now.
    async fn others(&self, ids: Vec<CaseId>, proven: bool) -> Result<Others, Refusal> {
        let mut others = Others::new();
        for id in ids {
            let known = self.shelf.get(id);
            let loaded = match known {
                Some(known) if !proven => Some(known),
                known => self.current(id, known).await?,
            };
            others.extend(loaded.map(|loaded| (id, loaded.case)));
        }
        Ok(others)
    }

    /// The planned project that a decision looks at: as it is known here, or as the log has it now.
    async fn project(&self, id: Option<DutyId>, proven: bool) -> Result<Option<Arc<Duty>>, Refusal> {
        let Some(id) = id else { return Ok(None) };
        let known = self.shelf.duty(id);
        let kept = if proven { read_whole(&self.bus, AggregateId::Duty(id), known).await? } else { known };
        Ok(kept.map(|kept| kept.it))
    }

    /// The case at a version, or a later one.
    pub async fn at_least(&self, case: CaseId, version: u32) -> Result<Option<Loaded>, Refusal> {
        match self.shelf.get(case) {
            Some(loaded) if loaded.case.version >= version => Ok(Some(loaded)),
            known => self.current(case, known).await,
        }
    }

    /// Folds what the log has beyond a known fold, and puts it on the shelf.
    async fn fold_up_to(
        &self,
        case: CaseId,
        known: Option<Loaded>,
        sequence: u64,
    ) -> Result<Loaded, Refusal> {
        let subject = protocol::case_subject(case);
        let mut loaded = known;
        let mut stale = 0;
        loop {
            let reached = loaded.as_ref().map_or(0, |loaded| loaded.sequence);
            if let Some(loaded) = loaded.as_ref().filter(|_| reached >= sequence) {
                self.shelf.put(loaded.clone());
                return Ok(loaded.clone());
            }
            let entries = log::read(&self.bus, CASES, reached + 1, &subject)
                .await
                .map_err(|error| unreadable(&error))?;
            if entries.is_empty() {
                // A replica that has not caught up with the leader yet.
                stale += 1;
                if stale > STALE_READS {
                    return Err(busy());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let mut folded = loaded.map(|loaded| Arc::unwrap_or_clone(loaded.case));
            let mut at = reached;
            for entry in entries {
                folded = Some(
                    fold(folded, &entry.payload).map_err(|reason| damaged(case, entry.sequence, &reason))?,
                );
                at = entry.sequence;
            }
            loaded = folded.map(|case| Loaded { case: Arc::new(case), sequence: at });
        }
    }

    /// Proposes a decision; `None` when an aggregate has moved on.
    async fn propose(
        &self,
        attempt: &Attempt<'_>,
        loaded: Option<&Loaded>,
        decision: Decision,
        event: EventId,
    ) -> Result<Option<Executed>, Refusal> {
        let case = loaded.map(|loaded| loaded.case.as_ref());
        let origin = origin(attempt, case, &decision);
        let draft = |id, aggregate, decision: Decision| Draft {
            id,
            aggregate,
            origin: origin.clone(),
            body: decision.body,
            transition: decision.transition,
            deadlines: decision.deadlines,
        };
        let mut decision = decision;
        let (registers, along) = (decision.registers.take(), decision.along.take());
        let own = draft(event, AggregateId::Case(attempt.case), decision);
        let mut facts = vec![proposed(&own, case.map_or(0, |case| case.version))?];
        if let Some(along) = along {
            let id = EventId::new(attempt.now, rand::random());
            let there = draft(id, AggregateId::Case(along.case), along.decision);
            facts.push(proposed(&there, along.on_version)?);
        }
        if let Some(document) = registers {
            let aggregate = AggregateId::Document(document.id());
            let registered = events::document::Registered { document, case: attempt.case };
            let id = EventId::new(attempt.now, rand::random());
            let registered = Decision::new(own.origin.occurred_at, Body::DocumentRegistered(registered));
            facts.push(proposed(&draft(id, aggregate, registered), 0)?);
        }
        failpoint::reached(Failpoint::CasebookDecided);
        let subject = protocol::fact_subject(attempt.command.stage());
        let payload = protocol::write(&Proposal { facts });
        let answer = self.bus.request(&subject, payload, LEDGER).await.map_err(|error| unanswered(&error))?;
        match protocol::read(&answer)? {
            Verdict::Conflict => Ok(None),
            Verdict::Refused(refusal) => Err(refusal),
            Verdict::Recorded(recorded) => {
                failpoint::reached(Failpoint::CasebookRecorded);
                let Some(Recorded { sequence, stamp, digest }) = recorded.into_iter().next() else {
                    return Err(outcome_unknown());
                };
                let fact = Fact::stamped(own, stamp, digest);
                let case = domain::evolve(loaded.map(|loaded| Case::clone(&loaded.case)), &fact)
                    .map_err(|reason| damaged(attempt.case, sequence, &reason.to_string()))?;
                let loaded = Loaded { case: Arc::new(case), sequence };
                self.shelf.put(loaded.clone());
                let receipt = loaded.case.acts.get(&attempt.id).copied().ok_or_else(outcome_unknown)?;
                Ok(Some(Executed { loaded, receipt, replayed: false, occurred_at: Some(origin.occurred_at) }))
            }
        }
    }

    /// The registration of the document that a command brings.
    async fn registration(&self, command: &Command) -> Result<Option<Registration>, Refusal> {
        let Some(document) = command.document() else { return Ok(None) };
        let subject = AggregateId::Document(DocumentId::clone(&document.id())).subject();
        let Some(entry) = log::last(&self.bus, CASES, &subject).await.map_err(|error| unreadable(&error))?
        else {
            return Ok(None);
        };
        match Fact::from_bytes(&entry.payload).map(|fact| fact.draft.body) {
            Ok(Body::DocumentRegistered(registered)) => {
                Ok(Some(Registration { document: registered.document }))
            }
            _ => Err(Refusal::new(
                Code::Unavailable,
                "Sổ đăng ký văn bản không đọc được.",
                format!("The document's registration at {} cannot be read.", entry.sequence),
            )),
        }
    }
}

/// Folds the exact bytes of a fact into its case.
pub fn fold(case: Option<Case>, bytes: &[u8]) -> Result<Case, String> {
    let fact = Fact::from_bytes(bytes).map_err(|error| error.to_string())?;
    domain::evolve(case, &fact).map_err(|error| error.to_string())
}

fn proposed(draft: &Draft, on_version: u32) -> Result<Proposed, Refusal> {
    let json = draft.to_json().and_then(RawValue::from_string);
    json.map(|draft| Proposed { on_version, draft }).map_err(|error| {
        Refusal::new(Code::InvalidData, "Không ghi được nội dung này.", format!("Not writable: {error}."))
    })
}

fn origin(attempt: &Attempt<'_>, case: Option<&Case>, decision: &Decision) -> Origin {
    let (actor, causation) = match attempt.by {
        By::Person(person) => {
            let person = decision.acting.as_deref().unwrap_or(person);
            (person.actor(), None)
        }
        By::System => {
            let service = attempt.command.stage().name().to_owned();
            (Actor::System { service }, case.map(|case| case.last.event))
        }
    };
    let correlation =
        attempt.correlation.or_else(|| case.map(|case| case.last.correlation)).unwrap_or(attempt.id.0);
    Origin {
        occurred_at: decision.occurred_at,
        actor,
        command: attempt.id,
        fingerprint: attempt.fingerprint,
        correlation,
        causation,
        policy_version: attempt.policy.version.clone(),
        basis: attempt.policy.basis,
    }
}

/// What it means that the ledger gave no answer.
fn unanswered(error: &RequestError) -> Refusal {
    match error {
        RequestError::NoResponder { .. } => Refusal::new(
            Code::Unavailable,
            "Dịch vụ ghi sổ chưa sẵn sàng; chưa có gì được ghi. Đề nghị thử lại.",
            "The ledger does not answer and nothing was stored: try again.",
        ),
        RequestError::Busy { .. } => overloaded(),
        RequestError::TimedOut { .. } | RequestError::NotSent { .. } => outcome_unknown(),
    }
}

fn busy() -> Refusal {
    Refusal::new(
        Code::Busy,
        "Có nhiều người cùng xử lý vụ việc này; đề nghị thử lại với cùng khóa.",
        "Others are changing this case at the same time: repeat with the same key.",
    )
}

/// What a service says that has too much to do: it has not begun with this.
pub fn overloaded() -> Refusal {
    Refusal::new(
        Code::Busy,
        "Hệ thống đang quá tải; đề nghị gửi lại với cùng khóa.",
        "Too much is under way here: repeat with the same key.",
    )
}

fn outcome_unknown() -> Refusal {
    Refusal::new(
        Code::OutcomeUnknown,
        "Chưa rõ đã ghi hay chưa; đề nghị gửi lại với cùng khóa.",
        "It is not known whether this was stored: repeat with the same key.",
    )
}

fn unreadable(error: &ReadError) -> Refusal {
    Refusal::new(Code::Unavailable, "Kho dữ liệu chưa trả lời; đề nghị thử lại.", format!("{error}."))
}

/// A case whose facts do not follow on each other is not decided on any more (DESIGN D8).
fn damaged(case: CaseId, sequence: u64, reason: &str) -> Refusal {
    tracing::error!(%case, sequence, reason, alert = true, "UNREADABLE: the log of a case is damaged");
    Refusal::new(
        Code::Unavailable,
        "Hồ sơ vụ việc trong sổ ghi không đọc được; đã báo quản trị.",
        format!("The log of this case cannot be read at {sequence}: {reason}. The operator is alerted."),
    )
}
