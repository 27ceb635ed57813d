//! The bodies of acts, fictional and complete.

use chrono::TimeDelta;
use domain::{Role, calendar};
use events::Timestamp;
use serde_json::{Value, json};

use super::{BTG, Draft};

/// What a case is about: its topic, its title, what happened.
pub(super) const MATTERS: [(&str, &str, &str); 10] = [
    ("agriculture", "Thủy sản nuôi chết bất thường", "Cá nuôi lồng bè chết nhiều, chưa rõ nguyên nhân."),
    ("infrastructure", "Chậm bàn giao mặt bằng", "Một số hộ chưa bàn giao mặt bằng tuyến tránh."),
    ("environment", "Phản ánh mùi hôi từ bãi rác", "Người dân phản ánh mùi hôi kéo dài nhiều ngày."),
    ("education", "Ý kiến về tuyển sinh đầu cấp", "Phụ huynh có nhiều ý kiến về tuyến tuyển sinh."),
    ("health", "Nghi ngộ độc thực phẩm tại bếp ăn", "Nhiều người phải cấp cứu sau bữa ăn trưa."),
    ("tourism", "Du khách phản ánh giá dịch vụ", "Nhiều ý kiến về giá dịch vụ trong dịp lễ."),
    ("culture", "Phản ánh về lễ hội", "Có ý kiến về công tác tổ chức lễ hội."),
    ("industrial_zone", "Công nhân kiến nghị về suất ăn ca", "Công nhân kiến nghị về chất lượng suất ăn ca."),
    ("energy", "Cắt điện kéo dài", "Nhiều khu vực mất điện kéo dài sau dông lốc."),
    ("disaster", "Sạt lở bờ sông", "Sạt lở bờ sông uy hiếp nhà dân, đã di dời tạm."),
];

/// The facts that a call and its document state.
fn key_facts(title: &str) -> Value {
    json!({
        "what": title, "where": "Trên địa bàn tỉnh", "since_when": "Từ sáng nay", "scale": "Chưa thống kê đủ",
        "actions_taken": "Đã cử tổ kiểm tra", "request": "Đề nghị phối hợp thông tin kịp thời, thống nhất",
    })
}

/// The same verdict on every key fact.
pub(super) fn verdicts() -> Value {
    let same = json!({ "verdict": "same" });
    json!({ "verdicts": {
        "what": same, "where": same, "since_when": same, "scale": same, "actions_taken": same, "request": same,
    } })
}

/// A telephone call that has just ended.
pub(super) fn call(raiser: &str, urgency: &str, matter: (&str, &str, &str), ended: Timestamp) -> Value {
    let (topic, title, summary) = matter;
    json!({
        "state_secret": false, "channel": "phone", "raiser": raiser, "urgency": urgency, "title": title,
        "summary": summary, "topic": topic,
        "call": {
            "caller": { "office": "Trưởng phòng", "name": "Nguyễn Văn Mẫu", "number": "0258 382 2299" },
            "started_at": ended - TimeDelta::minutes(6), "ended_at": ended, "key_facts": key_facts(title),
        },
    })
}

/// A statement of a side.
pub(super) fn statement(position: &str) -> Value {
    json!({ "state_secret": false, "statement": {
        "facts": "Sự việc đã được hai bên kiểm tra, xác minh.", "position": position,
        "legal_basis": "Kế hoạch phối hợp, mục II.1 và III.3",
        "requested_decision": "Cho ý kiến về thời điểm và nội dung thông tin.",
    } })
}

impl Draft<'_> {
    /// A document of an agency, or of its successor, issued at a time.
    pub(super) fn document(&mut self, issuer: &str, kind: &str, about: &str, at: Timestamp) -> Value {
        let issuer = self.now(issuer, at).to_string();
        let (symbol, register) = match issuer.as_str() {
            BTG => (format!("{kind}/BTGDVTU"), "party"),
            "TU" => (format!("{kind}/TU"), "party"),
            agency => (format!("{kind}-{agency}"), "state"),
        };
        json!({
            "number": self.number(&issuer), "symbol": symbol, "register": register, "issuer": issuer,
            "place": "Khánh Hòa", "date": calendar::local_date(at), "abstract": about,
            "signer": { "office": "Thủ trưởng" },
        })
    }

    /// A report in writing.
    pub(super) fn letter(
        &mut self,
        raiser: &str,
        urgency: &str,
        matter: (&str, &str, &str),
        at: Timestamp,
    ) -> Value {
        let (topic, title, summary) = matter;
        json!({
            "state_secret": false, "channel": "written", "raiser": self.now(raiser, at), "urgency": urgency,
            "title": title, "summary": summary, "request": "Đề nghị phối hợp thông tin, tuyên truyền.",
            "topic": topic, "document": self.document(raiser, "BC", title, at),
        })
    }

    /// The document that confirms a call.
    pub(super) fn confirmation(&mut self, raiser: &str, title: &str, at: Timestamp) -> Value {
        let document = self.document(raiser, "BC", title, at);
        json!({ "state_secret": false, "document": document, "key_facts": key_facts(title) })
    }

    /// A binding directive with an instruction for each of these agencies, until a time.
    pub(super) fn directive(&mut self, to: &[&str], due: Timestamp, at: Timestamp) -> Value {
        let document = self.document("TU", "TB", "Thông báo ý kiến chỉ đạo", at);
        let item = |agency: &&str| json!({ "agency": self.now(agency, at), "text": "Thống nhất số liệu, thông tin kịp thời.", "due": due });
        let instructions: Vec<_> = to.iter().map(item).collect();
        json!({ "state_secret": false, "binding": { "document": document, "instructions": instructions } })
    }

    /// A leader of an agency, or of its successor.
    pub(super) fn leader(&self, agency: &str, at: Timestamp) -> String {
        self.who(agency, Role::Al, at)
    }

    /// The head of the liaison unit of an agency, or of its successor.
    pub(super) fn head(&self, agency: &str, at: Timestamp) -> String {
        self.who(agency, Role::Lh, at)
    }

    /// The liaison officer of an agency, or of its successor.
    pub(super) fn liaison(&self, agency: &str, at: Timestamp) -> String {
        self.who(agency, Role::Lo, at)
    }
}
