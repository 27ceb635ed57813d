//! Writing to the outbox, and what of it is not finished.
//!
//! Each state is appended with compare-and-set: two notifiers cannot both attempt an entry.

use std::collections::BTreeMap;

use bus::{
    Bus,
    append::{Append, AppendError, Press},
    log::{self, ReadError},
    outbox::{About, EntryId, Notice, Record, State},
    streams::OUTBOX,
};
use domain::{Policy, organisation::Role};
use events::Timestamp;
use service::Chassis;
use uuid::Uuid;

use crate::seen::Seen;

/// The subjects of all entries.
const ENTRIES: &str = "outbox.*.*.*";

/// How much a mail matters: what goes first when not all can go at once. The urgency decides, then whether it is for a
/// leader; a digest comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(u8);

impl Rank {
    /// The rank of a mail.
    pub fn of(notice: &Notice, policy: &Policy) -> Self {
        if !notice.items.is_empty() {
            return Self(0);
        }
        let role = policy.organisation.office(&notice.office).map(|office| office.role);
        let is_leader = matches!(role, Some(Role::Al | Role::Ss | Role::Sm));
        Self(1 + 2 * notice.urgency as u8 + u8::from(is_leader))
    }
}

/// An entry that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Which.
    pub id: EntryId,
    /// What it is about.
    pub about: About,
    /// How much it matters.
    pub rank: Rank,
    /// What is to be told; none where it is read again when its turn comes.
    pub notice: Option<Box<Notice>>,
    /// The sequence of its first state, where the notice stands.
    pub entered: u64,
    /// When it was entered.
    pub queued_at: Timestamp,
    /// The digest with which it goes out, if it is not urgent.
    pub digest_at: Option<Timestamp>,
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

impl Open {
    /// An entry that is about to be made.
    pub fn new(
        id: EntryId,
        notice: Notice,
        rank: Rank,
        queued_at: Timestamp,
        digest_at: Option<Timestamp>,
    ) -> Self {
        Self {
            id,
            about: notice.about,
            rank,
            notice: Some(Box::new(notice)),
            entered: 0,
            queued_at,
            digest_at,
            sequence: 0,
            since: queued_at,
            attempts: 0,
            interrupted: false,
            maybe_doubled: false,
            writer: Uuid::new_v4(),
        }
    }
}

/// A state that an entry is to have next.
#[derive(Clone, Debug)]
pub struct Change {
    /// The entry.
    pub entry: EntryId,
    /// What it is about.
    pub about: About,
    /// The sequence of the state that it has; 0 for a new entry.
    pub expected: u64,
    /// The state.
    pub state: State,
}

/// How many states wait to be written at a time; who brings more waits.
const PLACES: usize = 1_024;

/// How few states go side by side: a mail waits for two of them before it leaves.
const SIDE_BY_SIDE: usize = 8;

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
        chassis.tasks.spawn(pressing.side_by_side(SIDE_BY_SIDE).run());
        Self { press, seen }
    }

    /// Gives an entry its next state; a conflict says that somebody else sees to the entry.
    ///
    /// # Errors
    /// It does not stand there, or it is not known whether it does.
    pub async fn record(&self, at: Timestamp, change: Change, writer: Uuid) -> Result<u64, AppendError> {
        let written = self.record_all(at, vec![change], writer).await?;
        written.first().copied().ok_or(AppendError::Unknown)
    }

    /// Gives several entries their next states, all or none.
    ///
    /// # Errors
    /// None of them stands there, or it is not known whether they do.
    pub async fn record_all(
        &self,
        at: Timestamp,
        changes: Vec<Change>,
        writer: Uuid,
    ) -> Result<Vec<u64>, AppendError> {
        let messages = changes.iter().map(|change| message(at, change, writer)).collect();
        let written = self.press.write(messages).await?;
        for change in &changes {
            self.seen.state(&change.state);
        }
        Ok(written)
    }
}

/// An entry's next state as a message. A repeat by the same writer finds what it wrote when the outcome was unknown; what
/// another wrote is a conflict.
fn message(at: Timestamp, change: &Change, writer: Uuid) -> Append {
    let Change { entry, about, expected, state } = change;
    let attempt = if let State::Attempting { attempt } = state { *attempt } else { 0 };
    let id = format!("{}/{expected}/{}/{attempt}/{writer}", entry.0, state.name());
    Append {
        subject: entry.subject(*about),
        payload: bus::protocol::write(&Record { entry: *entry, at, state: state.clone() }),
        id,
        expected: *expected,
        headers: Vec::new(),
    }
}

