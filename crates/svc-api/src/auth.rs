//! Who calls: a session or a token, which the identity service knows and vouches for with its signature (DESIGN D10).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bus::{
    Bus,
    assertion::{Assertion, Claims},
    connection::{RequestError, SendError},
    identity::{ASK, Answer, ENDED, Proven, Question, Secret},
    protocol,
};
use domain::{Code, Person, Refusal};
use events::Digest;
use service::{
    Chassis,
    problem::{Language, Problem},
};
use uuid::Uuid;

use crate::{Api, refused};

/// How long what the identity service said is believed without asking again: as long a credential that was ended may
/// still count here, if this edge was not told.
const BELIEVED: Duration = Duration::from_mins(1);

/// How many callers are known at a time.
const KNOWN: usize = 10_000;

/// How long the identity service may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// The callers that the identity service has vouched for, by the digest of what they show.
#[derive(Clone, Default)]
pub(crate) struct Doors(Arc<Mutex<HashMap<Digest, Known>>>);

#[derive(Clone)]
struct Known {
    assertion: Assertion,
    claims: Claims,
    until: Instant,
}

/// Who calls, and in which language he is answered.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) person: Person,
    pub(crate) language: Language,
    /// What the stages are shown.
    pub(crate) assertion: Assertion,
}

impl Doors {
    /// Forgets a caller as soon as his session or token has ended, as long as the process works.
    pub(crate) async fn watch(&self, chassis: &Chassis) -> Result<(), SendError> {
        let mut ended = chassis.bus.subscribe(ENDED).await?;
        let (doors, stop) = (self.clone(), chassis.stop.clone());
        chassis.tasks.spawn(async move {
            loop {
                let message = tokio::select! {
                    message = ended.next() => message,
                    () = stop.cancelled() => None,
                };
                let Some(message) = message else { break };
                if let Ok(id) = protocol::read::<Uuid>(&message) {
                    doors.known().retain(|_, known| known.claims.credential != id);
                }
            }
        });
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Digest, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recall(&self, shown: &Digest) -> Option<Known> {
        self.known().get(shown).filter(|known| Instant::now() < known.until).cloned()
    }

    fn remember(&self, shown: Digest, Proven { assertion, claims }: Proven) -> Known {
        let until = Instant::now() + BELIEVED;
        let new = Known { assertion, claims, until };
        let mut known = self.known();
        if known.len() >= KNOWN {
            known.retain(|_, known| Instant::now() < known.until);
        }
        if known.len() < KNOWN {
            known.insert(shown, new.clone());
        }
        new
    }
}

/// Asks the identity service.
pub(crate) async fn ask(bus: &Bus, question: &Question) -> Result<Answer, Refusal> {
    let answered = bus.request(ASK, protocol::write(question), ANSWERS_WITHIN).await;
    let answer = answered.map_err(|error| match error {
        RequestError::Busy { .. } => bus::overloaded(),
        error => Refusal::new(
            Code::Unavailable,
            "Chưa kiểm tra được người dùng; đề nghị thử lại.",
            format!("Who calls cannot be checked now ({error}): try again."),
        ),
    })?;
    protocol::read(&answer)
}

/// The token that a request shows.
pub(crate) fn shown(headers: &HeaderMap) -> Option<Secret> {
    let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = shown.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret(token.trim().to_owned()))
}

/// Lets through whom the identity service vouches for.
pub(crate) async fn authenticate(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let language = crate::language(request.headers());
    match caller(&api, request.headers(), language).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn caller(api: &Api, headers: &HeaderMap, language: Language) -> Result<Caller, Problem> {
    let secret = shown(headers).ok_or_else(|| unauthenticated(language))?;
    let digest = Digest::of(secret.0.as_bytes());
    let known = match api.doors.recall(&digest) {
        Some(known) => known,
        None => match ask(&api.chassis.bus, &Question::Check { secret }).await {
            Ok(Answer::Proven(proven)) => api.doors.remember(digest, *proven),
            Ok(Answer::MustChangePassword) => return Err(must_change(language)),
            Ok(Answer::Refused(refusal)) | Err(refusal) => {
                return Err(Problem::of(&refusal, language));
            }
            Ok(_) => return Err(unauthenticated(language)),
        },
    };
    let refuse = |refusal: Refusal| Problem::of(&refusal, language);
    // A token stays its officer's; what he may do is his office's, as of now.
    let now = api.chassis.clock.now();
    let person = api.chassis.views.policy(now).organisation.person(&known.claims.officer, now);
    let Some(person) = person else {
        api.notes.refused(api, &known.assertion, &known.claims.officer, None);
        return Err(refuse(Refusal::without_office()));
    };
    if known.claims.agency.as_ref().is_some_and(|agency| *agency != person.agency) {
        return Err(unauthenticated(language));
    }
    Ok(Caller { person, language, assertion: known.assertion })
}

/// Nobody is known by what was shown.
pub(crate) fn unauthenticated(language: Language) -> Problem {
    Problem::of_edge(
        &refused::UNAUTHENTICATED,
        (
            "Gửi kèm tiêu đề Authorization: Bearer <mã truy cập>; mã hết hạn thì đăng nhập lại.",
            "Send the header Authorization: Bearer <token>; if yours has ended, sign in again.",
        ),
        language,
    )
}

/// The password was given by an administrator.
pub(crate) fn must_change(language: Language) -> Problem {
    Problem::of_edge(
        &refused::PASSWORD_CHANGE_REQUIRED,
        (
            "Mật khẩu do quản trị cấp phải được đổi trước: PUT /api/v1/session/password.",
            "A password that an administrator gave must be changed first: PUT /api/v1/session/password.",
        ),
        language,
    )
}
