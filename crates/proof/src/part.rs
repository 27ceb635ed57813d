//! Some leaves of a tree, and the fewest hashes that make its root out of them.
//!
//! Walk the tree from its root: a subtree without any leaf that is held is one hash of the proof; any other is split
//! as RFC 6962 splits it. For one leaf these are the hashes of its inclusion proof, from left to right; for all
//! leaves there are none.

use std::ops::Range;

use crate::{EMPTY, Hash, HashReader, TreeError, node};

/// The proof does not fit the leaves: a hash is missing, left over, or a leaf is outside the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hashes do not fit the messages: one is missing or too many")]
pub struct Unfit;

/// The subtrees whose hashes make the proof, from left to right, for leaves held in ascending order.
pub fn missing(size: u64, held: impl IntoIterator<Item = u64>) -> Vec<Range<u64>> {
    fn walk(
        part: Range<u64>,
        held: &mut std::iter::Peekable<impl Iterator<Item = u64>>,
        found: &mut Vec<Range<u64>>,
    ) {
        if held.peek().is_none_or(|next| *next >= part.end) {
            found.push(part);
        } else if part.end - part.start == 1 {
            held.next();
        } else {
            let middle = split(&part);
            walk(part.start..middle, held, found);
            walk(middle..part.end, held, found);
        }
    }
    let mut found = Vec::new();
    if size > 0 {
        walk(0..size, &mut held.into_iter().peekable(), &mut found);
    }
    found
}

/// The hashes that are stored of a subtree: its root is made of them.
pub fn stored(part: &Range<u64>) -> Vec<u64> {
    tlog_tiles::tlog::sub_tree_index(part.start, part.end, Vec::new())
}

/// The root of a subtree, out of what is stored of it.
pub fn subtree(hashes: &[Hash]) -> Hash {
    let mut hashes = hashes.iter().rev().copied();
    let last = hashes.next().unwrap_or(EMPTY);
    hashes.fold(last, |right, left| node(left, right))
}

/// The proof for leaves held in ascending order.
///
/// # Errors
/// A hash cannot be read.
pub fn prove(
    tree: &impl HashReader,
    size: u64,
    held: impl IntoIterator<Item = u64>,
) -> Result<Vec<Hash>, TreeError> {
    missing(size, held).iter().map(|part| Ok(subtree(&tree.read_hashes(&stored(part))?))).collect()
}

/// The root of a tree of that size, out of the leaves that are held, in ascending order, and the proof.
///
/// # Errors
/// [`Unfit`]
pub fn root(
    size: u64,
    held: impl IntoIterator<Item = (u64, Hash)>,
    proof: impl IntoIterator<Item = Hash>,
) -> Result<Hash, Unfit> {
    fn walk(
        part: Range<u64>,
        held: &mut std::iter::Peekable<impl Iterator<Item = (u64, Hash)>>,
        proof: &mut impl Iterator<Item = Hash>,
    ) -> Result<Hash, Unfit> {
        match held.peek() {
            Some((next, _)) if *next < part.start => Err(Unfit),
            Some((next, hash)) if *next < part.end => {
                let hash = *hash;
                if part.end - part.start == 1 {
                    held.next();
                    return Ok(hash);
                }
                let middle = split(&part);
                Ok(node(walk(part.start..middle, held, proof)?, walk(middle..part.end, held, proof)?))
            }
            _ => proof.next().ok_or(Unfit),
        }
    }
    let (mut held, mut proof) = (held.into_iter().peekable(), proof.into_iter());
    let root = if size == 0 { EMPTY } else { walk(0..size, &mut held, &mut proof)? };
    if held.next().is_some() || proof.next().is_some() {
        return Err(Unfit);
    }
    Ok(root)
}

