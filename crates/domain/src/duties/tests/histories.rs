//! Random histories: acts of random officers with random gaps between them, and what must hold in all of them.
//!
//! The play itself fails where a fact does not follow, a step that is proposed is refused, or nothing comes to rest.

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use super::*;
use crate::duties::{
    briefing::{State as Stands, TaskState},
    project::{CheckpointState, State},
    reporting::State as Owed,
};

/// The delivered policy, in which a department ends in the middle of the histories, and monthly reports are owed by it.
static ENDING: LazyLock<Policy> =
    LazyLock::new(|| files(&["SCT"], &[], &["UBND", "SCT"]).ending("SCT", "2026-07-20", "SXD").policy());

type Form = fn(&Play) -> Value;

/// A kind of history: how it begins, and the acts that are sensible somewhere in it, about in the order of the process.
struct Course {
    begin: fn(&mut Play),
    acts: &'static [(&'static str, &'static str, Form)],
}

fn paper(issuer: &str, now: Timestamp) -> Value {
    document(issuer, 9, &day_after(now, 0))
}

const REPORT: Course = Course {
    begin: |play| {
        play.at("08/07/2026 09:00").on_report("SCT", 2026, 7);
    },
    acts: &[
        ("sct.dau-moi", "submit-report", |play| json!({ "document": paper("SCT", play.now) })),
        ("sxd.dau-moi", "submit-report", |play| json!({ "document": paper("SXD", play.now) })),
        ("btg.dau-moi", "return-report", |_| json!({ "reason": "Thiếu số liệu" })),
        ("sct.lanh-dao", "nil-return", |_| json!({})),
        ("sxd.lanh-dao", "submit-report", |_| json!({ "items": [{ "topic": "energy", "text": "Có." }] })),
        ("btg.dau-moi", "return-report", |_| json!({ "reason": "Thiếu nữa" })),
        ("sxd.lanh-dao", "nil-return", |_| json!({})),
        ("btg.lanh-dao", "waive-report", |_| json!({ "reason": "Trùng" })),
        ("btg.lanh-dao", "accept-report", |_| json!({})),
    ],
};

const BRIEFING: Course = Course {
    begin: |play| {
        play.at("08/07/2026 09:00").by("ubnd.lanh-dao").when(
            "schedule-briefing",
            json!({
                "kind": "ad-hoc",
                "at": "2026-07-10T09:00:00+07:00",
                "place": "Phòng họp số 1",
                "invited": ["SCT", "SXD"],
                "purpose": "Tiến độ",
            }),
        );
    },
    acts: &[
        ("sct.dau-moi", "add-agenda-item", |_| json!({ "text": "Tiến độ" })),
        (
            "btg.truong-phong",
            "reschedule-briefing",
            |play| json!({ "at": play.now + TimeDelta::hours(30), "reason": "Bận" }),
        ),
        ("btg.lanh-dao", "hold-briefing", |_| json!({ "attended": ["BTG", "SXD"] })),
        ("ubnd.truong-phong", "hold-briefing", |_| json!({ "attended": ["BTG", "UBND"] })),
        ("btg.van-thu", "issue-minutes", |play| {
            let task = |agency: &str, days| json!({ "text": "Làm", "agency": agency, "due": day_after(play.now, days) });
            json!({ "document": paper("BTG", play.now), "conclusions": [task("SXD", 9), task("UBND", 4)] })
        }),
        ("ubnd.van-thu", "issue-minutes", |play| {
            let task = json!({ "text": "Làm", "agency": "SCT", "due": day_after(play.now, 6) });
            json!({ "document": paper("UBND", play.now), "conclusions": [task] })
        }),
        ("sxd.dau-moi", "report-conclusion", |_| json!({ "task": 1, "text": "Xong" })),
        ("sct.dau-moi", "report-conclusion", |_| json!({ "task": 1, "text": "Xong" })),
        ("ubnd.dau-moi", "report-conclusion", |_| json!({ "task": 2, "text": "Xong" })),
        (
            "btg.truong-phong",
            "return-conclusion",
            |play| json!({ "task": 1, "reason": "Chưa đủ", "due": day_after(play.now, 3) }),
        ),
        (
            "btg.truong-phong",
            "return-conclusion",
            |_| json!({ "task": 1, "reason": "Chưa đủ", "due": "2026-08-20" }),
        ),
        ("sxd.lanh-dao", "report-conclusion", |_| json!({ "task": 1, "text": "Xong hẳn" })),
        ("btg.truong-phong", "accept-conclusion", |_| json!({ "task": 1 })),
        ("btg.truong-phong", "accept-conclusion", |_| json!({ "task": 2 })),
        ("ubnd.lanh-dao", "cancel-briefing", |_| json!({ "reason": "Thôi" })),
    ],
};

