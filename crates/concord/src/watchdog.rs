//! `concord watchdog`: from another machine it asks installations whether they work, and mails the operators when one
//! does not. It has no data directory of Concord and no key: only their public address.

mod config;
mod letters;
mod memory;
mod watch;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use serde::Deserialize;
use service::Clock;
use svc_notifier::transport::{self, Transport};
use tokio::{task::JoinSet, time::MissedTickBehavior};

use crate::{
    Failure,
    cli::Watchdog,
    operator,
    process::{Orders, log},
    web::{self, Trust},
};
use config::{Installation, Settings};
use letters::{Named, alive, written};
use memory::{Became, Memory};
use watch::{Illness, Look, News, Watched};

/// The watchdog at work.
struct Dog {
    settings: Settings,
    trust: Trust,
    transport: Transport,
    memory: Memory,
    /// Where it keeps what it remembers.
    state: PathBuf,
    host: String,
}

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
    let mut dog = Dog {
        trust: Trust::roots(settings.ca_file.as_deref())?,
        transport: Transport::new(transport::Config::Smtp(settings.relay()?))?,
        memory: Memory::read(&state)?,
        state,
        host: operator::here().host,
        settings,
    };
    // Now, and not when there is something to tell.
    dog.memory.keep(&dog.state)?;
    if once {
        return Ok(if dog.round().await { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let names =
        dog.settings.installations.iter().map(|each| each.name.as_str()).collect::<Vec<_>>().join(", ");
    tracing::info!(installations = names, every = ?dog.settings.every(), "the watchdog watches");
    let mut ticks = tokio::time::interval(dog.settings.every());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = orders.stop() => break,
        }
        // A mail that is cut short goes again with the same id at the next start.
        tokio::select! {
            _ = dog.round() => {}
            () = orders.stop() => break,
        }
    }
    dog.transport.close().await;
    tracing::info!(
        mails_unsent = dog.memory.outgoing.len(),
        "the watchdog stops: nobody watches from now on"
    );
    Ok(ExitCode::SUCCESS)
}

impl Dog {
    /// Looks at each installation once, and sends what there is to say. Whether all are well and all mails are out.
    async fn round(&mut self) -> bool {
        let looks = self.look().await;
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
                    tracing::error!(of.name, since = %outage.since, why = ?outage.why, alert = true, "it does not answer");
                }
                News::Back(_) => tracing::info!(of.name, since = %outage.since, "it answers again"),
            }
            let (from, to) = (&self.settings.from, &self.settings.to);
            let thread = format!("{} {}", installation.url, outage.since.timestamp_micros());
            self.memory.enter(&mail, &thread, from, to, now, matches!(news, News::Stopped(_)));
        }
        if self.settings.alive_hour.is_some_and(|hour| self.memory.is_to_say_it_lives(hour, now)) {
            let stands =
                |each: &Installation| self.memory.watched.get(&each.url).and_then(Watched::ill_since);
            let all: Vec<_> =
                self.settings.installations.iter().map(|each| (Named::of(each), stands(each))).collect();
            let mail = alive(&all, now, &self.host);
            self.memory.enter(&mail, "alive", &self.settings.from, &self.settings.to, now, false);
        }
        self.keep();
        self.send().await;
        self.keep();
        let installations = &self.settings.installations;
        let well =
            |url: &String| self.memory.watched.get(url).is_some_and(|watched| watched.ill_since().is_none());
        self.memory.outgoing.is_empty() && installations.iter().all(|each| well(&each.url))
    }

    /// Asks all at the same time: one that is silent does not hold up the others.
    async fn look(&self) -> Vec<Look> {
        let mut asked = JoinSet::new();
        for (at, installation) in self.settings.installations.iter().enumerate() {
            let (url, trust) = (format!("{}/readyz", installation.url), self.trust.clone());
            let within = self.settings.answer();
            asked.spawn(async move { (at, ask(&url, &trust, within).await) });
        }
        let mut looks = asked.join_all().await;
        looks.sort_unstable_by_key(|(at, _)| *at);
        looks.into_iter().map(|(_, look)| look).collect()
    }

    /// Tries what is due, the oldest first. Cut short, it has lost none.
    async fn send(&mut self) {
        let first = self.settings.every();
        let mut place = 0;
        while let Some(mut mail) = self.memory.outgoing.get(place).cloned() {
            let now = Clock::System.now();
            if !self.memory.may_send(now) || !mail.is_due(now) {
                place += 1;
                continue;
            }
            let outcome = self.transport.send(&mail.letter()).await;
            let became = self.memory.tried(&mut mail, outcome, Clock::System.now(), first);
            let subject = mail.subject.clone();
            if matches!(became, Became::Sent | Became::Lost(_)) {
                self.memory.outgoing.remove(place);
            } else {
                self.memory.outgoing[place] = mail;
                place += 1;
            }
            match became {
                Became::Sent => tracing::info!(subject, "a mail is sent"),
                Became::Lost(reply) => {
                    tracing::error!(
                        subject,
                        reply,
                        alert = true,
                        "a mail is lost: the relay does not take it"
                    );
                }
                Became::Waits(reply) => {
                    tracing::warn!(subject, reply, "a mail waits: the relay does not take it now");
                }
                Became::Away(why) => {
                    tracing::error!(subject, why, alert = true, "all mail waits: the relay does not answer");
                }
            }
        }
    }

    fn keep(&self) {
        if let Err(error) = self.memory.keep(&self.state) {
            tracing::error!(%error, alert = true, "what was told is not remembered");
        }
    }
}

async fn ask(url: &str, trust: &Trust, within: Duration) -> Look {
    match web::get(url, Some(trust), within).await {
        Ok(answer) => judged(answer.status, &answer.body),
        Err(why) => {
            tracing::warn!(url, why, "no answer");
            Look::Ill(Illness::Silent)
        }
    }
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
}
