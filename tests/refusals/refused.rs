//! How a refusal is asked for, and what holds of each.

use std::collections::BTreeSet;

use domain::Code;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::eventually;

use crate::support::api::{Answer, Api, letter, path_of, send};

/// The codes that can be asked for, each with its status.
pub const STATUS: [(Code, u16); 29] = [
    (Code::NotFound, 404),
    (Code::NotAuthorised, 403),
    (Code::DelegationExpired, 403),
    (Code::Conflict, 409),
    (Code::BadState, 409),
    (Code::InvalidData, 422),
    (Code::StateSecretContentRefused, 422),
    (Code::PhoneRequiresUrgency, 422),
    (Code::CallInFuture, 422),
    (Code::DocInvalid, 422),
    (Code::DocDuplicate, 409),
    (Code::WrittenNotExpected, 409),
    (Code::NoOpenAssignment, 409),
    (Code::NoDisagreementRecorded, 409),
    (Code::NoProposal, 409),
    (Code::SeparationOfDuties, 403),
    (Code::TwoKeysRequired, 409),
    (Code::DossierIncomplete, 409),
    (Code::TfConsentMissing, 409),
    (Code::TfMemberMissing, 409),
    (Code::TfTasksOpen, 409),
    (Code::WrittenNotSettled, 409),
    (Code::TaskForceActive, 409),
    (Code::InstructionsOpen, 409),
    (Code::CheckpointsOpen, 409),
    (Code::BlockedByLink, 409),
    (Code::DeadlineNotExtendable, 409),
    (Code::ReopenWindowElapsed, 409),
    (Code::IdempotencyKeyReused, 422),
];

/// A case that nobody has raised.
pub const ABSENT: &str = "00000000-0000-4000-8000-000000000000";

/// Sends what is refused, and remembers the codes that came.
pub struct Refusals {
    pub api: Api,
    codes: BTreeSet<String>,
    done: u32,
}

impl Refusals {
    pub fn of(api: Api) -> Self {
        Self { api, codes: BTreeSet::new(), done: 0 }
    }

    /// An act that is refused with a code, about a field if it is about one.
    pub async fn act(&mut self, by: &str, case: &str, act: &str, body: &Value, code: Code, at: &str) {
        let request = self.api.request(by, Method::POST, &path_of(case, act));
        let request = request.header("Idempotency-Key", "refused").json(body);
        let answer = self.by_rule(request, code).await;
        let pointer = answer.body["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert_eq!(pointer, at, "{act}: {}", answer.text);
    }

    /// An act on the directory that is refused with a code, about a field if it is about one.
    pub async fn tell(&mut self, by: &str, act: &str, body: &Value, code: Code, at: &str) {
        let request = self.api.request(by, Method::POST, &format!("/api/v1/directory/{act}"));
        let answer = self.by_rule(request.header("Idempotency-Key", "refused").json(body), code).await;
        let pointer = answer.body["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert_eq!(pointer, at, "{act}: {}", answer.text);
    }

    /// What the edge itself refuses is no code of the rules.
    pub fn forget(&mut self, codes: &[&str]) {
        self.codes.retain(|code| !codes.contains(&code.as_str()));
    }

    /// A raise that is refused.
    pub async fn raise(&mut self, by: &str, body: &Value, code: Code, at: &str) {
        self.act(by, "", "raise", body, code, at).await;
    }

    /// Whatever an act brings from outside, it says that no state secret is in it.
    pub async fn secrets(&mut self, by: &str, case: &str, act: &str, body: &Value) {
        let unanswered = with(body.clone(), "/state_secret", json!(null));
        self.act(by, case, act, &unanswered, Code::InvalidData, "/state_secret").await;
        let evasive = with(body.clone(), "/state_secret", "no");
        self.act(by, case, act, &evasive, Code::InvalidData, "/state_secret").await;
        for (pointer, value) in [("/state_secret", json!(true)), ("/classification", json!("mat"))] {
            let secret = with(body.clone(), pointer, value);
            self.act(by, case, act, &secret, Code::StateSecretContentRefused, "").await;
        }
    }

    /// A request that the rules refuse with a code.
    pub async fn by_rule(&mut self, request: RequestBuilder, code: Code) -> Answer {
        let (_, status) = STATUS.into_iter().find(|(known, _)| *known == code).unwrap();
        let answer = self.refused(request, status, code.name()).await;
        let detail = answer.body["detail"].as_str().unwrap();
        for word in ["`", "::", "expected", "invalid", "struct", "variant"] {
            assert!(!detail.contains(word), "a word of the program in {detail}");
        }
        answer
    }

    /// A request that is refused: in Vietnamese, in English for who asks for it, and without a trace in the log.
    pub async fn refused(&mut self, request: RequestBuilder, status: u16, code: &str) -> Answer {
        let before = facts(&self.api).await;
        let english = request.try_clone().unwrap().header("Accept-Language", "en-GB, vi;q=0.5");
        let (vietnamese, english) = (send(request).await.unwrap(), send(english).await.unwrap());
        for answer in [&vietnamese, &english] {
            assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.text);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text);
            assert_eq!(answer.body["status"], status);
            let kind = format!("/problems/{}", code.to_lowercase().replace('_', "-"));
            assert_eq!(answer.body["type"], kind);
        }
        for text in ["title", "detail", "next"] {
            // What the edge itself refuses says in its detail what to do.
            if vietnamese.body[text].is_null() && text == "next" {
                continue;
            }
            let [vietnamese, english] =
                [&vietnamese, &english].map(|answer| answer.body[text].as_str().unwrap());
            assert!(!vietnamese.is_ascii(), "{code}: {text} is not in Vietnamese: {vietnamese}");
            assert_ne!(vietnamese, english, "{code}: {text}");
        }
        assert!(english.body["title"].as_str().unwrap().is_ascii(), "{}", english.text);
        assert_eq!(facts(&self.api).await, before, "{code} left something in the log");
        self.codes.insert(code.to_owned());
        vietnamese
    }

    /// An act that is carried out, and what follows from it.
    pub async fn done(&mut self, by: &str, case: &str, act: &str, body: &Value) -> Answer {
        self.done += 1;
        let answer = self.api.act(by, case, act, &format!("done-{}", self.done), body).await.unwrap();
        assert!(answer.status < 300, "{act}: {}", answer.text);
        // The clock stays where it is; what is due comes to rest.
        self.api.set_clock(self.api.clock().await.unwrap()).await.unwrap();
        answer
    }

    /// These codes came, and no other.
    pub fn saw(&self, codes: &[Code]) {
        let seen: BTreeSet<_> = self.codes.iter().map(String::as_str).collect();
        let wanted: BTreeSet<_> = codes.iter().map(|code| code.name()).collect();
        assert_eq!(seen, wanted);
    }
}

/// How many facts the log has; on a busy machine the server of the log may be late to say it.
pub async fn facts(api: &Api) -> u64 {
    eventually(async || {
        let ready = send(api.plain(Method::GET, "/readyz")).await.unwrap();
        ready.body["log"].as_u64().ok_or(ready.text)
    })
    .await
}

/// The body with another value at a place of it, or without that place.
pub fn with(mut body: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let fields = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value.into() {
        Value::Null => fields.remove(name),
        value => fields.insert(name.to_owned(), value),
    };
    body
}

/// A letter of the day on which the clock starts.
pub fn letter_of_the_day(number: u32) -> Value {
    with(letter(number), "/document/date", "2026-05-16")
}
