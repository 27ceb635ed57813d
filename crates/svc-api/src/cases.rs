//! Reading: one case, its events. What is not yours looks as if it were not there (DESIGN D9).

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use bus::{log, streams::CASES};
use domain::{Case, Code, Refusal, access};
use events::{AggregateId, Body, CaseId, Digest, Fact, Lifecycle, Timestamp, envelope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use service::problem::{Language, Problem};
use views::Views;

use crate::{
    Api,
    auth::Caller,
    refused,
    spec::StoredFact,
    view::{self, Back, Reader},
};

/// How long a read waits for the version that it must see.
pub(crate) const FOLD: Duration = Duration::from_secs(2);

/// What a read must at least see, and as of when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneQuery {
    /// Wait until the case has this version, for up to two seconds: so one's own act is seen on any replica.
    at_least: Option<u32>,
    /// The case as it stood at that time (RFC 3339), by what had been recorded by then, under the policy of that time;
    /// a time to come is now. 404 if there was no such case yet. Who may see the case today may see it so, and nobody
    /// else: whether he took part then does not matter. A statement that is sealed for him today is sealed here. The
    /// answer says `as_of`, and has no `ETag`, because nothing is done to a case as it stood.
    #[schemars(example = "2026-05-17T06:00:00+07:00")]
    at: Option<Timestamp>,
}

/// As of when something is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AsOf {
    /// By the facts alone that had been recorded by that time (RFC 3339); 404 if it had not begun yet. Who may see it today
    /// may read it, and nobody else.
    #[schemars(example = "2026-05-17T06:00:00+07:00")]
    pub(crate) at: Option<Timestamp>,
}

/// The facts of a case, each in the very bytes that are stored: their digests are the chain.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Events {
    /// The facts, oldest first.
    events: Vec<Told>,
}

/// A fact as a reader is told it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Told {
    /// In the bytes that are stored.
    Stored(#[schemars(with = "StoredFact")] Box<RawValue>),
    /// Without what it says, as long as that is sealed; its digest stands for it in the chain.
    Sealed {
        /// What happened.
        #[serde(rename = "type")]
        kind: String,
        /// When it happened.
        time: Timestamp,
        /// Always true.
        sealed: bool,
        /// The SHA-256 of the bytes that are stored.
        digest: Digest,
    },
}

impl Told {
    /// What a fact says, unless that is sealed.
    pub(crate) fn content(&self) -> Option<Value> {
        match self {
            Self::Stored(fact) => serde_json::from_str(fact.get()).ok(),
            Self::Sealed { .. } => None,
        }
    }
}

/// Tells the facts of a case one after the other: which statement belongs to which dispute is a question of order.
struct Teller<'a> {
    case: &'a Case,
    reader: Reader<'a>,
    disputes: usize,
}

impl Teller<'_> {
    fn tell(&mut self, payload: &[u8]) -> Result<Told, String> {
        let fact = Fact::from_bytes(payload).map_err(|error| error.to_string())?;
        let disputed = fact.draft.transition.is_some_and(|moved| moved.to == Lifecycle::Disputed);
        self.disputes += usize::from(disputed);
        if let Body::StatementFiled(said) = fact.body()
            && let Some(dossier) = self.case.escalation.dossiers.get(self.disputes.saturating_sub(1))
            && !access::may_read_statement(dossier, said.side, self.reader.person, self.reader.now)
        {
            let (kind, time) = (fact.body().kind().ce_type(), fact.origin().occurred_at);
            return Ok(Told::Sealed { kind, time, sealed: true, digest: fact.digest });
        }
        serde_json::from_slice(payload).map(Told::Stored).map_err(|error| error.to_string())
    }
}

/// `GET /cases/{id}`: a case as it stands, or as it stood.
pub(crate) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<OneQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(OneQuery { at_least, at }) =
        query.map_err(|rejection| malformed(&rejection, caller.language))?;
    let case = visible(&api, &caller, id, at_least).await?;
    let reader = api.reader(&caller);
    if let Some(at) = at {
        // Nobody knows how it will stand.
        let at = at.min(reader.now);
        let then = stood(&api, &caller, &case, at).await?;
        let reader = Reader { back: Some(Back { at, today: &case }), ..reader };
        return Ok(axum::Json(view::case(&then, &api.chassis.views.policy(at), reader)).into_response());
    }
    let mut response = axum::Json(view::case(&case, &api.chassis.policy(), reader)).into_response();
    view::etag(response.headers_mut(), case.version);
    Ok(response)
}

/// A case as it stood at a time, by what had been recorded by then.
async fn stood(api: &Api, caller: &Caller, case: &Case, at: Timestamp) -> Result<Case, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let mut then = None;
    for payload in recorded(api, case.id.into(), Some(at)).await.map_err(refuse)? {
        let fact = Fact::from_bytes(&payload).map_err(|error| refuse(unreadable(&error)))?;
        then = Some(domain::evolve(then, &fact).map_err(|error| refuse(unreadable(&error)))?);
    }
    then.ok_or_else(|| refuse(not_yet()))
}

/// `GET /cases/{id}/events`: the facts of a case, as they stand in the log.
pub(crate) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<AsOf>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(AsOf { at }) = query.map_err(|rejection| malformed(&rejection, caller.language))?;
    let case = visible(&api, &caller, id, None).await?;
    let events = told(&api, &caller, &case, at).await?;
    Ok(axum::Json(Events { events }).into_response())
}

