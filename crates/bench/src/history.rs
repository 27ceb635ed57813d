//! The plain dispute history of goal G1, fourteen acts as data: who does what, with which body.

use chrono::{NaiveDate, TimeDelta};
use domain::calendar;
use events::Timestamp;
use serde_json::{Value, json};

/// How many acts a history has.
pub const ACTS: usize = 14;

/// Which acts bring a document, and so need a number of their own.
const NUMBER: &str = "\"the number\"";

/// An act of a history.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, as in the path.
    pub act: &'static str,
    /// Which of several acts of that name, for tables.
    pub label: &'static str,
    /// Whose token is used.
    pub officer: &'static str,
    /// The body, up to the document's number and after it; without a document all of it is before.
    pub body: (String, Option<String>),
}

impl Step {
    fn new(officer: &'static str, act: &'static str, body: &Value) -> Self {
        let text = body.to_string();
        let body = match text.split_once(NUMBER) {
            Some((before, after)) => (before.to_owned(), Some(after.to_owned())),
            None => (text, None),
        };
        Self { act, label: act, officer, body }
    }

    /// The body with a number in it, in pieces.
    pub fn body_with<'a>(&'a self, number: &'a str) -> [&'a str; 3] {
        match &self.body {
            (before, Some(after)) => [before, number, after],
            (all, None) => [all, "", ""],
        }
    }
}

/// The history of cases that are called in now.
pub fn plain_dispute(now: Timestamp) -> [Step; ACTS] {
    let today = calendar::local_date(now);
    let of = |issuer, symbol, register, office| document(today, issuer, symbol, register, office);
    let report = || of("SNNMT", "BC-SNNMT", "state", "Phó Giám đốc");
    let cover = of("BTG", "TTr/BTGDVTU", "party", "Trưởng ban");
    let directive = of("TU", "TB/TU", "party", "Phó Bí thư Thường trực");
    let due = now + TimeDelta::days(14);
    let written = json!({ "state_secret": false, "document": report(), "key_facts": key_facts() });
    let disagree = json!({ "position": { "disagree": {
        "reasons": "Chưa rõ nguyên nhân; chưa nên thông tin chung.",
    } } });
    let ours = statement("Cần thông tin sớm để người nuôi yên tâm.");
    let theirs = statement("Chỉ thông tin khi đã có kết quả xét nghiệm.");
    let binding = json!({ "state_secret": false, "binding": {
        "document": directive,
        "instructions": [{
            "agency": "SNNMT",
            "text": "Thống nhất số liệu, công bố kết quả xét nghiệm.",
            "due": due.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }],
    } });
    let done = json!({
        "state_secret": false,
        "item": 1,
        "summary": "Đã công bố kết quả xét nghiệm.",
        "document": report(),
    });
    [
        common_call(now),
        Step::new("snnmt.van-thu", "submit-written-confirmation", &written),
        Step::new("btg.dau-moi2", "compare-written", &verdicts()),
        Step::new("btg.dau-moi", "acknowledge", &json!({})),
        Step::new("btg.lanh-dao", "record-position", &disagree),
        Step { label: "file-statement (B)", ..Step::new("snnmt.lanh-dao", "file-statement", &ours) },
        Step { label: "file-statement (A)", ..Step::new("btg.lanh-dao", "file-statement", &theirs) },
        Step::new("btg.lanh-dao", "submit-dossier", &json!({ "state_secret": false, "document": cover })),
        Step::new("tu.thu-ky", "record-directive", &binding),
        Step::new("snnmt.lanh-dao", "acknowledge-directive", &json!({})),
        Step::new("snnmt.lanh-dao", "report-implementation", &done),
        Step::new("tu.thu-ky", "accept-implementation", &json!({ "item": 1 })),
        Step::new("btg.dau-moi", "propose-closure", &json!({ "outcome": "resolved-by-directive" })),
        Step::new("snnmt.lanh-dao", "confirm-closure", &json!({ "proposal": 1 })),
    ]
}

