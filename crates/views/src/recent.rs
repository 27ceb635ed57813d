//! Cases as they stood a moment ago: who follows the log shortly behind needs the state after a fact, and not the newest.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use domain::Case;
use events::CaseId;

/// How many states are kept, of all cases together.
const MOST: usize = 4_096;

/// The newest states of all cases, each until so many newer ones have come.
#[derive(Default)]
pub(crate) struct Recent(Mutex<States>);

#[derive(Default)]
struct States {
    cases: HashMap<(CaseId, u32), Arc<Case>>,
    order: VecDeque<(CaseId, u32)>,
}

impl Recent {
    /// Keeps a state for a while.
    pub(crate) fn keep(&self, case: &Arc<Case>) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (case.id, case.version);
        if states.cases.insert(key, Arc::clone(case)).is_none() {
            states.order.push_back(key);
        }
        if states.order.len() > MOST
            && let Some(oldest) = states.order.pop_front()
        {
            states.cases.remove(&oldest);
        }
    }

    /// The case as it stood at a version, if that was a moment ago.
    pub(crate) fn get(&self, id: CaseId, version: u32) -> Option<Arc<Case>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cases.get(&(id, version)).cloned()
    }
}
