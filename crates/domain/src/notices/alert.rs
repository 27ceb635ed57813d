//! The alerts, by their numbers in the book of rules.

/// An alert (DOMAIN §6; E21 to E24: PROCESS §8). Where a row of the book has several texts, or a regular duty needs words
/// of its own for what a row says of cases, the number has a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alert {
    /// A case was reported by telephone.
    RaisedByPhone,
    /// A case was raised in writing, and is urgent.
    RaisedInWriting,
    /// The caller was not who he said.
    CallerNotVerified,
    /// The written confirmation falls due.
    WrittenReminded,
    /// The written confirmation is overdue, at a level.
    WrittenOverdue(u8),
    /// The document differs from the call.
    Discrepant,
    /// A case passed to the next holder.
    Fallback,
    /// A position is asked for.
    PositionAsked,
    /// The agencies of a side differ.
    Split,
    /// The agencies agree.
    Agreed,
    /// The agencies do not agree.
    Disputed,
    /// A dossier goes up.
    Escalated,
    /// More information is asked for.
    InfoAsked,
    /// A directive is there.
    Directed,
    /// The report on an item of a directive falls due, or is overdue at a level.
    Implementation(Option<u8>),
    /// Consent to a task force is asked for.
    TaskforceProposed,
    /// A task force is established.
    TaskforceEstablished,
    /// A task force is dissolved.
    TaskforceDissolved,
    /// A closure waits for the other side.
    ClosureProposed,
    /// A delegation ends soon.
    DelegationExpiring,
    /// A case is assigned to you.
    Assigned,
    /// Something else falls due, or is overdue at a level.
    Due(Option<u8>),
    /// The case took another turn.
    Changed,
    /// A first key waits for the next one.
    KeyWaits,
    /// A regular report falls due, or is overdue at a level.
    ReportDue(Option<u8>),
    /// The supplement of a report that was returned falls due, or is overdue at a level.
    SupplementDue(Option<u8>),
    /// You are invited to a briefing.
    BriefingInvited,
    /// A briefing does not take place.
    BriefingCancelled,
    /// The conclusions of a briefing give you a task.
    TaskGiven,
    /// The other side proposes to prepare a project together.
    PlanningProposed,
    /// A comment on the plan of a project is asked for.
    CommentAsked,
    /// Something of a project falls due, or is overdue at a level.
    ProjectDue(Option<u8>),
}

impl Alert {
    /// Its id in the book of rules, with the letter of its text.
    pub fn id(self) -> &'static str {
        match self {
            Self::RaisedByPhone => "E01",
            Self::RaisedInWriting => "E02",
            Self::CallerNotVerified => "E03",
            Self::WrittenReminded => "E04",
            Self::WrittenOverdue(_) => "E05",
            Self::Discrepant => "E06",
            Self::Fallback => "E07",
            Self::PositionAsked => "E08",
            Self::Split => "E09",
            Self::Agreed => "E10",
            Self::Disputed => "E11",
            Self::Escalated => "E12",
            Self::InfoAsked => "E13",
            Self::Directed => "E14",
            Self::Implementation(_) => "E15",
            Self::TaskforceProposed => "E16",
            Self::TaskforceEstablished => "E17",
            Self::TaskforceDissolved => "E17b",
            Self::ClosureProposed => "E19",
            Self::DelegationExpiring => "E20",
            Self::Assigned => "E21",
            Self::Due(_) => "E22",
            Self::Changed => "E23",
            Self::KeyWaits => "E24",
            Self::ReportDue(_) => "E18",
            Self::SupplementDue(_) => "E18b",
            Self::BriefingInvited => "E20b",
            Self::BriefingCancelled => "E23b",
            Self::TaskGiven => "E21b",
            Self::PlanningProposed => "E08c",
            Self::CommentAsked => "E08b",
            Self::ProjectDue(_) => "E22b",
        }
    }

    /// The overdue level that it names.
    pub fn level(self) -> Option<u8> {
        match self {
            Self::WrittenOverdue(level) => Some(level),
            Self::Implementation(level)
            | Self::Due(level)
            | Self::ReportDue(level)
            | Self::SupplementDue(level)
            | Self::ProjectDue(level) => level,
            Self::RaisedByPhone
            | Self::RaisedInWriting
            | Self::CallerNotVerified
            | Self::WrittenReminded
            | Self::Discrepant
            | Self::Fallback
            | Self::PositionAsked
            | Self::Split
            | Self::Agreed
            | Self::Disputed
            | Self::Escalated
            | Self::InfoAsked
            | Self::Directed
            | Self::TaskforceProposed
            | Self::TaskforceEstablished
            | Self::TaskforceDissolved
            | Self::ClosureProposed
            | Self::DelegationExpiring
            | Self::Assigned
            | Self::Changed
            | Self::KeyWaits
            | Self::BriefingInvited
            | Self::BriefingCancelled
            | Self::TaskGiven
            | Self::PlanningProposed
            | Self::CommentAsked => None,
        }
    }
}
