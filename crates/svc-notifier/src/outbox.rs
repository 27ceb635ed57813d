//! The outbox: one entry for each (fact, office), and what became of it, as a stream of its own.
//!
//! An entry's states are messages of its own subject, each appended with compare-and-set: two replicas cannot both
//! attempt it, and what is there is never rewritten.

use bus::{
    Bus,
    append::{Append, AppendError, Press},
    log::{self, ReadError},
    streams::OUTBOX,
};
use events::{AgencyId, CaseId, DelegationId, EventId, OfficeId, Timestamp, Urgency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::Chassis;
use uuid::Uuid;

use crate::seen::Seen;

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

    fn subject(self) -> String {
        format!("outbox.{:02}.{}", self.0.as_bytes()[15] % 16, self.0)
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
}

impl About {
    /// Its id.
    pub fn id(self) -> Uuid {
        match self {
            Self::Case(CaseId(id)) | Self::Delegation(DelegationId(id)) => id,
        }
    }

    /// Where it is looked at, below the public address.
    pub fn path(self) -> String {
        match self {
            Self::Case(id) => format!("cases/{id}"),
            Self::Delegation(id) => format!("directory/delegations/{id}"),
        }
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
    /// How urgent the case is.
    pub urgency: Urgency,
    /// The deadline that it names.
    pub deadline: Option<Timestamp>,
}

/// A state of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is to be sent.
    Queued {
        /// What is to be told.
        notice: Notice,
    },
    /// It was too old to be sent when it was entered (a rebuild, a restore).
    Suppressed {
        /// What would have been told.
        notice: Notice,
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
}

impl State {
    /// Its name, and the attempt that it is, if it is one.
    fn name(&self) -> String {
        match self {
            Self::Queued { .. } => "queued".to_owned(),
            Self::Suppressed { .. } => "suppressed".to_owned(),
            Self::Attempting { attempt } => format!("attempting {attempt}"),
            Self::Sent { .. } => "sent".to_owned(),
            Self::Refused { .. } => "refused".to_owned(),
            Self::Waiting { .. } => "waiting".to_owned(),
            Self::Unknown { .. } => "unknown".to_owned(),
            Self::GivenUp { .. } => "given up".to_owned(),
        }
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

/// An entry that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Which.
    pub id: EntryId,
    /// What is to be told.
    pub notice: Notice,
    /// When it was entered.
    pub queued_at: Timestamp,
    /// The sequence of its newest state.
    pub sequence: u64,
    /// When the server stored its newest state.
    pub since: Timestamp,
    /// How often it was attempted.
    pub attempts: u32,
    /// Its newest state is an attempt: the process ended during it.
    pub interrupted: bool,
    /// Some attempt's outcome is unknown.
    pub maybe_doubled: bool,
    /// Who sees to it: new for each time that it is taken up, so that nobody takes another's attempt for his own.
    pub writer: Uuid,
}

/// How many states wait to be written at a time; who brings more waits.
const PLACES: usize = 1_024;

/// Writes to the outbox, what comes at the same time as one batch.
#[derive(Clone, Debug)]
pub struct Outbox {
    press: Press,
    pub(crate) seen: Seen,
}

impl Outbox {
    /// An outbox that writes as long as somebody holds it.
    pub fn start(chassis: &Chassis) -> Self {
        let replicas = chassis.config.nats.replicas;
        let seen = Seen::new(&chassis.metrics);
        let writes = seen.writes.clone();
        let (press, pressing) = Press::new(chassis.bus.clone(), OUTBOX, replicas, PLACES, move |flight| {
            tracing::trace!(?flight, "a write to the outbox");
            writes.seen(flight);
        });
        chassis.tasks.spawn(pressing.run());
        Self { press, seen }
    }

    /// Appends an entry's next state, the first one on 0; a conflict says that somebody else sees to the entry.
    pub async fn record(
        &self,
        entry: EntryId,
        expected: u64,
        at: Timestamp,
        state: State,
        writer: Uuid,
    ) -> Result<u64, AppendError> {
        let record = Record { entry, at, state };
        let written = self.press.write(vec![message(&record, expected, writer)]).await?;
        self.seen.state(&record.state);
        written.first().copied().ok_or(AppendError::Unknown)
    }

    /// Appends the first states of several entries, all or none.
    pub async fn enter(
        &self,
        at: Timestamp,
        states: Vec<(EntryId, State)>,
        writer: Uuid,
    ) -> Result<Vec<u64>, AppendError> {
        let records: Vec<_> = states.into_iter().map(|(entry, state)| Record { entry, at, state }).collect();
        let first = records.iter().map(|record| message(record, 0, writer)).collect();
        let written = self.press.write(first).await?;
        for record in &records {
            self.seen.state(&record.state);
        }
        Ok(written)
    }
}

/// An entry's next state as a message. A repeat by the same writer finds what it wrote when the outcome was unknown; what
/// another wrote is a conflict.
fn message(record: &Record, expected: u64, writer: Uuid) -> Append {
    let Record { entry, state, .. } = record;
    let id = format!("{}/{expected}/{}/{writer}", entry.0, state.name());
    Append {
        subject: entry.subject(),
        payload: bus::protocol::write(record),
        id,
        expected,
        headers: Vec::new(),
    }
}

/// The entries that are not finished, in the order in which they were entered.
pub async fn open(bus: &Bus) -> Result<Vec<Open>, ReadError> {
    let mut entries: std::collections::BTreeMap<EntryId, Option<Open>> = std::collections::BTreeMap::new();
    let mut next = 1;
    loop {
        let read = log::read(bus, OUTBOX, next, ">").await?;
        let Some(last) = read.last() else { break };
        next = last.sequence + 1;
        let more = read.len() >= log::BATCH;
        for message in read {
            match serde_json::from_slice::<Record>(&message.payload) {
                Ok(record) => fold(&mut entries, message.sequence, message.stored_at, record),
                Err(error) => {
                    tracing::error!(sequence = message.sequence, %error, alert = true, "an outbox entry cannot be read");
                }
            }
        }
        if !more {
            break;
        }
    }
    let mut open: Vec<_> = entries.into_values().flatten().collect();
    open.sort_by_key(|entry| (entry.queued_at, entry.id));
    Ok(open)
}

fn fold(
    entries: &mut std::collections::BTreeMap<EntryId, Option<Open>>,
    sequence: u64,
    since: Timestamp,
    Record { entry: id, at, state }: Record,
) {
    if let State::Queued { notice } = state {
        let open = Open {
            id,
            notice,
            queued_at: at,
            sequence,
            since,
            attempts: 0,
            interrupted: false,
            maybe_doubled: false,
            writer: Uuid::new_v4(),
        };
        entries.insert(id, Some(open));
        return;
    }
    let Some(slot) = entries.get_mut(&id) else { return };
    let Some(open) = slot else { return };
    open.sequence = sequence;
    open.since = since;
    open.interrupted = false;
    match state {
        State::Attempting { attempt } => {
            open.attempts = attempt;
            open.interrupted = true;
        }
        State::Waiting { .. } => {}
        State::Unknown { .. } => open.maybe_doubled = true,
        State::Sent { .. }
        | State::Refused { .. }
        | State::GivenUp { .. }
        | State::Suppressed { .. }
        | State::Queued { .. } => {
            *slot = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn notice() -> Notice {
        Notice {
            event: EventId(Uuid::from_u128(1)),
            about: About::Case(CaseId(Uuid::from_u128(2))),
            code: "VV-2026-00001".to_owned(),
            office: "BTG.LD".into(),
            agency: "BTG".into(),
            address: "lanh-dao@btg.example".to_owned(),
            template: "E01".to_owned(),
            level: None,
            urgency: Urgency::HoaToc,
            deadline: None,
        }
    }

    fn folded(states: Vec<State>) -> Option<Open> {
        let id = EntryId::of(EventId(Uuid::from_u128(1)), &"BTG.LD".into());
        let mut entries = BTreeMap::new();
        for (sequence, state) in (1..).zip(states) {
            let at = Timestamp::UNIX_EPOCH;
            fold(&mut entries, sequence, at, Record { entry: id, at, state });
        }
        entries.remove(&id).flatten()
    }

    #[test]
    fn an_entry_is_open_until_the_relay_has_answered_for_good() {
        let queued = || State::Queued { notice: notice() };
        let attempting = |attempt| State::Attempting { attempt };
        let waiting = State::Waiting { reply: "451".to_owned() };
        let sent = State::Sent { reply: "250 ok".to_owned(), maybe_doubled: false };
        assert!(folded(vec![queued()]).is_some());
        let open = folded(vec![queued(), attempting(1), waiting]).unwrap();
        assert_eq!((open.attempts, open.sequence, open.interrupted), (1, 3, false));
        assert_eq!(folded(vec![queued(), attempting(1), sent]), None);
        assert_eq!(folded(vec![queued(), attempting(1), State::Refused { reply: "554".to_owned() }]), None);
    }

    #[test]
    fn an_attempt_without_an_outcome_was_interrupted() {
        let open =
            folded(vec![State::Queued { notice: notice() }, State::Attempting { attempt: 1 }]).unwrap();
        assert!(open.interrupted);
    }

    #[test]
    fn a_suppressed_notice_is_never_open() {
        assert_eq!(folded(vec![State::Suppressed { notice: notice() }]), None);
    }
}
