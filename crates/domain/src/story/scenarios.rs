//! The worked scenarios of DOMAIN §8, to the minute, as far as the process goes so far.

use events::{DeadlineKey, Kind, Lifecycle};
use serde_json::json;

use super::*;
use crate::stages::{
    confirmation::{Verification, Written},
    escalation::Dossier,
    routing::AssignmentState,
    taskforce::TaskforceState,
};

/// S2: *hỏa tốc*, by telephone, Saturday night.
#[test]
fn an_aquaculture_die_off_at_night() {
    let mut story = Story::new();
    story.at("16/05/2026 21:52").by("btg.truc-ban").raise(phone()).then(Kind::RaisedByPhone);
    story.stands(Lifecycle::Received).settle().stands(Lifecycle::Routed);
    assert_eq!(story.due_of(DeadlineKey::Ack, 1).unwrap(), "16/05 22:22");
    assert_eq!(story.due_of(DeadlineKey::Ack, 2).unwrap(), "16/05 22:22");
    assert_eq!(story.due_of(DeadlineKey::Callback, 1).unwrap(), "16/05 22:03");
    assert_eq!(story.due_of(DeadlineKey::Written, 1).unwrap(), "17/05 05:48");

    story.until("16/05/2026 21:58").by("btg.truc-ban").when("verify-callback", callback("verified"));
    story.then(Kind::CallbackVerified);
    story.until("16/05/2026 22:05").by("ubnd.dau-moi").when("acknowledge", json!({}));
    story.then(Kind::AssignmentAcknowledged).stands(Lifecycle::Routed);
    story.until("16/05/2026 22:35");
    assert_eq!(story.due_of(DeadlineKey::Ack, 3).unwrap(), "16/05 22:52");
    story.by("btg.dau-moi2").when("acknowledge", json!({})).then(Kind::AssignmentAcknowledged);
    story.settle().stands(Lifecycle::InCoordination);
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "17/05 02:35");

    story.until("16/05/2026 23:50").by("btg.lanh-dao").when("record-position", agree());
    story.then(Kind::PositionRecorded).stands(Lifecycle::Agreed);
    assert_eq!(story.due_of(DeadlineKey::Position, 1), None);

    story.until("17/05/2026 08:00").by("btg.dau-moi").when("propose-closure", closing());
    story.refused(Code::WrittenNotSettled);
    story.until("17/05/2026 09:10").by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.then(Kind::WrittenReceived);
    assert_eq!(story.due_of(DeadlineKey::Compare, 1).unwrap(), "17/05 11:10");
    story.until("17/05/2026 10:20").by("btg.truc-ban").when("compare-written", verdicts("same"));
    story.refused(Code::NotAuthorised);
    story.by("btg.dau-moi").when("compare-written", verdicts("refined")).then(Kind::WrittenMatched);

    story.until("20/05/2026 10:00").by("btg.dau-moi").when("propose-closure", closing());
    story.then(Kind::ClosureProposed);
    assert_eq!(story.due_of(DeadlineKey::Closure, 1).unwrap(), "22/05 17:00");
    story.until("21/05/2026 09:00").by("snnmt.lanh-dao").when("confirm-closure", confirming(1));
    story.then(Kind::CaseClosed).stands(Lifecycle::Closed);
    story.until("30/06/2026 00:00").stands(Lifecycle::Closed);

    story.says(&[
        "16/05 21:52 intake.raised-by-phone",
        "16/05 21:52 intake.numbered VV-2026-00007",
        "16/05 21:52 routing.case-routed 1 BTG.TT.DM leads, 2 UBND.VX.DM",
        "16/05 21:58 confirmation.callback-verified",
        "16/05 22:05 routing.assignment-acknowledged 2 by UBND.VX.DM",
        "16/05 22:22 routing.fallback-assigned 1 timed out, 3 BTG.TT.DM2 (deputy) leads",
        "16/05 22:35 routing.assignment-acknowledged 3 by BTG.TT.DM2",
        "16/05 22:35 coordination.opened round 1",
        "16/05 23:50 coordination.position-recorded BTG agrees, agreed",
        "17/05 01:48 confirmation.reminded written 50 %",
        "17/05 04:12 confirmation.reminded written 80 %",
        "17/05 05:48 confirmation.overdue written level 1, owed by SNNMT",
        "17/05 09:10 confirmation.written-received late",
        "17/05 10:10 confirmation.reminded compare 50 %",
        "17/05 10:20 confirmation.written-matched",
        "20/05 10:00 closure.proposed 1 by side A",
        "21/05 09:00 closure.case-closed 1",
    ]);
    let case = story.case();
    assert_eq!(case.confirmations[0].written, Written::Matched);
    assert_eq!(case.confirmations[0].caller, Some(Verification::Verified));
    assert!(case.confirmations[0].late);
    assert_eq!(case.rounds.len(), 1);
    let states: Vec<_> = case.assignments.iter().map(|assigned| assigned.state).collect();
    assert_eq!(
        states,
        [AssignmentState::TimedOut, AssignmentState::Acknowledged, AssignmentState::Acknowledged]
    );
    assert!(story.running().is_empty());
    assert_eq!(story.replayed().unwrap().as_ref(), Some(story.case()));
}

