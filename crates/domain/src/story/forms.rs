//! The bodies of acts, filled in; a test changes the field that it is about.

use serde_json::{Map, Value, json};

/// A report by telephone from SNNMT, *hỏa tốc*, 21:40 to 21:48 on 16 May 2026.
pub(crate) fn phone() -> Value {
    json!({
        "channel": "phone",
        "raiser": "SNNMT",
        "urgency": "hoa-toc",
        "title": "Thủy sản nuôi chết hàng loạt",
        "summary": "Thủy sản nuôi lồng bè chết nhiều trong đêm, chưa rõ nguyên nhân.",
        "topic": "agriculture",
        "area": "CR",
        "call": {
            "caller": {
                "office": "Trưởng phòng Thủy sản",
                "name": "Nguyễn Văn Mẫu",
                "number": "0258 382 2268",
            },
            "started_at": "2026-05-16T21:40:00+07:00",
            "ended_at": "2026-05-16T21:48:00+07:00",
            "key_facts": key_facts(),
        },
    })
}

/// A call that ended at a local time, after five minutes.
pub(crate) fn phone_ended(clock: &str) -> Value {
    let ended = super::local(clock);
    let started = ended - chrono::TimeDelta::minutes(5);
    let body = with(phone(), "/call/ended_at", ended.to_rfc3339());
    with(body, "/call/started_at", started.to_rfc3339())
}

/// A report in writing from SNNMT, *khẩn*, dated 16 May 2026.
pub(crate) fn written() -> Value {
    json!({
        "channel": "written",
        "raiser": "SNNMT",
        "urgency": "khan",
        "title": "Vướng mắc giải phóng mặt bằng",
        "summary": "Một số hộ chưa bàn giao mặt bằng khu công nghiệp.",
        "request": "Đề nghị phối hợp thông tin, tuyên truyền.",
        "topic": "industrial_zone",
        "document": document(),
    })
}

/// A document of SNNMT.
pub(crate) fn document() -> Value {
    json!({
        "number": 118,
        "symbol": "BC-SNNMT",
        "register": "state",
        "issuer": "SNNMT",
        "place": "Khánh Hòa",
        "date": "2026-05-16",
        "abstract": "Báo cáo về việc thủy sản nuôi chết bất thường",
        "signer": { "office": "Phó Giám đốc", "capacity": "KT." },
    })
}

/// What was exchanged.
pub(crate) fn key_facts() -> Value {
    json!({
        "what": "Cá nuôi lồng bè chết hàng loạt",
        "where": "Vùng nuôi ven vịnh",
        "since_when": "Từ khoảng 20 giờ 30 ngày 16/5/2026",
        "scale": "Khoảng 40 lồng",
        "actions_taken": "Đã cử tổ kiểm tra, lấy mẫu nước",
        "request": "Đề nghị phối hợp thông tin",
    })
}

/// The written confirmation.
pub(crate) fn confirmation() -> Value {
    json!({ "document": document(), "key_facts": key_facts() })
}

/// The same verdict on every key fact but the scale.
pub(crate) fn verdicts(scale: &str) -> Value {
    let same = json!({ "verdict": "same" });
    json!({ "verdicts": {
        "what": same, "where": same, "since_when": same, "actions_taken": same, "request": same,
        "scale": { "verdict": scale },
    }})
}

/// The callback's result.
pub(crate) fn callback(result: &str) -> Value {
    json!({ "result": result })
}

/// *Thống nhất*.
pub(crate) fn agree() -> Value {
    json!({ "position": { "agree": {} } })
}

/// *Không thống nhất*.
pub(crate) fn disagree() -> Value {
    json!({ "position": { "disagree": { "reasons": "Chưa đủ căn cứ." } } })
}

/// *Phương án khác*.
pub(crate) fn counter(text: &str) -> Value {
    json!({ "position": { "counter": { "text": text } } })
}

/// The first key of closure.
pub(crate) fn closing() -> Value {
    json!({ "outcome": "resolved", "summary": "Đã thông tin thống nhất." })
}

/// The second key of closure.
pub(crate) fn confirming(proposal: u32) -> Value {
    json!({ "proposal": proposal })
}

