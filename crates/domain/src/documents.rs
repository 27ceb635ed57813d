//! Official documents: what one must have to be accepted (DOMAIN §3.5, §5).

use chrono::{Datelike as _, NaiveDate};
use events::{
    AgencyId,
    terms::{Document, Register},
};

use crate::{
    decision::Registration,
    policy::Policy,
    refusal::{Code, Refusal, optional_text, required_text},
};

/// The most files that belong to a document.
const MOST_ATTACHMENTS: usize = 50;

/// No document of an earlier year is brought in.
const OLDEST_YEAR: i32 = 2000;

/// `DOC_INVALID` at a field.
pub(crate) fn invalid(field: &str, vi: &str, en: &str) -> Refusal {
    Refusal::new(Code::DocInvalid, vi, en).at(field)
}

/// What every document must have (DOMAIN §3.5, §5): a number, a symbol of its register, a known issuer, a date that
/// has come, an abstract, a signer.
pub(crate) fn check(at: &str, document: &Document, today: NaiveDate, policy: &Policy) -> Result<(), Refusal> {
    let field = |name: &str| format!("{at}.{name}");
    let wrong = |name: &str, vi: &str, en: &str| Err(invalid(&field(name), vi, en));
    if document.number == 0 || document.number > 999_999 {
        return wrong("number", "Số văn bản từ 1 đến 999999.", "A number from 1 to 999999.");
    }
    if document.symbol.chars().count() > 60 || !is_symbol(&document.symbol, document.register) {
        return wrong(
            "symbol",
            "Ký hiệu không đúng thể thức, ví dụ BC-SNNMT (nhà nước) hoặc TB/TU (Đảng).",
            "Not a symbol: BC-SNNMT for a State document, TB/TU for a Party one.",
        );
    }
    if policy.organisation.agency(&document.issuer).is_none() {
        return wrong("issuer", "Không có cơ quan ban hành này.", "There is no such issuing agency.");
    }
    if document.date.year() < OLDEST_YEAR {
        return wrong("date", "Ngày ban hành không đúng.", "The date of issue cannot be right.");
    }
    if document.date > today {
        return wrong("date", "Ngày ban hành ở tương lai.", "The date of issue lies in the future.");
    }
    let doc = |refusal: Refusal| Refusal { code: Code::DocInvalid, ..refusal };
    required_text(&field("abstract"), &document.subject, 500).map_err(doc)?;
    required_text(&field("place"), &document.place, 100).map_err(doc)?;
    required_text(&field("signer.office"), &document.signer.office, 200).map_err(doc)?;
    optional_text(&field("signer.capacity"), document.signer.capacity.as_deref(), 10).map_err(doc)?;
    optional_text(&field("answers_to"), document.answers_to.as_deref(), 100).map_err(doc)?;
    if document.attachments.len() > MOST_ATTACHMENTS {
        return wrong("attachments", "Tối đa 50 tệp đính kèm.", "At most 50 attachments.");
    }
    for (place, attachment) in document.attachments.iter().enumerate() {
        let field = |name: &str| field(&format!("attachments[{place}].{name}"));
        required_text(&field("file_name"), &attachment.file_name, 255).map_err(doc)?;
        required_text(&field("media_type"), &attachment.media_type, 100).map_err(doc)?;
    }
    Ok(())
}

/// It must be issued by one of these agencies.
pub(crate) fn issued_by(at: &str, document: &Document, issuers: &[&AgencyId]) -> Result<(), Refusal> {
    if issuers.contains(&&document.issuer) {
        return Ok(());
    }
    let names = issuers.iter().map(|issuer| issuer.as_str()).collect::<Vec<_>>().join(", ");
    Err(Refusal::new(
        Code::DocInvalid,
        format!("Văn bản phải do {names} ban hành."),
        format!("The document must be issued by {names}."),
    )
    .at(format!("{at}.issuer")))
}

/// Under one number and symbol there is one document: what is registered already is referred to, never changed.
pub(crate) fn must_be_as_registered(
    at: &str,
    document: &Document,
    registration: Option<&Registration>,
) -> Result<(), Refusal> {
    if registration.is_none_or(|known| known.document == *document) {
        return Ok(());
    }
    Err(invalid(
        at,
        "Số, ký hiệu này đã đăng ký cho một văn bản có nội dung khác.",
        "Another document is registered under this number and symbol.",
    ))
}

/// The accepting forms of DOMAIN §5: State `[year/]TYPE-ISSUER[-UNIT…]`, Party `TYPE/ISSUER[-…]`.
pub(crate) fn is_symbol(symbol: &str, register: Register) -> bool {
    let word = |text: &str, extra: &str| {
        let mut letters = text.chars();
        letters.next().is_some_and(|first| first.is_ascii_uppercase() || first == 'Đ')
            && letters.all(|c| c.is_ascii_alphabetic() || "Đđ".contains(c) || extra.contains(c))
    };
    let groups = |text: &str, most: usize, extra: &str| {
        text.split('-').count() <= most && text.split('-').all(|group| word(group, extra))
    };
    match register {
        Register::State => {
            let rest = match symbol.split_once('/') {
                Some((year, rest)) if is_year(year) => rest,
                Some(_) => return false,
                None => symbol,
            };
            groups(rest, 4, "0123456789.&")
        }
        Register::Party => symbol.split_once('/').is_some_and(|(kind, issuer)| {
            (2..=5).contains(&kind.chars().count()) && word(kind, "") && groups(issuer, 3, "")
        }),
    }
}

/// The year in the symbol of a legal act, e.g. of `06/2024/QĐ-UBND`.
fn is_year(text: &str) -> bool {
    let digits = text.strip_prefix("19").or_else(|| text.strip_prefix("20"));
    digits.is_some_and(|digits| digits.len() == 2 && digits.chars().all(|c| c.is_ascii_digit()))
}
