//! The directory: which policy is in force, who holds which office, who is absent, who may act for whom (DOMAIN §2), and
//! which agreement the sides have signed.
//!
//! It is one aggregate of the log. Each of its changes is a fact, so an auditor can say for any moment who could act and
//! by what right. From its fold and the published files comes the [`Policy`] under which cases are decided.

mod absences;
mod agreement;
mod amendments;
mod delegations;
mod offices;
mod publishing;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use events::{
    AgencyId, AggregateId, Body, CommandId, Digest, Fact, Kind, OfficerId, Stage, Timestamp,
    directory::{
        DelegationPassed, DelegationsPassed, OfficeLeft, OfficeTaken, OfficerRegistered, PolicyPublished,
    },
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value};

pub use absences::{EndAbsence, Recorded, ReportAbsence};
pub use agreement::{Agreement, AgreementState, AwaitedKey, ProposeAgreement, SignAgreement, Signature};
pub use amendments::{AgreeAmendment, Amendment, AmendmentState, ProposeAmendment, WithdrawAmendment};
pub use delegations::{GrantDelegation, RevokeDelegation, Standing};
pub use offices::{LeaveOffice, RegisterOfficer, TakeOffice};
pub use publishing::{PublishPolicy, Rulebook};
pub use steps::{STEPS, Step, due, next_step};

use crate::{
    case::{OutOfOrder, Receipt, Trace},
    decision::{Act, Context, Decision, Outcome},
    keys::{self, Key},
    refusal::{Code, Refusal},
    stages,
};

/// The acts of persons on the directory.
pub const ACTS: &[Act] = &[
    act(
        "publish-policy",
        &[Kind::PolicyPublished],
        "AD, as long as no agreement is in force; then propose-amendment",
    ),
    act("register-officer", &[Kind::OfficerRegistered], "AD"),
    act("take-office", &[Kind::OfficeTaken], "AD; AL of the agency"),
    act("leave-office", &[Kind::OfficeLeft], "AD; AL of the agency"),
    act("report-absence", &[Kind::AbsenceReported], "the officer; LH, AL of his agency; AD"),
    act("end-absence", &[Kind::AbsenceEnded], "the officer; LH, AL of his agency; AD"),
    act("grant-delegation", &[Kind::DelegationGranted], "AL who holds the office that delegates"),
    act("revoke-delegation", &[Kind::DelegationRevoked], "AL of the agency"),
    act("propose-agreement", &[Kind::AgreementProposed], PREPARES),
    act("sign-agreement", &[Kind::AgreementSigned], SIGNS),
    act("propose-amendment", &[Kind::AmendmentProposed], PREPARES),
    act("agree-amendment", &[Kind::AmendmentAgreed], SIGNS),
    act(
        "withdraw-amendment",
        &[Kind::AmendmentWithdrawn],
        "AL of either body of the agreement; who proposed it",
    ),
];

/// Who draws up what both sides must agree to.
const PREPARES: &str = "AL of either body of the agreement; AD prepares";

/// Who turns a key of the agreement.
const SIGNS: &str = "AL of either body of the agreement, for its side: two keys, by two persons";

const fn act(name: &'static str, records: &'static [Kind], who: &'static str) -> Act {
    Act { name, stage: Stage::Directory, records, who }
}

/// The act of that name.
pub fn named(name: &str) -> Option<&'static Act> {
    ACTS.iter().find(|act| act.name == name)
}

