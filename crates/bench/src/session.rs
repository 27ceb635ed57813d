//! A run: what is wanted, one after the other, said on the terminal and noted for the figures.

use std::{path::Path, time::Duration};

use crate::{
    Failure, added, bare,
    chart::{Bar, Chart},
    drive::Shape,
    g1, g2, g3, g4, g5, g6, g7, now,
    options::{Options, What},
    peer,
    report::{Figure, Sheet},
};

/// Where figures are kept, from the top of the checkout.
pub const FOLDER: &str = "docs/figures";

/// A run that goes on.
pub struct Session<'a> {
    options: &'a Options,
    sheet: Sheet,
    /// Whether nothing was lost, refused or shown wrong.
    sound: bool,
    loads: Vec<g1::Outcome>,
    peers: Vec<peer::Outcome>,
}

impl<'a> Session<'a> {
    /// Begins.
    pub fn begin(options: &'a Options, sheet: Sheet) -> Self {
        Self { options, sheet, sound: true, loads: Vec::new(), peers: Vec::new() }
    }

    /// Measures what is wanted; says whether everything was sound. What was measured before a failure is kept.
    pub async fn run(mut self) -> Result<bool, Failure> {
        self.measure().await?;
        Ok(self.sound)
    }

    /// Says what was measured, and keeps it if it is to be kept.
    fn keep(&mut self, lines: &[String]) -> Result<(), Failure> {
        for line in lines {
            println!("{line}");
        }
        if self.options.keeps_figures() {
            self.sheet.write(Path::new(FOLDER))?;
        }
        Ok(())
    }

    async fn measure(&mut self) -> Result<(), Failure> {
        let options = self.options;
        let (binary, keep) = (&options.binary, options.keep);
        if options.wants(What::Bare) {
            let outcome = bare::run(options.pick(500, 5_000)).await?;
            outcome.note(&mut self.sheet);
            self.keep(&outcome.lines())?;
        }
        if options.wants(What::G2) {
            let outcome = g2::run(binary, options.pick(200, 1_000), keep).await?;
            outcome.note(&mut self.sheet);
            self.keep(&outcome.lines())?;
        }
        self.loads().await?;
        if options.wants(What::G3) {
            let (rounds, raises, passes) = options.pick((50, 500, 1), (300, 5_000, 3));
            let outcome = g3::run(binary, g3::Shape { rounds, raises, in_flight: 64, passes }, keep).await?;
            outcome.note(&mut self.sheet);
            self.keep(&outcome.lines())?;
            self.sound &= outcome.is_sound();
        }
        if options.wants(What::G4) {
            let (facts, rounds) = options.pick((options.facts.min(50_000), 1), (options.facts, 3));
            let outcome = g4::run(binary, facts, rounds, keep).await?;
            outcome.note(&mut self.sheet);
            self.keep(&outcome.lines())?;
        }
        if options.wants(What::Added) {
            let time = options.time() / 3;
            let shape = Shape { in_flight: 64, time, warm_up: time / 5 };
            let outcome = added::run(binary, shape, options.pick(1, 5), keep).await?;
            outcome.note(&mut self.sheet);
            self.keep(&outcome.lines())?;
        }
        if options.wants(What::G7) {
            let time = Duration::from_secs(options.pick(10, 60));
            let outcome = g7::run(binary, g7::Storm { per_second: 500, time }, keep).await?;
            outcome.note(&mut self.sheet);
            self.keep(&outcome.lines())?;
            self.sound &= outcome.is_sound();
        }
        if options.wants(What::G6) {
            let open = options.pick(options.open.min(10_000), options.open);
            let outcome = g6::run(binary, open, keep).await?;
            outcome.note(&mut self.sheet);
            self.keep(&outcome.lines())?;
            self.sound &= outcome.is_sound();
        }
        if options.wants(What::G5) {
            let (cases, rounds) = options.pick((options.cases.min(20_000), 200), (options.cases, 1_000));
            let few = g5::run(binary, g5::FEW, rounds, keep).await?;
            let many = g5::run(binary, cases, rounds, keep).await?;
            many.note(&few, &mut self.sheet);
            self.keep(&many.lines(&few))?;
        }
        Ok(())
    }

