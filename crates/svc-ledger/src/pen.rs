//! Writing: from a proposal to stamped bytes in the log.

use bus::{
    Bus, Failpoint,
    append::{Append, AppendError, Press},
    failpoint,
    log::{self, ReadError},
    protocol::{Proposal, Recorded, Verdict},
    streams::CASES,
};
use domain::{Code, Refusal};
use events::{
    AggregateId, Digest, Stage,
    envelope::{self, Stamp},
};
use service::Clock;
use uuid::Uuid;

use crate::{
    foreign,
    heads::{Head, Heads, Held, Knowledge},
};

/// The pen.
pub(crate) struct Pen {
    name: Uuid,
    bus: Bus,
    clock: Clock,
    heads: Heads,
    press: Press,
}

/// A fact with its stamps, ready to be appended.
struct Stamped {
    aggregate: AggregateId,
    slot: Held,
    head: Head,
    stamp: Stamp,
    digest: Digest,
    message: Append,
}

impl Pen {
    pub(crate) fn new(name: Uuid, bus: Bus, clock: Clock, press: Press) -> Self {
        Self { name, bus, clock, heads: Heads::default(), press }
    }

    /// Records a proposal of a stage: all its facts or none.
    pub(crate) async fn record(&self, stage: Stage, proposal: Proposal) -> Verdict {
        let stamped = match self.stamp(stage, proposal).await {
            Ok(Some(stamped)) => stamped,
            Ok(None) => return Verdict::Conflict,
            Err(refusal) => return Verdict::Refused(refusal),
        };
        self.write(stamped).await
    }

