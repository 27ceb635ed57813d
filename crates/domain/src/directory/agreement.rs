//! The agreement of the two sides: drawn up by one, signed by both, in force for its period (plan, basis and
//! signatures; DOMAIN §3.6).

use chrono::{Datelike as _, Months, NaiveDate, NaiveTime};
use events::{
    Actor, AgencyId, Body, Capacity, Fact, OfficeId, OfficerId, Timestamp,
    directory::{AgreementExpired, AgreementProposed, AgreementSigned, Basis, Party, Programme},
    terms::Side,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AmendmentState, Directory, check_basis, check_document, fact};
use crate::{
    Role, calendar,
    decision::{Context, Decision},
    keys::{self, Key, KeyState},
    policy::Policy,
    refusal::{Code, Refusal, optional_text, required_text},
};

/// The longest period of an agreement: the programme of the plan is one of five years.
const LONGEST: Months = Months::new(60);

/// How far ahead an agreement may begin: what is further away is a slip of the pen.
const FURTHEST: Months = Months::new(12);

/// What is said to draw up an agreement. Who signs it is not said: it is the two bodies of the policy in force.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeAgreement {
    /// What it is called.
    pub title: String,
    /// The programme of several years that it carries out.
    #[serde(default)]
    pub parent: Option<Programme>,
    /// The first day of its period.
    pub from: NaiveDate,
    /// The last day of its period.
    pub until: NaiveDate,
    /// Where the money comes from: for information.
    #[serde(default)]
    pub funding: Option<String>,
    /// The paper of the agreement.
    pub basis: Basis,
}

/// What is said to sign an agreement for one's side.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignAgreement {
    /// Its number within the directory.
    pub agreement: u32,
}

/// One half of the signature block: who turned the key of a side, in which office and capacity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Signature {
    /// The side.
    pub side: Side,
    /// The agency that spoke for it.
    pub agency: AgencyId,
    /// The person.
    pub officer: OfficerId,
    /// The office that the person held.
    pub office: OfficeId,
    /// By what right the person acted for it: in person, or for the head (*KT.*).
    pub capacity: Capacity,
    /// When.
    pub at: Timestamp,
}

impl Signature {
    /// The signature that a fact of a person is.
    pub(super) fn of(side: Side, fact: &Fact) -> Option<Self> {
        let origin = fact.origin();
        let Actor::Person { officer, office, agency, capacity } = &origin.actor else { return None };
        Some(Self {
            side,
            agency: agency.clone(),
            officer: officer.clone(),
            office: office.clone(),
            capacity: capacity.clone(),
            at: origin.occurred_at,
        })
    }
}

/// An agreement as its facts leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// What was drawn up.
    pub said: AgreementProposed,
    /// Who has signed, in this order.
    pub signatures: Vec<Signature>,
    /// From when it is in force; absent before both have signed.
    pub in_force: Option<Timestamp>,
    /// Its end was recorded.
    pub expired: bool,
}

/// Where an agreement stands at a time (DOMAIN §3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgreementState {
    /// Drawn up; nobody has signed.
    Draft,
    /// One side has signed: it binds nobody.
    SignedByOne,
    /// Both have signed; its first day is still to come.
    Signed,
    /// In force.
    InForce,
    /// In force, and the policy was changed under it.
    Amended,
    /// Its period is over.
    Expired,
    /// A newer draft took its place before both had signed.
    Replaced,
}

impl Agreement {
    pub(super) fn of(said: &AgreementProposed) -> Self {
        Self { said: said.clone(), signatures: Vec::new(), in_force: None, expired: false }
    }

    /// When its period is over: the midnight after its last day.
    pub fn ends(&self) -> Timestamp {
        midnight(self.said.until.succ_opt().unwrap_or(self.said.until))
    }

    /// Whether both have signed it, its time has come, and is not over.
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.in_force.is_some_and(|from| from <= at) && at < self.ends()
    }
}

/// The beginning of a day.
fn midnight(day: NaiveDate) -> Timestamp {
    calendar::local(day, NaiveTime::MIN)
}

impl Directory {
    /// The agreement in force at a time.
    pub fn agreement(&self, at: Timestamp) -> Option<&Agreement> {
        self.agreements.iter().map(|key| &key.proposed).find(|each| each.is_in_force(at))
    }

    /// The agreement that a policy in force from an instant would pass by, if it were published now by one hand.
    pub fn needs_two_keys(&self, now: Timestamp, in_force: Timestamp) -> Option<&Agreement> {
        let binds =
            |each: &&Agreement| each.in_force.is_some_and(|from| from <= in_force) && now < each.ends();
        self.agreements.iter().map(|key| &key.proposed).find(binds)
    }

