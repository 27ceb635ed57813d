//! How long it takes until everything that follows an answer is done: the fold, the notifier, the mails.

use std::time::{Duration, Instant};

use crate::{Failure, system::System};

/// How often is asked.
const PAUSE: Duration = Duration::from_millis(10);

/// For how long everything must stand still before it counts as settled.
const STILL: Duration = Duration::from_millis(500);

/// How long is waited for it.
const PATIENCE: Duration = Duration::from_mins(5);

/// How long after a moment each had caught up; none if it never did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settled {
    /// The fold stood at the log's end.
    pub fold: Option<Duration>,
    /// The notifier had nothing more to read.
    pub notifier: Option<Duration>,
    /// Every mail was handed over.
    pub mails: Option<Duration>,
    /// The mails that were entered.
    pub entered: u64,
    /// The mails that were handed over.
    pub handed: u64,
    /// The mails that were still to be handed over at that moment.
    pub late: u64,
}

/// Waits until all is at rest, and says how long after `since` each was; `taken` says how many mails the relay has.
pub async fn settle(system: &System, taken: impl Fn() -> u64, since: Instant) -> Result<Settled, Failure> {
    let mut settled = Settled::default();
    let mut seen = None;
    loop {
        let at = Instant::now();
        let (streams, ready) = (system.streams().await?, system.readiness().await?);
        let handed = taken();
        if seen.is_none() {
            settled.late = streams.mails.saturating_sub(handed);
        }
        let after = at.saturating_duration_since(since);
        let still = seen.replace((streams.facts, streams.mails)) == Some((streams.facts, streams.mails));
        let fold = ready.fold >= streams.facts;
        let notifier = still && streams.backlog == 0;
        hold(&mut settled.fold, fold, after);
        hold(&mut settled.notifier, notifier, after);
        hold(&mut settled.mails, notifier && handed >= streams.mails, after);
        (settled.entered, settled.handed) = (streams.mails, handed);
        let all = [settled.fold, settled.notifier, settled.mails];
        if all.iter().all(|reached| reached.is_some_and(|reached| after >= reached + STILL))
            || after > PATIENCE
        {
            return Ok(settled);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Notes when a condition came to hold for good.
fn hold(reached: &mut Option<Duration>, holds: bool, after: Duration) {
    if holds {
        reached.get_or_insert(after);
    } else {
        *reached = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_time_counts() {
        let mut reached = None;
        let second = Duration::from_secs(1);
        for (holds, at) in [(true, 1), (false, 2), (true, 3), (true, 4)] {
            hold(&mut reached, holds, second * at);
        }
        assert_eq!(reached, Some(second * 3));
    }
}
