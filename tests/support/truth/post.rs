//! The mail: what the outbox says of it, what the log wants, and what the relay took.

use std::collections::{BTreeMap, HashMap};

use bus::log::Entry;
use bus::outbox::{EntryId, Notice, Record, State};
use testkit::smtp::Received;

use super::{Found, facts::Folded};

/// An entry while the outbox is read.
#[derive(Default)]
struct Letter {
    notice: Option<Notice>,
    attempts: u32,
    /// An attempt is under way.
    attempting: bool,
    /// So many attempts ended without anybody knowing.
    unknown: usize,
    sent: Option<bool>,
    /// Nothing more may follow.
    ended: bool,
}

/// How often the relay took each mail, by the entry that it is.
pub fn taken(received: &[Received]) -> HashMap<String, usize> {
    let mut taken = HashMap::new();
    for mail in received.iter().filter(|mail| mail.reply == Some(250)) {
        *taken.entry(message_id(&mail.data).unwrap_or_default()).or_default() += 1;
    }
    taken
}

/// Checks the outbox against the mails that the log wants, those that the relay had taken `early`, before the outbox was
/// read, and those that it has taken since.
pub fn check(
    outbox: &[Entry],
    folded: &Folded,
    early: &HashMap<String, usize>,
    received: &[Received],
    found: &mut Found,
) {
    let mut letters: BTreeMap<EntryId, Letter> = BTreeMap::new();
    for entry in outbox {
        let record = match serde_json::from_slice::<Record>(&entry.payload) {
            Ok(record) => record,
            Err(error) => {
                found.fault(format!("the outbox's {} cannot be read: {error}", entry.sequence));
                continue;
            }
        };
        let letter = letters.entry(record.entry).or_default();
        if let Err(words) = letter.next(record.entry, record.state) {
            found.fault(format!("the outbox's {}: entry {:?}: {words}", entry.sequence, record.entry));
        }
    }
    let mut taken = taken(received);
    found.entries = letters.len();
    for (id, letter) in &letters {
        let name = id.0.to_string();
        let times = taken.remove(&name).unwrap_or_default();
        letter.held_against(*id, early.get(&name).copied().unwrap_or_default(), times, folded, found);
    }
    for (entry, (event, office)) in &folded.notices {
        if !letters.contains_key(entry) {
            tracing::debug!(%event, %office, "not entered yet");
            found.open += 1;
        }
    }
    // Entered meanwhile: the relay was asked after the outbox. Which entries there may be, the log says.
    for id in taken.into_keys() {
        let ours = id.parse().is_ok_and(|id| folded.notices.contains_key(&EntryId(id)));
        if ours {
            found.open += 1;
        }
    }
}

/// The left part of a mail's Message-ID: the entry that it is.
fn message_id(data: &str) -> Option<String> {
    let line = data.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"))?;
    Some(line.split_once('<')?.1.split_once('@')?.0.to_owned())
}

impl Letter {
    /// Takes the entry's next state, if it may follow.
    fn next(&mut self, id: EntryId, state: State) -> Result<(), String> {
        if self.ended {
            return Err(format!("{state:?} follows on its end"));
        }
        let attempted = std::mem::take(&mut self.attempting);
        match state {
            State::Queued { notice, .. } | State::Suppressed { notice } if self.notice.is_none() => {
                if EntryId::of(notice.event, &notice.office) != id {
                    return Err("its id is not that of its fact and office".to_owned());
                }
                self.notice = Some(notice);
                return Ok(());
            }
            State::Queued { .. } | State::Suppressed { .. } => return Err("it is entered twice".to_owned()),
            State::Attempting { attempt } => {
                if attempt != self.attempts + 1 || attempted {
                    return Err(format!("attempt {attempt} follows on {}, open: {attempted}", self.attempts));
                }
                self.attempts = attempt;
                self.attempting = true;
                return Ok(());
            }
            State::Unknown { .. } => self.unknown += 1,
            State::Waiting { .. } => {}
            State::Sent { maybe_doubled, .. } => {
                self.sent = Some(maybe_doubled);
                self.ended = true;
            }
            State::Refused { .. } | State::GivenUp { .. } => self.ended = true,
            State::Gathered { .. } | State::Bounced { .. } => {
                return Err("no digest and no report is expected here".to_owned());
            }
        }
        if attempted { Ok(()) } else { Err("an outcome without an attempt".to_owned()) }
    }

    /// Holds it against what the relay took.
    fn held_against(&self, id: EntryId, early: usize, times: usize, folded: &Folded, found: &mut Found) {
        let Some(notice) = &self.notice else { return found.fault(format!("entry {id:?} was never queued")) };
        if !folded.notices.contains_key(&id) {
            found.fault(format!("entry {id:?} for {} is one that no fact wants", notice.office));
        }
        found.open += usize::from(!self.ended);
        found.came_again += usize::from(times > 1);
        match self.sent {
            Some(_) if times == 0 => {
                found.wrongly_sent += 1;
                found.fault(format!("entry {id:?} is said to be sent, and the relay never took it"));
            }
            Some(_) => found.sent += 1,
            // Refused for good: nothing was taken then.
            None if self.ended && times > self.unknown => {
                found.fault(format!(
                    "entry {id:?} is said not to be sent, and the relay took it {times} times"
                ));
            }
            None => {}
        }
        // Each attempt of which nobody knows the end may have come through; so may the one that is under way.
        let possible = self.unknown + usize::from(self.sent.is_some()) + usize::from(self.attempting);
        let marked = self.sent.is_none_or(|marked| marked == (self.unknown > 0));
        if !marked || early > possible.max(1) {
            found.unmarked += 1;
            found.fault(format!(
                "entry {id:?} came {early} times; sent and marked as doubled: {:?}, unknown: {}",
                self.sent, self.unknown
            ));
        }
    }
}