    /// Where an agreement stands at a time.
    pub fn agreement_state(&self, key: &Key<Agreement>, at: Timestamp) -> AgreementState {
        let each = &key.proposed;
        let amended = || {
            let amended = self.amendments.iter().map(|key| &key.proposed);
            amended
                .clone()
                .any(|amended| amended.said.agreement == each.said.agreement && self.is_in_force(amended, at))
        };
        match each.in_force {
            _ if key.state == KeyState::Replaced => AgreementState::Replaced,
            None if each.signatures.is_empty() => AgreementState::Draft,
            None => AgreementState::SignedByOne,
            Some(_) if at >= each.ends() => AgreementState::Expired,
            Some(from) if at < from => AgreementState::Signed,
            Some(_) if amended() => AgreementState::Amended,
            Some(_) => AgreementState::InForce,
        }
    }

    pub(super) fn sign(&mut self, said: &AgreementSigned, fact: &Fact) {
        let Some(key) = by_number(&mut self.agreements, said.agreement) else { return };
        key.proposed.signatures.extend(Signature::of(said.side, fact));
        if said.in_force.is_some() {
            key.proposed.in_force = said.in_force;
            key.state = KeyState::Confirmed;
        }
    }

    pub(super) fn expire(&mut self, said: &AgreementExpired) {
        if let Some(key) = by_number(&mut self.agreements, said.agreement) {
            key.proposed.expired = true;
        }
    }
}

/// A key that is still to be turned, and whose leaders may turn it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AwaitedKey {
    /// The act that turns it: `sign-agreement` or `agree-amendment`.
    pub act: &'static str,
    /// The number of the agreement or amendment.
    pub number: u32,
    /// The side.
    pub side: Side,
    /// The agency that speaks for it.
    pub agency: AgencyId,
}

impl Directory {
    /// The keys that are still to be turned at a time.
    pub fn awaited_keys(&self, at: Timestamp, policy: &Policy) -> Vec<AwaitedKey> {
        let draft = keys::pending(&self.agreements).map(|key| &key.proposed).filter(|each| at < each.ends());
        let draft = draft.map(|each| ("sign-agreement", each.said.agreement, &each.signatures));
        let change = keys::pending(&self.amendments);
        let change = change.filter(|key| self.amendment_state(key, at) == AmendmentState::Waiting);
        let change = change.map(|key| &key.proposed);
        let change = change.map(|each| ("agree-amendment", each.said.amendment, &each.agreed));
        let waiting = draft.into_iter().chain(change);
        let of_sides = waiting.flat_map(|(act, number, turned)| {
            let open = [Side::A, Side::B].into_iter();
            let open = open.filter(|side| turned.iter().all(|each| each.side != *side));
            open.map(move |side| (act, number, side))
        });
        let awaited = of_sides.filter_map(|(act, number, side)| {
            Some(AwaitedKey { act, number, side, agency: policy.superior(side)?.clone() })
        });
        awaited.collect()
    }
}

/// What bears a number: they are counted from 1, and none is ever taken away.
pub(super) fn by_number<T>(keys: &mut [Key<T>], number: u32) -> Option<&mut Key<T>> {
    keys.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
}

/// The proposal of that number, if it waits for keys.
pub(super) fn waiting<T>(keys: &[Key<T>], number: u32) -> Result<&Key<T>, Refusal> {
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let found = place.and_then(|place| keys.get(place)).filter(|key| key.is_pending());
    found.ok_or_else(keys::no_proposal)
}

/// The side for which the person speaks: a leader of one of the two bodies of the agreement. It is never delegated; a
/// deputy signs for the head.
pub(super) fn side(ctx: &Context<'_>) -> Result<Side, Refusal> {
    let person = ctx.person()?;
    let sides = [Side::A, Side::B].into_iter();
    let mut sides = sides.filter(|side| ctx.policy.superior(*side) == Some(&person.agency));
    sides.next().filter(|_| person.role == Role::Al).ok_or_else(|| {
        Refusal::not_authorised(
            "Chỉ lãnh đạo của hai cơ quan ký kết chương trình phối hợp được thực hiện.",
            "Only a leader of one of the two bodies of the agreement may do this.",
        )
    })
}

/// Who may draw up what both must agree to: a leader of either body; an administrator prepares, and turns no key by it.
pub(super) fn may_prepare(ctx: &Context<'_>) -> Result<(), Refusal> {
    if ctx.person()?.role == Role::Ad { Ok(()) } else { side(ctx).map(drop) }
}

