//! Region TF: the task force of a case as its facts leave it.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use events::{
    AgencyId, OfficerId, Timestamp,
    taskforce::{Mandate, Member},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar;

/// The task force of a case, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Taskforce {
    /// Where it stands.
    pub state: TaskforceState,
    /// How many proposals there were: each has its number within the case.
    pub proposals: u32,
    /// The proposal that is answered, consented to or refused.
    pub proposal: Option<Proposal>,
    /// The task force at work, or the last one.
    pub formed: Option<Formed>,
    /// The meetings, oldest first.
    pub meetings: Vec<Meeting>,
    /// The tasks, oldest first.
    pub tasks: Vec<Task>,
    /// The agencies that were ever invited: they see the case (PROCESS §9 rule 4).
    pub invited: BTreeSet<AgencyId>,
}

/// Where a task force stands (region TF).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskforceState {
    /// There is none.
    #[default]
    None,
    /// The invited agencies are asked for their consent.
    Proposed,
    /// An invited agency did not consent.
    Refused,
    /// All consent; the decision is still to come.
    Consented,
    /// At work.
    Active,
    /// Dissolved.
    Dissolved,
}

/// A proposal to set up a task force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Its number within the case.
    pub number: u32,
    /// The agency that proposes.
    pub by: AgencyId,
    /// What is proposed.
    pub mandate: Mandate,
    /// The agencies that have consented, in the order in which they did.
    pub consents: Vec<AgencyId>,
    /// The members named so far, at most one of each agency.
    pub members: Vec<Member>,
}

/// A task force that was established.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Formed {
    /// Its number within the case.
    pub number: u32,
    /// The agency that established it.
    pub by: AgencyId,
    /// It follows a directive.
    pub by_directive: bool,
    /// Since when it is at work.
    pub since: Timestamp,
    /// Number and symbol of the decision.
    pub decision: String,
    /// What it is for, and how long.
    pub mandate: Mandate,
    /// Its members, one of each agency; one of them leads.
    pub members: Vec<Member>,
    /// Its term has ended.
    pub term_ended: bool,
}

/// A meeting that was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Meeting {
    /// Its number within the case.
    pub number: u32,
    /// When it begins.
    pub at: Timestamp,
    /// Where.
    pub place: String,
    /// What it is about.
    pub agenda: String,
    /// Number and symbol of each of its minutes.
    pub minutes: Vec<String>,
}

/// A task of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its number within the case.
    pub number: u32,
    /// The member who is to do it.
    pub owner: OfficerId,
    /// What is to be done.
    pub text: String,
    /// Until when.
    pub due: Timestamp,
    /// What became of it.
    pub state: TaskState,
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// Still to be done.
    Open,
    /// Done.
    Completed {
        /// What came of it.
        result: String,
    },
    /// It was open when the task force was dissolved.
    Transferred {
        /// The agency that goes on with it.
        to: AgencyId,
    },
}

impl Proposal {
    /// The agency is asked.
    pub fn invites(&self, agency: &AgencyId) -> bool {
        self.mandate.agencies.contains(agency)
    }

    /// The agencies that have not answered.
    pub fn silent(&self) -> impl Iterator<Item = &AgencyId> {
        self.mandate.agencies.iter().filter(|agency| !self.consents.contains(agency))
    }
}

impl Formed {
    /// A person as a member.
    pub fn member(&self, officer: &OfficerId) -> Option<&Member> {
        self.members.iter().find(|member| member.officer == *officer)
    }

    /// When the term ends: with the end of its last day (Civil Code 2015, Art. 148).
    pub fn ends_at(&self) -> Timestamp {
        let next_day = self.mandate.until.succ_opt().unwrap_or(self.mandate.until);
        calendar::local(next_day, NaiveTime::MIN)
    }
}

impl Taskforce {
    /// A successor takes the place of an agency that has ended: as proposer, founder, invited agency and member. Where
    /// it takes part itself, one member stays, the one who leads before any other; and it consents for itself.
    pub(super) fn succeeds(&mut self, from: &AgencyId, to: &AgencyId) {
        if matches!(self.state, TaskforceState::None | TaskforceState::Dissolved) {
            return;
        }
        let rename = |agency: &mut AgencyId| {
            if agency == from {
                agency.clone_from(to);
            }
        };
        let takes_over = |mandate: &mut Mandate, members: &mut Vec<Member>| {
            let both = mandate.agencies.contains(from) && mandate.agencies.contains(to);
            if both {
                mandate.agencies.retain(|agency| agency != from);
                let leads = members.iter().any(|member| member.agency == *from && member.lead);
                let goes = if leads { to } else { from };
                let stays = members.iter().any(|member| member.agency == *to);
                members.retain(|member| member.agency != *goes || (!leads && !stays));
            }
            mandate.agencies.iter_mut().for_each(rename);
            for member in members.iter_mut() {
                rename(&mut member.agency);
            }
            both
        };
        if let Some(proposal) = &mut self.proposal {
            rename(&mut proposal.by);
            if takes_over(&mut proposal.mandate, &mut proposal.members) {
                proposal.consents.retain(|agency| agency != from);
            }
            proposal.consents.iter_mut().for_each(rename);
            if self.state == TaskforceState::Proposed && proposal.silent().next().is_none() {
                self.state = TaskforceState::Consented;
            }
        }
        if let Some(formed) = &mut self.formed {
            rename(&mut formed.by);
            takes_over(&mut formed.mandate, &mut formed.members);
        }
        if self.invited.contains(from) {
            self.invited.insert(to.clone());
        }
    }
}
