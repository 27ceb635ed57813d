//! The calendar against the scenarios, the table of holidays and a slow model.

use std::sync::LazyLock;

use chrono::Timelike as _;
use proptest::prelude::*;

use super::*;

/// The calendar that is delivered.
pub(crate) static VIETNAM: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::from_toml(include_str!("../../../../deploy/policy/calendar-VN.toml")).unwrap()
});

/// The instant at which local clocks show `clock`, "2026-03-10 08:15" or with seconds.
pub(crate) fn at(clock: &str) -> DateTime<Utc> {
    let seconds = if clock.len() == 16 { ":00" } else { "" };
    instant(format!("{clock}{seconds}").replace(' ', "T").parse().unwrap())
}

fn day(date: &str) -> NaiveDate {
    date.parse().unwrap()
}

fn days(dates: &str) -> Vec<NaiveDate> {
    dates.split_whitespace().map(day).collect()
}

/// Days off from Monday to Friday, written out by hand from DOMAIN §4.
const OFF: &str = "
    2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20
    2026-04-27 2026-04-30 2026-05-01 2026-08-31 2026-09-01 2026-09-02
    2027-01-01 2027-04-16 2027-04-30 2027-05-03 2027-09-02
    2028-01-03 2028-04-04 2028-05-01 2028-05-02 2028-09-04";
const WORKED_SATURDAYS: &str = "2026-01-10 2026-08-22";

#[test]
fn three_years_have_exactly_the_announced_days() {
    let (off, on) = (days(OFF), days(WORKED_SATURDAYS));
    for date in day("2026-01-01").iter_days().take_while(|date| date.year() < 2029) {
        let weekday = !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        let expected = if weekday { !off.contains(&date) } else { on.contains(&date) };
        assert_eq!(VIETNAM.is_working_day(date), Ok(expected), "{date}");
    }
}

#[test]
fn what_is_not_announced_is_warned_of_and_counts_as_working() {
    let provisional = "
        2026-11-24 2027-02-05 2027-02-08 2027-02-09 2027-02-10 2027-02-11 2027-09-01
        2027-09-03 2027-11-24 2028-01-26 2028-09-01 2028-09-05 2028-11-24";
    let (mut years, mut dates) = (Vec::new(), Vec::new());
    for warning in VIETNAM.warnings() {
        match warning {
            CalendarWarning::TetNotConfirmed { year, confirmed } => years.push((year, confirmed)),
            CalendarWarning::Provisional { date, .. } => {
                assert_eq!(VIETNAM.is_working_day(date), Ok(true), "{date}");
                dates.push(date);
            }
        }
    }
    assert_eq!(years, [(2027, 0), (2028, 0)]);
    assert_eq!(dates, days(provisional));
}

#[test]
fn regular_reports_of_2026_fall_due_on_the_next_working_day() {
    let due = |month| VIETNAM.next_working_day(NaiveDate::from_ymd_opt(2026, month, 15).unwrap()).unwrap();
    let dues: Vec<String> = (1..=12).map(|month| due(month).format("%d/%m").to_string()).collect();
    assert_eq!(dues.join(" "), "15/01 23/02 16/03 15/04 15/05 15/06 15/07 17/08 15/09 15/10 16/11 15/12");
    assert_eq!(VIETNAM.previous_working_day(day("2026-02-15")), Ok(day("2026-02-13")));
    for (nominal, moved) in [
        ("2027-05-15", "2027-05-17"),
        ("2027-08-15", "2027-08-16"),
        ("2028-01-15", "2028-01-17"),
        ("2028-04-15", "2028-04-17"),
        ("2028-07-15", "2028-07-17"),
        ("2028-10-15", "2028-10-16"),
    ] {
        assert_eq!(VIETNAM.next_working_day(day(nominal)), Ok(day(moved)));
    }
}

#[test]
fn a_report_over_tet_is_reminded_before_the_holiday_and_escalated_after_it() {
    let due = day("2026-02-23");
    assert_eq!(VIETNAM.working_day_before(due, 5), Ok(day("2026-02-09")));
    assert_eq!(VIETNAM.working_day_before(due, 2), Ok(day("2026-02-12")));
    assert_eq!(VIETNAM.add_working_days(at("2026-02-23 17:00"), 1), Ok(at("2026-02-24 17:00")));
    assert_eq!(VIETNAM.add_working_days(at("2026-02-23 17:00"), 3), Ok(at("2026-02-26 17:00")));
}