    /// The histories, here and on the peer, one after the other with the same number in flight.
    async fn loads(&mut self) -> Result<(), Failure> {
        let options = self.options;
        for &in_flight in &options.in_flight {
            let warm_up = (options.time() / 5).min(Duration::from_secs(3));
            let shape = Shape { in_flight, time: options.time(), warm_up };
            if options.wants(What::G1) {
                let outcome = g1::run(&options.binary, shape, options.keep).await?;
                outcome.note(&mut self.sheet);
                self.sound &= outcome.is_sound();
                let lines = outcome.lines();
                self.loads.push(outcome);
                self.compare();
                self.keep(&lines)?;
            }
            if options.wants(What::Peer) {
                match self.peer(shape).await {
                    Ok(outcome) => {
                        outcome.note(&mut self.sheet);
                        let lines = outcome.lines();
                        self.peers.push(outcome);
                        self.compare();
                        self.keep(&lines)?;
                    }
                    // It is somebody else's program: that it is not there is no reason to measure nothing.
                    Err(failure) => println!("G1  Restate is left out: {failure}"),
                }
            }
        }
        Ok(())
    }

    async fn peer(&self, shape: Shape) -> Result<peer::Outcome, Failure> {
        let script = &self.options.peer;
        if script.exists() {
            peer::run(script, shape, now()).await
        } else {
            Err(format!("there is no {}", script.display()).into())
        }
    }

    /// What this run has measured of both.
    fn compare(&mut self) {
        for (load, peer) in self.loads.iter().filter_map(|load| {
            let same = |peer: &&peer::Outcome| peer.shape.in_flight == load.shape.in_flight;
            self.peers.iter().find(same).map(|peer| (load, peer))
        }) {
            let (in_flight, times) = (load.shape.in_flight, load.rate() / peer.rate().max(f64::MIN_POSITIVE));
            let figure =
                Figure::of("G1", format!("against Restate, {in_flight} in flight"), format!("{times:.1} ×"));
            let beside = format!("{:.0} and {:.0} commands a second", load.rate(), peer.rate());
            let figure = figure.wanted("≥ 10 ×", times >= 10.0).beside(beside);
            self.sheet.figure(&format!("g1-{in_flight:04}-f"), figure);
        }
        if self.loads.is_empty() {
            return;
        }
        let label = |in_flight: usize| format!("{in_flight} in flight");
        let of_load = |load: &g1::Outcome| {
            let in_flight = load.shape.in_flight;
            Bar::of(format!("Concord, {}", label(in_flight)), load.rate(), g1::wanted(in_flight))
        };
        let of_peer = |peer: &peer::Outcome| {
            let label = format!("Restate {}, {}", peer.version, label(peer.shape.in_flight));
            Bar::of(label, peer.rate(), None)
        };
        let bars = self.loads.iter().map(of_load).chain(self.peers.iter().map(of_peer)).collect();
        self.sheet.chart(
            "commands-per-second",
            Chart {
                title: "The dispute history, durable commands a second".to_owned(),
                unit: "commands a second, load generator included".to_owned(),
                parts: Vec::new(),
                bars,
            },
        );
        let names = ["concord", "nats-server", "driver", "relay"];
        let bars = self.loads.iter().map(|load| {
            let micros = load.spent.micros(load.commands_in_all);
            let of =
                |name: &&str| micros.iter().find(|(who, _)| who == name).map_or(0.0, |(_, micros)| *micros);
            Bar { label: label(load.shape.in_flight), parts: names.iter().map(of).collect(), goal: None }
        });
        let bars = bars.collect();
        self.sheet.chart(
            "processor-time",
            Chart {
                title: "What a command costs, with its mails and all that follows".to_owned(),
                unit: "microseconds of processor".to_owned(),
                parts: names.map(str::to_owned).to_vec(),
                bars,
            },
        );
    }
}
