//! What waits for an agency in a case: the deadlines that it owes, and the second keys that are awaited from it.

use std::fmt;

use events::{
    AgencyId, DeadlineKey, Lifecycle, Timestamp,
    directory::{Delegate, Power},
};

use crate::{awaiting::awaiting, case::Case, deadlines, organisation::Person, policy::Policy};

/// Something that waits for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What is owed.
    pub owed: Owed,
    /// Of which intake, assignment, round, proposal, question or item, by its number within the case.
    pub instance: u32,
    /// Until when; some keys have no clock.
    pub due: Option<Timestamp>,
    /// The highest overdue level recorded; 0 for none.
    pub level: u8,
    /// The acts of which any one settles it.
    pub acts: &'static [&'static str],
    /// The agencies of which each owes it.
    pub who: Vec<AgencyId>,
}

/// What is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// What a deadline is about.
    Deadline(DeadlineKey),
    /// A further key of an act of several persons: the act that turns it.
    Key(&'static str),
}

impl fmt::Display for Owed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline(key) => key.fmt(f),
            Self::Key(act) => f.pad(act),
        }
    }
}

/// The acts that turn a further key and have no deadline of their own, each as the list of what settles it.
const KEYS: [[&str; 1]; 7] = [
    ["reconcile-discrepancy"],
    ["confirm-settlement"],
    ["confirm-joint-advice"],
    ["confirm-dossier-withdrawal"],
    ["accept-dossier-withdrawal"],
    ["establish-task-force"],
    ["confirm-cancellation"],
];

/// Everything in a case that waits for somebody: the deadlines that run, then the keys that no deadline is about.
pub fn waiting(case: &Case, policy: &Policy) -> Vec<Waiting> {
    let deadlines = deadlines::running(case).map(|armed| Waiting {
        owed: Owed::Deadline(armed.deadline.key),
        instance: armed.deadline.instance,
        due: Some(armed.deadline.due),
        level: armed.level,
        acts: settling_in(case, armed.deadline.key),
        who: deadlines::owing(case, &armed.deadline, policy),
    });
    let mut found: Vec<_> = deadlines.collect();
    for awaited in awaiting(case, policy) {
        let is_it = |item: &Waiting| item.instance == awaited.number && item.acts.contains(&awaited.act);
        if !found.iter().any(is_it) {
            let owed = Owed::Key(awaited.act);
            found.push(Waiting {
                owed,
                instance: awaited.number,
                due: awaited.until,
                level: 0,
                acts: owed.acts(),
                who: awaited.who,
            });
        }
    }
    found
}

impl Owed {
    /// Everything that can be owed.
    pub fn all() -> impl Iterator<Item = Self> {
        let keys = KEYS.iter().flatten().map(|act| Self::Key(act));
        DeadlineKey::ALL.into_iter().map(Self::Deadline).chain(keys)
    }

    /// The acts that settle it.
    pub fn acts(self) -> &'static [&'static str] {
        match self {
            Self::Deadline(key) => settling(key),
            Self::Key(act) => KEYS.iter().find(|acts| acts.contains(&act)).map_or(&[], |acts| acts),
        }
    }
}

/// The acts of which any one settles what a deadline is about.
fn settling(key: DeadlineKey) -> &'static [&'static str] {
    match key {
        DeadlineKey::Callback => &["verify-callback"],
        DeadlineKey::Route => &["route", "reroute"],
        DeadlineKey::Ack => &["acknowledge", "decline"],
        DeadlineKey::Written | DeadlineKey::Corrected => &["submit-written-confirmation"],
        DeadlineKey::Compare => &["compare-written"],
        DeadlineKey::Position => &["record-position"],
        DeadlineKey::Consent => &["consent-task-force"],
        DeadlineKey::Statement => &["file-statement"],
        DeadlineKey::Dossier => &["submit-dossier"],
        DeadlineKey::Info => &["supply-info"],
        DeadlineKey::Implementation => &["report-implementation"],
        DeadlineKey::Closure => &["confirm-closure", "reject-closure"],
    }
}

