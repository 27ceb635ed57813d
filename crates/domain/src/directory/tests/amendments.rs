//! Changes of the policy by two keys.

use chrono::TimeDelta;
use events::{Body, DeadlineKey, Kind, directory::PolicyPublished};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{amending, both, moves, of_both, shortened, signed};
use crate::{
    Code,
    directory::{AgreementState, AmendmentState},
    story::{Files, Story, clock, phone, with, without},
};

fn agree(number: u32) -> Value {
    json!({ "amendment": number })
}

fn state(story: &Story, number: usize) -> AmendmentState {
    let known = story.directory();
    known.amendment_state(&known.amendments[number - 1], story.now)
}

fn published(story: &Story) -> Vec<String> {
    let words = |policy: &PolicyPublished| format!("{} {}", policy.version, clock(policy.in_force));
    story.directory().policies.iter().map(words).collect()
}

/// How long an express case that is raised now may wait to be acknowledged, in minutes.
fn minutes_to_acknowledge(story: &mut Story) -> i64 {
    let ago = |story: &Story, minutes| (story.now - TimeDelta::minutes(minutes)).to_rfc3339();
    let call = with(phone(), "/call/started_at", ago(story, 12));
    let call = with(call, "/call/ended_at", ago(story, 4));
    story.aside().by("btg.truc-ban").raise(call).settle();
    let armed = crate::deadlines::find(story.case(), DeadlineKey::Ack, 1).expect("an acknowledgement");
    (armed.deadline.due - armed.deadline.start).num_minutes()
}

#[test]
fn one_signature_changes_nothing_and_two_change_a_deadline_from_its_day_on() {
    let mut story = signed();
    story.by("ubnd.lanh-dao").tells("propose-amendment", amending());
    assert_eq!(state(&story, 1), AmendmentState::Waiting);
    story.tells("agree-amendment", agree(1)).until("16/05/2026 23:00");
    assert_eq!(published(&story), ["2026.1 16/05 21:52"]);
    assert_eq!(story.directory().awaited_keys(story.now, &story.policy)[0].agency, "BTG".into());
    story.by("btg.lanh-dao").tells("agree-amendment", agree(1)).settle();
    assert_eq!(published(&story), ["2026.1 16/05 21:52", "2026.2 01/06 00:00"]);
    let last = story.of_directory().last().expect("a fact");
    assert_eq!(crate::story::line(last), "16/05 23:00 directory.policy-published");
    assert_eq!(state(&story, 1), AmendmentState::Agreed);
    story.until("31/05/2026 23:59");
    assert_eq!(minutes_to_acknowledge(&mut story), 30);
    story.until("01/06/2026 00:00");
    assert_eq!(minutes_to_acknowledge(&mut story), 10);
    assert_eq!((state(&story, 1), story.policy.version.as_str()), (AmendmentState::InForce, "2026.2"));
    let known = story.directory();
    assert_eq!(known.agreement_state(&known.agreements[0], story.now), AgreementState::Amended);
    assert_eq!((known.amendment_of("2026.2"), known.amendment_of("2026.1")), (Some(1), None));
}

#[test]
fn what_does_not_change_stays_as_it_is_to_the_letter() {
    let mut story = signed();
    both(&mut story, amending());
    let old = &story.directory().policies[0].files;
    let new = &story.directory().policies[1].files;
    for (old, new) in old.iter().zip(new) {
        match old.name.as_str() {
            "policy.toml" => assert_eq!(old.text.replace("\"2026.1\"", "\"2026.2\""), new.text),
            "deadlines.toml" => assert_ne!(old.text, new.text),
            _ => assert_eq!(old, new),
        }
    }
    assert_eq!(old.len(), new.len());
}

#[test]
fn an_administrator_prepares_and_turns_no_key() {
    let mut story = signed();
    story.by("ubnd.quan-tri").tells("propose-amendment", amending());
    story.tells("agree-amendment", agree(1)).refused(Code::NotAuthorised);
    of_both(&mut story, "agree-amendment", &agree(1));
    story.settle();
    assert_eq!(published(&story).len(), 2);
}

#[test]
fn neither_twice_nor_for_both_sides_nor_from_outside() {
    let mut story = signed();
    story.by("btg.lanh-dao").tells("propose-amendment", amending()).tells("agree-amendment", agree(1));
    story.tells("agree-amendment", agree(1)).refused(Code::BadState);
    story.by("sxd.lanh-dao").tells("agree-amendment", agree(1)).refused(Code::NotAuthorised);
    story.by("tu.thuong-truc").tells("agree-amendment", agree(1)).refused(Code::NotAuthorised);
    story.by("ubnd.truong-phong").tells("agree-amendment", agree(1)).refused(Code::NotAuthorised);
    moves(&mut story, "btg.lanh-dao", "BTG.LD", "UBND.LD");
    story.by("btg.lanh-dao").tells("agree-amendment", agree(1)).refused(Code::SeparationOfDuties);
    story.by("ubnd.lanh-dao").tells("agree-amendment", agree(7)).refused(Code::NoProposal);
    story.tells("agree-amendment", agree(0)).refused(Code::NoProposal);
    assert_eq!(published(&story).len(), 1);
}

