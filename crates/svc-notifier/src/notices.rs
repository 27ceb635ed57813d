//! The texts of the alerts.
//!
//! To add a notice: (1) a folder `notices/<id>/` with `notice.txt`, which extends `frame.txt` and holds its
//! sentence in both languages; (2) its title, in `domain::labels::alert`; (3) one line in the list below; (4) its
//! golden, by `UPDATE_GOLDENS=1 cargo test -p svc-notifier`.
//!
//! *Invariant:* a mail leaves the zone of trust, so a [`Fill`] has room for what [`Fill`] names and for
//! nothing else: no topic, place, project, agency, document, name, number or content of a call, and no link
//! that logs in.

mod checkpoint;
mod digest;

use askama::Template as _;
use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};
use domain::labels::{self, DISCREET, Label};
use events::Urgency;

pub use checkpoint::render_checkpoint;
pub use digest::{Digest, Line, render_digest};

/// Declares the notices, each with the template that it is rendered from.
macro_rules! notices {
    ($($(#[$doc:meta])* $id:ident = $path:tt,)+) => {
        /// An alert, by its number in the book of rules.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Template {
            $($(#[$doc])* $id,)+
        }

        impl Template {
            /// Every one there is.
            pub const ALL: &[Template] = &[$(Template::$id),+];

            /// The number, as the log of mails keeps it.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Template::$id => stringify!($id),)+
                }
            }
        }

        fn fill_in(template: Template, page: &Page) -> askama::Result<Rendered> {
            match template {
                $(Template::$id => {
                    #[derive(askama::Template)]
                    #[template(path = $path, blocks = ["subject", "text"])]
                    struct Notice<'a> {
                        page: &'a Page,
                    }
                    let notice = Notice { page };
                    Ok(Rendered { subject: notice.as_subject().render()?, text: notice.as_text().render()? })
                })+
            }
        }
    };
}

notices! {
    /// A case was reported by phone.
    E01 = "e01/notice.txt",
    /// A case was raised in writing.
    E02 = "e02/notice.txt",
    /// The caller was not who he said.
    E03 = "e03/notice.txt",
    /// The written confirmation falls due.
    E04 = "e04/notice.txt",
    /// The written confirmation is overdue; the level says for which time.
    E05 = "e05/notice.txt",
    /// The document differs from the call.
    E06 = "e06/notice.txt",
    /// The case passes to another contact.
    E07 = "e07/notice.txt",
    /// A position is asked for.
    E08 = "e08/notice.txt",
    /// A comment on the plan of a project is asked for.
    E08b = "e08b/notice.txt",
    /// The other side proposes to prepare a project together.
    E08c = "e08c/notice.txt",
    /// The units of a side differ.
    E09 = "e09/notice.txt",
    /// The agencies agree.
    E10 = "e10/notice.txt",
    /// The agencies do not agree.
    E11 = "e11/notice.txt",
    /// A dossier is there for the standing body.
    E12 = "e12/notice.txt",
    /// The secretariat asks for more information.
    E13 = "e13/notice.txt",
    /// A directive is there.
    E14 = "e14/notice.txt",
    /// A report on a directive falls due; with a level it is overdue.
    E15 = "e15/notice.txt",
    /// Consent to a task force is asked for.
    E16 = "e16/notice.txt",
    /// A task force is established.
    E17 = "e17/notice.txt",
    /// A task force is dissolved.
    E17b = "e17b/notice.txt",
    /// A regular report falls due; with a level it is overdue.
    E18 = "e18/notice.txt",
    /// The supplement of a regular report falls due; with a level it is overdue.
    E18b = "e18b/notice.txt",
    /// The other side proposes to close.
    E19 = "e19/notice.txt",
    /// A delegation ends soon.
    E20 = "e20/notice.txt",
    /// You are invited to a briefing.
    E20b = "e20b/notice.txt",
    /// The case is assigned to you.
    E21 = "e21/notice.txt",
    /// The conclusions of a briefing give you a task.
    E21b = "e21b/notice.txt",
    /// Something falls due; with a level it is overdue.
    E22 = "e22/notice.txt",
    /// Something of a project falls due; with a level it is overdue.
    E22b = "e22b/notice.txt",
    /// The case took another turn.
    E23 = "e23/notice.txt",
    /// A briefing does not take place.
    E23b = "e23b/notice.txt",
    /// An act waits for your confirmation.
    E24 = "e24/notice.txt",
    /// A mail to an office of your agency did not arrive.
    E25 = "e25/notice.txt",
}