/// The acts that settle a deadline of a case: what was never routed is routed, what was declined is routed anew.
fn settling_in(case: &Case, key: DeadlineKey) -> &'static [&'static str] {
    match key {
        DeadlineKey::Route if case.lifecycle == Lifecycle::Received => &["route"],
        DeadlineKey::Route => &["reroute"],
        _ => settling(key),
    }
}

/// Whether a person may ever do an act: by the matrix, or by a delegation that counts now. The rules of the act narrow
/// it further.
pub fn may_do(act: &str, person: &Person, policy: &Policy, now: Timestamp) -> bool {
    let by_delegation = || {
        let Some(power) = power(act) else { return false };
        let has = |to: &Delegate| match to {
            Delegate::Officer(officer) => *officer == person.officer,
            Delegate::Unit(unit) => person.unit.as_ref() == Some(unit),
        };
        policy.rbac.allows_by_delegation(act, person.role)
            && policy.organisation.delegations().any(|granted| {
                granted.counts(now)
                    && granted.delegation.powers.contains(&power)
                    && has(&granted.delegation.to)
            })
    };
    policy.rbac.allows(act, person.role) || by_delegation()
}

/// The power by which what waits may be settled for another.
fn power(act: &str) -> Option<Power> {
    match act {
        "submit-written-confirmation" => Some(Power::WrittenConfirmation),
        "record-position" => Some(Power::Position),
        "file-statement" => Some(Power::Statement),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        stages,
        story::{Story, closing, explaining},
    };

    fn waits(story: &Story) -> Vec<String> {
        let words = |item: &Waiting| {
            let who: Vec<_> = item.who.iter().map(ToString::to_string).collect();
            format!("{} {} of {}: {}", item.owed, item.instance, who.join(" "), item.acts.join(" or "))
        };
        waiting(story.case(), &story.policy).iter().map(words).collect()
    }

    #[test]
    fn a_deadline_waits_for_who_owes_and_names_what_settles_it() {
        assert_eq!(
            waits(&Story::phoned()),
            [
                "callback 1 of BTG: verify-callback",
                "written 1 of SNNMT: submit-written-confirmation",
                "ack 1 of BTG: acknowledge or decline",
                "ack 2 of UBND: acknowledge or decline",
            ]
        );
    }

    #[test]
    fn a_key_that_a_deadline_is_about_waits_once() {
        let mut story = Story::settled();
        story.by("ubnd.dau-moi").when("propose-closure", closing());
        assert_eq!(waits(&story), ["closure 1 of BTG: confirm-closure or reject-closure"]);
        let waits_for_consent = waits(&Story::asking_for_a_task_force());
        let consents = waits_for_consent.iter().filter(|item| item.contains("consent"));
        assert_eq!(consents.count(), 1, "{waits_for_consent:?}");
    }

    #[test]
    fn a_key_without_a_clock_waits_too() {
        let mut story = Story::discrepant();
        story.by("snnmt.dau-moi").when("explain-discrepancy", explaining());
        let waits = waits(&story);
        let key = "reconcile-discrepancy 1 of BTG: reconcile-discrepancy";
        assert!(waits.iter().any(|item| item == key), "{waits:?}");
    }

    #[test]
    fn every_act_that_settles_something_is_an_act() {
        for owed in Owed::all() {
            assert!(!owed.acts().is_empty(), "{owed}");
            for act in owed.acts() {
                assert!(stages::act(act).is_some(), "{owed}: {act}");
            }
        }
    }

    #[test]
    fn who_may_never_do_it_is_told_apart() {
        let story = Story::phoned();
        let now = story.case().recorded_at;
        let may = |officer: &str, act: &str| {
            let person = story.policy.organisation.person(&officer.into(), now).unwrap();
            may_do(act, &person, &story.policy, now)
        };
        assert!(may("btg.dau-moi", "acknowledge") && may("btg.lanh-dao", "record-position"));
        assert!(!may("btg.dau-moi", "record-position") && !may("btg.van-thu", "acknowledge"));
        assert!(!may("btg.kiem-tra", "acknowledge"));
    }
}
