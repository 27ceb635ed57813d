//! The envelope: one fact as one CloudEvents 1.0 JSON message in structured mode (DOMAIN §3.7, DESIGN D4).
//!
//! A stage proposes a [`Draft`]; the ledger stamps it with version, previous digest and recorded time; what
//! is then stored is a [`Fact`]. Attributes are flat and of CloudEvents' own types, as the specification asks;
//! everything structured stands in `data`.

use std::borrow::Cow;

use serde::{
    Deserialize, Serialize,
    de::{Error as _, IgnoredAny},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    Timestamp,
    actor::{Actor, Capacity},
    catalogue::{Body, Kind},
    digest::Digest,
    ids::{AgencyId, AggregateId, CommandId, DelegationId, EventId, OfficeId, OfficerId},
    instant,
    terms::{Deadline, Transition},
};

/// Who caused a fact, by which act, and on which rules: the same for every fact of one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// When it happened, by the owning service's clock; for a timer the due instant (DESIGN D7).
    pub occurred_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The act.
    pub command: CommandId,
    /// The SHA-256 of the act's canonical body; absent for an automatic step.
    pub fingerprint: Option<Digest>,
    /// The request that began the chain of facts.
    pub correlation: Uuid,
    /// The fact that this one follows from, if a person did not begin it.
    pub causation: Option<EventId>,
    /// The version of the policy that was in force.
    pub policy_version: String,
    /// The sequence of the newest directory or policy fact that the decision saw; 0 when there was none.
    pub basis: u64,
}

/// A fact as a stage proposes it, before the ledger has stamped it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: EventId,
    /// What it is about.
    pub aggregate: AggregateId,
    /// Who, when, why.
    pub origin: Origin,
    /// What it says.
    pub body: Body,
    /// The move of the lifecycle, if it makes one.
    pub transition: Option<Transition>,
    /// The deadlines that it arms.
    pub deadlines: Vec<Deadline>,
}

/// A fact of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What the stage proposed.
    pub draft: Draft,
    /// Its version: 1 for the first fact of its aggregate, without gaps.
    pub version: u32,
    /// When the ledger stored it; never decreasing within an aggregate.
    pub recorded_at: Timestamp,
    /// The digest of the bytes of the aggregate's fact before it.
    pub previous: Digest,
    /// The digest of its own exact bytes.
    pub digest: Digest,
}

/// Bytes that are not a fact that this build can read; such a fact is evidence and is never skipped (D8).
#[derive(Debug)]
pub enum Unreadable {
    /// Not a CloudEvents message of ours, or a field is wrong.
    Malformed(serde_json::Error),
    /// A type or version that this build does not know.
    UnknownType(String),
    /// The subject is no aggregate of ours.
    UnknownSubject(String),
    /// An attribute that every stored fact has is missing.
    Incomplete(&'static str),
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "not a readable fact: {error}"),
            Self::UnknownType(ce_type) => write!(f, "unknown event type `{ce_type}`: this build is too old"),
            Self::UnknownSubject(subject) => write!(f, "`{subject}` names no aggregate"),
            Self::Incomplete(attribute) => write!(f, "the attribute `{attribute}` is missing"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// A draft as it stands on the wire.
#[derive(Debug, Serialize)]
struct Wire {
    specversion: String,
    id: EventId,
    source: String,
    #[serde(rename = "type")]
    ce_type: String,
    subject: String,
    time: Timestamp,
    datacontenttype: String,
    dataschema: String,
    authtype: String,
    authid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actoroffice: Option<OfficeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actoragency: Option<AgencyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actorcapacity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actordelegation: Option<Uuid>,
    commandid: CommandId,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Digest>,
    correlationid: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationid: Option<EventId>,
    policyversion: String,
    basis: u64,
    data: Box<RawValue>,
}

/// A fact as it stands on the wire, read where it stands: nothing is copied that is not kept.
#[derive(Deserialize)]
#[expect(dead_code, reason = "some must be there, and say nothing that the others do not")]
struct Stored<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    id: EventId,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    ce_type: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(deserialize_with = "instant::read")]
    time: Timestamp,
    #[serde(borrow)]
    datacontenttype: Cow<'a, str>,
    #[serde(borrow)]
    dataschema: Cow<'a, str>,
    version: Option<u32>,
    #[serde(default, deserialize_with = "instant::read_some")]
    recordedtime: Option<Timestamp>,
    previoushash: Option<Digest>,
    #[serde(borrow)]
    authtype: Cow<'a, str>,
    authid: String,
    actoroffice: Option<OfficeId>,
    actoragency: Option<AgencyId>,
    #[serde(borrow)]
    actorcapacity: Option<Cow<'a, str>>,
    actordelegation: Option<Uuid>,
    commandid: CommandId,
    fingerprint: Option<Digest>,
    correlationid: Uuid,
    causationid: Option<EventId>,
    policyversion: String,
    basis: u64,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// What every event's `data` may carry beside its own fields.
#[derive(Serialize, Deserialize)]
struct Common {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifecycle: Option<Transition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deadlines: Vec<Deadline>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    common: Common,
    #[serde(flatten)]
    body: &'a Body,
}

/// What the ledger reads of a draft: enough to place it, nothing of what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The fact's id.
    pub id: EventId,
    /// Its type.
    pub kind: Kind,
    /// What it is about.
    pub aggregate: AggregateId,
}

