//! What a dispute starts, and how a directive ends it.

mod directive;
mod dispute;
mod implementation;

use events::{Kind, Lifecycle};
use serde_json::{Value, json};

use crate::story::{Story, disagree};

/// S3's beginning: SXD raises on Wednesday 8 July 2026, BTG disagrees on Friday at 15:30; statements are due on
/// Monday 13/7 17:00, the dossier on Tuesday 14/7 17:00.
fn disputed() -> Story {
    let mut story = Story::highway();
    story.until("10/07/2026 15:30").by("btg.lanh-dao").when("record-position", disagree());
    story.then(Kind::PositionRecorded).stands(Lifecycle::Disputed);
    story
}

/// Both sides have filed on Monday.
fn filed() -> Story {
    let mut story = disputed();
    story.until("13/07/2026 10:00").by("sxd.lanh-dao").when("file-statement", statement("B"));
    story.until("13/07/2026 14:00").by("btg.lanh-dao").when("file-statement", statement("A"));
    story
}

/// The dossier went up on Tuesday at 09:30.
fn escalated() -> Story {
    let mut story = filed();
    story
        .until("14/07/2026 09:30")
        .by("btg.lanh-dao")
        .when("submit-dossier", cover())
        .stands(Lifecycle::Escalated);
    story
}

/// A directive with an item for SXD due on 31/7 and one for BTG due on 14/8, recorded on Friday 17/7 at 11:00.
fn directed() -> Story {
    let mut story = escalated();
    story
        .until("17/07/2026 11:00")
        .by("tu.thu-ky")
        .when("record-directive", binding())
        .stands(Lifecycle::Directed);
    story
}

fn statement(words: &str) -> Value {
    json!({ "statement": {
        "facts": format!("Sự việc {words}"),
        "position": format!("Ý kiến {words}"),
        "legal_basis": "Chương trình phối hợp, mục III.3",
        "requested_decision": format!("Kiến nghị {words}"),
    }})
}

fn cover() -> Value {
    json!({ "document": party_document(45, "TTr/BTGDVTU", "BTG", "2026-07-14") })
}

fn binding() -> Value {
    json!({ "binding": {
        "document": party_document(345, "TB/TU", "TU", "2026-07-17"),
        "instructions": [
            { "agency": "SXD", "text": "Công khai tiến độ", "due": "2026-07-31T17:00:00+07:00" },
            { "agency": "BTG", "text": "Định hướng thông tin", "due": "2026-08-14T17:00:00+07:00" },
        ],
    }})
}

/// A report of an agency on an item.
fn report(item: u32, number: u32, issuer: &str, date: &str) -> Value {
    let document = json!({
        "number": number, "symbol": format!("BC-{issuer}"), "register": "state", "issuer": issuer,
        "place": "Khánh Hòa", "date": date, "abstract": "Báo cáo kết quả thực hiện",
        "signer": { "office": "Lãnh đạo" },
    });
    json!({ "item": item, "document": document })
}

fn party_document(number: u32, symbol: &str, issuer: &str, date: &str) -> Value {
    json!({
        "number": number, "symbol": symbol, "register": "party", "issuer": issuer,
        "place": "Khánh Hòa", "date": date, "abstract": "Về việc chậm tiến độ",
        "signer": { "office": "Lãnh đạo" },
    })
}
