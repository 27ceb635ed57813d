//! The codes with which the API refuses, as the document shows them: those of the rules, and those of the edge.

use domain::{
    Code,
    labels::{self, Label},
};
use service::problem::{self, Edge};

use crate::refused;

/// A code with its status and its words.
pub(super) struct Known {
    /// The code.
    pub(super) code: &'static str,
    /// Its status.
    pub(super) status: u16,
    /// What it is called.
    pub(super) title: Label,
    /// What to do next.
    pub(super) next: Label,
}

impl Known {
    /// Its name in the type of a problem.
    fn slug(&self) -> String {
        self.code.to_ascii_lowercase().replace('_', "-")
    }

    /// Whether a type of a problem names it.
    pub(super) fn is_called(&self, slug: &str) -> bool {
        self.slug() == slug
    }

    /// Where it stands on the page.
    pub(super) fn anchor(&self) -> String {
        format!("code-{}", self.slug())
    }
}

/// Every code, those of the rules first.
pub(super) fn all() -> impl Iterator<Item = Known> {
    let rules = Code::ALL.into_iter().map(|code| {
        let words = labels::code(code);
        let status = problem::status(code).as_u16();
        Known { code: code.name(), status, title: words.title, next: words.next }
    });
    let edge = refused::ALL.iter().map(|Edge { code, status, title, next }| Known {
        code,
        status: *status,
        title: *title,
        next: *next,
    });
    rules.chain(edge)
}