#[test]
fn a_newer_proposal_replaces_the_one_that_waits() {
    let mut story = signed();
    story.by("btg.lanh-dao").tells("propose-amendment", amending()).tells("agree-amendment", agree(1));
    story.by("ubnd.lanh-dao").tells("propose-amendment", with(amending(), "/version", "2026.3"));
    story.tells("agree-amendment", agree(1)).refused(Code::NoProposal);
    story.tells("agree-amendment", agree(2));
    assert_eq!((state(&story, 1), state(&story, 2)), (AmendmentState::Replaced, AmendmentState::Waiting));
    story.by("btg.lanh-dao").tells("agree-amendment", agree(2)).settle();
    assert_eq!(published(&story)[1], "2026.3 01/06 00:00");
}

#[test]
fn it_is_taken_back_by_who_proposed_it_and_refused_by_either_side() {
    let mut story = signed();
    let back = || json!({ "amendment": 1, "reason": "Bàn lại." });
    story.by("ubnd.quan-tri").tells("propose-amendment", amending());
    story.by("sxd.lanh-dao").tells("withdraw-amendment", back()).refused(Code::NotAuthorised);
    story
        .by("btg.lanh-dao")
        .tells("withdraw-amendment", with(back(), "/reason", ""))
        .refused_at(Code::InvalidData, "reason");
    story.tells("withdraw-amendment", back()).tells("withdraw-amendment", back()).refused(Code::NoProposal);
    story.tells("agree-amendment", agree(1)).refused(Code::NoProposal);
    assert_eq!(state(&story, 1), AmendmentState::Withdrawn);
    // A leader's proposal is not the administrator's to take back.
    story.tells("propose-amendment", amending());
    let second = with(back(), "/amendment", 2);
    story.by("ubnd.quan-tri").tells("withdraw-amendment", second.clone()).refused(Code::NotAuthorised);
    of_both(&mut story, "agree-amendment", &agree(2));
    story.by("btg.lanh-dao").tells("withdraw-amendment", second).refused(Code::NoProposal);
}

#[test]
fn what_is_wrong_in_an_amendment_is_said_at_its_field() {
    let file = |name: &str, text: &str| json!([{ "name": name, "text": text }]);
    let unchanged = &Files::default().policy().texts[4];
    let twice = json!([amending()["files"][0], amending()["files"][0]]);
    let head = shortened("2026.7").policy.replace("max-rounds = 3", "max-rounds = 4");
    for (body, field) in [
        (with(amending(), "/files", json!([])), "files"),
        (with(amending(), "/files", file("rules.toml", "")), "files[0].name"),
        (with(amending(), "/files", twice), "files[1].name"),
        (with(amending(), "/files", json!([unchanged])), "files[0].text"),
        (with(amending(), "/files", file("deadlines.toml", "[ack]\nhoa-toc = \"10 Min\"\n")), "files"),
        (with(amending(), "/files", file("deadlines.toml", &"#".repeat(300_000))), "files"),
        (with(amending(), "/files", file("policy.toml", &head)), "version"),
        (with(amending(), "/version", "2026.1"), "version"),
        (with(amending(), "/version", "2\"\n"), "version"),
        (with(amending(), "/version", ""), "version"),
        (with(amending(), "/effective_from", "2026-05-16T21:51:59+07:00"), "effective_from"),
        (with(amending(), "/effective_from", "2027-01-01T00:00:00+07:00"), "effective_from"),
        (with(amending(), "/reason", " "), "reason"),
        (with(amending(), "/basis/symbol", "số 3"), "basis.symbol"),
        (without(amending(), "/basis"), "basis"),
    ] {
        let mut story = signed();
        story.by("ubnd.quan-tri").tells("propose-amendment", body).refused_at(Code::InvalidData, field);
        assert_eq!(story.directory().amendments.len(), 0);
    }
}

#[test]
fn all_that_is_wrong_in_its_files_is_told() {
    let mut story = signed();
    let text = "[ack]\nhoa-toc = \"10 min\"\nthuong-khan = \"1 h\"\nkhan = \"1 h\"\n";
    let files = json!([{ "name": "deadlines.toml", "text": text }]);
    story.by("btg.lanh-dao").tells("propose-amendment", with(amending(), "/files", files));
    let refusal = story.why();
    for missing in ["[callback]", "[written]", "[directive]"] {
        assert!(refusal.en.contains(missing) && refusal.vi.contains(missing), "{refusal}");
    }
}

#[test]
fn without_an_agreement_there_is_nothing_to_amend() {
    let mut story = Story::new();
    story.by("btg.lanh-dao").tells("propose-amendment", amending()).refused(Code::BadState);
    let mut story = signed();
    story.until("01/01/2027 00:00").by("btg.lanh-dao");
    story.tells("propose-amendment", with(amending(), "/effective_from", "2027-02-01T00:00:00+07:00"));
    story.refused(Code::BadState);
}

