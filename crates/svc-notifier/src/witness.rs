//! The second office: once a day it is sent the newest checkpoint, so that somebody else has it (DESIGN D12).

use bus::{
    log,
    outbox::{About, EntryId, Notice, State},
    streams::{AUDIT, CHECKPOINT},
};
use chrono::{NaiveTime, TimeDelta};
use domain::calendar::{self, LOCAL};
use events::{EventId, Timestamp, Urgency};

use crate::{
    dispatch::Dispatcher,
    outbox::{Change, Open, Rank},
};

/// When in the day, local time: at the end of the working day.
const AT: NaiveTime = NaiveTime::from_hms_opt(17, 0, 0).expect("a time of day");

/// Sends it each day, as long as the process works.
pub(crate) async fn run(dispatcher: Dispatcher) {
    let chassis = dispatcher.chassis.clone();
    let addresses = &chassis.config.audit.witness;
    if addresses.is_empty() {
        return;
    }
    loop {
        let at = next(chassis.clock.now());
        // A clock that is set by hand stops there.
        let alarm = chassis.effects.at(at);
        tokio::select! {
            () = chassis.clock.reach(Some(at)) => {}
            () = chassis.stop.cancelled() => return,
        }
        match log::last(&chassis.bus, AUDIT, CHECKPOINT).await {
            Ok(None) => {}
            Ok(Some(newest)) => {
                let note = String::from_utf8_lossy(&newest.payload).into_owned();
                for address in addresses {
                    enter(&dispatcher, &note, address).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, alert = true, "the second office is not sent the checkpoint");
            }
        }
        drop(alarm);
    }
}

/// The next time of day after an instant.
fn next(now: Timestamp) -> Timestamp {
    let today = now.with_timezone(&LOCAL).date_naive();
    let at = calendar::local(today, AT);
    if at > now { at } else { calendar::local(today + TimeDelta::days(1), AT) }
}

/// Enters it into the outbox, and hands it over; what was sent already, or by another notifier, is not sent again.
async fn enter(dispatcher: &Dispatcher, note: &str, address: &str) {
    let id = EntryId::of_checkpoint(note, address);
    let number = note.lines().find_map(|line| line.strip_prefix("number ")).unwrap_or_default();
    let notice = Notice {
        event: EventId(id.0),
        about: About::Checkpoint(id.0),
        code: number.to_owned(),
        office: "witness".into(),
        agency: "witness".into(),
        address: address.to_owned(),
        template: "CHECKPOINT".to_owned(),
        level: None,
        urgency: Urgency::Thuong,
        deadline: None,
        exercise: false,
        items: Vec::new(),
        note: Some(note.to_owned()),
    };
    let effect = dispatcher.chassis.effects.begin();
    let now = dispatcher.chassis.clock.now();
    let rank = Rank::of(&notice, &dispatcher.chassis.policy());
    let mut open = Open::new(id, notice.clone(), rank, now, None);
    let about = notice.about;
    let change = Change { entry: id, about, expected: 0, state: State::Queued { notice, digest_at: None } };
    let noted = dispatcher.note_all(&open, now, vec![change]).await;
    if let Some(sequence) = noted.and_then(|noted| noted.first().copied()) {
        (open.sequence, open.entered) = (sequence, sequence);
        dispatcher.take(open, Some(effect));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sent_at_the_end_of_each_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(next(at("2026-05-16T16:59:00+07:00")), at("2026-05-16T17:00:00+07:00"));
        assert_eq!(next(at("2026-05-16T17:00:00+07:00")), at("2026-05-17T17:00:00+07:00"));
        assert_eq!(next(at("2026-12-31T23:00:00+07:00")), at("2027-01-01T17:00:00+07:00"));
    }
}
