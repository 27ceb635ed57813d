//! What proves and what saves: the self-check, the checkpoints, the trees, the last backup.

use std::{path::Path, time::Duration};

use bus::{
    Bus, Principal,
    audit::{Finding, TRUTH},
    log,
};
use events::Timestamp;
use proof::checkpoint::{Checkpoint, LOGS};
use service::Clock;
use svc_audit::ask;

use super::{
    Patient,
    report::{Check, counted, grouped, span},
};
use crate::{Failure, backup::Finished};

/// How old the last backup may be: that of last night, and two hours.
const BACKUP: Duration = Duration::from_hours(26);

/// What the audit service says, and what it has on the disk.
pub(super) async fn audit(patient: &Patient) -> Vec<Check> {
    let bus = match patient.connect(Principal::Audit).await {
        Ok(bus) => bus,
        Err(why) => return vec![Check::skipped("audit", why)],
    };
    let found = ask::findings(&bus).await.map_err(|error| error.to_string());
    let note = ask::checkpoint(&bus, false).await.map_err(|error| error.to_string());
    let newest = note.and_then(|note| Checkpoint::unproven(&note).map_err(|error| error.to_string()));
    let unsigned = match &newest {
        Ok(newest) => unsigned(&bus, newest).await.ok(),
        Err(_) => None,
    };
    // It was only to be asked.
    let _ = bus.close().await;
    vec![
        findings(found.as_deref().map_err(String::as_str)),
        checkpoint(newest, unsigned, patient.config.audit.checkpoint_seconds, patient.now()),
        trees(&patient.config.audit_folder()),
    ]
}

fn findings(found: Result<&[Finding], &str>) -> Check {
    const NAME: &str = "audit-findings";
    match found {
        Err(error) => Check::fail(NAME, error, "see that the service `audit` runs"),
        Ok([]) => Check::ok(NAME, "the self-check has found nothing"),
        Ok(all @ [first, ..]) => {
            let count = counted(all.len(), "finding");
            Check::fail(
                NAME,
                format!("{count}, the first in {}: {}", first.place, first.what),
                "change nothing, and read \"When the audit raises an alarm\" in docs/guides/operator.md",
            )
        }
    }
}

/// What no checkpoint covers yet.
#[derive(Clone, Copy, Debug, Default)]
struct Unsigned {
    /// How many messages.
    messages: u64,
    /// For how long the oldest of them waits.
    waits: Duration,
}

async fn unsigned(bus: &Bus, newest: &Checkpoint) -> Result<Unsigned, log::ReadError> {
    let mut unsigned = Unsigned::default();
    for (stream, head) in TRUTH.into_iter().zip(&newest.heads) {
        unsigned.messages += log::last_sequence(bus, stream).await?.saturating_sub(head.size);
        for first in log::read_at_most(bus, stream, head.size + 1, ">", 1).await? {
            // The servers store by the machine's time, whatever clock the process has.
            let waits = (Clock::System.now() - first.stored_at).to_std().unwrap_or_default();
            unsigned.waits = unsigned.waits.max(waits);
        }
    }
    Ok(unsigned)
}

/// Whether what is new is covered in time.
fn checkpoint(
    newest: Result<Checkpoint, String>,
    unsigned: Option<Unsigned>,
    every: u64,
    now: Timestamp,
) -> Check {
    const NAME: &str = "checkpoint";
    const ADVICE: &str =
        "`concord audit status` says why; see that its key is here and what the service logs";
    let newest = match newest {
        Ok(newest) => newest,
        Err(error) => {
            return Check::warn(NAME, error, "ask again in a minute; the service `audit` signs them");
        }
    };
    let age = (now - newest.at).to_std().unwrap_or_default();
    let number = format!("number {}, {} old", newest.number, span(age));
    let Some(Unsigned { messages, waits }) = unsigned else { return Check::ok(NAME, number) };
    let found = format!("{number}; {} messages since", grouped(messages));
    let limit = Duration::from_secs(every.saturating_mul(3).saturating_add(60));
    if waits > limit {
        Check::warn(NAME, format!("{found}, the first {} ago", span(waits)), ADVICE)
    } else {
        Check::ok(NAME, found)
    }
}

/// Whether the trees over the logs lie where the audit of this machine keeps them. Each is written whole from time to
/// time, for the first time some minutes after the first start.
fn trees(folder: &Path) -> Check {
    const NAME: &str = "audit-trees";
    let missing: Vec<_> = LOGS.into_iter().filter(|log| !folder.join(log).is_dir()).collect();
    if missing.is_empty() {
        let written = LOGS.into_iter().filter(|log| folder.join(log).join("head").exists()).count();
        return Check::ok(
            NAME,
            format!("{} in {}, {written} written", counted(LOGS.len(), "tree"), folder.display()),
        );
    }
    let found = format!("not in {}: {}", folder.display(), missing.join(", "));
    Check::warn(
        NAME,
        found,
        "nothing is lost: the service `audit` makes them again from the logs, where it runs",
    )
}

