//! One mail, before it leaves: plain facts in, an RFC 5322 message out.
//!
//! *Invariant:* no header is put together from text. Every header is a typed one that encodes its own
//! value, ids and addresses are checked first, so nothing that a case or a directory contains can add a
//! header or a recipient.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};

/// A mail to one recipient. The same letter always gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// `<uuid>@<domain>` without the angle brackets, derived from event and office, so that a repeat is
    /// known as one.
    pub message_id: String,
    /// Id of the root of the case's thread, in the same form; mail programs show one case as one
    /// conversation.
    pub thread: String,
    /// Sender as the reader sees it: an address, or `Name <address>`.
    pub from: String,
    /// The one recipient: an address, or `Name <address>`.
    pub to: String,
    /// Subject in plain Unicode.
    pub subject: String,
    /// Body in plain Unicode, lines ended by `\n`.
    pub text: String,
    /// When the letter was entered, not when it is tried: it must be the same at every attempt.
    pub date: DateTime<Utc>,
    /// Asks the reader's mail program to show it as important.
    pub express: bool,
}

/// Why a letter cannot become a message. No retry will mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLetter {
    /// An address is not one, or not one that every relay can carry.
    #[error("bad {part} address {address:?}: {why}")]
    Address {
        /// Which of the two.
        part: Part,
        /// The address as it was given.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// An id is not of the form `<local part>@<domain>`.
    #[error("bad {part} {id:?}: not of the form local-part@domain")]
    Id {
        /// Which of the two.
        part: Part,
        /// The id as it was given.
        id: String,
    },
    /// The message could not be put together.
    #[error("cannot put the message together: {0}")]
    Message(String),
}

/// The part of a letter that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// [`Letter::from`].
    From,
    /// [`Letter::to`].
    To,
    /// [`Letter::message_id`].
    MessageId,
    /// [`Letter::thread`].
    Thread,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::From => "sender",
            Part::To => "recipient",
            Part::MessageId => "message id",
            Part::Thread => "thread id",
        })
    }
}

impl Letter {
    /// The message as it goes over the wire: 7-bit, UTF-8 inside.
    pub fn message(&self) -> Result<Message, BadLetter> {
        let message_id = bracketed(Part::MessageId, &self.message_id)?;
        let thread = bracketed(Part::Thread, &self.thread)?;
        let mut message = Message::builder()
            .from(mailbox(Part::From, &self.from)?)
            .to(mailbox(Part::To, &self.to)?)
            .subject(self.subject.as_str())
            .date(UNIX_EPOCH + Duration::from_secs(mail_seconds(self.date)))
            .message_id(Some(message_id.clone()))
            .header(AutoSubmitted)
            .header(AutoResponseSuppress);
        if thread != message_id {
            message = message.references(thread.clone()).in_reply_to(thread);
        }
        if self.express {
            message = message.header(Importance);
        }
        let text = self.text.replace('\r', "");
        message.singlepart(SinglePart::plain(text)).map_err(|e| BadLetter::Message(e.to_string()))
    }

    /// What stands before the `@` of the message id: safe as part of a file name once [`Letter::message`]
    /// succeeded.
    pub fn local_part(&self) -> &str {
        self.message_id.split('@').next().unwrap_or_default()
    }
}

/// Reads `address` or `Name <address>`, and accepts only what every relay can carry and no log line can be
/// split by.
pub fn mailbox(part: Part, address: &str) -> Result<Mailbox, BadLetter> {
    let bad = |why: &str| BadLetter::Address { part, address: address.to_owned(), why: why.to_owned() };
    let mailbox: Mailbox = address.parse().map_err(|e: lettre::address::AddressError| bad(&e.to_string()))?;
    let bare: &str = mailbox.email.as_ref();
    if !bare.is_ascii() {
        return Err(bad("letters outside ASCII need SMTPUTF8, which relays may lack"));
    }
    if bare.contains(|c: char| c.is_ascii_control() || c.is_ascii_whitespace() || "\"<>\\".contains(c)) {
        return Err(bad("quoted local parts are not accepted"));
    }
    Ok(mailbox)
}

