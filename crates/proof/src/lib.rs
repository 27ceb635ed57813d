//! What can be proven of a log without trusting who keeps it: Merkle trees (RFC 6962), parts of them, and signed
//! checkpoints (C2SP `tlog-checkpoint`, `signed-note`). Pure: no clock, no network, no files.
//!
//! The leaves of a log are its messages, in their order: message `n` of a stream is leaf `n - 1`. A leaf covers the
//! subject and the exact bytes ([`leaf`]).

pub mod checkpoint;
mod frontier;
pub mod keys;
pub mod part;

use sha2::{Digest as _, Sha256};

pub use frontier::Frontier;
pub use tlog_tiles::tlog::{EMPTY_HASH as EMPTY, Error as TreeError, Hash, HashReader};

/// The hash of a message as a leaf: SHA-256 over a zero byte, the subject, a line feed and the exact bytes.
pub fn leaf(subject: &str, payload: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(subject);
    hasher.update(b"\n");
    hasher.update(payload);
    Hash(hasher.finalize().into())
}

/// The hash of a node over its two children: SHA-256 over a one byte and both hashes.
pub fn node(left: Hash, right: Hash) -> Hash {
    tlog_tiles::tlog::node_hash(left, right)
}

/// The proof that one leaf stands in the tree of a size, from the leaf's sibling upwards (RFC 6962 §2.1.1).
///
/// # Errors
/// The leaf is not in the tree, or a hash cannot be read.
pub fn inclusion(tree: &impl HashReader, size: u64, leaf: u64) -> Result<Vec<Hash>, TreeError> {
    tlog_tiles::tlog::prove_record(size, leaf, tree)
}

/// Whether a leaf stands in the tree with that root.
///
/// # Errors
/// It does not, or the proof is of another leaf, size or tree.
pub fn check_inclusion(
    proof: &[Hash],
    size: u64,
    root: Hash,
    leaf: u64,
    hash: Hash,
) -> Result<(), TreeError> {
    tlog_tiles::tlog::check_record(&proof.to_vec(), size, root, leaf, hash)
}

/// The proof that the tree of the older size is the beginning of the newer one (RFC 6962 §2.1.2).
///
/// # Errors
/// The sizes are not in this order or zero, or a hash cannot be read.
pub fn consistency(tree: &impl HashReader, newer: u64, older: u64) -> Result<Vec<Hash>, TreeError> {
    tlog_tiles::tlog::prove_tree(newer, older, tree)
}

/// Whether the older tree is the beginning of the newer one. A tree of no messages is the beginning of any.
///
/// # Errors
/// It is not, or the proof is of other trees.
pub fn check_consistency(
    proof: &[Hash],
    (newer, new_root): (u64, Hash),
    (older, old_root): (u64, Hash),
) -> Result<(), TreeError> {
    if older == 0 {
        return if old_root == EMPTY && proof.is_empty() { Ok(()) } else { Err(TreeError::InvalidProof) };
    }
    tlog_tiles::tlog::check_tree(&proof.to_vec(), newer, new_root, older, old_root)
}

/// The root of a tree of that size.
///
/// # Errors
/// A hash cannot be read.
pub fn root(tree: &impl HashReader, size: u64) -> Result<Hash, TreeError> {
    tlog_tiles::tlog::tree_hash(size, tree)
}
