//! The reading of a body: what is wrong in it is said in words, at its place.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::refusal::{Code, Refusal};

/// Reads a value; a fault is `INVALID_DATA` at the field, named by its path below `root`.
pub(crate) fn read_below<T: DeserializeOwned>(root: &str, value: Value) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = path.strip_prefix(root).unwrap_or(&path).trim_matches('.');
        let why = error.into_inner().to_string();
        let fault = Fault::of(&why, path);
        let (vi, en) = fault.words();
        let refusal = Refusal::new(Code::InvalidData, vi, en);
        match fault.field(path) {
            field if field.is_empty() => refusal,
            field => refusal.at(field),
        }
    })
}

/// What can be wrong in a body, as the reader of JSON says it.
#[derive(Debug)]
enum Fault<'a> {
    /// A field is missing.
    Missing(&'a str),
    /// There is no such field; these there are.
    Unknown(&'a str, Vec<&'a str>),
    /// It is none of these choices.
    NoChoice(&'a str, Vec<&'a str>),
    /// A choice without the object that belongs to it.
    Bare(&'a str),
    /// It should be something else.
    NotThat(&'a str),
    /// It looks like a text, and cannot be read.
    Unreadable(&'a str),
}

impl<'a> Fault<'a> {
    fn of(why: &'a str, path: &'a str) -> Self {
        let named = |what: &str| {
            let (name, rest) = why.strip_prefix(what)?.split_once("`, ").unwrap_or_default();
            Some((name, rest.split('`').skip(1).step_by(2).collect::<Vec<_>>()))
        };
        if let Some(name) = why.strip_prefix("missing field `") {
            Self::Missing(name.trim_end_matches('`'))
        } else if let Some((name, known)) = named("unknown field `") {
            Self::Unknown(name, known)
        } else if let Some((word, choices)) = named("unknown variant `") {
            Self::NoChoice(word, choices)
        } else if why.starts_with("invalid type: unit variant, ") {
            Self::Bare(last(path))
        } else if let Some((_, wanted)) = why.rsplit_once(", expected ") {
            Self::NotThat(wanted)
        } else {
            Self::Unreadable(why)
        }
    }

    /// Where it is. Of a field that is missing or not known, the path may end above it; of a choice without its
    /// object, below it.
    fn field(&self, path: &str) -> String {
        match self {
            Self::Missing(name) | Self::Unknown(name, _) if last(path) != *name => {
                [path, *name].join(".").trim_matches('.').to_owned()
            }
            Self::Bare(_) => path.rsplit_once('.').map_or("", |(above, _)| above).to_owned(),
            _ => path.to_owned(),
        }
    }

    /// The same in Vietnamese and in English.
    fn words(&self) -> (String, String) {
        match self {
            Self::Missing(name) => (format!("Thiếu “{name}”."), format!("“{name}” is missing.")),
            Self::Unknown(name, known) if known.is_empty() => (
                format!("Không có trường “{name}”: việc này không cần nội dung nào."),
                format!("There is no field “{name}”: nothing is to be said here."),
            ),
            Self::Unknown(name, known) => (
                format!("Không có trường “{name}”; các trường ở đây: {}.", known.join(", ")),
                format!("There is no field “{name}”; the fields here are: {}.", known.join(", ")),
            ),
            Self::NoChoice(word, choices) => (
                format!("Không có lựa chọn “{word}”; chọn: {}.", choices.join(", ")),
                format!("“{word}” is none of the choices: {}.", choices.join(", ")),
            ),
            Self::Bare(word) => (
                format!("Lựa chọn “{word}” phải kèm nội dung của nó: {{\"{word}\": {{…}}}}."),
                format!("“{word}” comes with what belongs to it: {{\"{word}\": {{…}}}}."),
            ),
            Self::NotThat(wanted) => {
                let (vi, en) = kind(wanted);
                (format!("Phải là {vi}."), format!("Must be {en}."))
            }
            Self::Unreadable(why) => {
                let (vi, en) = form(why);
                (format!("Phải là {vi}."), format!("Must be {en}."))
            }
        }
    }
}

/// The last name of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// The kinds of values that a field can have.
fn kind(wanted: &str) -> (&'static str, &'static str) {
    match wanted {
        "a string" => ("một chuỗi ký tự", "a string"),
        "u8" | "u16" | "u32" | "u64" => {
            ("một số nguyên không âm trong giới hạn", "a whole number, not too large")
        }
        "a boolean" => ("true hoặc false", "true or false"),
        "a sequence" => ("một danh sách", "a list"),
        "a formatted date string" => DATE,
        "an RFC 3339 formatted date and time string" => TIME,
        "string or map" => ("một trong các lựa chọn", "one of the choices"),
        "map with a single key" => ("đúng một lựa chọn", "exactly one of the choices"),
        "unit" => ("một lựa chọn không kèm nội dung", "a choice with nothing besides"),
        _ => ("một đối tượng JSON đủ các trường", "a JSON object with all its fields"),
    }
}

const DATE: (&str, &str) = ("ngày, ví dụ 2026-05-16", "a date such as 2026-05-16");

const TIME: (&str, &str) =
    ("thời điểm, ví dụ 2026-05-16T21:48:00+07:00", "a time such as 2026-05-16T21:48:00+07:00");

/// The forms of texts that are not free: a digest, a date or a time.
fn form(why: &str) -> (&'static str, &'static str) {
    if why.contains("SHA-256") {
        return ("mã băm SHA-256 gồm 64 chữ số thập lục phân", "a SHA-256 digest of 64 hexadecimal digits");
    }
    (
        "ngày có thật, ví dụ 2026-05-16, hoặc thời điểm có thật, ví dụ 2026-05-16T21:48:00+07:00",
        "a date that exists, such as 2026-05-16, or such a time as 2026-05-16T21:48:00+07:00",
    )
}
