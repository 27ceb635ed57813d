//! Answers what is asked of the audit service.

use std::sync::Arc;

use bus::{
    audit::{Answer, HASHES, Proof, Question},
    connection::Message,
    protocol,
};
use domain::{Code, Refusal};
use events::{Digest, EventId};
use proof::{
    Hash, HashReader as _,
    checkpoint::{self, Signed},
};
use service::Chassis;
use tokio::sync::{mpsc, oneshot};

use crate::{
    books::Books,
    find, format,
    keyring::{self, KeyRing},
    notary::Wish,
};

#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) books: Arc<Books>,
    pub(crate) chassis: Chassis,
    pub(crate) wishes: mpsc::Sender<Wish>,
}

impl Desk {
    /// Answers; `signs` what only those may ask for whose right it is to have something signed.
    pub(crate) async fn answer(&self, message: &Message, signs: bool) -> Answer {
        let question: Question = match protocol::read(message) {
            Ok(question) => question,
            Err(refusal) => return Answer::Refused(refusal),
        };
        let answered = match question {
            Question::Checkpoint { fresh } => {
                let signed = if fresh { self.fresh().await } else { self.newest() };
                signed.map(|signed| Answer::Checkpoint(signed.note))
            }
            Question::Hashes { log, indexes } => self.hashes(log, &indexes),
            Question::Proof { event } => self.proof(event).await,
            Question::Attest { manifest } if signs => self.attest(&manifest),
            Question::Attest { .. } => Err(nothing()),
            Question::Findings => Ok(Answer::Findings(self.books.findings())),
        };
        answered.unwrap_or_else(Answer::Refused)
    }

    fn newest(&self) -> Result<Signed, Refusal> {
        self.books.newest().ok_or_else(|| unavailable("no checkpoint was signed yet"))
    }

    async fn fresh(&self) -> Result<Signed, Refusal> {
        let (wish, granted) = oneshot::channel();
        self.wishes.send(wish).await.map_err(|_| unavailable("the service is stopping"))?;
        let signed = granted.await.map_err(|_| unavailable("the service is stopping"))?;
        signed.map_err(|reason| unavailable(&reason))
    }

    fn hashes(&self, log: usize, indexes: &[u64]) -> Result<Answer, Refusal> {
        let log = self.books.logs.get(log).filter(|_| indexes.len() <= HASHES).ok_or_else(nothing)?;
        let hashes = log.tiles().read_hashes(indexes).map_err(|_| nothing())?;
        Ok(Answer::Hashes(hashes.iter().map(Hash::to_string).collect()))
    }

    async fn proof(&self, event: EventId) -> Result<Answer, Refusal> {
        let found = find::event(&self.chassis.bus, &self.books.times, event).await;
        let entry = found.map_err(|error| unavailable(&error.to_string()))?.ok_or_else(nothing)?;
        let covers = |newest: &Signed| newest.checkpoint.heads[0].size >= entry.sequence;
        let signed = match self.books.newest().filter(covers) {
            Some(newest) => newest,
            None => self.fresh().await?,
        };
        let head = signed.checkpoint.heads[0];
        let path = proof::inclusion(&*self.books.logs[0].tiles(), head.size, entry.sequence - 1);
        let path = path.map_err(|error| unavailable(&error.to_string()))?;
        Ok(Answer::Proof(Box::new(Proof {
            event,
            sequence: entry.sequence,
            leaf: proof::leaf(&entry.subject, &entry.payload).to_string(),
            subject: entry.subject,
            path: path.iter().map(Hash::to_string).collect(),
            size: head.size,
            root: head.root.to_string(),
            checkpoint: signed.note,
        })))
    }

    fn attest(&self, manifest: &Digest) -> Result<Answer, Refusal> {
        let keys = keyring::folder(&self.chassis.config.credentials());
        let ring = KeyRing::read(&keys).map_err(|error| unavailable(&error.to_string()))?;
        if ring.signing.is_empty() {
            return Err(unavailable("this machine holds no key that signs"));
        }
        let note = checkpoint::sign(&format!("{}\n{manifest}\n", format::FORMAT), &ring.signing);
        note.map(Answer::Attested).map_err(|error| unavailable(&error.to_string()))
    }
}

fn nothing() -> Refusal {
    Refusal::new(
        Code::NotFound,
        "Không có sự kiện này trong nhật ký.",
        "There is no such message in the log.",
    )
}

fn unavailable(reason: &str) -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "Bộ phận kiểm toán chưa trả lời được; đề nghị thử lại sau ít phút.",
        format!("The audit service cannot answer now: {reason}."),
    )
}
