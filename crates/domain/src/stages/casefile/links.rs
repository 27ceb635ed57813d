//! How cases belong together (command 42).

use events::{
    Body, CaseId, casefile as said,
    casefile::{CaseLinked, LinkKind},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    decision::{Context, Decision},
    refusal::{Code, Refusal, required_text},
    stages::must_live,
};

/// The case is linked with another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeLink {
    /// How the two belong together.
    kind: LinkKind,
    /// The other case; one that you see.
    pub(super) other: CaseId,
}

/// A link is taken away.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unlink {
    /// The link, by its number within the case.
    link: u32,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// A link that the case bears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CaseLink")]
pub struct Link {
    /// Its number within the case.
    pub number: u32,
    /// How the two belong together.
    pub kind: LinkKind,
    /// The other case.
    pub other: CaseId,
    /// It was not taken away.
    pub stands: bool,
}

/// Command 42.
pub(super) fn link(case: &Case, act: &MakeLink, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    let other = ctx.other("other", act.other)?;
    if other.id == case.id {
        return Err(Refusal::invalid(
            "other",
            "Không liên kết vụ việc với chính nó.",
            "A case is not linked with itself.",
        ));
    }
    let same = |link: &Link| link.stands && (link.kind, link.other) == (act.kind, act.other);
    if case.casefile.links.iter().any(same) {
        return Err(Refusal::invalid(
            "other",
            "Hai vụ việc đã được liên kết như vậy.",
            "The two cases are linked so already.",
        ));
    }
    must_be_alike("other", act.kind, case.matter.exercise, other)?;
    let number = super::next_number(&case.casefile.links);
    let body = CaseLinked { link: number, kind: act.kind, other: act.other };
    Ok(Decision::new(ctx.now, Body::CaseLinked(body)))
}

/// An exercise never holds up a real case, nor a real case an exercise.
pub(crate) fn must_be_alike(
    field: &'static str,
    kind: LinkKind,
    exercise: bool,
    other: &Case,
) -> Result<(), Refusal> {
    if kind != LinkKind::BlockedBy || other.matter.exercise == exercise {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        "Vụ việc thật không phải chờ vụ việc diễn tập kết thúc, và ngược lại.",
        "An exercise and a real case never wait for each other: what is real is not held up by what is not.",
    ))
}

/// Command 42, taken away.
pub(super) fn unlink(case: &Case, act: &Unlink, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    if !case.casefile.links.iter().any(|link| link.stands && link.number == act.link) {
        return Err(Refusal::invalid(
            "link",
            "Không có liên kết nào mang số này.",
            "The case has no link of that number.",
        ));
    }
    required_text("reason", &act.reason, 2000)?;
    let body = said::CaseUnlinked { link: act.link, reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::CaseUnlinked(body)))
}

/// The cases without whose end this one is not closed.
pub(crate) fn blockers(case: &Case) -> impl Iterator<Item = CaseId> {
    let links = case.casefile.links.iter();
    links.filter(|link| link.stands && link.kind == LinkKind::BlockedBy).map(|link| link.other)
}

/// `BLOCKED_BY_LINK`: a case that blocks this one has not ended.
pub(crate) fn must_not_be_blocked(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let live = |id: &CaseId| ctx.others.get(id).is_some_and(|other| other.lifecycle.is_live());
    if !blockers(case).any(|id| live(&id)) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::BlockedByLink,
        "Vụ việc liên kết phải kết thúc trước; hoặc gỡ liên kết nếu không còn phụ thuộc.",
        "A case that blocks this one has not ended: wait for it, or unlink it if it blocks no more.",
    ))
}

pub(super) fn evolve(links: &mut Vec<Link>, body: &Body) {
    match body {
        Body::CaseLinked(said) => {
            links.push(Link { number: said.link, kind: said.kind, other: said.other, stands: true });
        }
        Body::RaisedInWriting(raised) => links.extend(raised.link.as_ref().map(|link| Link {
            number: 1,
            kind: link.kind,
            other: link.other,
            stands: true,
        })),
        Body::CaseUnlinked(said) => {
            links.iter_mut().filter(|link| link.number == said.link).for_each(|link| link.stands = false);
        }
        _ => {}
    }
}
