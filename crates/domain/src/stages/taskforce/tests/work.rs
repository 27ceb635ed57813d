//! Meetings, tasks, members who change, and the end (commands 33 and 34).

use super::*;

const SCHEDULE: &str = "schedule-meeting";
const MINUTES: &str = "record-minutes";
const ASSIGN: &str = "assign-task";
const COMPLETE: &str = "complete-task";
const REPLACE: &str = "replace-member";

fn tasks(story: &Story) -> Vec<(u32, &str, &TaskState)> {
    let tasks = story.case().taskforce.tasks.iter();
    tasks.map(|Task { number, owner, state, .. }| (*number, owner.as_str(), state)).collect()
}

/// A meeting was called, and each member has a task.
fn busy() -> Story {
    let mut story = Story::with_task_force();
    story.by("btg.dau-moi").when(SCHEDULE, meeting());
    for owner in ["btg.dau-moi", "snnmt.dau-moi", "xbm.dau-moi"] {
        story.when(ASSIGN, task_of(owner)).then(Kind::TaskAssigned);
    }
    story
}

#[test]
fn its_members_work_and_nobody_else_does() {
    for (act, body) in [
        (SCHEDULE, meeting()),
        (MINUTES, minutes(1)),
        (ASSIGN, task_of("xbm.dau-moi")),
        (COMPLETE, completing(1)),
    ] {
        for member in ["btg.dau-moi", "snnmt.dau-moi", "xbm.dau-moi"] {
            let mut story = busy();
            assert!(story.by(member).when(act, body.clone()).done(), "{act} by {member}");
        }
        let mut story = busy();
        for officer in ["btg.lanh-dao", "btg.dau-moi2", "snnmt.lanh-dao", "ubnd.lanh-dao", "xbm.lanh-dao"] {
            story.by(officer).when(act, body.clone()).refused(Code::NotAuthorised);
        }
        story.by("sxd.lanh-dao").when(act, body).refused(Code::NotFound);
    }
}

#[test]
fn it_works_while_it_is_active_in_any_live_case() {
    for (act, body) in [
        (SCHEDULE, meeting()),
        (MINUTES, minutes(1)),
        (ASSIGN, task_of("xbm.dau-moi")),
        (COMPLETE, completing(1)),
        (REPLACE, replacing("xbm.dau-moi", "xbm.lanh-dao")),
    ] {
        for lifecycle in LIFECYCLES {
            let mut story = stands_at(busy(), lifecycle);
            let done = story.by("btg.dau-moi").when(act, body.clone()).done();
            assert_eq!(done, lifecycle.is_live(), "{act} at {lifecycle:?}");
        }
        let mut story = dissolved();
        story.by("btg.dau-moi").when(act, body.clone()).refused(Code::BadState);
        // Before it is established it has no members.
        let mut story = Story::consented();
        story.by("btg.dau-moi").when(act, body).refused(Code::NotAuthorised);
    }
}

#[test]
fn a_meeting_has_a_place_and_an_agenda_and_later_minutes() {
    let mut story = Story::with_task_force();
    story.by("snnmt.dau-moi");
    for (at, longest) in [("/place", 200), ("/agenda", 2000)] {
        for text in [" ".to_owned(), "đ".repeat(longest + 1)] {
            story.when(SCHEDULE, with(meeting(), at, text)).refused_at(Code::InvalidData, &at[1..]);
        }
        story.when(SCHEDULE, with(meeting(), at, "đ".repeat(longest))).then(Kind::MeetingScheduled);
    }
    // One that was held at once.
    story.when(SCHEDULE, with(meeting(), "/at", "2026-05-16T23:00:00+07:00")).then(Kind::MeetingScheduled);
    let kept = story.case().taskforce.meetings.last().unwrap();
    assert_eq!((kept.number, kept.at), (3, local("16/05/2026 23:00")));
    assert_eq!((kept.place.as_str(), kept.agenda.as_str()), ("Phòng họp số 2", "Phân công nhiệm vụ."));
    for number in [0, 4] {
        story.when(MINUTES, minutes(number)).refused_at(Code::InvalidData, "meeting");
    }
    story.when(MINUTES, with(minutes(3), "/document/date", "2026-05-17"));
    story.refused_at(Code::DocInvalid, "document.date");
    let decision = story.when(MINUTES, minutes(3)).decision();
    assert!(decision.registers.is_some());
    assert_eq!(story.case().taskforce.meetings[2].minutes, ["12/TCT-VX"]);
    story.when(MINUTES, with(minutes(1), "/document/place", "Nha Trang"));
    story.refused_at(Code::DocInvalid, "document");
}

