//! How many decisions a core makes, and how many facts it folds: over all scenarios of `tests/scenarios`.
//!
//! `cargo bench -p domain`. The goals: 200,000 decisions with their folding a second, 150,000 facts folded from their
//! stored bytes.

#![expect(clippy::unwrap_used, reason = "what cannot be measured ends the measurement")]
#![expect(missing_docs, reason = "criterion's macro makes a function without any")]

use std::{collections::BTreeMap, fs, hint::black_box, path::Path, sync::Arc};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::{
    Case, Others, Policy, PolicyFiles, evolve,
    scenario::Scenario,
    simulation::{self, Decided, Simulation},
};
use events::{CaseId, Fact};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn policy() -> Policy {
    Policy::from_files(PolicyFiles {
        policy: include_str!("../../../deploy/policy/policy.toml"),
        organisation: include_str!("../../../deploy/policy/organisation.toml"),
        calendar: include_str!("../../../deploy/policy/calendar-VN.toml"),
        deadlines: include_str!("../../../deploy/policy/deadlines.toml"),
        routing: include_str!("../../../deploy/policy/routing.toml"),
        rbac: include_str!("../../../deploy/policy/rbac.toml"),
        duties: include_str!("../../../deploy/policy/duties.toml"),
    })
    .unwrap()
}

/// Every scenario, played once.
fn simulated(policy: &Arc<Policy>) -> Vec<Simulation> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let scenarios = files.iter().map(|file| Scenario::parse(&fs::read_to_string(file).unwrap()).unwrap());
    scenarios.map(|scenario| simulation::play(&scenario, Arc::clone(policy)).unwrap().1).collect()
}

/// The decisions of a scenario with the facts that they made, in order; without those on two cases at once.
struct Chain {
    decided: Vec<(Decided, Fact)>,
}

impl Chain {
    fn of(simulation: &Simulation) -> Option<Self> {
        let mut facts: BTreeMap<CaseId, std::vec::IntoIter<Fact>> = BTreeMap::new();
        for (_, case) in simulation.cases() {
            facts.insert(case.id, simulation.paper().told(case.id)?.facts.clone().into_iter());
        }
        let decided = simulation.decided().iter().map(|decided| {
            let fact = facts.get_mut(&decided.case)?.next()?;
            let own = decided.id == fact.origin().command && decided.command.looks_at(None).is_empty();
            own.then(|| (decided.clone(), fact))
        });
        Some(Self { decided: decided.collect::<Option<_>>()? })
    }

    /// Makes every decision again and folds its fact.
    fn run(&self, policy: &Policy) {
        let mut cases: BTreeMap<CaseId, Case> = BTreeMap::new();
        let others = Others::new();
        for (decided, fact) in &self.decided {
            let case = cases.remove(&decided.case);
            black_box(decided.decide(case.as_ref(), &others, None, policy)).ok();
            cases.insert(decided.case, evolve(case, fact).unwrap());
        }
    }
}

fn rules(criterion: &mut Criterion) {
    let policy = Arc::new(policy());
    let simulated = simulated(&policy);
    let chains: Vec<_> = simulated.iter().filter_map(Chain::of).collect();
    let decisions: usize = chains.iter().map(|chain| chain.decided.len()).sum();
    assert!(chains.len() + 6 > simulated.len(), "{} of {} scenarios", chains.len(), simulated.len());
    let mut group = criterion.benchmark_group("rules");
    group.throughput(Throughput::Elements(decisions as u64));
    group.bench_function("decide and evolve", |bencher| {
        bencher.iter(|| chains.iter().for_each(|chain| chain.run(&policy)));
    });
    let stored: Vec<Vec<String>> = simulated
        .iter()
        .flat_map(|simulation| {
            simulation.cases().map(|(_, case)| simulation.paper().told(case.id).unwrap().stored.clone())
        })
        .collect();
    let facts: usize = stored.iter().map(Vec::len).sum();
    group.throughput(Throughput::Elements(facts as u64));
    group.bench_function("fold stored bytes", |bencher| {
        bencher.iter(|| {
            for case in &stored {
                let folded = case.iter().fold(None, |case, bytes| {
                    Some(evolve(case, &Fact::from_bytes(bytes.as_bytes()).unwrap()).unwrap())
                });
                black_box(folded);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, rules);
criterion_main!(benches);
