//! Every scenario, through the real binary, a real nats-server and a real mail server: what the log says afterwards,
//! and what left by mail.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{collections::BTreeSet, fs};

use domain::{
    duties,
    scenario::{Scenario, Step},
};
use events::{Kind, Stage};
use reqwest::{Method, header::ACCEPT};
use serde_json::Value;
use support::{
    concord, discretion, finish, golden,
    mails::{self, Mail},
    process::{Installation, Up},
    story::{AT_NIGHT, CASE, HIGHWAY, Story, file, folder},
    top,
};
use testkit::smtp::AioSmtpd;

/// Declares the scenarios: what each tells, its files, and what else is to be seen of it.
macro_rules! scenarios {
    ($($says:ident = $name:expr $(, and $then:ident)?;)+) => {
        /// Every scenario that is told here.
        const TOLD: &[&str] = &[$($name),+];

        $(#[tokio::test]
        async fn $says() {
            let told = told($name).await;
            $($then(&told).await;)?
            assert!(told.up.term().await.success());
        })+
    };
}

scenarios! {
    two_rounds_and_a_task_force_end_in_agreement = "s1-land-clearance";
    a_call_at_night_ends_in_one_log_and_in_mails_without_content = AT_NIGHT, and shows_any_moment;
    a_disagreement_goes_up_and_comes_back_as_duties = HIGHWAY;
    a_false_call_is_cancelled_by_two_keys = "s5a-false-call";
    a_case_is_withdrawn_by_document = "s5d-withdrawn-by-document";
    a_task_force_is_refused_and_formed_at_the_second_try = "task-force-at-the-second-try";
    a_task_force_is_established_by_directive = "task-force-by-directive";
    the_silence_of_one_side_stops_nothing = "silence-of-one-side", and the_dossier_says_who_is_silent;
    a_document_that_differs_is_explained_and_reconciled = "call-and-document-differ";
    a_corrected_document_is_late_again_and_matches = "corrected-document-late-again";
    an_assignment_is_declined_and_a_dispute_declared = "declined-and-no-common-position";
    a_dispute_is_settled_between_the_sides = "settled-between-the-sides";
    three_rounds_and_a_split_side_come_to_an_agreement = "three-rounds-and-a-split-side";
    both_sides_prepare_a_project_and_advise_together = "s4-planned-power-line";
    reports_are_owed_over_tet_and_the_cadence_changes_by_two_keys = "s6-report-over-tet";
    briefings_are_called_held_and_followed_to_their_end = "monthly-and-ad-hoc-briefing";
    projects_rest_go_on_and_are_given_up = "projects-rest-and-end";
    a_reorganisation_in_full_flow_passes_everything_on = "reorganisation-in-full-flow";
    what_may_not_come_in_is_refused_at_the_door = "s5bc-refused-at-the-door";
    joint_advice_is_noted_and_the_sides_go_on = "joint-advice-noted";
    a_dossier_comes_back_and_the_sides_agree = "dossier-returned";
    a_dossier_is_taken_back_by_three_keys = "dossier-taken-back";
    a_closed_case_is_opened_again_in_time_and_not_later = "reopened-after-closing";
    two_departments_merge_in_full_flow = "two-departments-merge";
    a_position_is_given_by_delegation_until_it_is_taken_back = "by-delegation";
    a_focal_unit_loses_its_delegation_and_the_head_is_asked = "delegation-expires";
    who_is_away_over_the_new_year_is_passed_over = "away-over-tet";
    officers_change_offices_and_act_by_the_right_of_the_day = "officers-change-offices";
    two_reports_of_one_flood_become_one_case = "two-reports-of-one-flood";
    a_case_waits_for_another = "blocked-by-another-case";
    urgency_goes_up_and_down = "urgency-raised-and-lowered";
    more_time_is_given_twice = "more-time-twice";
    coordination_begins_again = "coordination-reopened";
    papers_and_notes_are_kept = "papers-and-notes";
    texts_are_corrected_and_covered = "corrected-and-covered";
    an_express_case_has_its_hour = "express-by-a-given-time";
    deadlines_pass_over_tet = "over-tet";
    a_saturday_is_worked = "swapped-saturday";
    silence_goes_through_three_levels = "three-levels-of-silence";
    one_letter_confirms_two_calls = "one-letter-two-calls";
    a_false_call_is_cancelled_from_coordination = "false-call-after-coordination";
    results_come_back_until_they_are_accepted = "returned-results";
    nobody_acknowledges_up_to_the_chief = "ladder-to-the-chief";
    a_task_force_is_taken_back_twice = "task-force-not-needed";
    the_superior_answers_for_its_agency = "information-from-the-superior";
    two_keys_change_the_routing_and_one_changes_nothing = "two-keys-change-the-routing";
}

