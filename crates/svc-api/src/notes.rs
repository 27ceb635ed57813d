//! What goes into the record of access (DESIGN D12): who opened which case or duty and took which file, all that an auditor
//! reads, and what was refused. It is looked at once for all routes, after the answer, and nobody waits for it.
//!
//! What repeats itself is written down once in its time, and refusals are counted, so that nobody can flood the record.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use bus::{
    access::{Reading, What},
    assertion::Assertion,
    identity::{Answer, Question},
};
use domain::{access, duties};
use events::{AggregateId, CaseId, Digest, DutyId, OfficerId};

use crate::{
    Api,
    auth::{self, Caller},
    cases::Wanted,
};

/// Within which time an officer who opens a case or a duty again is not written down again.
const OPENED: Duration = Duration::from_hours(1);

/// The same for all else, and for whatever an auditor reads.
const ELSE: Duration = Duration::from_mins(1);

/// For how long refusals are counted together.
const COUNTED: Duration = Duration::from_mins(1);

/// How many cases, and how many duties, an entry of refusals names.
const NAMED: usize = 20;

/// From how many notes on those are forgotten whose time is over.
const REMEMBERED: usize = 50_000;

/// How often it is tried to write something down.
const TRIES: u32 = 5;

/// What was written down of late.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    /// Until when it is not written down again.
    noted: HashMap<(OfficerId, What), Instant>,
    /// The refusals since the first of them was written down.
    refused: HashMap<OfficerId, Refusals>,
}

#[derive(Default)]
struct Refusals {
    times: u32,
    hidden: u32,
    cases: Vec<CaseId>,
    duties: Vec<DutyId>,
}

impl Book {
    /// Whether it is to be written down: not if it was, within that time.
    fn is_new(&mut self, officer: &OfficerId, what: &What, once_in: Duration, now: Instant) -> bool {
        if self.noted.len() >= REMEMBERED {
            self.noted.retain(|_, until| now < *until);
        }
        if self.noted.len() >= REMEMBERED {
            // Some of it is written down twice; looking through all of it at each request would take longer.
            self.noted.clear();
        }
        let key = (officer.clone(), what.clone());
        if self.noted.get(&key).is_some_and(|until| now < *until) {
            return false;
        }
        self.noted.insert(key, now + once_in);
        true
    }

    /// A refusal, if it asked for something hidden of that; the first one is to be written down, the others are counted
    /// until [`Book::counted`].
    fn refuse(&mut self, officer: &OfficerId, hidden: Option<AggregateId>) -> Option<What> {
        if let Some(counted) = self.refused.get_mut(officer) {
            counted.add(hidden);
            return None;
        }
        self.refused.insert(officer.clone(), Refusals::default());
        let mut first = Refusals::default();
        first.add(hidden);
        first.what()
    }

    /// What was refused since the first refusal, and the end of the count.
    fn counted(&mut self, officer: &OfficerId) -> Option<What> {
        self.refused.remove(officer)?.what()
    }
}

impl Refusals {
    fn add(&mut self, hidden: Option<AggregateId>) {
        self.times = self.times.saturating_add(1);
        self.hidden = self.hidden.saturating_add(u32::from(hidden.is_some()));
        match hidden {
            Some(AggregateId::Case(case)) => name(&mut self.cases, case),
            Some(AggregateId::Duty(duty)) => name(&mut self.duties, duty),
            Some(AggregateId::Document(_) | AggregateId::Directory) | None => {}
        }
    }

    fn what(self) -> Option<What> {
        let Self { times, hidden, cases, duties } = self;
        (times > 0).then_some(What::Refused { times, hidden, cases, duties })
    }
}

fn name<T: PartialEq>(named: &mut Vec<T>, it: T) {
    if named.len() < NAMED && !named.contains(&it) {
        named.push(it);
    }
}

/// What is asked.
struct Asked {
    method: Method,
    /// The route.
    route: String,
    /// The path, without what a router above has taken off.
    path: String,
    /// Something is looked for.
    searches: bool,
}

/// Looks at each answer to a known caller, and has written down what is to be.
pub(crate) async fn watch(State(api): State<Api>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>().cloned();
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let uri = request.uri();
    let asked = Asked {
        method: request.method().clone(),
        route: route.unwrap_or_default(),
        path: uri.path().to_owned(),
        searches: uri.query().is_some_and(|query| query.split('&').any(|each| each.starts_with("q="))),
    };
    let response = next.run(request).await;
    if let Some(caller) = caller {
        api.notes.look(&api, caller, asked, response.status());
    }
    response
}

