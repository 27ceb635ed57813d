//! Intake: a case is raised, in writing or by telephone first, and numbered.

use chrono::{Datelike as _, TimeDelta};
use events::{
    AgencyId, Body, CaseCode, CaseId, Digest, DutyId, Fact, Kind, Lifecycle, OfficerId, Stage, Timestamp,
    Urgency, intake,
    intake::{Caller, Direction, KeyFacts, Link, Matter, Parties, PhoneCall},
    terms::{Deadline, DeadlineKey, Document},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Step, read_below};
use crate::{
    calendar,
    case::{Case, Trace},
    decision::{Act, Automatic, Context, Decision, outside_calendar},
    documents,
    duties::{self, Subject, project::Project},
    organisation::{Person, Role, Term},
    policy::Policy,
    refusal::{Code, Refusal, optional_text, required_text},
    stages::{casefile, casefile::Casefile, escalation::Escalation, taskforce::Taskforce},
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[Act {
    name: "raise",
    stage: Stage::Intake,
    records: &[Kind::RaisedInWriting, Kind::RaisedByPhone],
    who: "RO, LO, LH, AL of the raiser; by telephone also of the receiver",
}];

/// The steps of the process itself at this stage.
pub const STEPS: &[Automatic] = &[NUMBER];

const NUMBER: Automatic = Automatic {
    name: "number",
    stage: Stage::Intake,
    records: Kind::Numbered,
    when: "the case is raised and has no number",
};

/// A longer call is a slip of the pen.
const LONGEST_CALL: TimeDelta = TimeDelta::days(1);

/// Express matters are not dealt with a year later.
const LATEST_DELIVERY: TimeDelta = TimeDelta::days(365);

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Commands 1 and 2.
    Raise(Box<Raise>),
    /// The case gets its number.
    Number,
}

/// A case is raised; `channel` says how.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(tag = "channel", rename_all = "kebab-case")]
pub enum Raise {
    /// By an official document (command 1).
    Written(RaiseInWriting),
    /// By telephone, in an emergency (command 2).
    Phone(RaiseByPhone),
}

/// What a written report says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseInWriting {
    /// The agency in whose name the case is raised.
    raiser: AgencyId,
    /// How urgent it is.
    urgency: Urgency,
    /// By when it is to be dealt with; for *hỏa tốc hẹn giờ* only, and then required.
    #[serde(default)]
    deliver_by: Option<Timestamp>,
    /// A short title, at most 200 characters; it never leaves the system.
    title: String,
    /// What happened, at most 2,000 characters.
    summary: String,
    /// The coordination that is asked for, at most 2,000 characters.
    request: String,
    /// The topic, by its code in the policy; left out, that of the project from which the case arises.
    #[serde(default)]
    topic: String,
    /// The area, by its code in the policy.
    #[serde(default)]
    area: Option<String>,
    /// You hold the matter to be complex.
    #[serde(default)]
    complex: bool,
    /// You hold the matter to be sensitive.
    #[serde(default)]
    sensitive: bool,
    /// It is an exercise: it goes the whole way, and is marked as one wherever it is shown.
    #[serde(default)]
    exercise: bool,
    /// The document by which it is reported; issued by the raiser.
    document: Document,
    /// The case on which it follows, or from which it arises.
    #[serde(default)]
    link: Option<Link>,
    /// The planned project from which it arises, by its id; its agencies are consulted.
    #[serde(default)]
    project: Option<DutyId>,
}

/// What a telephone report says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseByPhone {
    /// The agency in whose name the case is raised.
    raiser: AgencyId,
    /// How urgent it is; at least *khẩn*.
    urgency: Urgency,
    /// By when it is to be dealt with; for *hỏa tốc hẹn giờ* only, and then required.
    #[serde(default)]
    deliver_by: Option<Timestamp>,
    /// A short title, at most 200 characters; it never leaves the system.
    title: String,
    /// What happened, at most 2,000 characters.
    summary: String,
    /// The topic, by its code in the policy.
    topic: String,
    /// The area, by its code in the policy.
    #[serde(default)]
    area: Option<String>,
    /// You hold the matter to be complex.
    #[serde(default)]
    complex: bool,
    /// You hold the matter to be sensitive.
    #[serde(default)]
    sensitive: bool,
    /// It is an exercise: it goes the whole way, and is marked as one wherever it is shown.
    #[serde(default)]
    exercise: bool,
    /// The call.
    call: CallLog,
}

