//! An operation of the API, as the table lists it.

use domain::labels::Label;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// How a schema is made where it is needed.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// An operation: what is asked, what is answered, and what is refused.
pub(super) struct Operation {
    /// `get`, `post`, `put` or `delete`.
    pub(super) method: &'static str,
    /// Where, as the router and OpenAPI both write it.
    pub(super) path: String,
    /// Its name: of an act, the act's.
    pub(super) id: String,
    /// The group to which it belongs: one of [`super::TAGS`].
    pub(super) tag: &'static str,
    /// What it is called.
    pub(super) label: Label,
    /// What it does, in English.
    pub(super) en: String,
    /// The same in Vietnamese.
    pub(super) vi: String,
    /// The query that it reads.
    pub(super) query: Option<Shape>,
    /// The headers that it reads, by their names in [`super::parameters`].
    pub(super) headers: Vec<&'static str>,
    /// The body that it reads.
    pub(super) body: Option<Given>,
    /// What it answers when all is well.
    pub(super) answers: Vec<Answer>,
    /// The codes with which it refuses.
    pub(super) refusals: Vec<&'static str>,
    /// Whether a token is asked for.
    pub(super) secured: bool,
}

/// A body that is read.
pub(super) enum Given {
    /// Of an act: its schema comes from the rules.
    Act(&'static domain::Act),
    /// Of another operation, with an example.
    Plain(Shape, Value),
    /// A file, as it is.
    File,
}

/// An answer when all is well.
pub(super) struct Answer {
    /// Its status.
    pub(super) status: u16,
    /// When it is given.
    pub(super) about: &'static str,
    /// Its bodies, by media type.
    pub(super) content: Vec<(&'static str, Shape)>,
    /// Its headers, by their names in [`super::headers`].
    pub(super) headers: Vec<&'static str>,
}

impl Operation {
    /// An operation without anything, for whoever shows a token.
    pub(super) fn new(
        method: &'static str,
        path: &str,
        id: &str,
        tag: &'static str,
        (vi, en): (&'static str, &'static str),
    ) -> Self {
        Self {
            method,
            path: path.to_owned(),
            id: id.to_owned(),
            tag,
            label: Label { vi, en },
            en: String::new(),
            vi: String::new(),
            query: None,
            headers: vec!["Accept-Language"],
            body: None,
            answers: Vec::new(),
            refusals: vec![
                "UNAUTHENTICATED",
                "NOT_AUTHORISED",
                "PASSWORD_CHANGE_REQUIRED",
                "TOO_MANY_REQUESTS",
                "TIMEOUT",
                "UNAVAILABLE",
            ],
            secured: true,
        }
    }

    /// What it does.
    pub(super) fn about(mut self, vi: impl Into<String>, en: impl Into<String>) -> Self {
        (self.vi, self.en) = (vi.into(), en.into());
        self
    }

    /// It is there for everybody.
    pub(super) fn open(mut self) -> Self {
        self.secured = false;
        self.refusals.clear();
        self.headers.clear();
        self
    }

    /// It reads a query; of a malformed one it says so.
    pub(super) fn asks<T: JsonSchema>(mut self) -> Self {
        self.query = Some(SchemaGenerator::subschema_for::<T>);
        self.refuses(&["MALFORMED_QUERY"])
    }

    /// It reads headers.
    pub(super) fn reads(mut self, headers: &[&'static str]) -> Self {
        self.headers.extend(headers);
        self
    }

    /// It reads a body.
    pub(super) fn takes<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(Given::Plain(SchemaGenerator::subschema_for::<T>, example));
        self.refuses(&["MALFORMED_JSON", "BODY_TOO_LARGE"])
    }

    /// It reads a file.
    pub(super) fn takes_a_file(mut self) -> Self {
        self.body = Some(Given::File);
        self
    }

    /// It answers in JSON.
    pub(super) fn answers<T: JsonSchema>(
        self,
        status: u16,
        about: &'static str,
        headers: &[&'static str],
    ) -> Self {
        self.answers_in("application/json", SchemaGenerator::subschema_for::<T>, status, about, headers)
    }

    /// It answers in a media type; a second one joins the first under its status.
    pub(super) fn answers_in(
        mut self,
        media_type: &'static str,
        shape: Shape,
        status: u16,
        about: &'static str,
        headers: &[&'static str],
    ) -> Self {
        if let Some(known) = self.answers.iter_mut().find(|answer| answer.status == status) {
            known.content.push((media_type, shape));
        } else {
            let content = vec![(media_type, shape)];
            self.answers.push(Answer { status, about, content, headers: headers.to_vec() });
        }
        self
    }

    /// It answers with headers alone.
    pub(super) fn answers_bare(mut self, status: u16, about: &'static str, headers: &[&'static str]) -> Self {
        self.answers.push(Answer { status, about, content: Vec::new(), headers: headers.to_vec() });
        self
    }

    /// It refuses with these codes, besides those that it has already.
    pub(super) fn refuses(mut self, codes: &[&'static str]) -> Self {
        for code in codes {
            if !self.refusals.contains(code) {
                self.refusals.push(code);
            }
        }
        self
    }
}
