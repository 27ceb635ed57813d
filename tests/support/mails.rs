//! Mails as their readers get them, and what the outbox says of them.

use std::collections::BTreeMap;

use bus::outbox::{EntryId, Notice, Record, State};
use bus::{
    Bus, log,
    streams::{CASES, NOTIFIER, OUTBOX},
};
use mail_parser::MessageParser;
use testkit::{eventually, smtp::SmtpSink};

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mail {
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The Message-ID.
    pub id: String,
}

impl Mail {
    /// Reads a message as it went over the wire.
    pub fn parse(message: &str) -> Self {
        let message = MessageParser::default().parse(message.as_bytes()).expect("a mail");
        let to = message.to().and_then(|to| to.first()).and_then(|to| to.address()).expect("a recipient");
        Self {
            to: to.to_owned(),
            subject: message.subject().expect("a subject").to_owned(),
            text: message.body_text(0).expect("a text").into_owned(),
            id: message.message_id().expect("a Message-ID").to_owned(),
        }
    }

    /// The line that a list of mails has for it; a digest with what it gathers.
    pub fn line(&self) -> String {
        let numbered = |line: &str| {
            let (number, item) = line.split_once(". ")?;
            let item = item.split(';').next().unwrap_or(item).to_owned();
            number.chars().all(|c| c.is_ascii_digit()).then_some(item)
        };
        let items: Vec<_> = self.text.lines().filter_map(numbered).collect();
        let gathers = if items.is_empty() { String::new() } else { format!(": {}", items.join("; ")) };
        format!("{}  {}{gathers}", self.to, self.subject)
    }
}

/// The list of mails, one line for each, in the order of the alphabet.
pub fn list<'a>(mails: impl IntoIterator<Item = &'a Mail>) -> String {
    let mut lines: Vec<_> = mails.into_iter().map(Mail::line).collect();
    lines.sort();
    lines.push(String::new());
    lines.join("\n")
}

/// An entry of the outbox: what was to be told, and every state it had.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// What was to be told.
    pub notice: Option<Notice>,
    /// Its states, oldest first.
    pub states: Vec<State>,
}

impl Entry {
    /// Sent; and whether it may have arrived twice. `None` if it is not known to be sent.
    pub fn sent(&self) -> Option<bool> {
        match self.states.last() {
            Some(State::Sent { maybe_doubled, .. }) => Some(*maybe_doubled),
            _ => None,
        }
    }
}

/// The mails that came, once nothing is open any more: each entry was sent, came once, and is not marked as one that may
/// have come twice.
pub async fn each_came_once(bus: &Bus, relay: &SmtpSink) -> Vec<Mail> {
    let entries = eventually(async || {
        let entries = outbox(bus).await;
        let open = entries.values().filter(|entry| entry.sent().is_none()).count();
        let undelivered = log::backlog(bus, CASES, NOTIFIER).await.map_err(|error| error.to_string())?;
        if (open, undelivered) == (0, 0) {
            Ok(entries)
        } else {
            Err(format!("{open} of {} mails are not sent, {undelivered} facts not seen to", entries.len()))
        }
    })
    .await;
    let arrived: Vec<_> = relay.received().iter().map(|mail| Mail::parse(&mail.data)).collect();
    for (EntryId(id), entry) in &entries {
        assert_eq!(entry.sent(), Some(false), "it may have come twice: {entry:?}");
        let times = arrived.iter().filter(|mail| mail.id.starts_with(&id.to_string())).count();
        assert_eq!(times, 1, "it came {times} times: {entry:?}");
    }
    assert_eq!(arrived.len(), entries.len(), "as many mails as entries of the outbox");
    arrived
}

/// The whole outbox.
pub async fn outbox(bus: &Bus) -> BTreeMap<EntryId, Entry> {
    let mut entries: BTreeMap<EntryId, Entry> = BTreeMap::new();
    let mut next = 1;
    loop {
        let messages = log::read(bus, OUTBOX, next, "outbox.*.*.*").await.expect("the outbox can be read");
        let Some(last) = messages.last() else { return entries };
        next = last.sequence + 1;
        for message in &messages {
            let record: Record = serde_json::from_slice(&message.payload).expect("a record of the outbox");
            let entry = entries.entry(record.entry).or_default();
            if let State::Queued { notice, .. } | State::Suppressed { notice } = &record.state {
                assert!(entry.notice.is_none(), "{:?} was entered twice", record.entry);
                entry.notice = Some(notice.clone());
            }
            entry.states.push(record.state);
        }
    }
}
