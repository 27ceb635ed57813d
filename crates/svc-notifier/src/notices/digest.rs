//! The digest: what is not urgent, of all cases and duties, once in the morning (DOMAIN §6).

use askama::Template as _;
use chrono::{DateTime, Utc};

use super::{Rendered, Salutation, by, day, han, names_a_moment, one_line, title};

/// Everything that a digest may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The recipient's own office.
    pub office_title: String,
    /// The morning on which it goes out.
    pub at: DateTime<Utc>,
    /// What it gathers.
    pub lines: Vec<Line>,
    /// Where everything that waits is found.
    pub link: String,
    /// How officials address each other.
    pub address_word: String,
    /// To an equal or lower office, or upwards.
    pub salutation: Salutation,
    /// English below the Vietnamese.
    pub english: bool,
}

/// One thing that a digest gathers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The code of the case, or of the duty.
    pub code: String,
    /// The notice, e.g. `E08`.
    pub template: String,
    /// Until when.
    pub deadline: Option<DateTime<Utc>>,
    /// Where to log in.
    pub link: String,
    /// Only that there is something to do.
    pub discreet: bool,
    /// It is an exercise.
    pub exercise: bool,
}

#[derive(askama::Template)]
#[template(path = "digest/notice.txt", blocks = ["subject", "text"])]
struct Page {
    office_title: String,
    day: String,
    items: Vec<Item>,
    link: String,
    address_word: String,
    reports_up: bool,
    exercise: bool,
    english: bool,
}

struct Item {
    code: String,
    title: String,
    title_en: String,
    deadline: Option<String>,
    deadline_en: Option<String>,
    link: String,
    moment: bool,
    exercise: bool,
}

/// Writes a digest. Its subject is marked as an exercise only if all of it is one.
///
/// # Errors
/// The template engine fails.
pub fn render_digest(digest: &Digest) -> askama::Result<Rendered> {
    let items: Vec<_> = digest.lines.iter().map(item).collect();
    let page = Page {
        office_title: one_line(&digest.office_title),
        day: day(digest.at),
        exercise: !items.is_empty() && items.iter().all(|item| item.exercise),
        items,
        link: one_line(&digest.link),
        address_word: one_line(&digest.address_word),
        reports_up: digest.salutation == Salutation::BaoCao,
        english: digest.english,
    };
    Ok(Rendered { subject: page.as_subject().render()?, text: page.as_text().render()? })
}

fn item(line: &Line) -> Item {
    let (title, title_en) = title(&line.template, None, line.discreet);
    Item {
        code: one_line(&line.code),
        title,
        title_en,
        deadline: line.deadline.map(han),
        deadline_en: line.deadline.map(by),
        link: one_line(&line.link),
        moment: names_a_moment(&line.template, line.discreet),
        exercise: line.exercise,
    }
}