/// Where RFC 6962 splits a subtree of two leaves or more: at the largest power of two that is smaller than it.
fn split(part: &Range<u64>) -> u64 {
    part.start + (1 << (part.end - part.start - 1).ilog2())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;

    use super::*;
    use crate::{Frontier, leaf};

    /// The stored hashes of a tree, in memory.
    #[derive(Default)]
    struct Store(RefCell<Vec<Hash>>);

    impl HashReader for Store {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, TreeError> {
            let hashes = self.0.borrow();
            indexes
                .iter()
                .map(|at| usize::try_from(*at).ok().and_then(|at| hashes.get(at)).copied())
                .collect::<Option<_>>()
                .ok_or(TreeError::IndexesNotInTree)
        }
    }

    fn tree(size: u64) -> (Store, Vec<Hash>, Frontier) {
        let (store, mut leaves, mut frontier) = (Store::default(), Vec::new(), Frontier::default());
        for at in 0..size {
            let hash = leaf("case.00.a", &at.to_be_bytes());
            let more = tlog_tiles::tlog::stored_hashes_for_record_hash(at, hash, &store).unwrap();
            store.0.borrow_mut().extend(more);
            leaves.push(hash);
            frontier.push(hash);
        }
        (store, leaves, frontier)
    }

    proptest! {
        #[test]
        fn any_leaves_and_their_proof_make_the_root(size in 0_u64..300, picks in prop::collection::btree_set(0_u64..300, 0..40)) {
            let (store, leaves, frontier) = tree(size);
            let held: Vec<u64> = picks.into_iter().filter(|pick| *pick < size).collect();
            let proof = prove(&store, size, held.iter().copied()).unwrap();
            let with = |at: &u64| (*at, leaves[usize::try_from(*at).unwrap()]);
            prop_assert_eq!(root(size, held.iter().map(with), proof.clone()), Ok(frontier.root()));
            prop_assert_eq!(crate::root(&store, size).unwrap(), frontier.root());

            // Another leaf makes another root; a hash too many or too few makes none.
            if let Some(first) = held.first() {
                let altered = |at: &u64| (*at, if at == first { leaf("x", b"") } else { with(at).1 });
                prop_assert_ne!(root(size, held.iter().map(altered), proof.clone()), Ok(frontier.root()));
            }
            let longer = proof.iter().copied().chain([EMPTY]);
            prop_assert_eq!(root(size, held.iter().map(with), longer), Err(Unfit));
            if !proof.is_empty() {
                prop_assert_eq!(root(size, held.iter().map(with), proof[1..].iter().copied()), Err(Unfit));
            }
        }

        #[test]
        fn one_leaf_needs_the_hashes_of_its_inclusion_proof(size in 1_u64..300, pick in 0_u64..300) {
            let at = pick % size;
            let (store, leaves, frontier) = tree(size);
            let mut part = prove(&store, size, [at]).unwrap();
            let mut path = crate::inclusion(&store, size, at).unwrap();
            let hash = leaves[usize::try_from(at).unwrap()];
            prop_assert!(crate::check_inclusion(&path, size, frontier.root(), at, hash).is_ok());
            part.sort_by_key(|hash| hash.0);
            path.sort_by_key(|hash| hash.0);
            prop_assert_eq!(part, path);
        }

        #[test]
        fn an_older_tree_is_shown_to_be_the_beginning(newer in 1_u64..200, older in 0_u64..200) {
            let older = older % (newer + 1);
            let (store, leaves, frontier) = tree(newer);
            let mut before = Frontier::default();
            leaves.iter().take(usize::try_from(older).unwrap()).for_each(|leaf| before.push(*leaf));
            let proof = if older == 0 { Vec::new() } else { crate::consistency(&store, newer, older).unwrap() };
            let (new, old) = ((newer, frontier.root()), (older, before.root()));
            prop_assert!(crate::check_consistency(&proof, new, old).is_ok());
            let forked = (older, leaf("x", b""));
            prop_assert!(crate::check_consistency(&proof, new, forked).is_err());
        }
    }

    #[test]
    fn a_leaf_outside_the_tree_is_refused() {
        assert_eq!(root(2, [(2, EMPTY)], [EMPTY]), Err(Unfit));
        assert_eq!(root(0, [(0, EMPTY)], []), Err(Unfit));
    }
}