#[test]
fn working_days_step_over_holidays_and_count_worked_saturdays() {
    for (from, n, due) in [
        ("2026-01-01 09:00", 1, "2026-01-05 17:00"), // off until Sunday
        ("2026-01-09 09:00", 1, "2026-01-10 17:00"), // a Saturday worked
        ("2026-02-13 16:59", 1, "2026-02-23 17:00"), // Tết
        ("2026-02-18 12:00", 1, "2026-02-23 17:00"), // begun within it
        ("2026-04-24 08:00", 1, "2026-04-28 17:00"), // Hùng Kings, compensated
        ("2026-04-29 23:59", 1, "2026-05-04 17:00"), // 30/4 and 1/5
        ("2026-08-21 09:00", 1, "2026-08-22 17:00"), // a Saturday worked
        ("2026-08-28 09:00", 2, "2026-09-04 17:00"), // National Day
        ("2026-12-31 09:00", 1, "2027-01-04 17:00"), // over the year's end
        ("2028-12-29 00:00", 0, "2028-12-29 00:00"),
    ] {
        assert_eq!(VIETNAM.add_working_days(at(from), n), Ok(at(due)), "{from} + {n} wd");
    }
}

#[test]
fn working_minutes_run_only_in_working_hours() {
    for (from, minutes, due) in [
        ("2026-03-10 08:15", 240, "2026-03-10 14:15"),
        ("2026-03-10 10:30", 60, "2026-03-10 11:30"), // ends with the morning, not with the afternoon's start
        ("2026-03-10 10:30:01", 60, "2026-03-10 13:30:01"),
        ("2026-03-10 11:30", 1, "2026-03-10 13:31"),
        ("2026-03-10 12:00", 210, "2026-03-10 17:00"),
        ("2026-03-10 05:00", 30, "2026-03-10 07:30"),
        ("2026-03-10 17:00", 30, "2026-03-11 07:30"),
        ("2026-03-13 16:30", 60, "2026-03-16 07:30"),  // a weekend
        ("2026-02-13 16:00", 120, "2026-02-23 08:00"), // Tết
        ("2026-01-09 16:00", 120, "2026-01-10 08:00"), // a Saturday worked
        ("2026-12-31 16:00", 120, "2027-01-04 08:00"),
        ("2026-03-10 11:30", 0, "2026-03-10 11:30"),
        ("2026-03-10 12:00", 0, "2026-03-10 13:30"),
    ] {
        let result = VIETNAM.add_working_minutes(at(from), minutes);
        assert_eq!(result, Ok(at(due)), "{from} + {minutes} working minutes");
    }
}

#[test]
fn the_local_day_begins_seven_hours_before_the_utc_day() {
    assert_eq!(at("2026-05-17 02:35").to_rfc3339(), "2026-05-16T19:35:00+00:00");
    assert_eq!(local_date(at("2026-05-17 00:00")), day("2026-05-17"));
    assert_eq!(local_date(at("2026-05-16 23:59:59")), day("2026-05-16"));
    assert_eq!(local(day("2026-05-17"), NaiveTime::MIN), at("2026-05-17 00:00"));
    assert_eq!(local_date(DateTime::<Utc>::MAX_UTC), NaiveDate::MAX);
}

#[test]
fn outside_the_covered_years_nothing_is_guessed() {
    let outside = |date: &str| OutsideCalendar { date: day(date) };
    assert_eq!(VIETNAM.is_working_day(day("2025-12-31")), Err(outside("2025-12-31")));
    assert_eq!(VIETNAM.previous_working_day(day("2026-01-02")), Err(outside("2025-12-31")));
    assert_eq!(VIETNAM.add_working_days(at("2028-12-29 08:00"), 1), Err(outside("2029-01-01")));
    assert_eq!(VIETNAM.add_working_minutes(at("2028-12-29 16:59"), 2), Err(outside("2029-01-01")));
    assert_eq!(VIETNAM.add_working_minutes(DateTime::<Utc>::MAX_UTC, 1).unwrap_err().date, NaiveDate::MAX);
    assert_eq!(
        outside("2029-01-01").to_string(),
        "the working calendar does not cover 2029-01-01: add 2029 to its years, with that year's days off"
    );
}

const WEEK: &str = "years = [2026]\nweek = ['mon', 'tue', 'wed', 'thu', 'fri']\nhours = ['07:00-17:00']\n";

fn entry(kind: &str, date: impl std::fmt::Display, status: &str) -> String {
    format!("[[{kind}]]\ndate = {date}\nname = 'Ngày'\nstatus = '{status}'\nsource = '-'\n")
}

