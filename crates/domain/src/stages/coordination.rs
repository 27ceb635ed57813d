//! Coordination: rounds of positions until the sides agree, or do not (DOMAIN §3.4).

mod dispute;

use std::collections::BTreeMap;

use events::{
    AgencyId, Body, Fact, Kind, Lifecycle, Stage, coordination as said,
    coordination::{Closes, Position},
    terms::{Deadline, DeadlineKey, Side},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use dispute::{ConfirmSettlement, DeclareDispute, ProposeSettlement};

use super::{Step, must_be, routing::AssignmentState};
use crate::{
    case::Case,
    deadlines::{self, Timer},
    decision::{Act, Automatic, Context, Decision},
    keys::{self, Key, KeyState},
    organisation::Role,
    policy::Policy,
    refusal::{Refusal, optional_text, required_text},
    sides::{self, Effective},
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[
    Act {
        name: "record-position",
        stage: Stage::Coordination,
        records: &[Kind::PositionRecorded, Kind::OpinionRecorded],
        who: "AL of a party; of a consulted agency for an opinion",
    },
    Act {
        name: "declare-dispute",
        stage: Stage::Coordination,
        records: &[Kind::DisagreementDeclared],
        who: "AL of a party",
    },
    Act {
        name: "propose-settlement",
        stage: Stage::Coordination,
        records: &[Kind::SettlementProposed],
        who: "AL of a party of side A or B: the first key",
    },
    Act {
        name: "confirm-settlement",
        stage: Stage::Coordination,
        records: &[Kind::AgreementReached],
        who: "AL of a party of the other side: the second key",
    },
    Act {
        name: "reopen-coordination",
        stage: Stage::Coordination,
        records: &[Kind::CoordinationReopened],
        who: "AL of a party",
    },
];

/// The steps of the process itself at this stage.
pub const STEPS: &[Automatic] = &[OPEN, OPEN_ROUND, REEVALUATE];

const OPEN: Automatic = Automatic {
    name: "open",
    stage: Stage::Coordination,
    records: Kind::CoordinationOpened,
    when: "the case is routed and the lead has acknowledged",
};

const OPEN_ROUND: Automatic = Automatic {
    name: "open-round",
    stage: Stage::Coordination,
    records: Kind::RoundOpened,
    when: "the case is in coordination and no round is open: it was returned, noted or opened again",
};

const REEVALUATE: Automatic = Automatic {
    name: "reevaluate",
    stage: Stage::Coordination,
    records: Kind::CoordinationReevaluated,
    when: "an agency has ended, and the open round closes, or splits a side, on its present positions",
};

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Command 15.
    RecordPosition(RecordPosition),
    /// Command 16.
    DeclareDispute(DeclareDispute),
    /// Command 17, the first key.
    ProposeSettlement(ProposeSettlement),
    /// Command 17, the second key.
    ConfirmSettlement(ConfirmSettlement),
    /// Command 37.
    ReopenCoordination(ReopenCoordination),
    /// The lead has acknowledged: coordination begins.
    #[serde(skip)]
    Open,
    /// The case came back to coordination: positions are asked for again.
    #[serde(skip)]
    OpenRound,
    /// The open round is looked at again.
    #[serde(skip)]
    Reevaluate,
    /// Reminders and overdue levels.
    #[serde(skip)]
    Timer(Timer),
}

/// A position on the open round's proposal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPosition {
    /// What your agency says; of a consulted agency it is an opinion.
    position: Position,
}

/// A party asks for coordination again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenCoordination {
    /// Why, at most 2,000 characters.
    reason: String,
    /// On what the new round asks; the last proposal if absent, at most 2,000 characters.
    #[serde(default)]
    proposal: Option<String>,
}

/// A round of positions (region R).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PositionRound")]
pub struct Round {
    /// What opened it.
    pub opened: said::Round,
    /// Where it stands.
    pub state: RoundState,
    /// The positions, in the order in which they came; the latest of an agency counts.
    pub positions: Vec<Stated>,
    /// The opinions of consulted agencies.
    pub opinions: Vec<Stated>,
    /// The sides whose split was announced.
    pub split: Vec<Side>,
}

