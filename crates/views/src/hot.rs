//! The cases that are in memory: those that were touched of late, and those that still must be written.

use std::collections::HashMap;

use events::CaseId;

/// How many cases are touched before those go that were not touched since the last time. At most twice as many stay,
/// beside those that are still to be written.
const GENERATION: usize = 4_096;

/// Values by case, of two generations: what is not touched while the younger one fills goes with the older one.
pub(crate) struct Hot<T> {
    young: HashMap<CaseId, T>,
    old: HashMap<CaseId, T>,
}

impl<T> Default for Hot<T> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<T> Hot<T> {
    /// A case, which is touched by that.
    pub(crate) fn touch(&mut self, id: CaseId) -> Option<&mut T> {
        if let Some(value) = self.old.remove(&id) {
            self.young.insert(id, value);
        }
        self.young.get_mut(&id)
    }

    /// A case, as if nobody had looked.
    pub(crate) fn peek(&self, id: CaseId) -> Option<&T> {
        self.young.get(&id).or_else(|| self.old.get(&id))
    }

    /// Puts a case there; gives what stood there before.
    pub(crate) fn insert(&mut self, id: CaseId, value: T) -> Option<T> {
        let before = self.old.remove(&id);
        self.young.insert(id, value).or(before)
    }

    pub(crate) fn remove(&mut self, id: CaseId) -> Option<T> {
        self.young.remove(&id).or_else(|| self.old.remove(&id))
    }

    /// All of them, as if nobody had looked.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (CaseId, &T)> {
        self.young.iter().chain(&self.old).map(|(id, value)| (*id, value))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Lets go, when it is time, what has not been touched for a generation and may go.
    pub(crate) fn let_go(&mut self, may_go: impl Fn(CaseId) -> bool) -> Vec<(CaseId, T)> {
        if self.young.len() < GENERATION {
            return Vec::new();
        }
        let old = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        let (gone, stay): (Vec<_>, Vec<_>) = old.into_iter().partition(|(id, _)| may_go(*id));
        self.young.extend(stay);
        gone
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: usize) -> CaseId {
        CaseId(Uuid::from_u128(n as u128))
    }

    #[test]
    fn what_is_touched_stays_and_what_must_not_go_does_not() {
        let mut hot = Hot::default();
        let (touched, kept, other) = (id(1), id(2), id(3));
        for case in [touched, kept, other] {
            hot.insert(case, ());
        }
        let mut gone = Vec::new();
        for n in 0..3 * GENERATION {
            hot.insert(id(100 + n), ());
            assert!(hot.touch(touched).is_some());
            gone.extend(hot.let_go(|id| id != kept).into_iter().map(|(id, ())| id));
        }
        assert!(gone.contains(&other) && !gone.contains(&touched) && !gone.contains(&kept));
        assert!(hot.peek(kept).is_some() && hot.peek(other).is_none());
        assert!(hot.len() <= 2 * GENERATION + 1, "{}", hot.len());
    }
}