impl Draft {
    /// The draft's bytes, to be stamped by the ledger.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.wire()?)
    }

    fn wire(&self) -> Result<Wire, serde_json::Error> {
        let kind = self.body.kind();
        let common = Common { lifecycle: self.transition, deadlines: self.deadlines.clone() };
        let data = serde_json::value::to_raw_value(&Data { common, body: &self.body })?;
        let origin = &self.origin;
        let mut wire = Wire {
            specversion: "1.0".to_owned(),
            id: self.id,
            source: format!("/concord/{}", kind.stage()),
            ce_type: kind.ce_type(),
            subject: self.aggregate.subject(),
            time: origin.occurred_at,
            datacontenttype: "application/json".to_owned(),
            dataschema: format!("/schemas/events/{}", kind.schema_path()),
            authtype: String::new(),
            authid: String::new(),
            actoroffice: None,
            actoragency: None,
            actorcapacity: None,
            actordelegation: None,
            commandid: origin.command,
            fingerprint: origin.fingerprint,
            correlationid: origin.correlation,
            causationid: origin.causation,
            policyversion: origin.policy_version.clone(),
            basis: origin.basis,
            data,
        };
        match &origin.actor {
            Actor::Person { officer, office, agency, capacity } => {
                "user".clone_into(&mut wire.authtype);
                officer.as_str().clone_into(&mut wire.authid);
                wire.actoroffice = Some(office.clone());
                wire.actoragency = Some(agency.clone());
                wire.actorcapacity = Some(capacity.name().to_owned());
                wire.actordelegation = capacity.delegation().map(|delegation| delegation.0);
            }
            Actor::System { service } => {
                "system".clone_into(&mut wire.authtype);
                service.clone_into(&mut wire.authid);
            }
        }
        Ok(wire)
    }
}

fn capacity(word: &str, delegation: Option<Uuid>) -> Option<Capacity> {
    Some(match (word, delegation) {
        ("direct", None) => Capacity::Direct,
        ("kt", None) => Capacity::Kt,
        ("tl", None) => Capacity::Tl,
        ("tuq", Some(delegation)) => Capacity::Tuq(DelegationId(delegation)),
        ("q", None) => Capacity::Q,
        ("focal", Some(delegation)) => Capacity::Focal(DelegationId(delegation)),
        _ => return None,
    })
}

/// What the ledger adds to a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The version of the fact.
    pub version: u32,
    /// When it is stored.
    pub recorded_at: Timestamp,
    /// The digest of the bytes of the aggregate's fact before it.
    pub previous: Digest,
}

/// Stamps a draft's bytes: gives the exact bytes to be stored. The draft must be one that [`label`] has read.
///
/// The ledger alone calls this. The stamps follow what the proposer wrote, which stays as it is to the letter.
pub fn stamp(draft: &str, stamp: Stamp) -> Result<String, Unreadable> {
    #[derive(Serialize)]
    struct Stamps {
        version: u32,
        recordedtime: Timestamp,
        previoushash: Digest,
    }
    let Stamp { version, recorded_at: recordedtime, previous: previoushash } = stamp;
    let added = serde_json::to_string(&Stamps { version, recordedtime, previoushash });
    let added = added.map_err(Unreadable::Malformed)?;
    let open = draft.trim_end().strip_suffix('}').ok_or(Unreadable::Incomplete("draft: it is no object"))?;
    let mut text = String::with_capacity(open.len() + added.len());
    text.push_str(open);
    text.push(',');
    text.push_str(added.trim_start_matches('{'));
    Ok(text)
}

