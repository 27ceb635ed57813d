//! The directory: who may change it, what it refuses, and what follows in the cases.

mod agreement;
mod amendments;
mod capacity;
mod changes;
mod delegations;

use serde_json::{Value, json};

use crate::story::{Files, Story};

/// A document on which an act rests.
fn basis() -> Value {
    json!({ "number": 12, "symbol": "GUQ-SXD", "date": "2026-05-16" })
}

/// SXD's head delegates to somebody, until an instant of local time.
fn delegating(to: impl Into<Value>, powers: &[&str], ends: &str) -> Value {
    let to: Value = to.into();
    json!({ "from": "SXD.LD", "to": to, "powers": powers, "ends": format!("{ends}:00+07:00"), "basis": basis() })
}

fn to_officer(officer: &str) -> Value {
    json!({ "officer": officer })
}

/// The plan of the year, as it is drawn up.
fn plan() -> Value {
    json!({
        "title": "Kế hoạch phối hợp năm 2026",
        "parent": {
            "number": 1, "symbol": "CTr/BTGTU-UBND", "date": "2026-01-12", "from_year": 2026, "until_year": 2030,
        },
        "from": "2026-01-01", "until": "2026-12-31", "funding": "Theo Chương trình 01-CTr/BTGTU-UBND",
        "basis": { "number": 5, "symbol": "KH/BTGTU-UBND", "date": "2026-05-04" },
    })
}

/// The delivered policy as another version, in which an express case is acknowledged within ten minutes.
fn shortened(version: &str) -> Files {
    let mut files = Files::default();
    files.policy = files.policy.replace("2026.1", version);
    files.deadlines =
        files.deadlines.replacen("[ack]\nhoa-toc = \"30 min\"", "[ack]\nhoa-toc = \"10 min\"", 1);
    files
}

/// That change, proposed as version 2026.2 for 1 June.
fn amending() -> Value {
    json!({
        "files": [{ "name": "deadlines.toml", "text": shortened("2026.2").deadlines }],
        "version": "2026.2", "effective_from": "2026-06-01T00:00:00+07:00",
        "reason": "Rút ngắn thời hạn xác nhận tiếp nhận.",
        "basis": { "number": 9, "symbol": "TB/BTGTU-UBND", "date": "2026-05-15" },
    })
}

/// Both sides do the same, BTG first.
fn of_both(story: &mut Story, act: &str, body: &Value) {
    for officer in ["btg.lanh-dao", "ubnd.lanh-dao"] {
        story.by(officer).tells(act, body.clone());
    }
}

/// The plan of the year is signed by both, at 21:52 on 16 May.
fn signed() -> Story {
    let mut story = Story::new();
    story.by("btg.lanh-dao").tells("propose-agreement", plan());
    of_both(&mut story, "sign-agreement", &json!({ "agreement": 1 }));
    story
}

/// A change is proposed, both agree to it, and it is published.
fn both(story: &mut Story, body: Value) {
    story.by("ubnd.lanh-dao").tells("propose-amendment", body);
    let number = story.directory().amendments.len();
    of_both(story, "agree-amendment", &json!({ "amendment": number }));
    story.settle();
}

/// Somebody leaves an office for another one.
fn moves(story: &mut Story, officer: &str, from: &str, to: &str) {
    story.by("ubnd.quan-tri");
    let body = |office: &str| json!({ "officer": officer, "office": office, "basis": basis() });
    story.tells("leave-office", body(from)).tells("take-office", body(to));
}

/// SNNMT's case in the night of 16 May, in which SXD's position is required.
fn with_sxd() -> Story {
    let mut story = Story::coordinating();
    story.by("btg.truong-phong").when("add-agency", crate::story::adding("SXD", "required")).settle();
    story
}
