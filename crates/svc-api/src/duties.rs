//! The regular duties over HTTP: reports, briefings and planned projects, each under a path of its own, all alike.

use std::collections::BTreeSet;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bus::{Shelf as _, protocol::Done};
use domain::{
    Act, Policy, Refusal, access,
    distribution::Distribution,
    duties::{
        self, Duty, Noted, Subject, briefing::Briefing, papers::Named, project::Project, reporting::Report,
    },
    labels,
};
use events::{
    AgencyId, DutyId, EventId, Kind, OfficeId, Stage, Timestamp,
    duty::{CaseNoted, ClockKey},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::problem::{Language, Problem};
use views::Filter;

use crate::{
    Api,
    acts::{self, Sent},
    attachments,
    auth::Caller,
    cases::{self, AsOf, malformed, unreadable},
    lists::reading,
    spec::StoredFact,
    view,
};

/// How many cases are read at a time.
const CASES_READ: usize = 200;

/// What kinds of duties there are, by the stage that owns them.
pub(crate) const KINDS: [Stage; 3] = [Stage::Reporting, Stage::Briefing, Stage::Project];

/// The routes of all duties.
pub(crate) fn routes() -> Router<Api> {
    let reports = Router::new()
        .route("/reports", get(list))
        .route("/reports/{id}", get(one))
        .route("/reports/{id}/events", get(events))
        .route("/reports/{id}/{act}", post(act))
        .layer(Extension(Stage::Reporting));
    let briefings = Router::new()
        .route("/briefings", get(list).post(begin))
        .route("/briefings/{id}", get(one))
        .route("/briefings/{id}/events", get(events))
        .route("/briefings/{id}/{act}", post(act))
        .layer(Extension(Stage::Briefing));
    let projects = Router::new()
        .route("/projects", get(list).post(begin))
        .route("/projects/{id}", get(one))
        .route("/projects/{id}/events", get(events))
        .route("/projects/{id}/{act}", post(act))
        .layer(Extension(Stage::Project));
    reports.merge(briefings).merge(projects)
}

/// The routes of the files that documents of duties name.
pub(crate) fn files() -> Router<Api> {
    let reports = Router::new()
        .route("/reports/{id}/attachments/{sha256}", get(attachments::of_a_duty))
        .layer(Extension(Stage::Reporting));
    let briefings = Router::new()
        .route("/briefings/{id}/attachments/{sha256}", get(attachments::of_a_duty))
        .layer(Extension(Stage::Briefing));
    let projects = Router::new()
        .route("/projects/{id}/attachments/{sha256}", get(attachments::of_a_duty))
        .layer(Extension(Stage::Project));
    reports.merge(briefings).merge(projects)
}

/// Which duties a list asks for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DutiesQuery {
    /// Only what belongs to this month, as `2026-05`: a report that is owed in it, a briefing that is held in it, a project
    /// that was proposed in it.
    #[serde(default)]
    month: Option<String>,
    /// Only those in which this agency takes part: that owes, is invited, or prepares.
    #[serde(default)]
    agency: Option<AgencyId>,
    /// Only those in which something may still be done.
    #[serde(default)]
    open: bool,
}

/// Duties, newest first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Duties")]
pub(crate) struct Listed<'a> {
    /// Those that the caller may see.
    duties: Vec<Line<'a>>,
}

/// A duty in a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DutyLine")]
pub(crate) struct Line<'a> {
    /// Its id: what stands in paths.
    id: DutyId,
    /// The number that people use.
    code: String,
    /// The version of its newest fact.
    version: u32,
    /// What it is called in the caller's language.
    title: String,
    /// Where it stands.
    state: String,
    /// The same in the caller's language.
    state_label: &'static str,
    /// The agency that owes it, calls it, or proposes it.
    agency: &'a AgencyId,
    /// When what is owed in it next is due; null if nothing is.
    next_due: Option<Timestamp>,
    /// Something is overdue in it, or came late.
    late: bool,
}

/// A duty as a whole.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Duty")]
pub(crate) struct Whole<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    /// What a report says; of a report alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'a Report>,
    /// What a briefing is about; of a briefing alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    briefing: Option<&'a Briefing>,
    /// How far a project is; of a project alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a Project>,
    /// What is owed in it now, soonest first.
    clocks: Vec<ClockView<'a>>,
    /// The cases that arose from it and that the caller may see, newest first; of a project alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    cases: Option<Vec<CaseNoted>>,
    /// Its documents, by what is printed on them.
    documents: &'a BTreeSet<Named>,
    /// Where they went.
    distributions: &'a [Distribution],
    /// What happened, oldest first.
    history: Vec<HappeningView<'a>>,
}