/// Each side turns its key once, and nobody for both.
pub(super) fn may_turn(side: Side, signatures: &[Signature], ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if signatures.iter().any(|each| each.side == side) {
        return Err(Refusal::bad_state(
            "Bên của đồng chí đã đồng ý; đang chờ bên kia.",
            "Your side has agreed already: it is the other side's turn.",
        ));
    }
    if signatures.iter().any(|each| each.officer == person.officer) {
        return Err(Refusal::new(
            Code::SeparationOfDuties,
            "Một người không được thay mặt cả hai bên; đề nghị người khác thực hiện.",
            "Nobody speaks for both sides: ask a colleague.",
        ));
    }
    Ok(())
}

pub(super) fn propose(
    directory: &Directory,
    act: &ProposeAgreement,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    may_prepare(ctx)?;
    required_text("title", &act.title, 300)?;
    if let Some(parent) = &act.parent {
        check_parent(parent, ctx)?;
    }
    check_period(directory, act, ctx)?;
    optional_text("funding", act.funding.as_deref(), 500)?;
    check_basis(&act.basis, ctx)?;
    let parties = [Side::A, Side::B].into_iter();
    let parties = parties.filter_map(|side| Some(Party { side, agency: ctx.policy.superior(side)?.clone() }));
    let body = AgreementProposed {
        agreement: keys::next_number(&directory.agreements),
        title: act.title.clone(),
        parent: act.parent.clone(),
        from: act.from,
        until: act.until,
        parties: parties.collect(),
        funding: act.funding.clone(),
        basis: act.basis.clone(),
    };
    Ok(fact(ctx, Body::AgreementProposed(body)))
}

fn check_parent(parent: &Programme, ctx: &Context<'_>) -> Result<(), Refusal> {
    let Programme { number, symbol, date, from_year, until_year } = parent;
    let document = Basis { number: *number, symbol: symbol.clone(), date: *date };
    check_document("parent", &document, ctx)?;
    if until_year < from_year {
        return Err(Refusal::invalid(
            "parent.until_year",
            "Năm cuối không trước năm đầu.",
            "The last year does not come before the first.",
        ));
    }
    Ok(())
}

/// The period makes sense, and no other agreement is in force in it.
fn check_period(directory: &Directory, act: &ProposeAgreement, ctx: &Context<'_>) -> Result<(), Refusal> {
    let today = calendar::local_date(ctx.now);
    let furthest = today.checked_add_months(FURTHEST);
    if act.from.year() < 2000 || furthest.is_none_or(|furthest| act.from > furthest) {
        return Err(Refusal::invalid(
            "from",
            "Ngày bắt đầu phải trong vòng 12 tháng tới.",
            "The first day must lie within the next 12 months.",
        ));
    }
    let latest = act.from.checked_add_months(LONGEST);
    if act.until < act.from || act.until < today || latest.is_none_or(|latest| act.until >= latest) {
        return Err(Refusal::invalid(
            "until",
            "Ngày cuối: không trước ngày bắt đầu, không ở quá khứ, tối đa 5 năm.",
            "The last day: not before the first, not in the past, after five years at most.",
        ));
    }
    let signed = directory.agreements.iter().map(|key| &key.proposed).filter(|each| each.in_force.is_some());
    if let Some(other) =
        signed.map(|each| &each.said).find(|said| act.from <= said.until && said.from <= act.until)
    {
        return Err(Refusal::invalid(
            "from",
            format!("Trùng thời gian với chương trình phối hợp số {}, đến {}.", other.agreement, other.until),
            format!("It overlaps with agreement {}, which lasts until {}.", other.agreement, other.until),
        ));
    }
    Ok(())
}

pub(super) fn sign(
    directory: &Directory,
    act: &SignAgreement,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    let side = side(ctx)?;
    let agreement = &waiting(&directory.agreements, act.agreement)?.proposed;
    may_turn(side, &agreement.signatures, ctx)?;
    if ctx.now >= agreement.ends() {
        return Err(Refusal::bad_state(
            "Thời gian của chương trình phối hợp đã hết; đề nghị lập bản mới.",
            "Its period is over: draw up a new one.",
        ));
    }
    let in_force = (!agreement.signatures.is_empty()).then(|| midnight(agreement.said.from).max(ctx.now));
    let to_come = |from: Timestamp| directory.policies.iter().find(|policy| policy.in_force > from);
    if let Some(policy) = in_force.and_then(to_come) {
        // It was published by one hand, and would come into force while only both may change the policy.
        return Err(Refusal::bad_state(
            format!("Chính sách {} chưa có hiệu lực; đề nghị ký khi đã có hiệu lực.", policy.version),
            format!("The policy {} is still to come into force: sign after that.", policy.version),
        ));
    }
    let agency = ctx.person()?.agency.clone();
    let body = AgreementSigned { agreement: act.agreement, side, agency, in_force };
    Ok(fact(ctx, Body::AgreementSigned(body)))
}
