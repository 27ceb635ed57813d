//! By which rule, or by whom, a case is routed (command 4).

use super::*;

#[test]
fn the_receiver_leads_and_the_raiser_s_superior_is_asked_too() {
    let mut files = Files::with_organisation(THIRD_SIDE);
    files.organisation = files.organisation.replacen("side = \"A\"", "side = \"A\"\nmay_raise = true", 1);
    files.organisation.push_str(
        r#"
        [[agency]]
        id = "BTGX"
        name = "Ban Xây dựng Đảng xã"
        side = "A"
        superior = "BTG"
        may_raise = true
        [[unit]]
        id = "BTGX.VP"
        agency = "BTGX"
        name = "Văn phòng"
        liaison = true
        [[office]]
        id = "BTGX.TB"
        agency = "BTGX"
        title = "Trưởng ban"
        role = "AL"
        level = "chief"
        email = "truong-ban@btgx.tinh.example"
        [[officer]]
        id = "btgx.truong-ban"
        name = "Trưởng ban"
        office = "BTGX.TB"
        "#,
    );
    for (officer, raiser, expected) in [
        ("snnmt.lanh-dao", "SNNMT", vec!["1 BTG BTG.TT.DM leads", "2 UBND UBND.VX.DM"]),
        ("sxd.lanh-dao", "SXD", vec!["1 BTG BTG.TT.DM leads", "2 UBND UBND.VX.DM"]),
        ("ubnd.lanh-dao", "UBND", vec!["1 BTG BTG.TT.DM leads"]),
        ("btg.lanh-dao", "BTG", vec!["1 UBND UBND.VX.DM leads"]),
        ("btgx.truong-ban", "BTGX", vec!["1 BTG BTG.TT.DM leads"]),
        ("cat.giam-doc", "CAT", vec!["1 BTG BTG.TT.DM leads"]),
    ] {
        let mut story = files.story();
        story.by(officer).raise(with(phone(), "/raiser", raiser)).settle().stands(Lifecycle::Routed);
        assert_eq!(asked(&story), expected, "{raiser}");
        assert_eq!(states(&story), vec![AssignmentState::Assigned; expected.len()]);
        for number in 1..=u32::try_from(expected.len()).unwrap() {
            assert_eq!(story.due_of(DeadlineKey::Ack, number).unwrap(), "16/05 22:22");
        }
        assert_eq!(story.due_of(DeadlineKey::Route, 0), None);
    }
}

#[test]
fn the_more_exact_rule_wins_and_the_others_are_kept_as_alternatives() {
    let rule = |id: &str, only: &str| {
        format!("\n[[rule]]\nid = \"{id}\"\nreceiver = \"BTG\"\n{only}\nunit = \"BTG.TT\"\n")
    };
    // From the least exact to the most, against their precedence.
    let routing = rule("default", "")
        + &rule("area", "area = \"CR\"")
        + &rule("topic", "topic = \"agriculture\"")
        + &rule("topic-2", "topic = \"agriculture\"")
        + &rule("both", "topic = \"agriculture\"\narea = \"CR\"")
        + "\n[[rule]]\nid = \"ubnd\"\nreceiver = \"UBND\"\ntopic = \"agriculture\"\narea = \"CR\"\nunit = \"UBND.VX\"\n";
    let files = Files { routing, ..Files::default() };
    let chosen = |topic: &str, area: Option<&str>| {
        let mut story = files.story();
        let body = with(with(phone(), "/topic", topic), "/area", area);
        story.raise(body).settle();
        let routed = routed(&story);
        (routed.rule.clone().unwrap(), routed.alternatives.join(" "))
    };
    assert_eq!(chosen("agriculture", Some("CR")), ("both".into(), "topic topic-2 area default".into()));
    assert_eq!(chosen("agriculture", Some("VINH")), ("topic".into(), "topic-2 default".into()));
    assert_eq!(chosen("agriculture", None), ("topic".into(), "topic-2 default".into()));
    assert_eq!(chosen("energy", Some("CR")), ("area".into(), "default".into()));
    assert_eq!(chosen("energy", None), ("default".into(), String::new()));
}

#[test]
fn without_a_rule_a_case_waits_for_the_receiver_s_head_or_leader() {
    let mut story = unruled().story();
    story.raise(phone()).settle().stands(Lifecycle::Received);
    for officer in [
        "btg.truc-ban",
        "btg.dau-moi",
        "btg.dau-moi2",
        "btg.van-thu",
        "btg.kiem-tra",
        "snnmt.lanh-dao",
        "snnmt.truong-phong",
        "ubnd.lanh-dao",
    ] {
        story.by(officer).when("route", route("BTG.TT")).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when("route", route("BTG.TT")).refused(Code::NotFound);
    for officer in ["btg.truong-phong", "btg.lanh-dao"] {
        let mut story = unruled().story();
        story.raise(phone()).settle().until("16/05/2026 22:00");
        story.by(officer).when("route", route("BTG.TT")).then(Kind::CaseRouted).stands(Lifecycle::Routed);
        assert_eq!(asked(&story), ["1 BTG BTG.TT.DM leads", "2 UBND UBND.VX.DM"]);
        assert_eq!((&routed(&story).rule, routed(&story).alternatives.len()), (&None, 0));
        assert_eq!(story.due_of(DeadlineKey::Ack, 1).unwrap(), "16/05 22:30");
        story.when("route", route("BTG.TT")).refused(Code::BadState);
    }
}

#[test]
fn a_case_is_routed_to_a_liaison_unit_of_the_receiver() {
    let mut files = unruled();
    files.organisation.push_str("\n[[unit]]\nid = \"BTG.TH\"\nagency = \"BTG\"\nname = \"Phòng Tổng hợp\"\n");
    files
        .organisation
        .push_str("\n[[unit]]\nid = \"BTG.NT\"\nagency = \"BTG\"\nname = \"Nha Trang\"\nliaison = true\n");
    let mut story = files.story();
    story.raise(phone()).settle().by("btg.lanh-dao");
    for unit in ["UBND.VX", "SNNMT.VP", "BTG.TH", "BTG.XX", ""] {
        story.when("route", route(unit)).refused_at(Code::InvalidData, "unit");
    }
    story.when("route", route("BTG.NT")).then(Kind::CaseRouted);
    assert_eq!(asked(&story), ["1 BTG BTG.LD leads", "2 UBND UBND.VX.DM"], "nobody holds an office there");
}

#[test]
fn a_rule_that_does_not_match_routes_nothing() {
    let mut story = unruled().story();
    story.raise(phone()).settle();
    let by_rule = stages::Command::Routing(Command::RouteByRule);
    story.system(&by_rule).refused(Code::BadState);
    let mut story = Story::phoned();
    story.system(&by_rule).refused(Code::BadState);
}
