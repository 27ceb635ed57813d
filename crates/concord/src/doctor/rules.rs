//! The policy: whether its files can be used, what in them wants a look, and whether it is they that are in force.

use chrono::{Datelike as _, NaiveDate};
use domain::{
    Policy,
    calendar::{Calendar, local_date},
};
use events::Timestamp;
use service::{Clock, Config};

use super::{InForce, NotKnown, Patient, report::Check};
use crate::place;

/// From this month on the next year should stand in the calendar: the government announces it in autumn.
const NEXT_YEAR_FROM: u32 = 10;

/// What the files say.
pub(super) fn policy(config: &Config) -> (Vec<Check>, Option<Policy>) {
    let now = Clock::System.now();
    let place = config.policy.as_ref().map(|folder| folder.display().to_string());
    let place = place.unwrap_or_else(|| "the example province".to_owned());
    let policy = match place::policy(config.policy.as_deref()) {
        Ok(policy) => policy,
        Err(error) => {
            let advice = format!("`concord policy check {place}` names every fault with its line");
            return (vec![Check::failed("policy", &error, &advice)], None);
        }
    };
    let organisation = &policy.organisation;
    let (agencies, offices) = (organisation.agencies().count(), organisation.offices().count());
    let found = format!("version {} of {place}: {agencies} agencies, {offices} offices", policy.version);
    let advice: Vec<_> =
        policy.advice(now).into_iter().filter(|each| !each.file.starts_with("calendar")).collect();
    let checks = vec![
        Check::ok("policy", found),
        looked_at(&advice.iter().map(ToString::to_string).collect::<Vec<_>>()),
        calendar(&policy.calendar, now),
        demonstration(config),
    ];
    (checks, Some(policy))
}

/// What holds and yet wants a look: an office that nobody holds, a rule that is never reached.
fn looked_at(advice: &[String]) -> Check {
    const NAME: &str = "policy-advice";
    match advice {
        [] => Check::ok(NAME, "every office is held, every rule is reached"),
        [first, more @ ..] => {
            let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
            Check::warn(NAME, format!("{first}{more}"), "`concord policy check` shows all of it")
        }
    }
}

/// Whether the days off are known: of this year, of the next in good time, and confirmed.
fn calendar(calendar: &Calendar, now: Timestamp) -> Check {
    const NAME: &str = "calendar";
    let today = local_date(now);
    let known = |year: i32| {
        NaiveDate::from_ymd_opt(year, 12, 31).is_some_and(|last| calendar.is_working_day(last).is_ok())
    };
    let (year, next) = (today.year(), today.year() + 1);
    let enter = "enter the announced days off in calendar-VN.toml: no working-day deadline is armed without";
    if !known(year) {
        return Check::fail(NAME, format!("{year} is not in it"), enter);
    }
    if !known(next) && today.month() >= NEXT_YEAR_FROM {
        return Check::warn(NAME, format!("{next} is not in it yet"), enter);
    }
    let warnings = calendar.warnings();
    match warnings.first() {
        None => Check::ok(NAME, format!("{year} is there and confirmed")),
        Some(first) => {
            let found = format!("{} to confirm, the first: {first}", warnings.len());
            Check::warn(NAME, found, "confirm them in calendar-VN.toml once they are announced")
        }
    }
}

/// Whether officers have tokens in files, though the province is a real one.
fn demonstration(config: &Config) -> Check {
    const NAME: &str = "demonstration";
    match (config.is_demonstration(), config.policy.is_some()) {
        (true, true) => {
            let found = format!("every officer has a token in {}, and acts by it", config.tokens().display());
            let advice = "set [identity] demonstration = false, start again, and remove that folder";
            Check::warn(NAME, found, advice)
        }
        (true, false) => Check::ok(NAME, "the example province, with tokens in files for trying it out"),
        (false, _) => Check::ok(NAME, "off: officers sign in"),
    }
}

/// Whether the policy in force is that of the files.
pub(super) fn in_force(patient: &Patient, policy: &InForce) -> Check {
    const NAME: &str = "policy-in-force";
    const ADVICE: &str = "ask again in a minute; if it says the same, keep the data, and report it";
    match policy {
        Err(NotKnown::NotAsked(why)) => Check::skipped(NAME, why),
        Err(NotKnown::Unreadable(why)) => Check::fail(NAME, why, ADVICE),
        Ok(policy) => {
            let files = patient.files.as_ref().map(|policy| policy.version.as_str());
            agrees(policy.as_ref().map(|policy| policy.version.as_str()), files)
        }
    }
}

fn agrees(in_force: Option<&str>, files: Option<&str>) -> Check {
    const NAME: &str = "policy-in-force";
    match (in_force, files) {
        (None, _) => Check::fail(NAME, "none is in force", "start the services `directory` and `ledger`"),
        (Some(version), Some(files)) if version != files => Check::warn(
            NAME,
            format!("version {version}, and the files say {files}"),
            "start again to publish them; under an agreement both sides have to: `concord policy show`",
        ),
        (Some(version), _) => Check::ok(NAME, format!("version {version}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_that_is_not_in_the_calendar_fails_and_the_next_one_is_missed_in_autumn() {
        let text = "years = [2026]\nweek = [\"mon\"]\nhours = [\"07:00-11:30\"]\n";
        let policy = place::policy(None).unwrap();
        let known = &policy.calendar;
        let verdict = |now: &str| calendar(known, at(now)).verdict;
        assert_eq!(verdict("2012-03-01T00:00:00Z"), Verdict::Fail);
        assert_ne!(verdict("2026-03-01T00:00:00Z"), Verdict::Fail);
        let said = calendar(&Calendar::from_toml(text).unwrap(), at("2026-11-01T00:00:00Z"));
        assert_eq!((said.verdict, said.found.as_str()), (Verdict::Warn, "2027 is not in it yet"));
    }

    #[test]
    fn tokens_in_files_are_for_the_example_province_alone() {
        let mut config = Config::default();
        assert_eq!(demonstration(&config).verdict, Verdict::Ok);
        config.policy = Some("/etc/concord/policy".into());
        assert_eq!(demonstration(&config).found, "off: officers sign in");
        config.identity.demonstration = Some(true);
        assert_eq!(demonstration(&config).verdict, Verdict::Warn);
    }

    #[test]
    fn a_policy_in_force_that_is_not_that_of_the_files_is_said() {
        assert_eq!(agrees(None, Some("1")).verdict, Verdict::Fail);
        assert_eq!(agrees(Some("1"), Some("2")).found, "version 1, and the files say 2");
        assert_eq!(agrees(Some("1"), Some("1")).verdict, Verdict::Ok);
        assert_eq!(agrees(Some("1"), None).verdict, Verdict::Ok);
    }

    #[test]
    fn what_wants_a_look_is_said_once_with_the_number_of_the_others() {
        assert_eq!(looked_at(&[]).verdict, Verdict::Ok);
        assert_eq!(looked_at(&["a".to_owned(), "b".to_owned(), "c".to_owned()]).found, "a, and 2 more");
    }
}
