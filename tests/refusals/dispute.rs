//! A case on which the sides do not agree, up to the standing body and back.

use domain::Code;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    refused::{Refusals, with},
    support::{process::Installation, story::Story},
};

/// What is refused here.
pub const CODES: [Code; 9] = [
    Code::NotFound,
    Code::NotAuthorised,
    Code::BadState,
    Code::InvalidData,
    Code::StateSecretContentRefused,
    Code::DocInvalid,
    Code::NoDisagreementRecorded,
    Code::NoProposal,
    Code::DossierIncomplete,
];

#[tokio::test]
async fn until_a_dossier_has_gone_up_nothing_is_done_out_of_turn() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut rules = Refusals::of(api.clone());
    let mut story = Story::highway();
    story.up_to(&api, "record-position").await;
    the_sides_still_coordinate(&mut rules, &story).await;
    the_standing_body_sees_nothing_yet(&mut rules, &story).await;
    story.up_to(&api, "file-statement").await;
    a_dispute_is_settled_by_two_sides(&mut rules, &story.case).await;
    a_statement_has_four_headings(&mut rules, &story).await;
    for _ in 0..2 {
        // Nobody has filed, and then one side has.
        let cover = story.body("submit-dossier");
        rules.act("btg.lanh-dao", &story.case, "submit-dossier", &cover, Code::DossierIncomplete, "").await;
        story.go_on(&api).await;
    }
    story.up_to(&api, "submit-dossier").await;
    a_dossier_has_its_cover_letter(&mut rules, &story).await;
    story.up_to(&api, "withdraw").await;
    what_has_gone_up_is_out_of_hand(&mut rules, &story).await;
    rules.saw(&CODES);
}

async fn the_sides_still_coordinate(rules: &mut Refusals, story: &Story) {
    let case = &story.case;
    let nothing = &json!({});
    rules.act("sxd.lanh-dao", case, "declare-dispute", nothing, Code::NoDisagreementRecorded, "").await;
    rules.act("sxd.dau-moi", case, "declare-dispute", nothing, Code::NotAuthorised, "").await;
    for (position, at) in [
        (json!("agree"), "/position"),
        (json!({ "abstain": {} }), "/position"),
        (json!({ "agree": {}, "disagree": {} }), "/position"),
        (json!({ "agree": { "reasons": "x" } }), "/position/agree/reasons"),
        (json!({ "disagree": {} }), "/position/disagree/reasons"),
        (json!({ "disagree": { "reasons": " " } }), "/position/disagree/reasons"),
        (json!({ "counter": { "text": 7 } }), "/position/counter/text"),
        (json!(null), "/position"),
    ] {
        let body = json!({ "position": position });
        rules.act("btg.lanh-dao", case, "record-position", &body, Code::InvalidData, at).await;
    }
    for (by, act, body) in [
        ("sxd.lanh-dao", "file-statement", story.body("file-statement")),
        ("btg.lanh-dao", "submit-dossier", story.body("submit-dossier")),
        ("sxd.lanh-dao", "propose-settlement", json!({ "text": "Thông tin chung." })),
        ("sxd.lanh-dao", "confirm-settlement", json!({ "proposal": 1 })),
    ] {
        rules.act(by, case, act, &body, Code::BadState, "").await;
    }
}

async fn the_standing_body_sees_nothing_yet(rules: &mut Refusals, story: &Story) {
    let case = &story.case;
    let directive = &story.body("record-directive");
    for by in ["tu.thu-ky", "tu.thuong-truc"] {
        rules.act(by, case, "acknowledge-dossier", &json!({}), Code::NotFound, "").await;
        rules.act(by, case, "record-directive", directive, Code::NotFound, "").await;
        for path in ["", "/events", "/dossier"] {
            let read = rules.api.request(by, Method::GET, &format!("/api/v1/cases/{case}{path}"));
            rules.by_rule(read, Code::NotFound).await;
        }
    }
    let read = rules.api.request("sxd.dau-moi", Method::GET, &format!("/api/v1/cases/{case}/dossier"));
    rules.by_rule(read, Code::NotFound).await;
    rules.act("btg.lanh-dao", case, "acknowledge-dossier", &json!({}), Code::NotAuthorised, "").await;
    rules.act("sxd.lanh-dao", case, "record-directive", directive, Code::NotAuthorised, "").await;
}

