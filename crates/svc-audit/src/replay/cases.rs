//! The cases and duties as far as the log was read: of a million facts those cases are kept folded that were touched of
//! late, and one that is touched again later is read anew by its own subject. Duties are few.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use bus::{
    Bus,
    log::{self, ReadError},
    streams::CASES,
};
use domain::{
    Case, OutOfOrder,
    access::Principal,
    duties::{self, Duty},
};
use events::{AggregateId, CaseId, DutyId, Fact};

use super::AsOf;
use crate::text::Printer;

/// How many cases are kept folded at least; never more than twice as many.
const KEPT: usize = 10_000;

/// What a fact is about, as it stands.
#[derive(Clone, Copy)]
pub(crate) enum Stands<'a> {
    /// A case.
    Case(&'a Case),
    /// A regular duty.
    Duty(&'a Duty),
}

impl<'a> Stands<'a> {
    /// The number that people use for it.
    pub(crate) fn code(self) -> Option<String> {
        match self {
            Self::Case(case) => case.code.as_ref().map(ToString::to_string),
            Self::Duty(duty) => Some(duty.code()),
        }
    }

    /// It is an exercise.
    pub(crate) fn is_exercise(self) -> bool {
        matches!(self, Self::Case(case) if case.matter.exercise)
    }

    /// Who may see it.
    pub(super) fn audience(self) -> &'a BTreeSet<Principal> {
        match self {
            Self::Case(case) => &case.audience,
            Self::Duty(duty) => &duty.audience,
        }
    }
}

/// What became of a fact.
pub(super) enum Folded<'a> {
    /// It is folded; of a fact about something else than a case or a duty there is none.
    In(Option<Stands<'a>>),
    /// It had happened by then, but was recorded after something that had not, on which it was decided: the case or duty
    /// stands without it, if it stood at all.
    Apart(OutOfOrder, Option<Stands<'a>>),
}

/// The cases.
pub(super) struct Cases<'a> {
    bus: &'a Bus,
    as_of: AsOf,
    kept: usize,
    /// Those touched last, and those touched before them: when the first are many, the second are let go.
    young: HashMap<CaseId, Case>,
    old: HashMap<CaseId, Case>,
    /// Those that were let go, each with how it stands as text.
    gone: HashMap<CaseId, Vec<u8>>,
    duties: HashMap<DutyId, Duty>,
}

impl<'a> Cases<'a> {
    pub(super) fn new(bus: &'a Bus, as_of: AsOf) -> Self {
        let (young, old, gone) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { bus, as_of, kept: KEPT, young, old, gone, duties: HashMap::new() }
    }

    /// Folds the fact at a place in the log. After an error its case is no longer known: what follows on it is an error
    /// too.
    pub(super) async fn fold(
        &mut self,
        sequence: u64,
        fact: &Fact,
    ) -> Result<Result<Folded<'_>, OutOfOrder>, ReadError> {
        let id = match fact.draft.aggregate {
            AggregateId::Case(id) => id,
            AggregateId::Duty(id) => return Ok(self.fold_duty(id, fact)),
            AggregateId::Directory | AggregateId::Document(_) => return Ok(Ok(Folded::In(None))),
        };
        let known = match self.young.remove(&id).or_else(|| self.old.remove(&id)) {
            None if self.gone.remove(&id).is_some() => self.anew(id, sequence).await?,
            known => known,
        };
        let (case, apart) = match step(self.as_of, known, fact) {
            Ok(folded) => folded,
            Err(broken) => return Ok(Err(broken)),
        };
        let case = case.map(|case| Stands::Case(&*self.young.entry(id).or_insert(case)));
        Ok(Ok(folded(apart, case)))
    }

    fn fold_duty(&mut self, id: DutyId, fact: &Fact) -> Result<Folded<'_>, OutOfOrder> {
        let (duty, apart) = step(self.as_of, self.duties.remove(&id), fact)?;
        let duty = duty.map(|duty| match self.duties.entry(id) {
            Entry::Vacant(place) => Stands::Duty(place.insert(duty)),
            Entry::Occupied(place) => Stands::Duty(place.into_mut()),
        });
        Ok(folded(apart, duty))
    }

    /// How a duty stands.
    pub(super) fn duty(&self, id: DutyId) -> Option<&Duty> {
        self.duties.get(&id)
    }

    /// Lets those go that were not touched for long; of those that are to be shown at the end the text stays.
    pub(super) fn let_go(
        &mut self,
        shown: &BTreeSet<CaseId>,
        printer: Option<&Printer>,
    ) -> std::io::Result<()> {
        if self.young.len() < self.kept {
            return Ok(());
        }
        let gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        for (id, case) in gone {
            let mut text = Vec::new();
            if let Some(printer) = printer.filter(|_| shown.contains(&id)) {
                printer.case(&mut text, &case)?;
            }
            self.gone.insert(id, text);
        }
        Ok(())
    }

    /// Writes how a case stands.
    pub(super) fn write(
        &self,
        id: &CaseId,
        printer: &Printer,
        out: &mut impl std::io::Write,
    ) -> std::io::Result<()> {
        match (self.young.get(id).or_else(|| self.old.get(id)), self.gone.get(id)) {
            (Some(case), _) => printer.case(out, case),
            (None, Some(text)) => out.write_all(text),
            (None, None) => Ok(()),
        }
    }

    /// A case that was let go, folded up to a place in the log.
    async fn anew(&self, id: CaseId, before: u64) -> Result<Option<Case>, ReadError> {
        let subject = AggregateId::Case(id).subject();
        let mut case = None;
        let mut next = 1;
        loop {
            let entries = log::read(self.bus, CASES, next, &subject).await?;
            let Some(last) = entries.last() else { return Ok(case) };
            next = last.sequence + 1;
            for entry in entries.iter().take_while(|entry| entry.sequence < before) {
                // It was read and folded before.
                let Ok(fact) = Fact::from_bytes(&entry.payload) else { continue };
                if self.as_of.includes(&fact) {
                    case = step(self.as_of, case, &fact).ok().and_then(|(case, _)| case);
                }
            }
            if next >= before {
                return Ok(case);
            }
        }
    }
}

