//! Whether checkpoints are signed by keys that are believed, and each continues the one before it.

use events::Digest;
use proof::{
    Hash, check_consistency,
    checkpoint::{LOGS, Signed},
    keys::Trusted,
};

use super::Report;
use crate::format::{self, Step};

/// Opens checkpoints in the order of their numbers, each with its place. Who believes one believes the keys that it names,
/// and no others, for those after it: what a key that was retired signs counts no more.
///
/// `trusted` are then the keys that count after the last one; gives the checkpoints, and all keys that ever counted.
pub(super) fn open(
    notes: &[(String, String)],
    trusted: &mut Trusted,
    report: &mut Report,
) -> (Vec<Signed>, Trusted) {
    let mut ever = trusted.clone();
    let mut chain: Vec<Signed> = Vec::new();
    for (place, note) in notes {
        let signed = match Signed::open(note, trusted) {
            Ok(signed) => signed,
            Err(error) => {
                report.fault(place, error.to_string());
                continue;
            }
        };
        *trusted = signed.checkpoint.keys.iter().cloned().collect();
        trusted.iter().for_each(|key| ever.add(key.clone()));
        if let Some(before) = chain.last() {
            follows(place, before, &signed, report);
        } else if signed.checkpoint.number == 1 && signed.checkpoint.previous != Digest::ZERO {
            report.fault(place, "the first checkpoint names one before it");
        }
        chain.push(signed);
    }
    (chain, ever)
}

fn follows(place: &str, before: &Signed, signed: &Signed, report: &mut Report) {
    let (old, new) = (&before.checkpoint, &signed.checkpoint);
    if new.number <= old.number {
        report.fault(place, format!("number {} comes after number {}", new.number, old.number));
    }
    if new.origin != old.origin {
        report.fault(place, format!("it is of {}, and the one before of {}", new.origin, old.origin));
    }
    if new.at < old.at {
        report
            .fault(place, format!("it was signed at {}, before number {}", new.at.to_rfc3339(), old.number));
    }
    if new.number == old.number + 1 && new.previous != before.digest() {
        report.fault(
            place,
            format!("it does not name number {} as the one before it: there is a fork", old.number),
        );
    }
    for (log, (old_head, new_head)) in LOGS.iter().zip(old.heads.iter().zip(&new.heads)) {
        if new_head.size < old_head.size {
            let (from, to) = (old_head.size, new_head.size);
            report.fault(place, format!("the log {log} shrinks from {from} to {to} messages"));
        }
    }
}

/// Whether the steps prove that each checkpoint continues the one before it.
pub(super) fn consistent(chain: &[Signed], steps: &[Step], report: &mut Report) {
    let pairs: Vec<_> = chain.windows(2).collect();
    if pairs.len() != steps.len() {
        let (pairs, steps) = (pairs.len(), steps.len());
        report.fault(format::PROOFS, format!("{steps} steps between checkpoints where {pairs} must be"));
    }
    for (pair, step) in pairs.into_iter().zip(steps) {
        let (old, new) = (&pair[0].checkpoint, &pair[1].checkpoint);
        let place = format!("checkpoints {} and {}", old.number, new.number);
        if (step.from, step.to) != (old.number, new.number) {
            report.fault(
                format::PROOFS,
                format!("the step from {} to {} is of other checkpoints", step.from, step.to),
            );
            continue;
        }
        for (at, texts) in step.logs().into_iter().enumerate() {
            let (old, new) = (old.heads[at], new.heads[at]);
            let proven = format::hashes(texts)
                .is_some_and(|proof| continues(&proof, (new.size, new.root), (old.size, old.root)));
            if !proven {
                report.fault(
                    &place,
                    format!("the log {} of the newer does not continue that of the older", LOGS[at]),
                );
            }
        }
    }
}

fn continues(proof: &[Hash], new: (u64, Hash), old: (u64, Hash)) -> bool {
    if new.0 == old.0 {
        return proof.is_empty() && new.1 == old.1;
    }
    old.0 < new.0 && check_consistency(proof, new, old).is_ok()
}

/// The checkpoint that was kept elsewhere, against those that are there. Gives it if its root is still to be held against
/// the messages.
pub(super) fn kept(
    note: Option<&str>,
    trusted: &Trusted,
    chain: &[Signed],
    whole: bool,
    report: &mut Report,
) -> Option<Signed> {
    const PLACE: &str = "the checkpoint that was kept";
    let Some(note) = note else {
        report.unchecked("whether the end was cut off together with its checkpoints, or everything made anew: give a checkpoint that was kept elsewhere (--checkpoint FILE)");
        return None;
    };
    let kept = match Signed::open(note, trusted) {
        Ok(kept) => kept,
        Err(error) => {
            report.fault(PLACE, error.to_string());
            return None;
        }
    };
    let number = kept.checkpoint.number;
    if let Some(same) = chain.iter().find(|signed| signed.checkpoint.number == number) {
        if same.note == kept.note {
            report.checked(format!("checkpoint {number}, which was kept elsewhere, is the one that is here"));
        } else {
            report.fault(
                PLACE,
                format!("here is another checkpoint of number {number}: two readers were shown two logs"),
            );
        }
        return whole.then_some(kept);
    }
    if !whole {
        report.unchecked(format!(
            "checkpoint {number}, which was kept elsewhere, is not in this export: make one with --checkpoint FILE"
        ));
        return None;
    }
    Some(kept)
}
