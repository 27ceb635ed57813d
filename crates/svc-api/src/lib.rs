//! The HTTP API under `/api/v1`: it translates, and decides nothing (STYLE habit 12).
//!
//! It has no right to write a fact: an act goes as a request to the stage that owns it. To add an act nothing changes
//! here: the catalogue of acts in the domain names it.

mod acts;
mod asking;
mod auth;
mod cases;
mod dev;
mod directory;
mod dossier;
mod health;
mod lists;
mod view;
mod work;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bus::Principal;
use service::{
    Chassis, Pace, Service, StartError,
    problem::{Language, Problem},
};
use tower_http::catch_panic::CatchPanicLayer;

use auth::{Caller, Tokens};

/// The service.
pub fn service() -> Service {
    Service {
        name: NAME,
        principal: Principal::Api,
        about: "the HTTP API",
        records: &[],
        pace: Pace::Foreground,
        start: |chassis| Box::pin(start(chassis)),
    }
}

const NAME: &str = "api";

/// The most that a request's body may have, in bytes.
const LARGEST_BODY: usize = 256 * 1024;

/// How long a request may take in all.
const LONGEST: Duration = Duration::from_secs(30);

/// What every handler is given.
#[derive(Clone)]
struct Api {
    chassis: Chassis,
    tokens: Arc<Tokens>,
}

impl Api {
    /// A caller as the reader of a case, now.
    fn reader<'a>(&self, caller: &'a Caller) -> view::Reader<'a> {
        view::Reader { person: &caller.person, language: caller.language, now: self.chassis.clock.now() }
    }
}

async fn start(chassis: Chassis) -> Result<(), StartError> {
    let failed = Chassis::failed(NAME);
    let tokens = Tokens::read(&chassis.config.tokens(), &chassis.policy()).map_err(|error| failed(&error))?;
    let listen = chassis.config.http.listen;
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|error| {
        failed(&match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("{listen} is taken by another program: stop it, or give another with --listen")
            }
            _ => format!("cannot listen on {listen}: {error}"),
        })
    })?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    tracing::info!(%address, "the API listens");
    // One API in a process: nobody else sets it.
    let _ = chassis.listening.set(address);
    let stop = chassis.stop.clone();
    let tasks = chassis.tasks.clone();
    let api = Api { chassis, tokens: Arc::new(tokens) };
    tasks.spawn(async move {
        let served = axum::serve(listener, router(api)).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "the API ended");
        }
    });
    Ok(())
}

fn router(api: Api) -> Router {
    let v1 = Router::new()
        .route("/cases", get(lists::list).post(acts::raise))
        .route("/cases/{id}", get(cases::one))
        .route("/cases/{id}/events", get(cases::events))
        .route("/cases/{id}/dossier", get(dossier::one))
        .route("/cases/{id}/{act}", post(acts::act))
        .route("/work", get(work::list))
        .route("/directory", get(directory::whole))
        .route("/directory/delegations", get(directory::delegations))
        .route("/directory/policy", get(directory::policies))
        .route("/directory/events", get(directory::events))
        .route("/directory/{act}", post(directory::act))
        .route_layer(middleware::from_fn_with_state(api.clone(), auth::authenticate))
        .layer(middleware::from_fn(bounded));
    let mut router = Router::new()
        .nest("/api/v1", v1)
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz));
    if api.chassis.clock.is_manual() {
        router = router.route("/dev/clock", get(dev::clock).post(dev::set_clock));
    }
    router
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(house_rules))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::new())
        .with_state(api)
}

/// A request takes so long and no longer.
async fn bounded(request: Request, next: Next) -> Response {
    let language = language(request.headers());
    match tokio::time::timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::of_edge(
            StatusCode::SERVICE_UNAVAILABLE,
            "TIMEOUT",
            ("Quá thời gian xử lý", "Took too long"),
            ("Đề nghị gửi lại với cùng khóa.", "Repeat with the same Idempotency-Key."),
            language,
        )
        .into_response(),
    }
}

/// What holds for every answer: never cached, never taken for something else. Bodies are not logged.
async fn house_rules(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    tracing::debug!(%method, path, status = response.status().as_u16(), "request");
    response
}

fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    Language::accepted(accepted.and_then(|value| value.to_str().ok()))
}

async fn not_found(State(_): State<Api>, request: Request) -> Problem {
    Problem::of_edge(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        ("Không tìm thấy", "Not found"),
        (
            "Không có địa chỉ này; xem README để biết các địa chỉ.",
            "There is no such address: the README lists them.",
        ),
        language(request.headers()),
    )
}

async fn wrong_method(State(_): State<Api>, request: Request) -> Problem {
    Problem::of_edge(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        ("Phương thức không được phép", "Method not allowed"),
        ("Địa chỉ này không nhận phương thức đó.", "This address does not take that method."),
        language(request.headers()),
    )
}
