//! The watchdog's own configuration: it runs on another machine, and shares nothing with what it watches.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::TimeDelta;
use serde::Deserialize;
use svc_notifier::transport::smtp;
use toml::Value;

use super::watch::Terms;
use crate::Failure;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    watchdog: Settings,
}

/// `[watchdog]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// The operators' addresses.
    pub(super) to: Vec<String>,
    /// The sender.
    pub(super) from: String,
    /// What is watched.
    #[serde(default, rename = "installation")]
    pub(super) installations: Vec<Installation>,
    /// How often it is looked at, in seconds.
    #[serde(default = "fifteen")]
    every_seconds: f64,
    /// How long an answer may take, in seconds.
    #[serde(default = "ten")]
    answer_seconds: f64,
    /// After how many seconds without a good answer it is told.
    #[serde(default = "sixty")]
    silent_seconds: f64,
    /// After how many seconds it is told again, as long as it lasts; 0 never.
    #[serde(default = "hour")]
    remind_seconds: f64,
    /// The hour of the day, in the province's time, from which on a mail says that the watchdog itself works; absent sends
    /// none.
    #[serde(default)]
    pub(super) alive_hour: Option<u32>,
    /// Certificates (PEM) to believe besides those of the system.
    #[serde(default)]
    pub(super) ca_file: Option<PathBuf>,
    /// Where it remembers what it has told; by default beside the configuration, `watchdog.state.json`.
    #[serde(default)]
    state: Option<PathBuf>,
    /// The SMTP relay, as `[mail.smtp]` of an installation.
    smtp: toml::Table,
}

/// An installation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Installation {
    /// As mails call it.
    pub(super) name: String,
    /// Its public address: what stands before `/readyz`.
    pub(super) url: String,
}

fn fifteen() -> f64 {
    15.0
}

fn ten() -> f64 {
    10.0
}

fn sixty() -> f64 {
    60.0
}

fn hour() -> f64 {
    3_600.0
}

impl Settings {
    /// Reads the file, with what the command line adds.
    ///
    /// # Errors
    /// It cannot be read, or makes no sense.
    pub(super) fn read(file: &Path, urls: &[String]) -> Result<Self, Failure> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        Self::parse(&text, urls).map_err(|error| format!("{}: {error}", file.display()).into())
    }

    fn parse(text: &str, urls: &[String]) -> Result<Self, String> {
        let File { watchdog: mut settings } = toml::from_str(text).map_err(|error| error.to_string())?;
        settings
            .installations
            .extend(urls.iter().map(|url| Installation { name: host(url), url: url.clone() }));
        settings.check()?;
        Ok(settings)
    }

    fn check(&mut self) -> Result<(), String> {
        if self.installations.is_empty() {
            return Err(
                "nothing is watched: add [[watchdog.installation]] with name and url, or --url".to_owned()
            );
        }
        if self.to.is_empty() {
            return Err("[watchdog] to: give the operators' addresses".to_owned());
        }
        for installation in &mut self.installations {
            let url = installation.url.trim_end_matches('/').to_owned();
            if !url.starts_with("http://") && !url.starts_with("https://") {
                return Err(format!("{url:?} is no address: write it like https://phoi-hop.tinh.example"));
            }
            installation.url = url;
        }
        let urls: BTreeSet<_> = self.installations.iter().map(|each| &each.url).collect();
        if urls.len() < self.installations.len() {
            return Err("an address is watched twice: leave one out".to_owned());
        }
        if self.alive_hour.is_some_and(|hour| hour > 23) {
            return Err("[watchdog] alive_hour is an hour of the day, from 0 to 23".to_owned());
        }
        for (name, seconds) in [
            ("every_seconds", self.every_seconds),
            ("answer_seconds", self.answer_seconds),
            ("silent_seconds", self.silent_seconds),
        ] {
            if !(0.01..=86_400.0).contains(&seconds) {
                return Err(format!("[watchdog] {name} must be more than nothing and not more than a day"));
            }
        }
        if !(0.0..=86_400.0 * 365.0).contains(&self.remind_seconds) {
            return Err("[watchdog] remind_seconds must not be less than 0, nor more than a year".to_owned());
        }
        self.relay().map(drop)
    }

    /// The relay.
    ///
    /// # Errors
    /// A key is misspelt or missing.
    pub(super) fn relay(&self) -> Result<smtp::Config, String> {
        let mut relay = self.smtp.clone();
        relay.entry("from").or_insert_with(|| Value::String(self.from.clone()));
        Value::Table(relay).try_into().map_err(|error| format!("[watchdog.smtp]: {error}"))
    }

    /// Where what was told is remembered.
    pub(super) fn state(&self, file: &Path) -> PathBuf {
        self.state.clone().unwrap_or_else(|| file.with_extension("state.json"))
    }

    /// How often is looked.
    pub(super) fn every(&self) -> Duration {
        Duration::from_secs_f64(self.every_seconds)
    }

    /// How long an answer may take.
    pub(super) fn answer(&self) -> Duration {
        Duration::from_secs_f64(self.answer_seconds)
    }

    /// When somebody is told.
    pub(super) fn terms(&self) -> Terms {
        let delta = |seconds| TimeDelta::from_std(Duration::from_secs_f64(seconds)).unwrap_or(TimeDelta::MAX);
        let remind = (self.remind_seconds > 0.0).then(|| delta(self.remind_seconds));
        Terms { silent: delta(self.silent_seconds), remind }
    }
}

