//! The directory over HTTP: who holds which office, who may act for whom, which policy is in force; and its acts.

use axum::{
    Extension,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use bus::{Shelf as _, protocol::Done};
use domain::{
    Organisation, Person, Refusal, Role,
    directory::{ACTS, named},
    organisation::{Agency, Granted, Office, Term},
};
use events::{
    AgencyId, AggregateId, EventId, OfficeId, OfficerId, Timestamp, UnitId,
    directory::{Delegation, PolicyText},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::problem::Problem;

use crate::{
    Api,
    acts::{self, Sent},
    auth::Caller,
    cases::{malformed, stored, unreadable},
    spec::StoredFact,
    view,
};

/// As of when the directory is asked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    /// A time; now if absent.
    #[serde(default)]
    at: Option<Timestamp>,
}

/// What an act on the directory is answered with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DirectoryDone")]
pub(crate) struct Answer {
    /// The fact that the act made, by its id.
    event: EventId,
    /// Its version: that of the directory.
    version: u32,
}

/// `POST /directory/{act}`: an act on the directory.
pub(crate) async fn act(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let language = caller.language;
    let refuse = |refusal: Refusal| Problem::of(&refusal, language);
    let Path(name) = path.map_err(|_| refuse(Refusal::not_found()))?;
    let act = named(&name).ok_or_else(|| acts::no_such_act(&name, ACTS.iter(), language))?;
    let key = acts::idempotency_key(&headers, language)?;
    let sent = Sent { key: &key, headers: &headers, body };
    let Done { event, version, replayed, sequence, .. } =
        acts::ask(&api, &caller, act, AggregateId::Directory, sent).await?;
    // One's own act is seen here by whoever reads next.
    let known = |views: &views::Views| views.directory().filter(|known| known.sequence >= sequence).map(drop);
    let _late = api.chassis.views.wait(acts::FOLD, known).await;
    let status = if replayed { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = (status, axum::Json(Answer { event, version })).into_response();
    view::etag(response.headers_mut(), version);
    if replayed {
        let name = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The directory as of a time.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Directory")]
pub(crate) struct Whole<'a> {
    /// The time asked for.
    at: Timestamp,
    /// The version of the directory's newest fact.
    version: u32,
    /// The version of the policy in force then.
    policy: &'a str,
    /// The agencies, with their offices.
    agencies: Vec<AgencyView<'a>>,
    /// The topics, in a tree.
    topics: Vec<TermView<'a>>,
    /// The areas, in a tree.
    areas: Vec<TermView<'a>>,
    /// The groups to which documents may be sent together.
    groups: Vec<GroupView<'a>>,
}

/// An agency as of a time, with its units, its offices and who holds them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Agency")]
struct AgencyView<'a> {
    /// Its code.
    id: &'a AgencyId,
    /// Its full name at the time asked for.
    name: &'a str,
    /// Its side of the agreement.
    side: events::terms::Side,
    /// The agency above it.
    superior: Option<&'a AgencyId>,
    /// The first day on which it is there; null if it has always been.
    starts: Option<chrono::NaiveDate>,
    /// The first day on which it is no more.
    ends: Option<chrono::NaiveDate>,
    /// The agency that takes its place then.
    successor: Option<&'a AgencyId>,
    /// It is there at the time asked for.
    is_there: bool,
    /// The unit through which it is asked.
    liaison_unit: Option<&'a UnitId>,
    /// Its offices.
    offices: Vec<OfficeView<'a>>,
}

/// An office, and who holds it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Office")]
struct OfficeView<'a> {
    /// Its code.
    id: &'a OfficeId,
    /// Its title at the time asked for, as a letter addresses it.
    title: &'a str,
    /// What it may do.
    role: Role,
    /// Its unit, if it belongs to one.
    unit: Option<&'a UnitId>,
    /// The office whose deputy it is.
    deputy_of: Option<&'a OfficeId>,
    /// Who holds it at the time asked for.
    holders: Vec<HolderView<'a>>,
    /// Some holder is not absent at that time.
    available: bool,
}

/// A person in an office.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Holder")]
struct HolderView<'a> {
    /// The person's code.
    officer: &'a OfficerId,
    /// The person's name.
    name: Option<&'a str>,
    /// Since when; null if since ever.
    from: Option<Timestamp>,
    /// Until when, not included; null if without an end.
    until: Option<Timestamp>,
    /// As acting head (*Quyền*).
    acting: bool,
}

