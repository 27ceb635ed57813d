//! `concord drill`: an exercise on a running system. A scenario's cases are raised as exercises, people answer, and a report
//! says who answered in what time.

mod report;
mod seen;
mod shift;
mod words;

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use domain::{
    Policy,
    calendar::LOCAL,
    labels, next_steps,
    scenario::{Deed, Expected, Scenario, Step},
};
use events::{Actor, Fact, Timestamp};
use serde_json::json;
use service::problem::Language;
use tokio::signal::ctrl_c;

pub(crate) use self::shift::duration;
use self::{
    report::{Followed, Report, follow, report},
    seen::{Facts, Names, Reader, refused},
    shift::Shift,
    words::{page, word},
};
use crate::{
    Failure, cli,
    client::{Answer, Client},
    giving::{Giver, about_what},
    play::Show,
};

/// The pause between two looks at a case.
const LOOK: Duration = Duration::from_secs(1);

/// How long mails that are under way are waited for, before the report.
const MAILS: Duration = Duration::from_secs(15);

/// How long an act is given again that met the system at work on the same case.
const BUSY: Duration = Duration::from_secs(30);

/// The refusals that ask for the same act again.
const AGAIN: [&str; 4] = ["AUTOMATIC_STEP_PENDING", "BUSY", "CONFLICT", "OUTCOME_UNKNOWN"];

