//! Very many mails: through every fault of a relay, and while it is away for long.

use std::{
    collections::HashMap,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{
    Bus, Principal,
    append::{Append, Press},
    outbox::{About, EntryId, Notice, Record, State},
    streams::OUTBOX,
};
use events::{CaseId, EventId, Timestamp, Urgency};
use testkit::{
    eventually, eventually_within,
    smtp::{Behaviour, SmtpSink},
};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    DUTY, measured_at, raise,
    support::{
        api::call,
        mails::{self, Mail},
        process::{Installation, Up, with_relay},
    },
    taken,
};

/// Every fault that a relay can have, each for one mail of a hundred.
fn every_fault(mails: usize) -> Vec<Behaviour> {
    let faults = [
        Behaviour::AcceptThenClose,
        Behaviour::Refuse554AtRcpt,
        Behaviour::Defer451AtRcpt,
        Behaviour::SilentAtRcpt,
        Behaviour::SilentAtData,
        Behaviour::RefuseAfterData554,
        Behaviour::Defer451AfterData,
        Behaviour::Answer252AfterData,
        Behaviour::GarbageAfterData,
        Behaviour::SilentAfterData,
        Behaviour::DropAfterData,
        Behaviour::LateReply(Arc::new(Notify::new())),
        Behaviour::Refuse554AtGreeting,
        Behaviour::SilentAtGreeting,
    ];
    let each = 100 / faults.len();
    (0..mails)
        .map(|number| {
            let fault = (number % 100 % each == 0).then(|| faults.get(number % 100 / each)).flatten();
            fault.cloned().unwrap_or(Behaviour::Accept)
        })
        .collect()
}

/// `CONCORD_ALERTS=10000 cargo test -p concord --test mail -- with_every_fault --nocapture` is the long run of docs/figures.
#[tokio::test]
async fn with_every_fault_of_the_relay_no_mail_is_lost_none_wrongly_said_to_be_sent_and_none_doubled_unmarked()
 {
    let alerts = std::env::var("CONCORD_ALERTS").ok().and_then(|alerts| alerts.parse().ok()).unwrap_or(200);
    let relay = SmtpSink::start(every_fault(2 * alerts)).await;
    let place = Installation::new();
    place.configure(&format!("{}timeout_seconds = 1\n", with_relay(relay.address())));
    let up = place.up().await;
    let (api, bus) = (up.api(), up.connect(Principal::Notifier).await);
    let mut raised = 0;
    let entries = loop {
        for _ in 0..20 {
            raised += 1;
            raise(&api, DUTY, &format!("call {raised}"), &call()).await;
        }
        let entries = mails::outbox(&bus).await;
        if entries.len() >= alerts {
            break entries;
        }
    };
    let wanted = entries.len();
    let began = Instant::now();
    let ends = |state: Option<&State>| matches!(state, Some(State::Sent { .. } | State::Refused { .. }));
    let entries = eventually_within(Duration::from_mins(30), async || {
        let entries = mails::outbox(&bus).await;
        let open = entries.values().filter(|entry| !ends(entry.states.last())).count();
        if open == 0 { Ok(entries) } else { Err(format!("{open} of {} are open", entries.len())) }
    })
    .await;
    assert!(entries.len() >= wanted);
    let mut times = HashMap::<String, usize>::new();
    for mail in relay.look(<[_]>::to_vec).iter().filter(|mail| mail.reply != Some(554)) {
        *times.entry(Mail::parse(&mail.data).id).or_default() += 1;
    }
    let (mut sent, mut refused, mut marked, mut doubled) = (0, 0, 0, 0);
    for (id, entry) in &entries {
        let came = times
            .iter()
            .find(|(known, _)| known.starts_with(&id.0.to_string()))
            .map_or(0, |(_, times)| *times);
        match entry.sent() {
            Some(maybe_doubled) => {
                sent += 1;
                marked += usize::from(maybe_doubled);
                assert!(came >= 1, "wrongly said to be sent: {entry:?}");
                // A 451 to the message says that it was not taken.
                let put_off =
                    entry.states.iter().filter(|state| matches!(state, State::Waiting { .. })).count();
                assert!(came <= 1 + put_off || maybe_doubled, "came {came} times: {entry:?}");
                doubled += usize::from(came > 1 + put_off);
            }
            None => refused += 1,
        }
    }
    println!(
        "{} alerts in {:.0} s after they were raised: {sent} sent, of them {marked} marked as perhaps doubled, \
         {doubled} of these came more than once; {refused} refused for good",
        entries.len(),
        began.elapsed().as_secs_f64()
    );
    assert!(sent > 0 && refused > 0 && marked > 0, "a fault did not show");
}