/// S1: *khẩn*, in writing, over working days, with a task force.
#[test]
fn land_clearance_at_an_industrial_park() {
    let mut story = Story::new();
    let report = with(written(), "/document/date", "2026-03-10");
    story.at("10/03/2026 08:15").by("snnmt.dau-moi").raise(report).then(Kind::RaisedInWriting).settle();
    assert_eq!(story.due_of(DeadlineKey::Ack, 1).unwrap(), "10/03 14:15");
    story.until("10/03/2026 08:40").by("ubnd.dau-moi").when("acknowledge", json!({}));
    story.until("10/03/2026 10:05").by("btg.dau-moi").when("acknowledge", json!({})).settle();
    story.stands(Lifecycle::InCoordination);
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "12/03 17:00");
    story.until("11/03/2026 09:30").by("btg.lanh-dao").when("record-position", counter("Phương án BTG"));
    assert_eq!(story.due_of(DeadlineKey::Position, 2).unwrap(), "13/03 17:00");
    story.until("11/03/2026 15:00").by("ubnd.lanh-dao").when("record-position", agree());
    story.stands(Lifecycle::Agreed);

    let mandate = with(task_force(), "/until", "2026-04-30");
    story.until("11/03/2026 15:30").by("btg.truong-phong").when("propose-task-force", mandate);
    story.then(Kind::TaskforceProposed);
    assert_eq!(story.due_of(DeadlineKey::Consent, 1).unwrap(), "12/03 17:00");
    let decision = with(establishing("UBND"), "/document/date", "2026-03-11");
    story.until("11/03/2026 16:00").by("ubnd.lanh-dao").when("establish-task-force", decision);
    story.refused(Code::TfConsentMissing);
    for (clock, agency, lead) in [("09:00", "btg", true), ("10:00", "snnmt", false), ("11:00", "xbm", false)]
    {
        let named = consenting(&format!("{agency}.dau-moi"), lead);
        story.until(&format!("12/03/2026 {clock}")).by(&format!("{agency}.lanh-dao"));
        story.when("consent-task-force", named).then(Kind::ConsentGiven);
    }
    assert_eq!(story.due_of(DeadlineKey::Consent, 1), None);
    let decision = with(establishing("UBND"), "/document/date", "2026-03-12");
    story.until("12/03/2026 14:00").by("ubnd.lanh-dao").when("establish-task-force", decision);
    story.then(Kind::TaskforceEstablished);
    story.until("20/03/2026 09:00").by("snnmt.lanh-dao").when("propose-closure", closing());
    story.refused(Code::TaskForceActive);
    let report = with(dissolving("UBND"), "/document/date", "2026-03-27");
    story.until("27/03/2026 16:00").by("ubnd.lanh-dao").when("dissolve-task-force", report);
    story.then(Kind::TaskforceDissolved);

    story.until("27/03/2026 16:10").by("snnmt.lanh-dao").when("propose-closure", closing());
    assert_eq!(story.due_of(DeadlineKey::Closure, 1).unwrap(), "31/03 17:00");
    story.until("30/03/2026 09:20").by("btg.lanh-dao").when("confirm-closure", confirming(1));
    story.stands(Lifecycle::Closed);
    story.says(&[
        "10/03 08:15 intake.raised-in-writing",
        "10/03 08:15 intake.numbered VV-2026-00007",
        "10/03 08:15 routing.case-routed 1 BTG.TT.DM leads, 2 UBND.VX.DM",
        "10/03 08:40 routing.assignment-acknowledged 2 by UBND.VX.DM",
        "10/03 10:05 routing.assignment-acknowledged 1 by BTG.TT.DM",
        "10/03 10:05 coordination.opened round 1",
        "11/03 09:30 coordination.position-recorded BTG counters, next round 2",
        "11/03 15:00 coordination.position-recorded UBND agrees, agreed",
        "11/03 15:30 taskforce.proposed 1 by BTG",
        "12/03 04:15 taskforce.reminded consent 50 %",
        "12/03 09:00 taskforce.consent-given BTG",
        "12/03 10:00 taskforce.consent-given SNNMT",
        "12/03 11:00 taskforce.consent-given XBM, complete",
        "12/03 14:00 taskforce.established by UBND",
        "27/03 16:00 taskforce.dissolved",
        "27/03 16:10 closure.proposed 1 by side B",
        "29/03 16:35 closure.reminded closure 50 %",
        "30/03 09:20 closure.case-closed 1",
    ]);
    let case = story.case();
    assert_eq!(case.confirmations[0].written, Written::Satisfied);
    assert_eq!((case.taskforce.state, case.escalation.state), (TaskforceState::Dissolved, Dossier::None));
    assert_eq!(case.rounds.last().unwrap().opened.turn, 2);
    assert!(story.facts().iter().all(|fact| !fact.body().kind().to_string().ends_with(".overdue")));
}

