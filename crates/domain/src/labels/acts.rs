//! What the acts are called, who acts in Vietnamese, and what each may be refused for. The catalogues themselves stand with the stages.

use super::{Label, label};
use crate::refusal::Code;

/// An act of the catalogue in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it is called.
    pub label: Label,
    /// Who may do it, in Vietnamese; the catalogue has it in English.
    pub who: &'static str,
    /// The refusals of its own, besides those that every act may meet ([`ANY`]).
    pub refusals: &'static [Code],
}

/// What every act may be refused for.
pub const ANY: &[Code] = &[
    Code::NotFound,
    Code::NotAuthorised,
    Code::Conflict,
    Code::BadState,
    Code::InvalidData,
    Code::StateSecretContentRefused,
    Code::IdempotencyKeyReused,
    Code::AutomaticStepPending,
    Code::Busy,
    Code::OutcomeUnknown,
    Code::StoreFull,
    Code::Unavailable,
];

pub(super) const fn words(
    vi: &'static str,
    en: &'static str,
    who: &'static str,
    refusals: &'static [Code],
) -> Words {
    Words { label: label(vi, en), who, refusals }
}

/// Who says that somebody is away.
const ABSENCE: &str = "Chính cán bộ đó; trưởng bộ phận đầu mối, lãnh đạo cơ quan; quản trị";

/// Who draws up what both sides must agree to.
const PREPARES: &str = "Lãnh đạo của hai cơ quan ký kết; quản trị chuẩn bị";

/// Who turns a key of the agreement.
const SIGNS: &str = "Lãnh đạo của hai cơ quan ký kết, mỗi bên một người";

/// The words of an act, by its name.
pub fn act(name: &str) -> Option<Words> {
    WORDS.iter().chain(super::duties::ACTS).find(|(act, _)| *act == name).map(|(_, words)| *words)
}

/// Whether an act may be refused for a code.
pub fn may_be_refused(name: &str, code: Code) -> bool {
    ANY.contains(&code) || act(name).is_some_and(|words| words.refusals.contains(&code))
}

const MEMBERS: &str = "Thành viên, tổ trưởng tổ công tác";
const SECRETARIAT: &str = "Văn phòng Tỉnh ủy";
const JUDGES: &str = "Văn phòng Tỉnh ủy; Ban Tuyên giáo, nếu ý kiến chỉ đạo giao như vậy";
const KEEPERS: &str = "Văn thư, cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan tham gia; Văn phòng Tỉnh ủy khi đã báo cáo lên";
const RECEIVERS: &str = "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan nhận";

/// What hinders closing a case.
const UNSETTLED: [Code; 4] =
    [Code::WrittenNotSettled, Code::TaskForceActive, Code::InstructionsOpen, Code::BlockedByLink];

