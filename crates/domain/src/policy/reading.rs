//! Reading the files of a policy: everything that is wrong is found, each with its file, its line and what to write.

use serde::de::DeserializeOwned;

use super::PolicyError;

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What, and what to write instead.
    pub(crate) what: String,
    /// What stands in its line: the last of such lines, for what stands twice is wrong in the second place.
    pub(crate) at: String,
}

impl Fault {
    pub(crate) fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { what: what.into(), at: at.into() }
    }

    /// About an entry with this `id`.
    pub(crate) fn of(id: &dyn std::fmt::Display, what: impl Into<String>) -> Self {
        Self::new(format!("id = \"{id}\""), what)
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) errors: Vec<PolicyError>,
}

impl Reading {
    /// Reads a file as TOML.
    pub(super) fn toml<T: DeserializeOwned>(&mut self, file: &'static str, text: &str) -> Option<T> {
        match toml::from_str(text) {
            Ok(read) => Some(read),
            Err(error) => {
                let line = error.span().map(|span| line_at(text, span.start));
                self.errors.push(PolicyError { file, line, what: error.message().trim_end().to_owned() });
                None
            }
        }
    }

    /// What is wrong in a file that can be read.
    pub(super) fn faults(&mut self, file: &'static str, text: &str, faults: Vec<Fault>) {
        let found = faults.into_iter().map(|Fault { what, at }| {
            // A text that begins with a new line stands in the next one.
            let text_of_line = at.trim_start_matches('\n');
            let found = text.rfind(&at).filter(|_| !at.is_empty());
            let line = found.map(|place| line_at(text, place + at.len() - text_of_line.len()));
            PolicyError { file, line, what }
        });
        self.errors.extend(found);
    }

    pub(super) fn wrong(&mut self, file: &'static str, text: &str, at: &str, what: String) {
        self.faults(file, text, vec![Fault::new(at, what)]);
    }
}

/// The line, from 1, on which a byte of a text stands.
pub(crate) fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|&byte| byte == b'\n').count()
}
