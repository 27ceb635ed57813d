//! The regions of a case as data (DOMAIN §3.1, PROCESS §5): a case is the product of them, and each moves by facts alone.
//!
//! Nothing decides by this table: it says what the stages do, and a test plays histories to see that it says neither
//! more nor less (`story/regions.rs`). The diagrams and pages of the process are drawn from it.

use events::{Kind, Lifecycle};

use crate::{
    labels::{self, Label},
    stages::{
        confirmation::{Verification, Written},
        coordination::RoundState,
        escalation::{Dossier, ItemState},
        routing::AssignmentState,
        taskforce::TaskforceState,
    },
};

/// A part of a case that has a state of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its letter in the book of rules.
    pub code: &'static str,
    /// Its name in a path, e.g. `task-force`.
    pub name: &'static str,
    /// What it is called.
    pub label: Label,
    /// Its states, in the order of the process.
    pub states: &'static [State],
    /// Every move that can be.
    pub moves: &'static [Move],
}

/// A state of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name in facts and answers.
    pub name: &'static str,
    /// What it is called.
    pub label: Label,
}

/// A move of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where from; `None` where the thing itself begins.
    pub from: Option<&'static str>,
    /// Where to.
    pub to: &'static str,
    /// The facts of which each makes the move.
    pub facts: &'static [Kind],
}

impl Region {
    /// The state of a name.
    pub fn state(&self, name: &str) -> Option<&'static State> {
        self.states.iter().find(|state| state.name == name)
    }

    /// Where every case has it from the beginning; other regions begin with a fact.
    pub fn initial(&self) -> Option<&'static State> {
        self.states.first().filter(|_| self.moves.iter().all(|each| each.from.is_some()))
    }

    /// Nothing leads on from this state.
    pub fn is_last(&self, state: &str) -> bool {
        self.moves.iter().all(|each| each.from != Some(state))
    }
}

const fn state(name: &'static str, label: Label) -> State {
    State { name, label }
}

const fn begins(to: &'static str, facts: &'static [Kind]) -> Move {
    Move { from: None, to, facts }
}

const fn moves(from: &'static str, to: &'static str, facts: &'static [Kind]) -> Move {
    Move { from: Some(from), to, facts }
}

/// Withdrawing and cancelling, which end much else with the case.
const TAKEN_BACK: &[Kind] = &[Kind::CaseWithdrawn, Kind::CaseCancelled];

/// How a dispute begins.
const DISPUTED: &[Kind] =
    &[Kind::PositionRecorded, Kind::DisagreementDeclared, Kind::CoordinationReevaluated];

/// Every region, in the order of the process.
pub const ALL: &[Region] = &[LIFECYCLE, WRITTEN, CALLER, ASSIGNMENT, ROUND, TASKFORCE, DOSSIER, INSTRUCTION];

