//! Waiting for a condition instead of for a time.

use std::fmt::Debug;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_secs(30);

/// Tries again until it succeeds.
///
/// # Panics
/// When it has not succeeded within half a minute, with the last reason why not.
pub async fn eventually<T, E: Debug>(mut attempt: impl AsyncFnMut() -> Result<T, E>) -> T {
    let mut last = None;
    let trying = async {
        loop {
            match attempt().await {
                Ok(done) => return done,
                Err(reason) => last = Some(reason),
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let tried = tokio::time::timeout(LIMIT, trying).await;
    tried.unwrap_or_else(|_| panic!("it did not succeed within {LIMIT:?}; the last reason: {last:?}"))
}
