//! The HTTP API as a client of another system sees it.

use std::{fs, path::PathBuf};

use domain::duties;
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

use super::contract::Asked;

/// A client with the tokens of all officers.
#[derive(Clone, Debug)]
pub struct Api {
    http: Client,
    base: String,
    tokens: PathBuf,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if it is no JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Api {
    /// The API at an address, with the tokens of a folder.
    pub fn new(base: impl Into<String>, tokens: impl Into<PathBuf>) -> Self {
        Self { http: Client::new(), base: base.into(), tokens: tokens.into() }
    }

    /// A request without anything.
    pub fn plain(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// A request of an officer.
    pub fn request(&self, officer: &str, method: Method, path: &str) -> RequestBuilder {
        let token = fs::read_to_string(self.tokens.join(officer)).expect("the officer's token");
        self.plain(method, path).bearer_auth(token.trim())
    }

    /// An act of an officer under a key: `raise`, or an act on a case.
    pub async fn act(
        &self,
        officer: &str,
        case: &str,
        act: &str,
        key: &str,
        body: &Value,
    ) -> reqwest::Result<Answer> {
        let request = self.request(officer, Method::POST, &path_of(case, act));
        send(request.header("Idempotency-Key", key).json(body)).await
    }

    /// An act on the directory.
    pub async fn tell(&self, officer: &str, act: &str, key: &str, body: &Value) -> reqwest::Result<Answer> {
        let request = self.request(officer, Method::POST, &format!("/api/v1/directory/{act}"));
        send(request.header("Idempotency-Key", key).json(body)).await
    }

    /// Reads as an officer.
    pub async fn get(&self, officer: &str, path: &str) -> reqwest::Result<Answer> {
        send(self.request(officer, Method::GET, path)).await
    }

    /// What time it is for the process.
    pub async fn time(&self) -> events::Timestamp {
        let ready = send(self.plain(Method::GET, "/readyz")).await.expect("an answer");
        serde_json::from_value(ready.body["time"].clone()).expect("the time")
    }

    /// Where the manual clock stands.
    pub async fn clock(&self) -> reqwest::Result<events::Timestamp> {
        let answer = send(self.plain(Method::GET, "/dev/clock")).await?;
        Ok(answer.body["now"].as_str().unwrap_or_default().parse().expect("a manual clock"))
    }

    /// Sets the manual clock, unless it stands there or later already, and waits until all is settled.
    pub async fn set_clock(&self, to: events::Timestamp) -> reqwest::Result<()> {
        let to = to.max(self.clock().await?);
        let answer = send(self.plain(Method::POST, "/dev/clock").json(&json!({ "to": to }))).await?;
        assert_eq!(answer.status, 200, "the clock was not set: {}", answer.text);
        Ok(())
    }
}

/// The path of an act on a case, or on a duty.
pub fn path_of(case: &str, act: &str) -> String {
    if act == "raise" {
        return "/api/v1/cases".to_owned();
    }
    let Some(known) = duties::named(act) else { return format!("/api/v1/cases/{case}/{act}") };
    let root = duties::path(known.stage);
    if duties::begins(known) { format!("/api/v1/{root}") } else { format!("/api/v1/{root}/{case}/{act}") }
}

/// Sends a request and reads the whole answer, which must be one that the OpenAPI document promises.
pub async fn send(request: RequestBuilder) -> reqwest::Result<Answer> {
    let (client, request) = request.build_split();
    let request = request?;
    let asked = Asked::by(&request);
    let response = client.execute(request).await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    let answer = Answer { status, headers, body, text };
    asked.is_documented(&answer);
    Ok(answer)
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first result of an act that was carried out earlier?
    pub fn is_repeat(&self) -> bool {
        self.header("idempotency-replayed") == Some("true")
    }

    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// The id of the case or the duty that it is about.
    pub fn case(&self) -> &str {
        let about = if self.body["duty"].is_object() { &self.body["duty"] } else { &self.body["case"] };
        about["id"].as_str().expect("a case or a duty in the answer")
    }
}

/// The body of a raise by telephone, fictional and complete.
pub fn call() -> Value {
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
            "started_at": "2026-05-16T21:40:00+07:00",
            "ended_at": "2026-05-16T21:48:00+07:00",
            "key_facts": key_facts(),
        },
    })
}

/// The body of a raise by a telephone call that ended then.
pub fn call_that_ended(at: events::Timestamp) -> Value {
    let mut call = call();
    for time in ["started_at", "ended_at"] {
        call["call"][time] = json!(at);
    }
    call
}

/// Key facts, as a call or its document states them.
pub fn key_facts() -> Value {
    json!({
        "what": "Cá nuôi lồng bè chết hàng loạt",
        "where": "Vùng nuôi ven vịnh",
        "since_when": "Từ khoảng 20 giờ 30 ngày 16/5",
        "scale": "Khoảng 40 lồng",
        "actions_taken": "Đã cử tổ kiểm tra và lấy mẫu nước",
        "request": "Đề nghị phối hợp thông tin kịp thời, thống nhất",
    })
}

/// The body of a raise in writing, by a document of that number.
pub fn letter(number: u32) -> Value {
    json!({
        "state_secret": false,
        "channel": "written",
        "raiser": "SNNMT",
        "urgency": "khan",
        "title": "Thủy sản nuôi lồng bè chết hàng loạt",
        "summary": "Thủy sản nuôi lồng bè chết nhiều trong đêm, chưa rõ nguyên nhân.",
        "request": "Đề nghị phối hợp thông tin kịp thời, thống nhất",
        "topic": "agriculture",
        "document": document(number),
    })
}

/// A document of the raiser, issued on the day after the call.
pub fn document(number: u32) -> Value {
    json!({
        "number": number,
        "symbol": "BC-SNNMT",
        "register": "state",
        "issuer": "SNNMT",
        "place": "Khánh Hòa",
        "date": "2026-05-17",
        "abstract": "Báo cáo về việc thủy sản nuôi lồng bè chết bất thường",
        "signer": { "office": "Phó Giám đốc", "capacity": "KT." },
    })
}
