//! Publishing a policy, and what is in force at a time (DOMAIN §3.4 rule 4).

use std::sync::Arc;

use events::{
    Body, Timestamp,
    directory::{PolicyPublished, PolicyText},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Directory, fact, must_be};
use crate::{
    Role,
    decision::{By, Context, Decision},
    policy::{Policy, PolicyError},
    refusal::Refusal,
};

/// The largest that the files of a policy may be together, in bytes: a fact has its room.
const LARGEST: usize = 200 * 1024;

/// What is said to publish a policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishPolicy {
    /// From when it is in force; at once if absent.
    #[serde(default)]
    pub in_force: Option<Timestamp>,
    /// All its files.
    pub files: Vec<PolicyText>,
}

/// A policy is published by an administrator, or by who operates the machine; it must hold together, and bear a version
/// of its own.
pub(super) fn publish(
    directory: Option<&Directory>,
    act: &PublishPolicy,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    if let By::Person(_) = ctx.by {
        must_be(ctx, |person| person.role == Role::Ad)?;
    }
    if act.files.iter().map(|file| file.text.len()).sum::<usize>() > LARGEST {
        return Err(Refusal::invalid(
            "files",
            "Các tệp chính sách quá lớn, tối đa 200 KiB.",
            "The files of the policy are too large: 200 KiB at most.",
        ));
    }
    let read = Policy::from_texts(&act.files);
    let policy = read.map_err(|error| {
        Refusal::invalid(
            "files",
            format!("Chính sách chưa dùng được: {error}."),
            format!("The policy does not hold: {error}."),
        )
    })?;
    if let Some(known) = directory.and_then(|directory| directory.published(&policy.version)) {
        return Err(Refusal::invalid(
            "files",
            format!("Phiên bản {} đã công bố; đề nghị ghi phiên bản mới.", known.version),
            format!("Version {} is published already: change `version` in policy.toml.", known.version),
        ));
    }
    let in_force = act.in_force.unwrap_or(ctx.now);
    let first = directory.is_none();
    if in_force < ctx.now && !first {
        return Err(Refusal::invalid(
            "in_force",
            "Chính sách không có hiệu lực trở về trước.",
            "A policy does not come into force in the past.",
        ));
    }
    let body = PolicyPublished { version: policy.version, in_force, files: act.files.clone() };
    Ok(fact(ctx, Body::PolicyPublished(body)))
}

impl Directory {
    /// The published policy of a version.
    pub fn published(&self, version: &str) -> Option<&PolicyPublished> {
        self.policies.iter().find(|published| published.version == version)
    }
}

/// The policies of a directory, each from the time at which it is in force, with all that the directory's facts add.
#[derive(Clone, Debug, Default)]
pub struct Rulebook {
    versions: Vec<(Timestamp, Arc<Policy>)>,
}

impl Rulebook {
    /// One policy for all times, without a directory: of scenarios on paper and of tests.
    pub fn of(policy: Arc<Policy>) -> Self {
        Self { versions: vec![(Timestamp::MIN_UTC, policy)] }
    }

    /// What a directory says; `basis` is the place of its newest fact in the log.
    ///
    /// # Errors
    /// A published policy that this build cannot read.
    pub fn from_directory(directory: &Directory, basis: u64) -> Result<Self, PolicyError> {
        let mut versions = Vec::new();
        for published in &directory.policies {
            let mut policy = Policy::from_texts(&published.files)?;
            policy.organisation.follow(directory);
            policy.basis = basis;
            versions.push((published.in_force, Arc::new(policy)));
        }
        // Of two from the same instant the later published counts; the sort is stable.
        versions.sort_by_key(|(in_force, _)| *in_force);
        Ok(Self { versions })
    }

    /// The policy in force at a time. Before the first one it is the first: a case is never without rules.
    pub fn at(&self, now: Timestamp) -> Option<&Arc<Policy>> {
        let in_force = self.versions.iter().rev().find(|(from, _)| *from <= now);
        in_force.or_else(|| self.versions.first()).map(|(_, policy)| policy)
    }

    /// When another policy comes into force next.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.versions.iter().map(|(from, _)| *from).filter(|from| *from > now).min()
    }
}