/// The facts of a case as this reader is told them, up to a time if one is given.
pub(crate) async fn told(
    api: &Api,
    caller: &Caller,
    case: &Case,
    at: Option<Timestamp>,
) -> Result<Vec<Told>, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let mut teller = Teller { case, reader: api.reader(caller), disputes: 0 };
    let recorded = recorded(api, case.id.into(), at).await.map_err(refuse)?;
    let told = recorded.iter().map(|payload| teller.tell(payload));
    told.map(|told| told.map_err(|reason| refuse(unreadable(&reason)))).collect()
}

/// The facts of an aggregate, as they stand in the log; those alone that had been recorded by a time, if one is given.
pub(crate) async fn recorded(
    api: &Api,
    of: AggregateId,
    at: Option<Timestamp>,
) -> Result<Vec<Bytes>, Refusal> {
    let mut facts = stored(api, &of.subject()).await?;
    let Some(at) = at else { return Ok(facts) };
    let mut by_then = 0;
    for payload in &facts {
        let link = envelope::link(payload).map_err(|error| unreadable(&error))?;
        // Within an aggregate the recorded time never goes back.
        if link.stamp.recorded_at > at {
            break;
        }
        by_then += 1;
    }
    if by_then == 0 {
        return Err(not_yet());
    }
    facts.truncate(by_then);
    Ok(facts)
}

/// What is asked for began later.
fn not_yet() -> Refusal {
    Refusal::new(Code::NotFound, "Tại thời điểm đó chưa có hồ sơ này.", "At that time it had not begun yet.")
}

/// The facts of an aggregate, as they stand in the log.
pub(crate) async fn stored(api: &Api, subject: &str) -> Result<Vec<Bytes>, Refusal> {
    let mut stored = Vec::new();
    let mut next = 1;
    loop {
        let entries = log::read(&api.chassis.reader, CASES, next, subject).await;
        let entries = entries.map_err(|error| unreadable(&error))?;
        let more = entries.len() >= log::BATCH;
        next = entries.last().map_or(next, |last| last.sequence + 1);
        stored.extend(entries.into_iter().map(|entry| entry.payload));
        if !more {
            return Ok(stored);
        }
    }
}

/// The log cannot be read.
pub(crate) fn unreadable(reason: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Code::Unavailable, "Chưa đọc được sổ ghi; đề nghị thử lại.", reason.to_string())
}

pub(crate) fn malformed(rejection: &QueryRejection, language: Language) -> Problem {
    let why = rejection.body_text();
    wrong_query(
        &format!("Tham số sau dấu hỏi không đọc được ({why})."),
        &format!("The query cannot be read ({why})."),
        language,
    )
}

/// What stands behind the question mark is wrong.
pub(crate) fn wrong_query(vi: &str, en: &str, language: Language) -> Problem {
    Problem::of_edge(&refused::MALFORMED_QUERY, (vi, en), language)
}

/// What must be seen has not arrived in the fold of this process.
pub(crate) fn late() -> Refusal {
    Refusal::new(
        Code::Busy,
        "Bản ghi mới chưa đến; đề nghị thử lại.",
        "That version has not arrived here yet: try again.",
    )
}

/// The case that a reader asks for.
pub(crate) enum Wanted {
    Id(CaseId),
    Number(String),
}

impl Wanted {
    /// Reads an id, or what may be a number; `None` for what is neither.
    pub(crate) fn parse(text: String) -> Option<Self> {
        match text.parse() {
            Ok(id) => Some(Self::Id(id)),
            Err(_) => text.starts_with("VV-").then_some(Self::Number(text)),
        }
    }

    /// Its id, whether there is such a case or not; of a number that nobody has there is none.
    pub(crate) fn id(&self, views: &Views) -> Option<CaseId> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Number(number) => views.numbered(number),
        }
    }

    /// The case, whoever may see it.
    pub(crate) fn find(&self, views: &Views) -> Option<Arc<Case>> {
        views.case(self.id(views)?)
    }
}

/// A case, if the caller may see it; by its id or its number.
pub(crate) async fn visible(
    api: &Api,
    caller: &Caller,
    id: Result<Path<String>, PathRejection>,
    at_least: Option<u32>,
) -> Result<Arc<Case>, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let wanted = id.ok().and_then(|Path(text)| Wanted::parse(text));
    let wanted = wanted.ok_or_else(|| refuse(Refusal::not_found()))?;
    let now = api.chassis.clock.now();
    let (views, policy) = (&api.chassis.views, &api.chassis.views.policy(now));
    let seen =
        |views: &Views| wanted.find(views).filter(|case| access::may_see(case, &caller.person, policy, now));
    let Some(version) = at_least else { return seen(views).ok_or_else(|| refuse(Refusal::not_found())) };
    // A case that is not there and one that is not yours are waited for alike (DESIGN D9).
    let reached = |views: &Views| seen(views).filter(|case| case.version >= version);
    if let Some(case) = views.wait(FOLD, reached).await {
        return Ok(case);
    }
    Err(refuse(match seen(views) {
        None => Refusal::not_found(),
        Some(_) => late(),
    }))
}
