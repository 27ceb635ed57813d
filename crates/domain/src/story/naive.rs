//! A second model of rounds and confirmations, written from the book of rules without a look at the first: plain lists
//! of what was said, gone through from the beginning each time. Both must come to the same.

use std::collections::{BTreeMap, BTreeSet};

use events::{
    AgencyId, Body,
    confirmation::{Verification, Written},
    coordination::{Closes, Position},
    terms::Side,
};

use super::Story;
use crate::Policy;

/// What an agency said, without its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Yes,
    No,
    Else,
}

/// The facts of a story lead both models to the same.
pub(crate) fn agrees(story: &Story) {
    rounds(story);
    confirmations(story);
}

/// DOMAIN §3.4, rules 1 and 2.
fn rounds(story: &Story) {
    let policy = &story.policy;
    let mut required: BTreeSet<AgencyId> = BTreeSet::new();
    let mut said: Vec<(AgencyId, Says)> = Vec::new();
    let mut turn = 0;
    let mut told: BTreeSet<Side> = BTreeSet::new();
    for fact in story.facts() {
        let fresh = match fact.body() {
            Body::RaisedByPhone(raised) => {
                required.extend(raised.parties.required.iter().cloned());
                None
            }
            Body::RaisedInWriting(raised) => {
                required.extend(raised.parties.required.iter().cloned());
                None
            }
            Body::AgencyAdded(added) => {
                if added.role == events::routing::Participation::Required {
                    required.insert(added.assignment.agency.clone());
                }
                None
            }
            Body::IntakesAdopted(adopted) => {
                required.extend(adopted.required.iter().cloned());
                None
            }
            Body::CoordinationOpened(opened) => Some(&opened.round),
            Body::RoundOpened(opened) => Some(&opened.round),
            Body::CoordinationReopened(opened) => Some(&opened.round),
            Body::PositionRecorded(position) => {
                said.push((position.agency.clone(), what(&position.position)));
                judged(&required, &said, &mut told, position.split, position.closes.as_ref(), turn, policy)
            }
            Body::DutiesTransferred(passed) => {
                if required.remove(&passed.from) {
                    required.insert(passed.to.clone());
                }
                if last(&passed.to, &said).is_some() {
                    said.retain(|(who, _)| *who != passed.from);
                }
                for (who, _) in said.iter_mut().filter(|(who, _)| *who == passed.from) {
                    who.clone_from(&passed.to);
                }
                None
            }
            Body::CoordinationReevaluated(again) => {
                judged(&required, &said, &mut told, again.split, again.closes.as_ref(), turn, policy)
            }
            _ => None,
        };
        if let Some(round) = fresh {
            said = round.deemed.iter().map(|agency| (agency.clone(), Says::Yes)).collect();
            turn = round.turn;
            told.clear();
        }
    }
}

/// What the positions do to the round, as the fact says it; the next round, if one follows.
fn judged<'a>(
    required: &BTreeSet<AgencyId>,
    said: &[(AgencyId, Says)],
    told: &mut BTreeSet<Side>,
    split: Option<Side>,
    closes: Option<&'a Closes>,
    turn: u32,
    policy: &Policy,
) -> Option<&'a events::coordination::Round> {
    let sides: BTreeMap<Side, Option<Says>> = required
        .iter()
        .filter_map(|agency| policy.organisation.side(agency))
        .map(|side| (side, of_side(side, required, said, policy)))
        .collect();
    let splits: Vec<Side> = sides
        .keys()
        .copied()
        .filter(|side| is_split(*side, required, said, policy) && !told.contains(side))
        .collect();
    assert_eq!(split, splits.first().copied());
    told.extend(split);
    assert_eq!(closing(closes), outcome(&sides, turn, policy.max_rounds));
    match closes {
        Some(Closes::Next(next)) => Some(next),
        _ => None,
    }
}

fn what(position: &Position) -> Says {
    match position {
        Position::Agree { .. } => Says::Yes,
        Position::Disagree { .. } => Says::No,
        Position::Counter { .. } => Says::Else,
    }
}

fn last(agency: &AgencyId, said: &[(AgencyId, Says)]) -> Option<Says> {
    said.iter().filter(|(who, _)| who == agency).map(|(_, says)| *says).next_back()
}

/// What the required agencies of a side say, one by one.
fn voices(
    side: Side,
    required: &BTreeSet<AgencyId>,
    said: &[(AgencyId, Says)],
    policy: &Policy,
) -> Vec<Option<Says>> {
    let of_side = required.iter().filter(|agency| policy.organisation.side(agency) == Some(side));
    of_side.map(|agency| last(agency, said)).collect()
}

