//! What is seen of acts and of automatic steps.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use domain::Code;
use events::Stage;
use prometheus_client::{metrics::family::Family, registry::Registry};

use super::{Counter, Histogram, Labels, Scale, histogram::Histograms};

/// What became of an act that was done, before the codes of those that were not.
const DONE: [&str; 2] = ["OK", "REPLAYED"];

/// The metrics of all stages of a process.
pub(super) struct ActFamilies {
    commands: Family<Labels, Counter>,
    durations: Histograms,
    steps: Family<Labels, Counter>,
    lateness: Histograms,
}

impl ActFamilies {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let families = Self {
            commands: Family::default(),
            durations: Scale::Seconds.family(),
            steps: Family::default(),
            lateness: Scale::Seconds.family(),
        };
        registry.register(
            "commands",
            "Acts by what became of them: OK, REPLAYED, or the code of the refusal",
            families.commands.clone(),
        );
        Scale::Seconds.register(
            registry,
            "command_duration",
            "How long a stage took for an act, the steps that follow included",
            families.durations.clone(),
        );
        registry.register(
            "steps",
            "Automatic steps by what became of them: OK, REPLAYED (another did it), or the code of the refusal",
            families.steps.clone(),
        );
        Scale::Seconds.register(
            registry,
            "step_lateness",
            "How long after its instant a step was recorded that a clock asks for",
            families.lateness.clone(),
        );
        families
    }
}

/// Where a service that owns stages takes note of what it does.
#[derive(Clone, Debug)]
pub struct Acts {
    commands: Family<Labels, Counter>,
    durations: Histograms,
    stages: Arc<[StageSeen]>,
}

/// What is seen of the steps of one stage.
#[derive(Debug)]
struct StageSeen {
    stage: Stage,
    outcomes: Outcomes,
    lateness: Histogram,
}

impl Acts {
    pub(super) fn of(families: &ActFamilies, stages: &[Stage]) -> Self {
        let seen = |stage: &Stage| {
            let label = ("stage", stage.name());
            StageSeen {
                stage: *stage,
                outcomes: Outcomes::new(label, families.steps.clone()),
                lateness: families.lateness.get_or_create_owned(&vec![label]),
            }
        };
        Self {
            commands: families.commands.clone(),
            durations: families.durations.clone(),
            stages: stages.iter().map(seen).collect(),
        }
    }

    /// What is seen of an act.
    pub fn act(&self, name: &'static str) -> Arc<ActSeen> {
        let duration = self.durations.get_or_create_owned(&vec![("act", name)]);
        Arc::new(ActSeen { outcomes: Outcomes::new(("act", name), self.commands.clone()), duration })
    }

    /// A step of one of these stages was done, by this process or by another before it, or it was not.
    pub fn step(&self, stage: Stage, replayed: Result<bool, Code>) {
        if let Some(seen) = self.stage(stage) {
            seen.outcomes.count(replayed);
        }
    }

    /// A step that a clock asks for was recorded so long after its instant.
    pub fn late(&self, stage: Stage, by: Duration) {
        if let Some(seen) = self.stage(stage) {
            seen.lateness.took(by);
        }
    }

    fn stage(&self, stage: Stage) -> Option<&StageSeen> {
        self.stages.iter().find(|seen| seen.stage == stage)
    }
}

/// What is seen of one act.
#[derive(Debug)]
pub struct ActSeen {
    outcomes: Outcomes,
    duration: Histogram,
}

impl ActSeen {
    /// It was done, now or earlier under the same key, or refused.
    pub fn done(&self, replayed: Result<bool, Code>, took: Duration) {
        self.outcomes.count(replayed);
        self.duration.took(took);
    }

    /// It was not begun with: too much was under way.
    pub fn busy(&self) {
        self.outcomes.count(Err(Code::Busy));
    }
}

/// How often it came to what; an outcome is shown once it has happened.
#[derive(Debug)]
struct Outcomes {
    label: (&'static str, &'static str),
    family: Family<Labels, Counter>,
    counters: [OnceLock<Counter>; DONE.len() + Code::ALL.len()],
}

impl Outcomes {
    fn new(label: (&'static str, &'static str), family: Family<Labels, Counter>) -> Self {
        Self { label, family, counters: [const { OnceLock::new() }; DONE.len() + Code::ALL.len()] }
    }

    fn count(&self, replayed: Result<bool, Code>) {
        let (at, name) = match replayed {
            Ok(replayed) => (usize::from(replayed), DONE[usize::from(replayed)]),
            Err(code) => (DONE.len() + code as usize, code.name()),
        };
        let first = || self.family.get_or_create_owned(&vec![self.label, ("code", name)]);
        self.counters[at].get_or_init(first).inc();
    }
}
