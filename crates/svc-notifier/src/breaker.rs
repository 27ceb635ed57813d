//! A circuit breaker before the relay: one that does not answer is left alone for a while, and then asked with one mail.
//!
//! It only counts what says something about the relay, never what is about one mail.

use std::time::{Duration, Instant};

/// After how many faults without an answer between them the relay is left alone.
const FAULTS: u32 = 4;

/// How long it is left alone at first; that doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// How long it is left alone at most: so long after its return all mail may still wait.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Whether the relay is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breaker {
    /// It is asked; it failed so often since it last answered.
    Closed {
        /// How often.
        faults: u32,
    },
    /// It is left alone.
    Open {
        /// Until when.
        until: Instant,
        /// How long it is left alone this time.
        pause: Duration,
    },
    /// One mail is with it, to see whether it answers.
    HalfOpen {
        /// How long it was left alone.
        pause: Duration,
    },
}

/// What a relay's answer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// It is left alone from now on.
    Opened,
    /// It answers again.
    Closed,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { faults: 0 }
    }
}

impl Breaker {
    /// Whether a mail may go; for the one that asks after a pause the answer is yes, and for the others no.
    pub(crate) fn lets_pass(&mut self, now: Instant) -> bool {
        match *self {
            Self::Closed { .. } => true,
            Self::Open { until, pause } if until <= now => {
                *self = Self::HalfOpen { pause };
                true
            }
            Self::Open { .. } | Self::HalfOpen { .. } => false,
        }
    }

    /// When one may ask again, if it is left alone.
    pub(crate) fn until(self) -> Option<Instant> {
        match self {
            Self::Open { until, .. } => Some(until),
            Self::Closed { .. } | Self::HalfOpen { .. } => None,
        }
    }

    /// Whether mail goes as it comes.
    pub(crate) fn is_closed(self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// A mail that was to ask did not come to it: the next one asks.
    pub(crate) fn passed_over(&mut self, now: Instant) {
        if let Self::HalfOpen { pause } = *self {
            *self = Self::Open { until: now, pause };
        }
    }

    /// Whether the relay is left alone just now.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// The relay answered, whatever it said.
    pub(crate) fn answered(&mut self) -> Change {
        let was_closed = self.is_closed();
        *self = Self::default();
        if was_closed { Change::None } else { Change::Closed }
    }

    /// It could not be reached, or did not answer. `spread` is between 0.75 and 1.25: not all ask at the same instant.
    pub(crate) fn failed(&mut self, now: Instant, spread: f64) -> Change {
        let open = |pause: Duration| Self::Open { until: now + pause.mul_f64(spread), pause };
        match *self {
            Self::Closed { faults } if faults + 1 < FAULTS => {
                *self = Self::Closed { faults: faults + 1 };
                Change::None
            }
            Self::Closed { .. } => {
                *self = open(FIRST_PAUSE);
                Change::Opened
            }
            Self::HalfOpen { pause } => {
                *self = open((pause * 2).min(LONGEST_PAUSE));
                Change::None
            }
            // Of a mail that was under way when it opened.
            Self::Open { .. } => Change::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_some_faults_the_relay_is_left_alone_and_then_asked_with_one_mail() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        for _ in 1..FAULTS {
            assert_eq!(breaker.failed(start, 1.0), Change::None);
            assert!(breaker.lets_pass(start));
        }
        assert_eq!(breaker.failed(start, 1.0), Change::Opened);
        assert!(!breaker.lets_pass(start));
        assert_eq!(breaker.failed(start, 1.0), Change::None, "one that was under way");
        let later = start + FIRST_PAUSE;
        assert!(breaker.lets_pass(later));
        assert!(!breaker.lets_pass(later), "only one asks");
        assert_eq!(breaker.answered(), Change::Closed);
        assert!(breaker.lets_pass(later));
    }

    #[test]
    fn a_mail_that_never_came_to_the_relay_says_nothing_about_it() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        breaker.passed_over(now);
        assert!(breaker.is_closed());
        for _ in 0..FAULTS {
            breaker.failed(now, 1.0);
        }
        let later = breaker.until().unwrap();
        assert!(breaker.lets_pass(later));
        breaker.passed_over(later);
        assert!(!breaker.is_closed() && breaker.lets_pass(later), "the next one asks");
    }

    #[test]
    fn it_is_left_alone_ever_longer_but_never_for_long() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..FAULTS {
            breaker.failed(now, 1.0);
        }
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let until = breaker.until().unwrap();
            pauses.push((until - now).as_secs());
            now = until;
            assert!(breaker.lets_pass(now));
            breaker.failed(now, 1.0);
        }
        assert_eq!(pauses, [2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn one_mail_that_fails_among_others_changes_nothing() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..100 {
            breaker.failed(now, 1.0);
            assert_eq!(breaker.answered(), Change::None);
        }
        assert!(breaker.is_closed());
    }
}
