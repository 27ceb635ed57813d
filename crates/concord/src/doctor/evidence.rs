//! What proves and what saves: the self-check, the checkpoints, the trees, the last backup.

use std::{path::Path, time::Duration};

use bus::{
    Principal,
    audit::{Finding, TRUTH},
    health,
};
use events::Timestamp;
use proof::checkpoint::{Checkpoint, LOGS};
use svc_audit::ask;

use super::{
    Patient,
    report::{Check, counted, grouped, span},
};
use crate::backup::Finished;

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
    let mut stored = Some(0);
    for stream in TRUTH {
        let last = health::stream(&bus, stream).await.ok().map(|stands| stands.last_sequence);
        stored = stored.zip(last).map(|(sum, last)| sum + last);
    }
    // It was only to be asked.
    let _ = bus.close().await;
    let newest = note.and_then(|note| Checkpoint::unproven(&note).map_err(|error| error.to_string()));
    vec![
        findings(found.as_deref().map_err(String::as_str)),
        checkpoint(newest, stored, patient.config.audit.checkpoint_seconds, patient.now()),
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

/// Whether what is new is covered in time; `stored` is how much there is in all logs.
fn checkpoint(newest: Result<Checkpoint, String>, stored: Option<u64>, every: u64, now: Timestamp) -> Check {
    const NAME: &str = "checkpoint";
    const ADVICE: &str =
        "`concord audit status` says why; see that its key is here and what the service logs";
    let newest = match newest {
        Ok(newest) => newest,
        Err(error) => {
            return Check::warn(NAME, error, "ask again in a minute; the service `audit` signs them");
        }
    };
    let covered: u64 = newest.heads.iter().map(|head| head.size).sum();
    let age = (now - newest.at).to_std().unwrap_or_default();
    let number = format!("number {}, {} old", newest.number, span(age));
    let Some(stored) = stored else { return Check::ok(NAME, number) };
    let new = stored.saturating_sub(covered);
    let found = format!("{number}; {} messages since", grouped(new));
    let limit = Duration::from_secs(every.saturating_mul(3).saturating_add(60));
    if new > 0 && age > limit { Check::warn(NAME, found, ADVICE) } else { Check::ok(NAME, found) }
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
pub(super) fn backup(data: &Path, now: Timestamp) -> Check {
    last_backup(Finished::read(data), now)
}

fn last_backup(last: Option<Finished>, now: Timestamp) -> Check {
    const NAME: &str = "backup";
    const TAKE: &str = "take one each night: `concord backup DIR`, docs/guides/operator.md has the timer";
    let Some(last) = last else {
        return Check::skipped(NAME, format!("none is known to have been taken here; {TAKE}"));
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
    fn an_old_checkpoint_is_warned_of_only_while_something_is_new() {
        let said = |stored, minutes| checkpoint(Ok(signed(100)), Some(stored), 60, after(minutes));
        assert_eq!(said(100, 600).verdict, Verdict::Ok);
        assert_eq!(said(101, 4).verdict, Verdict::Ok);
        let late = said(1_101, 5);
        assert_eq!(late.verdict, Verdict::Warn);
        assert_eq!(late.found, "number 7, 5 min old; 1,001 messages since");
        let none = checkpoint(Err("no checkpoint was signed yet".to_owned()), Some(1), 60, after(0));
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
        let last = || Finished { at: after(0), folder: "/srv/backup".into(), messages: 12_345 };
        let fresh = last_backup(Some(last()), after(26 * 60));
        assert_eq!(
            (fresh.verdict, fresh.found.as_str()),
            (Verdict::Ok, "26 h old, 12,345 messages in /srv/backup")
        );
        assert_eq!(last_backup(Some(last()), after(26 * 60 + 1)).verdict, Verdict::Warn);
        assert_eq!(last_backup(None, after(0)).verdict, Verdict::Skipped);
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
