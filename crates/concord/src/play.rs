//! Playing a scenario against a running installation, through its HTTP API.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use domain::{
    directory, duties,
    scenario::{Deed, Expected, Reference, Scenario, Step, moment_in_words as local, resolve},
};
use events::Timestamp;
use serde_json::{Value, json};

use crate::{
    Failure,
    check::check,
    cli::Play,
    mails::{Mail, MailFolder},
    place::Running,
};

/// How long a server that has gone is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long a server that was never there is waited for, before a story begins.
const GREETING: Duration = Duration::from_secs(2);

/// The pause before a server that is away is asked again.
const PAUSE: Duration = Duration::from_millis(150);

/// The officer who may see every case, for reading what came of the acts.
const AUDITOR: &str = "btg.kiem-tra";

/// `concord play FILE`.
pub(crate) async fn command(options: Play) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(&options.scenario)
        .map_err(|error| format!("{}: {error}", options.scenario.display()))?;
    let scenario =
        Scenario::parse(&text).map_err(|error| format!("{}, {error}", options.scenario.display()))?;
    greet(&options.data).await?;
    let mut player = Player::new(options.data, Show::on_stdout());
    Ok(if player.play(&scenario).await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes sure that an installation listens before a story begins: only one that was there is worth a long wait.
async fn greet(data: &Path) -> Result<(), Failure> {
    let end = Instant::now() + GREETING;
    loop {
        let Err(failure) = answers(data).await else { return Ok(()) };
        if Instant::now() > end {
            return Err(failure);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether the installation of a data directory answers, and if not, what to do.
async fn answers(data: &Path) -> Result<(), Failure> {
    let Running { http, .. } = Running::read(data)?;
    let asked = reqwest::Client::new().get(format!("{http}/livez")).timeout(GREETING).send().await;
    asked.map(drop).map_err(|_| {
        let data = data.display();
        format!("nothing listens at {http}, where {data} was last at work: start `concord up --clock manual --data {data}`")
            .into()
    })
}

/// What a player shows, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show {
    colour: bool,
}

impl Show {
    /// Colours on a terminal, plain text in a pipe.
    pub(crate) fn on_stdout() -> Self {
        Self { colour: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// Without colours.
    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { colour: false }
    }

    /// Writes a line at once, so that a reader can follow.
    pub(crate) fn line(text: &str) {
        // Whoever closed the pipe has seen enough.
        let _ = writeln!(io::stdout(), "{text}");
        let _ = io::stdout().flush();
    }

    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Plays scenarios.
pub(crate) struct Player {
    pub(crate) http: reqwest::Client,
    data: PathBuf,
    mails: MailFolder,
    pub(crate) show: Show,
    /// Where the cases that were raised and the duties that were begun stand below `/api/v1`, with their names in the
    /// scenario.
    raised: Vec<(String, String)>,
    /// What is spoken of: a case or a duty, by its address below `/api/v1`.
    about: Option<String>,
    failed: usize,
    letter_shown: bool,
}

/// An answer of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Player {
    /// A player for the installation that keeps its data there.
    pub(crate) fn new(data: PathBuf, show: Show) -> Self {
        let mails = MailFolder::new(data.join("mail"));
        let http = reqwest::Client::new();
        Self { http, data, mails, show, raised: Vec::new(), about: None, failed: 0, letter_shown: false }
    }

    /// The number of the case that was raised last.
    pub(crate) async fn case_code(&self) -> Option<String> {
        Some(self.look().await.ok()??["code"].as_str()?.to_owned())
    }

    /// Plays a scenario; says whether everything that was expected came true.
    pub(crate) async fn play(&mut self, scenario: &Scenario) -> Result<bool, Failure> {
        Show::line(&self.show.paint("1", &scenario.title));
        self.set_clock(scenario.start).await?;
        for step in &scenario.steps {
            self.step(scenario, step).await?;
        }
        let checked: usize = scenario.steps.iter().map(|step| step.expected.len()).sum();
        let verdict = if self.failed == 0 {
            self.show.paint("32", &format!("✓ all {checked} expectations came true"))
        } else {
            self.show.paint("31", &format!("✗ {} of {checked} expectations did not come true", self.failed))
        };
        Show::line(&format!("\n{verdict}"));
        Ok(self.failed == 0)
    }

    async fn step(&mut self, scenario: &Scenario, step: &Step) -> Result<(), Failure> {
        Show::line("");
        for words in &step.narration {
            Show::line(&self.show.paint("2", &format!("  {words}")));
        }
        if step.act.is_none() {
            Show::line(&format!("{}  …", self.show.paint("36", &local(step.at))));
        }
        self.set_clock(step.at).await?;
        self.show_mails();
        let answer = match &step.act {
            Some(deed) => Some(self.act(scenario, step, deed).await?),
            None => None,
        };
        if let Some(name) = &step.about {
            self.about = Some(self.named(name).ok_or_else(|| format!("nothing is called @{name}"))?);
        }
        let case = self.look().await?;
        let events = self.events().await?;
        for expected in &step.expected {
            let (held, is) = check(expected, answer.as_ref(), case.as_ref(), &events);
            self.failed += usize::from(!held);
            let line = if held {
                self.show.paint("32", &format!("      ✓ {expected}"))
            } else {
                self.show.paint("31", &format!("      ✗ {expected} — but it is {is}"))
            };
            Show::line(&line);
        }
        // Refused acts stand in the scenario as expected refusals; any other refusal is a failure.
        let refusal_expected = step.expected.iter().any(|expected| matches!(expected, Expected::Refused(_)));
        if let Some(answer) = answer.filter(|answer| answer.status >= 400 && !refusal_expected) {
            self.failed += 1;
            let problem = format!("      ✗ refused: {}", answer.body);
            Show::line(&self.show.paint("31", &problem));
        }
        // What the act set off has come to rest when the clock has been set to where it stands.
        self.set_clock(step.at).await?;
        self.show_mails();
        Ok(())
    }

    /// Gives an act; the same step has the same key, so that a repeat after a crash is one act.
    async fn act(&mut self, scenario: &Scenario, step: &Step, deed: &Deed) -> Result<Answer, Failure> {
        let wrong = |what: String| format!("line {}: {what}", step.line);
        let of_directory = directory::named(&deed.act).is_some();
        let begins = begins(&deed.act);
        if let Some(name) = deed.case.as_ref().filter(|_| begins.is_none()) {
            self.about = Some(self.named(name).ok_or_else(|| wrong(format!("nothing is called @{name}")))?);
        }
        let path = match (&self.about, deed.act.as_str()) {
            (_, act) if of_directory => format!("/api/v1/directory/{act}"),
            _ if begins.is_some() => format!("/api/v1/{}", begins.unwrap_or_default()),
            (Some(about), act) => format!("/api/v1/{about}/{act}"),
            (None, _) => return Err(wrong("no case was raised yet".to_owned()).into()),
        };
        let seen = self.look().await?.unwrap_or_default();
        let mut body = deed.body.clone();
        let delegation = self.newest_delegation().await?;
        resolve(&mut body, &|reference| self.find(&seen, delegation.as_deref(), reference)).map_err(wrong)?;
        let key = format!("{}/{}", scenario.key(), step.line);
        let answer = self.post(&path, &deed.officer, Some(&key), &body).await?;
        let shown = if answer.body["duty"].is_object() { &answer.body["duty"] } else { &answer.body["case"] };
        if let Some(root) = begins
            && let Some(id) = shown["id"].as_str()
        {
            let name = deed.case.clone().unwrap_or_else(|| (self.raised.len() + 1).to_string());
            let about = format!("{root}/{id}");
            self.raised.push((about.clone(), name));
            self.about = Some(about);
        }
        let came = if answer.status < 400 && of_directory {
            self.show.paint("32", &answer.status.to_string())
        } else if answer.status < 400 {
            let words = |value: &Value| value.as_str().unwrap_or("–").to_owned();
            self.show.paint(
                "32",
                &format!("{}  {}  {}", answer.status, words(&shown["code"]), words(&shown["state_label"])),
            )
        } else {
            let code = answer.body["code"].as_str().unwrap_or("?");
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            self.show.paint("33", &format!("{}  {code}: {detail}", answer.status))
        };
        let act = self.show.paint("1", &deed.act);
        let at = self.show.paint("36", &local(step.at));
        Show::line(&format!("{at}  {:<16} {act}  {came}", deed.officer));
        Ok(answer)
    }

    /// Where the case or the duty of that name stands.
    fn named(&self, name: &str) -> Option<String> {
        let begun = self.raised.iter().rev().find(|(_, known)| known == name).map(|(about, _)| about.clone());
        begun.or_else(|| {
            let root = if name.contains('/') { "reports" } else { "briefings" };
            duties::called(name).map(|id| format!("{root}/{id}"))
        })
    }

    /// What a field of an act refers to, in the case as it stands.
    fn find(&self, case: &Value, delegation: Option<&str>, reference: Reference<'_>) -> Option<String> {
        match reference {
            Reference::Delegation => delegation.map(str::to_owned),
            Reference::Case(name) => {
                self.named(name).and_then(|about| Some(about.split_once('/')?.1.to_owned()))
            }
            Reference::Event(kind) => {
                let mut history = case["history"].as_array()?.iter().rev();
                let newest = history.find(|each| each["type"].as_str() == Some(kind.name()))?;
                newest["event"].as_str().map(str::to_owned)
            }
        }
    }

    /// The delegation that was granted last.
    async fn newest_delegation(&self) -> Result<Option<String>, Failure> {
        let answer = self.get("/api/v1/directory/delegations", Some(AUDITOR)).await?;
        let newest = answer.body["delegations"].as_array().and_then(|all| all.last());
        Ok(newest.and_then(|each| each["id"].as_str()).map(str::to_owned))
    }

    async fn set_clock(&self, to: Timestamp) -> Result<(), Failure> {
        let now = self.get("/dev/clock", None).await?;
        if now.status == 404 {
            return Err("the clock is not manual: start `concord up --clock manual`".into());
        }
        let stands: Timestamp = now.body["now"].as_str().unwrap_or_default().parse()?;
        let to = to.max(stands);
        let answer = self.post("/dev/clock", AUDITOR, None, &json!({ "to": to })).await?;
        if answer.status != 200 {
            return Err(format!("the clock was not set: {}", answer.body).into());
        }
        Ok(())
    }

    /// What is spoken of, as an auditor sees it.
    pub(crate) async fn look(&self) -> Result<Option<Value>, Failure> {
        let Some(about) = &self.about else { return Ok(None) };
        let answer = self.get(&format!("/api/v1/{about}"), Some(AUDITOR)).await?;
        Ok((answer.status == 200).then_some(answer.body))
    }

    async fn events(&self) -> Result<Vec<Value>, Failure> {
        let Some(about) = &self.about else { return Ok(Vec::new()) };
        let mut events = Vec::new();
        for path in [format!("/api/v1/{about}/events"), "/api/v1/directory/events".to_owned()] {
            let answer = self.get(&path, Some(AUDITOR)).await?;
            events.extend(answer.body["events"].as_array().cloned().unwrap_or_default());
        }
        Ok(events)
    }

    fn show_mails(&mut self) {
        for Mail { to, subject, text } in self.mails.fresh() {
            let line = format!("      ✉ {subject}  → {to}");
            Show::line(&self.show.paint("35", &line));
            // One of them whole, to see what a leader reads.
            if !std::mem::replace(&mut self.letter_shown, true) {
                for words in text.lines() {
                    Show::line(&self.show.paint("2", &format!("        │ {words}")));
                }
            }
        }
    }

    async fn get(&self, path: &str, officer: Option<&str>) -> Result<Answer, Failure> {
        self.send(
            |base, token| {
                let request = self.http.get(format!("{base}{path}"));
                match token {
                    Some(token) => request.bearer_auth(token),
                    None => request,
                }
            },
            officer,
        )
        .await
    }

    async fn post(
        &self,
        path: &str,
        officer: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Result<Answer, Failure> {
        self.send(
            |base, token| {
                let mut request = self.http.post(format!("{base}{path}")).json(body);
                if let Some(token) = token {
                    request = request.bearer_auth(token);
                }
                if let Some(key) = key {
                    request = request.header("Idempotency-Key", key);
                }
                request
            },
            Some(officer),
        )
        .await
    }

    /// Sends, and again when the server is away or asks for it: the same key makes it one act.
    pub(crate) async fn send(
        &self,
        request: impl Fn(&str, Option<&str>) -> reqwest::RequestBuilder,
        officer: Option<&str>,
    ) -> Result<Answer, Failure> {
        let end = Instant::now() + PATIENCE;
        let mut told = false;
        loop {
            let why = match Running::read(&self.data) {
                Err(error) => error.to_string(),
                Ok(running) => {
                    let token = officer.map(|officer| token(&self.data, officer)).transpose()?;
                    match request(&running.http, token.as_deref()).send().await {
                        Ok(response) if response.status() != reqwest::StatusCode::SERVICE_UNAVAILABLE => {
                            let status = response.status().as_u16();
                            let text = response.text().await.unwrap_or_default();
                            let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
                            return Ok(Answer { status, body });
                        }
                        Ok(response) => response.text().await.unwrap_or_default(),
                        Err(error) => error.to_string(),
                    }
                }
            };
            if Instant::now() > end {
                return Err(format!("the server did not come back within 90 s: {why}").into());
            }
            if !std::mem::replace(&mut told, true) {
                Show::line(&self.show.paint(
                    "33",
                    "      … the server is away or busy; the same act is repeated until it answers",
                ));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Where what an act begins stands, if it begins something.
fn begins(act: &str) -> Option<&'static str> {
    if act == "raise" {
        return Some("cases");
    }
    let act = duties::named(act).filter(|act| duties::begins(act))?;
    Some(duties::path(act.stage))
}

fn token(data: &Path, officer: &str) -> Result<String, Failure> {
    let file = data.join("tokens").join(officer);
    let token = std::fs::read_to_string(&file);
    Ok(token.map_err(|error| format!("the token {}: {error}", file.display()))?.trim().to_owned())
}
