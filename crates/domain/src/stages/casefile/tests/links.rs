//! Links (command 42), and the case that waits for another.

use events::{Kind, Lifecycle, casefile::LinkKind};
use serde_json::json;

use crate::{
    Code,
    story::{Story, closing, confirming, document, linking, once_more, phone, with, withdrawing, written},
};

/// A case that can be closed (1), and another of XBM (2).
fn beside() -> Story {
    let mut story = Story::settled();
    story.aside().by("btg.truc-ban").raise(with(phone(), "/raiser", "XBM")).settle();
    story
}

#[test]
fn a_case_waits_for_one_that_blocks_it() {
    let mut story = beside();
    let other = story.case().id;
    story.turn_to(1).by("btg.dau-moi").when("link", linking("blocked-by", other)).then(Kind::CaseLinked);
    story.when("propose-closure", closing()).refused(Code::BlockedByLink);
    let letter = with(with(withdrawing(), "/document/issuer", "XBM"), "/document/symbol", "BC-XBM");
    let letter = with(letter, "/document/date", "2026-05-17");
    story.turn_to(2).by("xbm.lanh-dao").when("withdraw", letter).stands(Lifecycle::Withdrawn);
    story.turn_to(1).by("btg.dau-moi").when("propose-closure", closing()).then(Kind::ClosureProposed);
    story.by("snnmt.lanh-dao").when("confirm-closure", confirming(1)).stands(Lifecycle::Closed);
}

#[test]
fn the_guard_is_asked_again_with_the_second_key() {
    let mut story = beside();
    let other = story.case().id;
    story.turn_to(1).by("btg.dau-moi").when("propose-closure", closing());
    story.when("link", linking("blocked-by", other));
    story.by("snnmt.lanh-dao").when("confirm-closure", confirming(1)).refused(Code::BlockedByLink);
    story.by("btg.truong-phong").when("unlink", json!({ "link": 1, "reason": "Không còn phụ thuộc." }));
    story.then(Kind::CaseUnlinked);
    story.by("snnmt.lanh-dao").when("confirm-closure", confirming(1)).stands(Lifecycle::Closed);
}

#[test]
fn an_exercise_and_a_real_case_never_wait_for_each_other() {
    let mut story = Story::new();
    story.by("btg.truc-ban").raise(with(phone(), "/exercise", true)).settle();
    let exercise = story.case().id;
    let report = with(with(written(), "/raiser", "SXD"), "/document/issuer", "SXD");
    let report = with(report, "/document/symbol", "BC-SXD");
    story.aside().by("sxd.dau-moi").raise(report.clone()).settle();
    let real = story.case().id;
    story.by("btg.dau-moi").when("link", linking("blocked-by", exercise));
    story.refused_at(Code::InvalidData, "other");
    story.when("link", linking("related", exercise)).then(Kind::CaseLinked);
    story.turn_to(1).when("link", linking("blocked-by", real)).refused_at(Code::InvalidData, "other");
    // Nor is a case raised so.
    let next = with(report, "/document/number", 900);
    let waits = with(with(next, "/exercise", true), "/link", linking("blocked-by", real));
    story.aside().by("sxd.dau-moi").raise(waits).refused_at(Code::InvalidData, "link.other");
}

#[test]
fn other_links_hinder_nothing() {
    let mut story = beside();
    let other = story.case().id;
    story.turn_to(1).by("btg.dau-moi");
    for kind in ["related", "follows", "arises-from"] {
        story.when("link", linking(kind, other));
    }
    story.when("propose-closure", closing()).then(Kind::ClosureProposed);
    let kinds: Vec<_> = story.case().casefile.links.iter().map(|link| (link.number, link.kind)).collect();
    assert_eq!(kinds, [(1, LinkKind::Related), (2, LinkKind::Follows), (3, LinkKind::ArisesFrom)]);
}

#[test]
fn who_links_sees_both_cases() {
    let mut story = beside();
    let other = story.case().id;
    story.turn_to(1).by("snnmt.dau-moi").when("link", linking("related", other));
    story.refused_at(Code::InvalidData, "other");
    story.by("btg.truc-ban").when("link", linking("related", other)).refused(Code::NotAuthorised);
    story.by("btg.dau-moi").when("link", linking("related", events::CaseId(uuid::Uuid::nil())));
    story.refused_at(Code::InvalidData, "other");
    let own = story.case().id;
    story.when("link", linking("related", own)).refused_at(Code::InvalidData, "other");
    story.when("link", linking("related", other));
    story.when("link", linking("related", other)).refused_at(Code::InvalidData, "other");
}

#[test]
fn a_link_is_taken_away_with_a_reason_by_who_heads_a_unit() {
    let mut story = beside();
    let other = story.case().id;
    story.turn_to(1).by("btg.dau-moi").when("link", linking("related", other));
    story.when("unlink", json!({ "link": 1, "reason": "x" })).refused(Code::NotAuthorised);
    story.by("btg.truong-phong").when("unlink", json!({ "link": 2, "reason": "x" }));
    story.refused_at(Code::InvalidData, "link");
    story.when("unlink", json!({ "link": 1, "reason": "" })).refused_at(Code::InvalidData, "reason");
    story.when("unlink", json!({ "link": 1, "reason": "Ghi nhầm." }));
    story.when("unlink", json!({ "link": 1, "reason": "Ghi nhầm." })).refused_at(Code::InvalidData, "link");
    story.by("btg.dau-moi").when("link", linking("related", other)).then(Kind::CaseLinked);
    story.turn_to(1);
    let stands: Vec<_> = story.case().casefile.links.iter().map(|link| link.stands).collect();
    assert_eq!(stands, [false, true]);
}

#[test]
fn a_new_case_follows_one_that_can_be_opened_no_more() {
    let mut story = Story::closed();
    let old = story.case().id;
    story.at("01/09/2026 08:00").by("snnmt.lanh-dao").when("reopen", once_more("x"));
    story.refused(Code::ReopenWindowElapsed).aside();
    let letter = with(with(document(), "/number", 230), "/date", "2026-09-01");
    let report = with(with(written(), "/document", letter), "/link", linking("follows", old));
    story.by("snnmt.dau-moi").raise(report.clone()).then(Kind::RaisedInWriting).settle();
    let link = &story.case().casefile.links[0];
    assert_eq!((link.number, link.kind, link.other), (1, LinkKind::Follows, old));
    story.aside().by("sxd.dau-moi");
    let foreign = with(with(report, "/raiser", "SXD"), "/document/issuer", "SXD");
    story.raise(with(foreign, "/document/symbol", "BC-SXD")).refused_at(Code::InvalidData, "link.other");
}
