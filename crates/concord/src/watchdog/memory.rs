//! What the watchdog remembers from one look to the next, also after a start: what it has told, and which mails are
//! still to be sent.

use std::{collections::BTreeMap, fs, io, path::Path, time::Duration};

use chrono::{NaiveDate, TimeDelta, Timelike as _};
use domain::calendar::LOCAL;
use events::Timestamp;
use serde::{Deserialize, Serialize};
use svc_notifier::{letter::Letter, transport::Outcome};
use uuid::Uuid;

use super::{letters::Written, watch::Watched};
use crate::{Failure, place};

/// The namespace of the mails' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d0b_1f52_90c4_5e7e_8a33_c1d4_72fb_0e59);

/// The longest pause between two attempts.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);

/// After how long a mail is given up: what it says is long known by then.
const GIVEN_UP: TimeDelta = TimeDelta::days(2);

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// Of each installation, by its address.
    pub(super) watched: BTreeMap<String, Watched>,
    /// The mails that the relay has not taken yet, the oldest first.
    pub(super) outgoing: Vec<Outgoing>,
    /// Since when the relay is not there, if it is not.
    away: Option<Away>,
    /// The day of the last mail that said that the watchdog itself works.
    alive: Option<NaiveDate>,
}

/// A mail to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outgoing {
    id: String,
    thread: String,
    from: String,
    to: String,
    pub(super) subject: String,
    text: String,
    date: Timestamp,
    express: bool,
    attempts: u32,
    next: Timestamp,
}

/// A relay that is not there: no mail is tried before a pause is over, and then the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Away {
    /// How often it was asked in vain.
    attempts: u32,
    /// When it is asked again.
    until: Timestamp,
}

/// What became of a mail after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// The relay has taken it.
    Sent,
    /// It will never be taken; the relay's words.
    Lost(String),
    /// The relay did not take it now, and may take others; its words.
    Waits(String),
    /// The relay is not there, or does not talk to us: it and all others wait.
    Away(String),
}

