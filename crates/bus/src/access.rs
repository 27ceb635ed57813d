//! The record of access: who signed in, which tokens were given, who read what, and what was refused (DESIGN D12).
//!
//! The identity service alone writes it. The edge tells it what was read over HTTP and shows it who did
//! ([`crate::identity::Question::Noticed`]); the tools of the operator, who has no account, tell it on a subject of their
//! own ([`NOTE`]), so that no edge can speak for an operator.

use std::slice;

use events::{AgencyId, CaseId, Digest, DutyId, OfficerId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::assertion::Strength;

/// The subject on which a tool of the operator says what it is about to read or do.
pub const NOTE: &str = "id.note";

/// How the subjects of the entries begin.
pub const SUBJECTS: &str = "access.";

/// An entry of the record of access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// Whose account it is about, or who it was; none where an operator, who has no account, read or did something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<OfficerId>,
    /// The session or token, where it is about one or was by one.
    pub credential: Option<Uuid>,
    /// The operator who did it at the machine, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// What happened.
    pub what: What,
}

/// Who works at a machine with the tools of the operator, as its operating system has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operator {
    /// The user of the operating system.
    pub user: String,
    /// The machine's name.
    pub host: String,
}

/// What a tool of the operator says on [`NOTE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Who works with it.
    pub operator: Operator,
    /// What it is about to read, or has done: only what [`What::is_an_operators`] is taken.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum What {
    /// An account was made, or given a new first password.
    AccountReset,
    /// An account was closed.
    AccountClosed,
    /// Somebody signed in.
    SignedIn {
        /// How he proved who he is.
        strength: Strength,
    },
    /// Somebody tried to, and could not.
    SignInRefused {
        /// How often in a row.
        failures: u32,
    },
    /// After too many failures nobody signs in for a while.
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// A session was ended.
    SessionEnded {
        /// By whom.
        by: OfficerId,
    },
    /// A password was changed.
    PasswordChanged,
    /// One-time codes are asked for from now on.
    SecondFactorSet,
    /// A token was given.
    TokenCreated {
        /// What it is for.
        name: String,
        /// The acts for which alone it counts.
        acts: Option<Vec<String>>,
        /// When it ends.
        ends: Option<Timestamp>,
    },
    /// A token was taken back.
    TokenRevoked {
        /// By which officer; none where it was an operator at the machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<OfficerId>,
    },
    /// He opened a case: written down once an hour, of an auditor once a minute.
    CaseOpened {
        /// Which.
        case: CaseId,
    },
    /// He opened a regular duty, a report, a briefing or a planned project: written down once an hour, of an auditor once a
    /// minute.
    DutyOpened {
        /// Which.
        duty: DutyId,
    },
    /// He took a file that a document of a case or a duty names: written down once a minute for each file.
    Downloaded {
        /// The case, if of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseId>,
        /// The duty, if of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duty: Option<DutyId>,
        /// The file, by the SHA-256 of its content.
        sha256: Digest,
    },
    /// An auditor read something else over HTTP: written down once a minute for each case, duty and kind.
    Read {
        /// What.
        what: Reading,
        /// Of which case, if of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseId>,
        /// Of which duty, if of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duty: Option<DutyId>,
    },
    /// He was refused: he asked for what he has no right to, or for a case or a duty that is there and not for him to
    /// see. The first attempt is written down at once, those of the minute that follows together.
    Refused {
        /// How often.
        times: u32,
        /// How many of them asked for a case or a duty that he may not see; he was told that there is none.
        hidden: u32,
        /// Such cases, the first twenty.
        cases: Vec<CaseId>,
        /// Such duties, the first twenty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        duties: Vec<DutyId>,
    },
    /// An operator replayed the log.
    Replayed {
        /// What of it.
        extent: Extent,
    },
    /// An operator exported the log.
    Exported {
        /// What of it.
        extent: Extent,
        /// How many entries.
        events: u64,
        /// The SHA-256 of what came of it.
        digest: Digest,
    },
    /// An operator checked the whole of the records.
    Verified {
        /// How many entries they have.
        events: u64,
    },
    /// An operator made a backup.
    BackedUp {
        /// Where it is.
        to: String,
    },
    /// An operator read this record.
    RecordRead {
        /// What of it.
        extent: Extent,
    },
}

/// What an auditor reads over HTTP, besides cases, duties and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// The list of cases.
    List,
    /// The cases in which something is found.
    Search,
    /// What waits for him.
    Work,
    /// The list of reports, of briefings or of planned projects.
    Duties,
    /// The facts of a duty.
    DutyEvents,
    /// The facts of a case.
    Events,
    /// The ledger of a case's mails.
    Mails,
    /// The dossier of a case.
    Dossier,
    /// The directory.
    Directory,
    /// The delegations.
    Delegations,
    /// The policy.
    Policy,
    /// The facts of the directory.
    DirectoryEvents,
    /// The agreement of the sides, and the changes of the policy under it.
    Agreement,
    /// The proof that a fact stands in the log.
    Proof,
}

