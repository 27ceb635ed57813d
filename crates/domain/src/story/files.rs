//! The policy's files as they are delivered, to be changed by a test.

use std::sync::Arc;

use super::Story;
use crate::{Policy, PolicyFiles};

/// The texts of the policy's files; a test changes what it is about.
pub(crate) struct Files {
    pub(crate) policy: String,
    pub(crate) organisation: String,
    pub(crate) deadlines: String,
    pub(crate) routing: String,
    pub(crate) rbac: String,
    pub(crate) duties: String,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            policy: include_str!("../../../../deploy/policy/policy.toml").to_owned(),
            organisation: include_str!("../../../../deploy/policy/organisation.toml").to_owned(),
            deadlines: include_str!("../../../../deploy/policy/deadlines.toml").to_owned(),
            routing: include_str!("../../../../deploy/policy/routing.toml").to_owned(),
            rbac: include_str!("../../../../deploy/policy/rbac.toml").to_owned(),
            duties: include_str!("../../../../deploy/policy/duties.toml").to_owned(),
        }
    }
}

impl Files {
    /// The delivered files with more lines in `organisation.toml`.
    pub(crate) fn with_organisation(lines: &str) -> Self {
        let mut files = Self::default();
        files.organisation.push_str(lines);
        files
    }

    /// An agency ends on a day, and another takes its place.
    pub(crate) fn ending(mut self, agency: &str, day: &str, successor: &str) -> Self {
        let id = format!("[[agency]]\nid = \"{agency}\"\n");
        assert!(self.organisation.contains(&id), "{agency} is an agency");
        let ends = format!("{id}ends = {day}\nsuccessor = \"{successor}\"\n");
        self.organisation = self.organisation.replace(&id, &ends);
        self
    }

    /// Reads them; the calendar is the delivered one.
    pub(crate) fn read(&self) -> Result<Policy, crate::PolicyError> {
        Policy::from_files(self.texts())
    }

    /// All that is wrong in them.
    pub(crate) fn check(&self) -> Result<Policy, Vec<crate::PolicyError>> {
        Policy::check(self.texts())
    }

    fn texts(&self) -> PolicyFiles<'_> {
        PolicyFiles {
            policy: &self.policy,
            organisation: &self.organisation,
            calendar: include_str!("../../../../deploy/policy/calendar-VN.toml"),
            deadlines: &self.deadlines,
            routing: &self.routing,
            rbac: &self.rbac,
            duties: &self.duties,
        }
    }

    /// Reads them; they must be right.
    pub(crate) fn policy(&self) -> Policy {
        self.read().expect("a policy that can be read")
    }

    /// A story under them.
    pub(crate) fn story(&self) -> Story {
        Story::under(Arc::new(self.policy()))
    }
}

/// An absence of an officer, as `organisation.toml` says it.
pub(crate) fn absence(officer: &str, from: &str, until: &str) -> String {
    format!(
        "\n[[absence]]\nofficer = \"{officer}\"\nfrom = \"{from}:00+07:00\"\nuntil = \"{until}:00+07:00\"\n"
    )
}
