//! Names of files: one that is brought is safe or refused, one that is handed out is made safe.

use axum::http::HeaderValue;
use domain::text;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::kind::Kind;

/// The most characters of a name, as documents have it.
const LONGEST: usize = 255;

/// The most bytes of a name that is handed out: file systems take no more.
const LONGEST_OUT: usize = 200;

/// What stands for itself in a header's extended value (RFC 5987).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The name as it is kept; `None` if some system would not take it for the name of one file, or a person would read
/// another name than it is.
pub(crate) fn checked(name: &str) -> Option<String> {
    let kept = text::clean(name);
    let safe = !kept.trim().is_empty()
        && name.trim() == name
        && !kept.starts_with('.')
        && !kept.ends_with('.')
        && kept.chars().count() <= LONGEST
        && !name.chars().any(is_unsafe);
    safe.then_some(kept)
}

/// Whether a character has no place in a file's name: separators, what shells and file systems reserve, what is not
/// seen or turns the direction of writing.
fn is_unsafe(c: char) -> bool {
    let hidden = matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}');
    hidden || c.is_control() || "/\\:*?\"<>|".contains(c)
}

/// Whether a name ends as names of such files do.
pub(crate) fn fits(name: &str, kind: &Kind) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| kind.endings.contains(&ending.as_str()))
}

/// `Content-Disposition: attachment` with a name that every client takes for a name: what is kept in a fact was written
/// by whoever brought the document.
pub(crate) fn disposition(name: &str, kind: Option<&Kind>) -> HeaderValue {
    let shown = shown(name, kind);
    let folded = text::fold(&shown);
    let ascii: String = folded
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || ". -_()".contains(c) { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(&shown, PLAIN);
    let value = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

fn shown(name: &str, kind: Option<&Kind>) -> String {
    let name: String = text::clean(name).chars().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    let mut name = name.trim_matches([' ', '.']).to_owned();
    let ending = match kind {
        Some(kind) if fits(&name, kind) => None,
        Some(kind) => kind.endings.first(),
        None => Some(&"bin"),
    };
    if let Some(ending) = ending {
        name = format!("{}.{ending}", if name.is_empty() { "tep-dinh-kem" } else { &name });
    }
    // Cut in front: the ending says what it is.
    let from = (0..name.len()).find(|&at| name.is_char_boundary(at) && name.len() - at <= LONGEST_OUT);
    name.split_off(from.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: Kind = Kind { media_type: "application/pdf", endings: &["pdf"] };

    #[test]
    fn a_vietnamese_name_is_kept_and_composed() {
        assert_eq!(checked("Báo cáo số 118 (lần 2).pdf").as_deref(), Some("Báo cáo số 118 (lần 2).pdf"));
        assert_eq!(checked("ba\u{301}o.pdf").as_deref(), Some("báo.pdf"));
    }

    #[test]
    fn a_name_that_misleads_or_leads_elsewhere_is_refused() {
        for name in [
            "",
            " ",
            ".",
            "..",
            ".htaccess",
            "a.pdf.",
            " a.pdf",
            "a.pdf ",
            "../a.pdf",
            "a/b.pdf",
            "a\\b.pdf",
            "C:a.pdf",
            "a\r\nb.pdf",
            "a\0.pdf",
            "a\tb.pdf",
            "anh\u{202E}fdp.exe",
            "a\u{2066}b.pdf",
            "a\u{200B}.pdf",
            "a\"b.pdf",
            "a*.pdf",
            &"x".repeat(256),
        ] {
            assert_eq!(checked(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_name_goes_out_in_both_forms_of_the_header() {
        let value = disposition("Báo cáo – “số 1”.pdf", Some(&PDF));
        assert_eq!(
            value.to_str().unwrap(),
            "attachment; filename=\"bao cao _ _so 1_.pdf\"; \
             filename*=UTF-8''B%C3%A1o%20c%C3%A1o%20%E2%80%93%20%E2%80%9Cs%E1%BB%91%201%E2%80%9D.pdf"
        );
    }

    #[test]
    fn whatever_a_fact_calls_it_the_header_stays_one_header_and_the_ending_true() {
        for (name, expected) in [
            ("a\r\nSet-Cookie: x=1.pdf", "a_Set-Cookie_ x=1.pdf"),
            ("../../etc/passwd", "_.._etc_passwd.pdf"),
            ("anh\u{202E}fdp.exe", "anhfdp.exe.pdf"),
            ("\"; filename=evil.exe", "_; filename=evil.exe.pdf"),
            ("", "tep-dinh-kem.pdf"),
        ] {
            assert_eq!(shown(name, Some(&PDF)), expected);
            assert!(disposition(name, Some(&PDF)).to_str().unwrap().starts_with("attachment; filename=\""));
        }
        assert_eq!(shown("chạy.exe", None), "chạy.exe.bin");
        let long = shown(&"ế".repeat(255), Some(&PDF));
        assert!(long.len() <= LONGEST_OUT && long.ends_with("ế.pdf"), "{long}");
    }
}
