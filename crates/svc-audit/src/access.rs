//! The record of access as text: who signed in, who read what, and what was refused.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    io::{self, Write},
};

use bus::{
    Bus,
    access::{Access, Extent, Operator, Reading, What},
    assertion::Strength,
    log::{self, ReadError},
    streams::{ACCESS, CASES},
};
use domain::duties::Duty;
use events::{AggregateId, Body, CaseId, DutyId, Fact, OfficerId, Timestamp};

use crate::{
    replay::Period,
    text::{counted, moment},
};

/// What of the record is shown.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only what is about this case.
    pub case: Option<CaseId>,
    /// Only what is about this duty.
    pub duty: Option<DutyId>,
    /// Only what this officer did, or what happened to his account.
    pub officer: Option<OfficerId>,
    /// Only what was recorded in this period.
    pub period: Period,
    /// JSON lines instead of text.
    pub json: bool,
}

/// Why the record could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output cannot be written.
    #[error("the output cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl Query {
    /// What of the record it reads, as that is written down itself.
    pub fn extent(&self) -> Extent {
        let Period { from, to } = self.period;
        Extent {
            case: self.case,
            duty: self.duty,
            officer: self.officer.clone(),
            from,
            to,
            ..Extent::default()
        }
    }

    fn asks_for(&self, access: &Access) -> bool {
        self.period.contains(access.at)
            && self.case.is_none_or(|case| access.what.cases().contains(&case))
            && self.duty.is_none_or(|duty| access.what.duties().contains(&duty))
            && self.officer.as_ref().is_none_or(|officer| access.officer.as_ref() == Some(officer))
    }
}

/// Writes the record, oldest first; as text with the refused attempts summed up at the end. Gives the number of entries
/// that cannot be read.
pub async fn access(bus: &Bus, query: &Query, out: &mut (impl Write + Send)) -> Result<u64, AccessError> {
    let mut told = Told::default();
    let mut next = 1;
    loop {
        let entries = log::read(bus, ACCESS, next, ">").await?;
        let Some(last) = entries.last() else { break };
        next = last.sequence + 1;
        for entry in &entries {
            match serde_json::from_slice::<Access>(&entry.payload) {
                Ok(access) if !query.asks_for(&access) => {}
                Ok(_) if query.json => {
                    write!(out, "{{\"sequence\":{},\"access\":", entry.sequence)?;
                    out.write_all(&entry.payload)?;
                    writeln!(out, "}}")?;
                }
                Ok(access) => writeln!(out, "{}", told.line(bus, &access).await?)?,
                Err(error) => {
                    told.faults += 1;
                    writeln!(out, "!! {} at {}: {error}", entry.subject, entry.sequence)?;
                }
            }
        }
    }
    if !query.json {
        told.sum_up(out)?;
    }
    Ok(told.faults)
}

/// What was told so far.
#[derive(Default)]
struct Told {
    entries: u64,
    /// The entries that cannot be read.
    faults: u64,
    /// By officer: how often he was refused, and how many of these asked for what he may not see.
    refused: BTreeMap<OfficerId, (u64, u64)>,
    /// What the cases and duties are called that were named.
    called: HashMap<AggregateId, String>,
}

impl Told {
    /// An entry as a line of text.
    async fn line(&mut self, bus: &Bus, access: &Access) -> Result<String, ReadError> {
        self.entries += 1;
        for case in access.what.cases() {
            if let Entry::Vacant(place) = self.called.entry(AggregateId::Case(*case)) {
                place.insert(number(bus, *case).await?);
            }
        }
        for duty in access.what.duties() {
            if let Entry::Vacant(place) = self.called.entry(AggregateId::Duty(*duty)) {
                place.insert(name(bus, *duty).await?);
            }
        }
        if let (What::Refused { times, hidden, .. }, Some(officer)) = (&access.what, &access.officer) {
            let sum = self.refused.entry(officer.clone()).or_default();
            *sum = (sum.0 + u64::from(*times), sum.1 + u64::from(*hidden));
        }
        let (at, what) = (moment(access.at), words(&access.what, &self.called));
        Ok(match (&access.officer, access.operator.as_ref().map(operator_shown)) {
            (Some(officer), None) => format!("{at}  {officer:<28}  {what}"),
            (Some(officer), Some(operator)) => format!("{at}  {officer:<28}  {what}, by {operator}"),
            (None, operator) => format!("{at}  {:<28}  {what}", operator.unwrap_or_default()),
        })
    }

    fn sum_up(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out)?;
        for (officer, (times, hidden)) in &self.refused {
            let times = counted(*times, "attempt");
            writeln!(out, "refused: {officer:<28}  {times}, {hidden} of them for what is hidden from him")?;
        }
        let entries = counted(self.entries, "entry");
        match self.faults {
            0 => writeln!(out, "{entries}"),
            faults => {
                writeln!(out, "{entries}, and {faults} that cannot be read: see the lines that begin with !!")
            }
        }
    }
}

fn operator_shown(operator: &Operator) -> String {
    format!("{}@{}", operator.user, operator.host)
}

/// The number of a case, or its id as long as it has none.
async fn number(bus: &Bus, case: CaseId) -> Result<String, ReadError> {
    let facts = log::read(bus, CASES, 1, &AggregateId::Case(case).subject()).await?;
    let found = facts.iter().find_map(|entry| match Fact::from_bytes(&entry.payload).ok()?.draft.body {
        Body::Numbered(numbered) => Some(numbered.code.to_string()),
        _ => None,
    });
    Ok(found.unwrap_or_else(|| case.to_string()))
}

