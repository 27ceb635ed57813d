//! Then: what came of an act, and how the case stands.

use events::{DeadlineKey, Fact, Kind, Lifecycle};

use super::{Story, clock, line, local, mail};
use crate::{
    Case, Code, Decision, OutOfOrder, Outcome, Person, Refusal, Step, deadlines, evolve, next_step, notices,
};

impl Story {
    /// The act made a fact of this kind.
    pub(crate) fn then(&mut self, kind: Kind) -> &mut Self {
        assert_eq!(self.decision().body.kind(), kind);
        self
    }

    /// Whether the act was done; a refusal is no surprise here.
    pub(crate) fn done(&mut self) -> bool {
        self.answer.take().expect("an act comes first").is_ok()
    }

    /// What the act was decided to record.
    pub(crate) fn decision(&mut self) -> Decision {
        match self.answer.take().expect("an act comes first") {
            Ok(Outcome::Fresh(decision)) => decision,
            other => panic!("not a fact, but {other:?}"),
        }
    }

    /// The act was known: it made the fact of this version already.
    pub(crate) fn repeats(&mut self, version: u32) -> &mut Self {
        match self.answer.take().expect("an act comes first") {
            Ok(Outcome::Repeat(receipt)) => {
                assert_eq!(receipt.version, version);
                assert_eq!(receipt.event, self.facts()[version as usize - 1].draft.id);
            }
            other => panic!("not a repeat, but {other:?}"),
        }
        self
    }

    /// The act was refused; gives the field that the refusal is about.
    fn refusal(&mut self, code: Code) -> Option<String> {
        let refusal = self.why();
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(!refusal.vi.is_empty() && !refusal.en.is_empty(), "a refusal says why: {refusal:?}");
        refusal.field
    }

    /// The act was refused: how.
    pub(crate) fn why(&mut self) -> Refusal {
        match self.answer.take().expect("an act comes first") {
            Err(refusal) => refusal,
            Ok(outcome) => panic!("not refused, but {outcome:?}"),
        }
    }

    /// The act was refused, not about a field.
    pub(crate) fn refused(&mut self, code: Code) -> &mut Self {
        assert_eq!(self.refusal(code), None);
        self
    }

    /// The act was refused, about this field.
    pub(crate) fn refused_at(&mut self, code: Code, field: &str) -> &mut Self {
        assert_eq!(self.refusal(code).as_deref(), Some(field));
        self
    }

    /// Where the case stands.
    pub(crate) fn stands(&mut self, lifecycle: Lifecycle) -> &mut Self {
        assert_eq!(self.case().lifecycle, lifecycle);
        self
    }

    /// The case.
    pub(crate) fn case(&self) -> &Case {
        self.current.and_then(|id| self.paper.case(id)).expect("a case is raised")
    }

    /// The case that was raised as the how-manieth, counted from 1.
    pub(crate) fn case_of(&self, number: usize) -> &Case {
        self.paper.case(self.raised[number - 1]).expect("a case that was raised")
    }

    /// The directory, once something was said to it.
    pub(crate) fn directory(&self) -> &crate::Directory {
        self.paper.directory().expect("something was said to it")
    }

    /// The facts of the directory, oldest first.
    pub(crate) fn of_directory(&self) -> &[Fact] {
        &self.paper.said_to_directory().facts
    }

    /// Its facts.
    pub(crate) fn facts(&self) -> &[Fact] {
        self.current.and_then(|id| self.paper.told(id)).map_or(&[], |told| &told.facts)
    }

    /// Its newest fact.
    pub(crate) fn newest(&self) -> &Fact {
        self.facts().last().expect("a case is raised")
    }

    /// The case beside the one that is looked at.
    pub(crate) fn other(&self) -> Option<events::CaseId> {
        self.raised.iter().copied().find(|id| Some(*id) != self.current)
    }

    /// Its place among those that were raised, counted from 1.
    pub(crate) fn others_place(&self) -> Option<usize> {
        self.raised.iter().position(|id| Some(*id) != self.current).map(|place| place + 1)
    }

    /// How many cases were raised.
    pub(crate) fn raised(&self) -> usize {
        self.raised.len()
    }

    /// The facts of the case that was raised as the how-manieth, as they are stored.
    pub(crate) fn stored_of(&self, number: usize) -> &[String] {
        self.paper.told(self.raised[number - 1]).map_or(&[], |told| &told.stored)
    }

    /// Its facts as they are stored.
    pub(crate) fn stored(&self) -> &[String] {
        self.current.and_then(|id| self.paper.told(id)).map_or(&[], |told| &told.stored)
    }

    /// The documents that are registered, by number and symbol.
    pub(crate) fn registered(&self) -> Vec<String> {
        self.paper.registrations().map(|registration| registration.document.printed()).collect()
    }

    /// The case as its stored facts give it.
    pub(crate) fn replayed(&self) -> Result<Option<Case>, OutOfOrder> {
        self.stored().iter().try_fold(None, |case, bytes| {
            evolve(case, &Fact::from_bytes(bytes.as_bytes()).unwrap()).map(Some)
        })
    }

    /// The facts say this, one line for each, from a clock time on.
    pub(crate) fn says_since(&self, clock: &str, lines: &[&str]) {
        assert_eq!(self.log_since(clock).join("\n"), lines.join("\n"));
    }

    /// The facts say this from the beginning, one line for each.
    pub(crate) fn says(&self, lines: &[&str]) {
        assert_eq!(self.log().join("\n"), lines.join("\n"));
    }

    /// Its facts in words, one line for each.
    pub(crate) fn log(&self) -> Vec<String> {
        self.facts().iter().map(line).collect()
    }

    /// The facts in words from a clock time on.
    pub(crate) fn log_since(&self, clock: &str) -> Vec<String> {
        let since = local(clock);
        self.facts().iter().filter(|fact| fact.origin().occurred_at >= since).map(line).collect()
    }

    /// The deadlines that run, in words: `written 1: 16/05 21:48 to 17/05 05:48`.
    pub(crate) fn running(&self) -> Vec<String> {
        let words = |armed: &deadlines::Armed| {
            let events::Deadline { key, instance, start, due } = armed.deadline;
            format!("{key} {instance}: {} to {}", clock(start), clock(due))
        };
        let mut running: Vec<_> = deadlines::running(self.case()).map(words).collect();
        running.sort();
        running
    }

    /// When a deadline that runs is due, in words.
    pub(crate) fn due_of(&self, key: DeadlineKey, instance: u32) -> Option<String> {
        deadlines::find(self.case(), key, instance).map(|armed| clock(armed.deadline.due))
    }

    /// The mails of the newest fact, in words: `E01 to BTG.LD by 16/05 22:07`.
    pub(crate) fn mails(&self) -> Vec<String> {
        let mails = notices::notices(self.case(), self.newest(), &self.policy);
        let kind = self.newest().body().kind();
        assert!(mails.is_empty() || notices::MAILED.contains(&kind), "the notifier does not look at {kind}");
        mails.iter().map(mail).collect()
    }

    /// The person who acts next.
    pub(crate) fn person(&self) -> Person {
        self.policy.organisation.person(&self.officer, self.now).expect("an officer of the organisation")
    }

    /// The next step of one stage.
    pub(crate) fn step_of(&self, stage: events::Stage) -> Option<Step> {
        next_step(self.case(), stage, self.now, &self.policy)
    }
}
