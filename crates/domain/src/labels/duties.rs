//! What the regular duties and their states are called (DOMAIN §3.6, §4, §7).

use events::{
    Kind,
    briefing::{BriefingKind, Came},
    duty::ClockKey,
    project::Phase,
};

use super::{
    Label,
    acts::{Words, words},
    label,
};
use crate::{
    duties::{briefing, project, reporting::State},
    refusal::Code,
};

/// Where a report stands.
pub const fn report_state(state: State) -> Label {
    match state {
        State::Open => label("Chưa gửi", "Not yet"),
        State::Submitted => label("Đã gửi", "Submitted"),
        State::NilReturned => label("Không phát sinh", "Nil return"),
        State::Returned => label("Đề nghị bổ sung", "Returned for supplement"),
        State::Accepted => label("Đã chấp nhận", "Accepted"),
        State::Waived => label("Được miễn", "Waived"),
    }
}

/// Whether a report has come.
pub const fn came(came: Came) -> Label {
    match came {
        Came::Submitted => label("Đã gửi", "Submitted"),
        Came::Nil => label("Không phát sinh", "Nil return"),
        Came::NotYet => label("Chưa gửi", "Not yet"),
        Came::Waived => label("Được miễn", "Waived"),
    }
}

/// What kind a briefing is.
pub const fn briefing_kind(kind: BriefingKind) -> Label {
    match kind {
        BriefingKind::Monthly => label("Giao ban tháng", "Monthly briefing"),
        BriefingKind::AdHoc => label("Giao ban đột xuất", "Ad-hoc briefing"),
    }
}

/// Where a briefing stands.
pub const fn briefing_state(state: briefing::State) -> Label {
    match state {
        briefing::State::Scheduled => label("Đã triệu tập", "Called"),
        briefing::State::Held => label("Đã giao ban", "Held"),
        briefing::State::MinutesIssued => label("Đã có kết luận", "Minutes issued"),
        briefing::State::Cancelled => label("Đã hủy", "Cancelled"),
    }
}

/// Where a task of a briefing stands.
pub const fn task_state(state: briefing::TaskState) -> Label {
    match state {
        briefing::TaskState::Open => label("Đang thực hiện", "To be done"),
        briefing::TaskState::Reported => label("Đã báo cáo kết quả", "Reported"),
        briefing::TaskState::Accepted => label("Đã hoàn thành", "Accepted"),
    }
}

/// Where a project stands.
pub const fn project_state(state: project::State) -> Label {
    match state {
        project::State::Proposed => label("Đã đề xuất", "Proposed"),
        project::State::Declined => label("Không phối hợp", "Declined"),
        project::State::PlanDrafting => label("Đang lập kế hoạch", "Plan being drafted"),
        project::State::PlanAgreed => label("Đã thống nhất kế hoạch", "Plan agreed"),
        project::State::Before => phase(Phase::Before),
        project::State::During => phase(Phase::During),
        project::State::After => phase(Phase::After),
        project::State::Suspended => label("Tạm dừng", "Suspended"),
        project::State::Completed => label("Đã kết thúc", "Completed"),
        project::State::Cancelled => label("Đã hủy", "Cancelled"),
    }
}

/// A phase of a project.
pub const fn phase(phase: Phase) -> Label {
    match phase {
        Phase::Before => label("Giai đoạn trước", "Before"),
        Phase::During => label("Giai đoạn trong", "During"),
        Phase::After => label("Giai đoạn sau", "After"),
    }
}

/// Where a checkpoint of a plan stands.
pub const fn checkpoint_state(state: project::CheckpointState) -> Label {
    match state {
        project::CheckpointState::Open => label("Chưa hoàn thành", "To be done"),
        project::CheckpointState::Done => label("Đã hoàn thành", "Done"),
        project::CheckpointState::Waived => label("Được bỏ qua", "Waived"),
    }
}

