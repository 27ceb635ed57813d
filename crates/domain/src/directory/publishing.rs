//! Publishing a policy, and what is in force at a time (DOMAIN §3.4 rule 4).

use std::sync::Arc;

use events::{
    Body, Timestamp,
    directory::{AgreementProposed, PolicyPublished, PolicyText},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Agreement, Directory, fact, must_be};
use crate::{
    Role,
    decision::{By, Context, Decision},
    policy::{Policy, PolicyError, PolicyFiles},
    refusal::{Code, Refusal},
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

/// A policy is published by an administrator, or by who operates the machine, as long as no agreement is in force; it must
/// hold together, and bear a version of its own.
pub(super) fn publish(
    directory: Option<&Directory>,
    act: &PublishPolicy,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    if let By::Person(_) = ctx.by {
        must_be(ctx, |person| person.role == Role::Ad)?;
    }
    let in_force = act.in_force.unwrap_or(ctx.now);
    if let Some(agreement) = directory.and_then(|known| known.needs_two_keys(ctx.now, in_force)) {
        return Err(two_keys_required(agreement));
    }
    check_size(&act.files)?;
    let policy = read(&act.files)?;
    if let Some(directory) = directory {
        is_new(directory, &policy.version)?;
    }
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

/// While an agreement is in force, nobody changes the policy alone (plan IV ¶2).
fn two_keys_required(agreement: &Agreement) -> Refusal {
    let AgreementProposed { agreement, until, .. } = &agreement.said;
    Refusal::new(
        Code::TwoKeysRequired,
        format!(
            "Chương trình phối hợp số {agreement} có hiệu lực đến hết ngày {until}: chính sách chỉ thay đổi khi cả hai \
             bên đồng ý; đề nghị lập đề nghị sửa đổi (propose-amendment)."
        ),
        format!(
            "Agreement {agreement} is in force until the end of {until}: the policy changes only if both sides agree. \
             Propose an amendment (propose-amendment)."
        ),
    )
}

/// The files are not too large for a fact.
pub(super) fn check_size(files: &[PolicyText]) -> Result<(), Refusal> {
    if files.iter().map(|file| file.text.len()).sum::<usize>() <= LARGEST {
        return Ok(());
    }
    Err(Refusal::invalid(
        "files",
        "Các tệp chính sách quá lớn, tối đa 200 KiB.",
        "The files of the policy are too large: 200 KiB at most.",
    ))
}

/// Reads the files of a policy; what does not hold is told whole.
pub(super) fn read(files: &[PolicyText]) -> Result<Policy, Refusal> {
    let read = PolicyFiles::of(files).map_err(|error| vec![error]).and_then(Policy::check);
    read.map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        let errors = errors.join("; ");
        Refusal::invalid(
            "files",
            format!("Chính sách chưa dùng được: {errors}."),
            format!("The policy does not hold: {errors}."),
        )
    })
}

/// No policy has had this version.
pub(super) fn is_new(directory: &Directory, version: &str) -> Result<(), Refusal> {
    if directory.published(version).is_none() {
        return Ok(());
    }
    Err(Refusal::invalid(
        "files",
        format!("Phiên bản {version} đã công bố; đề nghị ghi phiên bản mới."),
        format!("Version {version} is published already: change `version` in policy.toml."),
    ))
}

impl Directory {
    /// The published policy of a version.
    pub fn published(&self, version: &str) -> Option<&PolicyPublished> {
        self.policies.iter().find(|published| published.version == version)
    }

    /// The published policy in force at a time, as [`Rulebook::at`] has it with all that the directory adds.
    pub fn policy_at(&self, at: Timestamp) -> Option<&PolicyPublished> {
        let begun = self.policies.iter().filter(|published| published.in_force <= at);
        begun.max_by_key(|published| published.in_force).or_else(|| self.policies.first())
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
            let mut policy = Policy::as_published(&published.files)?;
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