const WORDS: &[(&str, Words)] = &[
    (
        "raise",
        words(
            "Báo cáo, báo tin vụ việc",
            "Raise a case",
            "Chuyên viên, cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan báo cáo; nếu qua điện thoại thì cả cơ quan nhận",
            &[Code::PhoneRequiresUrgency, Code::CallInFuture, Code::DocInvalid, Code::DocDuplicate],
        ),
    ),
    (
        "verify-callback",
        words(
            "Gọi lại xác minh",
            "Call back",
            "Chuyên viên, cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan nhận",
            &[],
        ),
    ),
    (
        "submit-written-confirmation",
        words(
            "Gửi văn bản xác nhận",
            "Send the written confirmation",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo, văn thư của cơ quan báo tin hoặc cơ quan cấp trên",
            &[Code::WrittenNotExpected, Code::DocInvalid, Code::DelegationExpired],
        ),
    ),
    (
        "compare-written",
        words(
            "Đối chiếu văn bản với nội dung cuộc gọi",
            "Compare the document with the call",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan nhận; không phải người ghi nhận cuộc gọi",
            &[Code::SeparationOfDuties],
        ),
    ),
    (
        "explain-discrepancy",
        words(
            "Giải trình sai lệch",
            "Explain a difference",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo của cơ quan báo tin hoặc cơ quan cấp trên (bước một)",
            &[],
        ),
    ),
    (
        "reconcile-discrepancy",
        words(
            "Xử lý sai lệch",
            "Settle a difference",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan nhận (bước hai)",
            &[Code::NoProposal, Code::SeparationOfDuties],
        ),
    ),
    (
        "request-corrected-written",
        words("Yêu cầu bổ sung, đính chính văn bản", "Ask for a corrected document", RECEIVERS, &[]),
    ),
    (
        "route",
        words(
            "Chuyển đầu mối",
            "Route",
            "Trưởng bộ phận đầu mối, lãnh đạo cơ quan nhận; hệ thống, nếu có quy tắc phân luồng",
            &[],
        ),
    ),
    (
        "acknowledge",
        words(
            "Xác nhận tiếp nhận",
            "Acknowledge",
            "Cán bộ đầu mối của bộ phận được giao, trưởng bộ phận đầu mối, lãnh đạo cơ quan được giao",
            &[Code::NoOpenAssignment],
        ),
    ),
    (
        "decline",
        words("Từ chối tiếp nhận", "Decline", "Người đang được giao, trừ người đứng đầu cơ quan", &[]),
    ),
    (
        "reroute",
        words(
            "Chuyển lại đầu mối",
            "Re-route",
            "Trưởng bộ phận đầu mối, lãnh đạo cơ quan được giao hoặc cơ quan nhận",
            &[],
        ),
    ),
    (
        "add-agency",
        words(
            "Thêm cơ quan phối hợp",
            "Add an agency",
            "Trưởng bộ phận đầu mối, lãnh đạo cơ quan nhận; cơ quan cấp trên đối với bên mình",
            &[],
        ),
    ),
    (
        "record-position",
        words(
            "Cho ý kiến",
            "Record a position",
            "Lãnh đạo cơ quan bắt buộc cho ý kiến hoặc cơ quan cấp trên của bên; cơ quan tham khảo cho ý kiến tham khảo",
            &[Code::DelegationExpired],
        ),
    ),
    (
        "declare-dispute",
        words(
            "Tuyên bố chưa thống nhất",
            "Declare a dispute",
            "Lãnh đạo một bên",
            &[Code::NoDisagreementRecorded],
        ),
    ),
    (
        "propose-settlement",
        words(
            "Đề xuất phương án thống nhất",
            "Propose a settlement",
            "Lãnh đạo cơ quan của bên A hoặc bên B (bước một)",
            &[],
        ),
    ),
    (
        "confirm-settlement",
        words(
            "Xác nhận phương án thống nhất",
            "Confirm a settlement",
            "Lãnh đạo cơ quan của bên kia (bước hai)",
            &[Code::NoProposal, Code::SeparationOfDuties],
        ),
    ),
    ("reopen-coordination", words("Phối hợp lại", "Coordinate again", "Lãnh đạo một bên", &[])),
    (
        "propose-task-force",
        words(
            "Đề xuất thành lập tổ công tác",
            "Propose a task force",
            "Trưởng bộ phận đầu mối, lãnh đạo của một bên",
            &[Code::DelegationExpired],
        ),
    ),
    (
        "withdraw-task-force-proposal",
        words(
            "Rút đề xuất thành lập tổ công tác",
            "Take the proposal back",
            "Trưởng bộ phận đầu mối, lãnh đạo cơ quan đề xuất; lãnh đạo cơ quan cấp trên của mỗi bên",
            &[],
        ),
    ),
    (
        "nominate-member",
        words(
            "Cử người tham gia",
            "Nominate a member",
            "Trưởng bộ phận đầu mối, lãnh đạo cơ quan được mời, cử người của cơ quan mình",
            &[Code::DelegationExpired],
        ),
    ),
    (
        "consent-task-force",
        words(
            "Cho ý kiến về việc thành lập",
            "Consent, or not",
            "Lãnh đạo từng cơ quan được mời, kể cả cơ quan đề xuất",
            &[],
        ),
    ),
    (
        "establish-task-force",
        words(
            "Quyết định thành lập",
            "Establish",
            "Lãnh đạo cơ quan cấp trên của mỗi bên; theo ý kiến chỉ đạo thì cả Thường trực Tỉnh ủy",
            &[Code::TfConsentMissing, Code::TfMemberMissing, Code::DocInvalid],
        ),
    ),
    ("schedule-meeting", words("Triệu tập họp", "Call a meeting", MEMBERS, &[])),
    ("record-minutes", words("Ghi biên bản họp", "Record minutes", MEMBERS, &[Code::DocInvalid])),
    ("assign-task", words("Giao nhiệm vụ", "Assign a task", MEMBERS, &[])),
    ("complete-task", words("Báo hoàn thành nhiệm vụ", "Complete a task", MEMBERS, &[])),
    (
        "replace-member",
        words(
            "Thay thành viên",
            "Replace a member",
            "Tổ trưởng; trưởng bộ phận đầu mối, lãnh đạo cơ quan cử người",
            &[],
        ),
    ),
    (
        "dissolve-task-force",
        words(
            "Giải thể tổ công tác",
            "Dissolve",
            "Lãnh đạo cơ quan đã thành lập; nếu thành lập theo ý kiến chỉ đạo thì cả Thường trực Tỉnh ủy",
            &[Code::TfTasksOpen, Code::DocInvalid],
        ),
    ),
    (
        "file-statement",
        words(
            "Gửi ý kiến bằng văn bản",
            "File a statement",
            "Lãnh đạo một bên, mỗi bên một văn bản ý kiến",
            &[Code::DelegationExpired],
        ),
    ),
    (
        "submit-dossier",
        words(
            "Trình hồ sơ báo cáo",
            "Submit the dossier",
            "Lãnh đạo Ban Tuyên giáo; quá hạn trình thì cả lãnh đạo Ủy ban nhân dân tỉnh",
            &[Code::DossierIncomplete, Code::DocInvalid],
        ),
    ),
    (
        "propose-joint-advice",
        words("Đề xuất tham mưu chung", "Propose joint advice", "Lãnh đạo Ban Tuyên giáo (bước một)", &[]),
    ),
    (
        "confirm-joint-advice",
        words(
            "Xác nhận tham mưu chung",
            "Confirm joint advice",
            "Lãnh đạo Ủy ban nhân dân tỉnh (bước hai)",
            &[Code::NoProposal, Code::SeparationOfDuties],
        ),
    ),
    ("acknowledge-dossier", words("Xác nhận đã nhận hồ sơ", "Acknowledge the dossier", SECRETARIAT, &[])),
    (
        "request-more-info",
        words(
            "Đề nghị bổ sung thông tin",
            "Ask for more information",
            "Văn phòng Tỉnh ủy, Thường trực Tỉnh ủy",
            &[],
        ),
    ),
    (
        "supply-info",
        words(
            "Bổ sung thông tin",
            "Supply the information",
            "Lãnh đạo cơ quan được hỏi hoặc cơ quan cấp trên",
            &[],
        ),
    ),
    (
        "record-directive",
        words(
            "Ghi nhận ý kiến chỉ đạo",
            "Record the directive",
            "Văn phòng Tỉnh ủy, theo văn bản đã ký; Thường trực Tỉnh ủy",
            &[Code::DocInvalid],
        ),
    ),
    (
        "propose-dossier-withdrawal",
        words(
            "Đề nghị rút hồ sơ",
            "Propose to take the dossier back",
            "Lãnh đạo cơ quan của bên A hoặc bên B (bước một)",
            &[Code::DocInvalid],
        ),
    ),
    (
        "confirm-dossier-withdrawal",
        words(
            "Xác nhận rút hồ sơ",
            "Confirm that the dossier is taken back",
            "Lãnh đạo cơ quan của bên kia (bước hai)",
            &[Code::NoProposal, Code::SeparationOfDuties],
        ),
    ),
    (
        "accept-dossier-withdrawal",
        words(
            "Chấp nhận rút hồ sơ",
            "Give the dossier back",
            "Văn phòng Tỉnh ủy (bước ba)",
            &[Code::NoProposal, Code::SeparationOfDuties],
        ),
    ),
    (
        "acknowledge-directive",
        words(
            "Tiếp nhận nội dung chỉ đạo",
            "Take note of the directive",
            "Lãnh đạo cơ quan được giao thực hiện",
            &[],
        ),
    ),
    (
        "report-implementation",
        words(
            "Báo cáo kết quả thực hiện",
            "Report the implementation",
            "Lãnh đạo cơ quan được giao nội dung đó",
            &[Code::DocInvalid],
        ),
    ),
    ("accept-implementation", words("Chấp nhận kết quả", "Accept the result", JUDGES, &[])),
    ("reject-implementation", words("Chưa chấp nhận kết quả", "Not accept the result", JUDGES, &[])),
    (
        "propose-closure",
        words(
            "Đề nghị kết thúc",
            "Propose closure",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo cơ quan của bên A hoặc bên B (bước một)",
            &UNSETTLED,
        ),
    ),
    (
        "confirm-closure",
        words(
            "Xác nhận kết thúc",
            "Confirm closure",
            "Lãnh đạo cơ quan của bên kia (bước hai)",
            &[
                Code::NoProposal,
                Code::SeparationOfDuties,
                Code::WrittenNotSettled,
                Code::TaskForceActive,
                Code::InstructionsOpen,
                Code::BlockedByLink,
            ],
        ),
    ),
    (
        "reject-closure",
        words("Chưa đồng ý kết thúc", "Reject closure", "Lãnh đạo cơ quan của bên kia", &[Code::NoProposal]),
    ),
    (
        "reopen",
        words(
            "Mở lại vụ việc",
            "Open the case again",
            "Lãnh đạo một bên; Thường trực Tỉnh ủy",
            &[Code::ReopenWindowElapsed],
        ),
    ),
    (
        "withdraw",
        words(
            "Rút vụ việc",
            "Withdraw the case",
            "Lãnh đạo cơ quan báo cáo; nếu nhiều cơ quan cùng báo cáo thì lãnh đạo cơ quan cấp trên",
            &[Code::TaskForceActive, Code::DocInvalid],
        ),
    ),
    (
        "propose-cancellation",
        words(
            "Đề nghị hủy",
            "Propose to cancel",
            "Trưởng bộ phận đầu mối cơ quan nhận (bước một)",
            &[Code::TaskForceActive],
        ),
    ),
    (
        "confirm-cancellation",
        words(
            "Xác nhận hủy",
            "Confirm the cancellation",
            "Lãnh đạo cơ quan nhận (bước hai)",
            &[Code::NoProposal, Code::SeparationOfDuties, Code::TaskForceActive],
        ),
    ),
    (
        "merge",
        words(
            "Gộp vụ việc",
            "Merge",
            "Trưởng bộ phận đầu mối, lãnh đạo cơ quan nhận cả hai vụ việc",
            &[Code::TaskForceActive],
        ),
    ),
    (
        "link",
        words(
            "Liên kết vụ việc",
            "Link",
            "Cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo được xem cả hai vụ việc",
            &[],
        ),
    ),
    ("unlink", words("Gỡ liên kết", "Unlink", "Trưởng bộ phận đầu mối, lãnh đạo được xem vụ việc", &[])),
    (
        "change-urgency",
        words(
            "Thay đổi mức độ khẩn",
            "Change the urgency",
            "Cơ quan báo cáo hoặc cơ quan nhận: nâng mức do đầu mối trở lên, hạ mức do lãnh đạo",
            &[],
        ),
    ),
    (
        "extend-deadline",
        words(
            "Gia hạn",
            "Extend a deadline",
            "Lãnh đạo của bên được thực hiện nghĩa vụ; Văn phòng, Thường trực Tỉnh ủy đối với nội dung đã yêu cầu",
            &[Code::DeadlineNotExtendable],
        ),
    ),
    (
        "publish-policy",
        words(
            "Công bố chính sách",
            "Publish a policy",
            "Quản trị, khi chưa có chương trình phối hợp có hiệu lực; khi đã có thì propose-amendment",
            &[Code::TwoKeysRequired],
        ),
    ),
    ("register-officer", words("Thêm cán bộ", "Register an officer", "Quản trị", &[])),
    (
        "take-office",
        words("Nhận chức vụ", "Take an office", "Quản trị; lãnh đạo cơ quan", &[Code::SeparationOfDuties]),
    ),
    ("leave-office", words("Thôi chức vụ", "Leave an office", "Quản trị; lãnh đạo cơ quan", &[])),
    ("report-absence", words("Báo vắng mặt", "Report an absence", ABSENCE, &[])),
    ("end-absence", words("Báo trở lại làm việc", "End an absence", ABSENCE, &[])),
    (
        "grant-delegation",
        words("Ủy quyền", "Delegate", "Lãnh đạo giữ chức vụ ủy quyền", &[Code::SeparationOfDuties]),
    ),
    (
        "revoke-delegation",
        words("Thu hồi ủy quyền", "Revoke a delegation", "Lãnh đạo cơ quan đã ủy quyền", &[]),
    ),
    ("propose-agreement", words("Lập chương trình phối hợp", "Draw up an agreement", PREPARES, &[])),
    (
        "sign-agreement",
        words(
            "Ký chương trình phối hợp",
            "Sign an agreement",
            SIGNS,
            &[Code::NoProposal, Code::SeparationOfDuties],
        ),
    ),
    ("propose-amendment", words("Đề nghị sửa đổi chính sách", "Propose an amendment", PREPARES, &[])),
    (
        "agree-amendment",
        words(
            "Đồng ý sửa đổi chính sách",
            "Agree to an amendment",
            SIGNS,
            &[Code::NoProposal, Code::SeparationOfDuties],
        ),
    ),
    (
        "withdraw-amendment",
        words(
            "Rút, không đồng ý đề nghị sửa đổi",
            "Take an amendment back, or refuse it",
            "Lãnh đạo của hai cơ quan ký kết; người đã đề nghị",
            &[Code::NoProposal],
        ),
    ),
    (
        "attach-document",
        words("Thêm văn bản", "Add a document", KEEPERS, &[Code::DocInvalid, Code::DelegationExpired]),
    ),
    (
        "reference-secret",
        words("Ghi nhận tài liệu quản lý riêng", "Refer to a document kept elsewhere", KEEPERS, &[]),
    ),
    ("record-distribution", words("Ghi nhận nơi nhận", "Record a distribution", KEEPERS, &[])),
    ("record-delivery", words("Ghi nhận đã chuyển đến", "Record a delivery", KEEPERS, &[])),
    ("record-receipt", words("Ghi nhận đã nhận", "Record a receipt", KEEPERS, &[])),
    ("add-note", words("Thêm ghi chú", "Add a note", KEEPERS, &[])),
    (
        "correct",
        words(
            "Đính chính",
            "Correct",
            "Văn thư, cán bộ đầu mối, trưởng bộ phận đầu mối, lãnh đạo của cơ quan đã ghi; Văn phòng Tỉnh ủy",
            &[],
        ),
    ),
];