#[test]
fn a_task_has_an_owner_a_text_and_a_time_that_has_not_passed() {
    let mut story = Story::with_task_force();
    story.by("btg.dau-moi");
    for owner in ["btg.lanh-dao", "ubnd.lanh-dao", "nobody"] {
        story.when(ASSIGN, task_of(owner)).refused_at(Code::InvalidData, "owner");
    }
    for text in ["", "đ".repeat(2001).as_str()] {
        let body = with(task_of("xbm.dau-moi"), "/text", text);
        story.when(ASSIGN, body).refused_at(Code::InvalidData, "text");
    }
    let due = |at: &str| with(task_of("xbm.dau-moi"), "/due", at);
    story.when(ASSIGN, due("2026-05-16T23:49:59+07:00")).refused_at(Code::InvalidData, "due");
    story.when(ASSIGN, due("2026-05-16T23:50:00+07:00")).then(Kind::TaskAssigned);
    assert_eq!(tasks(&story), [(1, "xbm.dau-moi", &TaskState::Open)]);
    assert_eq!(story.case().taskforce.tasks[0].due, story.now);
}

#[test]
fn a_task_is_done_once_with_a_result() {
    let mut story = busy();
    story.by("xbm.dau-moi");
    for number in [0, 4] {
        story.when(COMPLETE, completing(number)).refused_at(Code::InvalidData, "task");
    }
    for result in [" ", "đ".repeat(2001).as_str()] {
        let body = with(completing(2), "/result", result);
        story.when(COMPLETE, body).refused_at(Code::InvalidData, "result");
    }
    story.when(COMPLETE, completing(2)).then(Kind::TaskCompleted);
    story.when(COMPLETE, completing(2)).refused(Code::BadState);
    let done = TaskState::Completed { result: "Đã lập danh sách 40 hộ.".to_owned() };
    let open = TaskState::Open;
    assert_eq!(
        tasks(&story),
        [(1, "btg.dau-moi", &open), (2, "snnmt.dau-moi", &done), (3, "xbm.dau-moi", &open)]
    );
}

#[test]
fn who_leads_or_the_member_s_agency_replaces_a_member() {
    for officer in ["btg.dau-moi", "xbm.truong-phong", "xbm.lanh-dao"] {
        let mut story = busy();
        story.by(officer).when(REPLACE, replacing("xbm.dau-moi", "xbm.truong-phong"));
        story.then(Kind::MemberReplaced);
    }
    let mut story = busy();
    for officer in ["xbm.dau-moi", "snnmt.dau-moi", "snnmt.lanh-dao", "btg.lanh-dao", "ubnd.lanh-dao"] {
        story.by(officer).when(REPLACE, replacing("xbm.dau-moi", "xbm.truong-phong"));
        story.refused(Code::NotAuthorised);
    }
    story.by("ubnd.lanh-dao").when(REPLACE, replacing("nobody", "xbm.lanh-dao")).refused(Code::NotAuthorised);
    for officer in ["btg.dau-moi", "xbm.lanh-dao"] {
        story.by(officer).when(REPLACE, replacing("nobody", "xbm.lanh-dao"));
        story.refused_at(Code::InvalidData, "old");
    }
    for new in ["nobody", "snnmt.lanh-dao", "xbm.dau-moi"] {
        story.by("xbm.lanh-dao").when(REPLACE, replacing("xbm.dau-moi", new));
        story.refused_at(Code::InvalidData, "officer");
    }
    story.when(REPLACE, with(replacing("xbm.dau-moi", "xbm.lanh-dao"), "/reason", ""));
    story.refused_at(Code::InvalidData, "reason");
}

