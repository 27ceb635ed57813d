//! Raising, in writing and by telephone, and the number.

mod number;
mod raising;
mod telephone;

use chrono::TimeDelta;
use events::{Body, Kind, Lifecycle, Urgency, intake::RaisedByPhone};
use serde_json::{Value, json};

use crate::{
    Code,
    stages::confirmation::{Verification, Written},
    story::{Files, Story, document, local, phone, phone_ended, with, without, written},
};

/// Who may raise at all: RO, LO, LH, AL (PROCESS §1, RO+).
const WORKING: [&str; 5] =
    ["snnmt.dau-moi", "snnmt.dau-moi2", "snnmt.truong-phong", "snnmt.lanh-dao", "snnmt.bao-cao"];

/// With a reporting officer in SNNMT, whom the delivered organisation does not have.
fn with_reporting_officer() -> Files {
    Files::with_organisation(
        r#"
        [[office]]
        id = "SNNMT.CV"
        agency = "SNNMT"
        title = "Chuyên viên"
        role = "RO"
        email = "chuyen-vien@snnmt.tinh.example"

        [[officer]]
        id = "snnmt.bao-cao"
        name = "Chuyên viên"
        office = "SNNMT.CV"
        "#,
    )
}

fn raised(story: &Story) -> &RaisedByPhone {
    match story.facts()[0].body() {
        Body::RaisedByPhone(raised) => raised,
        other => panic!("{other:?}"),
    }
}

/// A raise on its own; the refusal's code and field if it is refused.
fn raise(officer: &str, body: Value) -> Result<Kind, (Code, Option<String>)> {
    raise_under(&Files::default(), officer, body)
}

fn raise_under(files: &Files, officer: &str, body: Value) -> Result<Kind, (Code, Option<String>)> {
    let mut story = files.story();
    let tried = story.by(officer).raise(body);
    if tried.facts().is_empty() {
        let refusal = tried.why();
        Err((refusal.code, refusal.field))
    } else {
        Ok(tried.newest().body().kind())
    }
}

fn refused(code: Code, field: &str) -> Result<Kind, (Code, Option<String>)> {
    Err((code, Some(field.to_owned())))
}

const NOT_AUTHORISED: Result<Kind, (Code, Option<String>)> = Err((Code::NotAuthorised, None));