/// The entries that are not finished, in the order in which they were entered. What each is to tell is left in the
/// outbox: there may be very many.
///
/// # Errors
/// The outbox cannot be read.
pub async fn open(bus: &Bus, policy: &Policy) -> Result<Vec<Open>, ReadError> {
    let mut entries = BTreeMap::new();
    let mut next = 1;
    loop {
        let read = log::read(bus, OUTBOX, next, ENTRIES).await?;
        let Some(last) = read.last() else { break };
        next = last.sequence + 1;
        let more = read.len() >= log::BATCH;
        for message in read {
            match serde_json::from_slice::<Record>(&message.payload) {
                Ok(record) => fold(&mut entries, message.sequence, message.stored_at, record, policy),
                Err(error) => {
                    tracing::error!(sequence = message.sequence, %error, alert = true, "an outbox entry cannot be read");
                }
            }
        }
        if !more {
            break;
        }
    }
    let mut open: Vec<_> = entries.into_values().collect();
    open.sort_by_key(|entry| (entry.queued_at, entry.id));
    Ok(open)
}

/// What is to be told by an entry.
///
/// # Errors
/// The outbox cannot be read.
pub async fn notice(bus: &Bus, open: &Open) -> Result<Option<Notice>, ReadError> {
    let message = log::next(bus, OUTBOX, open.entered, &open.id.subject(open.about)).await?;
    let record = message.and_then(|message| serde_json::from_slice::<Record>(&message.payload).ok());
    Ok(match record.map(|record| record.state) {
        Some(State::Queued { notice, .. }) => Some(notice),
        _ => None,
    })
}

/// An entry, found by its id alone: what it is about, what it told, and its newest state.
///
/// # Errors
/// The outbox cannot be read.
pub async fn find(bus: &Bus, id: EntryId) -> Result<Option<(Notice, u64, State)>, ReadError> {
    let mut found: Option<(Notice, u64, State)> = None;
    let mut next = 1;
    loop {
        let read = log::read(bus, OUTBOX, next, &format!("outbox.*.*.{}", id.0)).await?;
        let Some(last) = read.last() else { return Ok(found) };
        next = last.sequence + 1;
        for message in read {
            let Ok(Record { state, .. }) = serde_json::from_slice(&message.payload) else { continue };
            let told = match (&state, found.take()) {
                (State::Queued { notice, .. } | State::Suppressed { notice }, _) => Some(notice.clone()),
                (_, found) => found.map(|(notice, ..)| notice),
            };
            found = told.map(|notice| (notice, message.sequence, state));
        }
    }
}

fn fold(
    entries: &mut BTreeMap<EntryId, Open>,
    sequence: u64,
    since: Timestamp,
    Record { entry: id, at, state }: Record,
    policy: &Policy,
) {
    if let State::Queued { notice, digest_at } = state {
        let rank = Rank::of(&notice, policy);
        let open = Open::new(id, notice, rank, at, digest_at);
        entries.insert(id, Open { notice: None, entered: sequence, sequence, since, ..open });
        return;
    }
    let Some(open) = entries.get_mut(&id) else { return };
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
        State::Queued { .. }
        | State::Suppressed { .. }
        | State::Gathered { .. }
        | State::Sent { .. }
        | State::Refused { .. }
        | State::GivenUp { .. }
        | State::Bounced { .. } => {
            entries.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use events::{CaseId, EventId, Urgency};
    use testkit::example_policy;

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
            exercise: false,
            items: Vec::new(),

            note: None,
        }
    }

    fn folded(states: Vec<State>) -> Option<Open> {
        let id = EntryId::of(EventId(Uuid::from_u128(1)), &"BTG.LD".into());
        let (mut entries, policy) = (BTreeMap::new(), example_policy());
        for (sequence, state) in (1..).zip(states) {
            let at = Timestamp::UNIX_EPOCH;
            fold(&mut entries, sequence, at, Record { entry: id, at, state }, &policy);
        }
        entries.remove(&id)
    }

    #[test]
    fn an_entry_is_open_until_the_relay_has_answered_for_good() {
        let queued = || State::Queued { notice: notice(), digest_at: None };
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
        let open = folded(vec![
            State::Queued { notice: notice(), digest_at: None },
            State::Attempting { attempt: 1 },
        ])
        .unwrap();
        assert!(open.interrupted);
    }

    #[test]
    fn a_suppressed_notice_is_never_open() {
        assert_eq!(folded(vec![State::Suppressed { notice: notice() }]), None);
    }
}