/// Reads what a draft is and what it is about. Stamps that a proposer put in himself are refused.
pub fn label(draft: &str) -> Result<Label, Unreadable> {
    #[derive(Deserialize)]
    struct Head<'a> {
        id: EventId,
        #[serde(rename = "type")]
        ce_type: &'a str,
        subject: &'a str,
        version: Option<IgnoredAny>,
        recordedtime: Option<IgnoredAny>,
        previoushash: Option<IgnoredAny>,
    }
    let head: Head<'_> = serde_json::from_str(draft).map_err(Unreadable::Malformed)?;
    if head.version.is_some() || head.recordedtime.is_some() || head.previoushash.is_some() {
        return Err(Unreadable::Incomplete("draft: it is stamped already"));
    }
    let kind =
        Kind::of_ce_type(head.ce_type).ok_or_else(|| Unreadable::UnknownType(head.ce_type.to_owned()))?;
    let aggregate = AggregateId::of_subject(head.subject)
        .ok_or_else(|| Unreadable::UnknownSubject(head.subject.to_owned()))?;
    Ok(Label { id: head.id, kind, aggregate })
}

/// What makes a stored fact a link of its aggregate's chain, read without what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: EventId,
    /// What it is.
    pub kind: Kind,
    /// What it is about.
    pub aggregate: AggregateId,
    /// What the ledger added.
    pub stamp: Stamp,
    /// The digest of its own exact bytes.
    pub digest: Digest,
}

/// Reads the link that a stored fact is, from its exact bytes: a tenth of the work of reading the fact.
pub fn link(bytes: &[u8]) -> Result<Link, Unreadable> {
    #[derive(Deserialize)]
    struct Head<'a> {
        id: EventId,
        #[serde(rename = "type")]
        ce_type: &'a str,
        subject: &'a str,
        version: Option<u32>,
        #[serde(default, deserialize_with = "instant::read_some")]
        recordedtime: Option<Timestamp>,
        previoushash: Option<Digest>,
    }
    let head: Head<'_> = serde_json::from_str(text(bytes)?).map_err(Unreadable::Malformed)?;
    let kind =
        Kind::of_ce_type(head.ce_type).ok_or_else(|| Unreadable::UnknownType(head.ce_type.to_owned()))?;
    let aggregate = AggregateId::of_subject(head.subject)
        .ok_or_else(|| Unreadable::UnknownSubject(head.subject.to_owned()))?;
    let stamp = Stamp {
        version: head.version.ok_or(Unreadable::Incomplete("version"))?,
        recorded_at: head.recordedtime.ok_or(Unreadable::Incomplete("recordedtime"))?,
        previous: head.previoushash.ok_or(Unreadable::Incomplete("previoushash"))?,
    };
    Ok(Link { id: head.id, kind, aggregate, stamp, digest: Digest::of(bytes) })
}

/// The text that a message is. It is looked at once as a whole: its strings need no look of their own then.
fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes).map_err(|error| Unreadable::Malformed(serde_json::Error::custom(error)))
}