/// L: where the case stands.
pub const LIFECYCLE: Region = Region {
    code: "L",
    name: "lifecycle",
    label: Label { vi: "Vụ việc", en: "The case" },
    states: &[
        state("received", labels::lifecycle(Lifecycle::Received)),
        state("routed", labels::lifecycle(Lifecycle::Routed)),
        state("in-coordination", labels::lifecycle(Lifecycle::InCoordination)),
        state("agreed", labels::lifecycle(Lifecycle::Agreed)),
        state("disputed", labels::lifecycle(Lifecycle::Disputed)),
        state("escalated", labels::lifecycle(Lifecycle::Escalated)),
        state("directed", labels::lifecycle(Lifecycle::Directed)),
        state("closed", labels::lifecycle(Lifecycle::Closed)),
        state("withdrawn", labels::lifecycle(Lifecycle::Withdrawn)),
        state("cancelled", labels::lifecycle(Lifecycle::Cancelled)),
        state("merged", labels::lifecycle(Lifecycle::Merged)),
    ],
    moves: &[
        begins("received", &[Kind::RaisedInWriting, Kind::RaisedByPhone]),
        moves("received", "routed", &[Kind::CaseRouted]),
        moves("received", "withdrawn", &[Kind::CaseWithdrawn]),
        moves("received", "cancelled", &[Kind::CaseCancelled]),
        moves("received", "merged", &[Kind::CaseMerged]),
        moves("routed", "in-coordination", &[Kind::CoordinationOpened]),
        moves("routed", "withdrawn", &[Kind::CaseWithdrawn]),
        moves("routed", "cancelled", &[Kind::CaseCancelled]),
        moves("routed", "merged", &[Kind::CaseMerged]),
        moves("in-coordination", "agreed", &[Kind::PositionRecorded, Kind::CoordinationReevaluated]),
        moves("in-coordination", "disputed", DISPUTED),
        moves("in-coordination", "escalated", &[Kind::CaseEscalated]),
        moves("in-coordination", "withdrawn", &[Kind::CaseWithdrawn]),
        moves("in-coordination", "cancelled", &[Kind::CaseCancelled]),
        moves("in-coordination", "merged", &[Kind::CaseMerged]),
        moves("agreed", "closed", &[Kind::CaseClosed]),
        moves("agreed", "in-coordination", &[Kind::CoordinationReopened]),
        moves("agreed", "escalated", &[Kind::CaseEscalated]),
        moves("agreed", "merged", &[Kind::CaseMerged]),
        moves("disputed", "agreed", &[Kind::AgreementReached]),
        moves("disputed", "escalated", &[Kind::CaseEscalated]),
        moves("escalated", "directed", &[Kind::DirectiveIssued]),
        moves("escalated", "in-coordination", &[Kind::DirectiveReturned, Kind::DirectiveNoted]),
        moves("escalated", "agreed", &[Kind::DirectiveNoted, Kind::DossierWithdrawn]),
        moves("directed", "closed", &[Kind::CaseClosed]),
        moves("closed", "in-coordination", &[Kind::CaseReopened]),
    ],
};

/// W: the document that is owed after a call, one for each intake.
pub const WRITTEN: Region = Region {
    code: "W",
    name: "written",
    label: Label { vi: "Văn bản xác nhận", en: "The written confirmation" },
    states: &[
        state("satisfied", labels::written(Written::Satisfied)),
        state("pending", labels::written(Written::Pending)),
        state("overdue", labels::written(Written::Overdue)),
        state("received", labels::written(Written::Received)),
        state("matched", labels::written(Written::Matched)),
        state("discrepant", labels::written(Written::Discrepant)),
        state("reconciled", labels::written(Written::Reconciled)),
        state("lapsed", labels::written(Written::Lapsed)),
    ],
    moves: &[
        begins("satisfied", &[Kind::RaisedInWriting, Kind::IntakesAdopted]),
        begins("pending", &[Kind::RaisedByPhone, Kind::IntakesAdopted]),
        begins("overdue", &[Kind::IntakesAdopted]),
        begins("received", &[Kind::IntakesAdopted]),
        begins("matched", &[Kind::IntakesAdopted]),
        begins("discrepant", &[Kind::IntakesAdopted]),
        begins("reconciled", &[Kind::IntakesAdopted]),
        moves("pending", "overdue", &[Kind::ConfirmationOverdue]),
        moves("pending", "received", &[Kind::WrittenReceived]),
        moves("pending", "lapsed", TAKEN_BACK),
        moves("overdue", "received", &[Kind::WrittenReceived]),
        moves("overdue", "lapsed", TAKEN_BACK),
        moves("received", "matched", &[Kind::WrittenMatched]),
        moves("received", "discrepant", &[Kind::WrittenDiscrepant]),
        moves("received", "lapsed", TAKEN_BACK),
        moves("discrepant", "reconciled", &[Kind::WrittenReconciled]),
        moves("discrepant", "pending", &[Kind::CorrectedRequested]),
        moves("discrepant", "lapsed", TAKEN_BACK),
    ],
};

/// V: whether the caller is who he said, for each intake by telephone.
pub const CALLER: Region = Region {
    code: "V",
    name: "caller",
    label: Label { vi: "Người gọi", en: "The caller" },
    states: &[
        state("unverified", labels::caller(Verification::Unverified)),
        state("verified", labels::caller(Verification::Verified)),
        state("failed", labels::caller(Verification::Failed)),
    ],
    moves: &[
        begins("unverified", &[Kind::RaisedByPhone, Kind::IntakesAdopted]),
        begins("verified", &[Kind::IntakesAdopted]),
        begins("failed", &[Kind::IntakesAdopted]),
        moves("unverified", "verified", &[Kind::CallbackVerified, Kind::WrittenMatched]),
        moves("unverified", "failed", &[Kind::CallbackFailed]),
        moves("failed", "verified", &[Kind::CallbackVerified, Kind::WrittenMatched]),
    ],
};

