//! The catalogue: every event declared once, with its name, version, stage and data.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    briefing, casefile, closure, confirmation, coordination, directory, distribution, document, duty,
    escalation, intake, project, reporting, routing, samples::Sample, taskforce, terms,
};

/// A stage of the process: its facts have exactly one recording service (PROCESS).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Raising and numbering.
    Intake,
    /// Callback and written confirmation.
    Confirmation,
    /// Routing and acknowledgement.
    Routing,
    /// Positions and rounds.
    Coordination,
    /// The inter-agency task force.
    Taskforce,
    /// Dispute, dossier and directive.
    Escalation,
    /// Closing by two keys.
    Closure,
    /// What is kept with a case; withdrawing, cancelling and merging.
    Casefile,
    /// The register of documents: recorded by any stage, only together with that stage's own fact.
    Document,
    /// Policy, offices, absences and delegations: facts of the directory, not of a case.
    Directory,
    /// The regular reports: facts of a duty, not of a case.
    Reporting,
    /// The briefings: facts of a duty.
    Briefing,
    /// The planned projects: facts of a duty.
    Project,
    /// To whom the documents of a duty went.
    Distribution,
}

impl Stage {
    /// Every stage that owns facts of a case, in the order of the process.
    pub const ALL: [Self; 8] = [
        Self::Intake,
        Self::Confirmation,
        Self::Routing,
        Self::Coordination,
        Self::Taskforce,
        Self::Escalation,
        Self::Closure,
        Self::Casefile,
    ];

    /// Every stage that owns facts of a regular duty.
    pub const DUTIES: [Self; 4] = [Self::Reporting, Self::Briefing, Self::Project, Self::Distribution];

    /// The stage's name, as it stands in event types and subjects.
    pub fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Confirmation => "confirmation",
            Self::Routing => "routing",
            Self::Coordination => "coordination",
            Self::Taskforce => "taskforce",
            Self::Escalation => "escalation",
            Self::Closure => "closure",
            Self::Casefile => "casefile",
            Self::Document => "document",
            Self::Directory => "directory",
            Self::Reporting => "reporting",
            Self::Briefing => "briefing",
            Self::Project => "project",
            Self::Distribution => "distribution",
        }
    }

    /// The stage of that name.
    pub fn named(name: &str) -> Option<Self> {
        let others = [Self::Document, Self::Directory].into_iter().chain(Self::DUTIES);
        Self::ALL.into_iter().chain(others).find(|stage| stage.name() == name)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

macro_rules! catalogue {
    ($($stage:ident { $($(#[$doc:meta])* $name:literal @ $version:literal => $variant:ident($data:ty),)+ })+) => {
        /// What a fact says: one variant for each event of the catalogue.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Body {
            $($(
                #[doc = concat!("`", $name, "`")]
                $variant($data),
            )+)+
        }

        /// The type of a fact.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )+)+
        }

        impl Kind {
            /// Every type, in the order of the process.
            pub const ALL: &[Self] = &[$($(Self::$variant,)+)+];

            /// Its name, e.g. `confirmation.written-received`.
            pub fn name(self) -> &'static str {
                match self { $($(Self::$variant => $name,)+)+ }
            }

            /// The version of its data; a published version never changes its meaning.
            pub fn version(self) -> u32 {
                match self { $($(Self::$variant => $version,)+)+ }
            }

            /// The stage that it belongs to.
            pub fn stage(self) -> Stage {
                match self { $($(Self::$variant => Stage::$stage,)+)+ }
            }

            /// The JSON Schema of its own fields.
            pub(crate) fn fields(self, generator: &mut SchemaGenerator) -> Schema {
                match self { $($(Self::$variant => generator.root_schema_for::<$data>(),)+)+ }
            }

            /// An example of it.
            pub(crate) fn sample(self) -> Body {
                match self { $($(Self::$variant => Body::$variant(<$data>::sample()),)+)+ }
            }
        }

        impl Body {
            /// Its type.
            pub fn kind(&self) -> Kind {
                match self { $($(Self::$variant(_) => Kind::$variant,)+)+ }
            }

            /// Reads the data of a fact of the given type.
            pub(crate) fn decode(kind: Kind, data: &RawValue) -> Result<Self, serde_json::Error> {
                match kind { $($(Kind::$variant => read(data).map(Self::$variant),)+)+ }
            }
        }

        impl Serialize for Body {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $($(Self::$variant(data) => data.serialize(serializer),)+)+ }
            }
        }
    };
}

