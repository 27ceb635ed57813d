//! The HTTP API under `/api/v1`: it translates, and decides nothing (STYLE habit 12).
//!
//! It has no right to write a fact: an act goes as a request to the stage that owns it. To add an act nothing changes
//! here: the catalogue of acts in the domain names it.

mod acts;
mod agreement;
mod asking;
mod attachments;
mod audit;
mod auth;
mod cases;
mod dev;
mod directory;
mod dossier;
mod duties;
mod edge;
mod health;
mod lists;
mod mails;
mod notes;
mod refused;
mod session;
pub mod spec;
mod view;
mod work;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use bus::Principal;
use domain::{Code, Refusal};
use service::{
    Chassis, Pace, Service, StartError,
    problem::{Language, Problem},
};
use tower_http::catch_panic::CatchPanicLayer;

use auth::{Caller, Doors};
use edge::{
    connections::Serving,
    rate::{self, Limits},
};

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
    doors: Doors,
    files: Arc<attachments::Files>,
    limits: Arc<Limits>,
    notes: notes::Notes,
}

impl Api {
    /// A caller as the reader of a case, now.
    fn reader<'a>(&self, caller: &'a Caller) -> view::Reader<'a> {
        let now = self.chassis.clock.now();
        view::Reader { person: &caller.person, language: caller.language, now, back: None }
    }
}

async fn start(chassis: Chassis) -> Result<(), StartError> {
    let failed = Chassis::failed(NAME);
    let doors = Doors::default();
    doors.watch(&chassis).await.map_err(|error| failed(&error))?;
    let files = attachments::Files::open(&chassis).await.map_err(|error| failed(&error))?;
    let tls = chassis.config.http.tls.as_ref().map(edge::tls::acceptor).transpose();
    let tls = tls.map_err(|error| failed(&error))?;
    let listener =
        edge::connections::listen(chassis.config.http.listen).await.map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    tracing::info!(%address, "the API listens");
    // One API in a process: nobody else sets it.
    let _ = chassis.listening.set(address);
    let (stop, tasks, config) = (chassis.stop.clone(), chassis.tasks.clone(), Arc::clone(&chassis.config));
    let limits = Limits::new(&config.http);
    let api = Api {
        chassis,
        doors,
        files: Arc::new(files),
        limits: Arc::new(limits),
        notes: notes::Notes::default(),
    };
    let serving = Serving::new(router(api), tls, &config.http, stop, tasks.clone());
    tasks.spawn(serving.serve(listener));
    Ok(())
}

fn router(api: Api) -> Router {
    let v1 = Router::new()
        .route("/cases", get(lists::list).post(acts::raise))
        .route("/cases/{id}", get(cases::one))
        .route("/cases/{id}/events", get(cases::events))
        .route("/cases/{id}/dossier", get(dossier::one))
        .route("/cases/{id}/mails", get(mails::ledger))
        .route("/cases/{id}/{act}", post(acts::act))
        .route("/session", get(session::who))
        .route("/session/second-factor", post(session::begin_second_factor))
        .route("/work", get(work::list))
        .merge(duties::routes())
        .route("/audit/checkpoint", get(audit::checkpoint))
        .route("/audit/proof/{event}", get(audit::proof))
        .route("/directory", get(directory::whole))
        .route("/directory/delegations", get(directory::delegations))
        .route("/directory/policy", get(directory::policies))
        .route("/directory/events", get(directory::events))
        .route("/directory/agreement", get(agreement::whole))
        .route("/directory/{act}", post(directory::act))
        .route_layer(middleware::from_fn_with_state(api.clone(), notes::watch))
        .route_layer(middleware::from_fn_with_state(api.clone(), rate::of_officers))
        .route_layer(middleware::from_fn_with_state(api.clone(), auth::authenticate))
        // Whoever signs in is not known yet, and one's own account is the identity service's to look at.
        .route("/session", post(session::begin).delete(session::end))
        .route("/session/all", get(session::all))
        .route("/session/{id}", delete(session::end_another))
        .route("/session/password", put(session::change_password))
        .route("/session/second-factor", put(session::confirm_second_factor))
        .layer(middleware::from_fn(bounded));
    // Files take as long as they take, as long as something comes.
    let files = Router::new()
        .route("/attachments", post(attachments::take_in))
        .route("/cases/{id}/attachments/{sha256}", get(attachments::of_a_case))
        .merge(duties::files())
        .route_layer(middleware::from_fn_with_state(api.clone(), notes::watch))
        .route_layer(middleware::from_fn_with_state(api.clone(), rate::of_officers))
        .route_layer(middleware::from_fn_with_state(api.clone(), auth::authenticate));
    let mut router = Router::new()
        .nest("/api/v1", v1.merge(files))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/openapi.json", get(spec::openapi))
        .route("/docs", get(spec::docs))
        .route("/docs/style.css", get(spec::style))
        .route("/problems/{code}", get(spec::problem))
        .route("/schemas/events/{type}/{version}", get(spec::event));
    if api.chassis.clock.is_manual() {
        router = router.route("/dev/clock", get(dev::clock).post(dev::set_clock));
    }
    router
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(api.clone(), rate::of_failures))
        .layer(middleware::from_fn_with_state(api.clone(), edge::house_rules))
        .layer(middleware::from_fn(edge::request_id::identify))
        .layer(middleware::from_fn(edge::leftover::clear))
        .with_state(api)
}

/// A request takes so long and no longer.
async fn bounded(request: Request, next: Next) -> Response {
    let language = language(request.headers());
    match tokio::time::timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::of_edge(
            &refused::TIMEOUT,
            ("Chưa có kết quả trong thời gian cho phép.", "There was no result in the time that is allowed."),
            language,
        )
        .into_response(),
    }
}

/// Whether the caller asks for the text that people read, instead of JSON.
fn asks_for_text(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.starts_with("text/plain"))
}

fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    Language::accepted(accepted.and_then(|value| value.to_str().ok()))
}

async fn not_found(State(_): State<Api>, request: Request) -> Problem {
    let refusal = Refusal::new(
        Code::NotFound,
        "Không có địa chỉ này; xem README để biết các địa chỉ.",
        "There is no such address: the README lists them.",
    );
    Problem::of(&refusal, language(request.headers()))
}

async fn wrong_method(State(_): State<Api>, request: Request) -> Problem {
    Problem::of_edge(
        &refused::METHOD_NOT_ALLOWED,
        ("Địa chỉ này không nhận phương thức đó.", "This address does not take that method."),
        language(request.headers()),
    )
}
