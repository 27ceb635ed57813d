//! Judges what the facts say: the chain of each aggregate, whether the rules take each fact, and whether who acted was
//! allowed to, by the directory that the decision saw.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use domain::{Directory, Standing, directory::Rulebook, duties::Duty, recheck::recheck};
use events::{AggregateId, Body, Digest, DutyId, Fact, Timestamp};

use super::{Message, Report};

/// How many states of the directory are remembered: a decision has seen one of the newest.
const REMEMBERED: usize = 256;

/// The most threads among which the things are shared.
const MOST_SHARES: usize = 8;

/// The newest fact of an aggregate.
#[derive(Clone, Copy)]
struct Head {
    version: u32,
    digest: Digest,
    recorded_at: Timestamp,
    /// Where the case stands by its rules, if it is one and all of it was here so far: what is refused is refused by that,
    /// so nothing else of the case is kept.
    standing: Option<Standing>,
}

/// A state of the directory, and what follows from it once that is asked.
struct Known {
    sequence: u64,
    directory: Arc<Directory>,
    rulebook: Option<Rulebook>,
}

/// Judges facts in the order of the log.
pub(super) struct FactJudge {
    /// Aggregates may begin in their middle.
    partial: bool,
    heads: HashMap<AggregateId, Head>,
    /// The duties of which all was here so far.
    duties: HashMap<DutyId, Duty>,
    /// The subject of the directory.
    of_directory: String,
    directory: Option<Directory>,
    known: VecDeque<Known>,
    /// Of which share this one is, of how many: which things it judges goes by their subjects.
    share: (usize, usize),
    /// The numbers that were given to cases: year, number, and the sequence of the fact.
    numbers: Vec<(i32, u32, u64)>,
    attachments: BTreeSet<Digest>,
    facts: u64,
    rechecked: u64,
    not_rechecked: u64,
    begun_before: u64,
    report: Report,
}