/// A command of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// A policy is published, whole.
    PublishPolicy(PublishPolicy),
    /// A person is made known.
    RegisterOfficer(RegisterOfficer),
    /// A person takes an office.
    TakeOffice(TakeOffice),
    /// A person leaves an office.
    LeaveOffice(LeaveOffice),
    /// A person is away for a time.
    ReportAbsence(ReportAbsence),
    /// He is there again earlier.
    EndAbsence(EndAbsence),
    /// A power is delegated.
    GrantDelegation(Box<GrantDelegation>),
    /// A delegation is taken back.
    RevokeDelegation(RevokeDelegation),
    /// An agreement of the two sides is drawn up.
    ProposeAgreement(Box<ProposeAgreement>),
    /// A side signs it.
    SignAgreement(SignAgreement),
    /// A change of the policy is proposed.
    ProposeAmendment(Box<ProposeAmendment>),
    /// A side agrees to it.
    AgreeAmendment(AgreeAmendment),
    /// It is taken back.
    WithdrawAmendment(WithdrawAmendment),
    /// A step of the directory itself.
    #[serde(skip)]
    Automatic(steps::Due),
}

impl Command {
    /// Reads an act of a person from its body. Every text is cleaned on the way in, but for the files of a policy.
    pub fn parse(act: &Act, mut body: Value) -> Result<Self, Refusal> {
        let files = body.get_mut("files").map(Value::take);
        stages::clean(&mut body);
        if let Some(files) = files {
            body["files"] = files;
        }
        if body.is_null() {
            body = Value::Object(Map::new());
        }
        stages::read(act.name, body)
    }

    /// The JSON Schema of an act's body: what [`Command::parse`] reads. `None` for what is no act on the directory.
    pub fn schema(act: &Act, generator: &mut SchemaGenerator) -> Option<Schema> {
        stages::variant::<Self>(act.name, generator)
    }
}

/// The directory as its facts leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The version of its newest fact.
    pub version: u32,
    /// The digest of its newest fact.
    pub head: Digest,
    /// Its newest fact and the request that led to it.
    pub last: Trace,
    /// When its newest fact was recorded.
    pub recorded_at: Timestamp,
    /// The acts that made its facts.
    pub acts: BTreeMap<CommandId, Receipt>,
    /// The published policies, oldest first.
    pub policies: Vec<PolicyPublished>,
    /// The persons made known beside those of the files.
    pub officers: Vec<OfficerRegistered>,
    /// Offices taken, and left.
    pub moves: Vec<Move>,
    /// The absences, oldest first.
    pub absences: Vec<Recorded>,
    /// The delegations, oldest first.
    pub delegations: Vec<Standing>,
    /// The agencies whose delegations have passed on.
    pub passed: BTreeSet<AgencyId>,
    /// The agreements of the two sides, oldest first.
    pub agreements: Vec<Key<Agreement>>,
    /// The changes of the policy that were proposed under them, oldest first.
    pub amendments: Vec<Key<Amendment>>,
}

/// A change of who holds an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Taken.
    Taken(OfficeTaken),
    /// Left.
    Left(OfficeLeft),
}

/// Says whether a command is legal, and which fact it makes; the checks are in the order of DESIGN D3.
pub fn decide(
    directory: Option<&Directory>,
    id: CommandId,
    fingerprint: Option<Digest>,
    command: &Command,
    ctx: &Context<'_>,
) -> Result<Outcome, Refusal> {
    if let Some(receipt) = directory.and_then(|directory| directory.acts.get(&id)) {
        return if receipt.fingerprint == fingerprint {
            Ok(Outcome::Repeat(*receipt))
        } else {
            Err(stages::key_reused())
        };
    }
    ctx.within_the_matrix()?;
    let version = directory.map_or(0, |directory| directory.version);
    if ctx.expected_version.is_some_and(|expected| expected != version) {
        return Err(Refusal::new(
            Code::Conflict,
            "Dữ liệu đã thay đổi, hãy tải lại.",
            format!("The directory is at version {version} now: reload it."),
        ));
    }
    if let Command::PublishPolicy(act) = command {
        return publishing::publish(directory, act, ctx).map(Outcome::Fresh);
    }
    // Nothing can be said of offices before there is a policy that has them.
    let Some(directory) = directory else { return Err(Refusal::not_found()) };
    match command {
        Command::PublishPolicy(act) => publishing::publish(Some(directory), act, ctx),
        Command::RegisterOfficer(act) => offices::register(act, ctx),
        Command::TakeOffice(act) => offices::take(act, ctx),
        Command::LeaveOffice(act) => offices::leave(act, ctx),
        Command::ReportAbsence(act) => absences::report(directory, act, ctx),
        Command::EndAbsence(act) => absences::end(directory, act, ctx),
        Command::GrantDelegation(act) => delegations::grant(id, act, ctx),
        Command::RevokeDelegation(act) => delegations::revoke(directory, act, ctx),
        Command::ProposeAgreement(act) => agreement::propose(directory, act, ctx),
        Command::SignAgreement(act) => agreement::sign(directory, act, ctx),
        Command::ProposeAmendment(act) => amendments::propose(directory, act, ctx),
        Command::AgreeAmendment(act) => amendments::agree(directory, act, ctx),
        Command::WithdrawAmendment(act) => amendments::withdraw(directory, act, ctx),
        Command::Automatic(due) => steps::take(directory, id, due, ctx),
    }
    .map(Outcome::Fresh)
}

