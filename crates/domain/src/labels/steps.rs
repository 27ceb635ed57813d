//! What the steps of the process itself are called.

use super::{Label, label};

/// What a step of the process itself is called, and when it comes, in Vietnamese.
pub fn step(name: &str) -> Option<(Label, &'static str)> {
    STEPS
        .iter()
        .chain(super::duties::STEPS)
        .find(|(step, ..)| *step == name)
        .map(|(_, label, when)| (*label, *when))
}

const STEPS: &[(&str, Label, &str)] = &[
    ("number", label("Cấp mã vụ việc", "Number"), "vụ việc đã được tạo và chưa có mã"),
    (
        "route-by-rule",
        label("Chuyển đầu mối theo quy tắc", "Route by rule"),
        "vụ việc đã tiếp nhận và có quy tắc phân luồng phù hợp",
    ),
    (
        "fall-back",
        label("Chuyển cấp xử lý thay", "Fall back"),
        "hết hạn mà phân công dưới cấp người đứng đầu chưa được xác nhận, hoặc người được giao vắng mặt",
    ),
    (
        "remind-chief",
        label("Nhắc người đứng đầu", "Remind the head"),
        "hết hạn mà người đứng đầu cơ quan chưa xác nhận tiếp nhận",
    ),
    (
        "open",
        label("Mở vòng lấy ý kiến", "Open coordination"),
        "vụ việc đã chuyển đầu mối và cơ quan chủ trì đã xác nhận tiếp nhận",
    ),
    (
        "open-round",
        label("Mở lại vòng lấy ý kiến", "Open a round again"),
        "vụ việc trở lại phối hợp (được trả lại, ghi nhận hoặc mở lại) và chưa có vòng lấy ý kiến",
    ),
    (
        "reevaluate",
        label("Xem lại vòng lấy ý kiến", "Look at the round again"),
        "một cơ quan đã kết thúc hoạt động và vòng lấy ý kiến đang mở khép lại, hoặc một bên có ý kiến khác nhau",
    ),
    (
        "transfer-duties",
        label("Chuyển nghĩa vụ cho cơ quan kế thừa", "Pass duties to the successor"),
        "một cơ quan tham gia vụ việc đã kết thúc hoạt động và có cơ quan kế thừa",
    ),
    (
        "warn-delegation",
        label("Báo ủy quyền sắp hết hạn", "Warn of a delegation's end"),
        "ủy quyền còn 10 ngày, hoặc 3 ngày, là hết hạn",
    ),
    (
        "expire-delegation",
        label("Ghi nhận ủy quyền hết hạn", "Record a delegation's end"),
        "ủy quyền đã hết thời hạn",
    ),
    (
        "pass-delegations",
        label("Chuyển ủy quyền cho cơ quan kế thừa", "Pass delegations to the successor"),
        "cơ quan đã ủy quyền kết thúc hoạt động và có cơ quan kế thừa",
    ),
    (
        "put-in-force",
        label("Công bố chính sách đã sửa đổi", "Publish the amended policy"),
        "hai bên đã đồng ý đề nghị sửa đổi; chính sách có hiệu lực từ thời điểm nêu trong đề nghị",
    ),
    (
        "expire-agreement",
        label("Ghi nhận chương trình phối hợp hết hiệu lực", "Record an agreement's end"),
        "ngày cuối của chương trình phối hợp có hiệu lực đã hết",
    ),
    (
        "end-term",
        label("Hết thời hạn tổ công tác", "End the term"),
        "tổ công tác đang hoạt động và ngày cuối của thời hạn đã hết; ghi một lần",
    ),
];