/// A scenario that has been told to its end.
struct Told {
    place: Installation,
    up: Up,
    whole: String,
}

/// Tells a scenario, and holds what comes of it against its goldens.
async fn told(name: &str) -> Told {
    let scenario = Story::of(name).scenario;
    let relay = AioSmtpd::start().await;
    let place = Installation::starting(scenario.start.to_rfc3339());
    place.mail_to(relay.address());
    if !scenario.duties {
        place.without_duties();
    }
    let up = place.up().await;
    let mut play = concord();
    play.arg("play").arg(file(name, "txt")).arg("--data").arg(place.data());
    let played = finish(&mut play).await.succeeded();
    assert!(played.contains("expectations came true"), "{played}");

    let whole = whole(&place, &up, &scenario).await;
    golden::check(&file(name, "out"), &whole);
    facts_are_as_the_schemas_say(&place, &whole).await;
    cases_are_read_as_documented(&up).await;
    mails_are_fit_to_be_sent(name, &scenario, &relay);
    Told { place, up, whole }
}

/// The facts of every case of a scenario, one case after the other, as a replay tells them; then those of the briefings and
/// projects, and of the reports that it speaks of.
async fn whole(place: &Installation, up: &Up, scenario: &Scenario) -> String {
    let raised = |step: &&Step| {
        step.act.as_ref().is_some_and(|deed| deed.act == "raise") && support::story::refusal(step).is_none()
    };
    let mut whole = Vec::new();
    for number in 1..=scenario.steps.iter().filter(raised).count() {
        let case = format!("VV-{}-{number:05}", scenario.start.format("%Y"));
        whole.push(in_order(&place.replay(&["--case", &case]).await.succeeded()));
    }
    for duty in duties_of(up, scenario).await {
        whole.push(in_order(&place.replay(&["--duty", &duty]).await.succeeded()));
    }
    whole.join("\n")
}

/// The duties that a scenario is about, by their ids.
async fn duties_of(up: &Up, scenario: &Scenario) -> Vec<String> {
    let spoken_of = scenario
        .steps
        .iter()
        .flat_map(|step| step.about.iter().chain(step.act.iter().filter_map(|deed| deed.case.as_ref())));
    let named: BTreeSet<_> =
        spoken_of.filter_map(|name| duties::called(name)).map(|id| id.to_string()).collect();
    let mut found = BTreeSet::new();
    for root in ["reports", "briefings", "projects"] {
        let listed = up.api().get("btg.kiem-tra", &format!("/api/v1/{root}")).await.expect("an answer");
        for duty in listed.body["duties"].as_array().expect("a list") {
            let word = |field: &str| duty[field].as_str().expect("a word").to_owned();
            if root != "reports" || named.contains(&word("id")) {
                found.insert((word("code"), word("agency"), word("id")));
            }
        }
    }
    found.into_iter().map(|(.., id)| id).collect()
}

