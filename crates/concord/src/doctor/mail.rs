//! Mail: what waits, why, and whether the relay would take any.

use std::{fs, path::Path, time::Duration};

use bus::{
    Bus, Principal, health, log,
    outbox::{SENDING, Sending},
    streams::{CASES, DEAD, NOTIFIER, OUTBOX},
};
use events::Timestamp;
use service::Config;
use svc_notifier::{
    outbox::open,
    transport::{self, Transport},
    transport_of,
};

use super::{
    InForce, Patient,
    report::{Check, counted, day_and_time, grouped, span},
};

/// How many facts the notifier may still have to enter without a word: it enters thousands a second.
const BACKLOG: u64 = 1_000;

/// How long an alert may wait to be sent: as long as the metrics' alarm lets it.
const OLDEST: Duration = Duration::from_mins(15);

/// What the notifier's streams say.
pub(super) async fn mail(patient: &Patient, policy: &InForce) -> Vec<Check> {
    let bus = match patient.connect(Principal::Notifier).await {
        Ok(bus) => bus,
        Err(why) => return vec![Check::skipped("mail", why)],
    };
    let checks = vec![
        backlog(log::backlog(&bus, CASES, NOTIFIER).await.map_err(|error| error.to_string())),
        dead(health::stream(&bus, DEAD).await.map(|dead| dead.messages).map_err(|error| error.to_string())),
        sending(patient, &bus).await,
        unsent(patient, policy, &bus).await,
    ];
    // It was only to be asked.
    let _ = bus.close().await;
    checks
}

fn backlog(waiting: Result<u64, String>) -> Check {
    const NAME: &str = "notifier-backlog";
    match waiting {
        Err(error) => Check::fail(NAME, error, "see that the service `notifier` runs"),
        Ok(waiting) if waiting > BACKLOG => {
            let advice = "see that the service `notifier` runs, and what it logs; ask again in a minute";
            Check::warn(NAME, format!("{} facts are still to be entered", grouped(waiting)), advice)
        }
        Ok(waiting) => Check::ok(NAME, format!("{} facts are still to be entered", grouped(waiting))),
    }
}

fn dead(letters: Result<u64, String>) -> Check {
    const NAME: &str = "dead-letters";
    match letters {
        Err(error) => Check::fail(NAME, error, "see that the NATS server answers"),
        Ok(0) => Check::ok(NAME, "none"),
        Ok(letters) => {
            let letters = usize::try_from(letters).unwrap_or(usize::MAX);
            let advice = "look for DEAD LETTER in the log, and report it; they go by themselves after a year";
            Check::warn(NAME, format!("{} of a year", counted(letters, "message")), advice)
        }
    }
}

async fn sending(patient: &Patient, bus: &Bus) -> Check {
    let last = log::last(bus, OUTBOX, SENDING).await;
    let last = last.map(|last| last.and_then(|last| serde_json::from_slice::<Sending>(&last.payload).ok()));
    held(patient.config.mail.hold, last.map_err(|error| error.to_string()))
}

fn held(by_configuration: bool, last: Result<Option<Sending>, String>) -> Check {
    const NAME: &str = "mail-hold";
    match last {
        _ if by_configuration => Check::warn(
            NAME,
            "sending is OFF by [mail] hold",
            "set it to false and start again, once you know what may leave",
        ),
        Err(error) => Check::fail(NAME, error, "see that the NATS server answers"),
        Ok(Some(Sending { at, on: false, why })) => Check::warn(
            NAME,
            format!("sending is OFF since {}: {why}", day_and_time(at)),
            "`concord mail release --why …` when that is over",
        ),
        Ok(_) => Check::ok(NAME, "sending is on"),
    }
}

/// What is entered and not sent; the outbox ranks its entries by the policy in force.
async fn unsent(patient: &Patient, policy: &InForce, bus: &Bus) -> Check {
    const NAME: &str = "unsent-mail";
    let policy = match policy {
        Ok(Some(policy)) => policy,
        Ok(None) => return Check::skipped(NAME, "no policy is in force"),
        Err(why) => return Check::skipped(NAME, why.to_string()),
    };
    match open(bus, policy).await {
        Err(error) => Check::fail(NAME, error.to_string(), "see that the NATS server answers"),
        Ok(open) => {
            let (digests, now): (Vec<_>, Vec<_>) = open.iter().partition(|open| open.digest_at.is_some());
            let oldest = now.iter().map(|open| open.queued_at).min();
            waiting(now.len(), digests.len(), oldest, patient.now())
        }
    }
}

fn waiting(alerts: usize, digests: usize, oldest: Option<Timestamp>, now: Timestamp) -> Check {
    const NAME: &str = "unsent-mail";
    let digests = format!("{} for a digest", grouped(digests as u64));
    let Some(oldest) = oldest else { return Check::ok(NAME, format!("no alert waits, {digests}")) };
    let age = (now - oldest).to_std().unwrap_or_default();
    let alerts = if alerts == 1 {
        "1 alert waits".to_owned()
    } else {
        format!("{} alerts wait", grouped(alerts as u64))
    };
    let found = format!("{alerts}, the oldest for {}; {digests}", span(age));
    if age > OLDEST {
        let advice = "see the lines mail-hold and relay; mail goes by itself when the relay is back";
        return Check::warn(NAME, found, advice);
    }
    Check::ok(NAME, found)
}