impl Template {
    /// The notice of that number.
    pub fn from_id(id: &str) -> Option<Template> {
        Template::ALL.iter().copied().find(|template| template.id() == id)
    }
}

/// The alerts that are reminders without a level, and with one say that something is overdue.
const OVERDUE: &[&str] = &["E05", "E15", "E18", "E18b", "E22", "E22b"];

/// The alerts whose title counts for which time something is overdue.
const COUNTED: &[&str] = &["E05", "E18", "E18b", "E22", "E22b"];

/// The alerts whose date is that of an event, not one by which something is due.
const MOMENT: &[&str] = &["E20b"];

/// Everything that a notice may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The recipient's own office.
    pub office_title: String,
    /// How urgent it is.
    pub urgency: Urgency,
    /// The code of the case, or of the duty.
    pub case_code: String,
    /// Until when; without it that part of the line is left out.
    pub deadline: Option<DateTime<Utc>>,
    /// Where to log in.
    pub link: String,
    /// For which time something is overdue; E05 needs it, the others of its kind are reminders without it.
    pub level: Option<u8>,
    /// How officials address each other, [`ADDRESS_WORD`] unless the province says otherwise.
    pub address_word: String,
    /// To an equal or lower office, or upwards.
    pub salutation: Salutation,
    /// Only that there is something to do: neither the notice's title nor its sentence.
    pub discreet: bool,
    /// It is an exercise, and says so first.
    pub exercise: bool,
    /// English below the Vietnamese.
    pub english: bool,
}

/// Vietnamese time.
const VIETNAM: FixedOffset = FixedOffset::east_opt(7 * 3600).expect("seven hours is an offset");

/// The usual [`Fill::address_word`].
pub const ADDRESS_WORD: &str = "đồng chí";

/// How the letter begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Salutation {
    /// "Kính gửi".
    Gui,
    /// "Kính báo cáo", to the Thường trực and its secretariat, to whom nothing is called overdue.
    BaoCao,
}

/// A notice ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Lines ended by `\n`.
    pub text: String,
}

/// Why a notice cannot be written. Each is a mistake of the caller.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The notice counts reminders, and no count was given.
    #[error("{} needs a level", .0.id())]
    NoLevel(Template),
    /// The notice says "quá hạn", which is not said upwards.
    #[error("{} is not sent to the Thường trực", .0.id())]
    NotUpwards(Template),
    /// The template engine failed.
    #[error(transparent)]
    Template(#[from] askama::Error),
}

/// A fill in the form that the templates use.
#[expect(clippy::struct_excessive_bools, reason = "each is a question that the frame asks")]
struct Page {
    office_title: String,
    title: String,
    title_en: String,
    urgency: &'static str,
    urgency_en: &'static str,
    urgency_upper: String,
    case_code: String,
    deadline: Option<String>,
    deadline_en: Option<String>,
    link: String,
    overdue: bool,
    address_word: String,
    reports_up: bool,
    moment: bool,
    discreet: bool,
    exercise: bool,
    english: bool,
}

