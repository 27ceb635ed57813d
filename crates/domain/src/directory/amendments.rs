//! Changes of the policy while an agreement is in force: prepared by one, agreed to by both sides (plan IV ¶2).
//!
//! To propose turns no key, whoever does it: so an administrator can prepare a change as well as a leader, and who
//! agreed to it stands in two facts of the same kind, like two signatures side by side. With the second one the policy
//! is published, whole, for the time that was proposed.

use events::{
    Body, Fact, Timestamp,
    directory::{AmendmentAgreed, AmendmentProposed, AmendmentWithdrawn, Basis, PolicyPublished, PolicyText},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Directory, Signature,
    agreement::{by_number, may_prepare, may_turn, side, waiting},
    check_basis, fact, publishing,
};
use crate::{
    decision::{Context, Decision},
    keys::{self, Key, KeyState},
    policy::FILES,
    refusal::{Refusal, required_text},
};

/// The file that bears the version.
const HEAD: &str = "policy.toml";

/// What is said to propose a change of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeAmendment {
    /// The files that change, each with its whole new text, and no others.
    pub files: Vec<PolicyText>,
    /// A version that no policy has had. It is written into `policy.toml`, which need not be sent for its sake.
    pub version: String,
    /// From when the changed policy is to be in force: not in the past, and within the agreement's period.
    pub effective_from: Timestamp,
    /// Why.
    pub reason: String,
    /// The document on which it rests.
    pub basis: Basis,
}

/// What is said to agree to a change for one's side.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreeAmendment {
    /// Its number within the directory.
    pub amendment: u32,
}

/// What is said to take a proposed change back, or to refuse it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawAmendment {
    /// Its number within the directory.
    pub amendment: u32,
    /// Why.
    pub reason: String,
}

/// A proposed change of the policy, and who has agreed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// What was proposed.
    pub said: AmendmentProposed,
    /// Who has agreed, in this order.
    pub agreed: Vec<Signature>,
}

/// Where a change stands at a time (DOMAIN §3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AmendmentState {
    /// Waits for the sides that have not agreed.
    Waiting,
    /// Both have agreed; its time is still to come.
    Agreed,
    /// The policy that came of it is in force, or was until the next.
    InForce,
    /// A newer proposal took its place.
    Replaced,
    /// Taken back, or refused by a side.
    Withdrawn,
    /// Its time came, or the agreement ended, before both had agreed.
    Lapsed,
}

impl Amendment {
    pub(super) fn of(said: &AmendmentProposed) -> Self {
        Self { said: said.clone(), agreed: Vec::new() }
    }
}

impl Directory {
    /// Where a change stands at a time.
    pub fn amendment_state(&self, key: &Key<Amendment>, at: Timestamp) -> AmendmentState {
        let Amendment { said, .. } = &key.proposed;
        match key.state {
            KeyState::Replaced => AmendmentState::Replaced,
            KeyState::Rejected | KeyState::Void => AmendmentState::Withdrawn,
            KeyState::Confirmed if said.effective_from <= at => AmendmentState::InForce,
            KeyState::Confirmed => AmendmentState::Agreed,
            KeyState::Pending if said.effective_from < at => AmendmentState::Lapsed,
            KeyState::Pending => AmendmentState::Waiting,
        }
    }

    /// The number of the change from which a version of the policy came.
    pub fn amendment_of(&self, version: &str) -> Option<u32> {
        let agreed = self.amendments.iter().filter(|key| key.state == KeyState::Confirmed);
        let mut agreed = agreed.map(|key| &key.proposed.said);
        agreed.find(|said| said.version == version).map(|said| said.amendment)
    }

    /// Whether the policy that came of a change was published, and its time has come.
    pub(super) fn is_in_force(&self, amendment: &Amendment, at: Timestamp) -> bool {
        amendment.said.effective_from <= at && self.published(&amendment.said.version).is_some()
    }

    /// The changes that both sides have agreed to and whose policy is not published yet, with the time of the second
    /// key.
    pub(super) fn to_be_published(&self) -> impl Iterator<Item = (&Amendment, Timestamp)> {
        let agreed = self.amendments.iter().filter(|key| key.state == KeyState::Confirmed);
        let agreed = agreed.map(|key| &key.proposed);
        let waits = agreed.filter(|each| self.published(&each.said.version).is_none());
        waits.filter_map(|each| Some((each, each.agreed.last()?.at)))
    }

