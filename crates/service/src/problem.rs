//! problem+json (RFC 9457): a stable code, a title in the caller's language, and what to do next.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{Code, Refusal, labels::Label};
use serde::Serialize;

/// The caller's language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese: the default.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// The first language of `Accept-Language` that we speak; Vietnamese if it names none.
    pub fn accepted(header: Option<&str>) -> Self {
        let named = header.unwrap_or_default().split(',').map(|tag| tag.trim().to_ascii_lowercase());
        for tag in named {
            if tag.starts_with("vi") {
                return Self::Vi;
            }
            if tag.starts_with("en") {
                return Self::En;
            }
        }
        Self::Vi
    }

    /// One of two texts.
    pub fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

/// A problem, as the caller gets it.
#[derive(Clone, Debug)]
pub struct Problem(Box<Body>);

#[derive(Clone, Debug, Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    code: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

#[derive(Clone, Debug, Serialize)]
struct FieldError {
    pointer: String,
    code: String,
}

impl Problem {
    /// A problem from a refusal.
    pub fn of(refusal: &Refusal, language: Language) -> Self {
        let (status, vi, en) = about(refusal.code);
        let code = refusal.code.name().to_owned();
        let errors = refusal
            .field
            .iter()
            .map(|field| FieldError { pointer: pointer(field), code: code.clone() })
            .collect();
        Self(Box::new(Body {
            kind: kind(&code),
            title: language.pick(vi, en).to_owned(),
            status: status.as_u16(),
            detail: language.pick(&refusal.vi, &refusal.en).to_owned(),
            code,
            errors,
            retry_after: retry_after(status),
        }))
    }

    /// A problem of the HTTP edge itself.
    pub fn of_edge(
        status: StatusCode,
        code: &str,
        title: (&str, &str),
        detail: (&str, &str),
        language: Language,
    ) -> Self {
        Self(Box::new(Body {
            kind: kind(code),
            title: language.pick(title.0, title.1).to_owned(),
            status: status.as_u16(),
            detail: language.pick(detail.0, detail.1).to_owned(),
            code: code.to_owned(),
            errors: Vec::new(),
            retry_after: retry_after(status),
        }))
    }
}

/// After how many seconds the same may be sent again, where that helps.
fn retry_after(status: StatusCode) -> Option<u32> {
    (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1)
}

fn kind(code: &str) -> String {
    format!("/problems/{}", code.to_ascii_lowercase().replace('_', "-"))
}

