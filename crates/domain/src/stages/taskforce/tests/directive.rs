//! A task force that a directive orders: nobody is asked (command 32).

use super::*;

/// Agreed, then directed by a path that is not of interest; the standing body sees the case.
fn directed(begin: fn() -> Story) -> Story {
    let mut story = stands_at(begin(), Lifecycle::Directed);
    story.went_up();
    story
}

fn ordering(at: &str, value: impl Into<Value>) -> Value {
    with(establishing_by_directive("UBND"), &format!("/by_directive{at}"), value)
}

#[test]
fn by_directive_the_standing_body_establishes_too() {
    for (officer, agency) in [("ubnd.lanh-dao", "UBND"), ("btg.lanh-dao", "BTG"), ("tu.thuong-truc", "TU")] {
        let mut story = directed(Story::agreed);
        let body = establishing_by_directive(agency);
        story.by(officer).when(ESTABLISH, body).then(Kind::TaskforceEstablished);
        assert_eq!(state(&story), TaskforceState::Active);
        let formed = story.case().taskforce.formed.as_ref().unwrap();
        assert_eq!((formed.by.as_str(), formed.by_directive), (agency, true));
        assert_eq!(members(&story), ["btg.dau-moi leads", "ubnd.dau-moi"]);
    }
    let mut story = directed(Story::agreed);
    for officer in ["snnmt.lanh-dao", "tu.thu-ky", "tu.chanh-van-phong", "btg.truong-phong"] {
        story.by(officer).when(ESTABLISH, establishing_by_directive("UBND")).refused(Code::NotAuthorised);
    }
    story.by("tu.thuong-truc").when(ESTABLISH, establishing_by_directive("UBND"));
    story.refused_at(Code::DocInvalid, "document.issuer");
}

#[test]
fn a_directive_needs_no_consent_but_a_directed_case() {
    for (stands, begin) in beginnings() {
        let mut story = directed(begin);
        let body = with(establishing_by_directive("BTG"), "/document/number", 58);
        story.by("btg.lanh-dao").when(ESTABLISH, body);
        if stands == TaskforceState::Active {
            story.refused(Code::BadState);
            continue;
        }
        story.then(Kind::TaskforceEstablished);
        let taskforce = &story.case().taskforce;
        assert_eq!((taskforce.state, taskforce.proposal.as_ref()), (TaskforceState::Active, None));
        let number = if stands == TaskforceState::Dissolved { 2 } else { 1 };
        assert_eq!(taskforce.formed.as_ref().unwrap().number, number);
        assert_eq!(story.due_of(DeadlineKey::Consent, 1), None, "whoever was asked need not answer");
    }
    for lifecycle in LIFECYCLES.into_iter().filter(|lifecycle| *lifecycle != Lifecycle::Directed) {
        let mut story = stands_at(Story::agreed(), lifecycle);
        story.by("btg.lanh-dao").when(ESTABLISH, establishing_by_directive("BTG")).refused(Code::BadState);
    }
}

#[test]
fn what_a_directive_orders_is_checked_as_a_proposal_is() {
    let mut story = directed(Story::agreed);
    story.by("ubnd.lanh-dao");
    for (at, value, field) in [
        ("/agencies", json!(["BTG"]), "by_directive.agencies"),
        ("/agencies", json!(["BTG", "SKHCN"]), "by_directive.agencies"),
        ("/agencies", json!(["BTG", "UBND", "UBND"]), "by_directive.agencies"),
        ("/purpose", json!(" "), "by_directive.purpose"),
        ("/until", json!("2026-05-15"), "by_directive.until"),
        ("/members", json!([{ "officer": "nobody" }]), "by_directive.members[0].officer"),
        ("/members", json!([{ "officer": "xbm.dau-moi" }]), "by_directive.members[0].officer"),
        (
            "/members",
            json!([{ "officer": "btg.dau-moi" }, { "officer": "btg.dau-moi2" }]),
            "by_directive.members[1].officer",
        ),
    ] {
        story.when(ESTABLISH, ordering(at, value)).refused_at(Code::InvalidData, field);
    }
    let (leads, follows) =
        (json!({ "officer": "btg.dau-moi", "lead": true }), json!({ "officer": "ubnd.dau-moi" }));
    for members in [
        json!([]),
        json!([leads]),
        json!([{ "officer": "btg.dau-moi" }, follows]),
        json!([leads, { "officer": "ubnd.dau-moi", "lead": true }]),
    ] {
        story.when(ESTABLISH, ordering("/members", members)).refused(Code::TfMemberMissing);
    }
    story.when(ESTABLISH, ordering("/members", json!([follows, leads]))).then(Kind::TaskforceEstablished);
}

#[test]
fn who_is_named_in_the_directive_s_task_force_sees_the_case() {
    let mut story = directed(Story::agreed);
    let body = ordering("/agencies", json!(["BTG", "SXD"]));
    let members = json!([{ "officer": "btg.dau-moi", "lead": true }, { "officer": "sxd.dau-moi" }]);
    story.by("sxd.dau-moi").when("schedule-meeting", meeting()).refused(Code::NotFound);
    story.by("ubnd.lanh-dao").when(ESTABLISH, with(body, "/by_directive/members", members));
    story.by("sxd.dau-moi").when("schedule-meeting", meeting()).then(Kind::MeetingScheduled);
}

#[test]
fn what_was_established_by_directive_the_standing_body_dissolves_too() {
    for (establishes, agency, dissolve) in [
        ("tu.thuong-truc", "TU", ["tu.thuong-truc"].as_slice()),
        ("ubnd.lanh-dao", "UBND", &["ubnd.lanh-dao", "tu.thuong-truc"]),
    ] {
        for dissolves in dissolve {
            let mut story = directed(Story::agreed);
            story.by(establishes).when(ESTABLISH, establishing_by_directive(agency));
            for other in ["btg.lanh-dao", "tu.thu-ky", "snnmt.lanh-dao"] {
                story.by(other).when(DISSOLVE, dissolving("BTG")).refused(Code::NotAuthorised);
            }
            story.by(dissolves).when(DISSOLVE, dissolving(agency)).then(Kind::TaskforceDissolved);
        }
    }
    let mut story = directed(Story::with_task_force);
    story.by("tu.thuong-truc").when(DISSOLVE, dissolving("UBND")).refused(Code::NotAuthorised);
}
