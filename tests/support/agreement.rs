//! The agreement of the two sides, as tests draw it up, sign it and change the policy under it.

use std::fs;

use serde_json::{Value, json};

use super::{
    api::{Answer, Api},
    top,
};

/// The two who sign: the heads of the Party side's body and of the government side's.
pub const HEADS: [&str; 2] = ["btg.lanh-dao", "ubnd.lanh-dao"];

/// A file of the delivered policy.
pub fn file(name: &str) -> String {
    fs::read_to_string(top().join("deploy/policy").join(name)).expect("a text")
}

/// The plan of the year 2026, as it is drawn up.
pub fn plan() -> Value {
    json!({
        "title": "Kế hoạch phối hợp năm 2026", "from": "2026-01-01", "until": "2026-12-31",
        "parent": {
            "number": 1, "symbol": "CTr/BTGTU-UBND", "date": "2026-01-12", "from_year": 2026, "until_year": 2030,
        },
        "basis": { "number": 5, "symbol": "KH/BTGTU-UBND", "date": "2026-05-04" },
    })
}

/// `deadlines.toml`, by which an express case is acknowledged within ten minutes.
pub fn ten_minutes() -> String {
    file("deadlines.toml").replacen("[ack]\nhoa-toc = \"30 min\"", "[ack]\nhoa-toc = \"10 min\"", 1)
}

/// That change, as it is proposed for 22:00 on 16 May.
pub fn amending() -> Value {
    json!({
        "files": [{ "name": "deadlines.toml", "text": ten_minutes() }],
        "version": "2026.2", "effective_from": "2026-05-16T22:00:00+07:00",
        "reason": "Rút ngắn thời hạn xác nhận tiếp nhận.",
        "basis": { "number": 9, "symbol": "TB/BTGTU-UBND", "date": "2026-05-15" },
    })
}

/// An act on the directory that is done, under a key of its own.
pub async fn done(api: &Api, officer: &str, act: &str, body: &Value) -> Answer {
    let key = format!("{act} {}", body["amendment"]);
    let answer = api.tell(officer, act, &key, body).await.expect("an answer");
    assert_eq!(answer.status, 201, "{act}: {}", answer.text);
    answer
}

/// An agreement is drawn up, and both sign it.
pub async fn sign(api: &Api, plan: &Value) {
    done(api, HEADS[0], "propose-agreement", plan).await;
    for head in HEADS {
        done(api, head, "sign-agreement", &json!({ "agreement": 1 })).await;
    }
}
