//! Time is an input (DESIGN D7): every service takes `now` from its clock.

use chrono::TimeDelta;
use events::Timestamp;
use tokio::sync::watch;

/// The clock of a process.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that is set by hand, for demonstrations and tests.
    Manual(watch::Sender<Timestamp>),
}

impl Clock {
    /// A clock that stands until it is set.
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(watch::Sender::new(at))
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place where the machine is asked")]
            Self::System => chrono::Utc::now(),
            Self::Manual(now) => *now.borrow(),
        }
    }

    /// Sets a manual clock; it never goes back. The machine's clock is not ours to set.
    pub fn set(&self, to: Timestamp) {
        if let Self::Manual(now) = self {
            now.send_if_modified(|at| {
                let later = to > *at;
                if later {
                    *at = to;
                }
                later
            });
        }
    }

    /// Whether it is set by hand.
    pub fn is_manual(&self) -> bool {
        matches!(self, Self::Manual(_))
    }

    /// Waits until an instant; for ever, if none is given.
    pub async fn reach(&self, at: Option<Timestamp>) {
        match (self, at) {
            (Self::System, Some(at)) => {
                let left = (at - self.now()).max(TimeDelta::zero());
                tokio::time::sleep(left.to_std().unwrap_or_default()).await;
            }
            (Self::Manual(now), Some(at)) => {
                // The sender lives as long as the clock.
                let _ = now.subscribe().wait_for(|now| *now >= at).await;
            }
            (_, None) => std::future::pending().await,
        }
    }
}
