//! What a decision sees and what it gives.

use std::{collections::BTreeMap, sync::Arc};

use events::{
    Body, CaseId, Kind, Stage, Timestamp,
    terms::{Deadline, DeadlineKey, Document, Lifecycle, Transition},
};

use crate::{
    case::{Case, Receipt},
    duties::Duty,
    organisation::Person,
    policy::Policy,
    refusal::{Code, Refusal},
};

/// Who gives a command.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// A person in an office.
    Person(&'a Person),
    /// A service's own timer or rule; never taken from a message (DESIGN D10).
    System,
}

/// What a document's registration says, for the guards that ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The document.
    pub document: Document,
}

/// Other cases that a decision looks at, as they stand ([`crate::Command::looks_at`] names them).
pub type Others = BTreeMap<CaseId, Arc<Case>>;

/// No other case.
static NO_OTHERS: Others = BTreeMap::new();

/// What a decision sees besides the case.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The owning service's clock when the command first arrived (DESIGN D7).
    pub now: Timestamp,
    /// Who gives the command.
    pub by: By<'a>,
    /// The act that a person does, by its name: the matrix of rights knows acts. `None` for a step of the process.
    pub act: Option<&'static str>,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The version of the case that the caller saw, if he says so.
    pub expected_version: Option<u32>,
    /// The registration of the document that the command brings, if it is registered already.
    pub registration: Option<&'a Registration>,
    /// The rank of the case among those raised in its local year, in the log's order.
    pub rank: Option<u32>,
    /// The other cases that the command looks at.
    pub others: &'a Others,
    /// The planned project from which a case is raised.
    pub project: Option<&'a Duty>,
}

impl<'a> Context<'a> {
    /// A context for the process itself: no person, nothing but time and policy.
    pub fn of_system(now: Timestamp, policy: &'a Policy) -> Self {
        Self {
            now,
            by: By::System,
            act: None,
            policy,
            expected_version: None,
            registration: None,
            rank: None,
            others: &NO_OTHERS,
            project: None,
        }
    }

    /// Another case, if there is one and the person may see it; the two look the same (DESIGN D9).
    pub(crate) fn other(&self, field: &str, id: CaseId) -> Result<&'a Case, Refusal> {
        let person = self.person()?;
        let seen = |case: &&Case| crate::access::may_see(case, person, self.policy, self.now);
        self.others
            .get(&id)
            .map(AsRef::as_ref)
            .filter(seen)
            .ok_or_else(|| Refusal::invalid(field, "Không có vụ việc này.", "There is no such case."))
    }

    /// The person who gives the command.
    pub(crate) fn person(&self) -> Result<&'a Person, Refusal> {
        match self.by {
            By::Person(person) => Ok(person),
            By::System => Err(Refusal::not_authorised(
                "Việc này phải do người có thẩm quyền thực hiện.",
                "Only a person may do this.",
            )),
        }
    }

    /// The matrix of rights allows the act to an office of this role, at most.
    pub(crate) fn within_the_matrix(&self) -> Result<(), Refusal> {
        match (self.by, self.act) {
            (By::Person(person), Some(act)) if !self.policy.rbac.allows(act, person.role) => {
                Err(Refusal::not_authorised(
                    "Vai trò của đồng chí không được làm việc này theo ma trận quyền.",
                    "The matrix of rights does not allow this to an office of your role.",
                ))
            }
            _ => Ok(()),
        }
    }

    /// An automatic command comes from the owning service's own process.
    pub(crate) fn system(&self) -> Result<(), Refusal> {
        match self.by {
            By::System => Ok(()),
            By::Person(_) => Err(Refusal::not_authorised(
                "Việc này do hệ thống tự thực hiện.",
                "Only the system does this.",
            )),
        }
    }

    /// A deadline of the case that starts now, or at an instant of the past.
    pub(crate) fn deadline(
        &self,
        case: &Case,
        key: DeadlineKey,
        instance: u32,
        start: Timestamp,
    ) -> Result<Deadline, Refusal> {
        self.policy.deadline(key, instance, start, case.urgency, case.deliver_by).map_err(outside_calendar)
    }
}

/// A deadline cannot be computed beyond the years of the calendar.
pub(crate) fn outside_calendar(error: crate::calendar::OutsideCalendar) -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "Lịch làm việc chưa có năm này; đề nghị quản trị bổ sung lịch.",
        format!("{error}: the administrator must extend the calendar"),
    )
}

/// The fact that a command makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What it says.
    pub body: Body,
    /// The move of the lifecycle.
    pub transition: Option<Transition>,
    /// The deadlines that it arms.
    pub deadlines: Vec<Deadline>,
    /// A document that becomes registered with it.
    pub registers: Option<Document>,
    /// A fact on another case that is recorded together with it, or not at all.
    pub along: Option<Box<Along>>,
    /// Who acted, where it was by another right than that of the person's first office: in a second office, or by a
    /// delegation.
    pub acting: Option<Box<Person>>,
}

/// What a decision records on another case at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Along {
    /// The other case.
    pub case: CaseId,
    /// The version of it on which was decided.
    pub on_version: u32,
    /// What it records there.
    pub decision: Decision,
}

impl Decision {
    /// A fact that moves nothing and arms nothing.
    pub fn new(occurred_at: Timestamp, body: Body) -> Self {
        Self {
            occurred_at,
            body,
            transition: None,
            deadlines: Vec::new(),
            registers: None,
            along: None,
            acting: None,
        }
    }

    /// It moves the lifecycle.
    pub(crate) fn moving(mut self, from: Option<Lifecycle>, to: Lifecycle) -> Self {
        self.transition = Some(Transition { from, to });
        self
    }

    /// It arms deadlines.
    pub(crate) fn arming(mut self, deadlines: impl IntoIterator<Item = Deadline>) -> Self {
        self.deadlines.extend(deadlines);
        self
    }

    /// It records something on another case too.
    pub(crate) fn along_with(mut self, other: &Case, decision: Decision) -> Self {
        self.along = Some(Box::new(Along { case: other.id, on_version: other.version, decision }));
        self
    }

    /// It brings a document: registered with this fact, unless it is registered already.
    pub(crate) fn bringing(mut self, document: &Document, registration: Option<&Registration>) -> Self {
        self.registers = registration.is_none().then(|| document.clone());
        self
    }
}

/// What comes of a legal command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made and taken apart at once, never kept")]
pub enum Outcome {
    /// A new fact, to be recorded.
    Fresh(Decision),
    /// The command is known: it made this fact already (DESIGN D6).
    Repeat(Receipt),
}

/// An act of a person, as the catalogue of acts lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// The last part of its path, e.g. `verify-callback`.
    pub name: &'static str,
    /// The stage that owns it.
    pub stage: Stage,
    /// The facts that it may record.
    pub records: &'static [Kind],
    /// Who may do it, in a few words.
    pub who: &'static str,
}

/// An automatic step, as the catalogue of steps lists it (PROCESS §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Automatic {
    /// Its name, e.g. `route-by-rule`.
    pub name: &'static str,
    /// The stage that owns it.
    pub stage: Stage,
    /// The fact that it records.
    pub records: Kind,
    /// The condition on the fold.
    pub when: &'static str,
}