/// The call with which such a history begins.
pub fn common_call(now: Timestamp) -> Step {
    Step::new("btg.truc-ban", "raise", &call(now))
}

/// The callback to the agency: one fact, and nothing follows.
pub fn callback() -> Step {
    Step::new("btg.truc-ban", "verify-callback", &json!({ "result": "verified" }))
}

/// A case of another agency, in other words: few may see it, and it has few of the words of the others.
pub fn rare_call(now: Timestamp) -> Step {
    let mut call = call(now);
    call["raiser"] = json!("SYT");
    call["title"] = json!("Nghi ngộ độc thực phẩm tại bếp ăn tập thể");
    call["summary"] = json!("Nhiều người phải cấp cứu sau bữa ăn trưa, chưa rõ nguyên nhân.");
    call["topic"] = json!("health");
    Step::new("btg.truc-ban", "raise", &call)
}

fn call(now: Timestamp) -> Value {
    let at = now.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({
        "state_secret": false,
        "channel": "phone",
        "raiser": "SNNMT",
        "urgency": "hoa-toc",
        "title": "Thủy sản nuôi lồng bè chết hàng loạt",
        "summary": "Thủy sản nuôi lồng bè chết nhiều trong đêm, chưa rõ nguyên nhân.",
        "topic": "agriculture",
        "area": "VINH",
        "call": {
            "caller": {
                "office": "Trưởng phòng Thủy sản",
                "name": "Nguyễn Văn Mẫu",
                "number": "0258 382 2268",
            },
            "started_at": at,
            "ended_at": at,
            "key_facts": key_facts(),
        },
    })
}

fn key_facts() -> Value {
    json!({
        "what": "Cá nuôi lồng bè chết hàng loạt",
        "where": "Vùng nuôi ven vịnh",
        "since_when": "Từ khoảng 20 giờ 30 hôm nay",
        "scale": "Khoảng 40 lồng",
        "actions_taken": "Đã cử tổ kiểm tra và lấy mẫu nước",
        "request": "Đề nghị phối hợp thông tin kịp thời, thống nhất",
    })
}

fn verdicts() -> Value {
    let same = json!({ "verdict": "same" });
    json!({ "verdicts": {
        "what": same, "where": same, "since_when": same, "scale": same, "actions_taken": same, "request": same,
    } })
}

fn statement(position: &str) -> Value {
    json!({ "state_secret": false, "statement": {
        "facts": "Cá nuôi lồng bè chết nhiều trong đêm ở vùng nuôi ven vịnh.",
        "position": position,
        "legal_basis": "Kế hoạch phối hợp, mục II.1 và III.3",
        "requested_decision": "Cho ý kiến về thời điểm và nội dung thông tin.",
    } })
}

fn document(date: NaiveDate, issuer: &str, symbol: &str, register: &str, office: &str) -> Value {
    json!({
        "number": "the number",
        "symbol": symbol,
        "register": register,
        "issuer": issuer,
        "place": "Khánh Hòa",
        "date": date,
        "abstract": "Báo cáo về việc thủy sản nuôi lồng bè chết bất thường",
        "signer": { "office": office },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn the_rules_know_every_act_and_can_read_its_body() {
        for step in plain_dispute(now()).iter().chain([&callback(), &rare_call(now())]) {
            let act = domain::stages::act(step.act).expect(step.act);
            let body: Value = serde_json::from_str(&step.body_with("7").concat()).unwrap();
            let mut body = body;
            domain::secrecy::screen(act.name, &mut body).expect(step.act);
            domain::Command::parse(act, body).expect(step.act);
        }
    }

    #[test]
    fn a_document_gets_the_number_that_is_given() {
        let history = plain_dispute(now());
        let body: Value = serde_json::from_str(&history[1].body_with("118").concat()).unwrap();
        assert_eq!(body["document"]["number"], 118);
        assert_eq!(history.iter().filter(|step| step.body.1.is_some()).count(), 4);
    }
}
