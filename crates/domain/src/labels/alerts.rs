//! What alerts are called: in the subject of the mail, in a digest, in the ledger of a case (DOMAIN §6).

use super::{Label, label};

/// What a discreet mail is called, whatever it is about.
pub const DISCREET: Label = label("Có nội dung cần xử lý", "Action required");

/// What a state of a mail is called, by its name in the outbox.
pub fn mail_state(name: &str) -> Option<Label> {
    Some(match name {
        "queued" => label("Đã ghi vào sổ thư, chờ gửi", "Entered, to be sent"),
        "suppressed" => label("Không gửi vì đã quá cũ", "Not sent: too old when it was entered"),
        "gathered" => label("Gộp vào thư tổng hợp", "Gathered into a digest"),
        "attempting" => label("Đang gửi", "Being sent"),
        "sent" => label("Máy chủ thư đã nhận", "Taken by the mail relay"),
        "refused" => label("Máy chủ thư từ chối", "Refused by the mail relay"),
        "waiting" => label("Chưa gửi được, sẽ gửi lại", "Not taken yet, tried again"),
        "unknown" => {
            label("Chưa rõ đã nhận hay chưa, sẽ gửi lại", "Not known whether it was taken, tried again")
        }
        "given-up" => label("Thôi gửi sau nhiều ngày", "Given up after days"),
        "bounced" => label("Không đến được người nhận", "Not delivered to the recipient"),
        _ => return None,
    })
}

/// What an alert is called, by its id, e.g. `E05`; none if there is no such alert. It does not name the overdue level.
pub fn alert(id: &str, level: Option<u8>) -> Option<Label> {
    Some(match id {
        "E01" => label("Tiếp nhận vụ việc qua điện thoại", "Case received by phone"),
        "E02" => label("Tiếp nhận vụ việc bằng văn bản", "Written case received"),
        "E03" => label("Không xác minh được người báo tin", "Caller not verified"),
        "E04" => label("Nhắc gửi văn bản xác nhận", "Written confirmation reminder"),
        "E05" => label("Quá hạn văn bản xác nhận", "Written confirmation overdue"),
        "E06" => label("Văn bản có nội dung khác thông tin ban đầu", "Discrepancy recorded"),
        "E07" => label("Phân công xử lý thay", "Assigned as fallback"),
        "E08" => label("Đề nghị cho ý kiến phối hợp", "Position requested"),
        "E08b" => label("Đề nghị góp ý kế hoạch", "Comment on a plan requested"),
        "E08c" => label("Đề nghị phối hợp chuẩn bị dự án", "Joint planning proposed"),
        "E09" => label("Đề nghị thống nhất ý kiến nội bộ", "Internal ruling requested"),
        "E10" => label("Các cơ quan đã thống nhất", "Agreement reached"),
        "E11" => label("Chưa thống nhất – đề nghị gửi ý kiến", "Disagreement – statement requested"),
        "E12" => label("Kính xin ý kiến chỉ đạo", "Request for directing opinion"),
        "E13" => label("Đề nghị bổ sung thông tin", "More information requested"),
        "E14" => label("Đã có ý kiến chỉ đạo", "Directive issued"),
        "E15" => label("Nhắc báo cáo kết quả thực hiện", "Implementation report due"),
        "E16" => label("Lấy ý kiến thành lập tổ công tác", "Task-force consent"),
        "E17" => label("Thành lập tổ công tác", "Task force established"),
        "E17b" => label("Kết thúc tổ công tác", "Task force dissolved"),
        "E18" if level.is_some() => label("Quá hạn cung cấp thông tin định kỳ", "Regular report overdue"),
        "E18" => label("Nhắc cung cấp thông tin định kỳ", "Regular report due"),
        "E18b" if level.is_some() => {
            label("Quá hạn bổ sung thông tin định kỳ", "Supplement to a report overdue")
        }
        "E18b" => label("Đề nghị bổ sung thông tin định kỳ", "Supplement to a report due"),
        "E19" => label("Đề nghị xác nhận kết thúc", "Confirm closure"),
        "E20" => label("Ủy quyền sắp hết hạn", "Delegation expiring"),
        "E20b" => label("Mời giao ban", "Briefing invitation"),
        "E21" => label("Vụ việc được giao", "Case assigned"),
        "E21b" => label("Nhiệm vụ sau giao ban", "Task from a briefing"),
        "E22" if level.is_some() => label("Quá hạn xử lý", "Overdue"),
        "E22" => label("Nhắc hạn xử lý vụ việc", "Deadline reminder"),
        "E22b" if level.is_some() => label("Quá hạn công việc của dự án", "Project item overdue"),
        "E22b" => label("Nhắc hạn công việc của dự án", "Project item due"),
        "E23" => label("Thông báo thay đổi tình trạng vụ việc", "Change in a case"),
        "E23b" => label("Hủy giao ban", "Briefing cancelled"),
        "E24" => label("Có việc chờ xác nhận", "Confirmation awaited"),
        "E25" => label("Thư báo không đến được", "Alert not delivered"),
        "DIGEST" => label("Thư tổng hợp buổi sáng", "Morning digest"),
        _ => return None,
    })
}