catalogue! {
    Intake {
        "intake.raised-in-writing" @ 1 => RaisedInWriting(intake::RaisedInWriting),
        "intake.raised-by-phone" @ 1 => RaisedByPhone(intake::RaisedByPhone),
        "intake.numbered" @ 1 => Numbered(intake::Numbered),
    }
    Confirmation {
        "confirmation.callback-verified" @ 1 => CallbackVerified(confirmation::CallbackVerified),
        "confirmation.callback-failed" @ 1 => CallbackFailed(confirmation::CallbackFailed),
        "confirmation.callback-unreachable" @ 1 => CallbackUnreachable(confirmation::CallbackUnreachable),
        "confirmation.written-received" @ 1 => WrittenReceived(confirmation::WrittenReceived),
        "confirmation.written-matched" @ 1 => WrittenMatched(confirmation::WrittenMatched),
        "confirmation.written-discrepant" @ 1 => WrittenDiscrepant(confirmation::WrittenDiscrepant),
        "confirmation.discrepancy-explained" @ 1 => DiscrepancyExplained(confirmation::DiscrepancyExplained),
        "confirmation.written-reconciled" @ 1 => WrittenReconciled(confirmation::WrittenReconciled),
        "confirmation.corrected-requested" @ 1 => CorrectedRequested(confirmation::CorrectedRequested),
        "confirmation.reminded" @ 1 => ConfirmationReminded(terms::Reminded),
        "confirmation.overdue" @ 1 => ConfirmationOverdue(terms::Overdue),
    }
    Routing {
        "routing.case-routed" @ 1 => CaseRouted(routing::CaseRouted),
        "routing.assignment-acknowledged" @ 1 => AssignmentAcknowledged(routing::AssignmentAcknowledged),
        "routing.assignment-declined" @ 1 => AssignmentDeclined(routing::AssignmentDeclined),
        "routing.case-rerouted" @ 1 => CaseRerouted(routing::CaseRerouted),
        "routing.agency-added" @ 1 => AgencyAdded(routing::AgencyAdded),
        "routing.fallback-assigned" @ 1 => FallbackAssigned(routing::FallbackAssigned),
        "routing.chief-reminded" @ 1 => ChiefReminded(routing::ChiefReminded),
        "routing.reminded" @ 1 => RoutingReminded(terms::Reminded),
        "routing.overdue" @ 1 => RoutingOverdue(terms::Overdue),
    }
    Coordination {
        "coordination.opened" @ 1 => CoordinationOpened(coordination::Opened),
        "coordination.position-recorded" @ 1 => PositionRecorded(coordination::PositionRecorded),
        "coordination.opinion-recorded" @ 1 => OpinionRecorded(coordination::OpinionRecorded),
        "coordination.disagreement-declared" @ 1 => DisagreementDeclared(coordination::DisagreementDeclared),
        "coordination.settlement-proposed" @ 1 => SettlementProposed(coordination::SettlementProposed),
        "coordination.agreement-reached" @ 1 => AgreementReached(coordination::AgreementReached),
        "coordination.round-opened" @ 1 => RoundOpened(coordination::RoundOpened),
        "coordination.reopened" @ 1 => CoordinationReopened(coordination::Reopened),
        "coordination.reevaluated" @ 1 => CoordinationReevaluated(coordination::Reevaluated),
        "coordination.reminded" @ 1 => CoordinationReminded(terms::Reminded),
        "coordination.overdue" @ 1 => CoordinationOverdue(terms::Overdue),
    }
    Taskforce {
        "taskforce.proposed" @ 1 => TaskforceProposed(taskforce::Proposed),
        "taskforce.proposal-withdrawn" @ 1 => TaskforceProposalWithdrawn(taskforce::ProposalWithdrawn),
        "taskforce.member-nominated" @ 1 => MemberNominated(taskforce::MemberNominated),
        "taskforce.consent-given" @ 1 => ConsentGiven(taskforce::ConsentGiven),
        "taskforce.consent-refused" @ 1 => ConsentRefused(taskforce::ConsentRefused),
        "taskforce.established" @ 1 => TaskforceEstablished(taskforce::Established),
        "taskforce.meeting-scheduled" @ 1 => MeetingScheduled(taskforce::MeetingScheduled),
        "taskforce.minutes-recorded" @ 1 => MinutesRecorded(taskforce::MinutesRecorded),
        "taskforce.task-assigned" @ 1 => TaskAssigned(taskforce::TaskAssigned),
        "taskforce.task-completed" @ 1 => TaskCompleted(taskforce::TaskCompleted),
        "taskforce.member-replaced" @ 1 => MemberReplaced(taskforce::MemberReplaced),
        "taskforce.term-ended" @ 1 => TermEnded(taskforce::TermEnded),
        "taskforce.dissolved" @ 1 => TaskforceDissolved(taskforce::Dissolved),
        "taskforce.reminded" @ 1 => TaskforceReminded(terms::Reminded),
        "taskforce.overdue" @ 1 => TaskforceOverdue(terms::Overdue),
    }
    Escalation {
        "escalation.statement-filed" @ 1 => StatementFiled(escalation::StatementFiled),
        "escalation.joint-advice-proposed" @ 1 => JointAdviceProposed(escalation::JointAdviceProposed),
        "escalation.case-escalated" @ 1 => CaseEscalated(escalation::CaseEscalated),
        "escalation.dossier-received" @ 1 => DossierReceived(escalation::DossierReceived),
        "escalation.info-requested" @ 1 => InfoRequested(escalation::InfoRequested),
        "escalation.info-supplied" @ 1 => InfoSupplied(escalation::InfoSupplied),
        "escalation.directive-issued" @ 1 => DirectiveIssued(escalation::DirectiveIssued),
        "escalation.directive-returned" @ 1 => DirectiveReturned(escalation::DirectiveReturned),
        "escalation.directive-noted" @ 1 => DirectiveNoted(escalation::DirectiveNoted),
        "escalation.dossier-withdrawal-proposed" @ 1 => DossierWithdrawalProposed(escalation::DossierWithdrawalProposed),
        "escalation.dossier-withdrawal-agreed" @ 1 => DossierWithdrawalAgreed(escalation::DossierWithdrawalAgreed),
        "escalation.dossier-withdrawn" @ 1 => DossierWithdrawn(escalation::DossierWithdrawn),
        "escalation.instruction-acknowledged" @ 1 => InstructionAcknowledged(escalation::InstructionAcknowledged),
        "escalation.instruction-reported" @ 1 => InstructionReported(escalation::InstructionReported),
        "escalation.instruction-accepted" @ 1 => InstructionAccepted(escalation::InstructionAccepted),
        "escalation.instruction-rejected" @ 1 => InstructionRejected(escalation::InstructionRejected),
        "escalation.reminded" @ 1 => EscalationReminded(terms::Reminded),
        "escalation.overdue" @ 1 => EscalationOverdue(terms::Overdue),
    }
    Closure {
        "closure.proposed" @ 1 => ClosureProposed(closure::Proposed),
        "closure.case-closed" @ 1 => CaseClosed(closure::CaseClosed),
        "closure.rejected" @ 1 => ClosureRejected(closure::Rejected),
        "closure.case-reopened" @ 1 => CaseReopened(closure::Reopened),
        "closure.reminded" @ 1 => ClosureReminded(terms::Reminded),
        "closure.overdue" @ 1 => ClosureOverdue(terms::Overdue),
    }
    Casefile {
        "casefile.withdrawn" @ 1 => CaseWithdrawn(casefile::CaseWithdrawn),
        "casefile.cancellation-proposed" @ 1 => CancellationProposed(casefile::CancellationProposed),
        "casefile.cancelled" @ 1 => CaseCancelled(casefile::CaseCancelled),
        "casefile.merged" @ 1 => CaseMerged(casefile::CaseMerged),
        "casefile.intakes-adopted" @ 1 => IntakesAdopted(casefile::IntakesAdopted),
        "casefile.linked" @ 1 => CaseLinked(casefile::CaseLinked),
        "casefile.unlinked" @ 1 => CaseUnlinked(casefile::CaseUnlinked),
        "casefile.urgency-changed" @ 1 => UrgencyChanged(casefile::UrgencyChanged),
        "casefile.deadline-extended" @ 1 => DeadlineExtended(casefile::DeadlineExtended),
        "casefile.document-attached" @ 1 => DocumentAttached(casefile::DocumentAttached),
        "casefile.secret-referenced" @ 1 => SecretReferenced(casefile::SecretReferenced),
        "casefile.distribution-recorded" @ 1 => DistributionRecorded(distribution::DistributionRecorded),
        "casefile.delivery-recorded" @ 1 => DeliveryRecorded(distribution::DeliveryRecorded),
        "casefile.receipt-recorded" @ 1 => ReceiptRecorded(distribution::ReceiptRecorded),
        "casefile.note-added" @ 1 => NoteAdded(casefile::NoteAdded),
        "casefile.corrected" @ 1 => Corrected(casefile::Corrected),
        "casefile.duties-transferred" @ 1 => DutiesTransferred(casefile::DutiesTransferred),
    }
    Document {
        "document.registered" @ 1 => DocumentRegistered(document::Registered),
    }
    Directory {
        "directory.policy-published" @ 1 => PolicyPublished(directory::PolicyPublished),
        "directory.officer-registered" @ 1 => OfficerRegistered(directory::OfficerRegistered),
        "directory.office-taken" @ 1 => OfficeTaken(directory::OfficeTaken),
        "directory.office-left" @ 1 => OfficeLeft(directory::OfficeLeft),
        "directory.absence-reported" @ 1 => AbsenceReported(directory::AbsenceReported),
        "directory.absence-ended" @ 1 => AbsenceEnded(directory::AbsenceEnded),
        "directory.delegation-granted" @ 1 => DelegationGranted(directory::DelegationGranted),
        "directory.delegation-revoked" @ 1 => DelegationRevoked(directory::DelegationRevoked),
        "directory.delegation-expiring" @ 1 => DelegationExpiring(directory::DelegationExpiring),
        "directory.delegation-expired" @ 1 => DelegationExpired(directory::DelegationExpired),
        "directory.delegations-passed" @ 1 => DelegationsPassed(directory::DelegationsPassed),
        "directory.agreement-proposed" @ 1 => AgreementProposed(directory::AgreementProposed),
        "directory.agreement-signed" @ 1 => AgreementSigned(directory::AgreementSigned),
        "directory.agreement-expired" @ 1 => AgreementExpired(directory::AgreementExpired),
        "directory.amendment-proposed" @ 1 => AmendmentProposed(directory::AmendmentProposed),
        "directory.amendment-agreed" @ 1 => AmendmentAgreed(directory::AmendmentAgreed),
        "directory.amendment-withdrawn" @ 1 => AmendmentWithdrawn(directory::AmendmentWithdrawn),
    }
    Reporting {
        "reporting.opened" @ 1 => ReportOpened(reporting::ReportOpened),
        "reporting.submitted" @ 1 => ReportSubmitted(reporting::ReportSubmitted),
        "reporting.nil-returned" @ 1 => NilReturned(reporting::NilReturned),
        "reporting.returned" @ 1 => ReportReturned(reporting::ReportReturned),
        "reporting.accepted" @ 1 => ReportAccepted(reporting::ReportAccepted),
        "reporting.waived" @ 1 => ReportWaived(reporting::ReportWaived),
        "reporting.transferred" @ 1 => ReportTransferred(reporting::ReportTransferred),
        "reporting.reminded" @ 1 => ReportingReminded(duty::ClockReminded),
        "reporting.overdue" @ 1 => ReportingOverdue(duty::ClockOverdue),
    }
    Briefing {
        "briefing.scheduled" @ 1 => BriefingScheduled(briefing::BriefingScheduled),
        "briefing.agenda-compiled" @ 1 => AgendaCompiled(briefing::AgendaCompiled),
        "briefing.agenda-item-added" @ 1 => AgendaItemAdded(briefing::AgendaItemAdded),
        "briefing.rescheduled" @ 1 => BriefingRescheduled(briefing::BriefingRescheduled),
        "briefing.held" @ 1 => BriefingHeld(briefing::BriefingHeld),
        "briefing.minutes-issued" @ 1 => MinutesIssued(briefing::MinutesIssued),
        "briefing.task-reported" @ 1 => TaskReported(briefing::TaskReported),
        "briefing.task-accepted" @ 1 => TaskAccepted(briefing::TaskAccepted),
        "briefing.task-returned" @ 1 => TaskReturned(briefing::TaskReturned),
        "briefing.transferred" @ 1 => BriefingTransferred(briefing::BriefingTransferred),
        "briefing.cancelled" @ 1 => BriefingCancelled(briefing::BriefingCancelled),
        "briefing.reminded" @ 1 => BriefingReminded(duty::ClockReminded),
        "briefing.overdue" @ 1 => BriefingOverdue(duty::ClockOverdue),
    }
    Project {
        "project.proposed" @ 1 => ProjectProposed(project::ProjectProposed),
        "project.planning-accepted" @ 1 => PlanningAccepted(project::PlanningAccepted),
        "project.planning-declined" @ 1 => PlanningDeclined(project::PlanningDeclined),
        "project.plan-submitted" @ 1 => PlanSubmitted(project::PlanSubmitted),
        "project.comment-requested" @ 1 => CommentRequested(project::CommentRequested),
        "project.comment-given" @ 1 => CommentGiven(project::CommentGiven),
        "project.plan-agreed" @ 1 => PlanAgreed(project::PlanAgreed),
        "project.phase-entered" @ 1 => PhaseEntered(project::PhaseEntered),
        "project.checkpoint-completed" @ 1 => CheckpointCompleted(project::CheckpointCompleted),
        "project.checkpoint-waived" @ 1 => CheckpointWaived(project::CheckpointWaived),
        "project.suspended" @ 1 => ProjectSuspended(project::ProjectSuspended),
        "project.resumed" @ 1 => ProjectResumed(project::ProjectResumed),
        "project.completed" @ 1 => ProjectCompleted(project::ProjectCompleted),
        "project.cancelled" @ 1 => ProjectCancelled(project::ProjectCancelled),
        "project.transferred" @ 1 => ProjectTransferred(project::ProjectTransferred),
        "project.reminded" @ 1 => ProjectReminded(duty::ClockReminded),
        "project.overdue" @ 1 => ProjectOverdue(duty::ClockOverdue),
    }
    Distribution {
        "distribution.document-sent" @ 1 => DocumentDistributed(distribution::DistributionRecorded),
        "distribution.document-delivered" @ 1 => DocumentDelivered(distribution::DeliveryRecorded),
        "distribution.document-received" @ 1 => DocumentReceived(distribution::ReceiptRecorded),
    }
}