/// What timers of different stages record at one instant has no order of its own (PROCESS §4 rule 3): here it is that
/// of the names.
fn in_order(replay: &str) -> String {
    let timed = |line: &&str| {
        let kind = line.split_whitespace().nth(4).unwrap_or_default();
        [".overdue", ".reminded", ".fallback-assigned"].iter().any(|end| kind.ends_with(end))
    };
    let same = |one: &&str, other: &&str| timed(one) && timed(other) && one.get(..19) == other.get(..19);
    let lines: Vec<_> = replay.split('\n').collect();
    let mut ordered = Vec::new();
    for group in lines.chunk_by(same) {
        // The place of its version stays where it is; what is said there changes places.
        let (places, mut said): (Vec<_>, Vec<_>) = group.iter().map(|line| halves(line)).unzip();
        said.sort_unstable();
        ordered.extend(places.into_iter().zip(said).map(|(place, said)| format!("{place}{said}")));
    }
    ordered.join("\n")
}

/// A line up to the type of its fact, and from there on.
fn halves(line: &str) -> (&str, &str) {
    let kind = line.split_whitespace().nth(4).filter(|_| line.get(2..3) == Some("/"));
    line.split_at(kind.and_then(|kind| line.find(kind)).unwrap_or(0))
}

/// A scenario that nobody tells is no scenario, and a golden without one is left over.
#[test]
fn every_scenario_is_told() {
    let told: BTreeSet<_> = TOLD.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(told.len(), TOLD.len(), "a scenario is told twice");
    for extension in ["txt", "out", "mails"] {
        let files = fs::read_dir(folder()).expect("the scenarios").filter_map(Result::ok);
        let files =
            files.map(|entry| entry.path()).filter(|path| path.extension() == Some(extension.as_ref()));
        let names: BTreeSet<_> =
            files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
        assert_eq!(names, told, "{extension}");
    }
}

/// A replay as of a moment shows what had been recorded by then, and where the case stood.
async fn shows_any_moment(told: &Told) {
    let at = told.place.replay(&["--case", CASE, "--at", "2026-05-16T22:30:00+07:00"]).await.succeeded();
    assert_eq!(facts(&at), facts(&told.whole)[..6], "the facts up to the fallback");
    let stood = &at[at.find("\n\n").expect("the case after its facts")..];
    let wanted = "

VV-2026-00001  Routed
  written confirmation Pending, caller Verified
  running: written 1, due 17/05/2026 05:48:00
  running: ack 3, due 16/05/2026 22:52:00

6 facts, 1 case as recorded by 16/05/2026 22:30:00: the chain is unbroken, no version is missing
";
    assert_eq!(stood, wanted);
    let before = told.place.replay(&["--case", CASE, "--at", "2026-05-16T21:00:00+07:00"]).await.succeeded();
    assert!(before.contains("0 facts, 0 cases as recorded by 16/05/2026 21:00:00"), "{before}");
}

/// Who reads the dossier reads that a side has said nothing, and what the other side has said.
async fn the_dossier_says_who_is_silent(told: &Told) {
    let api = told.up.api();
    let cases = api.get("tu.thu-ky", "/api/v1/cases").await.expect("an answer");
    let id = cases.body["cases"][0]["id"].as_str().expect("the case").to_owned();
    let asked = api.request("tu.thu-ky", Method::GET, &format!("/api/v1/cases/{id}/dossier"));
    let answer = support::api::send(asked.header(ACCEPT, "text/plain")).await.expect("an answer");
    assert_eq!(answer.text.matches("chưa gửi ý kiến").count(), 1, "{}", answer.text);
    assert!(answer.text.contains("đã có vị trí mới"), "{}", answer.text);
    assert!(!answer.text.contains("Lộ trình chưa rõ kinh phí"), "{}", answer.text);
}

/// The facts of a replay, one line each.
fn facts(replay: &str) -> Vec<&str> {
    replay.lines().take_while(|line| !line.is_empty()).collect()
}

