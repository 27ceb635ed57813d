//! Where a case stands: all that is looked at when a fact is refused. Who must only know whether each fact follows needs no
//! more of a case, and keeps a few bytes of it instead of everything that was ever said.

use events::{Actor, AggregateId, Body, CaseId, Digest, Fact, Kind, Lifecycle, Timestamp, Transition};

use crate::case::{Case, OutOfOrder};

/// Where a case stands after its newest fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    case: CaseId,
    version: u32,
    head: Digest,
    recorded_at: Timestamp,
    lifecycle: Lifecycle,
}

impl Standing {
    /// Where this case stands.
    pub fn of(case: &Case) -> Self {
        let Case { id, version, head, recorded_at, lifecycle, .. } = *case;
        Self { case: id, version, head, recorded_at, lifecycle }
    }

    /// Where the case stands after one more fact, or after its first. This alone refuses facts: what [`evolve`] does
    /// besides only tells what they say.
    ///
    /// # Errors
    /// [`OutOfOrder`]: the fact does not follow.
    ///
    /// [`evolve`]: crate::evolve
    pub fn after(before: Option<Self>, fact: &Fact) -> Result<Self, OutOfOrder> {
        let version = fact.version;
        let expected = before.map_or(1, |before| before.version + 1);
        if version != expected {
            return Err(OutOfOrder::Version { expected, found: version });
        }
        if fact.previous != before.map_or(Digest::ZERO, |before| before.head) {
            return Err(OutOfOrder::Chain { version });
        }
        let (case, lifecycle) = match before {
            None => begin(fact)?,
            Some(before) if fact.recorded_at < before.recorded_at => {
                return Err(OutOfOrder::Time { version });
            }
            Some(before) => (before.case, follow(before, fact)?),
        };
        Ok(Self { case, version, head: fact.digest, recorded_at: fact.recorded_at, lifecycle })
    }

    /// Where it stands in region L.
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle
    }
}

/// The first fact: a person raises the case, which then stands at its beginning.
fn begin(fact: &Fact) -> Result<(CaseId, Lifecycle), OutOfOrder> {
    let (version, kind) = (fact.version, fact.body().kind());
    let raised = matches!(fact.body(), Body::RaisedInWriting(_) | Body::RaisedByPhone(_))
        && matches!(fact.origin().actor, Actor::Person { .. });
    let AggregateId::Case(case) = fact.draft.aggregate else {
        return Err(OutOfOrder::Place { version, kind });
    };
    if !raised {
        return Err(OutOfOrder::Place { version, kind });
    }
    let to = Lifecycle::Received;
    if fact.draft.transition == Some(Transition { from: None, to }) {
        Ok((case, to))
    } else {
        Err(OutOfOrder::State { version, kind })
    }
}

/// A later fact: it must move from where the case stands, and cannot raise the case again.
fn follow(before: Standing, fact: &Fact) -> Result<Lifecycle, OutOfOrder> {
    let (version, kind) = (fact.version, fact.body().kind());
    let raises = matches!(kind, Kind::RaisedInWriting | Kind::RaisedByPhone | Kind::DocumentRegistered);
    if raises || fact.draft.aggregate != AggregateId::Case(before.case) {
        return Err(OutOfOrder::Place { version, kind });
    }
    match fact.draft.transition {
        None => Ok(before.lifecycle),
        Some(moved) if moved.from == Some(before.lifecycle) => Ok(moved.to),
        Some(_) => Err(OutOfOrder::State { version, kind }),
    }
}
