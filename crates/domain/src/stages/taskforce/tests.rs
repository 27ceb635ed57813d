//! The task force: proposed, consented to, established, at work, dissolved.

mod clock;
mod consents;
mod directive;
mod forming;
mod work;

use events::{
    AgencyId, Body, DeadlineKey, Kind, Lifecycle, Stage, Transition, casefile, casefile::CancellationReason,
    terms::Document,
};
use serde_json::{Value, json};

use super::{Command, Task, TaskState, TaskforceState};
use crate::{
    Code, Decision, stages,
    story::{
        Files, Story, THIRD_SIDE, closing, completing, confirming, consenting, consenting_only, dissolving,
        document, establishing, establishing_by_directive, local, meeting, minutes, nominating,
        not_consenting, phone, replacing, taking_back, task_force, task_of, with, without,
    },
};

const PROPOSE: &str = "propose-task-force";
const WITHDRAW: &str = "withdraw-task-force-proposal";
const NOMINATE: &str = "nominate-member";
const CONSENT: &str = "consent-task-force";
const ESTABLISH: &str = "establish-task-force";
const DISSOLVE: &str = "dissolve-task-force";

/// Every state of a case.
const LIFECYCLES: [Lifecycle; 11] = [
    Lifecycle::Received,
    Lifecycle::Routed,
    Lifecycle::InCoordination,
    Lifecycle::Agreed,
    Lifecycle::Disputed,
    Lifecycle::Escalated,
    Lifecycle::Directed,
    Lifecycle::Closed,
    Lifecycle::Withdrawn,
    Lifecycle::Cancelled,
    Lifecycle::Merged,
];

fn state(story: &Story) -> TaskforceState {
    story.case().taskforce.state
}

/// The members, as `btg.dau-moi leads`, in the order in which they were named.
fn members(story: &Story) -> Vec<String> {
    let taskforce = &story.case().taskforce;
    let proposed = taskforce.proposal.as_ref().map(|proposal| &proposal.members);
    let formed = taskforce.formed.as_ref().map(|formed| &formed.members);
    let words = |member: &events::taskforce::Member| {
        format!("{}{}", member.officer, if member.lead { " leads" } else { "" })
    };
    proposed.or(formed).into_iter().flatten().map(words).collect()
}

/// The case is elsewhere, by a path that is not of interest.
fn stands_at(mut story: Story, lifecycle: Lifecycle) -> Story {
    story.amend(|case| case.lifecycle = lifecycle);
    story
}

/// Each beginning, with the state in which its task force stands.
fn beginnings() -> [(TaskforceState, fn() -> Story); 6] {
    [
        (TaskforceState::None, Story::agreed),
        (TaskforceState::Proposed, Story::asking_for_a_task_force),
        (TaskforceState::Refused, || {
            let mut story = Story::asking_for_a_task_force();
            story.by("xbm.lanh-dao").when(CONSENT, not_consenting(1)).then(Kind::ConsentRefused);
            story
        }),
        (TaskforceState::Consented, Story::consented),
        (TaskforceState::Active, Story::with_task_force),
        (TaskforceState::Dissolved, dissolved),
    ]
}

fn dissolved() -> Story {
    let mut story = Story::with_task_force();
    story.by("ubnd.lanh-dao").when(DISSOLVE, dissolving("UBND")).then(Kind::TaskforceDissolved);
    story
}

/// An act is legal in these states of the task force, and `BAD_STATE` in the others.
fn legal_only_in(legal: &[TaskforceState], officer: &str, act: &str, body: &Value) {
    for (stands, begin) in beginnings() {
        let mut story = begin();
        assert_eq!(state(&story), stands);
        story.by(officer).when(act, body.clone());
        if legal.contains(&stands) {
            assert!(story.done(), "{act} at {stands:?}");
        } else {
            assert_eq!(story.why().code, Code::BadState, "{act} at {stands:?}");
        }
    }
}