/// A: who is to take the case on, once for each assignment.
pub const ASSIGNMENT: Region = Region {
    code: "A",
    name: "assignment",
    label: Label { vi: "Phân công đầu mối", en: "An assignment" },
    states: &[
        state("assigned", labels::assignment(AssignmentState::Assigned)),
        state("acknowledged", labels::assignment(AssignmentState::Acknowledged)),
        state("declined", labels::assignment(AssignmentState::Declined)),
        state("timed-out", labels::assignment(AssignmentState::TimedOut)),
        state("rerouted", labels::assignment(AssignmentState::Rerouted)),
        state("ended", labels::assignment(AssignmentState::Ended)),
    ],
    moves: &[
        begins(
            "assigned",
            &[
                Kind::CaseRouted,
                Kind::CaseRerouted,
                Kind::AgencyAdded,
                Kind::FallbackAssigned,
                Kind::DutiesTransferred,
            ],
        ),
        moves("assigned", "acknowledged", &[Kind::AssignmentAcknowledged]),
        moves("assigned", "declined", &[Kind::AssignmentDeclined]),
        moves("assigned", "timed-out", &[Kind::FallbackAssigned]),
        moves("assigned", "rerouted", &[Kind::CaseRerouted, Kind::DutiesTransferred]),
        moves(
            "assigned",
            "ended",
            &[
                Kind::AgencyAdded,
                Kind::DutiesTransferred,
                Kind::CaseClosed,
                Kind::CaseWithdrawn,
                Kind::CaseCancelled,
                Kind::CaseMerged,
            ],
        ),
        moves("acknowledged", "rerouted", &[Kind::CaseRerouted]),
        moves("acknowledged", "ended", &[Kind::AgencyAdded]),
        moves("declined", "rerouted", &[Kind::CaseRerouted, Kind::DutiesTransferred]),
        moves("declined", "ended", &[Kind::AgencyAdded, Kind::DutiesTransferred]),
    ],
};

/// R: a round of positions.
pub const ROUND: Region = Region {
    code: "R",
    name: "round",
    label: Label { vi: "Vòng lấy ý kiến", en: "A round of positions" },
    states: &[
        state("open", labels::round(RoundState::Open)),
        state("agreed", labels::round(RoundState::Agreed)),
        state("superseded", labels::round(RoundState::Superseded)),
        state("disputed", labels::round(RoundState::Disputed)),
    ],
    moves: &[
        begins(
            "open",
            &[
                Kind::CoordinationOpened,
                Kind::PositionRecorded,
                Kind::RoundOpened,
                Kind::CoordinationReopened,
                Kind::CoordinationReevaluated,
            ],
        ),
        moves("open", "agreed", &[Kind::PositionRecorded, Kind::CoordinationReevaluated]),
        moves(
            "open",
            "superseded",
            &[
                Kind::PositionRecorded,
                Kind::CoordinationReevaluated,
                Kind::CaseEscalated,
                Kind::CaseWithdrawn,
                Kind::CaseCancelled,
                Kind::CaseMerged,
            ],
        ),
        moves("open", "disputed", DISPUTED),
    ],
};

