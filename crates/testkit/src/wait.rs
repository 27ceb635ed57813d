//! Waiting for a condition instead of for a time.

use std::fmt::Debug;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_secs(30);

/// Tries again until it succeeds.
///
/// # Panics
/// When it has not succeeded within half a minute, with the last reason why not.
pub async fn eventually<T, E: Debug>(attempt: impl AsyncFnMut() -> Result<T, E>) -> T {
    eventually_within(LIMIT, attempt).await
}

/// The same, with more or less patience.
///
/// # Panics
/// When it has not succeeded within the limit, with the last reason why not.
pub async fn eventually_within<T, E: Debug>(
    limit: Duration,
    attempt: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    eventually_every(PAUSE, limit, attempt).await
}

/// The same for an attempt that costs something, with a longer pause before the next.
///
/// # Panics
/// When it has not succeeded within the limit, with the last reason why not.
pub async fn eventually_every<T, E: Debug>(
    pause: Duration,
    limit: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let mut last = None;
    let trying = async {
        loop {
            match attempt().await {
                Ok(done) => return done,
                Err(reason) => last = Some(reason),
            }
            tokio::time::sleep(pause).await;
        }
    };
    let tried = tokio::time::timeout(limit, trying).await;
    tried.unwrap_or_else(|_| panic!("it did not succeed within {limit:?}; the last reason: {last:?}"))
}
