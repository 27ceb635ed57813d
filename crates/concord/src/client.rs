//! A running installation as those who act in it from outside reach it: by its data directory, or by its address.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Failure,
    place::Running,
    play::Show,
    web::{self, Trust},
};

/// The officer who may see every case, for reading what came of the acts.
pub(crate) const AUDITOR: &str = "btg.kiem-tra";

/// How long a server that has gone is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long a server that was never there is waited for, before anything begins.
const GREETING: Duration = Duration::from_secs(2);

/// The pause before a server that is away is asked again.
const PAUSE: Duration = Duration::from_millis(150);

/// How long an answer may take: a manual clock that is set far ahead has much to do.
const ANSWER: Duration = Duration::from_mins(10);

/// A client of an installation.
pub(crate) struct Client {
    place: Place,
    trust: Option<Trust>,
    /// How it is told that the server is away; not at all where the output is for a program.
    show: Option<Show>,
}

/// Which installation, and as whom.
enum Place {
    /// That of a data directory, whose officers have their tokens in files.
    Here(PathBuf),
    /// That at an address, as the one whose token it is.
    At { url: String, token: String },
}

/// An answer of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body; a text if it is no JSON.
    pub(crate) body: Value,
    /// The body as it came: facts are what they are to the letter.
    pub(crate) text: String,
}

/// What is asked.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    body: Option<&'a Value>,
    key: Option<&'a str>,
    accept: Option<&'static str>,
}

impl Client {
    /// Of the installation that keeps its data there, as whichever officer.
    pub(crate) fn here(data: PathBuf, show: Show) -> Self {
        Self { place: Place::Here(data), trust: None, show: Some(show) }
    }

    /// Of the installation at an address, as the officer whose token it is.
    ///
    /// # Errors
    /// The file with authorities to be believed cannot be read.
    pub(crate) fn at(url: &str, token: String, ca: Option<&Path>, show: Show) -> Result<Self, Failure> {
        let url = url.trim_end_matches('/').to_owned();
        let trust = url.starts_with("https:").then(|| Trust::roots(ca)).transpose()?;
        Ok(Self { place: Place::At { url, token }, trust, show: Some(show) })
    }

    /// It says nothing while the server is away.
    pub(crate) fn quiet(self) -> Self {
        Self { show: None, ..self }
    }

    /// Makes sure that an installation listens before anything begins: only one that was there is worth a long wait.
    pub(crate) async fn greet(&self, start: &str) -> Result<(), Failure> {
        let end = Instant::now() + GREETING;
        loop {
            let Err(failure) = self.answers(start).await else { return Ok(()) };
            if Instant::now() > end {
                return Err(failure);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether the installation answers, and if not, by which command it is started.
    async fn answers(&self, start: &str) -> Result<(), Failure> {
        let base = self.base()?;
        let asked = web::get(&format!("{base}/livez"), self.trust.as_ref(), GREETING).await;
        asked.map(drop).map_err(|why| match &self.place {
            Place::Here(data) => {
                let data = data.display();
                format!("nothing listens at {base}, where {data} was last at work: start `{start} --data {data}` ({why})")
                    .into()
            }
            Place::At { .. } => format!("{base} does not answer: {why}").into(),
        })
    }

    fn base(&self) -> Result<String, Failure> {
        match &self.place {
            Place::Here(data) => Ok(Running::read(data)?.http),
            Place::At { url, .. } => Ok(url.clone()),
        }
    }

    /// The token by which an officer is asked for; at an address there is only one.
    fn token(&self, officer: &str) -> Result<String, Failure> {
        match &self.place {
            Place::Here(data) => token(data, officer),
            Place::At { token, .. } => Ok(token.clone()),
        }
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str, officer: Option<&str>) -> Result<Answer, Failure> {
        self.send(path, officer, Asked::default()).await
    }

    /// Reads what is there as text for people.
    pub(crate) async fn get_text(&self, path: &str, officer: &str) -> Result<Answer, Failure> {
        self.send(path, Some(officer), Asked { accept: Some("text/plain"), ..Asked::default() }).await
    }

    /// Acts, under a key by which a repeat is one act.
    pub(crate) async fn post(
        &self,
        path: &str,
        officer: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Result<Answer, Failure> {
        self.send(path, Some(officer), Asked { body: Some(body), key, accept: None }).await
    }

    /// Sends, and again when the server is away or asks for it: the same key makes it one act.
    async fn send(&self, path: &str, officer: Option<&str>, asked: Asked<'_>) -> Result<Answer, Failure> {
        let end = Instant::now() + PATIENCE;
        let mut told = false;
        loop {
            let why = match self.base() {
                Err(error) => error.to_string(),
                Ok(base) => {
                    let mut request = web::Asked::of(format!("{base}{path}"));
                    if let Some(officer) = officer {
                        request.header("authorization", format!("Bearer {}", self.token(officer)?));
                    }
                    if let Some(key) = asked.key {
                        request.header("idempotency-key", key);
                    }
                    if let Some(accept) = asked.accept {
                        request.header("accept", accept);
                    }
                    if let Some(body) = asked.body {
                        request.post(body);
                    }
                    match web::send(&request, self.trust.as_ref(), ANSWER).await {
                        Ok(answer) if answer.status != 503 => {
                            let text = String::from_utf8_lossy(&answer.body).into_owned();
                            let body = serde_json::from_str(&text);
                            let body = body.unwrap_or_else(|_| Value::String(text.clone()));
                            return Ok(Answer { status: answer.status, body, text });
                        }
                        Ok(answer) => String::from_utf8_lossy(&answer.body).into_owned(),
                        Err(error) => error,
                    }
                }
            };
            if Instant::now() > end {
                return Err(format!("the server did not come back within 90 s: {why}").into());
            }
            if let Some(show) = self.show.filter(|_| !std::mem::replace(&mut told, true)) {
                Show::line(&show.paint(
                    "33",
                    "      … the server is away or busy; the same act is repeated until it answers",
                ));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn token(data: &Path, officer: &str) -> Result<String, Failure> {
    let file = data.join("tokens").join(officer);
    let token = std::fs::read_to_string(&file);
    Ok(token.map_err(|error| format!("the token {}: {error}", file.display()))?.trim().to_owned())
}