/// The second key is refused.
pub(crate) fn rejecting(proposal: u32) -> Value {
    json!({ "proposal": proposal, "reason": "Còn nội dung chưa xử lý xong." })
}

/// A task force of BTG, SNNMT and XBM, until the end of June 2026.
pub(crate) fn task_force() -> Value {
    json!({
        "agencies": ["BTG", "SNNMT", "XBM"],
        "purpose": "Thống nhất thông tin và hỗ trợ người dân.",
        "until": "2026-06-30",
    })
}

/// The proposal of a task force is taken back.
pub(crate) fn taking_back(proposal: u32) -> Value {
    json!({ "proposal": proposal, "reason": "Không còn cần thiết." })
}

/// An agency names its member.
pub(crate) fn nominating(officer: &str, lead: bool) -> Value {
    json!({ "proposal": 1, "officer": officer, "lead": lead })
}

/// An invited agency consents and names its member.
pub(crate) fn consenting(officer: &str, lead: bool) -> Value {
    json!({ "proposal": 1, "consent": { "yes": { "officer": officer, "lead": lead } } })
}

/// An invited agency consents; its member is named later.
pub(crate) fn consenting_only(proposal: u32) -> Value {
    json!({ "proposal": proposal, "consent": { "yes": {} } })
}

/// An invited agency does not consent.
pub(crate) fn not_consenting(proposal: u32) -> Value {
    json!({ "proposal": proposal, "consent": { "no": { "reason": "Không đủ người tham gia." } } })
}

/// The decision by which an agency establishes the task force.
pub(crate) fn establishing(issuer: &str) -> Value {
    json!({ "document": task_force_document(issuer, 57) })
}

/// The same by directive: BTG and UBND, under BTG's lead.
pub(crate) fn establishing_by_directive(issuer: &str) -> Value {
    let ordered = json!({
        "agencies": ["BTG", "UBND"],
        "purpose": "Thực hiện ý kiến chỉ đạo.",
        "until": "2026-06-30",
        "members": [{ "officer": "btg.dau-moi", "lead": true }, { "officer": "ubnd.dau-moi" }],
    });
    with(establishing(issuer), "/by_directive", ordered)
}

/// A meeting of the task force.
pub(crate) fn meeting() -> Value {
    json!({ "at": "2026-05-18T08:00:00+07:00", "place": "Phòng họp số 2", "agenda": "Phân công nhiệm vụ." })
}

/// The minutes of a meeting.
pub(crate) fn minutes(meeting: u32) -> Value {
    json!({ "meeting": meeting, "document": task_force_document("SNNMT", 12) })
}

/// A member is to do something by the end of May 2026.
pub(crate) fn task_of(owner: &str) -> Value {
    json!({ "owner": owner, "text": "Lập danh sách hộ bị ảnh hưởng.", "due": "2026-05-29T17:00:00+07:00" })
}

/// A task is done.
pub(crate) fn completing(task: u32) -> Value {
    json!({ "task": task, "result": "Đã lập danh sách 40 hộ." })
}

/// A colleague takes a member's place.
pub(crate) fn replacing(old: &str, officer: &str) -> Value {
    json!({ "old": old, "officer": officer, "reason": "Chuyển công tác." })
}

/// The final report of a task force; nothing is handed over.
pub(crate) fn dissolving(issuer: &str) -> Value {
    json!({ "document": task_force_document(issuer, 91) })
}

/// A document about the task force, dated 16 May 2026.
fn task_force_document(issuer: &str, number: u32) -> Value {
    json!({
        "number": number,
        "symbol": "TCT-VX",
        "register": "state",
        "issuer": issuer,
        "place": "Khánh Hòa",
        "date": "2026-05-16",
        "abstract": "Tổ công tác liên ngành",
        "signer": { "office": "Lãnh đạo" },
    })
}

/// The holder sends an assignment back.
pub(crate) fn declining() -> Value {
    json!({ "reason": "Không thuộc lĩnh vực phụ trách." })
}

/// An assignment goes elsewhere.
pub(crate) fn rerouting() -> Value {
    json!({ "reason": "Chuyển bộ phận phù hợp hơn." })
}