/// A call as the officer logs it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallLog {
    /// Who called.
    caller: CallerLog,
    /// Who called whom; incoming if absent.
    #[serde(default)]
    direction: Option<Direction>,
    /// When the call began.
    started_at: Timestamp,
    /// When it ended; the written confirmation is counted from here. Not in the future.
    ended_at: Timestamp,
    /// The facts that were exchanged, to be compared with the document.
    key_facts: KeyFacts,
}

/// The caller as the officer logs him.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerLog {
    /// The caller's office, at most 200 characters.
    office: String,
    /// The caller's name, at most 200 characters; an official's, never a citizen's.
    name: String,
    /// The number given; only its last three digits are kept.
    number: String,
}

impl Command {
    /// Reads `{channel, …}`. By hand, because a derived reader that looks for a tag loses the path to a fault.
    pub(crate) fn parse(mut body: Value) -> Result<Self, Refusal> {
        let channel = body.as_object_mut().and_then(|fields| fields.remove("channel"));
        let raise = match channel.as_ref().and_then(Value::as_str) {
            Some("written") => read_below("", body).map(Raise::Written),
            Some("phone") => read_below("", body).map(Raise::Phone),
            _ => Err(Refusal::invalid(
                "channel",
                "Chọn phone (điện thoại) hoặc written (văn bản).",
                "Must be phone or written.",
            )),
        };
        raise.map(|raise| Self::Raise(Box::new(raise)))
    }

    /// The other case that its decision looks at.
    pub(crate) fn looks_at(&self) -> Vec<CaseId> {
        match self {
            Self::Raise(raise) => match raise.as_ref() {
                Raise::Written(written) => written.link.iter().map(|link| link.other).collect(),
                Raise::Phone(_) => Vec::new(),
            },
            Self::Number => Vec::new(),
        }
    }

    /// The planned project from which a case is raised.
    pub(crate) fn project(&self) -> Option<DutyId> {
        match self {
            Self::Raise(raise) => match raise.as_ref() {
                Raise::Written(written) => written.project,
                Raise::Phone(_) => None,
            },
            Self::Number => None,
        }
    }

    /// The document that it brings.
    pub(crate) fn document(&self) -> Option<&Document> {
        match self {
            Self::Raise(raise) => match raise.as_ref() {
                Raise::Written(written) => Some(&written.document),
                Raise::Phone(_) => None,
            },
            Self::Number => None,
        }
    }
}

/// How a case came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Intake {
    /// Its number within the case.
    pub number: u32,
    /// The agency in whose name it was raised.
    pub raiser: AgencyId,
    /// Who entered it.
    pub logged_by: OfficerId,
    /// The call, if it came by telephone.
    pub call: Option<PhoneCall>,
    /// The document, if it came in writing.
    pub document: Option<Document>,
}

/// Decides a raise: there is no case yet.
pub(crate) fn raise(command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::Raise(raise) => {
            authorise(command, ctx)?;
            match raise.as_ref() {
                Raise::Written(written) => raise_in_writing(written, ctx),
                Raise::Phone(phone) => raise_by_phone(phone, ctx),
            }
        }
        Command::Number => Err(Refusal::not_found()),
    }
}

pub(crate) fn authorise(command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    let Command::Raise(raise) = command else { return ctx.system() };
    let person = ctx.person()?;
    let (raiser, also) = match raise.as_ref() {
        Raise::Written(written) => (&written.raiser, None),
        Raise::Phone(phone) => (&phone.raiser, Some(ctx.policy.receiver_for(&phone.raiser))),
    };
    if ctx.policy.organisation.agency(raiser).is_none() {
        return Err(Refusal::invalid("raiser", "Không có cơ quan này.", "There is no such agency."));
    }
    if !ctx.policy.organisation.is_there(raiser, ctx.now) {
        return Err(Refusal::invalid(
            "raiser",
            "Cơ quan này chưa thành lập hoặc đã kết thúc hoạt động; đề nghị ghi cơ quan kế thừa.",
            "This agency is not there yet, or is no more: name its successor.",
        ));
    }
    let own = person.agency == *raiser || Some(&person.agency) == also;
    if !own || !works_cases(person) || !ctx.policy.may_raise(raiser) {
        return Err(Refusal::not_authorised(
            "Chỉ cán bộ của cơ quan báo cáo (hoặc cơ quan nhận, nếu báo qua điện thoại) được tạo vụ việc.",
            "Only officers of the raising agency (by telephone also of the receiving one) may raise a case.",
        ));
    }
    Ok(())
}

