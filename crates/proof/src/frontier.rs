//! A tree that only grows: no more of it is kept than its next root needs.

use crate::{EMPTY, Hash, node};

/// The right edge of a growing tree: the roots of its complete subtrees, the largest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Goes on where another was left: with its size and its [`Frontier::peaks`]. Nothing, if there cannot be so many peaks
    /// at that size.
    pub fn resume(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let fits = usize::try_from(size.count_ones()) == Ok(peaks.len());
        fits.then_some(Self { size, peaks })
    }

    /// The roots of the complete subtrees, the largest first: with the size, all that is needed to go on.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a complete subtree that this leaf makes whole with its neighbour.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node(left, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        let smallest = peaks.next().unwrap_or(EMPTY);
        peaks.fold(smallest, |right, left| node(left, right))
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;
    use crate::leaf;

    #[test]
    fn the_roots_are_those_of_rfc_6962() {
        // The published vectors are of bare leaves; a leaf of ours has a subject, so they are hashed here.
        let inputs: [&[u8]; 3] = [b"", b"\x00", b"\x10"];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        ];
        let mut tree = Frontier::default();
        assert_eq!(tree.root(), EMPTY);
        for (input, root) in inputs.into_iter().zip(roots) {
            tree.push(tlog_tiles::tlog::record_hash(input));
            assert_eq!(HEXLOWER.encode(&tree.root().0), root);
        }
    }

    #[test]
    fn a_tree_that_was_left_grows_on_as_if_it_had_not_been() {
        let mut whole = Frontier::default();
        for n in 0_u8..100 {
            let mut resumed = Frontier::resume(whole.size(), whole.peaks().to_vec()).unwrap();
            whole.push(leaf("a", &[n]));
            resumed.push(leaf("a", &[n]));
            assert_eq!(resumed.root(), whole.root());
        }
        assert_eq!(Frontier::resume(3, vec![EMPTY]), None);
    }

    #[test]
    fn a_leaf_covers_subject_and_bytes() {
        assert_eq!(leaf("a.b", b"c"), tlog_tiles::tlog::record_hash(b"a.b\nc"));
        assert_ne!(leaf("a.b", b"c"), leaf("a", b"b\nc"));
    }
}
