//! What waits for the caller, soonest first: what his agency owes and he may do.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use domain::{
    Person, Policy, access,
    duties::{Duty, settling},
    labels,
    work::{Owed, Waiting, may_do},
};
use events::{AgencyId, Timestamp, duty::ClockKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::problem::{Language, Problem};
use views::{Desk, Entry, Work};

use crate::{
    Api,
    auth::Caller,
    cases::{malformed, wrong_query},
    duties::{ClockView, Line as DutyLine, clocks, line as duty_line},
    lists::{arrived, page, reading},
    view::{self, Line},
};

/// What a list of work asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkQuery {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many entries at most: 50 if it is not given, never more than 200.
    limit: Option<usize>,
    /// The `position` that an act was answered with: the list must at least show that. It is waited for two seconds.
    at_least: Option<u64>,
}

/// A page of what waits.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WorkView<'a> {
    /// What waits in cases, soonest first.
    work: Vec<ItemView<'a>>,
    /// What waits in the regular duties, reports, briefings and projects, soonest first; on the first page alone.
    duties: Vec<DutyView<'a>>,
    /// Where the next page begins; none if this is the last.
    next_cursor: Option<String>,
}

/// Something that waits for the caller.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ItemView<'a> {
    /// What is owed: the key of a deadline, or the act that turns a further key.
    owed: String,
    /// `deadline` or `key`.
    kind: &'static str,
    /// What it is called.
    label: &'static str,
    /// Of which intake, assignment, round, proposal, question or item, by its number within the case.
    instance: u32,
    /// Until when; some keys have no clock.
    due: Option<Timestamp>,
    /// The highest overdue level recorded; 0 for none.
    overdue_level: u8,
    /// The acts of which any one settles it, as far as the caller's offices may do them.
    acts: Vec<&'static str>,
    /// The agencies of which each owes it.
    owing: &'a [AgencyId],
    /// The case.
    case: Line<'a>,
}

/// Something in a regular duty that waits for the caller.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DutyWork")]
pub(crate) struct DutyView<'a> {
    /// What is owed, and until when.
    #[serde(flatten)]
    clock: ClockView<'a>,
    /// In what.
    duty: DutyLine<'a>,
}

/// `GET /work`: what waits for the caller, soonest first.
pub(crate) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<WorkQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let language = caller.language;
    let Query(query) = query.map_err(|rejection| malformed(&rejection, language))?;
    let after = query.cursor.as_deref().map(str::parse::<Entry>).transpose();
    let after = after.map_err(|error| {
        wrong_query("cursor không do trang trước cung cấp.", &format!("cursor: {error}."), language)
    })?;
    arrived(&api, &caller, query.at_least).await?;
    let now = api.chassis.clock.now();
    let policy = api.chassis.views.policy(now);
    let doings = Doings::of(&caller.person, &policy, now);
    let (agencies, pairs) = (doings.agencies(), doings.pairs());
    let desk = Desk {
        principals: access::principals(&caller.person, &policy, now),
        agencies,
        does: move |agency: &AgencyId, owed: &str| {
            pairs.iter().any(|(other, known)| other == agency && known == owed)
        },
        after,
        most: page(query.limit),
    };
    let waiting =
        if query.cursor.is_none() { doings.in_duties(&api, &caller, &policy, now) } else { Vec::new() };
    let duties = waiting.iter().flat_map(|duty| doings.of_duty(duty, &policy, language));
    let mut duties: Vec<_> = duties.collect();
    duties.sort_by_key(|item| item.clock.due);
    let Work { items, next } = reading(&api, &caller, move |views| views.work(&desk, now)).await?;
    let work = items.iter().map(|(case, item)| doings.shown(case, item, &policy, language)).collect();
    let next_cursor = next.map(|entry| entry.to_string());
    Ok(axum::Json(WorkView { work, duties, next_cursor }).into_response())
}

/// The offices of a person, and the acts that settle something and that they may ever do.
struct Doings(Vec<(AgencyId, BTreeSet<&'static str>)>);

impl Doings {
    fn of(person: &Person, policy: &Policy, now: Timestamp) -> Self {
        let offices = policy.organisation.standings(&person.officer, now);
        let others = offices.filter(|other| other.office != person.office);
        let acts = |office: &Person| {
            let acts =
                Owed::all().flat_map(Owed::acts).chain(ClockKey::ALL.into_iter().flat_map(settling)).copied();
            acts.filter(|act| may_do(act, office, policy, now)).collect::<BTreeSet<_>>()
        };
        Self(others.chain([person.clone()]).map(|office| (office.agency.clone(), acts(&office))).collect())
    }

    /// The duties in which something may wait for the person.
    fn in_duties(&self, api: &Api, caller: &Caller, policy: &Policy, now: Timestamp) -> Vec<Arc<Duty>> {
        let principals = access::principals(&caller.person, policy, now);
        let own = |duty: &Duty| {
            duty.is_live()
                && duty.running().any(|(_, owing)| self.0.iter().any(|(agency, _)| agency == owing))
        };
        api.chassis.views.list_duties(&principals, own)
    }

    /// What waits for him in a duty.
    fn of_duty<'a>(&self, duty: &'a Duty, policy: &Policy, language: Language) -> Vec<DutyView<'a>> {
        let can = |clock: &ClockView<'_>| {
            let own = self.0.iter().filter(|(agency, _)| agency == clock.owing);
            own.flat_map(|(_, acts)| acts).any(|act| clock.acts.contains(act))
        };
        let clocks = clocks(duty, language).into_iter().filter(can);
        clocks.map(|clock| DutyView { clock, duty: duty_line(duty, policy, language) }).collect()
    }

    /// The agencies for which something can be done.
    fn agencies(&self) -> BTreeSet<AgencyId> {
        self.0.iter().filter(|(_, acts)| !acts.is_empty()).map(|(agency, _)| agency.clone()).collect()
    }

    /// What can be done for which agency.
    fn pairs(&self) -> BTreeSet<(AgencyId, String)> {
        let of = |(agency, acts): &(AgencyId, BTreeSet<&'static str>)| {
            let owed = Owed::all().filter(|owed| owed.acts().iter().any(|act| acts.contains(act)));
            owed.map(|owed| (agency.clone(), owed.to_string())).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }

    fn shown<'a>(
        &self,
        case: &'a domain::Case,
        item: &'a Waiting,
        policy: &'a Policy,
        language: Language,
    ) -> ItemView<'a> {
        let owing = self.0.iter().filter(|(agency, _)| item.who.contains(agency));
        let mine: BTreeSet<_> = owing.flat_map(|(_, acts)| acts).collect();
        let (kind, label) = match item.owed {
            Owed::Deadline(key) => ("deadline", Some(labels::deadline(key))),
            Owed::Key(act) => ("key", labels::acts::act(act).map(|words| words.label)),
        };
        ItemView {
            owed: item.owed.to_string(),
            kind,
            label: label.map_or_else(Default::default, |label| language.pick(label.vi, label.en)),
            instance: item.instance,
            due: item.due,
            overdue_level: item.level,
            acts: item.acts.iter().copied().filter(|act| mine.contains(act)).collect(),
            owing: &item.who,
            case: view::line(case, policy, language),
        }
    }
}