/// What a duty is called: its number, and whose it is, for the reports of a month have the same number.
async fn name(bus: &Bus, duty: DutyId) -> Result<String, ReadError> {
    let facts = log::read_at_most(bus, CASES, 1, &AggregateId::Duty(duty).subject(), 1).await?;
    let begun = facts.first().and_then(|entry| bus::fold_whole::<Duty>(None, &entry.payload).ok());
    Ok(begun.map_or_else(|| duty.to_string(), |begun| format!("{} of {}", begun.code(), begun.agency())))
}

/// An entry in words.
fn words(what: &What, known: &HashMap<AggregateId, String>) -> String {
    let called = |it: AggregateId| known.get(&it).cloned().unwrap_or_else(|| it.subject());
    let of = |case: Option<CaseId>, duty: Option<DutyId>| {
        let it = case.map(AggregateId::Case).or(duty.map(AggregateId::Duty));
        it.map(|it| format!(" of {}", called(it))).unwrap_or_default()
    };
    match what {
        What::AccountReset => "account made, or given a new first password".to_owned(),
        What::AccountClosed => "account closed".to_owned(),
        What::SignedIn { strength } => format!("signed in with {}", strength_shown(*strength)),
        What::SignInRefused { failures } => format!("could not sign in ({failures} in a row)"),
        What::Locked { until } => format!("account locked until {}", moment(*until)),
        What::SessionEnded { by } => format!("session ended by {by}"),
        What::PasswordChanged => "changed the password".to_owned(),
        What::SecondFactorSet => "one-time codes are asked for from now on".to_owned(),
        What::TokenCreated { name, acts, ends } => {
            let acts = match acts.as_deref() {
                None => "all acts".to_owned(),
                Some([]) => "reading".to_owned(),
                Some(acts) => acts.join(", "),
            };
            let ends = ends.map(|ends| format!(" until {}", moment(ends))).unwrap_or_default();
            format!("token given for “{name}”: {acts}{ends}")
        }
        What::TokenRevoked { by } => {
            format!("token taken back{}", by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())
        }
        What::CaseOpened { case } => format!("opened {}", called(AggregateId::Case(*case))),
        What::DutyOpened { duty } => format!("opened {}", called(AggregateId::Duty(*duty))),
        What::Downloaded { case, duty, sha256 } => format!("took a file{}: {sha256}", of(*case, *duty)),
        What::Read { what, case, duty } => format!("read {}{}", reading_shown(*what), of(*case, *duty)),
        What::Refused { times, hidden, cases, duties } => {
            let cases = cases.iter().map(|case| called(AggregateId::Case(*case)));
            let them: Vec<_> =
                cases.chain(duties.iter().map(|duty| called(AggregateId::Duty(*duty)))).collect();
            let hidden = if *hidden > 0 {
                format!(", {hidden} of them for what is hidden: {}", them.join(", "))
            } else {
                String::new()
            };
            format!("was refused {}{hidden}", times_shown(*times))
        }
        What::Replayed { extent } => format!("replayed {}", extent_shown(extent, &called)),
        What::Exported { extent, events, digest } => {
            format!(
                "exported {}: {}, digest {digest}",
                extent_shown(extent, &called),
                counted(*events, "entry")
            )
        }
        What::Verified { events } => format!("verified the records: {}", counted(*events, "entry")),
        What::BackedUp { to } => format!("made a backup: {to}"),
        What::RecordRead { extent } => {
            format!("read the record of access: {}", extent_shown(extent, &called))
        }
    }
}

fn times_shown(times: u32) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}

fn strength_shown(strength: Strength) -> &'static str {
    match strength {
        Strength::Token => "a token",
        Strength::Password => "a password",
        Strength::SecondFactor => "a password and a one-time code",
    }
}

fn reading_shown(what: Reading) -> &'static str {
    match what {
        Reading::List => "the list of cases",
        Reading::Search => "what a search found",
        Reading::Work => "the list of work",
        Reading::Duties => "the list of reports, briefings or projects",
        Reading::Events | Reading::DutyEvents => "the facts",
        Reading::Mails => "the ledger of mails",
        Reading::Dossier => "the dossier",
        Reading::Directory => "the directory",
        Reading::Delegations => "the delegations",
        Reading::Policy => "the policy",
        Reading::DirectoryEvents => "the facts of the directory",
        Reading::Agreement => "the agreement of the sides",
        Reading::Proof => "the proof of a fact",
    }
}

fn extent_shown(extent: &Extent, called: &impl Fn(AggregateId) -> String) -> String {
    let Extent { case, duty, agency, officer, from, to, at, occurred_at } = extent;
    let time = |word: &str, at: &Option<Timestamp>| at.map(|at| format!("{word} {}", moment(at)));
    let parts = [
        case.map(|case| called(AggregateId::Case(case))),
        duty.map(|duty| called(AggregateId::Duty(duty))),
        agency.as_ref().map(|agency| format!("the cases of {agency}")),
        officer.as_ref().map(|officer| format!("what concerns {officer}")),
        time("recorded from", from),
        time("recorded before", to),
        time("as recorded by", at),
        time("as it had happened by", occurred_at),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "all of it".to_owned() } else { parts.join(", ") }
}
