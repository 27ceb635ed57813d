//! `concord watchdog`: from another machine it asks installations whether they work, and mails the operators when one
//! does not. It has no data directory of Concord and no key: only their public address.

mod config;
mod letters;
mod memory;
mod watch;

use std::{panic::resume_unwind, path::PathBuf, process::ExitCode, time::Duration};

use serde::Deserialize;
use service::Clock;
use svc_notifier::transport::{self, Outcome, Transport};
use tokio::{
    task::{JoinError, JoinSet},
    time::MissedTickBehavior,
};

use crate::{
    Failure,
    cli::Watchdog,
    operator,
    process::{Orders, log},
    web::{self, Trust},
};
use config::{Installation, Settings};
use letters::{Named, alive, written};
use memory::{Became, Memory, Outgoing};
use watch::{Illness, Look, News, Watched};

/// The watchdog at work.
struct Dog {
    settings: Settings,
    /// Whom it believes over TLS, if it watches anything so.
    trust: Option<Trust>,
    /// The relay; it is not here while a mail is under way.
    transport: Option<Transport>,
    /// The mail that is under way: looks do not wait for it.
    sending: JoinSet<Tried>,
    memory: Memory,
    /// Where it keeps what it remembers, and what it has written there.
    state: PathBuf,
    written: String,
    host: String,
}

/// A mail that was under way, by its id, and what the relay said.
type Tried = (Transport, String, Outcome);

/// What it reads of an answer of `/readyz`.
#[derive(Deserialize)]
struct Readiness {
    ready: bool,
    log: Option<u64>,
    fold: u64,
}