    /// Whether a policy is what both sides have agreed to, to the letter.
    pub(super) fn is_agreed(&self, policy: &PolicyPublished) -> bool {
        self.to_be_published().any(|(each, _)| {
            let PolicyPublished { version, in_force, files } = policy;
            each.said.version == *version
                && each.said.effective_from == *in_force
                && self.laid_over(&each.said) == *files
        })
    }

    /// The files in force at the time of a change, with the changed ones in their places.
    fn laid_over(&self, said: &AmendmentProposed) -> Vec<PolicyText> {
        let base = self.policy_at(said.effective_from).map_or(&[][..], |policy| &policy.files);
        let text = |name: &str| {
            let found = |files: &[PolicyText]| files.iter().find(|file| file.name == name).cloned();
            match (found(&said.files), found(base)) {
                (Some(changed), _) => Some(changed),
                (None, Some(kept)) if name == HEAD => {
                    Some(PolicyText { text: with_version(&kept.text, &said.version), ..kept })
                }
                (None, kept) => kept,
            }
        };
        FILES.iter().filter_map(|name| text(name)).collect()
    }

    /// The policy that would come of a change, whole: it holds together, bears a version of its own, and comes after all
    /// that are published.
    fn resulting(&self, said: &AmendmentProposed) -> Result<Vec<PolicyText>, Refusal> {
        let later = self.policies.iter().find(|policy| policy.in_force > said.effective_from);
        if let Some(later) = later {
            return Err(Refusal::invalid(
                "effective_from",
                format!("Chính sách {} có hiệu lực sau thời điểm này; đề nghị chọn muộn hơn.", later.version),
                format!("The policy {} comes into force after that: choose a later time.", later.version),
            ));
        }
        let files = self.laid_over(said);
        let policy = publishing::read(&files)?;
        publishing::is_new(self, &policy.version).map_err(|refusal| refusal.at("version"))?;
        if policy.version != said.version {
            return Err(Refusal::invalid(
                "version",
                "Phiên bản khác với phiên bản ghi trong policy.toml.",
                "It differs from the version that policy.toml names.",
            ));
        }
        Ok(files)
    }

    pub(super) fn agree(&mut self, said: &AmendmentAgreed, fact: &Fact) {
        let Some(key) = by_number(&mut self.amendments, said.amendment) else { return };
        key.proposed.agreed.extend(Signature::of(said.side, fact));
        if said.completes {
            key.state = KeyState::Confirmed;
        }
    }

    pub(super) fn withdraw(&mut self, said: &AmendmentWithdrawn) {
        if let Some(key) = by_number(&mut self.amendments, said.amendment) {
            key.state = KeyState::Rejected;
        }
    }
}

/// `policy.toml` with another version: the line that names it stands above the tables.
fn with_version(text: &str, version: &str) -> String {
    let is_version =
        |line: &str| line.strip_prefix("version").is_some_and(|rest| rest.trim_start().starts_with('='));
    let mut done = false;
    let lines = text.split_inclusive('\n').map(|line| {
        if done || !is_version(line) {
            return line.to_owned();
        }
        done = true;
        format!("version = \"{version}\"\n")
    });
    lines.collect()
}

pub(super) fn propose(
    directory: &Directory,
    act: &ProposeAmendment,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    may_prepare(ctx)?;
    let Some(agreement) = directory.agreement(ctx.now) else {
        return Err(Refusal::bad_state(
            "Chưa có chương trình phối hợp có hiệu lực; quản trị công bố chính sách.",
            "No agreement is in force: an administrator publishes the policy.",
        ));
    };
    check_files(directory, act)?;
    check_version(&act.version)?;
    if act.effective_from < ctx.now {
        return Err(Refusal::invalid(
            "effective_from",
            "Chính sách không có hiệu lực trở về trước.",
            "A policy does not come into force in the past.",
        ));
    }
    if act.effective_from >= agreement.ends() {
        return Err(Refusal::invalid(
            "effective_from",
            format!("Chương trình phối hợp hết hiệu lực sau ngày {}.", agreement.said.until),
            format!("The agreement ends on {}: choose a time within it.", agreement.said.until),
        ));
    }
    required_text("reason", &act.reason, 1000)?;
    check_basis(&act.basis, ctx)?;
    let body = AmendmentProposed {
        amendment: keys::next_number(&directory.amendments),
        agreement: agreement.said.agreement,
        version: act.version.clone(),
        effective_from: act.effective_from,
        reason: act.reason.clone(),
        files: act.files.clone(),
        basis: act.basis.clone(),
    };
    directory.resulting(&body)?;
    Ok(fact(ctx, Body::AmendmentProposed(body)))
}