/// Every fact of the log, those of documents and of the directory too, is what its published schema promises.
async fn facts_are_as_the_schemas_say(place: &Installation, whole: &str) {
    let lines = place.replay(&["--json"]).await.succeeded();
    let mut of_the_case = 0;
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).expect("a line in JSON");
        let fact = &line["fact"];
        let kind = Kind::of_ce_type(fact["type"].as_str().expect("a type")).expect("a type that we know");
        let schema = top().join("schemas/events").join(kind.schema_path());
        let schema = fs::read(schema).expect("a published schema");
        let schema = serde_json::from_slice(&schema).expect("a schema in JSON");
        if let Err(error) = jsonschema::validate(&schema, fact) {
            panic!("{kind} is not as its schema says: {error}");
        }
        let of_a_case = Stage::ALL.contains(&kind.stage());
        let has_a_state = of_a_case || Stage::DUTIES.contains(&kind.stage());
        assert_eq!(line["state"].is_null(), !has_a_state, "{kind}");
        of_the_case += usize::from(of_a_case);
    }
    // A line of a fact begins with its date, and names its type.
    let of_a_case = |line: &&str| {
        let kind = line.split_whitespace().nth(4).and_then(|kind| kind.split_once('.'));
        kind.and_then(|(stage, _)| Stage::named(stage)).is_some_and(|stage| Stage::ALL.contains(&stage))
    };
    let told = whole.lines().filter(|line| line.get(2..3) == Some("/")).filter(of_a_case).count();
    assert_eq!(of_the_case, told, "the facts of the cases");
}

/// Whatever is read of the cases is as the OpenAPI document says: `support::api::send` looks.
async fn cases_are_read_as_documented(up: &Up) {
    let api = up.api();
    let cases = api.get("btg.kiem-tra", "/api/v1/cases").await.expect("an answer");
    let list = cases.body["cases"].as_array().expect("a list");
    for id in list.iter().filter_map(|case| case["id"].as_str()) {
        for what in ["", "/events", "/dossier"] {
            api.get("btg.kiem-tra", &format!("/api/v1/cases/{id}{what}")).await.expect("an answer");
        }
    }
    for root in ["reports", "briefings", "projects"] {
        let duties = api.get("btg.kiem-tra", &format!("/api/v1/{root}")).await.expect("an answer");
        let list = duties.body["duties"].as_array().expect("a list");
        for id in list.iter().filter_map(|duty| duty["id"].as_str()) {
            for what in ["", "/events"] {
                api.get("btg.kiem-tra", &format!("/api/v1/{root}/{id}{what}")).await.expect("an answer");
            }
        }
    }
    for what in ["", "/events", "/delegations", "/policy"] {
        api.get("btg.kiem-tra", &format!("/api/v1/directory{what}")).await.expect("an answer");
    }
}

/// Each mail came once, to whom its envelope says, and says nothing; nothing is called overdue upwards.
fn mails_are_fit_to_be_sent(name: &str, scenario: &Scenario, relay: &AioSmtpd) {
    let arrived: Vec<_> = relay
        .mails()
        .into_iter()
        .map(|mail| {
            let header = |name| mail.header(name).unwrap_or_default().to_owned();
            assert_eq!(mail.defects, Vec::<String>::new());
            assert_eq!(header("X-RcptTo"), header("To"), "the envelope names somebody else");
            Mail { to: header("To"), subject: header("Subject"), id: header("Message-ID"), text: mail.text }
        })
        .collect();
    golden::check(&file(name, "mails"), &mails::list(&arrived));
    let ids: BTreeSet<_> = arrived.iter().map(|mail| &mail.id).collect();
    assert_eq!(ids.len(), arrived.len(), "a mail came twice");
    discretion::nothing_is_given_away(scenario, &arrived);
    for mail in arrived.iter().filter(|mail| mail.to.ends_with("@tu.tinh.example")) {
        let said = format!("{}\n{}", mail.subject, mail.text).to_lowercase();
        assert!(!said.contains("quá hạn"), "told upwards to {}:\n{said}", mail.to);
    }
}