async fn a_dispute_is_settled_by_two_sides(rules: &mut Refusals, case: &str) {
    let (propose, confirm) = ("propose-settlement", "confirm-settlement");
    let (text, first) =
        (&json!({ "text": "Thông tin chung sau khi thống nhất số liệu." }), &json!({ "proposal": 1 }));
    rules.act("sxd.lanh-dao", case, "declare-dispute", &json!({}), Code::BadState, "").await;
    rules.act("btg.lanh-dao", case, confirm, first, Code::NoProposal, "").await;
    rules.act("sxd.dau-moi", case, propose, text, Code::NotAuthorised, "").await;
    rules.act("sxd.lanh-dao", case, propose, &json!({ "text": " " }), Code::InvalidData, "/text").await;
    rules.done("sxd.lanh-dao", case, propose, text).await;
    // The second key is the other side's, so nobody turns both.
    for by in ["sxd.lanh-dao", "ubnd.lanh-dao", "btg.dau-moi"] {
        rules.act(by, case, confirm, first, Code::NotAuthorised, "").await;
    }
    let no_number = json!({ "proposal": "1" });
    rules.act("btg.lanh-dao", case, confirm, &no_number, Code::InvalidData, "/proposal").await;
    rules.act("btg.lanh-dao", case, confirm, &json!({ "proposal": 2 }), Code::NoProposal, "").await;
    rules.done("sxd.lanh-dao", case, propose, text).await;
    rules.act("btg.lanh-dao", case, confirm, first, Code::NoProposal, "").await;
}

async fn a_statement_has_four_headings(rules: &mut Refusals, story: &Story) {
    let (case, act, body) = (&story.case, "file-statement", story.body("file-statement"));
    for heading in ["facts", "position", "legal_basis", "requested_decision"] {
        let at = format!("/statement/{heading}");
        for text in [json!(null), json!(" "), json!(7), json!("x".repeat(4001))] {
            let body = with(body.clone(), &at, text);
            rules.act("sxd.lanh-dao", case, act, &body, Code::InvalidData, &at).await;
        }
    }
    let fifth = with(body.clone(), "/statement/mood", "good");
    rules.act("sxd.lanh-dao", case, act, &fifth, Code::InvalidData, "/statement/mood").await;
    rules.act("sxd.dau-moi", case, act, &body, Code::NotAuthorised, "").await;
    rules.act("tu.thuong-truc", case, act, &body, Code::NotFound, "").await;
    rules.secrets("sxd.lanh-dao", case, act, &body).await;
}

async fn a_dossier_has_its_cover_letter(rules: &mut Refusals, story: &Story) {
    let (case, act, cover) = (&story.case, "submit-dossier", story.body("submit-dossier"));
    for (at, value) in [
        ("/document/issuer", json!("UBND")),
        ("/document/issuer", json!("ABC")),
        ("/document/date", json!("2026-07-30")),
        ("/document/symbol", json!("TTr-BTG")),
        ("/document/number", json!(0)),
    ] {
        let body = with(cover.clone(), at, value);
        rules.act("btg.lanh-dao", case, act, &body, Code::DocInvalid, at).await;
    }
    for (at, value) in [("/document/date", json!("2026-02-30")), ("/document", json!(null))] {
        let body = with(cover.clone(), at, value);
        rules.act("btg.lanh-dao", case, act, &body, Code::InvalidData, at).await;
    }
    // The other superior may only once it is late.
    for by in ["sxd.lanh-dao", "ubnd.lanh-dao", "btg.dau-moi"] {
        rules.act(by, case, act, &cover, Code::NotAuthorised, "").await;
    }
    rules.secrets("btg.lanh-dao", case, act, &cover).await;
}

