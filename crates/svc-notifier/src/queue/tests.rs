//! What goes first, and what waits for whom.

use std::sync::LazyLock;

use bus::outbox::{About, EntryId, Notice};
use domain::Policy;
use events::{CaseId, EventId, OfficeId, Timestamp, Urgency};
use testkit::example_policy;
use uuid::Uuid;

use super::*;
use crate::outbox::Rank;

static POLICY: LazyLock<Policy> = LazyLock::new(example_policy);

fn job(n: u128, urgency: Urgency, office: &str, minute: i64) -> Job {
    let office = OfficeId::from(office);
    let event = EventId(Uuid::from_u128(n));
    let notice = Notice {
        event,
        about: About::Case(CaseId(Uuid::from_u128(n))),
        code: format!("VV-2026-{n:05}"),
        agency: "BTG".into(),
        address: "a@b.example".to_owned(),
        template: "E01".to_owned(),
        level: None,
        urgency,
        deadline: None,
        exercise: false,
        items: Vec::new(),

        note: None,
        office,
    };
    let rank = Rank::of(&notice, &POLICY);
    let queued_at = Timestamp::UNIX_EPOCH + chrono::TimeDelta::minutes(minute);
    Job { open: Open::new(EntryId::of(event, &notice.office), notice, rank, queued_at, None), effect: None }
}

/// A queue from which mail goes.
fn started() -> Queue {
    let queue = Queue::default();
    queue.hold_back(false);
    queue
}

fn code(job: &Job) -> String {
    job.open.notice.as_ref().unwrap().code.clone()
}

async fn popped(queue: &Queue, count: usize) -> Vec<String> {
    let mut codes = Vec::new();
    for _ in 0..count {
        codes.push(code(&queue.pop().await));
    }
    codes
}

fn is_stuck(queue: &Queue) -> bool {
    queue.waiting().next(Instant::now()).is_err()
}

#[tokio::test]
async fn the_most_urgent_goes_first_then_a_leader_then_the_oldest() {
    let queue = started();
    let jobs = [
        (1, Urgency::Khan, "BTG.TT.DM", 1),
        (2, Urgency::Khan, "BTG.LD", 3),
        (3, Urgency::HoaToc, "BTG.TT.DM", 4),
        (4, Urgency::Khan, "BTG.LD", 2),
        (5, Urgency::Thuong, "BTG.LD", 0),
    ];
    for (n, urgency, office, minute) in jobs {
        queue.push(job(n, urgency, office, minute));
    }
    let order = ["VV-2026-00003", "VV-2026-00004", "VV-2026-00002", "VV-2026-00001", "VV-2026-00005"];
    assert_eq!(popped(&queue, 5).await, order);
}

#[tokio::test]
async fn while_the_relay_is_away_one_mail_asks_and_on_its_return_all_go_by_their_rank() {
    let queue = started();
    for n in 1..=3 {
        queue.push(job(n, Urgency::Khan, "BTG.TT.DM", 1));
    }
    queue.push(job(9, Urgency::HoaToc, "BTG.TT.DM", 9));
    for _ in 0..4 {
        let job = queue.pop().await;
        queue.seen(Way::Failed);
        queue.push_again(job.open, true);
    }
    assert!(is_stuck(&queue) && !queue.goes());
    queue.seen(Way::Answered);
    assert!(queue.goes());
    let order = popped(&queue, 4).await;
    assert_eq!(order[0], "VV-2026-00009");
}

#[tokio::test]
async fn what_the_relay_puts_off_waits_by_itself_and_holds_nobody_up() {
    let queue = started();
    queue.push(job(1, Urgency::HoaToc, "BTG.TT.DM", 1));
    queue.push(job(2, Urgency::Thuong, "BTG.TT.DM", 1));
    let put_off = queue.pop().await;
    queue.push_again(put_off.open, false);
    queue.seen(Way::Answered);
    assert_eq!(popped(&queue, 1).await, ["VV-2026-00002"]);
    assert!(is_stuck(&queue));
}

#[tokio::test]
async fn nothing_goes_while_sending_is_off() {
    let queue = Queue::default();
    queue.push(job(1, Urgency::HoaToc, "BTG.TT.DM", 1));
    assert!(is_stuck(&queue));
    queue.hold_back(false);
    assert_eq!(popped(&queue, 1).await, ["VV-2026-00001"]);
}

#[tokio::test]
async fn of_very_many_mails_what_they_tell_is_not_kept() {
    let queue = started();
    for n in 0..10_000 {
        queue.push(job(n, Urgency::Khan, "BTG.TT.DM", 1));
    }
    let kept = queue.waiting().ready.iter().filter(|Ready(job)| job.open.notice.is_some()).count();
    assert_eq!(kept, KEPT);
}