/// RO, LO, LH or AL (PROCESS §1: RO+).
fn works_cases(person: &Person) -> bool {
    matches!(person.role, Role::Ro | Role::Lo | Role::Lh | Role::Al)
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::Raise(_) => Err(Refusal::bad_state("Vụ việc đã được tạo.", "The case is there already.")),
        Command::Number => number(case, ctx),
    }
}

/// Command 1 (plan III.3 b1 s1).
fn raise_in_writing(raise: &RaiseInWriting, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let today = calendar::local_date(ctx.now);
    documents::check("document", &raise.document, today, ctx.policy)?;
    if raise.document.issuer != raise.raiser {
        return Err(documents::invalid(
            "document.issuer",
            "Văn bản phải do cơ quan báo cáo ban hành.",
            "The document must be issued by the agency that raises.",
        ));
    }
    if ctx.registration.is_some() {
        return Err(Refusal::new(
            Code::DocDuplicate,
            "Văn bản này đã được đăng ký; một văn bản chỉ tạo một vụ việc.",
            "This document is registered already: a document raises one case.",
        )
        .at("document"));
    }
    let project = raise.project.map(|_| project(ctx)).transpose()?;
    let inherited = project.filter(|_| raise.topic.is_empty()).map(|project| &project.topic);
    let matter = Matter {
        title: raise.title.clone(),
        summary: raise.summary.clone(),
        request: raise.request.clone(),
        topic: inherited.unwrap_or(&raise.topic).clone(),
        area: raise.area.clone(),
        complex: raise.complex,
        sensitive: raise.sensitive,
        exercise: raise.exercise,
    };
    check_matter(&matter, "request", ctx)?;
    check_urgency(raise.urgency, raise.deliver_by, ctx.now)?;
    if let Some(link) = &raise.link {
        let other = ctx.other("link.other", link.other)?;
        casefile::must_be_alike("link.other", link.kind, raise.exercise, other)?;
    }
    let mut parties = parties(&raise.raiser, ctx.policy);
    if let Some(project) = project {
        parties.consulted = of_the_project(project, &parties, ctx)?;
    }
    let body = Body::RaisedInWriting(intake::RaisedInWriting {
        parties,
        urgency: raise.urgency,
        deliver_by: raise.deliver_by,
        matter,
        document: raise.document.clone(),
        link: raise.link.clone(),
        project: raise.project,
    });
    let route = ctx.policy.deadline(DeadlineKey::Route, 0, ctx.now, raise.urgency, raise.deliver_by);
    Ok(Decision::new(ctx.now, body)
        .moving(None, Lifecycle::Received)
        .arming([route.map_err(outside_calendar)?])
        .bringing(&raise.document, None))
}

/// The planned project from which a case arises: one that the person may see, and that has not ended.
fn project<'a>(ctx: &Context<'a>) -> Result<&'a Project, Refusal> {
    let person = ctx.person()?;
    let seen = ctx.project.filter(|duty| duties::may_see(duty, person, ctx.policy, ctx.now));
    match seen.filter(|duty| duty.is_live()).map(|duty| &duty.subject) {
        Some(Subject::Project(project)) => Ok(project),
        _ => Err(Refusal::invalid(
            "project",
            "Không có dự án phối hợp này, hoặc dự án đã kết thúc.",
            "There is no such planned project, or it has ended.",
        )),
    }
}

/// A case arises from a planned project (DOMAIN §3.6, `SpawnCase`): one of its agencies raises it, and those that are not
/// asked for a position are consulted.
fn of_the_project(project: &Project, parties: &Parties, ctx: &Context<'_>) -> Result<Vec<AgencyId>, Refusal> {
    let agencies = project.agencies();
    if !agencies.contains(&parties.raiser) {
        return Err(Refusal::invalid(
            "raiser",
            "Vụ việc phát sinh từ dự án do một cơ quan của dự án báo cáo.",
            "A case that arises from a project is raised by one of its agencies.",
        ));
    }
    let organisation = &ctx.policy.organisation;
    let further = agencies
        .into_iter()
        .filter(|agency| !parties.required.contains(agency) && organisation.is_there(agency, ctx.now));
    Ok(further.cloned().collect())
}