/// A further agency takes part.
pub(crate) fn adding(agency: &str, role: &str) -> Value {
    json!({ "agency": agency, "role": role })
}

/// The first key of a reconciliation.
pub(crate) fn explaining() -> Value {
    json!({ "text": "Số liệu khi gọi là ước tính ban đầu." })
}

/// Its second key.
pub(crate) fn reconciling(explanation: u32) -> Value {
    json!({ "explanation": explanation })
}

/// A corrected document is asked for.
pub(crate) fn correcting() -> Value {
    json!({ "reason": "Đề nghị đính chính quy mô." })
}

/// The first key of a settlement.
pub(crate) fn settling() -> Value {
    json!({ "text": "Thống nhất công bố thông tin sau khi có kết quả kiểm nghiệm." })
}

/// Why it goes on, or begins anew.
pub(crate) fn once_more(reason: &str) -> Value {
    json!({ "reason": reason })
}

/// What both sides advise, and whom.
pub(crate) fn advising(addressee: &str) -> Value {
    json!({ "addressee": addressee, "advice": "Thống nhất thông tin theo từng giai đoạn." })
}

/// The case comes back to coordination.
pub(crate) fn returning() -> Value {
    json!({ "return": { "text": "Hai bên thống nhất lại phương án." } })
}

/// Joint advice is noted.
pub(crate) fn noting() -> Value {
    json!({ "noted": {} })
}

/// The sides take the dossier back, by a joint document.
pub(crate) fn taking_the_dossier_back() -> Value {
    json!({ "document": party_document(46, "CV/BTGDVTU-UBND", "BTG", "2026-05-17") })
}

/// Another urgency.
pub(crate) fn urgency(urgency: &str) -> Value {
    json!({ "urgency": urgency, "reason": "Diễn biến mới." })
}

/// More time, until a local time.
pub(crate) fn extending(deadline: &str, to: &str) -> Value {
    json!({ "deadline": deadline, "to": super::local(to).to_rfc3339(), "reason": "Chờ kết quả kiểm nghiệm." })
}

/// A link with another case.
pub(crate) fn linking(kind: &str, other: events::CaseId) -> Value {
    json!({ "kind": kind, "other": other.to_string() })
}

/// The case goes on in another.
pub(crate) fn merging(into: events::CaseId) -> Value {
    json!({ "into": into.to_string(), "reason": "Cùng một sự việc." })
}

/// A document of UBND for the file.
pub(crate) fn attaching() -> Value {
    let document = with(with(document(), "/number", 201), "/symbol", "UBND-VXNV");
    json!({ "document": with(document, "/issuer", "UBND") })
}

/// To whom a document of UBND went.
pub(crate) fn distributing() -> Value {
    json!({
        "issuer": "UBND",
        "document": "201/UBND-VXNV",
        "sent_at": "@now",
        "recipients": [
            { "name": "Thường trực Tỉnh ủy", "purpose": "bc" },
            { "agency": "BTG" },
            { "name": "VT", "purpose": "archive" },
        ],
    })
}

/// It has come to a recipient's house.
pub(crate) fn delivering(recipient: u32) -> Value {
    json!({ "distribution": 1, "recipient": recipient, "delivered_at": "@now" })
}

/// A recipient has it.
pub(crate) fn receiving(recipient: u32) -> Value {
    json!({ "distribution": 1, "recipient": recipient, "received_at": "@now" })
}

/// A document that is kept elsewhere.
pub(crate) fn secret() -> Value {
    json!({ "holding_agency": "UBND", "register_entry": "12", "date": "2026-05-10", "level": "mat" })
}

/// A note.
pub(crate) fn noted_down() -> Value {
    json!({ "text": "Đã trao đổi lại với đầu mối." })
}

/// The raiser takes the case back.
pub(crate) fn withdrawing() -> Value {
    let document = with(
        with(json!({ "document": document() }), "/document/number", 119),
        "/document/abstract",
        "Rút báo cáo",
    );
    with(document, "/reason", "Sự việc đã được xử lý tại chỗ.")
}

/// The first key of a cancellation.
pub(crate) fn cancelling(reason: &str) -> Value {
    json!({ "reason": reason })
}