/// `<id>`, if the id consists of one `@` and characters that also suit a file name.
fn bracketed(part: Part, id: &str) -> Result<String, BadLetter> {
    let plain = |s: &str| {
        !s.is_empty()
            && s.len() <= 120
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._+=".contains(&b))
    };
    match id.split_once('@') {
        Some((local, domain)) if plain(local) && plain(domain) => Ok(format!("<{id}>")),
        _ => Err(BadLetter::Id { part, id: id.to_owned() }),
    }
}

/// Seconds since 1970, kept inside the years that the `Date` header can express.
fn mail_seconds(date: DateTime<Utc>) -> u64 {
    const END_OF_9999: u64 = 253_402_300_799;
    u64::try_from(date.timestamp()).unwrap_or(0).min(END_OF_9999)
}

/// Declares a header that has one fixed value.
macro_rules! fixed_header {
    ($(#[$doc:meta])* $type:ident, $name:literal, $value:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        struct $type;

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                if value == $value { Ok(Self) } else { Err(format!("{} is not {}", value, $value).into()) }
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value.to_owned())
            }
        }
    };
}

fixed_header!(
    /// RFC 3834: a machine wrote this, so do not answer "I am on leave".
    AutoSubmitted,
    "Auto-Submitted",
    "auto-generated"
);
fixed_header!(
    /// The same said to Exchange.
    AutoResponseSuppress,
    "X-Auto-Response-Suppress",
    "All"
);
fixed_header!(
    /// RFC 2156.
    Importance,
    "Importance",
    "high"
);

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use testkit::smtp::Mail;

    use super::*;

    const SUBJECT: &str =
        "[HỎA TỐC] VV-2026-000123 – Quá hạn văn bản xác nhận (lần 2): đề nghị đồng chí chỉ đạo gửi ngay";
    const TEXT: &str = "Kính gửi: Đồng chí Chánh Văn phòng,\n\n\
        Đề nghị đăng nhập để xem: https://vi.du/a?b=c\n.\n..\nTrân trọng./.\n";

    fn letter() -> Letter {
        Letter {
            message_id: "0198f2a0-5b7e-5c1d-8a54-3f6d2b9c7e10@dieuphoi.example".into(),
            thread: "0198f2a0-0000-5000-8000-000000000001@dieuphoi.example".into(),
            from: "Hệ thống phối hợp <khong-tra-loi@dieuphoi.example>".into(),
            to: "chanh-van-phong@cang.example".into(),
            subject: SUBJECT.into(),
            text: TEXT.into(),
            date: Utc.with_ymd_and_hms(2026, 7, 14, 3, 4, 5).unwrap(),
            express: true,
        }
    }

    fn parsed(letter: &Letter) -> Mail {
        Mail::parse(&letter.message().unwrap().formatted())
    }

    #[test]
    fn vietnamese_subject_body_and_sender_survive_the_round_trip() {
        let mail = parsed(&letter());
        assert_eq!(mail.header("Subject"), Some(SUBJECT));
        assert_eq!(mail.header("From"), Some("Hệ thống phối hợp <khong-tra-loi@dieuphoi.example>"));
        assert_eq!(mail.text, TEXT);
        assert_eq!(mail.defects, [""; 0], "{mail:?}");
    }

    #[test]
    fn every_header_is_there_once() {
        let mail = parsed(&letter());
        let value = |name: &str| {
            let all: Vec<&str> =
                mail.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
            assert_eq!(all.len(), 1, "{name} in {mail:?}");
            all[0].to_owned()
        };
        assert_eq!(value("Message-ID"), "<0198f2a0-5b7e-5c1d-8a54-3f6d2b9c7e10@dieuphoi.example>");
        assert_eq!(value("References"), "<0198f2a0-0000-5000-8000-000000000001@dieuphoi.example>");
        assert_eq!(value("In-Reply-To"), value("References"));
        assert_eq!(value("Date"), "Tue, 14 Jul 2026 03:04:05 +0000");
        assert_eq!(value("Auto-Submitted"), "auto-generated");
        assert_eq!(value("X-Auto-Response-Suppress"), "All");
        assert_eq!(value("Importance"), "high");
        assert_eq!(value("To"), "chanh-van-phong@cang.example");
        assert_eq!(value("MIME-Version"), "1.0");
        assert_eq!(value("Content-Type"), "text/plain; charset=\"utf-8\"");
    }

    #[test]
    fn only_an_express_letter_claims_importance_and_a_root_answers_nobody() {
        let mut root = Letter { express: false, ..letter() };
        root.thread.clone_from(&root.message_id);
        let mail = parsed(&root);
        for absent in ["Importance", "References", "In-Reply-To"] {
            assert_eq!(mail.header(absent), None);
        }
    }

    #[test]
    fn only_seven_bit_bytes_in_lines_that_smtp_carries_leave() {
        let bytes = letter().message().unwrap().formatted();
        assert!(bytes.is_ascii());
        for line in String::from_utf8(bytes).unwrap().split("\r\n") {
            assert!(line.len() <= 100 && !line.contains(['\r', '\n']), "{line:?}");
        }
    }

    #[test]
    fn the_same_letter_gives_the_same_bytes() {
        assert_eq!(letter().message().unwrap().formatted(), letter().message().unwrap().formatted());
    }

    #[test]
    fn a_line_break_adds_no_header() {
        let headers = parsed(&letter()).headers.len();
        for breaker in ["\r\n", "\n", "\r", "\r\n\r\n", "\n "] {
            let evil = format!("A{breaker}Bcc: thief@evil.example");
            let mail = parsed(&Letter { subject: evil.clone(), ..letter() });
            assert_eq!(mail.header("Bcc"), None, "{breaker:?}");
            assert_eq!(mail.headers.len(), headers);

            let named = Letter { from: format!("{evil} <a@b.example>"), ..letter() };
            if let Ok(message) = named.message() {
                assert_eq!(Mail::parse(&message.formatted()).header("Bcc"), None, "{breaker:?}");
            }
            for bad in [
                Letter { to: evil.clone(), ..letter() },
                Letter { message_id: evil.clone(), ..letter() },
                Letter { thread: evil.clone(), ..letter() },
            ] {
                bad.message().unwrap_err();
            }
        }
    }

    #[test]
    fn the_error_names_the_bad_address() {
        let error = Letter { to: "không có".into(), ..letter() }.message().unwrap_err();
        assert!(error.to_string().starts_with("bad recipient address \"không có\": "), "{error}");
        let error = Letter { from: "@".into(), ..letter() }.message().unwrap_err();
        assert!(error.to_string().starts_with("bad sender address \"@\": "), "{error}");
        for refused in
            ["văn-phòng@cang.example", "a@cảng.example", "\"a b\"@cang.example", "a@b.example, c@d.example"]
        {
            let error = Letter { to: refused.into(), ..letter() }.message().unwrap_err();
            assert!(matches!(error, BadLetter::Address { part: Part::To, .. }), "{refused}");
        }
        let error = Letter { thread: "../x@y/z".into(), ..letter() }.message().unwrap_err();
        assert_eq!(error, BadLetter::Id { part: Part::Thread, id: "../x@y/z".into() });
    }

    #[test]
    fn a_date_out_of_range_is_drawn_in_and_does_not_panic() {
        for (date, year) in [(DateTime::<Utc>::MIN_UTC, "1970"), (DateTime::<Utc>::MAX_UTC, "9999")] {
            let mail = parsed(&Letter { date, ..letter() });
            assert!(mail.header("Date").unwrap().contains(year));
        }
    }
}