/// Command 2 (plan III.3 b1 s2).
fn raise_by_phone(raise: &RaiseByPhone, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let call = &raise.call;
    if raise.urgency < Urgency::Khan {
        return Err(Refusal::new(
            Code::PhoneRequiresUrgency,
            "Chỉ dùng điện thoại khi khẩn cấp; vụ việc mức Thường phải báo cáo bằng văn bản.",
            "The telephone serves only in an emergency: report a normal matter in writing.",
        )
        .at("urgency"));
    }
    if call.ended_at > ctx.now {
        return Err(Refusal::new(
            Code::CallInFuture,
            "Thời điểm kết thúc cuộc gọi ở tương lai.",
            "The call ends in the future: check the time.",
        )
        .at("call.ended_at"));
    }
    if call.ended_at < ctx.now - ctx.policy.oldest_call {
        return Err(Refusal::invalid(
            "call.ended_at",
            "Cuộc gọi đã quá lâu; đề nghị kiểm tra lại thời điểm.",
            "The call lies too far back: check the time.",
        ));
    }
    if call.ended_at - call.started_at > LONGEST_CALL {
        return Err(Refusal::invalid(
            "call.started_at",
            "Cuộc gọi kéo dài hơn một ngày; đề nghị kiểm tra lại thời điểm.",
            "The call lasts longer than a day: check the time.",
        ));
    }
    if call.started_at > call.ended_at {
        return Err(Refusal::invalid(
            "call.started_at",
            "Cuộc gọi bắt đầu sau khi kết thúc.",
            "The call starts after it ends.",
        ));
    }
    check_urgency(raise.urgency, raise.deliver_by, ctx.now)?;
    let facts = &call.key_facts;
    let matter = Matter {
        title: raise.title.clone(),
        summary: raise.summary.clone(),
        request: facts.request.clone(),
        topic: raise.topic.clone(),
        area: raise.area.clone(),
        complex: raise.complex,
        sensitive: raise.sensitive,
        exercise: raise.exercise,
    };
    check_matter(&matter, "call.key_facts.request", ctx)?;
    check_key_facts("call.key_facts", facts)?;
    required_text("call.caller.office", &call.caller.office, 200)?;
    required_text("call.caller.name", &call.caller.name, 200)?;
    let phone = ctx.policy.organisation.agency(&raise.raiser).and_then(|agency| agency.phone.as_deref());
    let body = Body::RaisedByPhone(intake::RaisedByPhone {
        parties: parties(&raise.raiser, ctx.policy),
        urgency: raise.urgency,
        deliver_by: raise.deliver_by,
        matter,
        call: PhoneCall {
            caller: caller(&call.caller, phone)?,
            taken_by: ctx.person()?.officer.clone(),
            direction: call.direction.unwrap_or(Direction::Incoming),
            started_at: call.started_at,
            ended_at: call.ended_at,
            key_facts: facts.clone(),
        },
        late_logged: ctx.now > call.ended_at + ctx.policy.late_log_after,
    });
    let deadline = |key, instance, start| -> Result<Deadline, Refusal> {
        ctx.policy.deadline(key, instance, start, raise.urgency, raise.deliver_by).map_err(outside_calendar)
    };
    Ok(Decision::new(ctx.now, body).moving(None, Lifecycle::Received).arming([
        deadline(DeadlineKey::Callback, 1, call.ended_at)?,
        deadline(DeadlineKey::Written, 1, call.ended_at)?,
        deadline(DeadlineKey::Route, 0, ctx.now)?,
    ]))
}

/// Of the number given only the last three digits are kept, and whether the directory has it (DESIGN D14).
fn caller(log: &CallerLog, directory: Option<&str>) -> Result<Caller, Refusal> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let given = digits(&log.number);
    if given.len() < 3 {
        return Err(Refusal::invalid(
            "call.caller.number",
            "Số điện thoại phải có ít nhất ba chữ số.",
            "The number must have at least three digits.",
        ));
    }
    Ok(Caller {
        office: log.office.clone(),
        name: log.name.clone(),
        number_ends_in: given[given.len() - 3..].to_owned(),
        number_in_directory: directory.is_some_and(|number| digits(number) == given),
    })
}

