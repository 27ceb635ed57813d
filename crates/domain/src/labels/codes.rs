//! What the refusals are called, and what to do about each (glossary: DOMAIN §7).

use super::{Label, label};
use crate::refusal::Code;

/// A code in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it is called.
    pub title: Label,
    /// What to do next.
    pub next: Label,
}

const fn words(title: Label, next: Label) -> Words {
    Words { title, next }
}

/// The words of a code.
#[expect(clippy::too_many_lines, reason = "a table: one row for each code")]
pub const fn code(code: Code) -> Words {
    match code {
        Code::NotFound => words(
            label("Không tìm thấy", "Not found"),
            label(
                "Kiểm tra lại mã vụ việc; nếu cần xem, đề nghị cơ quan đang xử lý đưa cơ quan mình vào vụ việc.",
                "Check the id. Who needs to see the case asks an agency in it to be added.",
            ),
        ),
        Code::DelegationExpired => words(
            label("Ủy quyền đã hết hạn", "Delegation expired"),
            label(
                "Đề nghị lãnh đạo gia hạn bằng văn bản ủy quyền mới, hoặc trực tiếp thực hiện.",
                "Ask the leader for a new delegation, or to do it himself.",
            ),
        ),
        Code::NotAuthorised => words(
            label("Bạn không có quyền", "Not authorised"),
            label(
                "Đề nghị người có thẩm quyền nêu trong nội dung từ chối thực hiện.",
                "Ask one of those whom the answer names to do it.",
            ),
        ),
        Code::Conflict => words(
            label("Dữ liệu đã thay đổi, hãy tải lại", "Changed by someone else, reload"),
            label(
                "Tải lại vụ việc, xem thay đổi rồi thực hiện lại.",
                "Reload the case, look at what has changed, and act again.",
            ),
        ),
        Code::BadState => words(
            label("Trạng thái không cho phép", "Not allowed in this state"),
            label(
                "Xem vụ việc đang ở bước nào; thực hiện bước phù hợp trước.",
                "See where the case stands, and do first what leads there.",
            ),
        ),
        Code::InvalidData => words(
            label("Dữ liệu không hợp lệ", "Invalid data"),
            label(
                "Sửa mục được nêu rồi gửi lại với khóa mới.",
                "Correct the field that is named, and send it again with a new key.",
            ),
        ),
        Code::StateSecretContentRefused => words(
            label("Không nhập nội dung bí mật nhà nước", "State-secret content refused"),
            label(
                "Không gửi lại qua hệ thống; trao đổi qua kênh bảo vệ bí mật nhà nước, và chỉ ghi nhận nơi lưu giữ bằng reference-secret.",
                "Do not send it here. Use the channel that the law provides, and record only where it is kept (reference-secret).",
            ),
        ),
        Code::PhoneRequiresUrgency => words(
            label("Chỉ dùng điện thoại khi khẩn cấp", "Phone only in emergency"),
            label(
                "Báo cáo bằng văn bản (channel: written), hoặc chọn mức Khẩn trở lên nếu thật sự khẩn cấp.",
                "Report in writing (channel: written), or name an urgency from khan upwards if it is an emergency.",
            ),
        ),
        Code::CallInFuture => words(
            label("Cuộc gọi ở tương lai", "Call in the future"),
            label(
                "Kiểm tra ngày, giờ và múi giờ của cuộc gọi.",
                "Check date, time and time zone of the call.",
            ),
        ),
        Code::DocInvalid => words(
            label("Văn bản không hợp lệ", "Invalid document"),
            label(
                "Sửa mục được nêu theo đúng thể thức văn bản.",
                "Correct the field that is named, as the form of documents asks.",
            ),
        ),
        Code::DocDuplicate => words(
            label("Văn bản bị trùng", "Duplicate document"),
            label(
                "Tìm vụ việc mà văn bản này đã tạo; nếu là việc khác, dùng văn bản khác.",
                "Find the case that this document raised; for another matter use another document.",
            ),
        ),
        Code::WrittenNotExpected => words(
            label("Không chờ văn bản", "No document expected"),
            label("Xem lần tiếp nhận nào còn chờ văn bản.", "See which intake still waits for its document."),
        ),
        Code::NoOpenAssignment => words(
            label("Không có phân công chờ xác nhận", "No open assignment"),
            label(
                "Không phải làm gì: phân công đã được xác nhận hoặc đã chuyển.",
                "Nothing is to be done: the assignment was acknowledged, or passed on.",
            ),
        ),
        Code::NoProposal => words(
            label("Không có đề nghị", "No proposal"),
            label(
                "Xem đề nghị nào đang chờ và nêu đúng số; hoặc đề nghị lại.",
                "See which proposal waits and name its number; or propose anew.",
            ),
        ),
        Code::SeparationOfDuties => words(
            label("Phải do người khác thực hiện", "Another person must do this"),
            label(
                "Đề nghị đồng nghiệp có cùng thẩm quyền thực hiện.",
                "Ask a colleague who has the same right.",
            ),
        ),
        Code::TwoKeysRequired => words(
            label("Phải có hai bên đồng ý", "Both sides must agree"),
            label(
                "Lập đề nghị sửa đổi (propose-amendment); mỗi bên đồng ý bằng agree-amendment.",
                "Propose an amendment (propose-amendment); each side agrees to it by agree-amendment.",
            ),
        ),
        Code::NoDisagreementRecorded => words(
            label("Chưa có ý kiến không thống nhất", "No disagreement recorded"),
            label(
                "Ghi ý kiến không thống nhất, hoặc chờ đến khi bên kia quá hạn đủ lâu.",
                "Record the disagreement as a position, or wait until the other side has been silent for long.",
            ),
        ),
        Code::DossierIncomplete => words(
            label("Hồ sơ chưa đủ", "Dossier incomplete"),
            label(
                "Đề nghị bên chưa gửi ý kiến gửi ngay, hoặc chờ hết hạn gửi.",
                "Ask the side that has not filed, or wait until its time is up.",
            ),
        ),
        Code::TfConsentMissing => words(
            label("Chưa đủ đồng ý lập tổ công tác", "Task-force consent missing"),
            label("Đề nghị các cơ quan được mời cho ý kiến.", "Ask the invited agencies for their consent."),
        ),
        Code::TfMemberMissing => words(
            label("Chưa đủ thành viên tổ công tác", "Task-force member missing"),
            label(
                "Đề nghị cơ quan được nêu cử người, và cử một tổ trưởng.",
                "Ask the agency that is named for its member, and have one member lead.",
            ),
        ),
        Code::TfTasksOpen => words(
            label("Còn nhiệm vụ của tổ công tác", "Task-force tasks open"),
            label(
                "Hoàn thành hoặc bàn giao nhiệm vụ ngay trong việc giải thể.",
                "Complete the tasks, or hand them over with the dissolution.",
            ),
        ),
        Code::TaskForceActive => words(
            label("Tổ công tác đang hoạt động", "Task force active"),
            label(
                "Giải thể tổ công tác, hoặc rút đề nghị thành lập trước.",
                "Dissolve the task force, or take its proposal back first.",
            ),
        ),
        Code::InstructionsOpen => words(
            label("Còn nội dung chỉ đạo chưa xong", "Instructions open"),
            label(
                "Báo cáo và nghiệm thu các nội dung chỉ đạo còn lại.",
                "Report the instructions that are left, and have them accepted.",
            ),
        ),
        Code::CheckpointsOpen => words(
            label("Còn mốc bắt buộc chưa xong", "Checkpoints open"),
            label(
                "Hoàn thành các mốc bắt buộc còn lại của giai đoạn, hoặc bỏ qua có nêu lý do.",
                "Complete the mandatory checkpoints of the phase, or waive them with a reason.",
            ),
        ),
        Code::BlockedByLink => words(
            label("Còn chờ vụ việc liên kết", "Blocked by a link"),
            label(
                "Kết thúc vụ việc liên kết trước, hoặc gỡ liên kết.",
                "End the other case first, or unlink it.",
            ),
        ),
        Code::DeadlineNotExtendable => words(
            label("Không gia hạn được", "Deadline not extendable"),
            label(
                "Thực hiện trong hạn hiện tại; nếu đã quá hạn thì thực hiện ngay.",
                "Keep to the date as it stands; what is passed, do at once.",
            ),
        ),
        Code::ReopenWindowElapsed => words(
            label("Đã quá thời gian được mở lại", "Too late to open again"),
            label(
                "Tạo vụ việc mới có liên kết follows với vụ việc này.",
                "Raise a new case with a link follows to this one.",
            ),
        ),
        Code::WrittenNotSettled => words(
            label("Chưa đủ văn bản xác nhận", "Written confirmation not settled"),
            label(
                "Gửi, đối chiếu hoặc xử lý sai lệch văn bản xác nhận trước.",
                "Send the written confirmation, compare it, or settle the difference first.",
            ),
        ),
        Code::IdempotencyKeyReused => words(
            label("Khóa chống trùng đã dùng", "Idempotency-Key reused"),
            label("Dùng khóa mới cho nội dung mới.", "Use a new key for a new body."),
        ),
        Code::AutomaticStepPending => words(
            label("Đang hoàn tất bước tự động", "An automatic step is pending"),
            label(
                "Gửi lại với cùng khóa sau thời gian nêu ở Retry-After.",
                "Repeat with the same key after Retry-After.",
            ),
        ),
        Code::Busy => words(
            label("Hệ thống đang bận", "Busy"),
            label(
                "Gửi lại với cùng khóa sau thời gian nêu ở Retry-After.",
                "Repeat with the same key after Retry-After.",
            ),
        ),
        Code::OutcomeUnknown => words(
            label("Chưa rõ kết quả", "Outcome unknown"),
            label(
                "Gửi lại với cùng khóa: việc đã ghi sẽ trả về kết quả đầu tiên.",
                "Repeat with the same key: what was stored answers with its first result.",
            ),
        ),
        Code::StoreFull => words(
            label("Kho dữ liệu đã đầy", "Store full"),
            label(
                "Báo quản trị hệ thống; gửi lại với cùng khóa khi đã có chỗ.",
                "Tell the operator; repeat with the same key when there is room.",
            ),
        ),
        Code::Unavailable => words(
            label("Dịch vụ chưa sẵn sàng", "Service unavailable"),
            label(
                "Gửi lại với cùng khóa; nếu kéo dài, báo quản trị hệ thống.",
                "Repeat with the same key; if it lasts, tell the operator.",
            ),
        ),
    }
}
