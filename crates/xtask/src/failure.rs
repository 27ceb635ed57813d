//! How a command fails: one text for the person at the terminal, one exit code for the shell.

use std::fmt;
use std::process::ExitCode;

/// What every command answers.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command stopped, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// Stops with exit code 1.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }

    /// A program that we started has failed: its exit code becomes ours.
    pub fn exited(what: &str, code: Option<i32>) -> Self {
        match code {
            Some(code) => Self {
                text: format!("`{what}` failed with exit code {code}"),
                code: u8::try_from(code).unwrap_or(1),
            },
            None => Self { text: format!("`{what}` was ended by a signal"), code: 1 },
        }
    }

    /// Refuses an argument that the command does not know.
    pub fn unknown_argument(arg: &str, known: &str) -> Self {
        Self::new(format!("does not know the argument `{arg}`; it takes {known}"))
    }

    /// The exit code to leave with.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Turns an `io::Error` into a failure that names the file or program it is about.
pub trait Context<T> {
    /// `doing` completes the sentence "cannot ...".
    fn context(self, doing: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T> Context<T> for std::io::Result<T> {
    fn context(self, doing: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("cannot {}: {error}", doing())))
    }
}