/// How old the last backup is.
pub(super) fn backup(patient: &Patient) -> Check {
    let config = &patient.config;
    // Elsewhere than beside `concord up` a backup is taken from one machine of several.
    let wanted = config.policy.is_some() && patient.running.is_some();
    last_backup(Finished::read(&config.data), wanted, Clock::System.now())
}

fn last_backup(last: Result<Option<Finished>, Failure>, wanted: bool, now: Timestamp) -> Check {
    const NAME: &str = "backup";
    const TAKE: &str = "take one each night: `concord backup DIR`, docs/guides/operator.md has the timer";
    const NONE: &str = "none is known to have been taken here";
    let last = match last {
        Ok(Some(last)) => last,
        Ok(None) if wanted => return Check::warn(NAME, NONE, TAKE),
        Ok(None) => return Check::skipped(NAME, format!("{NONE}; {TAKE}")),
        Err(error) => return Check::failed(NAME, &error, TAKE),
    };
    let age = (now - last.at).to_std().unwrap_or_default();
    let found =
        format!("{} old, {} messages in {}", span(age), grouped(last.messages), last.folder.display());
    if age > BACKUP { Check::warn(NAME, found, TAKE) } else { Check::ok(NAME, found) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use events::Digest;
    use proof::checkpoint::Head;

    use super::*;
    use crate::doctor::report::Verdict;

    fn after(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn signed(size: u64) -> Checkpoint {
        let head = Head { size, ..Head::default() };
        Checkpoint {
            origin: "concord".to_owned(),
            heads: [head, Head::default(), Head::default()],
            number: 7,
            at: after(0),
            previous: Digest::of(b""),
            keys: Vec::new(),
        }
    }

    #[test]
    fn a_message_that_nothing_covers_for_long_is_warned_of_however_old_the_checkpoint_is() {
        let said = |messages, minutes| {
            let unsigned = Unsigned { messages, waits: Duration::from_mins(minutes) };
            checkpoint(Ok(signed(100)), Some(unsigned), 60, after(600))
        };
        assert_eq!(said(0, 0).verdict, Verdict::Ok);
        assert_eq!(said(1, 4).verdict, Verdict::Ok, "the first after a quiet night");
        let late = said(1_001, 5);
        assert_eq!(late.verdict, Verdict::Warn);
        assert_eq!(late.found, "number 7, 10 h old; 1,001 messages since, the first 5 min ago");
        let none = checkpoint(Err("no checkpoint was signed yet".to_owned()), None, 60, after(0));
        assert_eq!(none.verdict, Verdict::Warn);
    }

    #[test]
    fn what_the_self_check_has_found_fails() {
        assert_eq!(findings(Ok(&[])).verdict, Verdict::Ok);
        let finding = Finding {
            at: after(0),
            place: "CASES".to_owned(),
            sequence: Some(3),
            what: "is missing".to_owned(),
        };
        let said = findings(Ok(&[finding.clone(), finding]));
        assert_eq!(
            (said.verdict, said.found.as_str()),
            (Verdict::Fail, "2 findings, the first in CASES: is missing")
        );
        assert_eq!(findings(Err("silent")).verdict, Verdict::Fail);
    }

    #[test]
    fn a_backup_is_of_last_night_or_it_is_warned_of() {
        let said = |last, minutes| last_backup(Ok(Some(last)), true, after(minutes));
        let last = || Finished { at: after(0), folder: "/srv/backup".into(), messages: 12_345 };
        let fresh = said(last(), 26 * 60);
        assert_eq!(
            (fresh.verdict, fresh.found.as_str()),
            (Verdict::Ok, "26 h old, 12,345 messages in /srv/backup")
        );
        assert_eq!(said(last(), 26 * 60 + 1).verdict, Verdict::Warn);
        assert_eq!(last_backup(Ok(None), true, after(0)).verdict, Verdict::Warn);
        assert_eq!(last_backup(Ok(None), false, after(0)).verdict, Verdict::Skipped);
        let damaged = last_backup(Err("var/backup.json: expected value".into()), false, after(0));
        assert_eq!(damaged.verdict, Verdict::Fail);
    }

    #[test]
    fn trees_that_are_not_there_are_no_loss() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(trees(place.path()).verdict, Verdict::Warn);
        for log in LOGS {
            std::fs::create_dir(place.path().join(log)).unwrap();
        }
        std::fs::write(place.path().join("cases/head"), "").unwrap();
        assert_eq!(trees(place.path()).found, format!("3 trees in {}, 1 written", place.path().display()));
    }
}