impl Fact {
    /// Reads a stored fact from its exact bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let wire: Stored<'_> = serde_json::from_str(text(bytes)?).map_err(Unreadable::Malformed)?;
        let kind = Kind::of_ce_type(&wire.ce_type)
            .ok_or_else(|| Unreadable::UnknownType(wire.ce_type.clone().into_owned()))?;
        let aggregate = AggregateId::of_subject(&wire.subject)
            .ok_or_else(|| Unreadable::UnknownSubject(wire.subject.clone().into_owned()))?;
        let common: Common = serde_json::from_str(wire.data.get()).map_err(Unreadable::Malformed)?;
        let body = Body::decode(kind, wire.data).map_err(Unreadable::Malformed)?;
        let actor = match &*wire.authtype {
            "system" => Actor::System { service: wire.authid },
            "user" => Actor::Person {
                officer: OfficerId::from(wire.authid.as_str()),
                office: wire.actoroffice.ok_or(Unreadable::Incomplete("actoroffice"))?,
                agency: wire.actoragency.ok_or(Unreadable::Incomplete("actoragency"))?,
                capacity: wire
                    .actorcapacity
                    .and_then(|word| capacity(&word, wire.actordelegation))
                    .ok_or(Unreadable::Incomplete("actorcapacity"))?,
            },
            _ => return Err(Unreadable::Incomplete("authtype")),
        };
        Ok(Self {
            version: wire.version.ok_or(Unreadable::Incomplete("version"))?,
            recorded_at: wire.recordedtime.ok_or(Unreadable::Incomplete("recordedtime"))?,
            previous: wire.previoushash.ok_or(Unreadable::Incomplete("previoushash"))?,
            digest: Digest::of(bytes),
            draft: Draft {
                id: wire.id,
                aggregate,
                origin: Origin {
                    occurred_at: wire.time,
                    actor,
                    command: wire.commandid,
                    fingerprint: wire.fingerprint,
                    correlation: wire.correlationid,
                    causation: wire.causationid,
                    policy_version: wire.policyversion,
                    basis: wire.basis,
                },
                body,
                transition: common.lifecycle,
                deadlines: common.deadlines,
            },
        })
    }

    /// The fact that a draft becomes by its stamp: the same that is read from the bytes with that digest.
    pub fn stamped(draft: Draft, stamp: Stamp, digest: Digest) -> Self {
        let Stamp { version, recorded_at, previous } = stamp;
        Self { draft, version, recorded_at, previous, digest }
    }

    /// What it says.
    pub fn body(&self) -> &Body {
        &self.draft.body
    }

    /// Who, when, why.
    pub fn origin(&self) -> &Origin {
        &self.draft.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn first(recorded_at: Timestamp) -> Stamp {
        Stamp { version: 1, recorded_at, previous: Digest::ZERO }
    }

    #[test]
    fn every_fact_is_read_back_as_it_was_written() {
        for kind in Kind::ALL {
            let draft = samples::draft(*kind);
            let at = draft.origin.occurred_at;
            let stamps = Stamp { version: 7, recorded_at: at, previous: Digest::of(b"before") };
            let bytes = stamp(&draft.to_json().unwrap(), stamps).unwrap();
            let fact = Fact::from_bytes(bytes.as_bytes()).unwrap();
            assert_eq!(fact, Fact::stamped(draft, stamps, Digest::of(bytes.as_bytes())));
            let link = link(bytes.as_bytes()).unwrap();
            assert_eq!((link.kind, link.aggregate), (*kind, fact.draft.aggregate));
            assert_eq!((link.stamp, link.digest), (stamps, fact.digest));
        }
    }

    #[test]
    fn a_draft_that_is_stamped_already_is_refused() {
        let draft = samples::draft(Kind::Numbered);
        let at = draft.origin.occurred_at;
        let stamped = stamp(&draft.to_json().unwrap(), first(at)).unwrap();
        assert!(label(&draft.to_json().unwrap()).is_ok());
        assert!(label(&stamped).is_err());
    }

    #[test]
    fn an_unknown_type_is_named() {
        let draft = samples::draft(Kind::Numbered);
        let at = draft.origin.occurred_at;
        let bytes = stamp(&draft.to_json().unwrap(), first(at)).unwrap();
        let foreign = bytes.replace("intake.numbered.v1", "intake.numbered.v9");
        assert!(matches!(Fact::from_bytes(foreign.as_bytes()), Err(Unreadable::UnknownType(_))));
    }

    #[test]
    fn attributes_are_flat_as_cloudevents_asks() {
        for kind in Kind::ALL {
            let example = kind.example();
            for (name, value) in example.as_object().unwrap() {
                assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{name}");
                assert!(name == "data" || !(value.is_object() || value.is_array()), "{name}");
            }
        }
    }

    #[test]
    fn every_example_is_valid_by_its_own_schema() {
        for kind in Kind::ALL {
            let validator = jsonschema::validator_for(&kind.schema()).unwrap();
            if let Err(error) = validator.validate(&kind.example()) {
                panic!("{kind}: {error} at {}", error.instance_path());
            }
        }
    }
}
