//! Several writers in one atomic batch: group commit (DESIGN D5).

use async_nats::jetstream::{self, ErrorCode, response::Response};
use tokio::time::Instant;

use super::{Append, AppendError, GIVE_UP, TRY, again, append, append_all, read_back, send_batch};
use crate::{connection::Bus, log};

/// Appends what several writers bring as one atomic batch, each writer's messages all or none (DESIGN D5).
///
/// A batch is refused as a whole when one of its subjects has moved on: the writer whose subject that is gets the
/// conflict, and the others go again. Where the server does not say whose it is, the batch is halved. No two writers
/// may name the same subject. The answers stand in the order of the writers.
pub async fn append_group(
    bus: &Bus,
    stream: &'static str,
    writers: &[&[Append]],
) -> Vec<Result<Vec<u64>, AppendError>> {
    let mut answers: Vec<Option<Result<Vec<u64>, AppendError>>> = vec![None; writers.len()];
    let mut waiting: Vec<Vec<usize>> = vec![(0..writers.len()).collect()];
    while let Some(mut batch) = waiting.pop() {
        for _ in 0..ROUNDS {
            let [_, _, ..] = batch.as_slice() else { break };
            let messages: Vec<Append> = batch.iter().flat_map(|writer| writers[*writer]).cloned().collect();
            match append_batch(bus, stream, &messages).await {
                Ok(first) => {
                    let mut next = first;
                    for writer in batch.drain(..) {
                        let sequences: Vec<u64> = (next..).take(writers[writer].len()).collect();
                        next += u64::try_from(sequences.len()).unwrap_or(u64::MAX);
                        answers[writer] = Some(Ok(sequences));
                    }
                }
                Err(Stale::At(subject)) => {
                    let stale = batch
                        .iter()
                        .position(|writer| writers[*writer].iter().any(|message| message.subject == subject));
                    let Some(stale) = stale else { break };
                    let writer = batch.remove(stale);
                    // What came first may be his own, of a try that he was not told of.
                    answers[writer] = Some(match places(bus, stream, writers[writer]).await {
                        Ok(Some(places)) => Ok(places),
                        Ok(None) => Err(AppendError::Conflict { subject }),
                        Err(error) => Err(error),
                    });
                }
                Err(Stale::Somewhere) => break,
                Err(Stale::Failed(error)) => {
                    for writer in batch.drain(..) {
                        answers[writer] = Some(Err(error.clone()));
                    }
                }
            }
        }
        match batch.as_slice() {
            [] => {}
            [one] => answers[*one] = Some(append_one(bus, stream, writers[*one]).await),
            _ => {
                let rest = batch.split_off(batch.len() / 2);
                waiting.extend([rest, batch]);
            }
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or(Err(AppendError::Unknown))).collect()
}

/// How often a batch goes again without who was stale, before it is halved.
const ROUNDS: usize = 3;

/// Why a batch of several writers was not taken.
enum Stale {
    /// This subject has moved on.
    At(String),
    /// Some subject has moved on.
    Somewhere,
    /// For a reason that is nobody's own.
    Failed(AppendError),
}

/// One writer's messages: one as a plain publish, which is quicker, several as a batch.
pub(super) async fn append_one(
    bus: &Bus,
    stream: &'static str,
    messages: &[Append],
) -> Result<Vec<u64>, AppendError> {
    match messages {
        [one] => append(bus, stream, one).await.map(|sequence| vec![sequence]),
        several => append_all(bus, stream, several).await,
    }
}

/// Appends a batch; gives the sequence of its first message.
async fn append_batch(bus: &Bus, stream: &'static str, messages: &[Append]) -> Result<u64, Stale> {
    let give_up = Instant::now() + GIVE_UP;
    let mut sent_before = false;
    loop {
        if let Ok(Ok(response)) = tokio::time::timeout(TRY, send_batch(bus, stream, messages)).await {
            let error = match response {
                Response::Ok(ack) => return Ok(super::first(&ack, messages)),
                Response::Err { error } => error,
            };
            // One message alone proves nothing: its writer may have brought it in an earlier batch as well.
            if sent_before {
                match places(bus, stream, messages).await {
                    Ok(Some(places)) if places.windows(2).all(|pair| pair[1] == pair[0] + 1) => {
                        return Ok(places[0]);
                    }
                    Ok(_) => {}
                    Err(error) => return Err(Stale::Failed(error)),
                }
            }
            return Err(refused(bus, stream, messages, &error).await);
        }
        sent_before = true;
        if let Err(error) = again(give_up).await {
            return Err(Stale::Failed(error));
        }
    }
}

/// Where messages stand, if all of them do.
async fn places(
    bus: &Bus,
    stream: &'static str,
    messages: &[Append],
) -> Result<Option<Vec<u64>>, AppendError> {
    let mut places = Vec::with_capacity(messages.len());
    for message in messages {
        let Some(place) = read_back(bus, stream, message).await? else { return Ok(None) };
        places.push(place);
    }
    Ok(Some(places))
}

/// What a refusal of a batch means that does not stand in the log.
async fn refused(bus: &Bus, stream: &'static str, messages: &[Append], error: &jetstream::Error) -> Stale {
    match error.error_code() {
        ErrorCode::STREAM_STORE_FAILED | ErrorCode::INSUFFICIENT_RESOURCES => {
            Stale::Failed(AppendError::Full)
        }
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => {
            match stale_subject(bus, stream, messages, &error.to_string()).await {
                Some(subject) => Stale::At(subject),
                None => Stale::Somewhere,
            }
        }
        other => Stale::Failed(AppendError::Refused { reason: format!("JetStream error {other:?}") }),
    }
}

/// The subject whose last message has the sequence that the server names, if it is one of ours.
async fn stale_subject(bus: &Bus, stream: &'static str, messages: &[Append], said: &str) -> Option<String> {
    let mut numbers = said.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
    let sequence: u64 = numbers.next_back()?.parse().ok()?;
    let found = log::read_at_most(bus, stream, sequence, ">", 1).await.ok()?.into_iter().next()?;
    (found.sequence == sequence && messages.iter().any(|message| message.subject == found.subject))
        .then_some(found.subject)
}