/// What a clock is about.
pub const fn clock(key: ClockKey) -> Label {
    match key {
        ClockKey::Report => label("Báo cáo định kỳ", "Regular report"),
        ClockKey::Supplement => label("Bổ sung báo cáo", "Supplement of a report"),
        ClockKey::Task => label("Nhiệm vụ sau giao ban", "Task of a briefing"),
        ClockKey::Comment => label("Góp ý kế hoạch", "Comment on a plan"),
        ClockKey::Checkpoint => label("Mốc của kế hoạch", "Checkpoint of a plan"),
    }
}

/// What happened in a regular duty; nothing for what happens elsewhere.
pub(super) const fn happening(kind: Kind) -> Label {
    match kind {
        Kind::ReportOpened => label("Mở kỳ báo cáo", "Report opened"),
        Kind::ReportSubmitted => label("Gửi báo cáo định kỳ", "Report submitted"),
        Kind::NilReturned => label("Báo không phát sinh", "Nil return"),
        Kind::ReportReturned => label("Đề nghị bổ sung báo cáo", "Report returned for supplement"),
        Kind::ReportAccepted => label("Chấp nhận báo cáo", "Report accepted"),
        Kind::ReportWaived => label("Miễn báo cáo kỳ này", "Report waived"),
        Kind::ReportTransferred => {
            label("Chuyển nghĩa vụ báo cáo cho cơ quan kế thừa", "Report passed to the successor")
        }
        Kind::ReportingReminded => label("Nhắc báo cáo định kỳ", "Report reminded"),
        Kind::ReportingOverdue => label("Quá hạn báo cáo định kỳ", "Report overdue"),
        Kind::BriefingScheduled => label("Triệu tập giao ban", "Briefing called"),
        Kind::AgendaCompiled => label("Tổng hợp nội dung giao ban", "Agenda compiled"),
        Kind::AgendaItemAdded => label("Bổ sung nội dung giao ban", "Agenda item added"),
        Kind::BriefingRescheduled => label("Đổi lịch giao ban", "Briefing moved"),
        Kind::BriefingHeld => label("Đã giao ban", "Briefing held"),
        Kind::MinutesIssued => label("Ban hành kết luận giao ban", "Minutes issued"),
        Kind::TaskReported => label("Báo cáo kết quả nhiệm vụ", "Task reported"),
        Kind::TaskAccepted => label("Chấp nhận kết quả nhiệm vụ", "Task accepted"),
        Kind::TaskReturned => label("Đề nghị làm tiếp nhiệm vụ", "Task returned"),
        Kind::BriefingTransferred => {
            label("Chuyển nhiệm vụ giao ban cho cơ quan kế thừa", "Tasks passed to the successor")
        }
        Kind::BriefingCancelled => label("Hủy giao ban", "Briefing cancelled"),
        Kind::BriefingReminded => label("Nhắc hạn nhiệm vụ giao ban", "Task reminded"),
        Kind::BriefingOverdue => label("Quá hạn nhiệm vụ giao ban", "Task overdue"),
        Kind::ProjectProposed => label("Đề xuất phối hợp dự án", "Project proposed"),
        Kind::PlanningAccepted => label("Đồng ý phối hợp lập kế hoạch", "Planning accepted"),
        Kind::PlanningDeclined => label("Không phối hợp lập kế hoạch", "Planning declined"),
        Kind::PlanSubmitted => label("Trình kế hoạch", "Plan submitted"),
        Kind::CommentRequested => label("Đề nghị góp ý kế hoạch", "Comment requested"),
        Kind::CommentGiven => label("Góp ý kế hoạch", "Comment given"),
        Kind::PlanAgreed => label("Đồng ý kế hoạch", "Plan agreed to"),
        Kind::PhaseEntered => label("Chuyển giai đoạn", "Phase entered"),
        Kind::CheckpointCompleted => label("Hoàn thành mốc kế hoạch", "Checkpoint completed"),
        Kind::CheckpointWaived => label("Bỏ qua mốc kế hoạch", "Checkpoint waived"),
        Kind::ProjectSuspended => label("Tạm dừng dự án phối hợp", "Project suspended"),
        Kind::ProjectResumed => label("Tiếp tục dự án phối hợp", "Project resumed"),
        Kind::ProjectCompleted => label("Kết thúc kế hoạch dự án", "Project completed"),
        Kind::ProjectCancelled => label("Hủy dự án phối hợp", "Project cancelled"),
        Kind::ProjectTransferred => {
            label("Chuyển phần việc dự án cho cơ quan kế thừa", "Project passed to the successor")
        }
        Kind::ProjectReminded => label("Nhắc mốc, góp ý của dự án", "Project reminded"),
        Kind::ProjectOverdue => label("Quá hạn mốc, góp ý của dự án", "Project overdue"),
        Kind::DocumentDistributed => label("Gửi văn bản", "Document sent"),
        Kind::DocumentDelivered => label("Văn bản đã chuyển đến", "Document delivered"),
        Kind::DocumentReceived => label("Nơi nhận đã nhận văn bản", "Document received"),
        _ => label("", ""),
    }
}