/// Reads the event's own fields; fields it does not know are left for newer readers.
fn read<T: DeserializeOwned>(data: &RawValue) -> Result<T, serde_json::Error> {
    serde_json::from_str(data.get())
}

impl Body {
    /// The document that a fact brings, if it brings one.
    pub fn document(&self) -> Option<&terms::Document> {
        match self {
            Self::RaisedInWriting(said) => Some(&said.document),
            Self::WrittenReceived(said) => Some(&said.document),
            Self::TaskforceEstablished(said) => Some(&said.document),
            Self::MinutesRecorded(said) => Some(&said.document),
            Self::TaskforceDissolved(said) => Some(&said.report),
            Self::CaseEscalated(said) => said.document.as_ref(),
            Self::DossierWithdrawalProposed(said) => Some(&said.document),
            Self::DirectiveIssued(said) => Some(&said.document),
            Self::InstructionReported(said) => Some(&said.document),
            Self::CaseWithdrawn(said) => Some(&said.document),
            Self::DocumentAttached(said) => Some(&said.document),
            Self::ReportSubmitted(said) => said.document.as_ref(),
            Self::MinutesIssued(said) => Some(&said.document),
            Self::TaskReported(said) => said.document.as_ref(),
            Self::ProjectProposed(said) => said.document.as_ref(),
            Self::PlanSubmitted(said) => Some(&said.document),
            Self::CommentGiven(said) => said.document.as_ref(),
            Self::PhaseEntered(said) => said.report.as_ref(),
            Self::CheckpointCompleted(said) => said.document.as_ref(),
            Self::ProjectCompleted(said) => Some(&said.report),
            _ => None,
        }
    }
}