/// What a side has to say.
pub(crate) fn statement(words: &str) -> Value {
    json!({ "statement": {
        "facts": format!("Sự việc {words}"),
        "position": format!("Ý kiến {words}"),
        "legal_basis": "Chương trình phối hợp, mục III.3",
        "requested_decision": format!("Kiến nghị {words}"),
    }})
}

/// The cover letter of a dossier.
pub(crate) fn cover() -> Value {
    json!({ "document": party_document(45, "TTr/BTGDVTU", "BTG", "2026-07-14") })
}

/// A directive with an item for SXD and one for BTG.
pub(crate) fn binding() -> Value {
    json!({ "binding": {
        "document": party_document(345, "TB/TU", "TU", "2026-07-17"),
        "instructions": [
            { "agency": "SXD", "text": "Công khai tiến độ", "due": "2026-07-31T17:00:00+07:00" },
            { "agency": "BTG", "text": "Định hướng thông tin", "due": "2026-08-14T17:00:00+07:00" },
        ],
    }})
}

/// A report of an agency on an item.
pub(crate) fn report(item: u32, number: u32, issuer: &str, date: &str) -> Value {
    let document = json!({
        "number": number, "symbol": format!("BC-{issuer}"), "register": "state", "issuer": issuer,
        "place": "Khánh Hòa", "date": date, "abstract": "Báo cáo kết quả thực hiện",
        "signer": { "office": "Lãnh đạo" },
    });
    json!({ "item": item, "document": document })
}

/// A document of the Party's register.
fn party_document(number: u32, symbol: &str, issuer: &str, date: &str) -> Value {
    json!({
        "number": number, "symbol": symbol, "register": "party", "issuer": issuer,
        "place": "Khánh Hòa", "date": date, "abstract": "Về việc chậm tiến độ",
        "signer": { "office": "Lãnh đạo" },
    })
}

/// A body with another value at a place such as `/call/ended_at`.
pub(crate) fn with(mut body: Value, at: &str, value: impl Into<Value>) -> Value {
    let (fields, name) = fields(&mut body, at);
    fields.insert(name, value.into());
    body
}

/// A body without a field.
pub(crate) fn without(mut body: Value, at: &str) -> Value {
    let (fields, name) = fields(&mut body, at);
    assert!(fields.remove(&name).is_some(), "{at} is not there");
    body
}

fn fields<'a>(body: &'a mut Value, at: &str) -> (&'a mut Map<String, Value>, String) {
    let (parent, name) = at.rsplit_once('/').expect("a place such as /call/ended_at");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("fields at that place");
    (parent, name.to_owned())
}

/// A third side: the police, who have no superior in the agreement and may raise.
pub(crate) const THIRD_SIDE: &str = r#"
[[agency]]
id = "CAT"
name = "Công an tỉnh"
side = "C"
may_raise = true

[[agency]]
id = "BCH"
name = "Bộ Chỉ huy Quân sự tỉnh"
side = "C"
may_raise = true

[[unit]]
id = "CAT.PV"
agency = "CAT"
name = "Phòng Tham mưu"
liaison = true

[[unit]]
id = "BCH.VP"
agency = "BCH"
name = "Văn phòng"
liaison = true

[[office]]
id = "CAT.PV.DM"
agency = "CAT"
unit = "CAT.PV"
title = "Cán bộ đầu mối"
role = "LO"
level = "liaison"
email = "dau-moi@cat.tinh.example"

[[office]]
id = "CAT.GD"
agency = "CAT"
title = "Giám đốc"
role = "AL"
level = "chief"
email = "giam-doc@cat.tinh.example"

[[office]]
id = "BCH.CHT"
agency = "BCH"
title = "Chỉ huy trưởng"
role = "AL"
level = "chief"
email = "chi-huy@bch.tinh.example"

[[officer]]
id = "cat.dau-moi"
name = "Đầu mối"
office = "CAT.PV.DM"

[[officer]]
id = "cat.giam-doc"
name = "Giám đốc"
office = "CAT.GD"

[[officer]]
id = "bch.chi-huy"
name = "Chỉ huy trưởng"
office = "BCH.CHT"
"#;