/// A topic or an area.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Term")]
struct TermView<'a> {
    /// Its code.
    id: &'a str,
    /// Its name at the time asked for.
    name: &'a str,
    /// The one above it.
    parent: Option<&'a str>,
    /// New cases may name it at the time asked for.
    used: bool,
    /// The first day on which it is used no more.
    ends: Option<chrono::NaiveDate>,
    /// The one that is used in its place then.
    successor: Option<&'a str>,
}

/// A group of agencies to which documents may be sent together.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AgencyGroup")]
struct GroupView<'a> {
    /// Its code.
    id: &'a str,
    /// Its name.
    name: &'a str,
    /// The agencies that belong to it at the time asked for.
    members: Vec<&'a AgencyId>,
}

/// `GET /directory`: agencies, offices and who holds them; topics and areas.
pub(crate) async fn whole(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<When>, QueryRejection>,
) -> Result<Response, Problem> {
    let at = when(&api, &caller, query)?;
    let policy = api.chassis.views.policy(at);
    let organisation = &policy.organisation;
    let version = api.chassis.views.directory().map_or(0, |known| known.it.version);
    let whole = Whole {
        at,
        version,
        policy: &policy.version,
        agencies: organisation.agencies().map(|agency| shown(agency, organisation, at)).collect(),
        topics: organisation.topics().map(|each| term_shown(each, at)).collect(),
        areas: organisation.areas().map(|each| term_shown(each, at)).collect(),
        groups: organisation
            .groups()
            .filter(|group| group.is_used(at))
            .map(|group| GroupView {
                id: &group.id,
                name: &group.name,
                members: organisation.members(group, at).map(|agency| &agency.id).collect(),
            })
            .collect(),
    };
    let mut response = axum::Json(whole).into_response();
    view::etag(response.headers_mut(), version);
    Ok(response)
}

fn when(
    api: &Api,
    caller: &Caller,
    query: Result<Query<When>, QueryRejection>,
) -> Result<Timestamp, Problem> {
    let Query(When { at }) = query.map_err(|rejection| malformed(&rejection, caller.language))?;
    Ok(at.unwrap_or_else(|| api.chassis.clock.now()))
}

fn shown<'a>(agency: &'a Agency, organisation: &'a Organisation, at: Timestamp) -> AgencyView<'a> {
    let offices = organisation.offices().filter(|office| office.agency == agency.id);
    AgencyView {
        id: &agency.id,
        name: agency.name_at(at),
        side: agency.side,
        superior: agency.superior.as_ref(),
        starts: agency.starts,
        ends: agency.ends,
        successor: agency.successor.as_ref(),
        is_there: organisation.is_there(&agency.id, at),
        liaison_unit: organisation.liaison_unit(&agency.id, at).map(|unit| &unit.id),
        offices: offices.map(|office| office_shown(office, organisation, at)).collect(),
    }
}

fn office_shown<'a>(office: &'a Office, organisation: &'a Organisation, at: Timestamp) -> OfficeView<'a> {
    let holder = |held: &'a domain::organisation::Holding| HolderView {
        officer: &held.officer,
        name: organisation.officer(&held.officer).map(|officer| officer.name.as_str()),
        from: held.from,
        until: held.until,
        acting: held.acting,
    };
    OfficeView {
        id: &office.id,
        title: office.title_at(at),
        role: office.role,
        unit: office.unit.as_ref(),
        deputy_of: office.deputy_of.as_ref(),
        holders: organisation.holders(&office.id, at).map(holder).collect(),
        available: organisation.is_available(&office.id, at),
    }
}