/// Folds a fact into the directory.
pub fn evolve(directory: Option<Directory>, fact: &Fact) -> Result<Directory, OutOfOrder> {
    let (version, kind) = (fact.version, fact.body().kind());
    let expected = directory.as_ref().map_or(1, |directory| directory.version + 1);
    if version != expected {
        return Err(OutOfOrder::Version { expected, found: version });
    }
    if fact.previous != directory.as_ref().map_or(Digest::ZERO, |directory| directory.head) {
        return Err(OutOfOrder::Chain { version });
    }
    if directory.as_ref().is_some_and(|directory| fact.recorded_at < directory.recorded_at) {
        return Err(OutOfOrder::Time { version });
    }
    // Before anything else there is a policy.
    let begins = directory.is_some() || kind == Kind::PolicyPublished;
    if fact.draft.aggregate != AggregateId::Directory || !begins {
        return Err(OutOfOrder::Place { version, kind });
    }
    let origin = fact.origin();
    let last = Trace { event: fact.draft.id, correlation: origin.correlation };
    let mut directory = directory.unwrap_or_else(|| Directory {
        version,
        head: fact.digest,
        last,
        recorded_at: fact.recorded_at,
        acts: BTreeMap::new(),
        policies: Vec::new(),
        officers: Vec::new(),
        moves: Vec::new(),
        absences: Vec::new(),
        delegations: Vec::new(),
        passed: BTreeSet::new(),
        agreements: Vec::new(),
        amendments: Vec::new(),
    });
    directory.version = version;
    directory.head = fact.digest;
    directory.last = last;
    directory.recorded_at = fact.recorded_at;
    let receipt = Receipt { version, event: fact.draft.id, fingerprint: origin.fingerprint };
    directory.acts.insert(origin.command, receipt);
    let at = origin.occurred_at;
    match fact.body() {
        Body::PolicyPublished(said) => {
            let bound = directory.needs_two_keys(at, said.in_force).is_some();
            if bound && !directory.is_agreed(said) {
                return Err(OutOfOrder::OneKey { version });
            }
            directory.policies.push(said.clone());
        }
        Body::OfficerRegistered(said) => directory.officers.push(said.clone()),
        Body::OfficeTaken(said) => directory.moves.push(Move::Taken(said.clone())),
        Body::OfficeLeft(said) => directory.moves.push(Move::Left(said.clone())),
        Body::AbsenceReported(said) => directory.absences.push(Recorded::of(said)),
        Body::AbsenceEnded(said) => {
            let reported = directory.absences.iter_mut().find(|each| each.number == said.absence);
            if let Some(each) = reported {
                each.until = each.until.min(said.at);
            }
        }
        Body::DelegationGranted(said) => directory.delegations.push(Standing::of(&said.delegation)),
        Body::DelegationRevoked(said) => directory.change(said.delegation, |each| each.revoke(at)),
        Body::DelegationExpiring(said) => {
            directory.change(said.delegation, |each| each.warned.push(said.days));
        }
        Body::DelegationExpired(said) => directory.change(said.delegation, |each| each.expired = true),
        Body::DelegationsPassed(DelegationsPassed { from, delegations, .. }) => {
            for DelegationPassed { old, next } in delegations {
                directory.change(*old, |each| each.revoke(at));
                directory.delegations.extend(next.iter().map(Standing::of));
            }
            directory.passed.insert(from.clone());
        }
        Body::AgreementProposed(said) => {
            keys::propose(&mut directory.agreements, Key::of(Agreement::of(said), fact));
        }
        Body::AgreementSigned(said) => directory.sign(said, fact),
        Body::AgreementExpired(said) => directory.expire(said),
        Body::AmendmentProposed(said) => {
            keys::propose(&mut directory.amendments, Key::of(Amendment::of(said), fact));
        }
        Body::AmendmentAgreed(said) => directory.agree(said, fact),
        Body::AmendmentWithdrawn(said) => directory.withdraw(said),
        _ => return Err(OutOfOrder::Place { version, kind }),
    }
    Ok(directory)
}

