//! A case: the fold of its facts.

use std::collections::{BTreeMap, BTreeSet};

use events::{
    Actor, AgencyId, Capacity, CaseCode, CaseId, CommandId, Digest, DutyId, EventId, Fact, Kind, Lifecycle,
    OfficeId, Timestamp, Urgency, casefile::CancellationProposed, closure, coordination::SettlementProposed,
    intake::Matter,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::Principal,
    deadlines::Armed,
    keys::Key,
    stages::{
        casefile::Casefile, confirmation::Confirmation, coordination::Round, escalation::Escalation,
        intake::Intake, routing::Assigned, taskforce::Taskforce,
    },
};

/// A case as its facts leave it. Each stage's region is changed by that stage alone (DESIGN D1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The version of its newest fact.
    pub version: u32,
    /// The digest of its newest fact.
    pub head: Digest,
    /// Its newest fact and the request that led to it.
    pub last: Trace,
    /// The number that people use, once it has one.
    pub code: Option<CaseCode>,
    /// Where it stands (region L).
    pub lifecycle: Lifecycle,
    /// How urgent it is.
    pub urgency: Urgency,
    /// By when it is to be dealt with, for *hỏa tốc hẹn giờ*.
    pub deliver_by: Option<Timestamp>,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When its newest fact was recorded.
    pub recorded_at: Timestamp,
    /// What it is about, as it was first raised.
    pub matter: Matter,
    /// The agency in whose name it was first raised.
    pub raiser: AgencyId,
    /// The agency reported to.
    pub receiver: AgencyId,
    /// The agencies whose position is required.
    pub required: Vec<AgencyId>,
    /// The agencies that are merely consulted.
    pub consulted: Vec<AgencyId>,
    /// The planned project from which it arose, if from one.
    pub project: Option<DutyId>,
    /// How it came in, once for each intake.
    pub intakes: Vec<Intake>,
    /// Regions W and V, one for each intake.
    pub confirmations: Vec<Confirmation>,
    /// Region A.
    pub assignments: Vec<Assigned>,
    /// Region R, oldest first.
    pub rounds: Vec<Round>,
    /// On what the next round asks, where something else than the last proposal was said on the way back.
    pub next_proposal: Option<String>,
    /// The proposals to settle a dispute, oldest first.
    pub settlements: Vec<Key<SettlementProposed>>,
    /// Region TF.
    pub taskforce: Taskforce,
    /// Regions E and I.
    pub escalation: Escalation,
    /// The proposals to close, oldest first.
    pub closures: Vec<Key<closure::Proposed>>,
    /// When it was last closed.
    pub closed_at: Option<Timestamp>,
    /// The proposals to cancel, oldest first.
    pub cancellations: Vec<Key<CancellationProposed>>,
    /// What is kept with it: documents, links, notes, corrections.
    pub casefile: Casefile,
    /// The deadlines that were armed; which of them run is a question of state ([`crate::deadlines`]).
    pub deadlines: Vec<Armed>,
    /// What happened, oldest first, without reminders.
    pub history: Vec<Happening>,
    /// The acts that made its facts: what makes a repeat recognisable for ever.
    pub acts: BTreeMap<CommandId, Receipt>,
    /// Who may see it (DESIGN D9).
    pub audience: BTreeSet<Principal>,
}

/// Something that happened in a case: which fact, when, and whose act it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// The fact.
    pub event: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// The agency that acted; absent when the process did it by itself.
    pub agency: Option<AgencyId>,
    /// The office that acted.
    pub office: Option<OfficeId>,
    /// By what right.
    pub capacity: Option<Capacity>,
}

impl Happening {
    /// What a fact says of it.
    pub(crate) fn of(fact: &Fact) -> Self {
        let origin = fact.origin();
        let (agency, office, capacity) = match &origin.actor {
            Actor::Person { agency, office, capacity, .. } => {
                (Some(agency.clone()), Some(office.clone()), Some(capacity.clone()))
            }
            Actor::System { .. } => (None, None, None),
        };
        Self {
            event: fact.draft.id,
            at: origin.occurred_at,
            kind: fact.body().kind(),
            agency,
            office,
            capacity,
        }
    }
}

/// The newest fact of a case, as the cause of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The fact.
    pub event: EventId,
    /// The request that began its chain.
    pub correlation: Uuid,
}

/// The first result of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The version of the fact that it made.
    pub version: u32,
    /// The fact that it made.
    pub event: EventId,
    /// The digest of the act's canonical body.
    pub fingerprint: Option<Digest>,
}

/// A fact that does not follow on the case: the log is damaged, or was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfOrder {
    /// A version is missing or comes twice.
    #[error("fact {found} comes where fact {expected} must stand")]
    Version {
        /// The version that must come.
        expected: u32,
        /// The version that came.
        found: u32,
    },
    /// The chain of digests is broken.
    #[error("fact {version} does not name the digest of the fact before it: the log was altered")]
    Chain {
        /// The version of the fact.
        version: u32,
    },
    /// The fact moves from a state in which the case does not stand.
    #[error("fact {version} ({kind}) moves from a state in which the case does not stand")]
    State {
        /// The version of the fact.
        version: u32,
        /// Its type.
        kind: Kind,
    },
    /// The recorded time runs backwards.
    #[error("fact {version} was recorded before the fact before it")]
    Time {
        /// The version of the fact.
        version: u32,
    },
    /// A policy that both sides had to agree to, and did not.
    #[error("fact {version} changes the policy, and not both sides have agreed to it")]
    OneKey {
        /// The version of the fact.
        version: u32,
    },
    /// The first fact raises no case, a later one does, or it is about something else.
    #[error("fact {version} ({kind}) cannot stand here")]
    Place {
        /// The version of the fact.
        version: u32,
        /// Its type.
        kind: Kind,
    },
}

impl Case {
    /// An agency that has a say or a duty in the case: required, consulted or assigned.
    pub fn involves(&self, agency: &AgencyId) -> bool {
        self.required.contains(agency)
            || self.consulted.contains(agency)
            || self.assignments.iter().any(|assigned| assigned.assignment.agency == *agency)
    }

    /// Since when an agency stands in the case: when it was raised, or when it took another's place. By the name of then
    /// it is called.
    pub fn since(&self, agency: &AgencyId) -> Timestamp {
        let taken = self.casefile.successions.iter().rev().find(|each| each.to == *agency);
        taken.map_or(self.raised_at, |each| each.at)
    }

    /// An intake by its number.
    pub fn intake(&self, number: u32) -> Option<&Intake> {
        self.intakes.iter().find(|intake| intake.number == number)
    }

    /// The confirmation of an intake.
    pub fn confirmation(&self, intake: u32) -> Option<&Confirmation> {
        self.confirmations.iter().find(|confirmation| confirmation.intake == intake)
    }

    /// The round whose positions are asked, if one is open.
    pub fn open_round(&self) -> Option<&Round> {
        self.rounds.last().filter(|round| round.is_open())
    }

    /// Every written confirmation is settled (DOMAIN §3.1): only closure asks for it.
    pub fn written_settled(&self) -> bool {
        self.confirmations.iter().all(|confirmation| confirmation.written.is_settled())
    }
}