/// Enters so many mails as if a notifier had, and had then been away.
async fn enter(bus: &Bus, mails: u32) {
    let replicas = bus::streams::Replicas::One;
    let (press, pressing) = Press::new(bus.clone(), OUTBOX, replicas, 8, |_| {});
    let pressing = tokio::spawn(pressing.run());
    let numbers: Vec<_> = (1..=mails).collect();
    for some in numbers.chunks(1_000) {
        let messages = some.iter().map(|number| {
            let about = About::Case(CaseId(Uuid::from_u128(u128::from(*number) << 8)));
            let event = EventId(Uuid::from_u128(u128::from(*number)));
            let (entry, at) = (EntryId::of(event, &"BTG.LD".into()), Timestamp::UNIX_EPOCH);
            let notice = Notice {
                event,
                about,
                code: format!("VV-2026-{number:05}"),
                office: "BTG.LD".into(),
                agency: "BTG".into(),
                address: "lanh-dao@btg.tinh.example".to_owned(),
                template: "E10".to_owned(),
                level: None,
                urgency: Urgency::Khan,
                deadline: None,
                exercise: false,
                items: Vec::new(),
                note: None,
            };
            let state = State::Queued { notice, digest_at: None };
            Append {
                subject: entry.subject(about),
                payload: bus::protocol::write(&Record { entry, at, state }),
                id: entry.0.to_string(),
                expected: 0,
                headers: Vec::new(),
            }
        });
        press.write(messages.collect()).await.expect("they stand in the outbox");
    }
    drop(press);
    pressing.await.expect("all is written");
}

/// How many offices are told of a call at once.
const EXPRESS: u32 = 6;

/// The memory of a process, in MiB.
fn memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("the process lives");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") / 1_024
}

async fn metric(up: &Up, name: &str) -> Option<f64> {
    let text = reqwest::get(up.metrics()).await.ok()?.text().await.ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.parse().ok()
}

/// `CONCORD_WAITING=1000000 cargo test -p concord --test mail -- very_many --nocapture` is the long run of docs/figures.
#[tokio::test]
async fn very_many_mails_wait_without_trouble_and_an_express_one_overtakes_them() {
    let waiting =
        std::env::var("CONCORD_WAITING").ok().and_then(|waiting| waiting.parse().ok()).unwrap_or(2_000);
    let relay = SmtpSink::start([]).await;
    let address = relay.address();
    drop(relay);
    let place = Installation::new();
    place.configure(&measured_at(address));
    let up = place.up().await;
    let began = Instant::now();
    enter(&up.connect(Principal::Notifier).await, waiting).await;
    println!("{waiting} mails entered in {:.0} s", began.elapsed().as_secs_f64());
    let before = memory(up.id());
    up.kill9().await;

    let began = Instant::now();
    let up = place.up().await;
    eventually_within(Duration::from_mins(15), async || {
        let open = metric(&up, "concord_mail_open").await.unwrap_or_default();
        if open >= f64::from(waiting) { Ok(()) } else { Err(format!("{open} are taken up")) }
    })
    .await;
    println!(
        "taken up {:.1} s after the start; {} MiB where {before} MiB were used without them",
        began.elapsed().as_secs_f64(),
        memory(up.id())
    );
    raise(&up.api(), DUTY, "call", &call()).await;
    eventually(async || match metric(&up, "concord_mail_open").await {
        Some(open) if open >= f64::from(waiting + EXPRESS) => Ok(()),
        open => Err(format!("{open:?}")),
    })
    .await;
    let relay = SmtpSink::start_on(address, []).await;
    let back = Instant::now();
    let drained = usize::try_from(waiting).expect("a number").min(20_000);
    relay.until(|received| received.len() >= drained).await;
    let took = back.elapsed().as_secs_f64();
    println!("{drained} of them sent {took:.1} s after the relay came back");
    let arrived = taken(&relay);
    let express = arrived.iter().take(300).filter(|mail| mail.subject.starts_with("[HỎA TỐC]")).count();
    // One mail may have been on its way, to see whether the relay is back, before the express ones were there.
    assert!(express + 1 >= EXPRESS as usize, "{express} express mails among the first 300");
}
