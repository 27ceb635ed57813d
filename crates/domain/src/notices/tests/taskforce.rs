//! Task forces, as far as their facts go.

use events::{
    Body, DeadlineKey,
    taskforce::{ConsentRefused, Established, Mandate, Member, ProposalWithdrawn, Proposed},
    terms::Overdue,
};

use super::{CHANGED, deadline};
use crate::{
    Decision,
    story::{Story, dissolving, document, local},
};

fn mandate() -> Mandate {
    Mandate {
        agencies: ["BTG", "SNNMT", "SXD"].map(Into::into).to_vec(),
        purpose: "Xác minh nguyên nhân.".to_owned(),
        until: "2026-08-31".parse().unwrap(),
    }
}

fn told(body: Body) -> Vec<String> {
    let mut story = Story::agreed();
    story.forge(Decision::new(story.now, body));
    story.mails()
}

#[test]
fn who_is_invited_is_told_until_when_to_consent() {
    let mut story = Story::agreed();
    let said = Proposed { proposal: 1, by: "UBND".into(), mandate: mandate() };
    let consent = deadline(&story, DeadlineKey::Consent, 1, "19/05/2026 17:00");
    story.forge(Decision::new(story.now, Body::TaskforceProposed(said)).arming([consent]));
    assert_eq!(
        story.mails(),
        ["E16 to BTG.LD by 19/05 17:00", "E16 to SNNMT.LD by 19/05 17:00", "E16 to SXD.LD by 19/05 17:00",]
    );
}

#[test]
fn members_and_the_leaders_of_their_agencies_are_told_each_once() {
    let member = |agency: &str, officer: &str, office: &str, lead| Member {
        agency: agency.into(),
        officer: officer.into(),
        office: office.into(),
        lead,
    };
    let established = Established {
        by: "UBND".into(),
        by_directive: false,
        document: serde_json::from_value(document()).unwrap(),
        mandate: mandate(),
        members: vec![
            member("BTG", "btg.dau-moi", "BTG.TT.DM", false),
            member("SNNMT", "snnmt.lanh-dao", "SNNMT.LD", true),
            member("SXD", "sxd.dau-moi", "SXD.VP.DM", false),
        ],
    };
    assert_eq!(
        told(Body::TaskforceEstablished(established)),
        ["E17 to BTG.LD", "E17 to BTG.TT.DM", "E17 to SNNMT.LD", "E17 to SXD.LD", "E17 to SXD.VP.DM"]
    );
}

#[test]
fn a_proposal_that_fails_is_told_to_the_leaders_of_both_sides() {
    let reason = "Không cần thiết.".to_owned();
    let withdrawn = ProposalWithdrawn { proposal: 1, reason: reason.clone() };
    assert_eq!(told(Body::TaskforceProposalWithdrawn(withdrawn)), CHANGED);
    let refused = ConsentRefused { proposal: 1, agency: "SXD".into(), reason };
    assert_eq!(told(Body::ConsentRefused(refused)), CHANGED);
}

#[test]
fn a_consent_that_is_overdue_is_told_to_who_has_not_answered() {
    let due = local("19/05/2026 17:00");
    let owing = vec!["SXD".into()];
    let overdue = Overdue { key: DeadlineKey::Consent, instance: 1, level: 2, due, owing };
    assert_eq!(
        told(Body::TaskforceOverdue(overdue)),
        [
            "E22 to SXD.LD by 19/05 17:00",
            "E22 to SXD.VP.DM by 19/05 17:00",
            "E22 to SXD.VP.TP by 19/05 17:00"
        ]
    );
}

#[test]
fn a_task_force_that_is_dissolved_is_told_to_its_members_and_their_leaders() {
    let mut story = Story::with_task_force();
    story.by("ubnd.lanh-dao").when("dissolve-task-force", dissolving("UBND"));
    assert_eq!(
        story.mails(),
        [
            "E17b to BTG.LD",
            "E17b to BTG.TT.DM",
            "E17b to SNNMT.LD",
            "E17b to SNNMT.VP.DM",
            "E17b to XBM.LD",
            "E17b to XBM.VP.DM",
        ]
    );
}