impl FactJudge {
    /// One for each processor. `partial`: what is judged is a part of the log, and aggregates may begin in their middle.
    pub(super) fn shares(partial: bool) -> Vec<Self> {
        let shares = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_SHARES);
        (0..shares).map(|share| Self::new(partial, (share, shares))).collect()
    }

    fn new(partial: bool, share: (usize, usize)) -> Self {
        Self {
            partial,
            share,
            heads: HashMap::new(),
            duties: HashMap::new(),
            of_directory: AggregateId::Directory.subject(),
            directory: None,
            known: VecDeque::new(),
            numbers: Vec::new(),
            attachments: BTreeSet::new(),
            facts: 0,
            rechecked: 0,
            not_rechecked: 0,
            begun_before: 0,
            report: Report::default(),
        }
    }

    pub(super) fn take(&mut self, message: Message<'_>) {
        let (share, shares) = self.share;
        // Every share needs the directory; the first one judges it.
        let of_the_directory = message.subject == self.of_directory;
        if !of_the_directory && hash(message.subject) % shares as u64 != share as u64 {
            return;
        }
        if of_the_directory && share > 0 {
            if let Ok(fact) = Fact::from_bytes(message.payload) {
                // What is wrong with it is told by the first.
                let mut told = std::mem::take(&mut self.report);
                self.fold_directory(&fact, message.sequence, &String::new);
                std::mem::swap(&mut self.report, &mut told);
            }
            return;
        }
        let place = || format!("cases {}", message.sequence);
        let fact = match Fact::from_bytes(message.payload) {
            Ok(fact) => fact,
            Err(error) => return self.report.fault(place(), format!("it cannot be read: {error}")),
        };
        self.facts += 1;
        let aggregate = fact.draft.aggregate;
        if !aggregate.has_subject(message.subject) {
            self.report
                .fault(place(), format!("it stands under {}, which is not its own subject", message.subject));
        }
        self.follow(&fact, &place);
        if let Some(document) = fact.body().document() {
            self.attachments.extend(document.attachments.iter().map(|file| file.sha256));
        }
        self.recheck(&fact, &place);
        match (aggregate, fact.body()) {
            (AggregateId::Directory, _) => self.fold_directory(&fact, message.sequence, &place),
            (AggregateId::Case(_), Body::Numbered(numbered)) => {
                self.number(numbered.code.as_str(), message.sequence);
            }
            _ => {}
        }
    }

    /// The chain of the aggregate, and whether the rules take the fact where it stands.
    fn follow(&mut self, fact: &Fact, place: &impl Fn() -> String) {
        let Fact { version, digest, recorded_at, .. } = *fact;
        let before = self.heads.get(&fact.draft.aggregate).copied();
        let follows = self.chained(before.as_ref(), fact, place);
        let mut standing = before.and_then(|before| before.standing);
        let is_case = matches!(fact.draft.aggregate, AggregateId::Case(_));
        // The story of a case cannot be told from its middle, or behind a fact that its rules do not take.
        if is_case && follows && (standing.is_some() || version == 1) {
            standing = Standing::after(standing, fact)
                .map_err(|error| self.report.fault(place(), format!("the rules do not take it: {error}")))
                .ok();
        }
        if let AggregateId::Duty(id) = fact.draft.aggregate
            && follows
        {
            self.fold_duty(id, fact, place);
        }
        self.heads.insert(fact.draft.aggregate, Head { version, digest, recorded_at, standing });
    }

    /// A duty's rules are held against all of it; what began in its middle cannot be.
    fn fold_duty(&mut self, id: DutyId, fact: &Fact, place: &impl Fn() -> String) {
        let before = self.duties.remove(&id);
        if before.is_none() && fact.version > 1 {
            return;
        }
        match domain::duties::evolve(before, fact) {
            Ok(duty) => drop(self.duties.insert(id, duty)),
            Err(error) => self.report.fault(place(), format!("the rules do not take it: {error}")),
        }
    }

    /// Whether the fact is the next of its aggregate.
    fn chained(&mut self, before: Option<&Head>, fact: &Fact, place: &impl Fn() -> String) -> bool {
        let Some(before) = before else {
            if fact.version == 1 {
                if fact.previous != Digest::ZERO {
                    self.report.fault(place(), "the first fact names one before it");
                }
                return true;
            }
            if self.partial {
                self.begun_before += 1;
            } else {
                let what =
                    format!("version {} comes first: the versions before it are missing", fact.version);
                self.report.fault(place(), what);
            }
            return false;
        };
        if fact.version != before.version + 1 {
            let what = format!(
                "version {} comes where {} must stand: a fact is missing, doubled or moved",
                fact.version,
                before.version + 1
            );
            self.report.fault(place(), what);
            return false;
        }
        if fact.previous != before.digest {
            let what = format!(
                "version {} does not name the digest of version {}: one of them was altered",
                fact.version, before.version
            );
            self.report.fault(place(), what);
        }
        if fact.recorded_at < before.recorded_at {
            self.report.fault(place(), "it says that it was recorded before the version before it");
        }
        true
    }

    fn fold_directory(&mut self, fact: &Fact, sequence: u64, place: &impl Fn() -> String) {
        match domain::directory::evolve(self.directory.take(), fact) {
            Ok(directory) => {
                if self.known.len() == REMEMBERED {
                    self.known.pop_front();
                }
                let remembered = Arc::new(directory.clone());
                self.known.push_back(Known { sequence, directory: remembered, rulebook: None });
                self.directory = Some(directory);
            }
            Err(error) => self.report.fault(place(), format!("the rules do not take it: {error}")),
        }
    }

    /// Whether who acted was allowed to, by the directory at the fact's basis.
    fn recheck(&mut self, fact: &Fact, place: &impl Fn() -> String) {
        let (basis, at) = (fact.origin().basis, fact.origin().occurred_at);
        let known = self.known.iter_mut().rev().find(|known| known.sequence == basis);
        let policy = known.and_then(|known| {
            let made = || Rulebook::from_directory(&known.directory, basis).unwrap_or_default();
            known.rulebook.get_or_insert_with(made).at(at).cloned()
        });
        match recheck(fact, policy.as_deref()) {
            Ok(true) => self.rechecked += 1,
            Ok(false) => self.not_rechecked += 1,
            Err(not_theirs) => {
                self.report.fault(place(), format!("it was not its actor's to do: {not_theirs}"));
            }
        }
    }

    fn number(&mut self, code: &str, sequence: u64) {
        let mut parts = code.rsplit('-');
        let number = parts.next().and_then(|number| number.parse::<u32>().ok());
        let year = parts.next().and_then(|year| year.parse::<i32>().ok());
        match year.zip(number) {
            Some((year, number)) => self.numbers.push((year, number, sequence)),
            None => {
                self.report.fault(format!("cases {sequence}"), format!("`{code}` is no number of a case"));
            }
        }
    }

    /// The files that the facts name.
    pub(super) fn attachments(judges: &[Self]) -> BTreeSet<Digest> {
        judges.iter().flat_map(|judge| &judge.attachments).copied().collect()
    }

    /// The verdict of all shares. `whole`: everything is here.
    pub(super) fn end(judges: Vec<Self>, whole: bool, report: &mut Report) {
        let (mut facts, mut things, mut cases, mut duties) = (0, 0, 0, 0);
        let (mut rechecked, mut not_rechecked, mut begun_before) = (0, 0, 0);
        let mut numbers = Vec::new();
        for judge in judges {
            facts += judge.facts;
            things += judge.heads.len();
            let count = |of: fn(&AggregateId) -> bool| judge.heads.keys().filter(|thing| of(thing)).count();
            cases += count(|thing| matches!(thing, AggregateId::Case(_)));
            duties += count(|thing| matches!(thing, AggregateId::Duty(_)));
            rechecked += judge.rechecked;
            not_rechecked += judge.not_rechecked;
            begun_before += judge.begun_before;
            numbers.extend(judge.numbers);
            report.extend(judge.report);
        }
        numbered(numbers, whole, report);
        let duties = match duties {
            0 => String::new(),
            1 => " and 1 regular duty".to_owned(),
            duties => format!(" and {duties} regular duties"),
        };
        report.checked(format!(
            "{facts} facts: the chain of each of {things} things, {cases} of them cases{duties}, is whole, and the rules take each fact"
        ));
        report.checked(format!(
            "{rechecked} facts: who acted held the office and the right, by the directory that was seen"
        ));
        if not_rechecked > 0 {
            report.unchecked(format!(
                "whether who acted was allowed to, of {not_rechecked} facts: the directory that they saw is not here"
            ));
        }
        if begun_before > 0 {
            report.unchecked(format!("the rules, of {begun_before} things that began before this period"));
        }
    }
}

