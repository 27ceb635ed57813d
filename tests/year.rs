//! The year of a province through the real binary under the manual clock, and the rules at each day's end: `cargo xtask
//! year` plays all of it, and one month of it is played with every test run.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

#[path = "year/mod.rs"]
mod year;

use std::{env, time::Instant};

use bus::Principal;
use chrono::{NaiveDate, NaiveTime};
use domain::calendar;
use support::process::Installation;
use testkit::smtp::AioSmtpd;
use year::{
    invariants::Found,
    plan::{self, Span},
    play::Play,
    province, summary,
    world::World,
};

/// What came of a span.
struct Played {
    span: Span,
    world: World,
    found: Found,
    play: Play,
    summary: String,
}

/// Plays a span of the year, day by day, and tells it.
async fn played(span: Span) -> Played {
    let begun = Instant::now();
    let since = calendar::local(span.from, NaiveTime::MIN);
    let relay = AioSmtpd::start().await;
    let place = Installation::starting(since.to_rfc3339());
    place.mail_to(relay.address());
    let policy = province::settle(&place);
    let up = place.up().await;
    let bus = up.connect(Principal::Notifier).await;
    let deeds = plan::of(span, &policy);
    let (mut play, mut world, mut found) = (Play::begins(up.api()).await, World::default(), Found::default());
    let mut next = deeds.iter().enumerate().peekable();
    for day in span.from.iter_days().take_while(|day| *day <= span.until) {
        let ends = calendar::local(day, NaiveTime::from_hms_opt(23, 59, 59).expect("a time"));
        while let Some((number, deed)) = next.next_if(|(_, deed)| deed.at <= ends) {
            play.deed(number, deed).await;
        }
        play.until(ends).await;
        world.catch_up(&bus).await;
        found.look(&mut world, since, ends);
    }
    assert!(up.term().await.success());
    let summary = summary::of(span, &world, &found, &play, begun.elapsed());
    Played { span, world, found, play, summary }
}

impl Played {
    /// Nothing was refused that was planned, no day's end found anything wrong, and all that was planned is there.
    fn is_right(&self) {
        let refused: Vec<_> = self.play.refused.iter().take(20).collect();
        self.found.nothing_wrong();
        assert!(refused.is_empty(), "{} acts were refused, of which {refused:#?}", self.play.refused.len());
        assert_eq!(self.world.cases.len(), self.span.cases);
        assert_eq!(self.found.days, self.found.held);
    }
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).expect("a day")
}

/// The month from the opening of June's reports to the first days of the department in which two others were merged; all
/// of the year where `cargo xtask year` asks for it.
fn span() -> Span {
    if env::var_os("WHOLE_YEAR").is_some() {
        let projects = &[0, 1, 2, 3, 4, 5];
        return Span { from: day(1, 1), until: day(12, 31), cases: 400, projects, seed: 2026 };
    }
    Span { from: day(6, 8), until: day(7, 7), cases: 20, projects: &[3], seed: 2026 }
}

#[tokio::test]
async fn a_province_goes_over_a_reorganisation() {
    let played = played(span()).await;
    println!("{}", played.summary);
    played.is_right();
    let passed = played.world.passed.keys().map(|(from, to)| format!("{from} to {to}"));
    assert_eq!(
        passed.collect::<Vec<_>>(),
        ["SDL to SVHTTDL", "SVHTT to SVHTTDL"],
        "both departments had something to pass on"
    );
}
