//! `concord drill`: an exercise on a running system. A scenario's cases are raised as exercises, people answer, and a report
//! says who answered in what time.

mod report;
mod seen;
mod shift;
mod words;

use std::{
    fs::OpenOptions,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use domain::{
    Policy, labels, next_steps,
    scenario::{Deed, Expected, Scenario, Step},
};
use events::{Actor, Fact};
use serde_json::{Value, json};
use service::problem::Language;

pub(crate) use self::shift::duration;
use self::{
    report::{Followed, Report, follow, report},
    seen::{Facts, Names, Reader, refused},
    shift::Shift,
    words::page,
};
use crate::{
    Failure, cli,
    client::{Answer, Client},
    giving::{Giver, about_what},
    play::Show,
    process::Orders,
    words::{second, word},
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
    if let Some(file) = &options.out {
        // Now, and not after two hours; what stands there stays until there is a report.
        let opened = OpenOptions::new().append(true).create(true).open(file);
        opened.map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let client = client(&options)?;
    client.greet("concord up").await?;
    let mut drill = Drill {
        giver: Giver::new(client),
        told: !options.json,
        show: Show::on_stdout(),
        raised: Vec::new(),
        all_given: true,
    };
    let reports = drill.hold(scenario.as_ref(), &options).await;
    let (reports, names) = reports.map_err(|failure| drill.how_to_go_on(failure.as_ref(), &options))?;
    let title = scenario.as_ref().map(|scenario| scenario.title.as_str());
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
    let good = drill.all_given && reports.iter().all(Report::is_good);
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
    /// The cases that are exercised.
    raised: Vec<Raised>,
    /// No act was refused.
    all_given: bool,
}

/// A case that is exercised.
struct Raised {
    id: String,
    /// Its number.
    code: String,
}

impl Raised {
    fn of(case: &Value, otherwise: &str) -> Self {
        let text = |field: &str| case[field].as_str().unwrap_or(otherwise).to_owned();
        Self { id: text("id"), code: text("code") }
    }
}

/// The policy in force, and who is called what.
struct Known {
    policy: Policy,
    names: Names,
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

    /// Holds the drill. An order to stop ends the waiting for answers, and then the report comes; at any other time it ends
    /// the drill.
    async fn hold(
        &mut self,
        scenario: Option<&Scenario>,
        options: &cli::Drill,
    ) -> Result<(Vec<Report>, Names), Failure> {
        let mut orders = Orders::listen()?;
        tokio::select! {
            given = self.begin(scenario, options) => given?,
            () = orders.stop() => return Err("stopped before the drill had begun".into()),
        }
        if scenario.is_some() {
            let limit = if options.play { Duration::ZERO } else { options.during };
            tokio::select! {
                () = self.wait(limit) => {}
                () = orders.stop() => {}
            }
        }
        tokio::select! {
            reports = self.reports() => reports,
            () = orders.stop() => Err("stopped before the report was there".into()),
        }
    }

    /// Raises the cases, or finds the one that was raised before.
    async fn begin(&mut self, scenario: Option<&Scenario>, options: &cli::Drill) -> Result<(), Failure> {
        match (scenario, &options.case) {
            (Some(scenario), _) => self.give(scenario, options.play).await,
            (None, Some(case)) => self.raised_before(case).await,
            (None, None) => Err("give a scenario, or --case".into()),
        }
    }

    /// What an error leaves: the cases that were raised stay, and can be reported on.
    fn how_to_go_on(&self, failure: &dyn std::error::Error, options: &cli::Drill) -> Failure {
        let reached = match (&options.url, &options.token) {
            (Some(url), Some(token)) => {
                let ca = options.ca.as_ref().map(|ca| format!(" --ca {}", ca.display()));
                format!("--url {url} --token {}{}", token.display(), ca.unwrap_or_default())
            }
            _ => format!("--data {}", options.data.display()),
        };
        let on = |raised: &Raised| {
            format!("; {0} was raised: report on it with `concord drill --case {0} {reached}`", raised.code)
        };
        let on: String = self.raised.iter().filter(|_| options.case.is_none()).map(on).collect();
        format!("{failure}{on}").into()
    }

    /// Raises the cases of a scenario, and with `all` gives its other acts too. A case that cannot be raised ends the drill.
    async fn give(&mut self, scenario: &Scenario, all: bool) -> Result<(), Failure> {
        let began = self.reader().now().await?;
        self.line("1", &format!("DIỄN TẬP – EXERCISE: {}", scenario.title));
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
                self.all_given = false;
                self.line("31", &format!("      ✗ {problem}"));
            } else {
                let code = case["code"].as_str().unwrap_or_default();
                self.line("36", &format!("      {}  {words}  {code}", deed.officer));
            }
            if let Some(id) = case["id"].as_str().filter(|_| deed.act == "raise") {
                self.raised.push(Raised::of(case, id));
            }
        }
        Ok(())
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

    /// Finds a case that was raised before, if it is an exercise.
    async fn raised_before(&mut self, case: &str) -> Result<(), Failure> {
        let seen = self.reader().case(case).await?;
        if seen["exercise"] != true {
            return Err(format!(
                "{case} is a real case, no exercise: nothing is reported of it as of a drill"
            )
            .into());
        }
        self.raised.push(Raised::of(&seen, case));
        Ok(())
    }

    /// Shows each answer as it comes, until nothing is asked any more or the time is over. What cannot be read now may be
    /// read later: a server that is away does not end a drill.
    async fn wait(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let (mut known, mut shown) = (None, vec![0; self.raised.len()]);
        let mut told = String::new();
        loop {
            match self.look(&mut known, &mut shown).await {
                Ok(false) => return,
                Ok(true) => told.clear(),
                Err(failure) => {
                    let why = failure.to_string();
                    if why != told {
                        self.line("33", &format!("      … {why}"));
                        told = why;
                    }
                }
            }
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return;
            }
            tokio::time::sleep(LOOK.min(rest)).await;
        }
    }

    /// Shows what is new; whether anything is still asked.
    async fn look(&self, known: &mut Option<Known>, shown: &mut [usize]) -> Result<bool, Failure> {
        let Known { policy, names } = match known {
            Some(known) => known,
            None => known.insert(self.know().await?),
        };
        let mut is_open = false;
        for (case, shown) in self.raised.iter().zip(shown) {
            let Facts { facts, sealed_from } = self.reader().facts(&case.id).await?;
            self.show(&facts, shown, names);
            let followed = follow(&facts, policy)?;
            is_open |=
                sealed_from.is_some() || followed.as_ref().is_none_or(|followed| is_asked(followed, policy));
        }
        Ok(is_open)
    }

    async fn know(&self) -> Result<Known, Failure> {
        let reader = self.reader();
        Ok(Known { policy: reader.policy().await?, names: reader.names().await? })
    }

    /// Shows the facts that were not shown yet: what people did, and what the system did because nobody did.
    fn show(&self, facts: &[Fact], shown: &mut usize, names: &Names) {
        let raised_at = facts.first().map(|fact| fact.origin().occurred_at);
        for fact in facts.iter().skip(*shown) {
            let at = fact.origin().occurred_at;
            let minutes = raised_at.map_or(0, |raised| (at - raised).num_minutes());
            let what = word(labels::happening(fact.body().kind()), Language::Vi);
            let when = format!("{}  {minutes:>4} phút", second(at));
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

    /// The reports, and who is called what in them.
    async fn reports(&self) -> Result<(Vec<Report>, Names), Failure> {
        let Known { policy, names } = self.know().await?;
        let mut reports = Vec::new();
        for case in &self.raised {
            reports.push(self.report(&case.id, &policy).await?);
        }
        Ok((reports, names))
    }

    /// The report on a case, once its mails have come to rest.
    async fn report(&self, case: &str, policy: &Policy) -> Result<Report, Failure> {
        let Facts { facts, sealed_from } = self.reader().facts(case).await?;
        let followed = follow(&facts, policy)?.ok_or("the case has no fact that may be read")?;
        let end = Instant::now() + MAILS;
        let mut mails = self.reader().mails(case).await?;
        while mails.iter().any(|mail| UNDER_WAY.contains(&mail.state.as_str())) && Instant::now() < end {
            tokio::time::sleep(LOOK / 4).await;
            mails = self.reader().mails(case).await?;
        }
        Ok(report(followed, mails, self.reader().now().await?, sealed_from))
    }
}

/// The states of a mail that the relay is about to be given.
const UNDER_WAY: [&str; 2] = ["queued", "attempting"];

/// Whether somebody is asked for something, or will be in a moment.
fn is_asked(followed: &Followed, policy: &Policy) -> bool {
    let Followed { case, waiting, .. } = followed;
    case.lifecycle.is_live() && (*waiting > 0 || next_steps(case, case.recorded_at, policy).next().is_some())
}