/// Files of a policy, each once, and each says something new.
fn check_files(directory: &Directory, act: &ProposeAmendment) -> Result<(), Refusal> {
    if act.files.is_empty() {
        return Err(Refusal::invalid("files", "Phải có tệp được sửa đổi.", "Send the files that change."));
    }
    publishing::check_size(&act.files)?;
    let before = directory.policy_at(act.effective_from).map_or(&[][..], |policy| &policy.files);
    for (place, file) in act.files.iter().enumerate() {
        let wrong = |field: &str, vi: &str, en: &str| {
            Err(Refusal::invalid(&format!("files[{place}].{field}"), vi, en))
        };
        if !FILES.contains(&file.name.as_str()) {
            return wrong("name", "Không có tệp chính sách này.", "A policy has no such file.");
        }
        if act.files[..place].iter().any(|other| other.name == file.name) {
            return wrong("name", "Ghi hai lần.", "It stands twice.");
        }
        if before.contains(file) {
            return wrong(
                "text",
                "Tệp này không thay đổi; đề nghị bỏ ra.",
                "This file does not change: leave it out.",
            );
        }
    }
    Ok(())
}

/// A version is short, and of letters, digits, dots and hyphens: it is written into a file.
fn check_version(version: &str) -> Result<(), Refusal> {
    let is_version = (1..=40).contains(&version.len())
        && version.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    if is_version {
        return Ok(());
    }
    Err(Refusal::invalid(
        "version",
        "Phiên bản gồm chữ không dấu, chữ số, dấu chấm và gạch nối, tối đa 40 ký tự.",
        "A version has letters, digits, dots and hyphens: 40 at most.",
    ))
}

pub(super) fn agree(
    directory: &Directory,
    act: &AgreeAmendment,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    let side = side(ctx)?;
    let amendment = &waiting(&directory.amendments, act.amendment)?.proposed;
    may_turn(side, &amendment.agreed, ctx)?;
    // Its time lies within the agreement's period: one that has ended is told by this, too.
    if amendment.said.effective_from < ctx.now {
        return Err(Refusal::bad_state(
            "Thời điểm có hiệu lực đã qua; đề nghị lập đề nghị mới.",
            "The time from which it was to be in force has passed: propose it anew.",
        ));
    }
    let completes = !amendment.agreed.is_empty();
    if completes {
        // What came between may have changed what it is laid over.
        directory.resulting(&amendment.said).map_err(|refusal| Refusal::bad_state(refusal.vi, refusal.en))?;
    }
    let agency = ctx.person()?.agency.clone();
    let body = AmendmentAgreed { amendment: act.amendment, side, agency, completes };
    Ok(fact(ctx, Body::AmendmentAgreed(body)))
}

/// Either side refuses what waits; who proposed it takes it back.
pub(super) fn withdraw(
    directory: &Directory,
    act: &WithdrawAmendment,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    may_prepare(ctx)?;
    let proposed = waiting(&directory.amendments, act.amendment)?;
    if ctx.person()?.officer != proposed.by {
        side(ctx)?;
    }
    required_text("reason", &act.reason, 500)?;
    let body = AmendmentWithdrawn { amendment: act.amendment, reason: act.reason.clone() };
    Ok(fact(ctx, Body::AmendmentWithdrawn(body)))
}

/// The policy of a change to which both sides have agreed.
pub(super) fn policy_of(directory: &Directory, number: u32) -> Result<PolicyPublished, Refusal> {
    let found = directory.to_be_published().find(|(each, _)| each.said.amendment == number);
    let Some((Amendment { said, .. }, _)) = found else {
        return Err(Refusal::bad_state("Chưa đủ hai bên đồng ý.", "Both sides have not agreed."));
    };
    let files = directory.resulting(said)?;
    Ok(PolicyPublished { version: said.version.clone(), in_force: said.effective_from, files })
}