/// A position that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stated {
    /// The agency.
    pub agency: AgencyId,
    /// What it said.
    pub position: Position,
}

/// Where a round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RoundState {
    /// Positions are asked.
    Open,
    /// All sides agree.
    Agreed,
    /// Another round took its place, or the case went another way.
    Superseded,
    /// The sides do not agree.
    Disputed,
}

impl Round {
    fn of(opened: &said::Round) -> Self {
        let deemed =
            |agency: &AgencyId| Stated { agency: agency.clone(), position: Position::Agree { note: None } };
        Self {
            opened: opened.clone(),
            state: RoundState::Open,
            positions: opened.deemed.iter().map(deemed).collect(),
            opinions: Vec::new(),
            split: Vec::new(),
        }
    }

    /// Positions are asked.
    pub fn is_open(&self) -> bool {
        self.state == RoundState::Open
    }

    /// What an agency said that has ended stands for its successor, unless that one has spoken itself.
    fn succeeds(&mut self, from: &AgencyId, to: &AgencyId) {
        for said in [&mut self.positions, &mut self.opinions] {
            if said.iter().any(|stated| stated.agency == *to) {
                said.retain(|stated| stated.agency != *from);
            }
            for stated in said.iter_mut().filter(|stated| stated.agency == *from) {
                stated.agency.clone_from(to);
            }
        }
    }

    /// The latest position of an agency, with its place in the order of all.
    pub(crate) fn latest(&self, agency: &AgencyId) -> Option<(u32, &Position)> {
        let at = self.positions.iter().rposition(|stated| stated.agency == *agency)?;
        Some((u32::try_from(at).unwrap_or(u32::MAX), &self.positions[at].position))
    }

    /// The latest position of an agency.
    pub fn position_of(&self, agency: &AgencyId) -> Option<&Position> {
        self.latest(agency).map(|(_, position)| position)
    }
}

pub(crate) fn authorise(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    match command {
        Command::Open | Command::OpenRound | Command::Reevaluate | Command::Timer(_) => ctx.system(),
        Command::RecordPosition(_) => {
            let person = ctx.person()?;
            let speaks = sides::parties(case, ctx.policy).contains(&person.agency)
                || case.consulted.contains(&person.agency);
            if speaks && person.role == Role::Al {
                return Ok(());
            }
            Err(Refusal::not_authorised(
                "Chỉ lãnh đạo của cơ quan bắt buộc cho ý kiến, cơ quan cấp trên của bên hoặc cơ quan tham khảo được cho ý kiến.",
                "Only a leader of a required agency, of a side's superior or of a consulted agency records a position.",
            ))
        }
        Command::ReopenCoordination(_) => {
            let person = ctx.person()?;
            if person.role == Role::Al && sides::parties(case, ctx.policy).contains(&person.agency) {
                return Ok(());
            }
            Err(Refusal::not_authorised(
                "Chỉ lãnh đạo của một bên được đề nghị phối hợp lại.",
                "Only a leader of a party asks for coordination again.",
            ))
        }
        Command::DeclareDispute(_) => dispute::may_declare(case, ctx),
        Command::ProposeSettlement(_) => dispute::may_propose(case, ctx),
        Command::ConfirmSettlement(_) => dispute::may_confirm(case, ctx),
    }
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::Open => begin(case, ctx),
        Command::OpenRound => open_round(case, ctx),
        Command::Reevaluate => reevaluate(case, ctx),
        Command::ReopenCoordination(act) => reopen(case, act, ctx),
        Command::RecordPosition(act) => record(case, &act.position, ctx),
        Command::DeclareDispute(act) => dispute::declare(case, act, ctx),
        Command::ProposeSettlement(act) => dispute::propose(case, act, ctx),
        Command::ConfirmSettlement(act) => dispute::confirm(case, act, ctx),
        Command::Timer(timer) => {
            super::decide_timer(case, timer, ctx, Body::CoordinationReminded, Body::CoordinationOverdue)
        }
    }
}

