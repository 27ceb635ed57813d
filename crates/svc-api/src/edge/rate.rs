//! How often one may ask: an officer by himself, and an address whose sign-ins fail.
//!
//! An address is never the reason why an officer with a good token is refused: a whole ministry may stand behind one.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use events::OfficerId;
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::HashMapStateStore,
};
use service::{
    config::Http,
    problem::{Language, Problem},
};

use crate::{Api, auth::Caller, refused};

/// From how many keys on those are forgotten that count no more.
const MANY: usize = 10_000;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What is counted.
pub(crate) struct Limits {
    officers: Option<Limiter<OfficerId>>,
    failures: Option<Failures>,
}

/// So many a minute for each key.
struct Limiter<K: Hash + Eq + Clone>(RateLimiter<K, HashMapStateStore<K>, DefaultClock>);

/// Sign-ins that failed, and the addresses that have to wait.
struct Failures {
    counted: Limiter<IpAddr>,
    waiting: Mutex<HashMap<IpAddr, Instant>>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// None at all for a limit of 0. `burst` of them may come at once.
    fn new(a_minute: u32, burst: u32) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(a_minute)?);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        Some(Self(RateLimiter::hashmap(quota.allow_burst(burst))))
    }

    /// Counts one; how long to wait if it is one too many.
    fn count(&self, key: &K) -> Option<Duration> {
        if self.0.len() > MANY {
            self.0.retain_recent();
        }
        let early = self.0.check_key(key).err()?;
        Some(early.wait_time_from(DefaultClock::default().now()))
    }
}

impl Failures {
    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long an address still has to wait.
    fn wait(&self, address: IpAddr) -> Option<Duration> {
        let until = *self.waiting().get(&address)?;
        until.checked_duration_since(Instant::now())
    }

    /// Counts a failure; how long to wait if there were too many.
    fn count(&self, address: IpAddr) -> Option<Duration> {
        let wait = self.counted.count(&address)?;
        let (mut waiting, now) = (self.waiting(), Instant::now());
        if waiting.len() > MANY {
            waiting.retain(|_, until| *until > now);
        }
        waiting.insert(address, now + wait);
        Some(wait)
    }
}

impl Limits {
    /// As configured.
    pub(crate) fn new(config: &Http) -> Self {
        let (requests, failures) = (config.requests_per_minute, config.failures_per_minute);
        Self {
            // Two seconds' worth may come at once.
            officers: Limiter::new(requests, requests / 30),
            failures: Limiter::new(failures, failures)
                .map(|counted| Failures { counted, waiting: Mutex::default() }),
        }
    }
}

/// An officer asks so often and no oftener; after it is known who he is.
pub(crate) async fn of_officers(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let limit = api.limits.officers.as_ref();
    match limit.and_then(|limit| limit.count(&caller.person.officer)) {
        Some(wait) => too_many(wait, caller.language),
        None => next.run(request).await,
    }
}

/// An address whose sign-ins fail too often waits: with what comes without a token at once, with a token that nobody
/// has once that is seen.
pub(crate) async fn of_failures(State(api): State<Api>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|Peer(address)| address.ip());
    let (Some(failures), Some(peer)) = (&api.limits.failures, peer) else { return next.run(request).await };
    let language = crate::language(request.headers());
    let signs_in = request.method() == Method::POST && !request.headers().contains_key(header::AUTHORIZATION);
    if signs_in && let Some(wait) = failures.wait(peer) {
        return too_many(wait, language);
    }
    let response = next.run(request).await;
    if response.status() != StatusCode::UNAUTHORIZED {
        return response;
    }
    match failures.count(peer) {
        Some(wait) => {
            tracing::warn!(%peer, "too many sign-ins fail");
            too_many(wait, language)
        }
        None => response,
    }
}

fn too_many(wait: Duration, language: Language) -> Response {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::of_edge(
        &refused::TOO_MANY_REQUESTS,
        (
            &format!("Địa chỉ này gửi quá nhanh; chờ {seconds} giây."),
            &format!("Too many came from this caller: wait {seconds} s."),
        ),
        language,
    )
    .after(seconds)
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_count_of_its_own_and_none_means_no_limit() {
        let limiter = Limiter::new(60, 2).unwrap();
        assert_eq!([limiter.count(&"a"), limiter.count(&"a"), limiter.count(&"b")], [None; 3]);
        let wait = limiter.count(&"a").unwrap();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert!(Limiter::<u8>::new(0, 0).is_none());
    }

    #[test]
    fn an_address_waits_after_too_many_failures() {
        let failures = Failures { counted: Limiter::new(1, 1).unwrap(), waiting: Mutex::default() };
        let address = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(
            (failures.wait(address), failures.count(address), failures.wait(address)),
            (None, None, None)
        );
        assert!(failures.count(address).is_some());
        assert!(failures.wait(address).unwrap() <= Duration::from_mins(1));
        assert_eq!(failures.wait(IpAddr::from([127, 0, 0, 2])), None);
    }
}