/// What the acts on duties are called, who acts in Vietnamese, and what each may be refused for besides [`super::acts::ANY`].
pub(super) const ACTS: &[(&str, Words)] = &[
    ("submit-report", words("Gửi báo cáo định kỳ", "Submit a report", OWING, &[Code::DocInvalid])),
    ("nil-return", words("Báo không phát sinh", "Make a nil return", OWING, &[])),
    ("accept-report", words("Chấp nhận báo cáo", "Accept a report", OWED, &[])),
    ("return-report", words("Đề nghị bổ sung báo cáo", "Return a report", OWED, &[])),
    ("distribute-document", words("Gửi văn bản đến nơi nhận", "Distribute a document", KEEPERS, &[])),
    ("note-delivery", words("Ghi nhận chuyển đến", "Note a delivery", KEEPERS, &[])),
    ("note-receipt", words("Ghi nhận nơi nhận đã nhận", "Note a receipt", KEEPERS, &[])),
    ("waive-report", words("Miễn báo cáo kỳ này", "Waive a report", "Lãnh đạo cơ quan nhận báo cáo", &[])),
    ("schedule-briefing", words("Triệu tập giao ban", "Call a briefing", CALLING, &[])),
    (
        "add-agenda-item",
        words(
            "Bổ sung nội dung giao ban",
            "Put an item on the agenda",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan được mời",
            &[],
        ),
    ),
    ("reschedule-briefing", words("Đổi lịch giao ban", "Move a briefing", CALLING, &[])),
    ("hold-briefing", words("Ghi nhận đã giao ban", "Record a briefing as held", CALLING, &[])),
    (
        "issue-minutes",
        words(
            "Ban hành kết luận giao ban",
            "Issue the minutes",
            "Văn thư, trưởng bộ phận đầu mối, lãnh đạo cơ quan chủ trì hoặc của hai bên",
            &[Code::DocInvalid],
        ),
    ),
    (
        "report-conclusion",
        words(
            "Báo cáo kết quả nhiệm vụ sau giao ban",
            "Report on a conclusion",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan được giao nhiệm vụ",
            &[Code::DocInvalid],
        ),
    ),
    ("accept-conclusion", words("Chấp nhận kết quả nhiệm vụ", "Accept a conclusion", CHAIR, &[])),
    ("return-conclusion", words("Đề nghị làm tiếp nhiệm vụ", "Return a conclusion", CHAIR, &[])),
    ("cancel-briefing", words("Hủy giao ban", "Cancel a briefing", CALLING, &[])),
    (
        "propose-project",
        words(
            "Đề xuất phối hợp dự án",
            "Propose a project",
            "Trưởng bộ phận đầu mối, lãnh đạo Ủy ban nhân dân tỉnh hoặc cơ quan trực thuộc",
            &[Code::DocInvalid],
        ),
    ),
    ("accept-planning", words("Đồng ý phối hợp lập kế hoạch", "Accept planning", ASKED, &[])),
    ("decline-planning", words("Không phối hợp lập kế hoạch", "Decline planning", ASKED, &[])),
    ("submit-plan", words("Trình kế hoạch", "Submit a plan", PLANNING, &[Code::DocInvalid])),
    ("request-comment", words("Đề nghị góp ý kế hoạch", "Ask for a comment", PLANNING, &[])),
    (
        "give-comment",
        words("Góp ý kế hoạch", "Give a comment", "Lãnh đạo cơ quan được đề nghị góp ý", &[Code::DocInvalid]),
    ),
    (
        "agree-plan",
        words(
            "Đồng ý kế hoạch",
            "Agree to a plan",
            "Lãnh đạo cơ quan được đề nghị phối hợp (bên A); lãnh đạo cơ quan đề xuất hoặc cơ quan cấp trên (bên B)",
            &[Code::NoProposal, Code::SeparationOfDuties],
        ),
    ),
    (
        "enter-phase",
        words("Chuyển giai đoạn", "Enter a phase", PLANNING, &[Code::CheckpointsOpen, Code::DocInvalid]),
    ),
    (
        "complete-checkpoint",
        words(
            "Hoàn thành mốc kế hoạch",
            "Complete a checkpoint",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan thực hiện mốc",
            &[Code::DocInvalid],
        ),
    ),
    ("waive-checkpoint", words("Bỏ qua mốc kế hoạch", "Waive a checkpoint", LEADING, &[])),
    ("suspend-project", words("Tạm dừng dự án phối hợp", "Suspend a project", LEADING, &[])),
    ("resume-project", words("Tiếp tục dự án phối hợp", "Resume a project", LEADING, &[])),
    (
        "complete-project",
        words(
            "Kết thúc kế hoạch dự án",
            "Complete a project",
            "Lãnh đạo cơ quan đề xuất hoặc cơ quan được đề nghị phối hợp",
            &[Code::CheckpointsOpen, Code::DocInvalid],
        ),
    ),
    ("cancel-project", words("Hủy dự án phối hợp", "Cancel a project", LEADING, &[])),
];