fn plan(play: &Play) -> Value {
    let checkpoint = |phase: &str, owner: &str, days, mandatory: bool| {
        let due = day_after(play.now, days);
        json!({ "phase": phase, "title": "Họp", "owner": owner, "due": due, "mandatory": mandatory })
    };
    json!({
        "document": paper("BTG", play.now),
        "checkpoints": [
            checkpoint("before", "SYT", 8, true),
            checkpoint("before", "BTG", 4, false),
            checkpoint("during", "SYT", 20, true),
            checkpoint("after", "BTG", 40, true),
        ],
    })
}

fn newest(play: &Play) -> Value {
    json!({ "edition": play.project().edition })
}

fn done(checkpoint: u32, play: &Play) -> Value {
    json!({ "checkpoint": checkpoint, "done_on": day_after(play.now, -1) })
}

const PROJECT: Course = Course {
    begin: |play| {
        play.at("08/07/2026 09:00").by("sct.lanh-dao").when(
            "propose-project",
            json!({ "title": "Đường dây", "topic": "energy", "reason": "Nhạy cảm", "partners": ["SXD", "SYT"] }),
        );
    },
    acts: &[
        ("btg.lanh-dao", "accept-planning", |_| json!({})),
        ("btg.truong-phong", "request-comment", |_| json!({ "agency": "SCT", "question": "?" })),
        ("btg.truong-phong", "submit-plan", plan),
        (
            "btg.truong-phong",
            "request-comment",
            |play| json!({ "agency": "SNNMT", "question": "?", "due": day_after(play.now, 3) }),
        ),
        ("btg.lanh-dao", "agree-plan", newest),
        ("btg.lanh-dao", "submit-plan", plan),
        ("btg.lanh-dao", "agree-plan", newest),
        ("sct.lanh-dao", "agree-plan", newest),
        ("ubnd.lanh-dao", "agree-plan", newest),
        ("snnmt.lanh-dao", "give-comment", |_| json!({ "request": 1, "text": "Được" })),
        ("snnmt.lanh-dao", "give-comment", |_| json!({ "request": 2, "text": "Được" })),
        ("btg.lanh-dao", "enter-phase", |_| json!({ "phase": "before" })),
        ("syt.dau-moi", "complete-checkpoint", |play| done(1, play)),
        ("ubnd.lanh-dao", "waive-checkpoint", |_| json!({ "checkpoint": 2, "reason": "Thôi" })),
        ("ubnd.lanh-dao", "suspend-project", |_| json!({ "reason": "Chờ" })),
        ("btg.lanh-dao", "resume-project", |_| json!({})),
        ("btg.lanh-dao", "waive-checkpoint", |_| json!({ "checkpoint": 1, "reason": "Thôi" })),
        (
            "btg.lanh-dao",
            "enter-phase",
            |play| json!({ "phase": "during", "report": paper("BTG", play.now) }),
        ),
        ("syt.lanh-dao", "complete-checkpoint", |play| done(3, play)),
        ("btg.lanh-dao", "suspend-project", |_| json!({ "reason": "Chờ" })),
        ("btg.lanh-dao", "resume-project", |_| json!({})),
        ("btg.lanh-dao", "waive-checkpoint", |_| json!({ "checkpoint": 3, "reason": "Thôi" })),
        (
            "btg.truong-phong",
            "enter-phase",
            |play| json!({ "phase": "after", "report": paper("BTG", play.now) }),
        ),
        ("btg.dau-moi", "complete-checkpoint", |play| done(4, play)),
        ("btg.lanh-dao", "complete-project", |play| json!({ "report": paper("BTG", play.now) })),
        ("ubnd.lanh-dao", "cancel-project", |_| json!({ "reason": "Bỏ" })),
    ],
};

