//! Lists: the cases that the caller may see, narrowed, searched, page by page. A case that he may not see is never
//! counted and never hinted at (DESIGN D9).

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use domain::{Code, Policy, Refusal, access, organisation::Term};
use events::{AgencyId, Lifecycle, Timestamp, Urgency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::problem::{Language, Problem};
use views::{
    Filter, Hits, Page, StoreError, Views,
    search::{self, Field, Match, QueryError},
};

use crate::{
    Api,
    auth::Caller,
    cases::{FOLD, late, malformed, wrong_query},
    view::{self, Line},
};

/// How many entries a page has by default, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;

/// What a list asks for. All that is given must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Words to look for in titles, summaries, case numbers, and numbers and abstracts of documents; with or without
    /// diacritics. All of them must be there; the last may be the beginning of a word. What is written together, such
    /// as `118/BC-SNNMT`, must stand together. At most 200 characters and 10 words. With it the best come first.
    q: Option<String>,
    /// Where the case stands.
    state: Option<Lifecycle>,
    /// How urgent the case is.
    urgency: Option<Urgency>,
    /// The code of an agency that takes part: as raiser or receiver, required, consulted, assigned, invited to the task
    /// force, asked for information, or named in an instruction.
    agency: Option<AgencyId>,
    /// The code of a topic; what stands below it counts too.
    topic: Option<String>,
    /// The code of an area; what lies in it counts too.
    area: Option<String>,
    /// Exercises alone (`true`), or no exercises (`false`); both if it is not given.
    exercise: Option<bool>,
    /// An instant (RFC 3339): a deadline runs that is due before it.
    due_before: Option<Timestamp>,
    /// The `next_cursor` of the page before.
    cursor: Option<u64>,
    /// How many cases at most: 50 if it is not given, never more than 200.
    limit: Option<usize>,
    /// The `position` that an act was answered with: the list must at least show that. It is waited for two seconds.
    at_least: Option<u64>,
}

/// A page of cases.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Cases<'a> {
    /// The cases.
    cases: Vec<Listed<'a>>,
    /// Where the next page begins; none if this is the last.
    next_cursor: Option<u64>,
}

/// A case in a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedCase")]
pub(crate) struct Listed<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    /// Where the words were found that were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<Vec<MatchView>>,
}

/// A text in which something was found; of a long one the part around the first mark.
#[derive(Serialize, JsonSchema)]
pub(crate) struct MatchView {
    /// Which text: `code`, `title`, `summary`, `document` (its number) or `abstract`.
    field: &'static str,
    /// The text as it stands in the case, without any markup.
    text: String,
    /// From which character of the text to which, the last not included.
    marks: Vec<(usize, usize)>,
}

/// `GET /cases`: the cases that the caller may see, newest first, or those in which something is found.
pub(crate) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let language = caller.language;
    let Query(query) = query.map_err(|rejection| malformed(&rejection, language))?;
    let now = api.chassis.clock.now();
    let policy = api.chassis.views.policy(now);
    let filter = filter(&query, &policy, language)?;
    let sought = query.q.as_deref().map(search::Query::parse).transpose();
    let sought = sought.map_err(|error| unsearchable(error, language))?;
    let most = page(query.limit);
    arrived(&api, &caller, query.at_least).await?;
    let principals = access::principals(&caller.person, &policy, now);
    let Hits { hits, next } = reading(&api, &caller, move |views| match sought {
        Some(sought) => views.search(&principals, &sought, &filter, most),
        None => views.list(&principals, &filter, most).map(unsought),
    })
    .await?;
    let sought = query.q.is_some();
    let cases = hits.iter().map(|(case, matches)| Listed {
        line: view::line(case, &policy, language),
        matches: sought.then(|| matches.iter().map(shown).collect()),
    });
    let cases = cases.collect();
    Ok(axum::Json(Cases { cases, next_cursor: next }).into_response())
}

fn unsought(Page { cases, next }: Page) -> Hits {
    Hits { hits: cases.into_iter().map(|case| (case, Vec::new())).collect(), next }
}

fn shown(found: &Match) -> MatchView {
    let field = match found.field {
        Field::Code => "code",
        Field::Title => "title",
        Field::Summary => "summary",
        Field::Document => "document",
        Field::Abstract => "abstract",
    };
    MatchView { field, text: found.text.clone(), marks: found.marks.clone() }
}

/// By what the list is narrowed, once it is known that there is such an agency, topic and area.
fn filter(query: &ListQuery, policy: &Policy, language: Language) -> Result<Filter, Problem> {
    let organisation = &policy.organisation;
    if query.agency.as_ref().is_some_and(|agency| organisation.agency(agency).is_none()) {
        return Err(unknown("agency", language));
    }
    let topics = query.topic.as_deref().map(|wanted| {
        below(organisation.topics(), |topic| organisation.is_topic_of(topic, wanted))
            .ok_or_else(|| unknown("topic", language))
    });
    let areas = query.area.as_deref().map(|wanted| {
        below(organisation.areas(), |area| organisation.is_area_of(area, wanted))
            .ok_or_else(|| unknown("area", language))
    });
    Ok(Filter {
        lifecycle: query.state,
        urgency: query.urgency,
        agency: query.agency.clone(),
        topics: topics.transpose()?,
        areas: areas.transpose()?,
        exercise: query.exercise,
        due_before: query.due_before,
        before: query.cursor,
    })
}

/// The codes of a term and of what stands below it; none if there is no such term.
fn below<'a>(
    terms: impl Iterator<Item = &'a Term>,
    is_below: impl Fn(&str) -> bool,
) -> Option<BTreeSet<String>> {
    let codes: BTreeSet<_> = terms.map(|term| term.id.clone()).filter(|code| is_below(code)).collect();
    (!codes.is_empty()).then_some(codes)
}

fn unknown(parameter: &str, language: Language) -> Problem {
    wrong_query(
        &format!("Không có mã này trong danh bạ: {parameter}."),
        &format!("The directory has no such code: {parameter}."),
        language,
    )
}

fn unsearchable(error: QueryError, language: Language) -> Problem {
    let vi = match error {
        QueryError::Empty => "Từ khóa tìm kiếm không có chữ hay số nào.",
        QueryError::TooLong => "Từ khóa tìm kiếm tối đa 200 ký tự, 10 từ.",
    };
    wrong_query(vi, &format!("q cannot be looked for: {error}."), language)
}

/// How many entries a page has.
pub(crate) fn page(limit: Option<usize>) -> usize {
    limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
}

/// Waits until the fold of this process has come as far as the caller wants to see.
pub(crate) async fn arrived(api: &Api, caller: &Caller, at_least: Option<u64>) -> Result<(), Problem> {
    match at_least {
        Some(position) if !api.chassis.views.comes_to(position, FOLD).await => {
            Err(Problem::of(&late(), caller.language))
        }
        _ => Ok(()),
    }
}

/// Reads the fold on disk, without holding up others.
pub(crate) async fn reading<T: Send + 'static>(
    api: &Api,
    caller: &Caller,
    read: impl FnOnce(&Views) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let views = Arc::clone(&api.chassis.views);
    let done = tokio::task::spawn_blocking(move || read(&views)).await;
    let done =
        done.map_err(|error| error.to_string()).and_then(|done| done.map_err(|error| error.to_string()));
    done.map_err(|reason| {
        let words = "Danh sách chưa đọc được; đề nghị thử lại.";
        Problem::of(&Refusal::new(Code::Unavailable, words, reason), caller.language)
    })
}