fn is_split(side: Side, required: &BTreeSet<AgencyId>, said: &[(AgencyId, Says)], policy: &Policy) -> bool {
    let superior = policy.superior(side);
    let ruled = superior.is_some_and(|agency| last(agency, said).is_some());
    let voices = voices(side, required, said, policy);
    superior.is_some()
        && !ruled
        && voices.iter().all(Option::is_some)
        && voices.iter().any(|voice| *voice != voices[0])
}

/// What a side says; nothing, while somebody is still to speak, or its superior to rule.
fn of_side(
    side: Side,
    required: &BTreeSet<AgencyId>,
    said: &[(AgencyId, Says)],
    policy: &Policy,
) -> Option<Says> {
    if let Some(rules) = policy.superior(side).and_then(|agency| last(agency, said)) {
        return Some(rules);
    }
    let voices: Option<Vec<Says>> = voices(side, required, said, policy).into_iter().collect();
    let voices = voices?;
    if voices.iter().all(|voice| *voice == voices[0]) {
        return voices.first().copied();
    }
    // Nobody stands above a third side: where it is not of one mind, it does not agree.
    policy.superior(side).is_none().then_some(Says::No)
}

fn closing(closes: Option<&Closes>) -> &'static str {
    match closes {
        None => "open",
        Some(Closes::Agreed) => "agreed",
        Some(Closes::Next(_)) => "next",
        Some(Closes::Disputed) => "disputed",
    }
}

fn outcome(sides: &BTreeMap<Side, Option<Says>>, turn: u32, most: u32) -> &'static str {
    let any = |wanted| sides.values().any(|says| *says == wanted);
    if any(None) {
        "open"
    } else if any(Some(Says::No)) {
        "disputed"
    } else if !any(Some(Says::Else)) {
        "agreed"
    } else if turn < most {
        "next"
    } else {
        "disputed"
    }
}

/// Regions W and V of DOMAIN §3.1, as a table of what each fact does.
fn confirmations(story: &Story) {
    use Written::{Discrepant, Lapsed, Matched, Overdue, Pending, Received, Reconciled, Satisfied};
    let mut stands: BTreeMap<u32, (Written, Option<Verification>)> = BTreeMap::new();
    for fact in story.facts() {
        match fact.body() {
            Body::RaisedInWriting(_) => drop(stands.insert(1, (Satisfied, None))),
            Body::RaisedByPhone(_) => {
                stands.insert(1, (Pending, Some(Verification::Unverified)));
            }
            Body::IntakesAdopted(adopted) => {
                stands.extend(adopted.intakes.iter().map(|each| (each.number, (each.written, each.caller))));
            }
            Body::CallbackVerified(said) => caller(&mut stands, said.intake, Verification::Verified),
            Body::CallbackFailed(said) => caller(&mut stands, said.intake, Verification::Failed),
            Body::WrittenReceived(said) => moves(&mut stands, said.intake, &[Pending, Overdue], Received),
            Body::WrittenMatched(said) => {
                moves(&mut stands, said.intake, &[Received], Matched);
                caller(&mut stands, said.intake, Verification::Verified);
            }
            Body::WrittenDiscrepant(said) => moves(&mut stands, said.intake, &[Received], Discrepant),
            Body::WrittenReconciled(said) => moves(&mut stands, said.intake, &[Discrepant], Reconciled),
            Body::CorrectedRequested(said) => moves(&mut stands, said.intake, &[Discrepant], Pending),
            Body::ConfirmationOverdue(said)
                if matches!(said.key, events::DeadlineKey::Written | events::DeadlineKey::Corrected) =>
            {
                moves(&mut stands, said.instance, &[Pending, Overdue], Overdue);
            }
            Body::CaseWithdrawn(_) | Body::CaseCancelled(_) => {
                for (written, _) in stands.values_mut() {
                    if matches!(written, Pending | Overdue | Received | Discrepant) {
                        *written = Lapsed;
                    }
                }
            }
            _ => {}
        }
    }
    let found = story.case().confirmations.iter().map(|each| (each.intake, (each.written, each.caller)));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), stands);
}

type Stands = BTreeMap<u32, (Written, Option<Verification>)>;

fn moves(stands: &mut Stands, intake: u32, from: &[Written], to: Written) {
    let (written, _) = stands.get_mut(&intake).expect("an intake that is there");
    assert!(from.contains(written), "{written:?} does not become {to:?}");
    *written = to;
}

fn caller(stands: &mut Stands, intake: u32, is: Verification) {
    let (_, caller) = stands.get_mut(&intake).expect("an intake that is there");
    *caller = caller.map(|_| is);
}
