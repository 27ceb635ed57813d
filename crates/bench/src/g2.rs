//! G2: one command, one at a time, beside one synced publish.

use std::{path::Path, time::Instant};

use bus::{Principal, append, log, streams::CASES};

use crate::{
    Failure,
    chart::{Bar, Chart},
    drive::{heading, row},
    figures::{Spread, micros, millis},
    history,
    load::{Client, Plan},
    report::{Figure, Sheet},
    server::BareServer,
    sink::Sink,
    system::Installation,
};

/// What was measured, each turn about with the others.
#[derive(Debug)]
pub struct Outcome {
    /// A command that nothing follows: the callback is noted.
    pub alone: Spread,
    /// A command that others follow: a call is raised, numbered and routed.
    pub followed: Spread,
    /// One publish of the same bytes with compare-and-set, synced to the disk.
    pub publish: Spread,
    /// How many bytes that were.
    pub bytes: usize,
}

/// Measures so many rounds on an installation of its own, after a tenth of them that do not count.
pub async fn run(binary: &Path, rounds: u64, keep: bool) -> Result<Outcome, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, keep)?;
    let system = installation.start(sink.address).await?;
    let [raise, ..] = history::plain_dispute(system.ready.time);
    let plan = Plan::new(system.api, &system.tokens()?, "g2-", [raise, history::callback()])?;
    let bare = BareServer::start().await?;
    let writer = bare.connect(Principal::Ledger).await?;
    let reader = system.connect(Principal::Views).await?;
    let (warm_up, mut payload) = (rounds / 10, None);
    let mut client = Client::new(&plan);
    let mut publishes = Vec::new();
    for round in 0..rounds + warm_up {
        let case = client.act(round, 0, "").await.flatten().ok_or("the raise failed")?;
        client.act(round, 1, &case).await.ok_or("the callback failed")?;
        let payload = if let Some(payload) = &payload {
            payload
        } else {
            let facts = log::read(&reader, CASES, 1, "case.>").await?;
            payload.insert(facts.last().ok_or("no fact")?.payload.clone())
        };
        let message = append::Append {
            subject: format!("case.00.{round}"),
            payload: payload.clone(),
            id: round.to_string(),
            expected: 0,
            headers: Vec::new(),
        };
        let began = Instant::now();
        append::append(&writer, CASES, &message).await?;
        publishes.push(micros(began.elapsed()));
    }
    if !client.played.failures.is_empty() {
        return Err(format!("acts failed: {:?}", client.played.failures).into());
    }
    let skip = usize::try_from(warm_up)?;
    let of = |act| {
        let samples = client.played.samples.iter().filter(|sample| sample.act == act).skip(skip);
        Spread::of(samples.map(|sample| sample.took).collect())
    };
    let outcome = Outcome {
        alone: of(1),
        followed: of(0),
        publish: Spread::of(publishes.split_off(skip)),
        bytes: payload.map_or(0, |payload| payload.len()),
    };
    system.stop().await?;
    bare.stop().await?;
    Ok(outcome)
}

impl Outcome {
    /// How many times a publish a command takes.
    pub fn ratio(&self) -> f64 {
        f64::from(self.alone.p50) / f64::from(self.publish.p50.max(1))
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let publish = format!("one synced publish of {} bytes: {}", self.bytes, both(&self.publish));
        let figure = Figure::of(
            "G2",
            "one command that nothing follows, one at a time, p50 / p99",
            format!("{}, {:.1} × a publish", both(&self.alone), self.ratio()),
        );
        sheet.figure("g2-a", figure.wanted("≤ 4 ×", self.ratio() <= 4.0).beside(&*publish));
        let what = "one command, numbered and routed before it is answered, p50 / p99";
        sheet.figure("g2-b", Figure::of("G2", what, both(&self.followed)).beside(publish));
        let bars = [
            ("one synced publish, p50", self.publish.p50),
            ("one command, p50", self.alone.p50),
            ("numbered and routed, p50", self.followed.p50),
            ("one synced publish, p99", self.publish.p99),
            ("one command, p99", self.alone.p99),
            ("numbered and routed, p99", self.followed.p99),
        ];
        let goal =
            |label: &str| (label == "one command, p50").then(|| f64::from(self.publish.p50) * 4.0 / 1e3);
        let bars = bars.map(|(label, took)| Bar::of(label, f64::from(took) / 1e3, goal(label)));
        sheet.chart(
            "one-at-a-time",
            Chart {
                title: "One command at a time, beside one synced publish".to_owned(),
                unit: "milliseconds".to_owned(),
                parts: Vec::new(),
                bars: bars.to_vec(),
            },
        );
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        vec![
            format!("G2  one at a time: {:.1} × a synced publish (goal: at most 4)", self.ratio()),
            heading(""),
            row("a command that nothing follows", &self.alone),
            row("a command, numbered and routed", &self.followed),
            row(&format!("one synced publish of {} bytes", self.bytes), &self.publish),
        ]
    }
}

fn both(spread: &Spread) -> String {
    format!("{} / {}", millis(spread.p50), millis(spread.p99))
}