/// TF: the inter-agency task force.
pub const TASKFORCE: Region = Region {
    code: "TF",
    name: "task-force",
    label: Label { vi: "Tổ công tác liên ngành", en: "The task force" },
    states: &[
        state("none", labels::taskforce(TaskforceState::None)),
        state("proposed", labels::taskforce(TaskforceState::Proposed)),
        state("refused", labels::taskforce(TaskforceState::Refused)),
        state("consented", labels::taskforce(TaskforceState::Consented)),
        state("active", labels::taskforce(TaskforceState::Active)),
        state("dissolved", labels::taskforce(TaskforceState::Dissolved)),
    ],
    moves: &[
        moves("none", "proposed", &[Kind::TaskforceProposed]),
        moves("none", "active", &[Kind::TaskforceEstablished]),
        moves("proposed", "consented", &[Kind::ConsentGiven, Kind::DutiesTransferred]),
        moves("proposed", "refused", &[Kind::ConsentRefused]),
        moves(
            "proposed",
            "none",
            &[Kind::TaskforceProposalWithdrawn, Kind::CaseWithdrawn, Kind::CaseCancelled],
        ),
        moves("proposed", "active", &[Kind::TaskforceEstablished]),
        moves("refused", "proposed", &[Kind::TaskforceProposed]),
        moves("refused", "active", &[Kind::TaskforceEstablished]),
        moves("consented", "active", &[Kind::TaskforceEstablished]),
        moves(
            "consented",
            "none",
            &[Kind::TaskforceProposalWithdrawn, Kind::CaseWithdrawn, Kind::CaseCancelled],
        ),
        moves("active", "dissolved", &[Kind::TaskforceDissolved]),
        moves("dissolved", "proposed", &[Kind::TaskforceProposed]),
        moves("dissolved", "active", &[Kind::TaskforceEstablished]),
    ],
};

/// E: the current dossier.
pub const DOSSIER: Region = Region {
    code: "E",
    name: "dossier",
    label: Label { vi: "Hồ sơ báo cáo", en: "The dossier" },
    states: &[
        state("none", labels::dossier(Dossier::None)),
        state("drafting", labels::dossier(Dossier::Drafting)),
        state("submitted", labels::dossier(Dossier::Submitted)),
        state("info-requested", labels::dossier(Dossier::InfoRequested)),
        state("decided", labels::dossier(Dossier::Decided)),
        state("returned", labels::dossier(Dossier::Returned)),
        state("dossier-withdrawn", labels::dossier(Dossier::DossierWithdrawn)),
    ],
    moves: &[
        moves("none", "drafting", DISPUTED),
        moves("none", "submitted", &[Kind::CaseEscalated]),
        moves("drafting", "none", &[Kind::AgreementReached]),
        moves("drafting", "submitted", &[Kind::CaseEscalated]),
        moves("submitted", "info-requested", &[Kind::InfoRequested]),
        moves("submitted", "decided", &[Kind::DirectiveIssued, Kind::DirectiveNoted]),
        moves("submitted", "returned", &[Kind::DirectiveReturned]),
        moves("submitted", "dossier-withdrawn", &[Kind::DossierWithdrawn]),
        moves("info-requested", "submitted", &[Kind::InfoSupplied]),
        moves("info-requested", "decided", &[Kind::DirectiveIssued, Kind::DirectiveNoted]),
        moves("info-requested", "returned", &[Kind::DirectiveReturned]),
        moves("info-requested", "dossier-withdrawn", &[Kind::DossierWithdrawn]),
        moves("decided", "drafting", DISPUTED),
        moves("decided", "submitted", &[Kind::CaseEscalated]),
        moves("decided", "none", &[Kind::CaseReopened]),
        moves("returned", "drafting", DISPUTED),
        moves("returned", "submitted", &[Kind::CaseEscalated]),
        moves("returned", "none", &[Kind::CaseReopened]),
        moves("dossier-withdrawn", "drafting", DISPUTED),
        moves("dossier-withdrawn", "submitted", &[Kind::CaseEscalated]),
        moves("dossier-withdrawn", "none", &[Kind::CaseReopened]),
    ],
};

/// I: an item of a directive.
pub const INSTRUCTION: Region = Region {
    code: "I",
    name: "instruction",
    label: Label { vi: "Nội dung chỉ đạo", en: "An item of a directive" },
    states: &[
        state("issued", labels::item(ItemState::Issued)),
        state("acknowledged", labels::item(ItemState::Acknowledged)),
        state("reported", labels::item(ItemState::Reported)),
        state("rejected", labels::item(ItemState::Rejected)),
        state("accepted", labels::item(ItemState::Accepted)),
    ],
    moves: &[
        begins("issued", &[Kind::DirectiveIssued]),
        moves("issued", "acknowledged", &[Kind::InstructionAcknowledged]),
        moves("issued", "reported", &[Kind::InstructionReported]),
        moves("acknowledged", "reported", &[Kind::InstructionReported]),
        moves("reported", "accepted", &[Kind::InstructionAccepted]),
        moves("reported", "rejected", &[Kind::InstructionRejected]),
        moves("rejected", "reported", &[Kind::InstructionReported]),
    ],
};