/// The lead has acknowledged: round 1 asks for positions on the raiser's request, and the raiser is deemed to agree.
fn begin(case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if !lead_acknowledged(case) {
        return Err(Refusal::bad_state("Cơ quan chủ trì chưa xác nhận.", "The lead has not acknowledged."));
    }
    let round = said::Round {
        number: 1,
        turn: 1,
        proposal: case.matter.request.clone(),
        deemed: Some(case.raiser.clone()),
    };
    let position = ctx.deadline(case, DeadlineKey::Position, round.number, ctx.now)?;
    Ok(Decision::new(ctx.now, Body::CoordinationOpened(said::Opened { round }))
        .moving(Some(Lifecycle::Routed), Lifecycle::InCoordination)
        .arming([position]))
}

/// The round that follows when the case comes back: it counts from 1 again, and nobody is deemed to agree. It asks on
/// the text of the act that brought the case back, else on the last proposal (PROCESS §9 rule 5).
fn again(case: &Case, proposal: Option<&String>) -> said::Round {
    let last = case.rounds.last().map(|round| &round.opened);
    let proposal = proposal.or(last.map(|last| &last.proposal)).unwrap_or(&case.matter.request).clone();
    said::Round { number: last.map_or(0, |last| last.number) + 1, turn: 1, proposal, deemed: None }
}

/// After commands 24, 25 and 38.
fn open_round(case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if !lacks_a_round(case) {
        return Err(Refusal::bad_state("Không cần mở vòng lấy ý kiến.", "No round is to be opened."));
    }
    let round = again(case, case.next_proposal.as_ref());
    let position = ctx.deadline(case, DeadlineKey::Position, round.number, ctx.now)?;
    Ok(Decision::new(ctx.now, Body::RoundOpened(said::RoundOpened { round })).arming([position]))
}

fn lacks_a_round(case: &Case) -> bool {
    case.lifecycle == Lifecycle::InCoordination && case.open_round().is_none()
}

/// Command 37.
fn reopen(case: &Case, act: &ReopenCoordination, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Agreed])?;
    required_text("reason", &act.reason, 2000)?;
    optional_text("proposal", act.proposal.as_deref(), 2000)?;
    let round = again(case, act.proposal.as_ref());
    let position = ctx.deadline(case, DeadlineKey::Position, round.number, ctx.now)?;
    let body = said::Reopened { reason: act.reason.clone(), round };
    Ok(Decision::new(ctx.now, Body::CoordinationReopened(body))
        .moving(Some(Lifecycle::Agreed), Lifecycle::InCoordination)
        .arming([position]))
}

fn lead_acknowledged(case: &Case) -> bool {
    case.lifecycle == Lifecycle::Routed
        && case
            .assignments
            .iter()
            .any(|each| each.assignment.lead && each.state == AssignmentState::Acknowledged)
}

/// Command 15. The fact says at once what the position does to the round (DESIGN D2).
fn record(case: &Case, position: &Position, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::InCoordination])?;
    let Some(round) = case.open_round() else {
        return Err(Refusal::bad_state("Không có vòng lấy ý kiến nào đang mở.", "No round is open."));
    };
    match position {
        Position::Agree { note } => optional_text("position.agree.note", note.as_deref(), 2000)?,
        Position::Disagree { reasons } => required_text("position.disagree.reasons", reasons, 2000)?,
        Position::Counter { text } => required_text("position.counter.text", text, 2000)?,
    }
    let agency = ctx.person()?.agency.clone();
    let (number, position) = (round.opened.number, position.clone());
    if !sides::parties(case, ctx.policy).contains(&agency) {
        let body = said::OpinionRecorded { round: number, agency, position };
        return Ok(Decision::new(ctx.now, Body::OpinionRecorded(body)));
    }
    let mut after = round.clone();
    after.positions.push(Stated { agency: agency.clone(), position: position.clone() });
    let split = newly_split(case, &after, ctx.policy);
    let closes = closes(case, &after, ctx.policy);
    let body = said::PositionRecorded { round: number, agency, position, closes: closes.clone(), split };
    closing(case, number, closes.as_ref(), Body::PositionRecorded(body), ctx)
}