/// The way out: the relay, the address in the links, the reports of failure.
pub(super) async fn way_out(patient: &Patient) -> Vec<Check> {
    let config = &patient.config;
    vec![relay(config).await, public_url(config), bounces(config.mail.bounces.as_deref())]
}

async fn relay(config: &Config) -> Check {
    const NAME: &str = "relay";
    let transport = match transport_of(config) {
        Ok(transport::Config::Folder { directory }) => {
            let found = format!("none: mail is written into {}, and reaches nobody", directory.display());
            return if config.policy.is_some() {
                Check::warn(NAME, found, "give [mail.smtp] a relay")
            } else {
                Check::ok(NAME, found)
            };
        }
        Ok(smtp) => Transport::new(smtp).map_err(|error| error.to_string()),
        Err(error) => Err(error),
    };
    let mut transport = match transport {
        Ok(transport) => transport,
        Err(error) => return Check::fail(NAME, error, "correct [mail.smtp]"),
    };
    match transport.probe().await {
        Ok(()) => Check::ok(NAME, "it answers, and lets us in"),
        Err(why) => {
            let advice = "look at the relay and at [mail.smtp]; `concord mail test --to …` tries one mail";
            Check::fail(NAME, why, advice)
        }
    }
}

fn public_url(config: &Config) -> Check {
    const NAME: &str = "public-url";
    match (&config.http.public_url, &config.mail.smtp) {
        (Some(url), _) => Check::ok(NAME, url),
        (None, None) => Check::skipped(NAME, "no mail leaves this machine"),
        (None, Some(_)) => {
            let found = "not set: links in mails name this machine's own address";
            Check::warn(NAME, found, "set [http] public_url to the address by which people reach it")
        }
    }
}

fn bounces(maildir: Option<&Path>) -> Check {
    const NAME: &str = "bounces";
    let Some(maildir) = maildir else {
        return Check::skipped(NAME, "no folder for reports of failure: [mail] bounces");
    };
    match fs::read_dir(maildir.join("new")) {
        Ok(new) => Check::ok(NAME, format!("{}, {} to be read", maildir.display(), new.count())),
        Err(error) => {
            let found = format!("{}/new: {error}", maildir.display());
            Check::fail(NAME, found, "make the Maildir, and let the user of Concord write in it")
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::doctor::report::Verdict;

    #[test]
    fn an_alert_that_waits_longer_than_a_quarter_of_an_hour_is_warned_of() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(1);
        let said = |minutes| waiting(2, 1_000, Some(now - TimeDelta::minutes(minutes)), now);
        assert_eq!(said(15).verdict, Verdict::Ok);
        let late = said(16);
        assert_eq!(late.verdict, Verdict::Warn);
        assert_eq!(late.found, "2 alerts wait, the oldest for 16 min; 1,000 for a digest");
        assert_eq!(waiting(0, 3, None, now).found, "no alert waits, 3 for a digest");
    }

    #[test]
    fn mail_that_is_held_says_by_whom() {
        let said = Sending { at: Timestamp::UNIX_EPOCH, on: false, why: "a drill".to_owned() };
        assert_eq!(
            held(false, Ok(Some(said.clone()))).found,
            "sending is OFF since 1970-01-01 07:00: a drill"
        );
        assert_eq!(held(true, Ok(None)).found, "sending is OFF by [mail] hold");
        assert_eq!(held(false, Ok(Some(Sending { on: true, ..said }))).verdict, Verdict::Ok);
    }

    #[test]
    fn dead_letters_and_a_long_backlog_are_warned_of() {
        assert_eq!(dead(Ok(0)).verdict, Verdict::Ok);
        assert_eq!(dead(Ok(1)).found, "1 message of a year");
        assert_eq!(dead(Ok(1)).verdict, Verdict::Warn);
        assert_eq!(backlog(Ok(1_000)).verdict, Verdict::Ok);
        assert_eq!(backlog(Ok(1_001)).verdict, Verdict::Warn);
        assert_eq!(backlog(Err("gone".to_owned())).verdict, Verdict::Fail);
    }

    #[test]
    fn a_relay_without_a_public_address_is_warned_of_and_a_maildir_must_be_there() {
        let config = Config::default();
        assert_eq!(public_url(&config).verdict, Verdict::Skipped);
        assert_eq!(bounces(None).verdict, Verdict::Skipped);
        let place = tempfile::tempdir().unwrap();
        assert_eq!(bounces(Some(place.path())).verdict, Verdict::Fail);
        fs::create_dir(place.path().join("new")).unwrap();
        assert!(bounces(Some(place.path())).found.ends_with(", 0 to be read"));
    }
}