/// What of a record was read; all that is given narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Extent {
    /// Of this case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Of this duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<DutyId>,
    /// Of the cases and duties in which this agency takes part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyId>,
    /// Of this officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<OfficerId>,
    /// Recorded from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Recorded before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// As it was known at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// As it had happened by that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
}

impl Access {
    /// Something that happened to an officer's account, or that he did.
    pub fn of(officer: &OfficerId, credential: Option<Uuid>, what: What, at: Timestamp) -> Self {
        Self { at, officer: Some(officer.clone()), credential, operator: None, what }
    }

    /// The same, done by an operator at the machine.
    #[must_use]
    pub fn by(mut self, operator: &Operator) -> Self {
        self.operator = Some(operator.clone());
        self
    }

    /// The subject under which it is kept: who opened a case or a duty is found by that, all else by the officer. No
    /// officer's name begins with `~`.
    pub fn subject(&self) -> String {
        match (&self.what, &self.officer) {
            (What::CaseOpened { case: CaseId(id) } | What::DutyOpened { duty: DutyId(id) }, _) => {
                Self::openings_of(*id)
            }
            (_, Some(officer)) => format!("{SUBJECTS}{officer}"),
            (_, None) => format!("{SUBJECTS}~operator"),
        }
    }

    /// The subject under which it is kept who opened a case or a duty, by its id.
    pub fn openings_of(id: Uuid) -> String {
        format!("{SUBJECTS}~opened.{id}")
    }
}

impl What {
    /// Whether it is for the edge to say: what officers read over HTTP, and what they were refused.
    pub fn is_the_edges(&self) -> bool {
        matches!(
            self,
            Self::CaseOpened { .. }
                | Self::DutyOpened { .. }
                | Self::Downloaded { .. }
                | Self::Read { .. }
                | Self::Refused { .. }
        )
    }

    /// Whether it is for a tool of the operator to say.
    pub fn is_an_operators(&self) -> bool {
        matches!(
            self,
            Self::Replayed { .. }
                | Self::Exported { .. }
                | Self::Verified { .. }
                | Self::BackedUp { .. }
                | Self::RecordRead { .. }
        )
    }

    /// The cases that it is about.
    pub fn cases(&self) -> &[CaseId] {
        self.about().0
    }

    /// The duties that it is about.
    pub fn duties(&self) -> &[DutyId] {
        self.about().1
    }

    fn about(&self) -> (&[CaseId], &[DutyId]) {
        match self {
            Self::CaseOpened { case } => (slice::from_ref(case), &[]),
            Self::DutyOpened { duty } => (&[], slice::from_ref(duty)),
            Self::Downloaded { case, duty, .. } | Self::Read { case, duty, .. } => {
                (case.as_slice(), duty.as_slice())
            }
            Self::Refused { cases, duties, .. } => (cases, duties),
            Self::Replayed { extent } | Self::Exported { extent, .. } | Self::RecordRead { extent } => {
                (extent.case.as_slice(), extent.duty.as_slice())
            }
            Self::AccountReset
            | Self::AccountClosed
            | Self::SignedIn { .. }
            | Self::SignInRefused { .. }
            | Self::Locked { .. }
            | Self::SessionEnded { .. }
            | Self::PasswordChanged
            | Self::SecondFactorSet
            | Self::TokenCreated { .. }
            | Self::TokenRevoked { .. }
            | Self::Verified { .. }
            | Self::BackedUp { .. } => (&[], &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_an_operator_stood_in_it_is_read() {
        let old = r#"{"at":"2026-05-16T14:52:00Z","officer":"btg.lanh-dao","credential":null,
            "what":{"kind":"token-revoked"}}"#;
        let access: Access = serde_json::from_str(old).unwrap();
        assert_eq!(access.officer, Some("btg.lanh-dao".into()));
        assert_eq!((access.operator, access.what), (None, What::TokenRevoked { by: None }));
    }

    #[test]
    fn who_opened_a_duty_is_found_by_the_duty_and_is_the_edge_s_to_say() {
        let duty = DutyId::of_report(&"UBND".into(), 2026, 5);
        let opened = What::DutyOpened { duty };
        assert!(opened.is_the_edges() && opened.cases().is_empty());
        assert_eq!(opened.duties(), [duty]);
        let access = Access::of(&"btg.lanh-dao".into(), None, opened, Timestamp::UNIX_EPOCH);
        assert_eq!(access.subject(), Access::openings_of(duty.0));
    }

    #[test]
    fn nobody_says_what_is_not_his_to_say() {
        let extent = Extent::default();
        let (edge, operator) = (
            What::Refused { times: 1, hidden: 0, cases: Vec::new(), duties: Vec::new() },
            What::Replayed { extent },
        );
        assert!(edge.is_the_edges() && !edge.is_an_operators());
        assert!(operator.is_an_operators() && !operator.is_the_edges());
        assert!(!What::AccountReset.is_the_edges() && !What::AccountReset.is_an_operators());
    }
}