/// `call.ended_at` as a JSON pointer.
fn pointer(field: &str) -> String {
    format!("/{}", field.replace(['.', '['], "/").replace(']', ""))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What a code is called in an answer.
pub fn title(code: Code) -> Label {
    let (_, vi, en) = about(code);
    Label { vi, en }
}

/// The status and the title of each code, in Vietnamese and English (glossary: DOMAIN §7).
fn about(code: Code) -> (StatusCode, &'static str, &'static str) {
    use StatusCode as S;
    match code {
        Code::NotFound => (S::NOT_FOUND, "Không tìm thấy", "Not found"),
        Code::NotAuthorised => (S::FORBIDDEN, "Bạn không có quyền", "Not authorised"),
        Code::Conflict => {
            (S::CONFLICT, "Dữ liệu đã thay đổi, hãy tải lại", "Changed by someone else, reload")
        }
        Code::BadState => (S::CONFLICT, "Trạng thái không cho phép", "Not allowed in this state"),
        Code::InvalidData => (S::UNPROCESSABLE_ENTITY, "Dữ liệu không hợp lệ", "Invalid data"),
        Code::StateSecretContentRefused => {
            (S::UNPROCESSABLE_ENTITY, "Không nhập nội dung bí mật nhà nước", "State-secret content refused")
        }
        Code::PhoneRequiresUrgency => {
            (S::UNPROCESSABLE_ENTITY, "Chỉ dùng điện thoại khi khẩn cấp", "Phone only in emergency")
        }
        Code::CallInFuture => (S::UNPROCESSABLE_ENTITY, "Cuộc gọi ở tương lai", "Call in the future"),
        Code::DocInvalid => (S::UNPROCESSABLE_ENTITY, "Văn bản không hợp lệ", "Invalid document"),
        Code::DocDuplicate => (S::CONFLICT, "Văn bản bị trùng", "Duplicate document"),
        Code::WrittenNotExpected => (S::CONFLICT, "Không chờ văn bản", "No document expected"),
        Code::NoOpenAssignment => (S::CONFLICT, "Không có phân công chờ xác nhận", "No open assignment"),
        Code::NoProposal => (S::CONFLICT, "Không có đề nghị", "No proposal"),
        Code::SeparationOfDuties => {
            (S::FORBIDDEN, "Phải do người khác thực hiện", "Another person must do this")
        }
        Code::NoDisagreementRecorded => {
            (S::CONFLICT, "Chưa có ý kiến không thống nhất", "No disagreement recorded")
        }
        Code::DossierIncomplete => (S::CONFLICT, "Hồ sơ chưa đủ", "Dossier incomplete"),
        Code::TfConsentMissing => {
            (S::CONFLICT, "Chưa đủ đồng ý lập tổ công tác", "Task-force consent missing")
        }
        Code::TfMemberMissing => (S::CONFLICT, "Chưa đủ thành viên tổ công tác", "Task-force member missing"),
        Code::TfTasksOpen => (S::CONFLICT, "Còn nhiệm vụ của tổ công tác", "Task-force tasks open"),
        Code::TaskForceActive => (S::CONFLICT, "Tổ công tác đang hoạt động", "Task force active"),
        Code::InstructionsOpen => (S::CONFLICT, "Còn nội dung chỉ đạo chưa xong", "Instructions open"),
        Code::BlockedByLink => (S::CONFLICT, "Còn chờ vụ việc liên kết", "Blocked by a link"),
        Code::DeadlineNotExtendable => (S::CONFLICT, "Không gia hạn được", "Deadline not extendable"),
        Code::ReopenWindowElapsed => (S::CONFLICT, "Đã quá thời gian được mở lại", "Too late to open again"),
        Code::WrittenNotSettled => {
            (S::CONFLICT, "Chưa đủ văn bản xác nhận", "Written confirmation not settled")
        }
        Code::IdempotencyKeyReused => {
            (S::UNPROCESSABLE_ENTITY, "Khóa chống trùng đã dùng", "Idempotency-Key reused")
        }
        Code::AutomaticStepPending => {
            (S::SERVICE_UNAVAILABLE, "Đang hoàn tất bước tự động", "An automatic step is pending")
        }
        Code::Busy => (S::SERVICE_UNAVAILABLE, "Hệ thống đang bận", "Busy"),
        Code::OutcomeUnknown => (S::SERVICE_UNAVAILABLE, "Chưa rõ kết quả", "Outcome unknown"),
        Code::StoreFull => (S::INSUFFICIENT_STORAGE, "Kho dữ liệu đã đầy", "Store full"),
        Code::Unavailable => (S::SERVICE_UNAVAILABLE, "Dịch vụ chưa sẵn sàng", "Service unavailable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_s_language_is_the_first_that_we_speak() {
        assert_eq!(Language::accepted(None), Language::Vi);
        assert_eq!(Language::accepted(Some("fr, en;q=0.8, vi;q=0.5")), Language::En);
        assert_eq!(Language::accepted(Some("vi-VN,vi;q=0.9,en;q=0.8")), Language::Vi);
    }

    #[test]
    fn a_field_becomes_a_json_pointer() {
        assert_eq!(pointer("call.key_facts.request"), "/call/key_facts/request");
        assert_eq!(pointer("attachments[2].size"), "/attachments/2/size");
    }
}
