//! What the states of the regions are called (DOMAIN §3.1); those of the case itself stand beside.

use super::{Label, label};
use crate::stages::{
    confirmation::{Verification, Written},
    coordination::RoundState,
    escalation::{Dossier, ItemState},
    routing::AssignmentState,
};

/// Where a written confirmation stands.
pub const fn written(state: Written) -> Label {
    match state {
        Written::Satisfied => label("Báo cáo bằng văn bản", "Raised in writing"),
        Written::Pending => label("Chờ văn bản", "Awaited"),
        Written::Overdue => label("Quá hạn văn bản", "Overdue"),
        Written::Received => label("Đã nhận, chờ đối chiếu", "Received, to be compared"),
        Written::Matched => label("Khớp", "Matches"),
        Written::Discrepant => label("Có sai lệch", "Differs"),
        Written::Reconciled => label("Đã xử lý sai lệch", "Difference settled"),
        Written::Lapsed => label("Hết hiệu lực", "Lapsed"),
    }
}

/// What is known of a caller.
pub const fn caller(state: Verification) -> Label {
    match state {
        Verification::Unverified => label("Chưa xác minh", "Not verified yet"),
        Verification::Verified => label("Đã xác minh", "Verified"),
        Verification::Failed => label("Không xác minh được", "Denied by the agency"),
    }
}

/// Where an assignment stands.
pub const fn assignment(state: AssignmentState) -> Label {
    match state {
        AssignmentState::Assigned => label("Chờ xác nhận tiếp nhận", "To be acknowledged"),
        AssignmentState::Acknowledged => label("Đã xác nhận tiếp nhận", "Acknowledged"),
        AssignmentState::Declined => label("Từ chối tiếp nhận", "Declined"),
        AssignmentState::TimedOut => label("Đã chuyển cấp xử lý thay", "Passed to the next level"),
        AssignmentState::Rerouted => label("Đã chuyển lại", "Re-routed"),
        AssignmentState::Ended => label("Đã chấm dứt", "Ended"),
    }
}

/// Where a round of positions stands.
pub const fn round(state: RoundState) -> Label {
    match state {
        RoundState::Open => label("Đang lấy ý kiến", "Open"),
        RoundState::Agreed => label("Đã thống nhất", "Agreed"),
        RoundState::Superseded => label("Đã thay thế", "Superseded"),
        RoundState::Disputed => label("Chưa thống nhất", "Disputed"),
    }
}

/// Where a dossier stands.
pub const fn dossier(state: Dossier) -> Label {
    match state {
        Dossier::None => label("Chưa có hồ sơ", "None"),
        Dossier::Drafting => label("Đang lập hồ sơ", "Being drafted"),
        Dossier::Submitted => label("Đã trình", "Submitted"),
        Dossier::InfoRequested => label("Chờ bổ sung thông tin", "Information requested"),
        Dossier::Decided => label("Đã có ý kiến chỉ đạo", "Decided"),
        Dossier::Returned => label("Đã trả lại", "Returned"),
        Dossier::DossierWithdrawn => label("Đã rút hồ sơ", "Taken back"),
    }
}

/// Where an item of a directive stands.
pub const fn item(state: ItemState) -> Label {
    match state {
        ItemState::Issued => label("Đã giao thực hiện", "Issued"),
        ItemState::Acknowledged => label("Đã tiếp nhận nội dung", "Acknowledged"),
        ItemState::Reported => label("Đã báo cáo kết quả", "Reported"),
        ItemState::Rejected => label("Chưa được chấp nhận", "Not accepted"),
        ItemState::Accepted => label("Đã được chấp nhận", "Accepted"),
    }
}