    /// Checks who proposes what, holds the heads, and stamps. `None` when a decision was made on an older version.
    async fn stamp(&self, stage: Stage, proposal: Proposal) -> Result<Option<Vec<Stamped>>, Refusal> {
        let mut labels = Vec::with_capacity(proposal.facts.len());
        for proposed in &proposal.facts {
            let label = envelope::label(proposed.draft.get()).map_err(|error| foreign(&error.to_string()))?;
            let belongs = match label.aggregate {
                AggregateId::Case(_) => label.kind.stage() == stage && Stage::ALL.contains(&stage),
                AggregateId::Duty(_) => label.kind.stage() == stage && Stage::DUTIES.contains(&stage),
                AggregateId::Directory => label.kind.stage() == stage && stage == Stage::Directory,
                AggregateId::Document(_) => label.kind.stage() == Stage::Document,
            };
            if !belongs {
                return Err(foreign(&format!("{} on fact.{stage}", label.kind)));
            }
            labels.push(label);
        }
        if !labels.iter().any(|label| label.kind.stage() == stage) {
            return Err(foreign("a document is registered only together with a fact of the stage"));
        }
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|at| labels[*at].aggregate);
        if order.windows(2).any(|pair| labels[pair[0]].aggregate == labels[pair[1]].aggregate) {
            return Err(foreign("two facts of one aggregate in one proposal"));
        }
        let mut stamped = Vec::with_capacity(labels.len());
        for at in order {
            let (label, proposed) = (&labels[at], &proposal.facts[at]);
            let mut slot = self.heads.hold(label.aggregate).await;
            let head = match *slot {
                Knowledge::Known(head) if head.version >= proposed.on_version => head,
                Knowledge::Nothing if proposed.on_version == 0 => Head::NONE,
                // Or the proposer has seen more than we have: another ledger wrote in between.
                _ => {
                    let head = self.read_head(label.aggregate).await.map_err(|error| {
                        Refusal::new(Code::Unavailable, "Kho dữ liệu chưa trả lời.", error.to_string())
                    })?;
                    *slot = Knowledge::Known(head);
                    head
                }
            };
            if head.version != proposed.on_version {
                return Ok(None);
            }
            // Never decreasing within an aggregate, even when the machine's clock is set back.
            let recorded_at = self.clock.now().max(head.recorded_at);
            let stamp = Stamp { version: head.version + 1, recorded_at, previous: head.digest };
            let text =
                envelope::stamp(proposed.draft.get(), stamp).map_err(|error| foreign(&error.to_string()))?;
            let digest = Digest::of(text.as_bytes());
            let message = Append {
                subject: label.aggregate.subject(),
                payload: text.into(),
                // What another ledger wrote of the same proposal has other stamps, and is not ours.
                id: format!("{}/{}", label.id, self.name),
                expected: head.sequence,
                headers: vec![
                    ("Content-Type", "application/cloudevents+json".to_owned()),
                    ("Concord-Type", label.kind.ce_type()),
                    ("Concord-Version", stamp.version.to_string()),
                    ("Concord-Previous-Hash", head.digest.to_string()),
                ],
            };
            stamped.push((at, Stamped { aggregate: label.aggregate, slot, head, stamp, digest, message }));
        }
        stamped.sort_by_key(|(at, _)| *at);
        Ok(Some(stamped.into_iter().map(|(_, stamped)| stamped).collect()))
    }

    /// Writes what is stamped, together with what others bring meanwhile.
    async fn write(&self, mut stamped: Vec<Stamped>) -> Verdict {
        failpoint::reached(Failpoint::LedgerStamped);
        let messages = stamped.iter().map(|each| each.message.clone()).collect();
        match self.press.write(messages).await {
            Ok(sequences) => {
                let recorded = stamped.iter_mut().zip(sequences).map(|(each, sequence)| {
                    let (stamp, digest) = (each.stamp, each.digest);
                    let Stamp { version, recorded_at, .. } = stamp;
                    *each.slot = Knowledge::Known(Head { sequence, version, digest, recorded_at });
                    Recorded { sequence, stamp, digest }
                });
                Verdict::Recorded(recorded.collect())
            }
            Err(error) => {
                // What we know of these heads is no longer sure: they are read again.
                for each in &mut stamped {
                    *each.slot = Knowledge::Doubtful;
                }
                refused(&error, &stamped)
            }
        }
    }

    /// The head of an aggregate, as the leader has it.
    async fn read_head(&self, aggregate: AggregateId) -> Result<Head, ReadError> {
        let Some(last) = log::last(&self.bus, CASES, &aggregate.subject()).await? else {
            return Ok(Head::NONE);
        };
        let link = envelope::link(&last.payload)
            .map_err(|error| ReadError::Refused { stream: CASES, reason: error.to_string() })?;
        let Stamp { version, recorded_at, .. } = link.stamp;
        Ok(Head { sequence: last.sequence, version, digest: link.digest, recorded_at })
    }
}

fn refused(error: &AppendError, stamped: &[Stamped]) -> Verdict {
    match error {
        AppendError::Conflict { .. } => Verdict::Conflict,
        AppendError::Full => {
            tracing::error!(alert = true, "STORE_FULL: the log takes nothing more");
            Verdict::Refused(Refusal::new(
                Code::StoreFull,
                "Kho dữ liệu đã đầy; chưa có gì được ghi. Đã báo quản trị.",
                "The store is full and nothing was stored; the operator is alerted.",
            ))
        }
        AppendError::Unknown => Verdict::Refused(Refusal::new(
            Code::OutcomeUnknown,
            "Chưa rõ đã ghi hay chưa; đề nghị gửi lại với cùng khóa.",
            "It is not known whether this was stored: repeat with the same key.",
        )),
        AppendError::Refused { reason } => {
            let aggregates: Vec<_> = stamped.iter().map(|each| (each.aggregate, each.head.version)).collect();
            tracing::error!(reason, ?aggregates, alert = true, "the server refused to store");
            Verdict::Refused(Refusal::new(
                Code::Unavailable,
                "Kho dữ liệu từ chối ghi; chưa có gì được ghi.",
                format!("The server refused to store it, and nothing was stored: {reason}."),
            ))
        }
    }
}
