//! The dispute history is legal as it stands, and in no other order.

use super::{Act, Case, Refusal, State, decide};

const HISTORY: [(Act, &str); 14] = [
    (Act::Raise, r#"{"channel":"phone"}"#),
    (Act::SubmitWrittenConfirmation, "{}"),
    (Act::CompareWritten, "{}"),
    (Act::Acknowledge, "{}"),
    (Act::RecordPosition, r#"{"position":{"disagree":{"reason":"no"}}}"#),
    (Act::FileStatement, "{}"),
    (Act::FileStatement, "{}"),
    (Act::SubmitDossier, "{}"),
    (Act::RecordDirective, "{}"),
    (Act::AcknowledgeDirective, "{}"),
    (Act::ReportImplementation, "{}"),
    (Act::AcceptImplementation, "{}"),
    (Act::ProposeClosure, "{}"),
    (Act::ConfirmClosure, "{}"),
];

fn after(acts: usize) -> Option<Case> {
    HISTORY[..acts]
        .iter()
        .fold(None, |case, (act, body)| Some(decide(case, *act, body).expect("a legal act")))
}

fn refused(acts: usize, act: Act) -> Refusal {
    decide(after(acts), act, "{}").expect_err("an illegal act")
}

#[test]
fn the_dispute_history_closes_the_case_with_fourteen_facts() {
    let case = after(HISTORY.len()).expect("a case");
    assert_eq!((case.state, case.version), (State::Closed, 14));
}

#[test]
fn nothing_follows_a_closed_case() {
    for (act, body) in HISTORY {
        assert_eq!(decide(after(HISTORY.len()), act, body), Err(Refusal::BadState), "{act:?}");
    }
}

#[test]
fn a_case_is_raised_once_and_first() {
    assert_eq!(decide(after(1), Act::Raise, HISTORY[0].1), Err(Refusal::BadState));
    assert_eq!(refused(0, Act::Acknowledge), Refusal::NotFound);
    assert_eq!(refused(0, Act::Raise), Refusal::InvalidData);
}

#[test]
fn no_act_comes_before_what_it_follows() {
    for (place, (act, body)) in HISTORY.into_iter().enumerate().skip(2) {
        // An assignment does not wait for the document, a report not for its note; two statements are the same act.
        if matches!(act, Act::Acknowledge | Act::ReportImplementation) || HISTORY[place - 1].0 == act {
            continue;
        }
        assert!(decide(after(place - 1), act, body).is_err(), "{act:?} without {:?}", HISTORY[place - 1].0);
    }
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(refused(6, Act::SubmitDossier), Refusal::DossierIncomplete);
    assert_eq!(refused(11, Act::ProposeClosure), Refusal::InstructionsOpen);
    assert_eq!(refused(12, Act::ConfirmClosure), Refusal::NoProposal);
}

#[test]
fn without_the_document_nothing_is_closed() {
    let undocumented = HISTORY[3..12]
        .iter()
        .fold(after(1), |case, (act, body)| Some(decide(case, *act, body).expect("a legal act")));
    assert_eq!(decide(undocumented, Act::ProposeClosure, "{}"), Err(Refusal::WrittenNotSettled));
}
