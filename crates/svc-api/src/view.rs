//! What a caller sees of a case.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::SecondsFormat;
use domain::{Case, Policy, deadlines, stages::closure};
use events::{AgencyId, Lifecycle, Timestamp, Urgency, terms::DeadlineKey};
use serde_json::{Value, json};
use service::problem::Language;

/// The case's version as an `ETag`.
pub(crate) fn etag(headers: &mut HeaderMap, version: u32) {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(header::ETAG, value);
    }
}

/// A case in a list.
pub(crate) fn line(case: &Case, policy: &Policy, language: Language) -> Value {
    json!({
        "id": case.id,
        "code": case.code,
        "version": case.version,
        "state": case.lifecycle,
        "state_label": state_label(case.lifecycle, language),
        "urgency": case.urgency,
        "urgency_label": urgency_label(case.urgency, language),
        "title": case.matter.title,
        "raiser": agency(&case.raiser, policy),
        "receiver": agency(&case.receiver, policy),
        "raised_at": whole_seconds(case.raised_at),
        "next_due": deadlines::running(case).map(|armed| armed.deadline.due).min(),
    })
}

/// A case as a whole.
pub(crate) fn case(case: &Case, policy: &Policy, language: Language) -> Value {
    let agency = |id: &AgencyId| agency(id, policy);
    let mut view = line(case, policy, language);
    view["deliver_by"] = json!(case.deliver_by);
    view["matter"] = json!(case.matter);
    view["required"] = case.required.iter().map(agency).collect();
    view["consulted"] = case.consulted.iter().map(agency).collect();
    view["intakes"] = case
        .intakes
        .iter()
        .map(|intake| json!({ "intake": intake, "confirmation": case.confirmation(intake.number) }))
        .collect();
    view["assignments"] = json!(case.assignments);
    view["rounds"] = json!(case.rounds);
    view["taskforce"] = json!(case.taskforce);
    view["escalation"] = json!(case.escalation);
    view["closures"] = json!(case.closures);
    view["closure_pending"] = json!(closure::pending(case).map(|pending| pending.proposed.proposal));
    view["deadlines"] = deadlines::running(case)
        .map(|armed| {
            json!({
                "key": armed.deadline.key,
                "label": deadline_label(armed.deadline.key, language),
                "instance": armed.deadline.instance,
                "start": armed.deadline.start,
                "due": armed.deadline.due,
                "overdue_level": armed.level,
                "owing": deadlines::owing(case, &armed.deadline, policy),
            })
        })
        .collect();
    view
}

/// An agency, with the name that it has today.
fn agency(id: &AgencyId, policy: &Policy) -> Value {
    json!({ "id": id, "name": policy.organisation.agency(id).map(|agency| agency.name.as_str()) })
}

/// An instant as deadlines are given too; the fact has it to the nanosecond.
fn whole_seconds(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The state as people call it (DOMAIN §3.1).
fn state_label(state: Lifecycle, language: Language) -> &'static str {
    let (vi, en) = match state {
        Lifecycle::Received => ("Đã tiếp nhận", "Received"),
        Lifecycle::Routed => ("Đã chuyển đầu mối", "Routed"),
        Lifecycle::InCoordination => ("Đang phối hợp", "In coordination"),
        Lifecycle::Agreed => ("Đã thống nhất", "Agreed"),
        Lifecycle::Disputed => ("Chưa thống nhất", "Disputed"),
        Lifecycle::Escalated => ("Đã báo cáo Thường trực", "Escalated"),
        Lifecycle::Directed => ("Đã có ý kiến chỉ đạo", "Directed"),
        Lifecycle::Closed => ("Đã kết thúc", "Closed"),
        Lifecycle::Withdrawn => ("Đã rút", "Withdrawn"),
        Lifecycle::Cancelled => ("Đã hủy", "Cancelled"),
        Lifecycle::Merged => ("Đã gộp", "Merged"),
    };
    language.pick(vi, en)
}

/// The urgency as people call it (DOMAIN §7).
fn urgency_label(urgency: Urgency, language: Language) -> &'static str {
    let (vi, en) = match urgency {
        Urgency::Thuong => ("Thường", "Normal"),
        Urgency::Khan => ("Khẩn", "Urgent"),
        Urgency::ThuongKhan => ("Thượng khẩn", "Very urgent"),
        Urgency::HoaToc => ("Hỏa tốc", "Express"),
        Urgency::HoaTocHenGio => ("Hỏa tốc hẹn giờ", "Express, timed"),
    };
    language.pick(vi, en)
}

/// What is due, as people call it.
fn deadline_label(key: DeadlineKey, language: Language) -> &'static str {
    let (vi, en) = match key {
        DeadlineKey::Callback => ("Gọi lại xác minh", "Callback verification"),
        DeadlineKey::Route => ("Chuyển đầu mối", "Route"),
        DeadlineKey::Ack => ("Xác nhận tiếp nhận", "Acknowledge"),
        DeadlineKey::Written => ("Văn bản xác nhận", "Written confirmation"),
        DeadlineKey::Compare => ("Đối chiếu", "Compare"),
        DeadlineKey::Position => ("Cho ý kiến", "Position"),
        DeadlineKey::Statement => ("Gửi ý kiến bằng văn bản", "Statement"),
        DeadlineKey::Dossier => ("Hồ sơ báo cáo", "Dossier"),
        DeadlineKey::Closure => ("Xác nhận kết thúc", "Confirm closure"),
    };
    language.pick(vi, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_given_in_whole_seconds_and_never_later_than_it_was() {
        let at: Timestamp = "2026-05-16T14:56:07.987654321Z".parse().unwrap();
        assert_eq!(whole_seconds(at), "2026-05-16T14:56:07Z");
    }
}