fn term_shown(term: &Term, at: Timestamp) -> TermView<'_> {
    TermView {
        id: &term.id,
        name: term.name_at(at),
        parent: term.parent.as_deref(),
        used: term.is_used(at),
        ends: term.ends,
        successor: term.successor.as_deref(),
    }
}

/// A delegation, and whether it counts.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DelegationState")]
struct DelegationView<'a> {
    #[serde(flatten)]
    delegation: &'a Delegation,
    /// Until when it counts: its end, or when it was taken back before.
    until: Timestamp,
    /// It counts at the time asked for.
    counts: bool,
}

/// The delegations that one may see.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Delegations<'a> {
    /// The time asked for.
    at: Timestamp,
    /// The delegations, the newest last.
    delegations: Vec<DelegationView<'a>>,
}

/// `GET /directory/delegations`: those of one's own agency; an auditor and an administrator see all. The newest last.
pub(crate) async fn delegations(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<When>, QueryRejection>,
) -> Result<Response, Problem> {
    let at = when(&api, &caller, query)?;
    let policy = api.chassis.views.policy(at);
    let organisation = &policy.organisation;
    let seen = organisation.delegations().filter(|granted| may_see(&caller.person, granted, organisation));
    let delegations = seen
        .map(|granted| DelegationView {
            delegation: &granted.delegation,
            until: granted.until,
            counts: granted.counts(at),
        })
        .collect();
    Ok(axum::Json(Delegations { at, delegations }).into_response())
}

fn may_see(person: &Person, granted: &Granted, organisation: &Organisation) -> bool {
    let own = organisation.agency_of(&granted.delegation.from) == Some(&person.agency);
    own || matches!(person.role, Role::Au | Role::Ad)
}

/// The facts of the directory, each in the very bytes that are stored.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DirectoryEvents")]
pub(crate) struct Facts {
    /// The facts, oldest first.
    #[schemars(with = "Vec<StoredFact>")]
    events: Vec<Box<RawValue>>,
}

/// `GET /directory/events`: the facts of the directory, as they stand in the log; for auditor and administrator.
pub(crate) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    if !matches!(caller.person.role, Role::Au | Role::Ad) {
        return Err(refuse(Refusal::not_authorised(
            "Sự kiện của danh bạ dành cho người kiểm tra và quản trị.",
            "The directory's facts are for auditors and administrators.",
        )));
    }
    let stored = stored(&api, &AggregateId::Directory.subject()).await.map_err(refuse)?;
    let events: Result<Vec<Box<RawValue>>, _> =
        stored.iter().map(|bytes| serde_json::from_slice(bytes)).collect();
    let events = events.map_err(|error| refuse(unreadable(&error)))?;
    Ok(axum::Json(Facts { events }).into_response())
}

/// The policies that were published, and the one in force.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Policies")]
pub(crate) struct Policies<'a> {
    /// The time asked for.
    at: Timestamp,
    /// The version in force then.
    in_force: &'a str,
    /// All versions, in the order in which they were published.
    versions: Vec<PublishedVersion<'a>>,
    /// The files of the version in force, each with its whole text.
    files: &'a [PolicyText],
}

/// A version of the policy.
#[derive(Serialize, JsonSchema)]
struct PublishedVersion<'a> {
    /// Its name.
    version: &'a str,
    /// From when it is in force.
    in_force: Timestamp,
}

/// `GET /directory/policy`: which versions were published, from when each is in force, and which is now.
pub(crate) async fn policies(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<When>, QueryRejection>,
) -> Result<Response, Problem> {
    let at = when(&api, &caller, query)?;
    let published = api.chassis.views.directory();
    let versions = published
        .iter()
        .flat_map(|known| &known.it.policies)
        .map(|published| PublishedVersion { version: &published.version, in_force: published.in_force })
        .collect();
    let policy = api.chassis.views.policy(at);
    let policies = Policies { at, in_force: &policy.version, versions, files: &policy.texts };
    Ok(axum::Json(policies).into_response())
}