/// How far to go on in the list of acts, and how many minutes pass.
fn moves() -> impl Strategy<Value = Vec<(usize, i64)>> {
    let step = prop_oneof![20 => Just(1_usize), 4 => 0_usize..4, 1 => 0_usize..40];
    let gap = prop_oneof![3 => Just(0_i64), 3 => 1_i64..600, 2 => 600_i64..6000, 1 => 6000_i64..20000];
    prop::collection::vec((step, gap), 1..60)
}

fn play(history: &Course, moves: &[(usize, i64)]) -> Play {
    let mut play = Play::under(ENDING.clone(), "01/07/2026 00:00");
    (history.begin)(&mut play);
    let mut place = history.acts.len() - 1;
    for (step, gap) in moves {
        play.until(play.now + TimeDelta::minutes(*gap));
        place = (place + step) % history.acts.len();
        let (officer, act, form) = history.acts[place];
        let body = form(&play);
        play.by(officer).tries(act, body);
        // Whether it was legal is the rules' to say; that it fits is looked at.
        play.answer = None;
        play.settle();
        is_sound(&play);
    }
    play
}

/// What holds in every state, whatever happened.
fn is_sound(play: &Play) {
    let duty = play.duty();
    match &duty.subject {
        Subject::Report(report) => {
            assert!(report.level <= 3, "{report:?}");
            let handed_in = matches!(report.state, Owed::Submitted) && report.submitted.is_empty();
            assert!(!handed_in, "{report:?}");
        }
        Subject::Briefing(briefing) => {
            assert!(briefing.tasks.is_empty() || briefing.state == Stands::MinutesIssued, "{briefing:?}");
            assert!(briefing.agenda.is_some(), "{briefing:?}");
            let once: BTreeSet<_> = briefing.invited.iter().collect();
            assert_eq!(once.len(), briefing.invited.len(), "{briefing:?}");
            assert!(briefing.invited.contains(&briefing.chair), "{briefing:?}");
        }
        Subject::Project(project) => is_sound_project(project),
    }
    let ended = "SCT".into();
    let passed_on = !duty.is_live() || !duty.holders().contains(&ended);
    assert!(passed_on || !play.policy.organisation.has_ended(&ended, play.now), "{duty:?}");
    assert_eq!(next_step(duty, play.now, &play.policy), None);
    let due = due(duty, play.now, &play.policy);
    assert!(due.is_none_or(|due| due > play.now), "{due:?}");
    assert!(duty.is_live() || due.is_none(), "what is settled waits for nothing");
}

fn is_sound_project(project: &Project) {
    let officers: BTreeSet<_> = project.agreed.iter().map(|agreed| &agreed.officer).collect();
    assert_eq!(officers.len(), project.agreed.len(), "{project:?}");
    let planned = matches!(
        project.state,
        State::PlanAgreed
            | State::Before
            | State::During
            | State::After
            | State::Suspended
            | State::Completed
    );
    assert!(!planned || project.agreed.len() == 2, "{project:?}");
    assert_eq!(project.rest.is_some(), project.state == State::Suspended, "{project:?}");
    let through = match project.rest.map_or(project.state.phase(), |rest| Some(rest.phase)) {
        Some(phase) => vec![phase],
        None => vec![],
    };
    for tracked in &project.checkpoints {
        let open = tracked.state == CheckpointState::Open && tracked.checkpoint.mandatory;
        let passed = through.iter().any(|phase| tracked.checkpoint.phase < *phase);
        assert!(!open || !(passed || project.state == State::Completed), "{project:?}");
    }
    assert!(!project.partners.contains(&project.agency) && !project.partners.contains(&project.asked));
}

