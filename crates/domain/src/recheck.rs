//! Whether who did something was allowed to, judged again by an auditor: by the directory and the policy that the
//! decision saw (DESIGN D1, `basis`).

use events::{Actor, AggregateId, Capacity, Fact};

use crate::{catalogue, organisation::Person, policy::Policy};

/// Why an act was not its actor's to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTheirs {
    /// A service recorded what another stage owns.
    #[error("the service {service} recorded a fact of the stage {stage}")]
    Service {
        /// The service.
        service: String,
        /// The stage.
        stage: &'static str,
    },
    /// Nobody held the office.
    #[error("{officer} did not hold the office {office} then")]
    Office {
        /// The officer.
        officer: String,
        /// The office.
        office: String,
    },
    /// The agency is not that of the office.
    #[error("the office {office} was not of the agency {agency}")]
    Agency {
        /// The office.
        office: String,
        /// The agency.
        agency: String,
    },
    /// The delegation did not count.
    #[error("the delegation {0} did not count then")]
    Delegation(String),
    /// The office may not do such an act.
    #[error("the office {office} may not do what records {kind}")]
    Matrix {
        /// The office.
        office: String,
        /// The kind of the fact.
        kind: &'static str,
    },
}

/// Judges who acted, under the policy of the fact's `basis`; without it a person cannot be judged, and it says so. The
/// narrower rules of an act need the case as it was; they are not judged here.
///
/// # Errors
/// [`NotTheirs`]
pub fn recheck(fact: &Fact, policy: Option<&Policy>) -> Result<bool, NotTheirs> {
    let (origin, kind) = (fact.origin(), fact.body().kind());
    let (officer, office, agency, capacity) = match &origin.actor {
        Actor::System { service } => {
            let stage = kind.stage().name();
            // A document is registered by the stage that brings it.
            let own = service == stage || matches!(fact.draft.aggregate, AggregateId::Document(_));
            return if own { Ok(true) } else { Err(NotTheirs::Service { service: service.clone(), stage }) };
        }
        Actor::Person { officer, office, agency, capacity } => (officer, office, agency, capacity),
    };
    let Some(policy) = policy else { return Ok(false) };
    let (organisation, at) = (&policy.organisation, origin.occurred_at);
    if organisation.agency_of(office) != Some(agency) {
        return Err(NotTheirs::Agency { office: office.to_string(), agency: agency.to_string() });
    }
    let standings: Vec<Person> = organisation.standings(officer, at).collect();
    let acts = catalogue::acts();
    let acts: Vec<_> = acts.filter(|act| act.records.contains(&kind)).collect();
    let matrix = || NotTheirs::Matrix { office: office.to_string(), kind: kind.name() };
    let not_held = || NotTheirs::Office { officer: officer.to_string(), office: office.to_string() };
    match capacity {
        Capacity::Tuq(id) | Capacity::Focal(id) => {
            let granted = organisation.delegation(*id).filter(|granted| granted.counts(at));
            let granted = granted.ok_or_else(|| NotTheirs::Delegation(id.to_string()))?;
            if granted.delegation.from != *office || standings.is_empty() {
                return Err(not_held());
            }
            let allowed = |person: &Person| {
                acts.is_empty()
                    || acts.iter().any(|act| policy.rbac.allows_by_delegation(act.name, person.role))
            };
            if standings.iter().any(allowed) { Ok(true) } else { Err(matrix()) }
        }
        Capacity::Direct | Capacity::Kt | Capacity::Tl | Capacity::Q => {
            let held = standings.iter().find(|person| person.office == *office).ok_or_else(not_held)?;
            let allowed = acts.is_empty() || acts.iter().any(|act| policy.rbac.allows(act.name, held.role));
            if allowed { Ok(true) } else { Err(matrix()) }
        }
    }
}
