//! The codes with which the edge itself refuses: no rule was asked. Each stands here once, with its status and its words.

use domain::labels::Label;
use service::problem::Edge;

macro_rules! edge {
    ($($code:ident $status:literal ($title_vi:literal, $title_en:literal) ($next_vi:literal, $next_en:literal))*) => {
        $(pub(crate) const $code: Edge = Edge {
            code: stringify!($code),
            status: $status,
            title: Label { vi: $title_vi, en: $title_en },
            next: Label { vi: $next_vi, en: $next_en },
        };)*

        /// Every code of the edge but `NOT_FOUND`, which it shares with the rules.
        pub(crate) const ALL: &[Edge] = &[$($code),*];
    };
}

edge! {
    UNAUTHENTICATED 401
        ("Chưa đăng nhập", "Not signed in")
        ("Gửi kèm tiêu đề Authorization: Bearer <mã truy cập>.", "Send the header Authorization: Bearer <token>.")
    SIGN_IN_REFUSED 401
        ("Không đăng nhập được", "Sign-in refused")
        ("Kiểm tra tên, mật khẩu và mã một lần, hoặc đăng nhập lại.", "Look at the name, the password and the one-time code, or sign in again.")
    PASSWORD_CHANGE_REQUIRED 403
        ("Phải đổi mật khẩu", "Password change required")
        ("Đổi mật khẩu do quản trị cấp: PUT /api/v1/session/password.", "Change the password that an administrator gave: PUT /api/v1/session/password.")
    ACCOUNT_LOCKED 429
        ("Tài khoản tạm khóa", "Account locked")
        ("Chờ đến lúc mở khóa, hoặc liên hệ quản trị.", "Wait until it opens, or ask the administrator.")
    TOO_MANY_REQUESTS 429
        ("Quá nhiều yêu cầu", "Too many requests")
        ("Chờ số giây ở Retry-After rồi gửi lại.", "Wait for the seconds in Retry-After, then send it again.")
    ATTACHMENT_TOO_LARGE 413
        ("Tệp quá lớn", "File too large")
        ("Gửi tệp nhỏ hơn.", "Bring a smaller file.")
    ATTACHMENT_TYPE_REFUSED 415
        ("Loại tệp không được nhận", "File type refused")
        ("Gửi PDF, ảnh, văn bản hoặc tệp Office.", "Bring a PDF, a picture, a text or an Office file.")
    ATTACHMENT_DAMAGED 502
        ("Tệp đã hỏng", "File damaged")
        ("Báo cho đơn vị vận hành.", "Tell the operator.")
    UPLOAD_STALLED 408
        ("Tải lên quá chậm", "Upload stalled")
        ("Gửi lại.", "Send it again.")
    UPLOAD_CUT_SHORT 400
        ("Tải lên bị ngắt", "Upload cut short")
        ("Gửi lại.", "Send it again.")
    IDEMPOTENCY_KEY_REQUIRED 400
        ("Thiếu khóa chống trùng", "Idempotency-Key required")
        ("Gửi kèm tiêu đề Idempotency-Key (tối đa 200 ký tự), mỗi việc một khóa; gửi lại việc cũ thì dùng khóa cũ.", "Send the header Idempotency-Key (at most 200 characters): a new one for each act, the same one for a repeat.")
    MALFORMED_JSON 400
        ("Nội dung không phải JSON", "Not JSON")
        ("Gửi một đối tượng JSON.", "Send a JSON object.")
    MALFORMED_QUERY 400
        ("Tham số không đúng", "Malformed query")
        ("Sửa tham số sau dấu hỏi.", "Correct what stands behind the question mark.")
    MALFORMED_IF_MATCH 400
        ("If-Match không đúng", "Malformed If-Match")
        ("Dùng ETag của vụ việc, ví dụ \"7\".", "Send the ETag of the case, such as \"7\".")
    BODY_TOO_LARGE 413
        ("Nội dung quá lớn", "Body too large")
        ("Nội dung gửi lên tối đa 256 KiB.", "A body has at most 256 KiB.")
    NO_SUCH_ACT 404
        ("Không có thao tác này", "No such act")
        ("Xem danh sách thao tác ở trang này.", "This document lists the acts.")
    METHOD_NOT_ALLOWED 405
        ("Phương thức không được phép", "Method not allowed")
        ("Dùng phương thức nêu ở trang này.", "Use the method that this document gives.")
    TIMEOUT 503
        ("Quá thời gian xử lý", "Took too long")
        ("Gửi lại với cùng khóa.", "Repeat with the same Idempotency-Key.")
    CLOCK_NOT_SET 409
        ("Không đặt được đồng hồ", "The clock was not set")
        ("Chỉ dùng khi chạy thử: đặt thời điểm sau thời điểm hiện tại, không quá 400 ngày.", "Only where the clock is set by hand: name a time after its own, by at most 400 days.")
}