async fn what_has_gone_up_is_out_of_hand(rules: &mut Refusals, story: &Story) {
    let case = &story.case;
    for (by, act, body) in [
        ("sxd.lanh-dao", "withdraw", story.body("withdraw")),
        ("btg.truong-phong", "propose-cancellation", json!({ "reason": "test" })),
        ("sxd.lanh-dao", "file-statement", story.body("file-statement")),
        ("btg.lanh-dao", "confirm-settlement", json!({ "proposal": 2 })),
        ("btg.lanh-dao", "submit-dossier", with(story.body("submit-dossier"), "/document/number", 299)),
        ("sxd.lanh-dao", "supply-info", story.body("supply-info")),
        ("sxd.lanh-dao", "report-implementation", story.body("report-implementation")),
        ("tu.thu-ky", "accept-implementation", json!({ "item": 1 })),
        ("sxd.dau-moi", "propose-closure", json!({ "outcome": "resolved" })),
    ] {
        rules.act(by, case, act, &body, Code::BadState, "").await;
    }
    rules.secrets("sxd.lanh-dao", case, "withdraw", &story.body("withdraw")).await;
}

/// What is refused once the dossier has gone up.
pub const BY_A_DIRECTIVE: [Code; 6] = [
    Code::NotAuthorised,
    Code::BadState,
    Code::InvalidData,
    Code::StateSecretContentRefused,
    Code::DocInvalid,
    Code::InstructionsOpen,
];

#[tokio::test]
async fn a_directive_binds_once_and_is_carried_out_before_the_case_is_closed() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut rules = Refusals::of(api.clone());
    let mut story = Story::highway();
    story.up_to(&api, "request-more-info").await;
    a_question_has_somebody_who_is_asked(&mut rules, &story).await;
    story.up_to(&api, "supply-info").await;
    an_answer_has_its_question(&mut rules, &story).await;
    story.up_to(&api, "record-directive").await;
    a_directive_says_who_does_what_until_when(&mut rules, &story).await;
    story.up_to(&api, "acknowledge-directive").await;
    it_is_given_once(&mut rules, &story).await;
    story.up_to(&api, "accept-implementation").await;
    a_result_is_judged_by_others(&mut rules, &story).await;
    rules.saw(&BY_A_DIRECTIVE);
}

async fn a_question_has_somebody_who_is_asked(rules: &mut Refusals, story: &Story) {
    let (case, act, question) = (&story.case, "request-more-info", story.body("request-more-info"));
    for (at, value) in [
        ("/agency", json!("TU")),
        ("/agency", json!("ABC")),
        ("/agency", json!(null)),
        ("/question", json!(" ")),
    ] {
        let body = with(question.clone(), at, value);
        rules.act("tu.thu-ky", case, act, &body, Code::InvalidData, at).await;
    }
    rules.act("btg.lanh-dao", case, act, &question, Code::NotAuthorised, "").await;
    rules.act("tu.thu-ky", case, "acknowledge-dossier", &json!({}), Code::BadState, "").await;
    rules.act("tu.thuong-truc", case, "acknowledge-dossier", &json!({}), Code::NotAuthorised, "").await;
}

async fn an_answer_has_its_question(rules: &mut Refusals, story: &Story) {
    let (case, act, answer) = (&story.case, "supply-info", story.body("supply-info"));
    for (at, value) in [("/request", json!(2)), ("/request", json!("1")), ("/answer", json!(" "))] {
        let body = with(answer.clone(), at, value);
        rules.act("sxd.lanh-dao", case, act, &body, Code::InvalidData, at).await;
    }
    for by in ["btg.lanh-dao", "sxd.dau-moi"] {
        rules.act(by, case, act, &answer, Code::NotAuthorised, "").await;
    }
    rules.secrets("sxd.lanh-dao", case, act, &answer).await;
    let another = story.body("request-more-info");
    rules.act("tu.thu-ky", case, "request-more-info", &another, Code::BadState, "").await;
}

