//! Which offices get a mail of which fact of a duty (DOMAIN §6, E15, E18, E20).

use chrono::NaiveDate;
use events::{
    Actor, AggregateId, CommandId, Digest, Draft, DutyId, EventId, Origin,
    briefing::{
        BriefingCancelled, BriefingKind, BriefingRescheduled, BriefingScheduled, Conclusion, MinutesIssued,
    },
    duty::Clock,
    envelope::Stamp,
    project::{CommentRequested, ProjectProposed},
    reporting::{Cadence, Period, ReportOpened, ReportReturned},
    terms::Document,
};

use super::*;
use crate::story::{Files, local, mail};

/// The report of UBND for May: due on Friday the 15th at 17:00.
fn report_opened() -> Body {
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
    Body::ReportOpened(ReportOpened {
        agency: "UBND".into(),
        unit: "UBND.VX".into(),
        owed_to: "BTG".into(),
        period: Period {
            cadence: Cadence::Monthly,
            year: 2026,
            month: 5,
            from: day(4, 16),
            until: day(5, 15),
        },
        nominal: day(5, 15),
        clock: clock(ClockKey::Report, 1, "15/05/2026 17:00"),
    })
}

fn clock(key: ClockKey, instance: u32, due: &str) -> Clock {
    Clock { key, instance, due: local(due), reminders: Vec::new(), levels: Vec::new() }
}

fn briefing() -> Body {
    Body::BriefingScheduled(BriefingScheduled {
        kind: BriefingKind::Monthly,
        at: local("20/05/2026 08:30"),
        place: "Phòng họp số 2".to_owned(),
        chair: "BTG".into(),
        invited: vec!["BTG".into(), "UBND".into()],
        purpose: None,
    })
}

fn project() -> Body {
    Body::ProjectProposed(ProjectProposed {
        agency: "UBND".into(),
        title: "Tuyến đường ven biển".to_owned(),
        topic: "dat-dai".to_owned(),
        areas: Vec::new(),
        reason: "Có giải phóng mặt bằng.".to_owned(),
        asked: "BTG".into(),
        partners: Vec::new(),
        document: None,
    })
}

fn fact(version: u32, body: Body) -> Fact {
    let at = local("08/05/2026 08:00");
    let id = DutyId::of_report(&"UBND".into(), 2026, 5);
    let draft = Draft {
        id: EventId::new(at, [0; 10]),
        aggregate: AggregateId::Duty(id),
        origin: Origin {
            occurred_at: at,
            actor: Actor::System { service: "reporting".to_owned() },
            command: CommandId::of_duty_step(id, &version.to_string()),
            fingerprint: None,
            correlation: id.0,
            causation: None,
            policy_version: "1".to_owned(),
            basis: 1,
        },
        body,
        transition: None,
        deadlines: Vec::new(),
    };
    Fact::stamped(draft, Stamp { version, recorded_at: at, previous: Digest::ZERO }, Digest::ZERO)
}

/// The mails of a fact, in a duty that stands as its first fact left it.
fn mails(begun: Body, body: Body) -> Vec<String> {
    let first = fact(1, begun);
    let duty = crate::duties::evolve(None, &first).unwrap();
    let said = if body == *first.body() { first } else { fact(2, body) };
    of(&duty, &said)
}

fn of(duty: &Duty, said: &Fact) -> Vec<String> {
    let kind = said.body().kind();
    let mails = of_duty(duty, said, &Files::default().read().unwrap());
    assert!(mails.is_empty() || super::super::MAILED.contains(&kind), "the notifier does not look at {kind}");
    mails.iter().map(mail).collect()
}

fn reminder(key: ClockKey, owing: &str) -> ClockReminded {
    let due = local("15/05/2026 17:00");
    ClockReminded { key, instance: 1, reminder: 1, due, owing: owing.into() }
}

fn overdue_at(key: ClockKey, level: u32, owing: &str) -> ClockOverdue {
    let due = local("15/05/2026 17:00");
    ClockOverdue { key, instance: 1, level, due, owing: owing.into() }
}

#[test]
fn a_report_is_asked_of_the_head_of_the_liaison_unit_and_then_of_the_leaders() {
    let asked = Body::ReportingReminded(reminder(ClockKey::Report, "UBND"));
    assert_eq!(mails(report_opened(), asked), ["E18 to UBND.VX.TP by 15/05 17:00"]);
    let late = |level| Body::ReportingOverdue(overdue_at(ClockKey::Report, level, "UBND"));
    assert_eq!(
        mails(report_opened(), late(1)),
        ["E18 to UBND.LD by 15/05 17:00", "E18 to UBND.VX.TP by 15/05 17:00"]
    );
    assert_eq!(mails(report_opened(), late(2)), ["E18 to UBND.LD by 15/05 17:00"]);
    assert_eq!(mails(report_opened(), report_opened()), [""; 0], "its first reminder comes at the same time");
}