/// S3 as far as the dispute: *khẩn*, in writing.
#[test]
fn a_highway_delay_on_which_the_sides_disagree() {
    let mut story = Story::new();
    let report = with(written(), "/raiser", "SXD");
    let report = with(with(report, "/document/issuer", "SXD"), "/document/symbol", "BC-SXD");
    let report = with(report, "/document/date", "2026-07-08");
    story.at("08/07/2026 09:00").by("sxd.dau-moi").raise(report).then(Kind::RaisedInWriting).settle();
    assert_eq!(story.due_of(DeadlineKey::Ack, 1).unwrap(), "08/07 15:00");
    story.until("08/07/2026 13:45").by("btg.dau-moi").when("acknowledge", json!({})).settle();
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "10/07 17:00");
    story.until("08/07/2026 14:30").by("ubnd.dau-moi").when("acknowledge", json!({}));
    story.until("10/07/2026 15:30").by("btg.lanh-dao").when("record-position", disagree());
    story.stands(Lifecycle::Disputed).until("12/07/2026 12:00");
    assert_eq!(
        story.running(),
        ["dossier 1: 10/07 15:30 to 14/07 17:00", "statement 1: 10/07 15:30 to 13/07 17:00"]
    );
    story.says(&[
        "08/07 09:00 intake.raised-in-writing",
        "08/07 09:00 intake.numbered VV-2026-00007",
        "08/07 09:00 routing.case-routed 1 BTG.TT.DM leads, 2 UBND.VX.DM",
        "08/07 12:00 routing.reminded ack 50 %",
        "08/07 12:00 routing.reminded ack 50 %",
        "08/07 13:45 routing.assignment-acknowledged 1 by BTG.TT.DM",
        "08/07 13:45 coordination.opened round 1",
        "08/07 13:48 routing.reminded ack 80 %",
        "08/07 14:30 routing.assignment-acknowledged 2 by UBND.VX.DM",
        "09/07 15:22:30 coordination.reminded position 50 %",
        "10/07 06:45 coordination.reminded position 80 %",
        "10/07 15:30 coordination.position-recorded BTG disagrees, disputed",
        "12/07 04:15 escalation.reminded statement 50 %",
    ]);
}

/// S2, had nobody done anything for two days: what the process itself records, while it runs and after an outage.
#[test]
fn a_night_on_which_nobody_answers() {
    let mut story = Story::phoned();
    story.until("18/05/2026 00:00");
    story.says(&[
        "16/05 21:52 intake.raised-by-phone",
        "16/05 21:52 intake.numbered VV-2026-00007",
        "16/05 21:52 routing.case-routed 1 BTG.TT.DM leads, 2 UBND.VX.DM",
        "16/05 22:03 confirmation.overdue callback level 1, owed by BTG",
        "16/05 22:18 confirmation.overdue callback level 2, owed by BTG",
        "16/05 22:22 routing.fallback-assigned 1 timed out, 3 BTG.TT.DM2 (deputy) leads",
        "16/05 22:22 routing.fallback-assigned 2 timed out, 4 UBND.VX.DM2 (deputy)",
        "16/05 22:33 confirmation.overdue callback level 3, owed by BTG",
        "16/05 22:52 routing.fallback-assigned 3 timed out, 5 BTG.TT.TP (unit head) leads",
        "16/05 22:52 routing.fallback-assigned 4 timed out, 6 UBND.VX.TP (unit head)",
        "16/05 23:22 routing.fallback-assigned 5 timed out, 7 BTG.LD (chief) leads",
        "16/05 23:22 routing.fallback-assigned 6 timed out, 8 UBND.LD (chief)",
        "16/05 23:52 routing.chief-reminded 7 for the 1. time",
        "16/05 23:52 routing.chief-reminded 8 for the 1. time",
        "17/05 00:22 routing.chief-reminded 7 for the 2. time",
        "17/05 00:22 routing.chief-reminded 8 for the 2. time",
        "17/05 00:52 routing.chief-reminded 7 for the 3. time",
        "17/05 00:52 routing.chief-reminded 8 for the 3. time",
        "17/05 01:48 confirmation.reminded written 50 %",
        "17/05 04:12 confirmation.reminded written 80 %",
        "17/05 05:48 confirmation.overdue written level 1, owed by SNNMT",
        "17/05 13:48 confirmation.overdue written level 2, owed by SNNMT",
        "17/05 20:56 routing.reminded ack 50 %",
        "17/05 21:48 confirmation.overdue written level 3, owed by SNNMT",
    ]);
    // From here on only the lead is reminded, while the case waits for it, each working day.
    story.until("20/05/2026 00:00");
    story.says_since(
        "18/05/2026 00:00",
        &[
            "18/05 08:58:24 routing.reminded ack 80 %",
            "18/05 17:00 routing.chief-reminded 7 for the 4. time",
            "19/05 05:00 routing.reminded ack 50 %",
            "19/05 12:12 routing.reminded ack 80 %",
            "19/05 17:00 routing.chief-reminded 7 for the 5. time",
        ],
    );
}