/// Something that is owed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DutyClock")]
pub(crate) struct ClockView<'a> {
    /// What.
    key: ClockKey,
    /// The same in the caller's language.
    label: &'static str,
    /// Of which task, request or checkpoint, by its number within the duty.
    instance: u32,
    /// The agency that owes it.
    pub(crate) owing: &'a AgencyId,
    /// When it is due.
    pub(crate) due: Timestamp,
    /// The highest overdue level that was recorded; 0 for none.
    overdue_level: u32,
    /// The acts of which any one settles it.
    pub(crate) acts: &'static [&'static str],
}

/// Something that happened in a duty.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DutyHappening")]
struct HappeningView<'a> {
    /// The fact, by its id.
    event: EventId,
    /// When it happened.
    at: Timestamp,
    /// What.
    #[serde(rename = "type")]
    kind: Kind,
    /// The same in the caller's language.
    label: &'static str,
    /// The agency that acted; null when the process did it by itself.
    agency: Option<&'a AgencyId>,
    /// The office that acted.
    office: Option<&'a OfficeId>,
}

/// What an act on a duty is answered with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DutyDone")]
pub(crate) struct Answer<'a> {
    /// The fact that the act made, by its id; of a repeat, the first one.
    event: EventId,
    /// The version of that fact.
    version: u32,
    /// The place in the log up to which a list must have come to show this.
    position: u64,
    /// The duty as it stands after the steps that followed; null if it is not known here yet.
    duty: Option<Whole<'a>>,
}

/// The facts of a duty, each in the very bytes that are stored: their digests are the chain.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DutyEvents")]
pub(crate) struct Facts {
    /// The facts, oldest first.
    #[schemars(with = "Vec<StoredFact>")]
    events: Vec<Box<RawValue>>,
}

fn word(label: labels::Label, language: Language) -> &'static str {
    language.pick(label.vi, label.en)
}

/// What it is called, without a word of what it says.
fn title(duty: &Duty, policy: &Policy, language: Language) -> String {
    let name = |agency: &AgencyId| {
        policy.organisation.agency(agency).map_or_else(|| agency.to_string(), |found| found.name.clone())
    };
    match &duty.subject {
        Subject::Report(report) => {
            let month = format!("{:02}/{}", report.period.month, report.period.year);
            match language {
                Language::Vi => format!("Báo cáo định kỳ tháng {month} – {}", name(&report.agency)),
                Language::En => format!("Regular report {month} – {}", name(&report.agency)),
            }
        }
        Subject::Briefing(briefing) => briefing.title(language.pick("vi", "en") == "vi"),
        Subject::Project(project) => project.title.clone(),
    }
}

/// A duty in a list.
pub(crate) fn line<'a>(duty: &'a Duty, policy: &Policy, language: Language) -> Line<'a> {
    let (state, label) = duty.state();
    Line {
        id: duty.id,
        code: duty.code(),
        version: duty.version,
        title: title(duty, policy, language),
        state,
        state_label: word(label, language),
        agency: duty.agency(),
        next_due: duty.running().map(|(running, _)| running.clock.due).min(),
        late: duty.is_late(),
    }
}

/// What is owed in a duty now, soonest first.
pub(crate) fn clocks(duty: &Duty, language: Language) -> Vec<ClockView<'_>> {
    let mut clocks: Vec<_> = duty
        .running()
        .map(|(running, owing)| ClockView {
            key: running.clock.key,
            label: word(labels::clock(running.clock.key), language),
            instance: running.clock.instance,
            owing,
            due: running.clock.due,
            overdue_level: running.level,
            acts: duties::settling(running.clock.key),
        })
        .collect();
    clocks.sort_by_key(|clock| clock.due);
    clocks
}