const ASKED: &str = "Lãnh đạo cơ quan được đề nghị phối hợp";
const PLANNING: &str = "Trưởng bộ phận đầu mối, lãnh đạo cơ quan đề xuất hoặc cơ quan được đề nghị phối hợp";
const LEADING: &str = "Lãnh đạo cơ quan đề xuất, cơ quan được đề nghị phối hợp hoặc Ủy ban nhân dân tỉnh";

const CALLING: &str = "Trưởng bộ phận đầu mối, lãnh đạo cơ quan chủ trì hoặc của hai bên";
const CHAIR: &str = "Trưởng bộ phận đầu mối, lãnh đạo cơ quan chủ trì";

const KEEPERS: &str = "Văn thư, cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan tham gia";
const OWING: &str = "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan báo cáo";
const OWED: &str = "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan nhận báo cáo";

/// What the steps of the process itself are called, and when they come, in Vietnamese.
pub(super) const STEPS: &[(&str, Label, &str)] = &[
    (
        "open-report",
        label("Mở kỳ báo cáo", "Open a report"),
        "còn một số ngày làm việc (mặc định năm) là đến hạn báo cáo và cơ quan đang hoạt động",
    ),
    (
        "transfer-report",
        label("Chuyển nghĩa vụ báo cáo", "Pass a report on"),
        "cơ quan báo cáo đã kết thúc hoạt động và có cơ quan kế thừa",
    ),
    (
        "call-briefing",
        label("Triệu tập giao ban tháng", "Call the monthly briefing"),
        "còn một số ngày làm việc (mặc định năm) là đến ngày giao ban tháng và chính sách có mời cơ quan dự",
    ),
    (
        "compile-agenda",
        label("Tổng hợp nội dung giao ban", "Compile the agenda"),
        "giao ban đã được triệu tập, và một lần nữa khi bắt đầu ngày giao ban",
    ),
    (
        "transfer-briefing",
        label("Chuyển việc giao ban", "Pass a briefing on"),
        "cơ quan chủ trì, được mời hoặc còn nhiệm vụ đã kết thúc hoạt động và có cơ quan kế thừa",
    ),
    (
        "transfer-project",
        label("Chuyển phần việc dự án", "Pass a project on"),
        "cơ quan tham gia, còn mốc hoặc góp ý chưa xong đã kết thúc hoạt động và có cơ quan kế thừa",
    ),
];