/// What closes a round, or does not: the move of the case, and the clocks that begin.
fn closing(
    case: &Case,
    round: u32,
    closes: Option<&Closes>,
    body: Body,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    let (moves, deadlines) = match closes {
        None => (None, Vec::new()),
        Some(Closes::Agreed) => (Some(Lifecycle::Agreed), Vec::new()),
        Some(Closes::Next(next)) => {
            (None, vec![ctx.deadline(case, DeadlineKey::Position, next.number, ctx.now)?])
        }
        Some(Closes::Disputed) => (Some(Lifecycle::Disputed), dispute::starts(case, round, ctx)?.to_vec()),
    };
    let decision = Decision::new(ctx.now, body).arming(deadlines);
    Ok(match moves {
        Some(to) => decision.moving(Some(Lifecycle::InCoordination), to),
        None => decision,
    })
}

/// An agency has ended since the last position: what the positions do to the round now.
fn reevaluate(case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some((round, closes, split)) = on_present_positions(case, ctx.policy) else {
        return Err(Refusal::bad_state("Vòng lấy ý kiến không đổi.", "The round stands as it was."));
    };
    let body = said::Reevaluated { round, closes: closes.clone(), split };
    closing(case, round, closes.as_ref(), Body::CoordinationReevaluated(body), ctx)
}

/// What the positions of the open round do to it, if anything: only after a succession is that not done at once.
fn on_present_positions(case: &Case, policy: &Policy) -> Option<(u32, Option<Closes>, Option<Side>)> {
    let round = case.open_round().filter(|_| !case.casefile.successions.is_empty())?;
    let (closes, split) = (closes(case, round, policy), newly_split(case, round, policy));
    (closes.is_some() || split.is_some()).then_some((round.opened.number, closes, split))
}

/// Whether a round closes on its positions, and how (DOMAIN §3.4 rule 2).
fn closes(case: &Case, round: &Round, policy: &Policy) -> Option<Closes> {
    let effective: BTreeMap<Side, Effective> = sides::party_sides(case, policy)
        .into_iter()
        .map(|side| (side, sides::effective(case, round, side, policy)))
        .collect();
    let any = |wanted: &[Effective]| effective.values().any(|position| wanted.contains(position));
    if any(&[Effective::Missing, Effective::Split]) {
        return None;
    }
    if any(&[Effective::Disagree]) {
        return Some(Closes::Disputed);
    }
    // The latest counterproposal that stands as a side's position is the next round's proposal.
    let latest = effective
        .into_values()
        .filter_map(|position| match position {
            Effective::Counter { text, author } => {
                Some((round.latest(&author).map(|(at, _)| at), text, author))
            }
            Effective::Agree | Effective::Disagree | Effective::Missing | Effective::Split => None,
        })
        .max_by_key(|(at, _, _)| *at);
    Some(match latest {
        None => Closes::Agreed,
        Some(_) if round.opened.turn >= policy.max_rounds => Closes::Disputed,
        Some((_, proposal, author)) => Closes::Next(said::Round {
            number: round.opened.number + 1,
            turn: round.opened.turn + 1,
            proposal,
            deemed: Some(author),
        }),
    })
}