/// What an address is called that has no name.
fn host(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare.split('/').next().unwrap_or(bare).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[watchdog]\nto = [\"van-hanh@tinh.example\"]\nfrom = \"giam-sat@tinh.example\"\n\
                         [watchdog.smtp]\nhost = \"mail.tinh.example\"\nport = 587\ntls = \"starttls\"\n";

    #[test]
    fn the_least_has_the_usual_times_and_the_sender_for_its_relay() {
        let read = Settings::parse(LEAST, &["https://phoi-hop.tinh.example/".to_owned()]).unwrap();
        let named = Installation {
            name: "phoi-hop.tinh.example".to_owned(),
            url: "https://phoi-hop.tinh.example".to_owned(),
        };
        assert_eq!(read.installations, [named]);
        assert_eq!((read.every(), read.answer()), (Duration::from_secs(15), Duration::from_secs(10)));
        let hour = Some(TimeDelta::hours(1));
        assert_eq!(read.terms(), Terms { silent: TimeDelta::seconds(60), remind: hour });
        assert_eq!(read.relay().unwrap().from, "giam-sat@tinh.example");
        assert_eq!(read.state(Path::new("/etc/watchdog.toml")), Path::new("/etc/watchdog.state.json"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let of = |more: &str, urls: &[&str]| {
            let text = LEAST.replace("[watchdog.smtp]\n", &format!("{more}\n[watchdog.smtp]\n"));
            let urls: Vec<_> = urls.iter().map(|url| (*url).to_owned()).collect();
            Settings::parse(&text, &urls).unwrap_err()
        };
        for (said, word) in [
            (of("", &[]), "nothing is watched"),
            (of("", &["tinh.example"]), "is no address"),
            (of("", &["http://a", "http://a/"]), "watched twice"),
            (of("alive_hour = 24", &["http://a"]), "alive_hour"),
            (of("every_seconds = 0", &["http://a"]), "every_seconds"),
            (of("every = 5", &["http://a"]), "unknown field `every`"),
        ] {
            assert!(said.contains(word), "{said}");
        }
        let misspelt = Settings::parse(&LEAST.replace("port", "prt"), &["http://a".to_owned()]).unwrap_err();
        assert!(misspelt.contains("[watchdog.smtp]") && misspelt.contains("prt"), "{misspelt}");
    }
}
