//! The casebook: what an act is told whose fact was recorded, and which was told something else first.

use std::sync::Arc;

use bus::{
    Attempt, Bus, Casebook, Kept, Loaded, Principal, Shelf,
    append::{Append, append},
    connection::Subscription,
    protocol::{self, Proposal, Verdict},
    streams::CASES,
};
use domain::{By, Command, Directory, duties::Duty, stages};
use events::{
    CaseId, CommandId, Digest, DutyId, OfficerId, Timestamp,
    envelope::{self, Stamp},
};
use serde_json::json;
use testkit::{example_policy, nats::TestNats};

/// Nothing is known here: every case is read.
struct Bare;

impl Shelf for Bare {
    fn get(&self, _: CaseId) -> Option<Loaded> {
        None
    }

    fn put(&self, _: Loaded) {}

    fn directory(&self) -> Option<Kept<Directory>> {
        None
    }

    fn put_directory(&self, _: Kept<Directory>) {}

    fn duty(&self, _: DutyId) -> Option<Kept<Duty>> {
        None
    }

    fn put_duty(&self, _: Kept<Duty>) {}
}

fn raise() -> Command {
    let body = json!({
        "channel": "phone", "raiser": "SNNMT", "urgency": "hoa-toc", "topic": "agriculture",
        "title": "Thủy sản nuôi lồng bè chết hàng loạt", "summary": "Chưa rõ nguyên nhân.",
        "call": {
            "caller": { "office": "Trưởng phòng Thủy sản", "name": "Nguyễn Văn Mẫu", "number": "0258 382 2268" },
            "started_at": "2026-05-16T21:40:00+07:00", "ended_at": "2026-05-16T21:48:00+07:00",
            "key_facts": {
                "what": "Cá chết", "where": "Ven vịnh", "since_when": "20 giờ 30", "scale": "40 lồng",
                "actions_taken": "Đã lấy mẫu nước", "request": "Đề nghị phối hợp",
            },
        },
    });
    Command::parse(stages::act("raise").expect("an act"), body).expect("a call")
}

/// A ledger that writes one proposal and answers that it came too late: one that took over from another does.
async fn write_and_say_conflict(pen: &Bus, proposals: &mut Subscription, at: Timestamp) {
    let message = proposals.next().await.expect("it can be done");
    let proposal: Proposal = protocol::read(&message).expect("it can be done");
    for proposed in proposal.facts {
        let label = envelope::label(proposed.draft.get()).expect("it can be done");
        let stamp = Stamp { version: 1, recorded_at: at, previous: Digest::ZERO };
        let payload = envelope::stamp(proposed.draft.get(), stamp).expect("it can be done").into();
        let (subject, id) = (label.aggregate.subject(), label.id.to_string());
        append(pen, CASES, &Append { subject, payload, id, expected: 0, headers: vec![] })
            .await
            .expect("it can be done");
    }
    message.answer(pen, protocol::write(&Verdict::Conflict)).await.expect("it can be done");
}

#[tokio::test]
async fn what_was_recorded_and_not_told_is_a_first_result_and_no_repeat() {
    let nats = TestNats::start().await;
    let (pen, intake) = (nats.connect(Principal::Ledger).await, nats.connect(Principal::Intake).await);
    let mut proposals = pen.queue_subscribe("fact.>", "ledger").await.unwrap();
    let (policy, command, officer) = (example_policy(), raise(), OfficerId::from("btg.truc-ban"));
    let person = policy.organisation.person(&officer, Timestamp::UNIX_EPOCH).unwrap();
    let case = CaseId::raised_by(&person.agency, &officer, "call");
    let now: Timestamp = "2026-05-16T14:52:00Z".parse().unwrap();
    let attempt = Attempt {
        case,
        command: &command,
        id: CommandId::of_person(&person.agency, &officer, case, "call"),
        fingerprint: Some(Digest::of(b"the body")),
        by: By::Person(&person),
        act: Some("raise"),
        now,
        expected_version: None,
        correlation: None,
        rank: None,
        policy: &policy,
    };
    let casebook = Casebook::new(intake, Arc::new(Bare));
    let (executed, ()) =
        tokio::join!(casebook.execute(&attempt), write_and_say_conflict(&pen, &mut proposals, now));
    assert!(!executed.unwrap().replayed, "nobody had asked before");
    let too_late = async {
        let message = proposals.next().await.unwrap();
        message.answer(&pen, protocol::write(&Verdict::Conflict)).await.unwrap();
    };
    let (again, ()) = tokio::join!(casebook.execute(&attempt), too_late);
    assert!(again.unwrap().replayed, "and now somebody has");
}