/// The numbers of the cases of each year: none twice, and where everything is here, none missing.
fn numbered(mut numbers: Vec<(i32, u32, u64)>, whole: bool, report: &mut Report) {
    numbers.sort_unstable();
    let mut before: Option<(i32, u32)> = None;
    for (year, number, sequence) in numbers {
        let last = before.filter(|(last, _)| *last == year).map_or(0, |(_, last)| last);
        if number == last {
            report
                .fault(format!("cases {sequence}"), format!("the number {number} of {year} was given twice"));
        } else if number != last + 1 && whole {
            report.fault(
                "cases",
                format!("the numbers {} to {} of {year} were never given", last + 1, number - 1),
            );
        }
        before = Some((year, number));
    }
}

/// A number for a text, the same in all threads.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use events::{
        DutyId, Kind,
        envelope::{self, Stamp},
    };

    use super::*;

    /// Place, subject and payload of facts of these kinds of one duty, with versions from 1 and an unbroken chain.
    fn of_a_duty(kinds: &[Kind]) -> Vec<(u64, String, String)> {
        let subject = AggregateId::Duty(DutyId::of_report(&"UBND".into(), 2026, 5)).subject();
        let recorded_at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let mut previous = Digest::ZERO;
        let stamped = kinds.iter().zip(1..).map(|(kind, version)| {
            let mut example = kind.example();
            example["subject"] = subject.clone().into();
            for stamp in ["version", "recordedtime", "previoushash"] {
                example.as_object_mut().unwrap().remove(stamp);
            }
            let stamp = Stamp { version, recorded_at, previous };
            let payload = envelope::stamp(&example.to_string(), stamp).unwrap();
            previous = Digest::of(payload.as_bytes());
            (version.into(), subject.clone(), payload)
        });
        stamped.collect()
    }

    fn judged(messages: &[(u64, String, String)], partial: bool) -> Report {
        let mut judges = FactJudge::shares(partial);
        for (sequence, subject, payload) in messages {
            for judge in &mut judges {
                let payload = payload.as_bytes();
                judge.take(Message { sequence: *sequence, subject, payload });
            }
        }
        let mut report = Report::default();
        FactJudge::end(judges, !partial, &mut report);
        report
    }

    #[test]
    fn a_duty_is_folded_by_its_rules() {
        let sound = judged(&of_a_duty(&[Kind::ReportOpened, Kind::NilReturned, Kind::ReportAccepted]), false);
        assert!(sound.holds(), "{:?}", sound.faults);
        assert!(sound.checked[0].contains("and 1 regular duty,"), "{:?}", sound.checked);
        let wrong = judged(&of_a_duty(&[Kind::ReportOpened, Kind::ReportAccepted]), false);
        assert!(wrong.faults[0].what.contains("the rules do not take it"), "{:?}", wrong.faults);
    }

    #[test]
    fn a_fact_of_a_duty_that_is_missing_is_found_unless_it_was_before_the_period() {
        let mut messages = of_a_duty(&[Kind::ReportOpened, Kind::NilReturned, Kind::ReportAccepted]);
        messages.remove(0);
        let of_a_period = judged(&messages, true);
        assert!(of_a_period.holds(), "{:?}", of_a_period.faults);
        assert!(of_a_period.unchecked.iter().any(|what| what.contains("1 things that began before")));
        let whole = judged(&messages, false);
        assert!(whole.faults[0].what.contains("the versions before it are missing"), "{:?}", whole.faults);
    }
}