/// Watches until it is told to stop; with `--once` it looks once.
pub(crate) async fn watchdog(options: Watchdog) -> Result<ExitCode, Failure> {
    let mut orders = Orders::listen()?;
    let Watchdog { config, urls, once } = options;
    let settings = Settings::read(&config, &urls)?;
    log(None);
    let state = settings.state(&config);
    let by_tls = settings.installations.iter().any(|each| each.url.starts_with("https:"));
    let mut dog = Dog {
        trust: by_tls.then(|| Trust::roots(settings.ca_file.as_deref())).transpose()?,
        transport: Some(Transport::new(transport::Config::Smtp(settings.relay()?))?),
        sending: JoinSet::new(),
        memory: Memory::read(&state)?,
        state,
        written: String::new(),
        host: operator::here().host,
        settings,
    };
    // Now, and not when there is something to tell.
    dog.memory.keep(&dog.state, &mut dog.written)?;
    if once {
        let well = tokio::select! {
            well = dog.once() => well,
            () = orders.stop() => false,
        };
        return Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let names =
        dog.settings.installations.iter().map(|each| each.name.as_str()).collect::<Vec<_>>().join(", ");
    tracing::info!(installations = names, every = ?dog.settings.every(), "the watchdog watches");
    // A mail that is cut short goes again with the same id at the next start.
    tokio::select! {
        () = dog.watch() => {}
        () = orders.stop() => {}
    }
    if let Some(mut transport) = dog.transport {
        transport.close().await;
    }
    tracing::info!(
        mails_unsent = dog.memory.outgoing.len(),
        "the watchdog stops: nobody watches from now on"
    );
    Ok(ExitCode::SUCCESS)
}

impl Dog {
    /// Looks as often as it should, and sends what there is to say beside that.
    async fn watch(&mut self) {
        let mut ticks = tokio::time::interval(self.settings.every());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looking = JoinSet::new();
        loop {
            self.send();
            tokio::select! {
                _ = ticks.tick(), if looking.is_empty() => drop(looking.spawn(self.look())),
                Some(looks) = looking.join_next() => self.seen(whole(looks)),
                Some(tried) = self.sending.join_next() => self.tried(whole(tried)),
            }
        }
    }

    /// Looks once, and sends what there is to say. Whether all are well and all mails are out.
    async fn once(&mut self) -> bool {
        let looks = self.look().await;
        self.seen(looks);
        self.send();
        while let Some(tried) = self.sending.join_next().await {
            self.tried(whole(tried));
            self.send();
        }
        let installations = &self.settings.installations;
        let well = |url: &String| self.memory.watched.get(url).is_some_and(|watched| watched.ill().is_none());
        self.memory.outgoing.is_empty() && installations.iter().all(|each| well(&each.url))
    }

    /// Takes in a look at each installation, and enters what there is to say.
    fn seen(&mut self, looks: Vec<Look>) {
        let now = Clock::System.now();
        let terms = self.settings.terms();
        for (installation, look) in self.settings.installations.iter().zip(looks) {
            let watched = self.memory.watched.entry(installation.url.clone()).or_default();
            let Some(news) = watched.see(look, now, &terms) else { continue };
            let of = Named::of(installation);
            let mail = written(of, &news, terms.remind, &self.host);
            let (News::Stopped(outage) | News::Still(outage) | News::Back(outage)) = news;
            match news {
                News::Stopped(_) | News::Still(_) => {
                    tracing::error!(of.name, since = %outage.since, why = ?outage.why, alert = true, "it does not work");
                }
                News::Back(_) => tracing::info!(of.name, since = %outage.since, "it works again"),
            }
            let (from, to) = (&self.settings.from, &self.settings.to);
            let thread = format!("{} {}", installation.url, outage.since.timestamp_micros());
            self.memory.enter(&mail, &thread, from, to, now, matches!(news, News::Stopped(_)));
        }
        if self.settings.alive_hour.is_some_and(|hour| self.memory.is_to_say_it_lives(hour, now)) {
            let stands = |each: &Installation| self.memory.watched.get(&each.url).and_then(Watched::ill);
            let all: Vec<_> =
                self.settings.installations.iter().map(|each| (Named::of(each), stands(each))).collect();
            let mail = alive(&all, now, &self.host);
            self.memory.enter(&mail, "alive", &self.settings.from, &self.settings.to, now, false);
        }
        self.keep();
    }

    /// Looks at each installation once, at all at the same time: one that is silent does not hold up the others.
    fn look(&self) -> impl Future<Output = Vec<Look>> + use<> {
        let mut asked = JoinSet::new();
        for (at, installation) in self.settings.installations.iter().enumerate() {
            let (url, trust) = (format!("{}/readyz", installation.url), self.trust.clone());
            let within = self.settings.answer();
            asked.spawn(async move { (at, ask(&url, trust.as_ref(), within).await) });
        }
        async move {
            let mut looks = asked.join_all().await;
            looks.sort_unstable_by_key(|(at, _)| *at);
            looks.into_iter().map(|(_, look)| look).collect()
        }
    }

    /// Begins to send the oldest mail that is due, if none is under way.
    fn send(&mut self) {
        let Some(letter) = self.memory.due(Clock::System.now()).map(Outgoing::letter) else { return };
        let Some(mut transport) = self.transport.take() else { return };
        self.sending.spawn(async move {
            let outcome = transport.send(&letter).await;
            (transport, letter.message_id, outcome)
        });
    }

    /// Takes in what the relay said, and remembers it at once: what is sent is not sent again.
    fn tried(&mut self, (transport, id, outcome): Tried) {
        self.transport = Some(transport);
        let became = self.memory.tried(&id, outcome, Clock::System.now(), self.settings.every());
        let Some((subject, became)) = became else { return };
        self.keep();
        match became {
            Became::Sent => tracing::info!(subject, "a mail is sent"),
            Became::Lost(reply) => {
                tracing::error!(subject, reply, alert = true, "a mail is lost: the relay does not take it");
            }
            Became::Waits(reply) => {
                tracing::warn!(subject, reply, "a mail waits: the relay does not take it now");
            }
            Became::Away(why) => {
                tracing::error!(subject, why, alert = true, "all mail waits: the relay does not answer");
            }
        }
    }

    fn keep(&mut self) {
        if let Err(error) = self.memory.keep(&self.state, &mut self.written) {
            tracing::error!(%error, alert = true, "what was told is not remembered");
        }
    }
}

/// What a task has brought: nothing cuts one short but the end of the process.
fn whole<T>(brought: Result<T, JoinError>) -> T {
    brought.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

async fn ask(url: &str, trust: Option<&Trust>, within: Duration) -> Look {
    match web::get(url, trust, within).await {
        Ok(answer) => judged(answer.status, &answer.body),
        Err(why) => {
            tracing::warn!(url, why, "no answer");
            unanswered(&why)
        }
    }
}

/// What it says that there was no answer.
fn unanswered(why: &str) -> Look {
    Look::Ill(if why.starts_with(web::UNTRUSTED) { Illness::Untrusted } else { Illness::Silent })
}

/// What an answer of `/readyz` says.
fn judged(status: u16, body: &[u8]) -> Look {
    match (serde_json::from_slice(body), status) {
        (Ok(Readiness { ready: true, log: Some(log), fold }), 200) => Look::Ready { fold, log },
        (Ok(Readiness { .. }), 200 | 503) => Look::Ill(Illness::NotReady),
        (_, status) => Look::Ill(Illness::Strange(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_concord_that_it_is_ready_counts() {
        let ready = br#"{"ready":true,"nats":true,"log":9,"fold":7,"unreadable_cases":0,"time":"2026-05-16T14:52:00Z"}"#;
        assert_eq!(judged(200, ready), Look::Ready { fold: 7, log: 9 });
        let not_ready = br#"{"ready":false,"nats":false,"log":null,"fold":7}"#;
        assert_eq!(judged(503, not_ready), Look::Ill(Illness::NotReady));
        assert_eq!(judged(502, b"<html>Bad Gateway</html>"), Look::Ill(Illness::Strange(502)));
        assert_eq!(judged(200, b"ok"), Look::Ill(Illness::Strange(200)));
        assert_eq!(judged(401, ready), Look::Ill(Illness::Strange(401)));
    }

    #[test]
    fn a_certificate_that_is_not_believed_is_no_silence() {
        let expired = "the certificate is not believed (tinh.example:443): invalid peer certificate: Expired";
        assert_eq!(unanswered(expired), Look::Ill(Illness::Untrusted));
        let gone = "cannot connect to tinh.example:443: Connection refused (os error 111)";
        assert_eq!(unanswered(gone), Look::Ill(Illness::Silent));
    }
}