/// A side that is split and was not announced as split in this round.
fn newly_split(case: &Case, round: &Round, policy: &Policy) -> Option<Side> {
    sides::party_sides(case, policy).into_iter().find(|side| {
        !round.split.contains(side) && sides::effective(case, round, *side, policy) == Effective::Split
    })
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    match fact.body() {
        Body::CoordinationOpened(opened) => case.rounds.push(Round::of(&opened.round)),
        Body::RoundOpened(opened) => {
            case.rounds.push(Round::of(&opened.round));
            case.next_proposal = None;
        }
        Body::CoordinationReopened(reopened) => case.rounds.push(Round::of(&reopened.round)),
        Body::DirectiveReturned(said) => case.next_proposal = Some(said.text.clone()),
        Body::DirectiveNoted(said) if case.lifecycle == Lifecycle::InCoordination => {
            case.next_proposal.clone_from(&said.text);
        }
        Body::CaseReopened(said) => case.next_proposal.clone_from(&said.proposal),
        Body::PositionRecorded(said) => {
            if let Some(round) = case.rounds.last_mut() {
                round.positions.push(Stated { agency: said.agency.clone(), position: said.position.clone() });
                round.split.extend(said.split);
            }
            close(case, said.closes.as_ref());
        }
        Body::CoordinationReevaluated(said) => {
            if let Some(round) = case.rounds.last_mut() {
                round.split.extend(said.split);
            }
            close(case, said.closes.as_ref());
        }
        Body::DutiesTransferred(said) => {
            if let Some(round) = case.rounds.last_mut().filter(|round| round.is_open()) {
                round.succeeds(&said.from, &said.to);
            }
        }
        Body::OpinionRecorded(said) => {
            if let Some(round) = case.rounds.last_mut() {
                round.opinions.push(Stated { agency: said.agency.clone(), position: said.position.clone() });
            }
        }
        Body::DisagreementDeclared(said) => {
            if let Some(round) = case.rounds.iter_mut().find(|round| round.opened.number == said.round) {
                round.state = RoundState::Disputed;
            }
        }
        Body::SettlementProposed(proposed) => {
            keys::propose(&mut case.settlements, Key::of(proposed.clone(), fact));
        }
        Body::AgreementReached(_) => keys::settle(&mut case.settlements, KeyState::Confirmed),
        Body::CoordinationReminded(reminded) => deadlines::note_reminded(case, reminded),
        Body::CoordinationOverdue(overdue) => deadlines::note_overdue(case, overdue),
        _ => {}
    }
    if case.lifecycle != Lifecycle::InCoordination
        && let Some(round) = case.rounds.last_mut().filter(|round| round.is_open())
    {
        round.state = RoundState::Superseded;
    }
    // Every change of L voids a proposal that waits (PROCESS §1 rule 3).
    if fact.draft.transition.is_some() {
        keys::settle(&mut case.settlements, KeyState::Void);
    }
}

/// The newest round closes, if it does.
fn close(case: &mut Case, closes: Option<&Closes>) {
    let Some(round) = case.rounds.last_mut() else { return };
    match closes {
        None => {}
        Some(Closes::Agreed) => round.state = RoundState::Agreed,
        Some(Closes::Disputed) => round.state = RoundState::Disputed,
        Some(Closes::Next(next)) => {
            round.state = RoundState::Superseded;
            case.rounds.push(Round::of(next));
        }
    }
}

/// Coordination begins when the lead has acknowledged; a case that came back is asked on again; and after an agency has
/// ended the open round is looked at again.
pub(crate) fn next_step(case: &Case, policy: &Policy) -> Option<Step> {
    let step =
        |automatic, instance, command| Step::of(automatic, instance, super::Command::Coordination(command));
    if lead_acknowledged(case) {
        return Some(step(&OPEN, None, Command::Open));
    }
    let next = again(case, None).number.to_string();
    if lacks_a_round(case) {
        return Some(step(&OPEN_ROUND, Some(next), Command::OpenRound));
    }
    let (round, ..) = on_present_positions(case, policy)?;
    let instance = format!("{round}/{}", case.casefile.successions.len());
    Some(step(&REEVALUATE, Some(instance), Command::Reevaluate))
}

pub(crate) fn is_running(case: &Case, deadline: &Deadline) -> bool {
    case.open_round().is_some_and(|round| round.opened.number == deadline.instance)
}

/// The sides that are missing or split owe: their superiors must see to it, and who has not spoken.
pub(crate) fn owing(case: &Case, policy: &Policy) -> Vec<AgencyId> {
    let Some(round) = case.open_round() else { return Vec::new() };
    sides::party_sides(case, policy)
        .into_iter()
        .filter(|side| {
            matches!(sides::effective(case, round, *side, policy), Effective::Missing | Effective::Split)
        })
        .flat_map(|side| sides::parties_of(case, side, policy))
        .filter(|agency| round.position_of(agency).is_none())
        .collect()
}

#[cfg(test)]
mod tests;
