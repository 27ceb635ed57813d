//! Asks the running audit service for what only it has: checkpoints, hashes of the trees, a signature.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use bus::{
    Bus,
    audit::{ASK, Answer, HASHES, Question, SIGN},
    protocol,
};
use events::Digest;
use proof::{EMPTY, Hash, HashReader, TreeError};

/// The audit service did not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit service: {0}")]
pub struct AskError(String);

/// How long an answer may take: a checkpoint may have to be signed first.
const WITHIN: Duration = Duration::from_secs(15);

async fn ask(bus: &Bus, question: &Question) -> Result<Answer, AskError> {
    let subject = if matches!(question, Question::Attest { .. }) { SIGN } else { ASK };
    let answered = bus.request(subject, protocol::write(question), WITHIN).await;
    let answer = answered.map_err(|error| AskError(format!("{error}; does the service run?")))?;
    match protocol::read(&answer).map_err(|refusal| AskError(refusal.en))? {
        Answer::Refused(refusal) => Err(AskError(refusal.en)),
        answer => Ok(answer),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn unproven(error: TreeError) -> AskError {
    AskError(format!("a proof cannot be made: {error}"))
}

fn other() -> AskError {
    AskError("it answered something else: do both run the same version?".to_owned())
}

/// The newest checkpoint: the signed note. A fresh one covers all that is stored now.
pub async fn checkpoint(bus: &Bus, fresh: bool) -> Result<String, AskError> {
    match ask(bus, &Question::Checkpoint { fresh }).await? {
        Answer::Checkpoint(note) => Ok(note),
        _ => Err(other()),
    }
}

/// A signed note over the digest of a manifest.
pub async fn attest(bus: &Bus, manifest: Digest) -> Result<String, AskError> {
    match ask(bus, &Question::Attest { manifest }).await? {
        Answer::Attested(note) => Ok(note),
        _ => Err(other()),
    }
}

/// What the self-check has found.
pub async fn findings(bus: &Bus) -> Result<Vec<bus::audit::Finding>, AskError> {
    match ask(bus, &Question::Findings).await? {
        Answer::Findings(findings) => Ok(findings),
        _ => Err(other()),
    }
}

/// The hashes of a tree that were asked for so far.
#[derive(Default)]
pub(crate) struct Known {
    hashes: HashMap<u64, Hash>,
    wanted: RefCell<Vec<u64>>,
}

impl HashReader for Known {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, TreeError> {
        let read = |index: &u64| {
            self.hashes.get(index).copied().unwrap_or_else(|| {
                self.wanted.borrow_mut().push(*index);
                EMPTY
            })
        };
        Ok(indexes.iter().map(read).collect())
    }
}

/// Makes a proof out of a tree that is elsewhere. Which hashes a proof needs is known from sizes and places alone: so it
/// is made once to see which, and again with them.
pub(crate) async fn prove(
    bus: &Bus,
    log: usize,
    proof: impl Fn(&Known) -> Result<Vec<Hash>, TreeError>,
) -> Result<Vec<Hash>, AskError> {
    let mut known = Known::default();
    proof(&known).map_err(unproven)?;
    let wanted = known.wanted.take();
    for indexes in wanted.chunks(HASHES) {
        let question = Question::Hashes { log, indexes: indexes.to_vec() };
        let Answer::Hashes(hashes) = ask(bus, &question).await? else { return Err(other()) };
        for (index, hash) in indexes.iter().zip(hashes) {
            known.hashes.insert(*index, Hash::parse_hash(&hash).map_err(unproven)?);
        }
    }
    let made = proof(&known).map_err(unproven)?;
    if known.wanted.take().is_empty() { Ok(made) } else { Err(other()) }
}