async fn a_directive_says_who_does_what_until_when(rules: &mut Refusals, story: &Story) {
    let (case, act, directive) = (&story.case, "record-directive", story.body("record-directive"));
    for (at, value, code) in [
        ("/binding/instructions/0/due", json!("2026-07-17T11:00:00+07:00"), Code::InvalidData),
        ("/binding/instructions/1/due", json!("31/7"), Code::InvalidData),
        ("/binding/instructions/1/agency", json!("TU"), Code::InvalidData),
        ("/binding/instructions/0/agency", json!("ABC"), Code::InvalidData),
        ("/binding/instructions/0/agency", json!(null), Code::InvalidData),
        ("/binding/instructions/1/text", json!(" "), Code::InvalidData),
        ("/binding/instructions/1/mood", json!("good"), Code::InvalidData),
        ("/binding/instructions", json!([]), Code::InvalidData),
        ("/binding/instructions", json!("all"), Code::InvalidData),
        ("/binding/document/issuer", json!("BTG"), Code::DocInvalid),
        ("/binding/document/date", json!("2026-07-30"), Code::DocInvalid),
        ("/binding/document/symbol", json!("TB-TU"), Code::DocInvalid),
        ("/binding/document/signer", json!(null), Code::InvalidData),
    ] {
        let body = with(directive.clone(), at, value);
        rules.act("tu.thu-ky", case, act, &body, code, at).await;
    }
    let wish = json!({ "state_secret": false, "wish": {} });
    rules.act("tu.thu-ky", case, act, &wish, Code::InvalidData, "").await;
    rules.act("btg.lanh-dao", case, act, &directive, Code::NotAuthorised, "").await;
    rules.secrets("tu.thu-ky", case, act, &directive).await;
}

async fn it_is_given_once(rules: &mut Refusals, story: &Story) {
    let case = &story.case;
    let another = with(story.body("record-directive"), "/binding/document/number", 346);
    rules.act("tu.thuong-truc", case, "record-directive", &another, Code::BadState, "").await;
    let (act, report) = ("report-implementation", story.body("report-implementation"));
    for (at, value, code) in [
        ("/item", json!(9), Code::InvalidData),
        ("/document/issuer", json!("UBND"), Code::DocInvalid),
        ("/document/date", json!("2026-12-30"), Code::DocInvalid),
        ("/document", json!(null), Code::InvalidData),
    ] {
        let today = with(report.clone(), "/document/date", "2026-07-17");
        rules.act("sxd.lanh-dao", case, act, &with(today, at, value), code, at).await;
    }
    // Each item is its own agency's.
    rules.act("btg.lanh-dao", case, act, &report, Code::NotAuthorised, "").await;
    rules.secrets("sxd.lanh-dao", case, act, &report).await;
    let item = &json!({ "item": 1 });
    rules.act("tu.thu-ky", case, "accept-implementation", item, Code::BadState, "").await;
    let unknown = &json!({ "item": 9 });
    rules.act("tu.thu-ky", case, "accept-implementation", unknown, Code::InvalidData, "/item").await;
    instructions_are_open(rules, case).await;
}

async fn a_result_is_judged_by_others(rules: &mut Refusals, story: &Story) {
    let (case, item) = (&story.case, &json!({ "item": 1 }));
    for by in ["sxd.lanh-dao", "btg.lanh-dao", "tu.thuong-truc"] {
        rules.act(by, case, "accept-implementation", item, Code::NotAuthorised, "").await;
    }
    let sent_back =
        json!({ "item": 1, "reason": "Chưa rõ mốc bàn giao.", "due": "2026-08-07T17:00:00+07:00" });
    for (at, value) in
        [("/due", json!("2026-07-30T10:00:00+07:00")), ("/reason", json!(" ")), ("/reason", json!(null))]
    {
        let body = with(sent_back.clone(), at, value);
        rules.act("tu.thu-ky", case, "reject-implementation", &body, Code::InvalidData, at).await;
    }
    let again = with(story.body("report-implementation"), "/document/number", 1399);
    rules.act("sxd.lanh-dao", case, "report-implementation", &again, Code::BadState, "").await;
    instructions_are_open(rules, case).await;
}

async fn instructions_are_open(rules: &mut Refusals, case: &str) {
    let outcome: Value = json!({ "outcome": "resolved-by-directive" });
    rules.act("sxd.dau-moi", case, "propose-closure", &outcome, Code::InstructionsOpen, "").await;
}