/// Writes a notice.
pub fn render(template: Template, fill: &Fill) -> Result<Rendered, Unfit> {
    let id = template.id();
    if template == Template::E05 && fill.level.is_none() {
        return Err(Unfit::NoLevel(template));
    }
    if OVERDUE.contains(&id) && fill.level.is_some() && fill.salutation == Salutation::BaoCao {
        return Err(Unfit::NotUpwards(template));
    }
    let urgency = labels::urgency(fill.urgency);
    let (title, title_en) = title(id, fill.level, fill.discreet);
    let page = Page {
        office_title: one_line(&fill.office_title),
        title,
        title_en,
        urgency: urgency.vi,
        urgency_en: urgency.en,
        urgency_upper: urgency.vi.to_uppercase(),
        case_code: one_line(&fill.case_code),
        deadline: fill.deadline.map(han),
        deadline_en: fill.deadline.map(by),
        link: one_line(&fill.link),
        overdue: fill.level.is_some(),
        address_word: one_line(&fill.address_word),
        reports_up: fill.salutation == Salutation::BaoCao,
        moment: names_a_moment(id, fill.discreet),
        discreet: fill.discreet,
        exercise: fill.exercise,
        english: fill.english,
    };
    Ok(fill_in(template, &page)?)
}

/// What a notice is called in both languages; where it counts reminders, with the count.
fn title(id: &str, level: Option<u8>, discreet: bool) -> (String, String) {
    let known = if discreet { None } else { labels::alert(id, level) };
    let Label { vi, en } = known.unwrap_or(DISCREET);
    match level {
        Some(level) if !discreet && COUNTED.contains(&id) => {
            (format!("{vi} (lần {level})"), format!("{en} (level {level})"))
        }
        _ => (vi.to_owned(), en.to_owned()),
    }
}

/// Whether the date of a notice is that of an event. A discreet one does not say so, for that would tell which it is.
fn names_a_moment(id: &str, discreet: bool) -> bool {
    !discreet && MOMENT.contains(&id)
}

/// A deadline as an official writes it, in Vietnamese time: "17 giờ 00, ngày 14/7/2026". A day below 10 and
/// the months 1 and 2 take a zero in front, as the rules for documents want it.
pub fn han(deadline: DateTime<Utc>) -> String {
    let local = deadline.with_timezone(&VIETNAM);
    format!("{:02} giờ {:02}, ngày {}", local.hour(), local.minute(), day(deadline))
}

/// A day as an official writes it: "14/7/2026".
pub(crate) fn day(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&VIETNAM);
    let month = if local.month() < 3 { format!("0{}", local.month()) } else { local.month().to_string() };
    format!("{:02}/{month}/{}", local.day(), local.year())
}

/// A deadline in English, in Vietnamese time: "17:00, 14 July 2026".
fn by(deadline: DateTime<Utc>) -> String {
    deadline.with_timezone(&VIETNAM).format("%H:%M, %-d %B %Y").to_string()
}

/// A field takes no line of its own: white space and control characters become single spaces.
fn one_line(field: &str) -> String {
    let words = field.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_written_as_officials_write_it() {
        let said = |utc: &str| han(utc.parse().unwrap());
        assert_eq!(said("2026-07-14T10:00:00Z"), "17 giờ 00, ngày 14/7/2026");
        assert_eq!(said("2026-12-31T17:05:59Z"), "00 giờ 05, ngày 01/01/2027");
        assert_eq!(said("2026-02-28T00:30:00Z"), "07 giờ 30, ngày 28/02/2026");
        assert_eq!(said("2026-10-08T23:59:00Z"), "06 giờ 59, ngày 09/10/2026");
    }

    #[test]
    fn ids_are_read_back() {
        for template in Template::ALL {
            assert_eq!(Template::from_id(template.id()), Some(*template));
        }
        assert_eq!(Template::from_id("E99"), None);
    }

    #[test]
    fn a_field_stays_on_its_line() {
        assert_eq!(one_line(" Chánh\r\n\tVăn\u{85}phòng\u{2028}\0 "), "Chánh Văn phòng");
    }
}