impl Directory {
    /// The number that people use for a delegation: the how manieth it is, and the year of its beginning.
    pub fn code(&self, id: events::DelegationId) -> Option<String> {
        let place = self.delegations.iter().position(|each| each.delegation.id == id)?;
        let year = crate::calendar::local_date(self.delegations[place].delegation.starts).format("%Y");
        Some(format!("UQ-{year}-{:04}", place + 1))
    }

    fn change(&mut self, id: events::DelegationId, change: impl FnOnce(&mut Standing)) {
        if let Some(found) = self.delegations.iter_mut().find(|each| each.delegation.id == id) {
            change(found);
        }
    }
}

/// The person of a command, who must be somebody of these.
fn must_be(ctx: &Context<'_>, allowed: impl FnOnce(&crate::Person) -> bool) -> Result<(), Refusal> {
    if allowed(ctx.person()?) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chức vụ của đồng chí không được thực hiện việc này trong danh bạ.",
        "Your office may not do this in the directory.",
    ))
}

/// An officer of the organisation.
fn known_officer(field: &str, officer: &OfficerId, ctx: &Context<'_>) -> Result<(), Refusal> {
    match ctx.policy.organisation.officer(officer) {
        Some(_) => Ok(()),
        None => Err(Refusal::invalid(field, "Không có cán bộ này.", "There is no such officer.")),
    }
}

/// The document on which an act rests, which stands in the field `basis`.
fn check_basis(basis: &events::directory::Basis, ctx: &Context<'_>) -> Result<(), Refusal> {
    check_document("basis", basis, ctx)
}

/// A document in a field: it must look like one, and not lie ahead.
fn check_document(
    field: &str,
    document: &events::directory::Basis,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    use events::terms::Register;
    let wrong = |part: &str, vi: &str, en: &str| Err(Refusal::invalid(&format!("{field}.{part}"), vi, en));
    if document.number == 0 || document.number > 999_999 {
        return wrong("number", "Số văn bản từ 1 đến 999999.", "A number from 1 to 999999.");
    }
    let is_symbol = |register| crate::documents::is_symbol(&document.symbol, register);
    if !is_symbol(Register::State) && !is_symbol(Register::Party) {
        return wrong(
            "symbol",
            "Ký hiệu không đúng thể thức, ví dụ GUQ-SXD hoặc QĐ/TU.",
            "Not a symbol: such as GUQ-SXD or QĐ/TU.",
        );
    }
    if document.date > crate::calendar::local_date(ctx.now) {
        return wrong("date", "Ngày ban hành ở tương lai.", "The date of issue lies in the future.");
    }
    Ok(())
}

/// A fact of now.
fn fact(ctx: &Context<'_>, body: Body) -> Decision {
    Decision::new(ctx.now, body)
}

#[cfg(test)]
mod tests;