impl Kind {
    /// The CloudEvents type, e.g. `vn.concord.confirmation.written-received.v1`.
    pub fn ce_type(self) -> String {
        format!("{PREFIX}{}.v{}", self.name(), self.version())
    }

    /// The type behind a CloudEvents type; `None` for one that this build does not know.
    pub fn of_ce_type(ce_type: &str) -> Option<Self> {
        let (name, version) = ce_type.strip_prefix(PREFIX)?.rsplit_once(".v")?;
        let named = |kind: &Self| kind.name() == name && kind.version().to_string() == version;
        Self::ALL.iter().copied().find(named)
    }

    /// The path of its schema below `schemas/events/`.
    pub fn schema_path(self) -> String {
        format!("{}/v{}.json", self.name(), self.version())
    }

    /// The JSON Schema of a whole fact of this type, with its `data`.
    pub fn schema(self) -> serde_json::Value {
        crate::schema::schema(self)
    }

    /// The JSON Schema of a fact of any type, whatever it says.
    pub fn any_schema() -> serde_json::Value {
        crate::schema::any()
    }

    /// An example fact of this type, as it would stand in the log.
    pub fn example(self) -> serde_json::Value {
        crate::samples::example(self)
    }
}

const PREFIX: &str = "vn.concord.";

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let kind = Self::ALL.iter().copied().find(|kind| kind.name() == name);
        kind.ok_or_else(|| serde::de::Error::custom(format!("there is no event type {name}")))
    }
}

impl JsonSchema for Kind {
    fn schema_name() -> Cow<'static, str> {
        "Kind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
        json_schema!({ "type": "string", "enum": names, "description": "The type of a fact." })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_with_its_stage() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().split('.').next(), Some(kind.stage().name()), "{kind}");
        }
    }

    #[test]
    fn a_type_leads_back_to_its_kind() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_ce_type(&kind.ce_type()), Some(*kind));
        }
        assert_eq!(Kind::of_ce_type("vn.concord.closure.proposed.v99"), None);
    }
}