#[test]
fn what_nobody_agreed_to_in_time_lapses() {
    let mut story = signed();
    story.by("btg.lanh-dao").tells("propose-amendment", amending()).tells("agree-amendment", agree(1));
    story.until("01/06/2026 00:00").by("ubnd.lanh-dao");
    assert_eq!(state(&story, 1), AmendmentState::Waiting, "at the very instant it is in time");
    story.until("01/06/2026 00:01").tells("agree-amendment", agree(1)).refused(Code::BadState);
    assert_eq!(state(&story, 1), AmendmentState::Lapsed);
    assert_eq!(story.directory().awaited_keys(story.now, &story.policy), []);
}

#[test]
fn a_second_change_is_laid_over_the_first() {
    let mut story = signed();
    both(&mut story, amending());
    let rounds = |version: &str| {
        let head =
            Files::default().policy.replace("2026.1", version).replace("max-rounds = 3", "max-rounds = 4");
        let body = with(amending(), "/version", version);
        with(body, "/files", json!([{ "name": "policy.toml", "text": head }]))
    };
    let early = with(rounds("2026.3"), "/effective_from", "2026-05-31T00:00:00+07:00");
    story
        .by("btg.lanh-dao")
        .tells("propose-amendment", early)
        .refused_at(Code::InvalidData, "effective_from");
    both(&mut story, with(rounds("2026.3"), "/effective_from", "2026-06-15T00:00:00+07:00"));
    story.until("15/06/2026 00:00");
    assert_eq!((story.policy.version.as_str(), story.policy.max_rounds), ("2026.3", 4));
    assert_eq!(minutes_to_acknowledge(&mut story), 10, "the first change still holds");
}

#[test]
fn a_policy_by_one_key_is_not_folded() {
    let mut story = signed();
    both(&mut story, amending());
    let facts = story.of_directory();
    let (last, before) = facts.split_last().expect("facts");
    let known = before.iter().try_fold(None, |known, fact| crate::directory::evolve(known, fact).map(Some));
    let known = known.unwrap();
    assert!(crate::directory::evolve(known.clone(), last).is_ok());
    let changed = |change: &dyn Fn(&mut PolicyPublished)| {
        let mut fact = last.clone();
        let Body::PolicyPublished(said) = &mut fact.draft.body else { panic!("a policy") };
        change(said);
        crate::directory::evolve(known.clone(), &fact).unwrap_err().to_string()
    };
    let ways: [&dyn Fn(&mut PolicyPublished); 3] =
        [&|said| said.version.push('x'), &|said| said.in_force += TimeDelta::days(1), &|said| {
            said.files[3].text.push('\n');
        }];
    for way in ways {
        assert!(changed(way).contains("not both sides have agreed"), "{}", changed(way));
    }
}

/// Who has to do with one side alone, and the administrator, who is of it.
const OF_A_SIDE: [&[&str]; 2] = [
    &["btg.lanh-dao", "btg.lanh-dao", "btg.truong-phong", "ubnd.quan-tri"],
    &["ubnd.lanh-dao", "ubnd.lanh-dao", "sxd.lanh-dao", "ubnd.quan-tri"],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever one side does, with the help of the administrator, in whatever order and at whatever time: the policy in
    /// force stays.
    #[test]
    fn no_single_side_s_acts_ever_change_the_policy_in_force(
        side in 0..2_usize,
        acts in proptest::collection::vec((0..4_usize, 0..8_usize, 1..30_i64, 0..2_000_i64), 1..24),
    ) {
        let mut story = signed();
        for (turn, (who, act, days, minutes)) in acts.into_iter().enumerate() {
            story.until_instant(story.now + TimeDelta::minutes(minutes));
            let later = (story.now + TimeDelta::days(days)).to_rfc3339();
            let version = format!("2026.{}", turn + 2);
            let files = shortened(&version).policy().texts;
            let newest = u32::try_from(story.directory().amendments.len()).unwrap();
            let (act, body) = match act {
                0 | 1 => ("propose-amendment", with(with(amending(), "/version", version), "/effective_from", later)),
                2..=4 => ("agree-amendment", agree(newest)),
                5 => ("withdraw-amendment", json!({ "amendment": newest, "reason": "Thôi." })),
                6 => ("publish-policy", json!({ "files": files, "in_force": later })),
                _ => ("publish-policy", json!({ "files": files })),
            };
            story.by(OF_A_SIDE[side][who]).tells(act, body).done();
        }
        story.until("31/12/2026 23:59");
        prop_assert_eq!(published(&story), ["2026.1 16/05 21:52"]);
        prop_assert_eq!(story.policy.version.as_str(), "2026.1");
        let told = story.of_directory().iter().filter(|fact| fact.body().kind() == Kind::PolicyPublished);
        prop_assert_eq!(told.count(), 1);
    }
}
