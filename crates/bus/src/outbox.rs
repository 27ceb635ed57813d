//! What the outbox holds: one entry for each (fact, office), and what became of it (DESIGN D11).
//!
//! An entry's states are messages of its own subject: what is there is never rewritten. The subject begins with what
//! the mail is about, so that all mails about a case are found at once.

use std::collections::BTreeMap;

use domain::duties::{Duty, Subject};
use events::{AgencyId, CaseId, DelegationId, DutyId, EventId, OfficeId, Timestamp, Urgency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Bus,
    append::{self, Append, AppendError},
    log::{self, ReadError},
    protocol,
    streams::OUTBOX,
};

/// The namespace of entries' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x4b9d_02c6_7f31_5d0a_a1c8_53f0_e62b_9714);

/// An entry, by the fact and the office that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct EntryId(pub Uuid);

impl EntryId {
    /// The entry for a fact and an office: the same in every process, so that nobody is told twice.
    pub fn of(event: EventId, office: &OfficeId) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("{event}\u{1f}{office}").as_bytes()))
    }

    /// The digest that a notifier sends to an office at an instant.
    pub fn of_digest(office: &OfficeId, at: Timestamp, writer: Uuid) -> Self {
        let name = format!("digest\u{1f}{office}\u{1f}{}\u{1f}{writer}", at.timestamp());
        Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The notice by which a liaison unit is told that this mail did not arrive.
    #[must_use]
    pub fn of_failure(self, office: &OfficeId) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("failure\u{1f}{}\u{1f}{office}", self.0).as_bytes()))
    }

    /// The mail that brings a checkpoint to an address.
    pub fn of_checkpoint(note: &str, address: &str) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("checkpoint\u{1f}{note}\u{1f}{address}").as_bytes()))
    }

    /// The subject of its states.
    pub fn subject(self, about: About) -> String {
        format!("{}.{}", about.subjects().trim_end_matches(".>"), self.0)
    }
}

/// What a mail is about: its thread, and where its link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// A case.
    Case(CaseId),
    /// A delegation.
    Delegation(DelegationId),
    /// A regular report.
    Report(DutyId),
    /// A briefing.
    Briefing(DutyId),
    /// A planned project.
    Project(DutyId),
    /// Several things, gathered into the digest of that id.
    Digest(Uuid),
    /// A signed checkpoint of the logs.
    Checkpoint(Uuid),
}

impl About {
    /// A duty.
    pub fn duty(duty: &Duty) -> Self {
        match duty.subject {
            Subject::Report(_) => Self::Report(duty.id),
            Subject::Briefing(_) => Self::Briefing(duty.id),
            Subject::Project(_) => Self::Project(duty.id),
        }
    }

    /// Its id.
    pub fn id(self) -> Uuid {
        match self {
            Self::Case(CaseId(id))
            | Self::Delegation(DelegationId(id))
            | Self::Report(DutyId(id))
            | Self::Briefing(DutyId(id))
            | Self::Project(DutyId(id))
            | Self::Digest(id)
            | Self::Checkpoint(id) => id,
        }
    }

    /// Where it is looked at, below the public address.
    pub fn path(self) -> String {
        match self {
            Self::Case(id) => format!("cases/{id}"),
            Self::Delegation(id) => format!("directory/delegations/{id}"),
            Self::Report(id) => format!("reports/{id}"),
            Self::Briefing(id) => format!("briefings/{id}"),
            Self::Project(id) => format!("projects/{id}"),
            Self::Digest(_) => "work".to_owned(),
            Self::Checkpoint(_) => "api/v1/audit/checkpoint".to_owned(),
        }
    }

    /// The subjects of all mails about it.
    pub fn subjects(self) -> String {
        let id = self.id();
        format!("outbox.{:02}.{id}.>", id.as_bytes()[15] % 16)
    }
}

/// What is to be told to whom. The text is not kept: it is written from this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// The fact.
    pub event: EventId,
    /// What it is about.
    pub about: About,
    /// The number that people use for that.
    pub code: String,
    /// The office that is told.
    pub office: OfficeId,
    /// Its agency.
    pub agency: AgencyId,
    /// The address to which it goes.
    pub address: String,
    /// The template, e.g. `E01`.
    pub template: String,
    /// The level, for a template that has levels.
    pub level: Option<u8>,
    /// How urgent that is.
    pub urgency: Urgency,
    /// The deadline that it names.
    pub deadline: Option<Timestamp>,
    /// It is an exercise: marked as one wherever it is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
    /// What a digest gathers; empty for any other mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// The signed note, in a mail that brings a checkpoint to a second office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One of the notices that a digest gathers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// What it is about.
    pub about: About,
    /// The number that people use for that.
    pub code: String,
    /// The template, e.g. `E08`.
    pub template: String,
    /// The deadline that it names.
    pub deadline: Option<Timestamp>,
    /// It is an exercise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
}