fn whole<'a>(
    duty: &'a Duty,
    policy: &Policy,
    language: Language,
    cases: Option<Vec<CaseNoted>>,
) -> Whole<'a> {
    let (report, briefing, project) = match &duty.subject {
        Subject::Report(report) => (Some(report), None, None),
        Subject::Briefing(briefing) => (None, Some(briefing), None),
        Subject::Project(project) => (None, None, Some(project)),
    };
    let history = duty.history.iter().map(|happening| HappeningView {
        event: happening.event,
        at: happening.at,
        kind: happening.kind,
        label: word(labels::happening(happening.kind), language),
        agency: happening.agency.as_ref(),
        office: happening.office.as_ref(),
    });
    Whole {
        line: line(duty, policy, language),
        report,
        briefing,
        project,
        clocks: clocks(duty, language),
        cases,
        documents: &duty.documents,
        distributions: &duty.distributions,
        history: history.collect(),
    }
}

/// `GET /reports`, `/briefings`, `/projects`: those that the caller may see, newest first.
async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(stage): Extension<Stage>,
    query: Result<Query<DutiesQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let language = caller.language;
    let Query(DutiesQuery { month, agency, open }) =
        query.map_err(|rejection| malformed(&rejection, language))?;
    let month = month.map(|text| month_of(&text, language)).transpose()?;
    let now = api.chassis.clock.now();
    let policy = api.chassis.views.policy(now);
    let principals = access::principals(&caller.person, &policy, now);
    let wanted = |duty: &Duty| {
        duty.subject.stage() == stage
            && month.is_none_or(|month| duty.month() == month)
            && agency.as_ref().is_none_or(|agency| duty.involves(agency))
            && (!open || duty.is_live())
    };
    let found = api.chassis.views.list_duties(&principals, wanted);
    let duties = found.iter().map(|duty| line(duty, &policy, language)).collect();
    Ok(axum::Json(Listed { duties }).into_response())
}

/// A month as `2026-05`.
fn month_of(text: &str, language: Language) -> Result<(i32, u32), Problem> {
    let parsed = text.split_once('-').and_then(|(year, month)| {
        let (year, month): (i32, u32) = (year.parse().ok()?, month.parse().ok()?);
        (1..=12).contains(&month).then_some((year, month))
    });
    parsed.ok_or_else(|| {
        cases::wrong_query("month có dạng 2026-05.", "month: a year and a month, such as 2026-05.", language)
    })
}

/// The duty of a path, if the caller may see it; what is not his looks as if it were not there (DESIGN D9).
pub(crate) fn visible(
    api: &Api,
    caller: &Caller,
    stage: Stage,
    id: Result<Path<String>, PathRejection>,
) -> Result<std::sync::Arc<Duty>, Problem> {
    let now = api.chassis.clock.now();
    let policy = api.chassis.views.policy(now);
    let id: Option<DutyId> = id.ok().and_then(|Path(id)| id.parse().ok());
    let duty = id.and_then(|id| api.chassis.views.known_duty(id));
    let seen = duty
        .filter(|duty| duty.subject.stage() == stage && duties::may_see(duty, &caller.person, &policy, now));
    seen.ok_or_else(|| Problem::of(&Refusal::not_found(), caller.language))
}

/// `GET /reports/{id}` and so on: one duty, as it stands, or as it stood.
async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(stage): Extension<Stage>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<AsOf>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(AsOf { at }) = query.map_err(|rejection| malformed(&rejection, caller.language))?;
    let duty = visible(&api, &caller, stage, id)?;
    if let Some(at) = at {
        let then = stood(&api, &caller, &duty, at).await?;
        let policy = api.chassis.views.policy(at.min(api.chassis.clock.now()));
        return Ok(axum::Json(whole(&then, &policy, caller.language, None)).into_response());
    }
    let cases = match &duty.subject {
        Subject::Project(project) => Some(cases_of(&api, &caller, &duty, project).await?),
        Subject::Report(_) | Subject::Briefing(_) => None,
    };
    let mut response =
        axum::Json(whole(&duty, &api.chassis.policy(), caller.language, cases)).into_response();
    view::etag(response.headers_mut(), duty.version);
    Ok(response)
}

/// The cases that arose from a project: its own agency takes part in each of them.
async fn cases_of(
    api: &Api,
    caller: &Caller,
    duty: &Duty,
    project: &Project,
) -> Result<Vec<CaseNoted>, Problem> {
    let now = api.chassis.clock.now();
    let principals = access::principals(&caller.person, &api.chassis.views.policy(now), now);
    let mut filter = Filter { agency: Some(project.agency.clone()), ..Filter::default() };
    let (id, begun_at) = (duty.id, duty.begun_at);
    reading(api, caller, move |views| {
        let mut found = Vec::new();
        loop {
            let page = views.list(&principals, &filter, CASES_READ)?;
            let arose = page.cases.iter().filter(|case| case.project == Some(id));
            found.extend(arose.map(|case| Noted::from(case.as_ref()).0));
            let older = page.cases.last().is_none_or(|case| case.raised_at < begun_at);
            filter.before = page.next;
            if older || page.next.is_none() {
                return Ok(found);
            }
        }
    })
    .await
}