fn folded(apart: Option<OutOfOrder>, stands: Option<Stands<'_>>) -> Folded<'_> {
    match apart {
        None => Folded::In(stands),
        Some(apart) => Folded::Apart(apart, stands),
    }
}

/// What facts are folded into.
trait Fold: Clone {
    /// Folds a fact into it.
    fn evolve(before: Option<Self>, fact: &Fact) -> Result<Self, OutOfOrder>;
    /// The same, as if the fact before this one had made it.
    fn linked(self, fact: &Fact) -> Self;
}

impl Fold for Case {
    fn evolve(before: Option<Self>, fact: &Fact) -> Result<Self, OutOfOrder> {
        domain::evolve(before, fact)
    }

    fn linked(self, fact: &Fact) -> Self {
        Self { version: fact.version.saturating_sub(1), head: fact.previous, ..self }
    }
}

impl Fold for Duty {
    fn evolve(before: Option<Self>, fact: &Fact) -> Result<Self, OutOfOrder> {
        duties::evolve(before, fact)
    }

    fn linked(self, fact: &Fact) -> Self {
        Self { version: fact.version.saturating_sub(1), head: fact.previous, ..self }
    }
}

/// Folds a fact into its case or duty. As of an occurred time facts may be missing before it: then it takes its place all the
/// same, and only what cannot follow on the state that there is stays apart.
fn step<T: Fold>(
    as_of: AsOf,
    known: Option<T>,
    fact: &Fact,
) -> Result<(Option<T>, Option<OutOfOrder>), OutOfOrder> {
    let AsOf::Occurred(_) = as_of else { return T::evolve(known, fact).map(|it| (Some(it), None)) };
    let linked = known.clone().map(|it| it.linked(fact));
    match T::evolve(linked, fact) {
        Ok(it) => Ok((Some(it), None)),
        Err(apart) => Ok((known, Some(apart))),
    }
}

#[cfg(test)]
mod tests {
    use bus::{
        Principal,
        append::{self, Append},
    };
    use events::{
        Digest, Kind, Timestamp,
        envelope::{self, Stamp},
    };
    use testkit::nats::TestNats;

    use super::*;

    /// A stored fact of a case.
    fn fact(kind: Kind, case: &str, version: u32, previous: Digest) -> String {
        let mut example = kind.example();
        example["subject"] = case.into();
        for stamp in ["version", "recordedtime", "previoushash"] {
            example.as_object_mut().unwrap().remove(stamp);
        }
        let recorded_at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        envelope::stamp(&example.to_string(), Stamp { version, recorded_at, previous }).unwrap()
    }

    #[tokio::test]
    async fn a_case_that_was_let_go_is_read_again_and_stands_as_if_it_had_been_kept() {
        let nats = TestNats::start().await;
        let ledger = nats.connect(Principal::Ledger).await;
        let [one, other] = [1, 2].map(|n| {
            AggregateId::Case(CaseId::raised_by(&"A".into(), &"b".into(), &n.to_string())).subject()
        });
        let first = fact(Kind::RaisedByPhone, &one, 1, Digest::ZERO);
        let second = fact(Kind::Numbered, &one, 2, Digest::of(first.as_bytes()));
        let between = fact(Kind::RaisedByPhone, &other, 1, Digest::ZERO);
        let stored = [(&one, &first, 0), (&other, &between, 0), (&one, &second, 1)];
        for (subject, payload, expected) in stored {
            let (subject, payload) = (subject.clone(), payload.clone().into());
            let id = format!("{subject} {expected}");
            let entry = Append { subject, payload, id, expected, headers: Vec::new() };
            append::append(&ledger, CASES, &entry).await.unwrap();
        }
        let audit = nats.connect(Principal::Audit).await;
        let mut ends = Vec::new();
        for kept in [1, KEPT] {
            let mut cases = Cases { kept, ..Cases::new(&audit, AsOf::Now) };
            let (mut shown, printer) =
                (BTreeSet::new(), Printer::new(false, std::collections::BTreeMap::new()));
            for ((_, payload, _), sequence) in stored.iter().zip(1..) {
                let fact = Fact::from_bytes(payload.as_bytes()).unwrap();
                let AggregateId::Case(id) = fact.draft.aggregate else { panic!("a case") };
                shown.insert(id);
                let folded = cases.fold(sequence, &fact).await.unwrap();
                assert!(
                    matches!(folded, Ok(Folded::In(Some(Stands::Case(case)))) if case.version == fact.version)
                );
                // Twice, so that it is not among the old ones either.
                for _ in 0..2 {
                    cases.let_go(&shown, Some(&printer)).unwrap();
                }
            }
            let held = cases.young.len() + cases.old.len();
            assert_eq!(held, if kept == 1 { 1 } else { 2 });
            let mut end = Vec::new();
            for id in &shown {
                cases.write(id, &printer, &mut end).unwrap();
            }
            ends.push(String::from_utf8(end).unwrap());
        }
        assert_eq!(ends[0], ends[1]);
        assert!(ends[0].contains("VV-"), "{}", ends[0]);
    }
}