/// The raiser and the receiver must both give a position (PROCESS §2, commands 1 and 2).
fn parties(raiser: &AgencyId, policy: &Policy) -> Parties {
    let receiver = policy.receiver_for(raiser).clone();
    Parties {
        raiser: raiser.clone(),
        receiver: receiver.clone(),
        required: vec![raiser.clone(), receiver],
        consulted: Vec::new(),
    }
}

fn check_matter(matter: &Matter, request: &str, ctx: &Context<'_>) -> Result<(), Refusal> {
    required_text("title", &matter.title, 200)?;
    required_text("summary", &matter.summary, 2000)?;
    required_text(request, &matter.request, 2000)?;
    required_text("topic", &matter.topic, 50)?;
    optional_text("area", matter.area.as_deref(), 50)?;
    let organisation = &ctx.policy.organisation;
    // A policy that lists none leaves the words free.
    if organisation.topics().next().is_some() {
        let unknown = |codes: &str| {
            let vi = format!("Không có lĩnh vực này; các lĩnh vực: {codes}.");
            Refusal::invalid("topic", vi, format!("There is no such topic. The topics are: {codes}."))
        };
        let found = organisation.topic(&matter.topic);
        let found = found.ok_or_else(|| unknown(&codes(organisation.topics(), ctx.now)))?;
        must_be_used("topic", found, ctx.now)?;
    }
    if let Some(area) = matter.area.as_ref().filter(|_| organisation.areas().next().is_some()) {
        let unknown = |codes: &str| {
            let vi = format!("Không có địa bàn này; các địa bàn: {codes}.");
            Refusal::invalid("area", vi, format!("There is no such area. The areas are: {codes}."))
        };
        let found = organisation.area(area);
        let found = found.ok_or_else(|| unknown(&codes(organisation.areas(), ctx.now)))?;
        must_be_used("area", found, ctx.now)?;
    }
    Ok(())
}

/// A topic or an area is used now; else since when not, and what is used in its place.
fn must_be_used(field: &str, term: &Term, now: Timestamp) -> Result<(), Refusal> {
    let today = calendar::local_date(now);
    if let Some(starts) = term.starts.filter(|starts| today < *starts) {
        let day = starts.format("%d/%m/%Y");
        let vi = format!("Chỉ dùng từ ngày {day}.");
        return Err(Refusal::invalid(field, vi, format!("It is used from {day} on.")));
    }
    let Some(ends) = term.ends.filter(|ends| *ends <= today) else { return Ok(()) };
    let day = ends.format("%d/%m/%Y");
    Err(match &term.successor {
        Some(next) => Refusal::invalid(
            field,
            format!("Không còn dùng từ ngày {day}; đề nghị ghi {next}."),
            format!("It is used no more since {day}: give {next}."),
        ),
        None => Refusal::invalid(
            field,
            format!("Không còn dùng từ ngày {day}."),
            format!("It is used no more since {day}: give another."),
        ),
    })
}

