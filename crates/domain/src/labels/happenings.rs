//! What the facts are called.

use events::Kind;

use super::{Label, label};

/// What happened.
#[expect(clippy::too_many_lines, reason = "a table: one row for each type of fact")]
pub fn happening(kind: Kind) -> Label {
    match kind {
        Kind::RaisedInWriting => label("Báo cáo bằng văn bản", "Reported in writing"),
        Kind::RaisedByPhone => label("Báo tin qua điện thoại", "Reported by telephone"),
        Kind::Numbered => label("Cấp mã vụ việc", "Numbered"),
        Kind::CallbackVerified => label("Gọi lại: đã xác minh", "Called back: verified"),
        Kind::CallbackFailed => label("Gọi lại: không xác minh được", "Called back: not confirmed"),
        Kind::CallbackUnreachable => label("Gọi lại: không liên lạc được", "Called back: nobody answered"),
        Kind::WrittenReceived => label("Nhận văn bản xác nhận", "Written confirmation received"),
        Kind::WrittenMatched => label("Đối chiếu: khớp", "Compared: matches"),
        Kind::WrittenDiscrepant => label("Đối chiếu: có sai lệch", "Compared: differs"),
        Kind::DiscrepancyExplained => label("Giải trình sai lệch", "Discrepancy explained"),
        Kind::WrittenReconciled => label("Đã xử lý sai lệch", "Discrepancy settled"),
        Kind::CorrectedRequested => label("Yêu cầu bổ sung văn bản", "Corrected document requested"),
        Kind::ConfirmationReminded => label("Nhắc hạn văn bản, xác minh", "Confirmation reminded"),
        Kind::ConfirmationOverdue => label("Quá hạn văn bản, xác minh", "Confirmation overdue"),
        Kind::CaseRouted => label("Chuyển đầu mối", "Routed"),
        Kind::AssignmentAcknowledged => label("Xác nhận tiếp nhận", "Acknowledged"),
        Kind::AssignmentDeclined => label("Từ chối tiếp nhận", "Declined"),
        Kind::CaseRerouted => label("Chuyển lại", "Re-routed"),
        Kind::AgencyAdded => label("Thêm cơ quan phối hợp", "Agency added"),
        Kind::FallbackAssigned => label("Chuyển cấp xử lý thay", "Passed to the next level"),
        Kind::ChiefReminded => label("Nhắc người đứng đầu", "Head of the agency reminded"),
        Kind::RoutingReminded => label("Nhắc hạn chuyển đầu mối", "Routing reminded"),
        Kind::RoutingOverdue => label("Quá hạn chuyển đầu mối", "Routing overdue"),
        Kind::CoordinationOpened => label("Mở vòng lấy ý kiến", "Coordination opened"),
        Kind::PositionRecorded => label("Cho ý kiến", "Position recorded"),
        Kind::OpinionRecorded => label("Cơ quan tham khảo cho ý kiến", "Opinion recorded"),
        Kind::DisagreementDeclared => label("Tuyên bố chưa thống nhất", "Disagreement declared"),
        Kind::SettlementProposed => label("Đề xuất phương án thống nhất", "Settlement proposed"),
        Kind::RoundOpened => label("Mở lại vòng lấy ý kiến", "Round opened again"),
        Kind::CoordinationReopened => label("Phối hợp lại", "Coordination opened again"),
        Kind::CoordinationReevaluated => label("Xem lại vòng lấy ý kiến", "Round looked at again"),
        Kind::AgreementReached => label("Hai bên thống nhất", "Agreement reached"),
        Kind::CoordinationReminded => label("Nhắc hạn cho ý kiến", "Position reminded"),
        Kind::CoordinationOverdue => label("Quá hạn cho ý kiến", "Position overdue"),
        Kind::TaskforceProposed => label("Đề xuất thành lập tổ công tác", "Task force proposed"),
        Kind::TaskforceProposalWithdrawn => label("Rút đề xuất tổ công tác", "Task-force proposal withdrawn"),
        Kind::MemberNominated => label("Cử người tham gia tổ công tác", "Member nominated"),
        Kind::ConsentGiven => label("Đồng ý lập tổ công tác", "Consent given"),
        Kind::ConsentRefused => label("Không đồng ý lập tổ công tác", "Consent refused"),
        Kind::TaskforceEstablished => label("Thành lập tổ công tác", "Task force established"),
        Kind::MeetingScheduled => label("Triệu tập họp tổ công tác", "Meeting called"),
        Kind::MinutesRecorded => label("Ghi biên bản họp", "Minutes recorded"),
        Kind::TaskAssigned => label("Giao nhiệm vụ", "Task assigned"),
        Kind::TaskCompleted => label("Hoàn thành nhiệm vụ", "Task completed"),
        Kind::MemberReplaced => label("Thay thành viên tổ công tác", "Member replaced"),
        Kind::TermEnded => label("Hết thời hạn tổ công tác", "Term of the task force ended"),
        Kind::TaskforceDissolved => label("Giải thể tổ công tác", "Task force dissolved"),
        Kind::TaskforceReminded => label("Nhắc hạn đồng ý lập tổ công tác", "Consent reminded"),
        Kind::TaskforceOverdue => label("Quá hạn đồng ý lập tổ công tác", "Consent overdue"),
        Kind::StatementFiled => label("Gửi ý kiến bằng văn bản", "Statement filed"),
        Kind::JointAdviceProposed => label("Đề xuất tham mưu chung", "Joint advice proposed"),
        Kind::CaseEscalated => label("Báo cáo Thường trực Tỉnh ủy", "Escalated"),
        Kind::DossierReceived => label("Văn phòng Tỉnh ủy nhận hồ sơ", "Dossier received"),
        Kind::InfoRequested => label("Đề nghị bổ sung thông tin", "More information requested"),
        Kind::InfoSupplied => label("Bổ sung thông tin", "Information supplied"),
        Kind::DirectiveIssued => label("Có ý kiến chỉ đạo", "Directive issued"),
        Kind::DirectiveReturned => label("Trả lại để phối hợp tiếp", "Returned"),
        Kind::DirectiveNoted => label("Ghi nhận nội dung tham mưu", "Advice noted"),
        Kind::DossierWithdrawalProposed => label("Đề nghị rút hồ sơ", "Withdrawal of the dossier proposed"),
        Kind::DossierWithdrawalAgreed => {
            label("Hai bên đồng ý rút hồ sơ", "Withdrawal of the dossier agreed")
        }
        Kind::DossierWithdrawn => label("Rút hồ sơ báo cáo", "Dossier taken back"),
        Kind::InstructionAcknowledged => label("Tiếp nhận nội dung chỉ đạo", "Instruction acknowledged"),
        Kind::InstructionReported => label("Báo cáo kết quả thực hiện", "Implementation reported"),
        Kind::InstructionAccepted => label("Kết quả thực hiện được chấp nhận", "Implementation accepted"),
        Kind::InstructionRejected => {
            label("Kết quả thực hiện chưa được chấp nhận", "Implementation not accepted")
        }
        Kind::EscalationReminded => label("Nhắc hạn hồ sơ, chỉ đạo", "Escalation reminded"),
        Kind::EscalationOverdue => label("Quá hạn hồ sơ, chỉ đạo", "Escalation overdue"),
        Kind::ClosureProposed => label("Đề nghị kết thúc", "Closure proposed"),
        Kind::CaseClosed => label("Kết thúc vụ việc", "Closed"),
        Kind::ClosureRejected => label("Chưa đồng ý kết thúc", "Closure rejected"),
        Kind::CaseReopened => label("Mở lại vụ việc", "Opened again"),
        Kind::ClosureReminded => label("Nhắc hạn xác nhận kết thúc", "Closure reminded"),
        Kind::ClosureOverdue => label("Quá hạn xác nhận kết thúc", "Closure overdue"),
        Kind::CaseWithdrawn => label("Rút vụ việc", "Withdrawn"),
        Kind::CancellationProposed => label("Đề nghị hủy", "Cancellation proposed"),
        Kind::CaseCancelled => label("Hủy vụ việc", "Cancelled"),
        Kind::CaseMerged => label("Gộp vụ việc", "Merged into another case"),
        Kind::IntakesAdopted => label("Tiếp nhận nội dung từ vụ việc được gộp", "Took over a merged case"),
        Kind::CaseLinked => label("Liên kết vụ việc", "Linked"),
        Kind::CaseUnlinked => label("Gỡ liên kết", "Unlinked"),
        Kind::UrgencyChanged => label("Thay đổi mức độ khẩn", "Urgency changed"),
        Kind::DeadlineExtended => label("Gia hạn", "Deadline extended"),
        Kind::DocumentAttached => label("Thêm văn bản", "Document added"),
        Kind::SecretReferenced => label("Có tài liệu quản lý riêng", "Kept elsewhere: a document"),
        Kind::DistributionRecorded => label("Ghi nhận nơi nhận", "Distribution recorded"),
        Kind::DeliveryRecorded => label("Ghi nhận đã chuyển đến nơi nhận", "Delivery recorded"),
        Kind::ReceiptRecorded => label("Ghi nhận đã nhận văn bản", "Receipt recorded"),
        Kind::NoteAdded => label("Thêm ghi chú", "Note added"),
        Kind::Corrected => label("Đính chính", "Corrected"),
        Kind::DutiesTransferred => {
            label("Chuyển nghĩa vụ cho cơ quan kế thừa", "Duties passed to the successor")
        }
        Kind::DocumentRegistered => label("Đăng ký văn bản", "Document registered"),
        Kind::PolicyPublished => label("Công bố chính sách", "Policy published"),
        Kind::OfficerRegistered => label("Thêm cán bộ", "Officer registered"),
        Kind::OfficeTaken => label("Nhận chức vụ", "Office taken"),
        Kind::OfficeLeft => label("Thôi chức vụ", "Office left"),
        Kind::AbsenceReported => label("Báo vắng mặt", "Absence reported"),
        Kind::AbsenceEnded => label("Trở lại làm việc", "Back from an absence"),
        Kind::DelegationGranted => label("Ủy quyền", "Delegated"),
        Kind::DelegationRevoked => label("Thu hồi ủy quyền", "Delegation revoked"),
        Kind::DelegationExpiring => label("Ủy quyền sắp hết hạn", "Delegation ends soon"),
        Kind::DelegationExpired => label("Ủy quyền hết hiệu lực", "Delegation expired"),
        Kind::DelegationsPassed => {
            label("Chuyển ủy quyền cho cơ quan kế thừa", "Delegations passed to the successor")
        }
        Kind::ReportOpened
        | Kind::ReportSubmitted
        | Kind::NilReturned
        | Kind::ReportReturned
        | Kind::ReportAccepted
        | Kind::ReportWaived
        | Kind::ReportTransferred
        | Kind::ReportingReminded
        | Kind::ReportingOverdue
        | Kind::BriefingScheduled
        | Kind::AgendaCompiled
        | Kind::AgendaItemAdded
        | Kind::BriefingRescheduled
        | Kind::BriefingHeld
        | Kind::MinutesIssued
        | Kind::TaskReported
        | Kind::TaskAccepted
        | Kind::TaskReturned
        | Kind::BriefingTransferred
        | Kind::BriefingCancelled
        | Kind::BriefingReminded
        | Kind::BriefingOverdue
        | Kind::ProjectProposed
        | Kind::PlanningAccepted
        | Kind::PlanningDeclined
        | Kind::PlanSubmitted
        | Kind::CommentRequested
        | Kind::CommentGiven
        | Kind::PlanAgreed
        | Kind::PhaseEntered
        | Kind::CheckpointCompleted
        | Kind::CheckpointWaived
        | Kind::ProjectSuspended
        | Kind::ProjectResumed
        | Kind::ProjectCompleted
        | Kind::ProjectCancelled
        | Kind::ProjectTransferred
        | Kind::ProjectReminded
        | Kind::ProjectOverdue
        | Kind::DocumentDistributed
        | Kind::DocumentDelivered
        | Kind::DocumentReceived => super::duties::happening(kind),
        Kind::AgreementProposed => label("Lập chương trình phối hợp", "Agreement drawn up"),
        Kind::AgreementSigned => label("Ký chương trình phối hợp", "Agreement signed"),
        Kind::AgreementExpired => label("Chương trình phối hợp hết hiệu lực", "Agreement expired"),
        Kind::AmendmentProposed => label("Đề nghị sửa đổi chính sách", "Amendment proposed"),
        Kind::AmendmentAgreed => label("Đồng ý sửa đổi chính sách", "Amendment agreed to"),
        Kind::AmendmentWithdrawn => label("Rút đề nghị sửa đổi", "Amendment taken back"),
    }
}