#[test]
fn a_faulty_file_is_refused_with_the_line_and_the_remedy() {
    let off = entry("off", "2026-03-03", "confirmed");
    let on = entry("on", "2026-03-07", "confirmed");
    for (text, message) in [
        (format!("{WEEK}{off}{off}"), "line 10: 2026-03-03 is already listed on line 5: keep one"),
        (format!("{WEEK}{on}{on}"), "line 10: 2026-03-07 is already listed on line 5"),
        (
            format!("{WEEK}{off}{}", entry("on", "2026-03-03", "confirmed")),
            "line 10: 2026-03-03 is already listed on line 5",
        ),
        (
            format!("{WEEK}{}", entry("on", "2026-03-04", "confirmed")),
            "line 5: 2026-03-04 is a working weekday already: [[on]] is for weekly days off",
        ),
        (
            format!("{WEEK}{}", entry("off", "2027-03-04", "confirmed")),
            "line 5: 2027-03-04 lies outside the covered years: correct it, or add 2027 to `years`",
        ),
        (format!("{WEEK}{}", entry("off", "2026-02-29", "confirmed")), "line 5, column "),
        (format!("{WEEK}{}", entry("off", "2026-06-30T08:00:00", "confirmed")), "line 5, column "),
        (format!("{WEEK}{}", entry("off", "2026-06-30", "sure")), "expected `confirmed` or `provisional`"),
        (format!("{WEEK}{off}stauts = 'confirmed'"), "unknown field `stauts`"),
        (WEEK.replace("07:00", "7h"), r#"line 3: hours "7h-17:00": write "HH:MM-HH:MM""#),
        (WEEK.replace("07:00", "17:00"), r#"line 3: hours "17:00-17:00""#),
        (WEEK.replace("'07:00-17:00'", "'07:00-17:00', '16:00-18:00'"), r#"line 3: hours "16:00-18:00""#),
        (WEEK.replace("2026", ""), "`years` is empty: name at least one"),
        (WEEK.replace("'07:00-17:00'", ""), "`hours` is empty"),
    ] {
        let refusal = Calendar::from_toml(&text).unwrap_err().to_string();
        assert!(refusal.contains(message), "{refusal:?} should say {message:?}");
    }
}

#[test]
fn a_provisional_entry_changes_nothing_until_it_is_confirmed() {
    let swap = |status| {
        let text = entry("off", "2026-03-02", status) + &entry("on", "2026-03-07", status);
        let calendar = Calendar::from_toml(&(WEEK.to_owned() + &text)).unwrap();
        ["2026-03-02", "2026-03-07"].map(|date| calendar.is_working_day(day(date)).unwrap())
    };
    assert_eq!(swap("provisional"), [true, false]);
    assert_eq!(swap("confirmed"), [false, true]);
}

#[test]
fn a_tet_confirmed_in_part_is_warned_of() {
    let off = |date, status| entry("off", date, status) + "tet = true\n";
    let text = off("2026-02-16", "confirmed") + &off("2026-02-21", "confirmed");
    let calendar =
        Calendar::from_toml(&(WEEK.to_owned() + &text + &off("2026-02-17", "provisional"))).unwrap();
    let warnings: Vec<String> = calendar.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "2026: 1 of 5 days off of Tết are confirmed; add the others when announced", // one is a Saturday
            "2026-02-17 (Ngày) is provisional and not applied; confirm, correct or delete it: -",
        ]
    );
}

/// The slow model: asks of every single minute whether it is worked.
fn minute_by_minute(
    from: NaiveDateTime,
    minutes: u32,
    worked: impl Fn(NaiveDateTime) -> bool,
) -> NaiveDateTime {
    let (mut clock, mut left) = (from, minutes);
    while left > 0 {
        left -= u32::from(worked(clock));
        clock += TimeDelta::minutes(1);
    }
    clock
}

fn in_working_time(instant: DateTime<Utc>) -> bool {
    let clock = local_clock(instant);
    let open = |hours: &Range<NaiveTime>| hours.start <= clock.time() && clock.time() <= hours.end;
    VIETNAM.is_working_day(clock.date()).unwrap() && VIETNAM.hours.iter().any(open)
}

prop_compose! {
    /// Any second from the first working Monday of the covered years to well before their end.
    pub(crate) fn any_instant()(second in 0_i64..1000 * 86_400) -> DateTime<Utc> {
        at("2026-01-05 00:00") + TimeDelta::seconds(second)
    }
}

proptest! {
    #[test]
    fn working_minutes_agree_with_the_slow_model(from in any_instant(), minutes in 1_u32..1500) {
        let (off, on) = (days(OFF), days(WORKED_SATURDAYS));
        let from = local_clock(from).with_second(0).unwrap();
        let expected = minute_by_minute(from, minutes, |clock| {
            let (date, minute) = (clock.date(), clock.hour() * 60 + clock.minute());
            let weekday = date.weekday().number_from_monday() <= 5;
            let open = (420..690).contains(&minute) || (810..1020).contains(&minute);
            open && (on.contains(&date) || (weekday && !off.contains(&date)))
        });
        prop_assert_eq!(VIETNAM.add_working_minutes(instant(from), minutes), Ok(instant(expected)));
    }

    #[test]
    fn any_week_hours_and_days_agree_with_the_slow_model(
        week in prop::sample::subsequence((0..7).collect::<Vec<u32>>(), 1..7),
        bounds in prop::sample::subsequence((0..48).collect::<Vec<u32>>(), 4),
        kinds in prop::collection::vec(0_u8..12, 60),
        start in 0_i64..90 * 1440,
        minutes in 1_u32..400,
    ) {
        let first = day("2026-01-01");
        let weekday = |date: NaiveDate| week.contains(&date.weekday().num_days_from_monday());
        let (mut text, mut off, mut on) = (String::new(), Vec::new(), Vec::new());
        for (date, kind) in first.iter_days().zip(kinds) {
            match (kind, weekday(date)) {
                (0, _) => off.push(date),
                (1, false) => on.push(date),
                (2, _) => text += &entry("off", date, "provisional"),
                (3, false) => text += &entry("on", date, "provisional"),
                _ => {}
            }
        }
        text.extend(off.iter().map(|date| entry("off", date, "confirmed")));
        text.extend(on.iter().map(|date| entry("on", date, "confirmed")));
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let week: Vec<_> = week.iter().map(|&day| names[day as usize]).collect();
        let time = |half: u32| format!("{:02}:{:02}", half / 2, half % 2 * 30);
        let hours: Vec<_> = bounds.chunks(2).map(|it| format!("{}-{}", time(it[0]), time(it[1]))).collect();
        let head = format!("years = [2026, 2027]\nweek = {week:?}\nhours = {hours:?}\n");
        let calendar = Calendar::from_toml(&(head + &text)).unwrap();

        let from = first.and_time(NaiveTime::MIN) + TimeDelta::minutes(start);
        let expected = minute_by_minute(from, minutes, |clock| {
            let (date, half) = (clock.date(), clock.hour() * 2 + clock.minute() / 30);
            let open = bounds.chunks(2).any(|it| (it[0]..it[1]).contains(&half));
            open && (on.contains(&date) || (weekday(date) && !off.contains(&date)))
        });
        prop_assert_eq!(calendar.add_working_minutes(instant(from), minutes), Ok(instant(expected)));
    }

    #[test]
    fn working_minutes_add_up_and_end_in_working_time(
        from in any_instant(), a in 0_u32..3000, b in 0_u32..3000,
    ) {
        let middle = VIETNAM.add_working_minutes(from, a).unwrap();
        let end = VIETNAM.add_working_minutes(from, a + b).unwrap();
        prop_assert_eq!(VIETNAM.add_working_minutes(middle, b).unwrap(), end);
        prop_assert!(from <= middle && middle <= end);
        prop_assert!(in_working_time(middle) && in_working_time(end));
    }

    #[test]
    fn a_later_start_is_never_due_earlier(
        one in any_instant(), other in any_instant(), minutes in 0_u32..3000, n in 0_u32..20,
    ) {
        let (early, late) = (one.min(other), one.max(other));
        let by_minutes = |from| VIETNAM.add_working_minutes(from, minutes).unwrap();
        let by_days = |from| VIETNAM.add_working_days(from, n).unwrap();
        prop_assert!(by_minutes(early) <= by_minutes(late));
        prop_assert!(by_days(early) <= by_days(late));
    }

    #[test]
    fn the_nth_working_day_has_n_working_days_behind_it(from in any_instant(), n in 1_u32..40) {
        let due = VIETNAM.add_working_days(from, n).unwrap();
        let worked = |date: &NaiveDate| VIETNAM.is_working_day(*date).unwrap();
        let after = local_date(from).iter_days().skip(1).take_while(|&date| date <= local_date(due));
        prop_assert_eq!(after.filter(worked).count(), n as usize);
        prop_assert!(worked(&local_date(due)));
        prop_assert_eq!(local_clock(due).time(), VIETNAM.end_of_day());
        prop_assert!(VIETNAM.add_working_days(from, n - 1).unwrap() < due);
        prop_assert_eq!(VIETNAM.working_days_between(local_date(from), local_date(due)), Ok(n));
        let back = VIETNAM.working_day_before(local_date(due), n).unwrap();
        prop_assert_eq!(back, VIETNAM.previous_working_day(local_date(from)).unwrap());
    }
}
