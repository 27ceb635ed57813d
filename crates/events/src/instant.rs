//! Reading an instant as it is written in a fact: a stored fact names up to a dozen of them, and a reader of all formats
//! takes longer for them than for all else in it.

use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use serde::{
    Deserializer,
    de::{Error, Visitor},
};

use crate::Timestamp;

/// Reads an instant, for `deserialize_with`: the same that a [`Timestamp`] reads by itself.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    struct Text;

    impl Visitor<'_> for Text {
        type Value = Timestamp;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an RFC 3339 formatted date and time string")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
            parse(text.as_bytes()).map_or_else(|| text.parse().map_err(E::custom), Ok)
        }
    }

    deserializer.deserialize_str(Text)
}

/// The same, of what may be absent: with `default`.
pub(crate) fn read_some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    read(deserializer).map(Some)
}

/// `2026-05-17T08:00:00Z`, with up to nine digits after a full stop; none for what is written in another way.
fn parse(text: &[u8]) -> Option<Timestamp> {
    let (whole, rest) = text.split_at_checked(19)?;
    let marks = [whole[4], whole[7], whole[10], whole[13], whole[16]];
    if marks != *b"--T::" {
        return None;
    }
    let fraction = match rest {
        b"Z" => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10_u32.pow(9 - u32::try_from(digits.len()).ok()?)
        }
        _ => return None,
    };
    let part = |from: usize, to: usize| number(&whole[from..to]);
    let date = NaiveDate::from_ymd_opt(i32::try_from(part(0, 4)?).ok()?, part(5, 7)?, part(8, 10)?)?;
    let time = NaiveTime::from_hms_nano_opt(part(11, 13)?, part(14, 16)?, part(17, 19)?, fraction)?;
    Some(date.and_time(time).and_utc())
}

/// A number of at most nine digits, and nothing else.
fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_the_library_reads() {
        for text in [
            "2026-05-17T08:00:00Z",
            "2026-05-17T08:00:00.5Z",
            "2026-05-17T08:00:00.000000001Z",
            "2026-11-29T02:14:18.979382919Z",
            "2024-02-29T23:59:59.999999999Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_the_library() {
        for text in [
            "",
            "2026-05-17",
            "2026-05-17T08:00:00",
            "2026-05-17T08:00:00+07:00",
            "2026-05-17 08:00:00Z",
            "2026-05-17T08:00:00.Z",
            "2026-05-17T08:00:00.1234567890Z",
            "2026-05-17T08:00:00.-1Z",
            "2026-05-17T08:00:60Z",
            "2026-05-17T24:00:00Z",
            "2026-02-29T08:00:00Z",
            "2026-13-01T08:00:00Z",
            "+026-05-17T08:00:00Z",
            "2026-05-17T08:00:00Zx",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
            let read = read(&mut serde_json::Deserializer::from_str(&format!("\"{text}\"")));
            assert_eq!(read.ok(), text.parse().ok(), "{text}");
        }
    }
}