/// A duty as it stood at a time, by what had been recorded by then.
async fn stood(api: &Api, caller: &Caller, duty: &Duty, at: Timestamp) -> Result<Duty, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let facts = recorded(api, caller, duty, Some(at)).await?;
    let then = facts.iter().try_fold(None, |then, fact| bus::fold_whole::<Duty>(then, fact).map(Some));
    then.map_err(|reason| refuse(unreadable(&reason)))?.ok_or_else(|| refuse(Refusal::not_found()))
}

/// The facts of a duty, as they stand in the log; those alone that had been recorded by a time, if one is given.
pub(crate) async fn recorded(
    api: &Api,
    caller: &Caller,
    duty: &Duty,
    at: Option<Timestamp>,
) -> Result<Vec<Bytes>, Problem> {
    let facts = cases::recorded(api, duty.id.into(), at).await;
    facts.map_err(|refusal| Problem::of(&refusal, caller.language))
}

/// `GET /reports/{id}/events` and so on: its facts.
async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(stage): Extension<Stage>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<AsOf>, QueryRejection>,
) -> Result<Response, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let Query(AsOf { at }) = query.map_err(|rejection| malformed(&rejection, caller.language))?;
    let duty = visible(&api, &caller, stage, id)?;
    let stored = recorded(&api, &caller, &duty, at).await?;
    let events: Result<Vec<Box<RawValue>>, _> =
        stored.iter().map(|bytes| serde_json::from_slice(bytes)).collect();
    let events = events.map_err(|error| refuse(unreadable(&error)))?;
    Ok(axum::Json(Facts { events }).into_response())
}

/// `POST /briefings`, `POST /projects`: a duty begins.
async fn begin(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(stage): Extension<Stage>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let act = duties::acts().find(|act| act.stage == stage && duties::begins(act));
    let act = act.ok_or_else(|| refuse(Refusal::not_found()))?;
    let key = acts::idempotency_key(&headers, caller.language)?;
    let duty = DutyId::begun_by(&caller.person.agency, &caller.person.officer, &key);
    carry_out(&api, &caller, act, duty, &key, &headers, body).await
}

/// `POST /reports/{id}/{act}` and so on: an act on a duty.
async fn act(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(stage): Extension<Stage>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let Path((duty, name)) = path.map_err(|_| refuse(Refusal::not_found()))?;
    let own = |act: &Act| act.stage == stage || act.stage == Stage::Distribution;
    let known = || duties::acts().filter(|act| own(act) && !duties::begins(act));
    let act = known()
        .find(|act| act.name == name)
        .ok_or_else(|| acts::no_such_act(&name, known(), caller.language))?;
    let duty = duty.parse().map_err(|_| refuse(Refusal::not_found()))?;
    let key = acts::idempotency_key(&headers, caller.language)?;
    carry_out(&api, &caller, act, duty, &key, &headers, body).await
}

async fn carry_out(
    api: &Api,
    caller: &Caller,
    act: &Act,
    duty: DutyId,
    key: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let language = caller.language;
    let done = acts::ask(api, caller, act, duty.into(), Sent { key, headers, body }).await?;
    let Done { event, version, replayed, now_at, sequence, .. } = done;
    let known = |views: &views::Views| views.duty(duty).filter(|known| known.sequence >= sequence);
    let known = api.chassis.views.wait(acts::FOLD, known).await.map(|known| known.it);
    let policy = api.chassis.policy();
    let shown = known.as_ref().map(|duty| whole(duty, &policy, language, None));
    let begins = duties::begins(act);
    let status = if begins && !replayed { StatusCode::CREATED } else { StatusCode::OK };
    let mut response =
        (status, axum::Json(Answer { event, version, position: sequence, duty: shown })).into_response();
    let headers = response.headers_mut();
    view::etag(headers, known.as_ref().map_or(now_at, |duty| duty.version));
    if replayed {
        headers.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    }
    if begins
        && let Ok(location) = HeaderValue::from_str(&format!("/api/v1/{}/{duty}", duties::path(act.stage)))
    {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}
