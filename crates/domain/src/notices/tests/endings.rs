//! What moves a case otherwise than by agreement, and the keys that wait.

use events::{
    Body, DeadlineKey, Lifecycle, casefile, confirmation, routing,
    terms::{Assignment, Document, Level},
};

use super::{CHANGED, deadline};
use crate::{
    Decision,
    story::{Story, document},
};

fn forged(mut story: Story, body: Body) -> Vec<String> {
    story.forge(Decision::new(story.now, body));
    story.mails()
}

fn letter() -> Document {
    serde_json::from_value(document()).unwrap()
}

#[test]
fn an_explanation_waits_for_the_receiver_s_liaison_officer_and_head() {
    let text = "Nghe nhầm số liệu.".to_owned();
    let said = confirmation::DiscrepancyExplained { intake: 1, explanation: 1, text };
    let mails = forged(Story::phoned(), Body::DiscrepancyExplained(said));
    assert_eq!(mails, ["E24 to BTG.TT.DM", "E24 to BTG.TT.TP"]);
}

#[test]
fn a_cancellation_waits_for_the_receiver_s_leaders_and_is_told_to_all() {
    let reason = casefile::CancellationReason::CallerNotGenuine;
    let said = casefile::CancellationProposed { proposal: 1, reason, note: None };
    assert_eq!(forged(Story::phoned(), Body::CancellationProposed(said)), ["E24 to BTG.LD"]);
    let mut story = Story::phoned();
    let cancelled = Body::CaseCancelled(casefile::CaseCancelled { proposal: 1, reason });
    story.forge(Decision::new(story.now, cancelled).moving(Some(Lifecycle::Routed), Lifecycle::Cancelled));
    assert_eq!(story.mails(), CHANGED);
}

#[test]
fn a_withdrawal_is_told_to_the_leaders_of_both_sides() {
    let mut story = Story::phoned();
    let withdrawn = Body::CaseWithdrawn(casefile::CaseWithdrawn { document: letter(), reason: None });
    story.forge(Decision::new(story.now, withdrawn).moving(Some(Lifecycle::Routed), Lifecycle::Withdrawn));
    assert_eq!(story.mails(), CHANGED);
}

#[test]
fn a_corrected_document_that_is_asked_for_is_told_with_its_date() {
    let mut story = Story::phoned();
    let said = confirmation::CorrectedRequested { intake: 1, reason: "Sai số liệu.".to_owned() };
    let corrected = deadline(&story, DeadlineKey::Corrected, 1, "17/05/2026 05:00");
    story.forge(Decision::new(story.now, Body::CorrectedRequested(said)).arming([corrected]));
    assert_eq!(story.mails(), CHANGED.map(|told| format!("{told} by 17/05 05:00")));
}

#[test]
fn who_comes_in_later_is_told_as_at_the_first_routing() {
    let assignment = |agency: &str, holder: &str| Assignment {
        number: 9,
        agency: agency.into(),
        unit: format!("{agency}.VP").as_str().into(),
        lead: false,
        level: Level::Liaison,
        holder: holder.into(),
        skipped: Vec::new(),
    };
    let told = |body: Body| {
        let mut story = Story::phoned();
        let ack = deadline(&story, DeadlineKey::Ack, 9, "17/05/2026 01:00");
        story.forge(Decision::new(story.now, body).arming([ack]));
        story.mails()
    };
    let role = routing::Participation::Consulted;
    let added = routing::AgencyAdded { role, assignment: assignment("SXD", "SXD.VP.DM") };
    assert_eq!(
        told(Body::AgencyAdded(added)),
        ["E21 to SXD.VP.DM by 17/05 01:00", "E21 to SXD.VP.TP by 17/05 01:00"]
    );
    let next = assignment("UBND", "UBND.LD");
    let rerouted = routing::CaseRerouted { assignment: 2, reason: "Lần thứ tư.".to_owned(), next };
    assert_eq!(
        told(Body::CaseRerouted(rerouted)),
        ["E21 to UBND.LD by 17/05 01:00", "E21 to UBND.VX.TP by 17/05 01:00"]
    );
}
