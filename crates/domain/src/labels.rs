//! What the states and kinds of time are called by those who work with them (DOMAIN §3.1, §7).

pub mod acts;
mod alerts;
mod codes;
mod duties;
mod happenings;
mod states;
mod steps;

use events::{DeadlineKey, Lifecycle, Urgency, terms::Side};

use crate::stages::taskforce::TaskforceState;

pub use alerts::{DISCREET, alert, mail_state};
pub use codes::code;
pub use duties::{
    briefing_kind, briefing_state, came, checkpoint_state, clock, phase, project_state, report_state,
    task_state,
};
pub use happenings::happening;
pub use states::{assignment, caller, dossier, item, round, written};
pub use steps::step;

/// A name in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Vietnamese, as an official writes it.
    pub vi: &'static str,
    /// English.
    pub en: &'static str,
}

const fn label(vi: &'static str, en: &'static str) -> Label {
    Label { vi, en }
}

/// What stands first wherever an exercise is shown, also in what is taken out of the system; nothing of a real case.
pub const fn exercise(is_one: bool) -> &'static str {
    if is_one { "[DIỄN TẬP] " } else { "" }
}

/// Where a case stands.
pub const fn lifecycle(state: Lifecycle) -> Label {
    match state {
        Lifecycle::Received => label("Đã tiếp nhận", "Received"),
        Lifecycle::Routed => label("Đã chuyển đầu mối", "Routed"),
        Lifecycle::InCoordination => label("Đang phối hợp", "In coordination"),
        Lifecycle::Agreed => label("Đã thống nhất", "Agreed"),
        Lifecycle::Disputed => label("Chưa thống nhất", "Disputed"),
        Lifecycle::Escalated => label("Đã báo cáo Thường trực", "Escalated"),
        Lifecycle::Directed => label("Đã có ý kiến chỉ đạo", "Directed"),
        Lifecycle::Closed => label("Đã kết thúc", "Closed"),
        Lifecycle::Withdrawn => label("Đã rút", "Withdrawn"),
        Lifecycle::Cancelled => label("Đã hủy", "Cancelled"),
        Lifecycle::Merged => label("Đã gộp", "Merged"),
    }
}

/// Where a task force stands.
pub const fn taskforce(state: TaskforceState) -> Label {
    match state {
        TaskforceState::None => label("Chưa có", "None"),
        TaskforceState::Proposed => label("Đang lấy ý kiến thành lập", "Proposed"),
        TaskforceState::Refused => label("Không được đồng ý", "Refused"),
        TaskforceState::Consented => label("Đã đủ ý kiến đồng ý", "Consented"),
        TaskforceState::Active => label("Đang hoạt động", "Active"),
        TaskforceState::Dissolved => label("Đã giải thể", "Dissolved"),
    }
}

/// How urgent a case is.
pub fn urgency(urgency: Urgency) -> Label {
    match urgency {
        Urgency::Thuong => label("Thường", "Normal"),
        Urgency::Khan => label("Khẩn", "Urgent"),
        Urgency::ThuongKhan => label("Thượng khẩn", "Very urgent"),
        Urgency::HoaToc => label("Hỏa tốc", "Express"),
        Urgency::HoaTocHenGio => label("Hỏa tốc hẹn giờ", "Express, timed"),
    }
}

/// What is due.
pub fn deadline(key: DeadlineKey) -> Label {
    match key {
        DeadlineKey::Callback => label("Gọi lại xác minh", "Callback verification"),
        DeadlineKey::Route => label("Chuyển đầu mối", "Route"),
        DeadlineKey::Ack => label("Xác nhận tiếp nhận", "Acknowledge"),
        DeadlineKey::Written => label("Văn bản xác nhận", "Written confirmation"),
        DeadlineKey::Compare => label("Đối chiếu", "Compare"),
        DeadlineKey::Corrected => label("Văn bản bổ sung, đính chính", "Corrected document"),
        DeadlineKey::Position => label("Cho ý kiến", "Position"),
        DeadlineKey::Consent => label("Đồng ý lập tổ công tác", "Task-force consent"),
        DeadlineKey::Statement => label("Gửi ý kiến bằng văn bản", "Statement"),
        DeadlineKey::Dossier => label("Hồ sơ báo cáo", "Dossier"),
        DeadlineKey::Info => label("Bổ sung thông tin", "More information"),
        DeadlineKey::Implementation => label("Báo cáo kết quả thực hiện", "Implementation report"),
        DeadlineKey::Closure => label("Xác nhận kết thúc", "Confirm closure"),
    }
}

/// A side of the agreement.
pub fn side(side: Side) -> Label {
    match side {
        Side::A => label("Bên A", "Side A"),
        Side::B => label("Bên B", "Side B"),
        Side::C => label("Bên C", "Side C"),
    }
}
