//! What the server said outside of any answer.

use std::time::{Duration, Instant};

use async_nats::{Event, ServerError};
use tokio::sync::watch;

use crate::permissions::{INBOXES, Principal};

/// How long after a server has come back an answer to a question from before may still be sent: longer than any
/// question is worked on.
const LATE_ANSWERS: Duration = Duration::from_secs(30);

/// How the server begins to say that a publish was denied; the subject follows in quotes.
const DENIED_PUBLISH: &str = "Permissions Violation for Publish to \"";

/// What was seen on a connection.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) violations: u64,
    pub(super) last_violation: Option<String>,
    pub(super) losses: u64,
    pub(super) closed: bool,
    /// When the server came back after the last loss.
    back: Option<Instant>,
}

impl Seen {
    /// Whether the server denied an answer only because it has come back since the question: it does not know any
    /// more who may answer what.
    fn is_late_answer(&self, words: &str, now: Instant) -> bool {
        let to_an_inbox = words.strip_prefix(DENIED_PUBLISH).is_some_and(|to| to.starts_with(INBOXES));
        to_an_inbox && self.back.is_some_and(|back| now.duration_since(back) < LATE_ANSWERS)
    }

    fn denied(&mut self, words: &str) {
        self.violations += 1;
        self.last_violation = Some(words.to_owned());
    }
}

/// Takes note of an event of the connection, and logs it.
pub(super) fn note(principal: Principal, event: &Event, tell: &watch::Sender<Seen>) {
    match event {
        Event::ServerError(error) => note_error(principal, error, tell),
        Event::SlowConsumer(subscription) => {
            tracing::error!(%principal, subscription, "a subscription is too slow, messages are dropped");
        }
        Event::Disconnected => {
            tell.send_modify(|seen| seen.losses += 1);
            tracing::warn!(%principal, "the server is away");
        }
        Event::Connected => {
            tell.send_modify(|seen| seen.back = (seen.losses > 0).then(Instant::now));
            tracing::info!(%principal, "connected");
        }
        Event::LameDuckMode => tracing::warn!(%principal, "the server is about to leave"),
        Event::Closed => {
            tell.send_modify(|seen| seen.closed = true);
            tracing::debug!(%principal, "closed");
        }
        Event::Draining | Event::ClientError(_) => tracing::debug!(%principal, %event, "connection"),
    }
}

fn note_error(principal: Principal, error: &ServerError, tell: &watch::Sender<Seen>) {
    let denied = match error {
        ServerError::AuthorizationViolation => Some("Authorization Violation"),
        ServerError::Other(words) if words.starts_with("Permissions Violation") => Some(words.as_str()),
        ServerError::Other(_) | ServerError::SlowConsumer(_) => None,
    };
    if denied.is_some_and(|words| tell.borrow().is_late_answer(words, Instant::now())) {
        tracing::warn!(%principal, %error, "an answer came too late: the server has come back since the question");
        return;
    }
    tracing::error!(%principal, %error, "the server denied or reported something");
    if let Some(words) = denied {
        tell.send_modify(|seen| seen.denied(words));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_soon_after_the_server_came_back_is_late() {
        let back = Instant::now();
        let (soon, later) = (back + LATE_ANSWERS / 2, back + LATE_ANSWERS);
        let answer = r#"Permissions Violation for Publish to "_INBOX_api.x.1""#;
        let seen = Seen { back: Some(back), ..Seen::default() };
        assert!(seen.is_late_answer(answer, soon));
        assert!(!seen.is_late_answer(answer, later));
        assert!(!Seen::default().is_late_answer(answer, soon), "the server was never away");
        for other in [
            r#"Permissions Violation for Publish to "fact.closure""#,
            r#"Permissions Violation for Subscription to "_INBOX_api.>""#,
            "Authorization Violation",
        ] {
            assert!(!seen.is_late_answer(other, soon), "{other}");
        }
    }
}