impl Memory {
    /// What is remembered in a file; nothing, if there is none. One that is damaged is moved aside, so that somebody goes
    /// on watching: what was told is told again.
    ///
    /// # Errors
    /// It cannot be read, or not be moved.
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::from(format!("{}: {error}", file.display()));
        let text = match fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
        };
        serde_json::from_slice(&text).or_else(|error| {
            let mut aside = file.as_os_str().to_owned();
            aside.push(".damaged");
            fs::rename(file, &aside).map_err(failed)?;
            let aside = aside.display();
            tracing::error!(%error, %aside, alert = true, "what was told is damaged and moved aside: it is told again");
            Ok(Self::default())
        })
    }

    /// The oldest mail that may be tried now.
    pub(super) fn due(&self, now: Timestamp) -> Option<&Outgoing> {
        self.outgoing.iter().find(|mail| self.may_send(now) && mail.is_due(now))
    }

    /// Writes it down, if it is something else than what was `written` last.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn keep(&self, file: &Path, written: &mut String) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self)?;
        if text != *written {
            place::write(file, &text)
                .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
            *written = text;
        }
        Ok(())
    }

    /// Whether the mail of the day is due that says that the watchdog works; asked once a day, it says so once.
    pub(super) fn is_to_say_it_lives(&mut self, from_hour: u32, now: Timestamp) -> bool {
        let local = now.with_timezone(&LOCAL);
        let due = local.hour() >= from_hour && self.alive != Some(local.date_naive());
        if due {
            self.alive = Some(local.date_naive());
        }
        due
    }

    /// Whether the relay may be asked now.
    fn may_send(&self, now: Timestamp) -> bool {
        self.away.is_none_or(|away| away.until <= now)
    }

    /// Takes in what the relay said to a mail of that id; `first` is the pause after the first attempt in vain. Its subject,
    /// and what became of it.
    pub(super) fn tried(
        &mut self,
        id: &str,
        outcome: Outcome,
        now: Timestamp,
        first: Duration,
    ) -> Option<(String, Became)> {
        let place = self.outgoing.iter().position(|mail| mail.id == id)?;
        let mut mail = self.outgoing.remove(place);
        let subject = mail.subject.clone();
        let became = self.became(&mut mail, outcome, now, first);
        if matches!(became, Became::Waits(_) | Became::Away(_)) {
            self.outgoing.insert(place, mail);
        }
        Some((subject, became))
    }

    fn became(&mut self, mail: &mut Outgoing, outcome: Outcome, now: Timestamp, first: Duration) -> Became {
        let attempts = self.away.take().map_or(0, |away| away.attempts);
        let too_old = now - mail.date >= GIVEN_UP;
        match outcome {
            Outcome::Sent { .. } => Became::Sent,
            Outcome::Refused { reply } => Became::Lost(reply),
            Outcome::Waiting { reply } if too_old => Became::Lost(reply),
            Outcome::Waiting { reply } => {
                mail.next = now + pause(first, mail.attempts);
                mail.attempts += 1;
                Became::Waits(reply)
            }
            Outcome::Unreachable { reply: why } | Outcome::Unknown { why } => {
                self.away = Some(Away { attempts: attempts + 1, until: now + pause(first, attempts) });
                if too_old { Became::Lost(why) } else { Became::Away(why) }
            }
        }
    }

    /// Addresses a mail to each of the operators. Mails of the same `thread` are shown as one conversation.
    pub(super) fn enter(
        &mut self,
        mail: &Written,
        thread: &str,
        from: &str,
        to: &[String],
        at: Timestamp,
        express: bool,
    ) {
        let domain = from.trim_end_matches('>').rsplit('@').next().unwrap_or_default();
        let id = |name: String| format!("{}@{domain}", Uuid::new_v5(&NAMESPACE, name.as_bytes()));
        self.outgoing.extend(to.iter().map(|to| Outgoing {
            id: id(format!("{thread}\u{1f}{}\u{1f}{to}", at.timestamp_micros())),
            thread: id(format!("{thread}\u{1f}{to}")),
            from: from.to_owned(),
            to: to.clone(),
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            date: at,
            express,
            attempts: 0,
            next: at,
        }));
    }
}

impl Outgoing {
    /// Whether it is to be tried now.
    fn is_due(&self, now: Timestamp) -> bool {
        self.next <= now
    }

    /// As the relay gets it; a repeat is the same.
    pub(super) fn letter(&self) -> Letter {
        Letter {
            message_id: self.id.clone(),
            thread: self.thread.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            subject: self.subject.clone(),
            text: self.text.clone(),
            date: self.date,
            express: self.express,
        }
    }
}