impl Notes {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, api: &Api, caller: Caller, asked: Asked, status: StatusCode) {
        match status {
            StatusCode::FORBIDDEN => self.refused(api, &caller.assertion, &caller.person.officer, None),
            // Whether there is such a thing is found out when nobody waits any more.
            StatusCode::NOT_FOUND => {
                let api = api.clone();
                api.chassis.tasks.clone().spawn(async move {
                    if let Some(it) = hidden(&api, &caller, &asked) {
                        api.notes.refused(&api, &caller.assertion, &caller.person.officer, Some(it));
                    }
                });
            }
            StatusCode::OK if asked.method == Method::GET => {
                let is_auditor = is_auditor(api, &caller);
                let Some((what, once_in)) = read(api, &asked, is_auditor) else { return };
                if self.book().is_new(&caller.person.officer, &what, once_in, Instant::now()) {
                    api.chassis.tasks.spawn(write_down(api.clone(), caller.assertion, what));
                }
            }
            _ => {}
        }
    }

    /// Counts a refusal.
    pub(crate) fn refused(
        &self,
        api: &Api,
        assertion: &Assertion,
        officer: &OfficerId,
        hidden: Option<AggregateId>,
    ) {
        let Some(first) = self.book().refuse(officer, hidden) else { return };
        let (api, assertion, officer) = (api.clone(), assertion.clone(), officer.clone());
        api.chassis.tasks.clone().spawn(async move {
            write_down(api.clone(), assertion.clone(), first).await;
            tokio::select! {
                () = tokio::time::sleep(COUNTED) => {}
                () = api.chassis.stop.cancelled() => {}
            }
            let counted = api.notes.book().counted(&officer);
            if let Some(counted) = counted {
                write_down(api, assertion, counted).await;
            }
        });
    }
}

/// Whether somebody reads as an auditor: in any of his offices.
pub(crate) fn is_auditor(api: &Api, caller: &Caller) -> bool {
    let now = api.chassis.clock.now();
    let policy = api.chassis.views.policy(now);
    access::principals(&caller.person, &policy, now).contains(&access::Principal::Auditors)
}

/// The case or the duty that is asked for, if there is one that the caller may not see.
fn hidden(api: &Api, caller: &Caller, asked: &Asked) -> Option<AggregateId> {
    let now = api.chassis.clock.now();
    let (views, policy) = (&api.chassis.views, api.chassis.views.policy(now));
    if let Some(wanted) = wanted(asked) {
        let case = wanted.find(views)?;
        return (!access::may_see(&case, &caller.person, &policy, now)).then_some(case.id.into());
    }
    let duty = views.known_duty(duty(asked)?)?;
    (!duties::may_see(&duty, &caller.person, &policy, now)).then_some(duty.id.into())
}

/// The case in a path.
fn wanted(asked: &Asked) -> Option<Wanted> {
    let (_, rest) = asked.path.split_once("/cases/")?;
    Wanted::parse(rest.split('/').next()?.to_owned())
}

/// The duty in a path.
fn duty(asked: &Asked) -> Option<DutyId> {
    asked.path.split('/').find_map(|part| part.parse().ok())
}

/// What was read, if it is to be written down, and within which time it is not again.
fn read(api: &Api, asked: &Asked, is_auditor: bool) -> Option<(What, Duration)> {
    let case = || wanted(asked)?.id(&api.chassis.views);
    let file = || asked.path.rsplit('/').next().and_then(Digest::parse);
    match asked.route.as_str() {
        "/api/v1/cases/{id}" => {
            Some((What::CaseOpened { case: case()? }, if is_auditor { ELSE } else { OPENED }))
        }
        "/api/v1/cases/{id}/attachments/{sha256}" => {
            Some((What::Downloaded { case: Some(case()?), duty: None, sha256: file()? }, ELSE))
        }
        "/api/v1/reports/{id}/attachments/{sha256}"
        | "/api/v1/briefings/{id}/attachments/{sha256}"
        | "/api/v1/projects/{id}/attachments/{sha256}" => {
            Some((What::Downloaded { case: None, duty: Some(duty(asked)?), sha256: file()? }, ELSE))
        }
        "/api/v1/reports/{id}" | "/api/v1/briefings/{id}" | "/api/v1/projects/{id}" => {
            Some((What::DutyOpened { duty: duty(asked)? }, if is_auditor { ELSE } else { OPENED }))
        }
        route if is_auditor => {
            let what = reading(route, asked.searches)?;
            let duty = (what == Reading::DutyEvents).then(|| duty(asked)).flatten();
            Some((What::Read { what, case: case(), duty }, ELSE))
        }
        _ => None,
    }
}

