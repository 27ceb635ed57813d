//! A case has the names of its time.

use std::sync::Arc;

use domain::{scenario::Scenario, simulation::Simulation};
use serde_json::Value;

use super::*;

/// The two departments merge on 1 October 2026; a day later the Party board, the topic and the area are renamed.
fn merged_and_renamed() -> Simulation {
    let board = "name = \"Ban Tuyên giáo và Dân vận Tỉnh ủy\"\n";
    let topic = "id = \"tourism\"\nname = \"Du lịch\"\n";
    let area = "id = \"VINH\"\nname = \"Khu vực vịnh\"\n";
    let head = "title = \"Trưởng Ban Tuyên giáo và Dân vận Tỉnh ủy\"\n";
    let before =
        |text: &str, old: &str| format!("{text}former = [{{ name = \"{old}\", until = 2026-10-02 }}]\n");
    let policy = testkit::example_policy_with(&[
        (board, &before(board, "Ban Tuyên giáo Tỉnh ủy")),
        (topic, &before(topic, "Du lịch, dịch vụ")),
        (area, &before(area, "Vịnh")),
        (head, &before(head, "Trưởng Ban Tuyên giáo Tỉnh ủy")),
    ]);
    let scenario = include_str!("../../../../tests/scenarios/two-departments-merge.txt");
    let scenario = Scenario::parse(scenario).expect("a scenario");
    let mut simulation = Simulation::new(Arc::new(policy), scenario.start);
    for step in &scenario.steps {
        let played = simulation.play(&scenario, step).expect("a step");
        assert!(played.holds(), "line {}", step.line);
    }
    simulation
}

#[test]
fn a_merger_and_a_rename_in_the_middle_of_a_case_leave_it_the_names_of_its_time() {
    let simulation = merged_and_renamed();
    let (policy, now) = (simulation.policy(), simulation.now());
    let (_, found) = simulation.cases().next().expect("a case");
    let person = policy.organisation.person(&"btg.lanh-dao".into(), now).expect("in office");
    let reader = Reader { person: &person, language: Language::Vi, now, back: None };
    let shown = serde_json::to_value(case(found, policy, reader)).expect("JSON");

    // It was renamed since: it has the name under which the case came to it.
    assert_eq!(shown["receiver"]["name"], "Ban Tuyên giáo Tỉnh ủy");
    // The successor was not there when the case was raised: it has the name with which it came in.
    assert_eq!(shown["raiser"]["id"], "SVHTTDL");
    assert_eq!(shown["raiser"]["name"], "Sở Văn hóa, Thể thao và Du lịch");
    assert_eq!((&shown["topic_name"], &shown["area_name"]), (&"Du lịch, dịch vụ".into(), &"Vịnh".into()));

    let happened = |kind: &str| {
        let found = shown["history"].as_array().and_then(|all| all.iter().find(|each| each["type"] == kind));
        found.unwrap_or_else(|| panic!("{kind} has not happened")).clone()
    };
    let named = |happened: &Value| [happened["agency_name"].clone(), happened["office_title"].clone()];
    let raised = happened("intake.raised-in-writing");
    assert_eq!(raised["agency"], "SDL");
    assert_eq!(raised["agency_name"], "Sở Du lịch");
    let before = ["Ban Tuyên giáo Tỉnh ủy", "Trưởng Ban Tuyên giáo Tỉnh ủy"];
    assert_eq!(named(&happened("coordination.position-recorded")), before);
    let after = ["Ban Tuyên giáo và Dân vận Tỉnh ủy", "Trưởng Ban Tuyên giáo và Dân vận Tỉnh ủy"];
    assert_eq!(named(&happened("closure.case-closed")), after);
    let passed = happened("casefile.duties-transferred");
    assert_eq!(named(&passed), [Value::Null, Value::Null], "the process did it by itself");
}