#[test]
fn a_report_that_is_returned_is_asked_for_by_the_date_of_its_supplement() {
    let clock = clock(ClockKey::Supplement, 1, "20/05/2026 17:00");
    let returned = Body::ReportReturned(ReportReturned { reason: "Thiếu số liệu.".to_owned(), clock });
    assert_eq!(mails(report_opened(), returned), ["E18b to UBND.VX.TP by 20/05 17:00"]);
    let late = Body::ReportingOverdue(overdue_at(ClockKey::Supplement, 2, "UBND"));
    assert_eq!(mails(report_opened(), late), ["E18b to UBND.LD by 15/05 17:00"]);
}

#[test]
fn leaders_and_heads_of_those_invited_are_told_when_a_briefing_is_and_that_it_is_not() {
    let told =
        |alert: &str| ["BTG.LD", "BTG.TT.TP", "UBND.LD", "UBND.VX.TP"].map(|to| format!("{alert} to {to}"));
    let by = |at: &str| told("E20b").map(|mail| format!("{mail} by {at}"));
    assert_eq!(mails(briefing(), briefing()), by("20/05 08:30"));
    let mut duty = crate::duties::evolve(None, &fact(1, briefing())).unwrap();
    duty.audience = ["BTG", "UBND"].map(|agency| Principal::Agency(agency.into())).into();
    let moved = BriefingRescheduled {
        at: local("21/05/2026 14:00"),
        place: "Phòng họp số 2".to_owned(),
        reason: "Trùng lịch.".to_owned(),
    };
    assert_eq!(of(&duty, &fact(2, Body::BriefingRescheduled(moved))), by("21/05 14:00"));
    let cancelled = BriefingCancelled { reason: "Trùng lịch.".to_owned() };
    assert_eq!(of(&duty, &fact(2, Body::BriefingCancelled(cancelled))), told("E23b"));
}

#[test]
fn conclusions_are_told_to_the_leaders_of_each_owner_by_the_first_date() {
    let conclusion = |task, agency: &str, due| Conclusion {
        task,
        text: "Báo cáo số liệu.".to_owned(),
        agency: agency.into(),
        clock: clock(ClockKey::Task, task, due),
    };
    let document: Document = serde_json::from_value(crate::story::document()).unwrap();
    let conclusions = vec![
        conclusion(1, "UBND", "30/05/2026 17:00"),
        conclusion(2, "BTG", "28/05/2026 17:00"),
        conclusion(3, "UBND", "25/05/2026 17:00"),
    ];
    let issued = Body::MinutesIssued(MinutesIssued { document, conclusions });
    assert_eq!(
        mails(briefing(), issued),
        ["E21b to BTG.LD by 28/05 17:00", "E21b to UBND.LD by 25/05 17:00"]
    );
    let asked = Body::BriefingReminded(reminder(ClockKey::Task, "UBND"));
    assert_eq!(mails(briefing(), asked), ["E15 to UBND.VX.TP by 15/05 17:00"]);
    let late = Body::BriefingOverdue(overdue_at(ClockKey::Task, 1, "UBND"));
    assert_eq!(mails(briefing(), late), ["E15 to UBND.LD by 15/05 17:00"]);
}

#[test]
fn who_is_asked_about_a_project_is_told_and_then_who_owes() {
    assert_eq!(mails(project(), project()), ["E08c to BTG.LD"]);
    let asked = CommentRequested {
        request: 1,
        agency: "BTG".into(),
        question: "Tiến độ có phù hợp không?".to_owned(),
        clock: clock(ClockKey::Comment, 1, "18/05/2026 17:00"),
    };
    assert_eq!(mails(project(), Body::CommentRequested(asked)), ["E08b to BTG.LD by 18/05 17:00"]);
    let asked = Body::ProjectReminded(reminder(ClockKey::Checkpoint, "UBND"));
    assert_eq!(mails(project(), asked), ["E22b to UBND.VX.TP by 15/05 17:00"]);
    let late = Body::ProjectOverdue(overdue_at(ClockKey::Comment, 1, "BTG"));
    assert_eq!(mails(project(), late), ["E22b to BTG.LD by 15/05 17:00"]);
}
