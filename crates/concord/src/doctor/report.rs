//! What was found, one line for each check, and the sum.

use std::time::Duration;

use domain::calendar::LOCAL;
use events::Timestamp;
use serde::Serialize;

use crate::play::Show;

/// How wide the names are shown; the longest is `stream-obj-attachments`.
const WIDTH: usize = 22;

/// How the system says that it does not let somebody read, and what to do then.
const DENIED: &str = "Permission denied";
const AS_WHOM: &str = "run it as the user that Concord runs as: sudo -u concord concord doctor …";

/// What is said of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and somebody should look in good time.
    Warn,
    /// It does not work, or something may be lost.
    Fail,
    /// It was not looked at; it says why.
    Skipped,
}

/// A check, and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// Its name, in small letters with hyphens: it does not change.
    #[serde(rename = "check")]
    pub(crate) name: String,
    /// What is said of it.
    pub(crate) verdict: Verdict,
    /// What was found, with figures and units.
    pub(crate) found: String,
    /// What to do; nothing, where all is well.
    #[serde(rename = "do")]
    pub(crate) advice: Option<String>,
}

/// All checks.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// When they were begun.
    checked_at: Timestamp,
    /// How many are as they should be.
    ok: usize,
    /// How many somebody should look at.
    warnings: usize,
    /// How many fail.
    failures: usize,
    /// How many were not looked at.
    skipped: usize,
    /// They, in the order of their output.
    checks: Vec<Check>,
    /// How they are shown as they come; nothing shows them before the end.
    #[serde(skip)]
    show: Option<Show>,
}

impl Check {
    /// All is well.
    pub(crate) fn ok(name: &str, found: impl Into<String>) -> Self {
        Self { name: name.to_owned(), verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    /// Somebody should look.
    pub(crate) fn warn(name: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, advice: Some(advice.into()), ..Self::ok(name, found) }
    }

    /// It does not work.
    pub(crate) fn fail(name: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, advice: Some(advice.into()), ..Self::ok(name, found) }
    }

    /// It was not looked at.
    pub(crate) fn skipped(name: &str, why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, ..Self::ok(name, why) }
    }

    /// It does not work, and the error says so itself: what was found, a colon, and what to do. Where it says nothing
    /// to do, `otherwise` is done; what the system does not let us read is no damage.
    pub(crate) fn failed(name: &str, error: &dyn std::fmt::Display, otherwise: &str) -> Self {
        let said = crate::one_line(&error.to_string());
        let mut parted = said.match_indices(": ").map(|(at, colon)| (&said[..at], &said[at + colon.len()..]));
        match parted.find(|(_, advice)| is_advice(advice)) {
            Some((found, advice)) => Self::fail(name, found, advice),
            None if said.contains(DENIED) => Self::fail(name, said, AS_WHOM),
            None => Self::fail(name, said, otherwise),
        }
    }

    fn line(&self, show: Show) -> String {
        let (colour, word) = match self.verdict {
            Verdict::Ok => ("32", "ok"),
            Verdict::Warn => ("33", "warn"),
            Verdict::Fail => ("31", "fail"),
            Verdict::Skipped => ("2", "skip"),
        };
        let word = show.paint(colour, &format!("{word:<4}"));
        let advice = self.advice.as_ref().map(|advice| format!(" → {advice}")).unwrap_or_default();
        format!("{word}  {:<WIDTH$}  {}{advice}", self.name, self.found)
    }
}

/// Whether the end of an error tells somebody to do something, as ours do.
fn is_advice(words: &str) -> bool {
    const VERBS: [&str; 13] = [
        "run ",
        "restore it",
        "start ",
        "stop ",
        "remove ",
        "write ",
        "use ",
        "give ",
        "set ",
        "add ",
        "correct ",
        "see that ",
        "provision ",
    ];
    VERBS.iter().any(|verb| words.starts_with(verb))
}

impl Report {
    /// An empty one; with `show`, each check is shown as it comes.
    pub(crate) fn new(checked_at: Timestamp, show: Option<Show>) -> Self {
        Self { checked_at, ok: 0, warnings: 0, failures: 0, skipped: 0, checks: Vec::new(), show }
    }