/// The codes that may be used now.
fn codes<'a>(terms: impl Iterator<Item = &'a Term>, now: Timestamp) -> String {
    terms.filter(|term| term.is_used(now)).map(|term| term.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// The key facts, in the order of the form.
pub(crate) const KEY_FACTS: [&str; 6] = ["what", "where", "since_when", "scale", "actions_taken", "request"];

/// Each key fact at most 300 characters (DOMAIN §3.5).
pub(crate) fn check_key_facts(at: &str, facts: &KeyFacts) -> Result<(), Refusal> {
    let texts =
        [&facts.what, &facts.place, &facts.since_when, &facts.scale, &facts.actions_taken, &facts.request];
    let mut named = KEY_FACTS.into_iter().zip(texts);
    named.try_for_each(|(name, text)| required_text(&format!("{at}.{name}"), text, 300))
}

/// `deliver_by` belongs to *hỏa tốc hẹn giờ*, and to it alone.
pub(crate) fn check_urgency(
    urgency: Urgency,
    deliver_by: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Refusal> {
    match (urgency, deliver_by) {
        (Urgency::HoaTocHenGio, None) => Err(Refusal::invalid(
            "deliver_by",
            "Hỏa tốc hẹn giờ phải có thời điểm hẹn.",
            "Express, timed, needs the time by which it is to be dealt with.",
        )),
        (Urgency::HoaTocHenGio, Some(by)) if by <= now => {
            Err(Refusal::invalid("deliver_by", "Thời điểm hẹn đã qua.", "This time has passed already."))
        }
        (Urgency::HoaTocHenGio, Some(by)) if by > now + LATEST_DELIVERY => Err(Refusal::invalid(
            "deliver_by",
            "Thời điểm hẹn quá xa; đề nghị kiểm tra lại.",
            "This time lies too far ahead: check it.",
        )),
        (Urgency::HoaTocHenGio, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(Refusal::invalid(
            "deliver_by",
            "Chỉ hỏa tốc hẹn giờ mới có thời điểm hẹn.",
            "Only express, timed, has such a time.",
        )),
    }
}

/// The number: the rank among the cases of its local year, in the log's order (PROCESS §9 rule 2).
fn number(case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if case.code.is_some() {
        return Err(Refusal::bad_state("Vụ việc đã có mã.", "The case has its number."));
    }
    let Some(rank) = ctx.rank else {
        return Err(Refusal::new(
            Code::Busy,
            "Chưa xác định được thứ tự.",
            "The rank is not known yet: try again.",
        ));
    };
    let year = calendar::local_date(case.raised_at).year();
    Ok(Decision::new(ctx.now, Body::Numbered(intake::Numbered { code: CaseCode::new(year, rank) })))
}

/// Begins a case with the fact that raises it.
pub(crate) fn begin(fact: &Fact) -> Option<Case> {
    let events::AggregateId::Case(id) = fact.draft.aggregate else { return None };
    let origin = fact.origin();
    let events::Actor::Person { officer, .. } = &origin.actor else { return None };
    let project = match fact.body() {
        Body::RaisedInWriting(raised) => raised.project,
        _ => None,
    };
    let (parties, urgency, deliver_by, matter, call, document) = match fact.body() {
        Body::RaisedInWriting(raised) => {
            let document = Some(raised.document.clone());
            (&raised.parties, raised.urgency, raised.deliver_by, &raised.matter, None, document)
        }
        Body::RaisedByPhone(raised) => (
            &raised.parties,
            raised.urgency,
            raised.deliver_by,
            &raised.matter,
            Some(raised.call.clone()),
            None,
        ),
        _ => return None,
    };
    Some(Case {
        id,
        version: 0,
        head: Digest::ZERO,
        last: Trace { event: fact.draft.id, correlation: origin.correlation },
        code: None,
        lifecycle: Lifecycle::Received,
        urgency,
        deliver_by,
        raised_at: origin.occurred_at,
        recorded_at: fact.recorded_at,
        matter: matter.clone(),
        raiser: parties.raiser.clone(),
        receiver: parties.receiver.clone(),
        required: parties.required.clone(),
        consulted: parties.consulted.clone(),
        project,
        intakes: vec![Intake {
            number: 1,
            raiser: parties.raiser.clone(),
            logged_by: officer.clone(),
            call,
            document,
        }],
        confirmations: Vec::new(),
        assignments: Vec::new(),
        rounds: Vec::new(),
        next_proposal: None,
        settlements: Vec::new(),
        taskforce: Taskforce::default(),
        escalation: Escalation::default(),
        closures: Vec::new(),
        closed_at: None,
        casefile: Casefile::default(),
        history: Vec::new(),
        cancellations: Vec::new(),
        deadlines: Vec::new(),
        acts: std::collections::BTreeMap::new(),
        audience: std::collections::BTreeSet::new(),
    })
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    if let Body::Numbered(numbered) = fact.body() {
        case.code = Some(numbered.code.clone());
    }
}

/// A case without a number gets one, in any state.
pub(crate) fn next_step(case: &Case) -> Option<Step> {
    case.code.is_none().then(|| Step::of(&NUMBER, None, super::Command::Intake(Command::Number)))
}

#[cfg(test)]
mod tests;
