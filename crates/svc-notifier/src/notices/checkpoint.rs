//! The mail that brings a signed checkpoint to a second office, which keeps it.

use askama::Template as _;
use chrono::{DateTime, Utc};

use super::{Rendered, day, one_line};

#[derive(askama::Template)]
#[template(path = "checkpoint/notice.txt", blocks = ["subject", "text"])]
struct Page<'a> {
    number: &'a str,
    day: String,
    note: &'a str,
}

/// Writes it: the number of the checkpoint, and the signed note word for word.
///
/// # Errors
/// It cannot be written.
pub fn render_checkpoint(number: &str, note: &str, at: DateTime<Utc>) -> askama::Result<Rendered> {
    let page = Page { number, day: day(at), note };
    Ok(Rendered { subject: one_line(&page.as_subject().render()?), text: page.as_text().render()? })
}