    /// Adds checks.
    pub(crate) fn add(&mut self, checks: impl IntoIterator<Item = Check>) {
        for check in checks {
            match check.verdict {
                Verdict::Ok => self.ok += 1,
                Verdict::Warn => self.warnings += 1,
                Verdict::Fail => self.failures += 1,
                Verdict::Skipped => self.skipped += 1,
            }
            if let Some(show) = self.show {
                Show::line(&check.line(show));
            }
            self.checks.push(check);
        }
    }

    /// Whether none fails.
    pub(crate) fn holds(&self) -> bool {
        self.failures == 0
    }

    /// The last line.
    pub(crate) fn sum(&self) -> String {
        let Self { ok, warnings, failures, skipped, .. } = self;
        let skipped = if *skipped == 0 { String::new() } else { format!(", {skipped} not looked at") };
        format!("{ok} ok, {}, {}{skipped}", counted(*warnings, "warning"), counted(*failures, "failure"))
    }
}

/// A number with what it counts.
pub(crate) fn counted(number: usize, what: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{} {what}{end}", grouped(number as u64))
}

/// A number as people read it, with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Bytes in the unit in which they are read.
pub(crate) fn bytes(number: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if number >= unit {
            let tenths = u128::from(number) * 10 / u128::from(unit);
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{number} B")
}

/// A span in the unit in which it is read: `40 s`, `12 min`, `26 h`, `9 days`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// An instant as it is read in the province.
pub(crate) fn day_and_time(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Show = Show::plain();

    #[test]
    fn a_line_has_its_verdict_its_name_what_was_found_and_what_to_do() {
        let warned = Check::warn("dead-letters", "1 message", "report it");
        assert_eq!(warned.line(PLAIN), "warn  dead-letters            1 message → report it");
        let longest = Check::ok("stream-obj-attachments", "as declared");
        assert_eq!(longest.line(PLAIN), "ok    stream-obj-attachments  as declared");
        assert_eq!(Check::skipped("backup", "none").line(PLAIN), "skip  backup                  none");
    }

    #[test]
    fn an_error_of_ours_is_parted_into_what_it_found_and_what_to_do() {
        let ours = "var/ledger.nk can be read by others (mode 644): run chmod 600 var/ledger.nk";
        let check = Check::failed("credentials", &ours, "look");
        assert_eq!(check.found, "var/ledger.nk can be read by others (mode 644)");
        assert_eq!(check.advice.as_deref(), Some("run chmod 600 var/ledger.nk"));
        let theirs = Check::failed("policy", &"a: b is missing", "mend it");
        assert_eq!((theirs.found.as_str(), theirs.advice.as_deref()), ("a: b is missing", Some("mend it")));
    }

    #[test]
    fn what_the_system_does_not_let_us_read_is_not_taken_for_damage() {
        let denied = std::io::Error::from(rustix::io::Errno::ACCESS);
        let said = |error: &dyn std::fmt::Display| Check::failed("a", error, "restore it").advice.unwrap();
        let path = "var/credentials/ledger.nk".into();
        assert_eq!(
            said(&bus::credentials::CredentialError::File { act: "read", path, source: denied }),
            AS_WHOM
        );
        assert_eq!(said(&std::io::Error::from(rustix::io::Errno::ISDIR)), "restore it");
    }

    #[test]
    fn the_sum_counts_every_check_once() {
        let mut report = Report::new(Timestamp::UNIX_EPOCH, None);
        report.add([Check::ok("a", ""), Check::ok("b", ""), Check::warn("c", "", "")]);
        assert_eq!(report.sum(), "2 ok, 1 warning, 0 failures");
        assert!(report.holds());
        report.add([Check::fail("d", "", ""), Check::skipped("e", "")]);
        assert_eq!(report.sum(), "2 ok, 1 warning, 1 failure, 1 not looked at");
        assert!(!report.holds());
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["failures"], &json["checks"][3]["verdict"]), (&1.into(), &"fail".into()));
        assert_eq!(json["checks"][3]["do"], "");
        assert_eq!(json["checks"][0]["do"], serde_json::Value::Null);
    }

    #[test]
    fn figures_are_written_as_they_are_read() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([12, 1_536, 8 << 30].map(bytes), ["12 B", "1.5 KiB", "8.0 GiB"]);
        let spans =
            [119, 120, 7_199, 26 * 3_600, 9 * 86_400].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["119 s", "2 min", "119 min", "26 h", "9 days"]);
    }
}
