//! The state-secret guard (DOMAIN §5, DESIGN D14): asked at the edge, before anything leaves the request.

use serde_json::Value;

use crate::{
    refusal::{Code, Refusal},
    text,
};

/// The question that every intake and every document answers: *"Có nội dung bí mật nhà nước không?"*
pub const QUESTION: &str = "state_secret";

/// The acts that bring content from outside even without a document, and must answer the question.
const ASKED: [&str; 13] = [
    "raise",
    "file-statement",
    "supply-info",
    "propose-joint-advice",
    "add-note",
    "correct",
    "submit-report",
    "report-conclusion",
    "propose-project",
    "give-comment",
    "enter-phase",
    "complete-checkpoint",
    "complete-project",
];

/// The field in which an act brings a document; whoever brings one must answer the question.
const DOCUMENT: &str = "document";

/// Takes the answer out of an act's body. `true`, or a secrecy level anywhere, refuses the whole act: nothing of
/// it is stored, forwarded or logged.
pub fn screen(act: &str, body: &mut Value) -> Result<(), Refusal> {
    if names_a_level(body) {
        return Err(refused());
    }
    drop_levels(body);
    let asked = asks(act) || brings_a_document(body);
    let answer = body.as_object_mut().and_then(|fields| fields.remove(QUESTION));
    match answer {
        Some(Value::Bool(false)) => Ok(()),
        Some(Value::Bool(true)) => Err(refused()),
        Some(_) => Err(Refusal::invalid(QUESTION, "Chọn true hoặc false.", "Must be true or false.")),
        None if asked => Err(Refusal::invalid(
            QUESTION,
            "Phải trả lời câu hỏi: có nội dung bí mật nhà nước không?",
            "Say whether there is state-secret content: true or false.",
        )),
        None => Ok(()),
    }
}

/// Refuses a file whose name carries a level of secrecy: *tuyệt mật*, *tối mật*, or *mật* set off from the rest.
pub fn screen_name(name: &str) -> Result<(), Refusal> {
    let name = text::clean(name).to_lowercase();
    let words: Vec<_> = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let high = words.windows(2).any(|pair| matches!(pair, ["tuyệt" | "tối", "mật"]));
    let set_off =
        name.split(['(', ')', '[', ']', '{', '}', '_', '-', '–', '.']).any(|part| part.trim() == "mật");
    if high || set_off { Err(refused()) } else { Ok(()) }
}

/// Whether an act must answer the question even without a document.
pub fn asks(act: &str) -> bool {
    ASKED.contains(&act)
}

/// Whether a document stands anywhere in the body: not only its number.
fn brings_a_document(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.get(DOCUMENT).is_some_and(Value::is_object) || fields.values().any(brings_a_document)
        }
        Value::Array(items) => items.iter().any(brings_a_document),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn refused() -> Refusal {
    Refusal::new(
        Code::StateSecretContentRefused,
        "Không nhập nội dung bí mật nhà nước. Hệ thống không lưu nội dung này; đề nghị trao đổi qua kênh theo quy định.",
        "State-secret content is not accepted. Nothing was stored; use the channel that the law provides.",
    )
}

/// The fields in which a document may name its secrecy level.
const LEVELS: [&str; 2] = ["classification", "secrecy"];

/// One of [`LEVELS`] with any value but "none", anywhere in the body.
fn names_a_level(value: &Value) -> bool {
    let secret = |field: &Value| !field.is_null() && field.as_str() != Some("none");
    match value {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, field)| (LEVELS.contains(&name.as_str()) && secret(field)) || names_a_level(field)),
        Value::Array(items) => items.iter().any(names_a_level),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// That a document names no level has been seen; the rules do not ask again.
fn drop_levels(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !LEVELS.contains(&name.as_str()));
            fields.values_mut().for_each(drop_levels);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_levels),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_question_must_be_answered_where_content_comes_in() {
        let refusal = screen("raise", &mut json!({})).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::InvalidData, Some("state_secret")));
        assert_eq!(screen("acknowledge", &mut json!({})), Ok(()));
        let refusal = screen("record-directive", &mut json!({ "binding": { "document": {} } })).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::InvalidData, Some("state_secret")));
    }

    #[test]
    fn yes_refuses_everything_and_no_leaves_the_rest() {
        let refusal = screen("raise", &mut json!({ "state_secret": true })).unwrap_err();
        assert_eq!(refusal.code, Code::StateSecretContentRefused);
        let mut body = json!({ "state_secret": false, "title": "x" });
        assert_eq!(screen("raise", &mut body), Ok(()));
        assert_eq!(body, json!({ "title": "x" }));
    }

    #[test]
    fn the_answer_is_yes_or_no() {
        for answer in [json!("false"), json!(0), json!(null), json!({})] {
            let refusal = screen("raise", &mut json!({ "state_secret": answer })).unwrap_err();
            assert_eq!((refusal.code, refusal.field.as_deref()), (Code::InvalidData, Some("state_secret")));
        }
    }

    #[test]
    fn wherever_content_comes_in_the_question_is_asked() {
        for act in crate::stages::acts() {
            let asked = screen(act.name, &mut json!({})).is_err();
            assert_eq!(asked, ASKED.contains(&act.name), "{}", act.name);
            assert!(screen(act.name, &mut json!({ "document": {} })).is_err(), "{}", act.name);
            assert!(screen(act.name, &mut json!({ "state_secret": true })).is_err(), "{}", act.name);
        }
    }

    #[test]
    fn a_document_marked_secret_is_refused_wherever_the_mark_stands() {
        for mut body in [
            json!({ "state_secret": false, "document": { "classification": "mat" } }),
            json!({ "document": { "classification": "tối mật" } }),
            json!({ "state_secret": "?", "secrecy": 1 }),
            json!({ "state_secret": false, "document": { "attachments": [{}, { "secrecy": "mat" }] } }),
            json!([{ "classification": "" }]),
        ] {
            assert_eq!(
                screen("raise", &mut body).unwrap_err().code,
                Code::StateSecretContentRefused,
                "{body}"
            );
        }
    }

    #[test]
    fn a_file_whose_name_says_that_it_is_secret_is_refused() {
        for name in
            ["TỐI MẬT - báo cáo.pdf", "Tuyệt_mật.docx", "(MẬT) kế hoạch.pdf", "kế hoạch_mật.pdf", "mật.pdf"]
        {
            assert_eq!(screen_name(name).unwrap_err().code, Code::StateSecretContentRefused, "{name}");
        }
        for name in ["mật độ dân số.xlsx", "mật ong.pdf", "tối mất điện.txt", "", "báo cáo.pdf"]
        {
            assert_eq!(screen_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_document_that_is_marked_as_not_secret_is_a_document() {
        let marked =
            json!({ "state_secret": false, "secrecy": null, "document": { "classification": "none" } });
        let mut body = marked;
        assert_eq!(screen("raise", &mut body), Ok(()));
        assert_eq!(body, json!({ "document": {} }), "what was seen does not hinder the reading");
    }
}
