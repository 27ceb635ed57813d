//! The page of a case has the names of its time, and to whom its documents went.

use domain::{scenario::Scenario, simulation::Simulation};
use events::Digest;
use proof::{
    EMPTY,
    checkpoint::{Checkpoint, Head},
};

use super::*;

/// The page of the first case of a scenario.
fn told(scenario: &str, policy: Policy) -> String {
    let scenario = Scenario::parse(scenario).expect("a scenario");
    let mut simulation = Simulation::new(Arc::new(policy), scenario.start);
    for step in &scenario.steps {
        assert!(simulation.play(&scenario, step).expect("a step").holds(), "line {}", step.line);
    }
    let (_, case) = simulation.cases().next().expect("a case");
    let told = simulation.paper().told(case.id).expect("its facts");
    let facts: Vec<_> = told.facts.iter().cloned().map(Arc::new).collect();
    let checkpoint = Checkpoint {
        origin: "concord.example.vn".to_owned(),
        heads: [Head { size: 0, root: EMPTY }; 3],
        number: 1,
        at: simulation.now(),
        previous: Digest::ZERO,
        keys: Vec::new(),
    };
    let newest = Signed { checkpoint, note: "note".to_owned() };
    of_case(&facts, Some(simulation.policy()), &newest).expect("a page")
}

#[test]
fn the_page_of_an_exercise_says_so_first() {
    let scenario = include_str!("../../../../../tests/scenarios/papers-and-notes.txt");
    assert!(!told(scenario, testkit::example_policy()).contains("DIỄN TẬP"));
    let drill =
        scenario.replacen("    state_secret: false\n", "    state_secret: false\n    exercise: true\n", 1);
    let page = told(&drill, testkit::example_policy());
    assert!(page.contains("<title>[DIỄN TẬP] VV-") && page.contains("<h1>[DIỄN TẬP] VV-"), "{page}");
}

#[test]
fn to_whom_documents_went_is_printed_as_under_them() {
    let scenario = include_str!("../../../../../tests/scenarios/papers-and-notes.txt");
    let page = told(scenario, testkit::example_policy());
    let block = "<p>290-HD/BTGDVTU <span class=\"en\">14/09/2026 09:50:00</span></p>
<pre>Nơi nhận:
- Thường trực Tỉnh ủy (b/c);
- Ủy ban nhân dân tỉnh;
- Ủy ban nhân dân phường Đông Lộc;
- Ủy ban nhân dân xã Bình Minh;
- Ủy ban nhân dân xã Ninh Thành;
- Công ty Thủy lợi Bình Minh;
- Lưu: VT.</pre>";
    assert!(page.contains(block), "{page}");
}

#[test]
fn a_merger_and_a_rename_in_the_middle_of_a_case_leave_it_the_names_of_its_time() {
    let board = "name = \"Ban Tuyên giáo và Dân vận Tỉnh ủy\"\n";
    let head = "title = \"Trưởng Ban Tuyên giáo và Dân vận Tỉnh ủy\"\n";
    let before =
        |text: &str, old: &str| format!("{text}former = [{{ name = \"{old}\", until = 2026-10-02 }}]\n");
    let policy = testkit::example_policy_with(&[
        (board, &before(board, "Ban Tuyên giáo Tỉnh ủy")),
        (head, &before(head, "Trưởng Ban Tuyên giáo Tỉnh ủy")),
    ]);
    let scenario = include_str!("../../../../../tests/scenarios/two-departments-merge.txt");
    let page = told(scenario, policy);
    assert!(page.contains("<dd>Ban Tuyên giáo Tỉnh ủy</dd>"), "{page}");
    assert!(page.contains("<dd>Sở Văn hóa, Thể thao và Du lịch</dd>"), "{page}");
    let acts: Vec<_> = page.lines().filter(|line| line.contains(" · Trưởng Ban ")).collect();
    let (old, new): (Vec<&str>, Vec<&str>) =
        acts.into_iter().partition(|line| line.ends_with("Trưởng Ban Tuyên giáo Tỉnh ủy</td>"));
    assert_eq!((old.len(), new.len()), (1, 1), "one act before the rename, one after it: {page}");
    assert!(!page.contains("Nơi nhận văn bản"), "nothing was sent");
}