#[test]
fn who_comes_takes_over_the_lead_and_the_open_tasks() {
    let mut story = busy();
    story.by("btg.dau-moi").when(COMPLETE, completing(1)).when(ASSIGN, task_of("btg.dau-moi"));
    story
        .by("btg.lanh-dao")
        .when(REPLACE, replacing("btg.dau-moi", "btg.dau-moi2"))
        .then(Kind::MemberReplaced);
    assert_eq!(members(&story), ["btg.dau-moi2 leads", "snnmt.dau-moi", "xbm.dau-moi"]);
    let owners: Vec<_> = story.case().taskforce.tasks.iter().map(|task| task.owner.as_str()).collect();
    assert_eq!(owners, ["btg.dau-moi", "snnmt.dau-moi", "xbm.dau-moi", "btg.dau-moi2"]);
    story.by("btg.dau-moi").when(ASSIGN, task_of("xbm.dau-moi")).refused(Code::NotAuthorised);
    story.when(REPLACE, replacing("xbm.dau-moi", "xbm.lanh-dao")).refused(Code::NotAuthorised);
    story
        .by("btg.dau-moi2")
        .when(REPLACE, replacing("xbm.dau-moi", "xbm.lanh-dao"))
        .then(Kind::MemberReplaced);
    assert_eq!(members(&story), ["btg.dau-moi2 leads", "snnmt.dau-moi", "xbm.lanh-dao"]);
}

#[test]
fn the_agency_that_established_it_dissolves_it() {
    let mut story = Story::with_task_force();
    for officer in ["btg.lanh-dao", "snnmt.lanh-dao", "ubnd.truong-phong", "btg.dau-moi"] {
        story.by(officer).when(DISSOLVE, dissolving("UBND")).refused(Code::NotAuthorised);
    }
    let decision = story.by("ubnd.lanh-dao").when(DISSOLVE, dissolving("UBND")).decision();
    assert!(decision.registers.is_some() && decision.transition.is_none());
    assert_eq!(state(&story), TaskforceState::Dissolved);
    for lifecycle in LIFECYCLES {
        let mut story = stands_at(Story::with_task_force(), lifecycle);
        story.by("ubnd.lanh-dao").when(DISSOLVE, dissolving("UBND"));
        assert_eq!(story.done(), lifecycle.is_live(), "{lifecycle:?}");
    }
    let mut story = Story::with_task_force();
    story.by("ubnd.lanh-dao").when(DISSOLVE, with(dissolving("UBND"), "/document/symbol", "?"));
    story.refused_at(Code::DocInvalid, "document.symbol");
    legal_only_in(&[TaskforceState::Active], "ubnd.lanh-dao", DISSOLVE, &dissolving("UBND"));
}

#[test]
fn each_open_task_is_done_or_handed_over_when_it_ends() {
    let handing = |transfers: Value| with(dissolving("UBND"), "/transfers", transfers);
    let to = |task: u32, agency: &str| json!({ "task": task, "to": agency });
    let mut story = busy();
    story.by("btg.dau-moi").when(COMPLETE, completing(1)).by("ubnd.lanh-dao");
    story.when(DISSOLVE, dissolving("UBND")).refused(Code::TfTasksOpen);
    story.when(DISSOLVE, handing(json!([to(2, "SNNMT")]))).refused(Code::TfTasksOpen);
    for (transfers, field) in [
        (json!([to(2, "SNNMT"), to(3, "SKHCN")]), "transfers[1].to"),
        (json!([to(2, "SNNMT"), to(3, "XBM"), to(1, "BTG")]), "transfers[2].task"),
        (json!([to(2, "SNNMT"), to(3, "XBM"), to(4, "BTG")]), "transfers[2].task"),
        (json!([to(2, "SNNMT"), to(3, "XBM"), to(2, "BTG")]), "transfers[0].task"),
    ] {
        story.when(DISSOLVE, handing(transfers)).refused_at(Code::InvalidData, field);
    }
    story.when(DISSOLVE, handing(json!([to(2, "SNNMT"), to(3, "UBND")]))).then(Kind::TaskforceDissolved);
    let done = TaskState::Completed { result: "Đã lập danh sách 40 hộ.".to_owned() };
    let moved = |to: &str| TaskState::Transferred { to: to.into() };
    assert_eq!(
        tasks(&story),
        [
            (1, "btg.dau-moi", &done),
            (2, "snnmt.dau-moi", &moved("SNNMT")),
            (3, "xbm.dau-moi", &moved("UBND")),
        ]
    );
    assert!(story.case().taskforce.formed.is_some(), "what it was remains to be seen");
}
