//! Messages that are judged together: they are read by one thread and judged by others, so each batch is one piece of
//! memory, and not three for each message.

use std::{
    io::{self, BufRead, Read as _},
    ops::Range,
};

use bus::log::Entry;

use super::Message;

/// The largest line: a message is smaller by far.
const LONGEST: u64 = 4 << 20;

/// Messages, in the order of the log.
#[derive(Debug)]
pub(super) enum Batch {
    /// Lines of an export.
    Lines(Lines),
    /// What a server gave.
    Entries(Vec<Entry>),
}

impl Batch {
    /// Gives each message, in their order.
    pub(super) fn each(&self, mut take: impl FnMut(Message<'_>)) {
        match self {
            Self::Lines(Lines { text, subjects, places }) => {
                let mut begins = 0;
                for Place { sequence, subject_ends, payload } in places {
                    let subject = &subjects[begins..*subject_ends];
                    begins = *subject_ends;
                    take(Message { sequence: *sequence, subject, payload: &text[payload.clone()] });
                }
            }
            Self::Entries(entries) => {
                for Entry { sequence, subject, payload, .. } in entries {
                    take(Message { sequence: *sequence, subject, payload });
                }
            }
        }
    }
}

/// Lines of an export: sequence, subject and message, with tabs between them.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The lines as they stand in the file.
    text: Vec<u8>,
    /// The subjects one behind the other.
    subjects: String,
    places: Vec<Place>,
}

/// Where a line has its parts.
#[derive(Debug)]
struct Place {
    sequence: u64,
    subject_ends: usize,
    payload: Range<usize>,
}

impl Lines {
    /// Room for so many lines of a common length.
    pub(super) fn with_room_for(lines: usize) -> Self {
        Self {
            text: Vec::with_capacity(lines << 10),
            subjects: String::with_capacity(lines << 6),
            places: Vec::with_capacity(lines),
        }
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Reads the next line of a log; false at its end.
    ///
    /// # Errors
    /// The file cannot be read, or what stands there is no such line.
    pub(super) fn read(&mut self, lines: &mut dyn BufRead) -> io::Result<bool> {
        let begins = self.text.len();
        lines.take(LONGEST).read_until(b'\n', &mut self.text)?;
        let line = &self.text[begins..];
        if line.is_empty() {
            return Ok(false);
        }
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(bad("the last line is cut off, or a line is too long"));
        };
        let tab = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\t');
        let parts = tab(line).and_then(|first| Some((first, first + 1 + tab(&line[first + 1..])?)));
        let (first, second) = parts.ok_or_else(|| bad("a line is not sequence, subject and message"))?;
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| bad("a line is no text"));
        let sequence = number(text(&line[..first])?).ok_or_else(|| bad("a sequence is no number"))?;
        self.subjects.push_str(text(&line[first + 1..second])?);
        let payload = begins + second + 1..begins + line.len();
        self.places.push(Place { sequence, subject_ends: self.subjects.len(), payload });
        Ok(true)
    }
}

/// A number from 1 on, as it is written without anything that need not be there.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|digit| digit.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Vec<(u64, String, String)>> {
        let (mut lines, mut rest) = (Lines::default(), text.as_bytes());
        while lines.read(&mut rest)? {}
        let mut read = Vec::new();
        Batch::Lines(lines).each(|Message { sequence, subject, payload }| {
            read.push((sequence, subject.to_owned(), String::from_utf8(payload.to_vec()).unwrap()));
        });
        Ok(read)
    }

    #[test]
    fn a_line_has_three_parts() {
        let line =
            |sequence, subject: &str, message: &str| (sequence, subject.to_owned(), message.to_owned());
        let lines = read("1\ta.b\t{}\n12\t\tone\ttwo\n18446744073709551615\tc\t\n").unwrap();
        let expected = [line(1, "a.b", "{}"), line(12, "", "one\ttwo"), line(u64::MAX, "c", "")];
        assert_eq!(lines, expected);
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn what_is_no_line_is_told() {
        for (text, told) in [
            ("1\ta\t{}", "cut off"),
            ("\n", "not sequence, subject and message"),
            ("1\ta\n2\tb\t{}\n", "not sequence, subject and message"),
            ("0\ta\t{}\n", "no number"),
            ("01\ta\t{}\n", "no number"),
            ("+1\ta\t{}\n", "no number"),
            ("\ta\t{}\n", "no number"),
            ("18446744073709551616\ta\t{}\n", "no number"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text:?}: {error}");
        }
    }
}