/// The pause after so many attempts in vain: it doubles from `first` on, up to a quarter of an hour.
fn pause(first: Duration, attempts: u32) -> TimeDelta {
    let doubled = first.saturating_mul(1 << attempts.min(16));
    TimeDelta::from_std(doubled).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn entered() -> Memory {
        let mail = Written { subject: "s".to_owned(), text: "t".to_owned() };
        let to = ["a@tinh.example", "b@tinh.example"].map(str::to_owned);
        let mut memory = Memory::default();
        memory.enter(&mail, "http://a 0", "Giám sát <gs@tinh.example>", &to, at(0), true);
        memory
    }

    #[test]
    fn each_operator_gets_a_mail_of_his_own_with_an_id_that_stays() {
        let (one, again) = (entered(), entered());
        assert_eq!(one, again);
        let [first, second] = &one.outgoing[..] else { panic!("two mails") };
        assert_ne!(first.id, second.id);
        first.letter().message().unwrap();
        second.letter().message().unwrap();
    }

    #[test]
    fn a_relay_that_is_not_there_is_asked_ever_less_often_and_an_old_mail_is_given_up() {
        let (mut memory, first) = (entered(), Duration::from_secs(15));
        let unreachable = || Outcome::Unreachable { reply: "gone".to_owned() };
        let mail = memory.outgoing[0].id.clone();
        let (mut now, mut pauses) = (at(0), Vec::new());
        for _ in 0..8 {
            let (_, became) = memory.tried(&mail, unreachable(), now, first).unwrap();
            assert_eq!(became, Became::Away("gone".to_owned()));
            let until = memory.away.unwrap().until;
            assert!(memory.due(until - TimeDelta::seconds(1)).is_none());
            assert_eq!(memory.due(until), memory.outgoing.first(), "the oldest first");
            pauses.push((until - now).num_seconds());
            now = until;
        }
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 900, 900]);
        let [first_mail, second_mail] = [0, 1].map(|place| memory.outgoing[place].id.clone());
        let lost = memory.tried(&first_mail, unreachable(), at(2 * 86_400), first).unwrap();
        assert_eq!(lost, ("s".to_owned(), Became::Lost("gone".to_owned())));
        let taken = || Outcome::Sent { reply: "250".to_owned() };
        assert_eq!(memory.tried(&second_mail, taken(), now, first).unwrap().1, Became::Sent);
        assert!(memory.outgoing.is_empty());
        assert_eq!(memory.tried(&second_mail, taken(), now, first), None);
    }

    #[test]
    fn a_mail_that_alone_is_not_taken_now_does_not_hold_up_the_others() {
        let (mut memory, first) = (entered(), Duration::from_secs(15));
        let [mail, other] = [0, 1].map(|place| memory.outgoing[place].id.clone());
        let greylisted = Outcome::Waiting { reply: "451".to_owned() };
        let (_, became) = memory.tried(&mail, greylisted, at(0), first).unwrap();
        assert_eq!(became, Became::Waits("451".to_owned()));
        let due = |memory: &Memory, seconds| memory.due(at(seconds)).map(|due| due.id.clone());
        assert_eq!(due(&memory, 14), Some(other));
        assert_eq!(due(&memory, 15), Some(mail.clone()));
        let refused = Outcome::Refused { reply: "550".to_owned() };
        let (_, became) = memory.tried(&mail, refused, at(15), first).unwrap();
        assert_eq!(became, Became::Lost("550".to_owned()));
        assert_eq!(memory.outgoing.len(), 1);
    }

    #[test]
    fn that_it_lives_is_said_once_a_day_from_its_hour_on() {
        let mut memory = Memory::default();
        let mut due = |text: &str| memory.is_to_say_it_lives(7, text.parse().unwrap());
        assert!(!due("2026-05-16T06:59:00+07:00"));
        assert!(due("2026-05-16T07:00:10+07:00"));
        assert!(!due("2026-05-16T23:59:00+07:00"));
        assert!(!due("2026-05-17T00:00:10+07:00"));
        assert!(due("2026-05-17T09:00:00+07:00"));
    }

    #[test]
    fn what_is_kept_is_read_again_and_written_only_when_it_has_changed() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("watchdog.state.json");
        assert_eq!(Memory::read(&file).unwrap(), Memory::default());
        let mut written = String::new();
        entered().keep(&file, &mut written).unwrap();
        assert_eq!(Memory::read(&file).unwrap(), entered());
        fs::remove_file(&file).unwrap();
        entered().keep(&file, &mut written).unwrap();
        assert!(!file.exists(), "it is what was written last");
        Memory::default().keep(&file, &mut written).unwrap();
        assert_eq!(Memory::read(&file).unwrap(), Memory::default());
    }

    #[test]
    fn what_is_damaged_is_moved_aside_and_it_begins_anew() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("watchdog.state.json");
        for damaged in ["", "{", "\0\0\0\0"] {
            fs::write(&file, damaged).unwrap();
            assert_eq!(Memory::read(&file).unwrap(), Memory::default());
            assert!(!file.exists());
            let aside = fs::read_to_string(place.path().join("watchdog.state.json.damaged")).unwrap();
            assert_eq!(aside, damaged);
        }
    }
}