/// Every reminder and every level is recorded at most once, and the levels of a clock in their order.
fn timers_are_recorded_once(play: &Play) {
    for facts in play.facts.values() {
        let mut seen = BTreeSet::new();
        let mut levels = BTreeMap::new();
        for (overdue, key, instance, number, due) in facts.iter().filter_map(|fact| timer(fact.body())) {
            assert!(seen.insert((overdue, key, instance, number, due)), "twice: {key:?} {instance} {number}");
            if overdue {
                let before = levels.insert((key, instance, due), number).unwrap_or(0);
                assert_eq!(number, before + 1, "{key:?} {instance}");
            }
        }
    }
}

/// The facts alone make the duty again.
fn is_replayable(play: &Play) {
    for (id, facts) in &play.facts {
        let folded = facts.iter().try_fold(None, |duty, fact| evolve(duty, fact).map(Some)).unwrap();
        assert_eq!(folded.as_ref(), play.duties.get(id));
    }
}

/// After its last act nothing happens any more in a duty that is settled, however long one waits.
fn settled_is_settled(play: &mut Play) {
    if play.duty().is_live() {
        return;
    }
    let before = play.told();
    play.until(play.now + TimeDelta::days(60));
    assert_eq!(play.told(), before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_of_the_duties_hold(which in 0_usize..3, moves in moves()) {
        let mut play = play([&REPORT, &BRIEFING, &PROJECT][which], &moves);
        timers_are_recorded_once(&play);
        settled_is_settled(&mut play);
        play.until(play.now + TimeDelta::days(30));
        is_sound(&play);
        timers_are_recorded_once(&play);
        is_replayable(&play);
    }
}

/// Random histories are worth something only if they go everywhere.
#[test]
fn the_histories_reach_every_state() {
    let mut runner = TestRunner::deterministic();
    let (mut reports, mut briefings, mut tasks, mut projects) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut kinds = BTreeSet::new();
    for _ in 0..60 {
        let moves = moves().new_tree(&mut runner).unwrap().current();
        for history in [&REPORT, &BRIEFING, &PROJECT] {
            let play = play(history, &moves);
            let mut duty = None;
            for fact in &play.facts[&play.duty().id] {
                kinds.insert(fact.body().kind().name());
                let folded = evolve(duty, fact).unwrap();
                match &folded.subject {
                    Subject::Report(report) => {
                        reports.insert(report.state);
                    }
                    Subject::Briefing(briefing) => {
                        briefings.insert(briefing.state);
                        tasks.extend(briefing.tasks.iter().map(|task| task.state));
                    }
                    Subject::Project(project) => {
                        projects.insert(project.state);
                    }
                }
                duty = Some(folded);
            }
        }
    }
    assert_eq!(reports.len(), 6, "{reports:?}");
    assert_eq!(briefings.len(), 4, "{briefings:?}");
    assert_eq!(tasks, BTreeSet::from([TaskState::Open, TaskState::Reported, TaskState::Accepted]));
    let all = [
        State::Proposed,
        State::PlanDrafting,
        State::PlanAgreed,
        State::Before,
        State::During,
        State::After,
        State::Suspended,
        State::Completed,
        State::Cancelled,
    ];
    assert_eq!(projects, BTreeSet::from(all), "declined is no history");
    let stages = [Stage::Reporting, Stage::Briefing, Stage::Project];
    let expected = Kind::ALL.iter().filter(|kind| stages.contains(&kind.stage()));
    let missing: Vec<_> = expected.map(|kind| kind.name()).filter(|name| !kinds.contains(name)).collect();
    assert_eq!(missing, ["project.planning-declined"]);
}