/// S5 (a): *hỏa tốc*; the directory's number denies the call.
#[test]
fn a_false_call_at_night_is_cancelled() {
    let mut story = Story::new();
    story.at("20/06/2026 02:14").by("btg.truc-ban").raise(phone_ended("20/06/2026 02:10")).settle();
    story.until("20/06/2026 02:21").when("verify-callback", callback("failed")).then(Kind::CallbackFailed);
    story.until("20/06/2026 02:38").by("btg.truong-phong");
    story.when("propose-cancellation", cancelling("caller-not-genuine")).then(Kind::CancellationProposed);
    story.until("20/06/2026 02:40").by("btg.lanh-dao").when("confirm-cancellation", confirming(1));
    story.then(Kind::CaseCancelled).stands(Lifecycle::Cancelled).until("30/06/2026 00:00");
    story.says(&[
        "20/06 02:14 intake.raised-by-phone",
        "20/06 02:14 intake.numbered VV-2026-00007",
        "20/06 02:14 routing.case-routed 1 BTG.TT.DM leads, 2 UBND.VX.DM",
        "20/06 02:21 confirmation.callback-failed",
        "20/06 02:38 casefile.cancellation-proposed 1 CallerNotGenuine",
        "20/06 02:40 casefile.cancelled 1 CallerNotGenuine",
    ]);
    let confirmation = &story.case().confirmations[0];
    assert_eq!((confirmation.written, confirmation.caller), (Written::Lapsed, Some(Verification::Failed)));
    assert!(story.case().assignments.iter().all(|each| each.state == AssignmentState::Ended));
    assert!(story.running().is_empty());
    assert_eq!(story.replayed().unwrap().as_ref(), Some(story.case()));
}

/// S5 (d): *thượng khẩn*; the raiser takes the case back the same day.
#[test]
fn a_report_that_is_taken_back() {
    let mut story = Story::new();
    let call = with(phone_ended("22/06/2026 09:00"), "/urgency", "thuong-khan");
    story.at("22/06/2026 09:05").by("btg.truc-ban").raise(call).settle();
    story.until("22/06/2026 09:20").when("verify-callback", callback("verified"));
    story.acknowledged("22/06/2026 09:30").stands(Lifecycle::InCoordination);
    story.until("22/06/2026 15:00");
    assert_eq!(
        story.running(),
        ["position 1: 22/06 09:30 to 22/06 21:30", "written 1: 22/06 09:00 to 23/06 09:00"]
    );
    let letter = with(withdrawing(), "/document/date", "2026-06-22");
    story.by("snnmt.lanh-dao").when("withdraw", letter).then(Kind::CaseWithdrawn);
    story.stands(Lifecycle::Withdrawn).until("30/06/2026 00:00");
    story.says(&[
        "22/06 09:05 intake.raised-by-phone",
        "22/06 09:05 intake.numbered VV-2026-00007",
        "22/06 09:05 routing.case-routed 1 BTG.TT.DM leads, 2 UBND.VX.DM",
        "22/06 09:20 confirmation.callback-verified",
        "22/06 09:30 routing.assignment-acknowledged 2 by UBND.VX.DM",
        "22/06 09:30 routing.assignment-acknowledged 1 by BTG.TT.DM",
        "22/06 09:30 coordination.opened round 1",
        "22/06 15:00 casefile.withdrawn",
    ]);
    assert_eq!(story.case().confirmations[0].written, Written::Lapsed);
    assert!(story.running().is_empty());
    assert_eq!(story.replayed().unwrap().as_ref(), Some(story.case()));
}
