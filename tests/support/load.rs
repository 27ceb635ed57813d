//! Many clients at once, each of whom repeats with the same key what was not answered for good.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};
use serde_json::Value;
use testkit::eventually;

use super::api::{Answer, Api};

/// An answer, and what came before it.
#[derive(Clone, Debug)]
pub struct Persisted {
    /// The answer.
    pub answer: Answer,
    /// How often each code asked for a repeat; `no answer` counts too.
    pub repeats: Repeats,
}

/// How often each code asked for a repeat.
pub type Repeats = BTreeMap<String, usize>;

/// Gives an act until it is answered for good: 503 says "repeat with the same key", and so does silence.
pub async fn persist(api: &Api, officer: &str, case: &str, act: &str, key: &str, body: &Value) -> Persisted {
    let mut repeats = Repeats::new();
    let answer = eventually(async || {
        let why = match api.act(officer, case, act, key, body).await {
            Ok(answer) if answer.status != 503 => return Ok(answer),
            Ok(answer) => answer.code().to_owned(),
            Err(_) => "no answer".to_owned(),
        };
        *repeats.entry(why.clone()).or_default() += 1;
        Err(why)
    })
    .await;
    Persisted { answer, repeats }
}

/// Does `count` jobs, so many at a time; gives their results in the order in which they came.
pub async fn at_once<T, J: Future<Output = T>>(
    in_flight: usize,
    count: usize,
    job: impl FnMut(usize) -> J,
) -> Vec<T> {
    stream::iter(0..count).map(job).buffer_unordered(in_flight).collect().await
}

/// All repeats together.
pub fn repeats<'a>(all: impl IntoIterator<Item = &'a Persisted>) -> Repeats {
    let mut sum = Repeats::new();
    for (code, times) in all.into_iter().flat_map(|each| &each.repeats) {
        *sum.entry(code.clone()).or_default() += times;
    }
    sum
}