/// `concord drill`.
pub(crate) async fn drill(options: cli::Drill) -> Result<ExitCode, Failure> {
    let scenario = options.scenario.as_deref().map(read).transpose()?;
    let client = client(&options)?;
    client.greet("concord up").await?;
    let mut drill = Drill { giver: Giver::new(client), told: !options.json, show: Show::on_stdout() };
    let (cases, all_given) = match (&scenario, &options.case) {
        (Some(scenario), _) => {
            let (cases, all_given) = drill.give(scenario, options.play).await?;
            let limit = if options.play { Duration::ZERO } else { options.during };
            drill.wait(&cases, limit).await?;
            (cases, all_given)
        }
        (None, Some(case)) => (vec![drill.raised_before(case).await?], true),
        (None, None) => return Err("give a scenario, or --case".into()),
    };
    let title = scenario.as_ref().map(|scenario| scenario.title.as_str());
    let mut reports = Vec::new();
    for case in &cases {
        reports.push(drill.report(case).await?);
    }
    let names = drill.reader().names().await?;
    let pages: Vec<_> = reports.iter().map(|report| page(report, title, &names)).collect();
    let pages = pages.join("\n");
    if options.json {
        Show::line(&serde_json::to_string_pretty(&json!({ "scenario": title, "exercises": reports }))?);
    } else {
        Show::line(&format!("\n{pages}"));
    }
    if let Some(file) = &options.out {
        std::fs::write(file, &pages).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let good = all_given && reports.iter().all(Report::is_good);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads a scenario that raises something.
fn read(file: &Path) -> Result<Scenario, Failure> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let scenario = Scenario::parse(&text).map_err(|error| format!("{name}, {error}"))?;
    if !scenario.steps.iter().filter_map(given).any(|deed| deed.act == "raise") {
        return Err(format!("{name}: no step raises a case, so there is nothing to exercise").into());
    }
    Ok(scenario)
}

/// The act of a step, unless it is there to be refused.
fn given(step: &Step) -> Option<&Deed> {
    let refused = step.expected.iter().any(|expected| matches!(expected, Expected::Refused(_)));
    step.act.as_ref().filter(|_| !refused)
}

/// How the installation is reached, and as whom.
fn client(options: &cli::Drill) -> Result<Client, Failure> {
    let show = Show::on_stdout();
    let client = match (&options.url, &options.token) {
        (Some(_), _) if options.play => {
            return Err("--play gives the acts of many officers, and one token acts for one: it needs the demonstration tokens \
                        of a data directory (--data)"
                .into());
        }
        (Some(url), Some(file)) => {
            let token =
                std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            Client::at(url, token.trim().to_owned(), options.ca.as_deref(), show)?
        }
        _ => {
            let tokens = options.data.join("tokens");
            if options.data.join("run.json").exists() && !tokens.is_dir() {
                let tokens = tokens.display();
                return Err(format!(
                    "there are no demonstration tokens in {tokens}: officers have accounts of their own there, so give --url and \
                     --token (and without the tokens of all officers --play cannot act for them)"
                )
                .into());
            }
            Client::here(options.data.clone(), show)
        }
    };
    Ok(if options.json { client.quiet() } else { client })
}

/// A drill under way.
struct Drill {
    giver: Giver,
    /// What happens is told as it happens.
    told: bool,
    show: Show,
}

impl Drill {
    fn reader(&self) -> Reader<'_> {
        Reader { client: &self.giver.client }
    }

    fn line(&self, code: &str, text: &str) {
        if self.told {
            Show::line(&self.show.paint(code, text));
        }
    }

    /// Raises the cases of a scenario, and with `all` gives its other acts too; the ids of the cases, and whether nothing
    /// was refused. A case that cannot be raised ends the drill.
    async fn give(&mut self, scenario: &Scenario, all: bool) -> Result<(Vec<String>, bool), Failure> {
        let began = self.reader().now().await?;
        self.line("1", &format!("DIỄN TẬP – EXERCISE: {}", scenario.title));
        let mut cases = Vec::new();
        let mut all_given = true;
        for step in &scenario.steps {
            let Some(deed) = given(step).filter(|deed| all || deed.act == "raise") else { continue };
            let shift = Shift { began, now: self.reader().now().await? };
            let deed = shift.act(deed, step.line, step.at);
            // The start is in the key: each drill is a new case, and what is repeated within it is one act.
            let key = format!("drill/{}/{}/{}", scenario.key(), began.timestamp_micros(), step.line);
            let answer = self.insist(&deed, step.line, &key).await?;
            let case = about_what(&answer);
            let words = labels::acts::act(&deed.act).map_or(deed.act.as_str(), |words| words.label.vi);
            if answer.status >= 400 {
                let problem = refused(&format!("line {}: {} {}", step.line, deed.officer, deed.act), &answer);
                if deed.act == "raise" {
                    return Err(problem);
                }
                all_given = false;
                self.line("31", &format!("      ✗ {problem}"));
            } else {
                let code = case["code"].as_str().unwrap_or_default();
                self.line("36", &format!("      {}  {words}  {code}", deed.officer));
            }
            if let Some(id) = case["id"].as_str().filter(|_| deed.act == "raise") {
                cases.push(id.to_owned());
            }
        }
        Ok((cases, all_given))
    }

    /// Gives an act, and again as long as the system itself is at work on the case.
    async fn insist(&mut self, deed: &Deed, line: usize, key: &str) -> Result<Answer, Failure> {
        let end = Instant::now() + BUSY;
        loop {
            let answer = self.giver.give(deed, line, key).await?;
            let again = answer.body["code"].as_str().is_some_and(|code| AGAIN.contains(&code));
            if !again || Instant::now() > end {
                return Ok(answer);
            }
            tokio::time::sleep(LOOK / 4).await;
        }
    }

    /// A case that was raised before, if it is an exercise.
    async fn raised_before(&self, case: &str) -> Result<String, Failure> {
        let seen = self.reader().case(case).await?;
        if seen["exercise"] != true {
            return Err(format!(
                "{case} is a real case, no exercise: nothing is reported of it as of a drill"
            )
            .into());
        }
        Ok(seen["id"].as_str().unwrap_or(case).to_owned())
    }

    /// Shows each answer as it comes, until nothing is asked any more or the time is over.
    async fn wait(&self, cases: &[String], limit: Duration) -> Result<(), Failure> {
        let policy = self.reader().policy().await?;
        let names = self.reader().names().await?;
        let end = Instant::now() + limit;
        let mut shown = vec![0; cases.len()];
        let stopped = ctrl_c();
        tokio::pin!(stopped);
        loop {
            let mut is_open = false;
            for (case, shown) in cases.iter().zip(&mut shown) {
                let Facts { facts, sealed_from } = self.reader().facts(case).await?;
                self.show(&facts, shown, &names);
                let followed = follow(&facts, &policy)?;
                is_open |= sealed_from.is_some()
                    || followed.as_ref().is_none_or(|followed| is_asked(followed, &policy));
            }
            if !is_open || Instant::now() >= end {
                return Ok(());
            }
            let rest = end.saturating_duration_since(Instant::now());
            tokio::select! {
                () = tokio::time::sleep(LOOK.min(rest)) => {}
                _ = &mut stopped => return Ok(()),
            }
        }
    }

    /// Shows the facts that were not shown yet: what people did, and what the system did because nobody did.
    fn show(&self, facts: &[Fact], shown: &mut usize, names: &Names) {
        let raised_at = facts.first().map(|fact| fact.origin().occurred_at);
        for fact in facts.iter().skip(*shown) {
            let at = fact.origin().occurred_at;
            let minutes = raised_at.map_or(0, |raised| (at - raised).num_minutes());
            let what = word(labels::happening(fact.body().kind()), Language::Vi);
            let when = format!("{}  {minutes:>4} phút", local(at));
            match &fact.origin().actor {
                Actor::Person { officer, office, agency, .. } => {
                    let (officer, office) = (names.of(officer.as_str()), names.of(office.as_str()));
                    self.line("32", &format!("{when}  {officer}, {office} ({agency}): {what}"));
                }
                Actor::System { .. } => self.line("2", &format!("{when}  · {what}")),
            }
        }
        *shown = (*shown).max(facts.len());
    }

    /// The report on a case, once its mails have come to rest.
    async fn report(&self, case: &str) -> Result<Report, Failure> {
        let policy = self.reader().policy().await?;
        let Facts { facts, sealed_from } = self.reader().facts(case).await?;
        let followed = follow(&facts, &policy)?.ok_or("the case has no fact that may be read")?;
        let end = Instant::now() + MAILS;
        let mut mails = self.reader().mails(case).await?;
        while mails.iter().any(|mail| UNDER_WAY.contains(&mail.state.as_str())) && Instant::now() < end {
            tokio::time::sleep(LOOK / 4).await;
            mails = self.reader().mails(case).await?;
        }
        let report = report(followed, mails, self.reader().now().await?);
        Ok(Report { sealed_from, ..report })
    }
}

/// The states of a mail that the relay is about to be given.
const UNDER_WAY: [&str; 2] = ["queued", "attempting"];

/// Whether somebody is asked for something, or will be in a moment.
fn is_asked(followed: &Followed, policy: &Policy) -> bool {
    let Followed { case, waiting, .. } = followed;
    case.lifecycle.is_live() && (*waiting > 0 || next_steps(case, case.recorded_at, policy).next().is_some())
}

/// A time in Vietnam.
fn local(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%H:%M:%S").to_string()
}