/// What a route gives to read, besides cases, duties, files and one's own account.
fn reading(route: &str, searches: bool) -> Option<Reading> {
    Some(match route.strip_prefix("/api/v1")? {
        "/cases" if searches => Reading::Search,
        "/cases" => Reading::List,
        "/cases/{id}/events" => Reading::Events,
        "/cases/{id}/mails" => Reading::Mails,
        "/cases/{id}/dossier" => Reading::Dossier,
        "/reports" | "/briefings" | "/projects" => Reading::Duties,
        "/reports/{id}/events" | "/briefings/{id}/events" | "/projects/{id}/events" => Reading::DutyEvents,
        "/work" => Reading::Work,
        "/directory" => Reading::Directory,
        "/directory/delegations" => Reading::Delegations,
        "/directory/policy" => Reading::Policy,
        "/directory/events" => Reading::DirectoryEvents,
        "/directory/agreement" => Reading::Agreement,
        "/audit/proof/{event}" => Reading::Proof,
        // A checkpoint says nothing of anybody, and a note of each reading would call for another checkpoint.
        _ => return None,
    })
}

/// Has it written down.
async fn write_down(api: Api, assertion: Assertion, what: What) {
    let question = Question::Noticed { assertion, what };
    for pause in 0..TRIES {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(pause.into())) => {}
            () = api.chassis.stop.cancelled() => {}
        }
        match auth::ask(&api.chassis.bus, &question).await {
            Ok(Answer::Done) => return,
            Ok(answer) => return tracing::error!(?answer, alert = true, "access is not written down"),
            Err(error) => tracing::warn!(?error, "access is not written down yet"),
        }
    }
    tracing::error!(alert = true, "access is not written down");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(number: u32) -> CaseId {
        CaseId::raised_by(&"BTG".into(), &"btg.truc-ban".into(), &number.to_string())
    }

    #[test]
    fn what_repeats_itself_is_written_down_once_in_its_time() {
        let (mut book, now) = (Book::default(), Instant::now());
        let (one, other) = (OfficerId::from("one"), OfficerId::from("other"));
        let read = |what, number| What::Read { what, case: Some(case(number)), duty: None };
        let events = read(Reading::Events, 1);
        assert!(book.is_new(&one, &events, ELSE, now));
        assert!(!book.is_new(&one, &events, ELSE, now + ELSE / 2));
        assert!(book.is_new(&other, &events, ELSE, now));
        assert!(book.is_new(&one, &read(Reading::Events, 2), ELSE, now));
        assert!(book.is_new(&one, &read(Reading::Mails, 1), ELSE, now));
        assert!(book.is_new(&one, &events, ELSE, now + ELSE));
    }

    #[test]
    fn refusals_are_counted_from_the_second_on() {
        let (mut book, officer) = (Book::default(), OfficerId::from("curious"));
        let first = book.refuse(&officer, Some(case(0).into()));
        let refused = |times, hidden, cases, duties| Some(What::Refused { times, hidden, cases, duties });
        assert_eq!(first, refused(1, 1, vec![case(0)], Vec::new()));
        let duty = DutyId::of_report(&"UBND".into(), 2026, 5);
        for number in 1..=30 {
            assert_eq!(book.refuse(&officer, Some(case(number).into())), None);
            assert_eq!(book.refuse(&officer, Some(duty.into())), None);
            assert_eq!(book.refuse(&officer, None), None);
        }
        assert_eq!(book.counted(&officer), refused(90, 60, (1..=20).map(case).collect(), vec![duty]));
        assert!(book.refuse(&officer, None).is_some(), "it begins anew");
        assert_eq!(book.counted(&officer), None, "nothing came after the first");
    }

    #[test]
    fn whatever_can_be_read_is_known_here_or_is_one_s_own() {
        let document = crate::spec::document();
        let mut read = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            let elsewhere = path.starts_with("/api/v1/session")
                || [
                    "/api/v1/audit/checkpoint",
                    "/api/v1/cases/{id}",
                    "/api/v1/cases/{id}/attachments/{sha256}",
                    "/api/v1/reports/{id}/attachments/{sha256}",
                    "/api/v1/briefings/{id}/attachments/{sha256}",
                    "/api/v1/projects/{id}/attachments/{sha256}",
                    "/api/v1/reports/{id}",
                    "/api/v1/briefings/{id}",
                    "/api/v1/projects/{id}",
                ]
                .contains(&path.as_str());
            if operations.get("get").is_some() && path.starts_with("/api/v1/") && !elsewhere {
                assert!(reading(path, false).is_some(), "{path}");
                read += 1;
            }
        }
        assert_eq!(read, 17);
    }
}
