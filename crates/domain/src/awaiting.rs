//! What waits for another person: first keys that were turned, and who turns the next (DESIGN D2).

use events::{AgencyId, DeadlineKey, Timestamp, terms::Side};

use crate::{
    case::Case,
    deadlines, keys,
    policy::Policy,
    sides,
    stages::{closure, taskforce::TaskforceState},
};

/// An act of several persons that waits for its next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The act that was done.
    pub after: &'static str,
    /// The act that is awaited.
    pub act: &'static str,
    /// The number that it must name: of the proposal or the explanation.
    pub number: u32,
    /// The agencies whose act it is.
    pub who: Vec<AgencyId>,
    /// Until when, if a clock runs.
    pub until: Option<Timestamp>,
}

/// Everything in a case that waits for another person's key, in the order of the process.
pub fn awaiting(case: &Case, policy: &Policy) -> Vec<Awaited> {
    let mut found = Vec::new();
    for explanation in case.confirmations.iter().filter_map(|each| keys::pending(&each.explanations)) {
        found.push(Awaited {
            after: "explain-discrepancy",
            act: "reconcile-discrepancy",
            number: explanation.proposed.explanation,
            who: vec![case.receiver.clone()],
            until: None,
        });
    }
    if let Some(settlement) = keys::pending(&case.settlements) {
        found.push(Awaited {
            after: "propose-settlement",
            act: "confirm-settlement",
            number: settlement.proposed.proposal,
            who: other_side(case, settlement.proposed.side, policy),
            until: None,
        });
    }
    if let Some(advice) = keys::pending(&case.escalation.advices) {
        found.push(Awaited {
            after: "propose-joint-advice",
            act: "confirm-joint-advice",
            number: advice.proposed.proposal,
            who: vec![policy.agreement.side_b.clone()],
            until: None,
        });
    }
    found.extend(withdrawal(case, policy));
    found.extend(task_force(case, policy));
    if let Some(closure) = closure::pending(case) {
        let number = closure.proposed.proposal;
        found.push(Awaited {
            after: "propose-closure",
            act: "confirm-closure",
            number,
            who: other_side(case, closure.proposed.side, policy),
            until: due(case, DeadlineKey::Closure, number),
        });
    }
    if let Some(cancellation) = keys::pending(&case.cancellations) {
        found.push(Awaited {
            after: "propose-cancellation",
            act: "confirm-cancellation",
            number: cancellation.proposed.proposal,
            who: vec![case.receiver.clone()],
            until: None,
        });
    }
    found
}

/// The other side's key, and then the secretariat's.
fn withdrawal(case: &Case, policy: &Policy) -> Option<Awaited> {
    let first = &keys::pending(&case.escalation.withdrawals)?.proposed;
    let (after, act, who) = if first.agreed_by.is_none() {
        let who = other_side(case, first.side, policy);
        ("propose-dossier-withdrawal", "confirm-dossier-withdrawal", who)
    } else {
        let who = vec![policy.agreement.standing_body.clone()];
        ("confirm-dossier-withdrawal", "accept-dossier-withdrawal", who)
    };
    Some(Awaited { after, act, number: first.proposal, who, until: None })
}

/// Consents are awaited from who is invited, and then the decision from one of the superiors.
fn task_force(case: &Case, policy: &Policy) -> Option<Awaited> {
    let proposal = case.taskforce.proposal.as_ref()?;
    let number = proposal.number;
    let (act, who, until) = match case.taskforce.state {
        TaskforceState::Proposed => (
            "consent-task-force",
            proposal.silent().cloned().collect(),
            due(case, DeadlineKey::Consent, number),
        ),
        TaskforceState::Consented => {
            let agreement = &policy.agreement;
            ("establish-task-force", vec![agreement.side_a.clone(), agreement.side_b.clone()], None)
        }
        TaskforceState::None
        | TaskforceState::Refused
        | TaskforceState::Active
        | TaskforceState::Dissolved => return None,
    };
    Some(Awaited { after: "propose-task-force", act, number, who, until })
}

/// Who holds the keys of the side that did not turn the first.
fn other_side(case: &Case, first: Side, policy: &Policy) -> Vec<AgencyId> {
    let others = [Side::A, Side::B].into_iter().filter(|side| *side != first);
    others.flat_map(|side| sides::key_holders(case, side, policy)).collect()
}

fn due(case: &Case, key: DeadlineKey, instance: u32) -> Option<Timestamp> {
    deadlines::find(case, key, instance).map(|armed| armed.deadline.due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::{Story, cancelling, closing, explaining, settling};

    fn awaits(story: &Story) -> Vec<String> {
        let words = |awaited: &Awaited| {
            let who: Vec<_> = awaited.who.iter().map(ToString::to_string).collect();
            let until = awaited.until.map(|until| format!(" until {}", crate::story::clock(until)));
            format!("{} {} of {}{}", awaited.act, awaited.number, who.join(" "), until.unwrap_or_default())
        };
        awaiting(story.case(), &story.policy).iter().map(words).collect()
    }

    #[test]
    fn a_first_key_names_who_turns_the_next() {
        assert_eq!(awaits(&Story::phoned()), Vec::<String>::new());
        let mut story = Story::discrepant();
        story.by("snnmt.dau-moi").when("explain-discrepancy", explaining());
        assert_eq!(awaits(&story), ["reconcile-discrepancy 1 of BTG"]);
        let mut story = Story::disputed();
        story.by("btg.lanh-dao").when("propose-settlement", settling());
        assert_eq!(awaits(&story), ["confirm-settlement 1 of SNNMT UBND"]);
        let mut story = Story::settled();
        story.by("ubnd.dau-moi").when("propose-closure", closing());
        assert_eq!(awaits(&story), ["confirm-closure 1 of BTG until 19/05 17:00"]);
        let mut story = Story::phoned();
        story.by("btg.truong-phong").when("propose-cancellation", cancelling("test"));
        assert_eq!(awaits(&story), ["confirm-cancellation 1 of BTG"]);
    }

    #[test]
    fn a_task_force_awaits_consents_and_then_the_decision() {
        let story = Story::asking_for_a_task_force();
        assert_eq!(awaits(&story), ["consent-task-force 1 of BTG SNNMT XBM until 17/05 03:50"]);
        assert_eq!(awaits(&Story::consented()), ["establish-task-force 1 of BTG UBND"]);
        assert_eq!(awaits(&Story::with_task_force()), Vec::<String>::new());
    }
}