/// A state of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is to be sent.
    Queued {
        /// What is to be told.
        notice: Notice,
        /// When it goes out with others that are not urgent; none goes at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest_at: Option<Timestamp>,
    },
    /// It was too old to be sent when it was entered (a rebuild, a restore).
    Suppressed {
        /// What would have been told.
        notice: Notice,
    },
    /// It goes out with others, in a digest that is an entry of its own: what became of that became of it.
    Gathered {
        /// The digest.
        digest: EntryId,
    },
    /// It is being sent, for the `attempt`-th time; written before the relay is spoken to.
    Attempting {
        /// The attempt.
        attempt: u32,
    },
    /// The relay took it, with its own 250.
    Sent {
        /// The relay's answer.
        reply: String,
        /// An earlier attempt's outcome was unknown: it may have arrived twice.
        maybe_doubled: bool,
    },
    /// The relay refused it for good.
    Refused {
        /// The relay's answer.
        reply: String,
    },
    /// The relay did not take it now; it is tried again.
    Waiting {
        /// The relay's answer, or why it could not be asked.
        reply: String,
    },
    /// It is not known whether the relay took it; it is tried again with the same Message-ID.
    Unknown {
        /// Why.
        why: String,
    },
    /// It was tried for days, and whether the relay ever took it is not known.
    GivenUp {
        /// Why.
        why: String,
    },
    /// It was sent, and a mail server further on reported that it could not deliver it.
    Bounced {
        /// The status of the report (RFC 3463), e.g. `5.1.1`.
        status: String,
        /// The server's own words.
        reply: String,
        /// It is for ever; else the server still tries, or has tried for long.
        permanent: bool,
    },
}

impl State {
    /// Every name that a state has.
    pub const NAMES: [&'static str; 10] = [
        "queued",
        "suppressed",
        "gathered",
        "attempting",
        "sent",
        "refused",
        "waiting",
        "unknown",
        "given-up",
        "bounced",
    ];

    /// Its place among [`State::NAMES`].
    pub fn place(&self) -> usize {
        match self {
            Self::Queued { .. } => 0,
            Self::Suppressed { .. } => 1,
            Self::Gathered { .. } => 2,
            Self::Attempting { .. } => 3,
            Self::Sent { .. } => 4,
            Self::Refused { .. } => 5,
            Self::Waiting { .. } => 6,
            Self::Unknown { .. } => 7,
            Self::GivenUp { .. } => 8,
            Self::Bounced { .. } => 9,
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        Self::NAMES[self.place()]
    }
}

/// A message of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The entry.
    pub entry: EntryId,
    /// When.
    pub at: Timestamp,
    /// Its state from then on.
    #[serde(flatten)]
    pub state: State,
}

/// The subject on which it stands whether mail is sent at all.
pub const SENDING: &str = "outbox.sending";

/// Whether mail is sent, from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sending {
    /// When it was said.
    pub at: Timestamp,
    /// Whether it is.
    pub on: bool,
    /// Why it is not, or why it is again.
    pub why: String,
}

/// Writes down whether mail is sent from now on.
pub async fn switch(bus: &Bus, said: &Sending) -> Result<(), AppendError> {
    let last = log::last(bus, OUTBOX, SENDING).await;
    let last = last.map_err(|error| AppendError::Refused { reason: error.to_string() })?;
    let entry = Append {
        subject: SENDING.to_owned(),
        payload: protocol::write(said),
        id: Uuid::new_v4().to_string(),
        expected: last.map_or(0, |last| last.sequence),
        headers: Vec::new(),
    };
    append::append(bus, OUTBOX, &entry).await.map(drop)
}

/// An entry with all its states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The entry.
    pub entry: EntryId,
    /// What was to be told.
    pub notice: Notice,
    /// When it had which state, in their order.
    pub states: Vec<(Timestamp, State)>,
}

/// All mails about something, in the order in which they were entered; one that went out in a digest with what became of
/// that.
///
/// # Errors
/// The outbox cannot be read.
pub async fn about(bus: &Bus, about: About) -> Result<Vec<History>, ReadError> {
    let mut found = histories(bus, &about.subjects()).await?;
    for history in &mut found {
        if let Some((_, State::Gathered { digest })) = history.states.last() {
            let digests = histories(bus, &About::Digest(digest.0).subjects()).await?;
            // What was told of the digest's failure stands under the same subjects.
            let of_it = digests.into_iter().filter(|found| found.entry == *digest);
            let states: Vec<_> = of_it.flat_map(|found| found.states.into_iter().skip(1)).collect();
            history.states.extend(states);
        }
    }
    Ok(found)
}

async fn histories(bus: &Bus, subjects: &str) -> Result<Vec<History>, ReadError> {
    let mut found: Vec<History> = Vec::new();
    let mut at: BTreeMap<EntryId, usize> = BTreeMap::new();
    let mut next = 1;
    loop {
        let read = log::read(bus, OUTBOX, next, subjects).await?;
        let Some(last) = read.last() else { return Ok(found) };
        next = last.sequence + 1;
        for message in &read {
            let Ok(Record { entry, at: when, state }) = serde_json::from_slice(&message.payload) else {
                tracing::error!(
                    sequence = message.sequence,
                    alert = true,
                    "an entry of the outbox cannot be read"
                );
                continue;
            };
            if let State::Queued { notice, .. } | State::Suppressed { notice } = &state {
                at.insert(entry, found.len());
                found.push(History { entry, notice: notice.clone(), states: Vec::new() });
            }
            if let Some(history) = at.get(&entry).and_then(|at| found.get_mut(*at)) {
                history.states.push((when, state));
            }
        }
    }
}
