//! Playing a scenario against a running installation, through its HTTP API.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use domain::{
    directory,
    scenario::{Deed, Expected, Scenario, Step, moment_in_words as local},
};
use events::Timestamp;
use serde_json::{Value, json};

use crate::{
    Failure,
    check::check,
    cli::Play,
    client::{AUDITOR, Answer, Client},
    giving::{Giver, about_what},
    mails::{Mail, MailFolder},
};

/// `concord play FILE`.
pub(crate) async fn command(options: Play) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(&options.scenario)
        .map_err(|error| format!("{}: {error}", options.scenario.display()))?;
    let scenario =
        Scenario::parse(&text).map_err(|error| format!("{}, {error}", options.scenario.display()))?;
    let mut player = Player::new(options.data, Show::on_stdout());
    player.giver.client.greet("concord up --clock manual").await?;
    Ok(if player.play(&scenario).await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
    pub(crate) giver: Giver,
    mails: MailFolder,
    pub(crate) show: Show,
    failed: usize,
    letter_shown: bool,
}

impl Player {
    /// A player for the installation that keeps its data there.
    pub(crate) fn new(data: PathBuf, show: Show) -> Self {
        let mails = MailFolder::new(data.join("mail"));
        let giver = Giver::new(Client::here(data, show));
        Self { giver, mails, show, failed: 0, letter_shown: false }
    }

    /// The number of the case that was raised last.
    pub(crate) async fn case_code(&self) -> Option<String> {
        Some(self.giver.look().await.ok()??["code"].as_str()?.to_owned())
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
            self.giver.about =
                Some(self.giver.named(name).ok_or_else(|| format!("nothing is called @{name}"))?);
        }
        let case = self.giver.look().await?;
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
        let key = format!("{}/{}", scenario.key(), step.line);
        let answer = self.giver.give(deed, step.line, &key).await?;
        let of_directory = directory::named(&deed.act).is_some();
        let shown = about_what(&answer);
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

    async fn set_clock(&self, to: Timestamp) -> Result<(), Failure> {
        let now = self.giver.client.get("/dev/clock", None).await?;
        if now.status == 404 {
            return Err("the clock is not manual: start `concord up --clock manual`".into());
        }
        let stands: Timestamp = now.body["now"].as_str().unwrap_or_default().parse()?;
        let to = to.max(stands);
        let answer = self.giver.client.post("/dev/clock", AUDITOR, None, &json!({ "to": to })).await?;
        if answer.status != 200 {
            return Err(format!("the clock was not set: {}", answer.body).into());
        }
        Ok(())
    }

    async fn events(&self) -> Result<Vec<Value>, Failure> {
        let Some(about) = &self.giver.about else { return Ok(Vec::new()) };
        let mut events = Vec::new();
        for path in [format!("/api/v1/{about}/events"), "/api/v1/directory/events".to_owned()] {
            let answer = self.giver.client.get(&path, Some(AUDITOR)).await?;
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
}
