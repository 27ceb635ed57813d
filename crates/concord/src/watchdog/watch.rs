//! What is to be told of an installation, given what was seen of it and when: no clock, no network.

use chrono::TimeDelta;
use events::Timestamp;
use serde::{Deserialize, Serialize};

/// What one look at an installation showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It says that it is ready: so far its fold has come, of so many facts of the log.
    Ready {
        /// The last fact that is folded.
        fold: u64,
        /// The newest fact of the log.
        log: u64,
    },
    /// It does not.
    Ill(Illness),
}

/// Why an installation is not ready. Only this is ever said of it: nothing that it answered goes into a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Illness {
    /// No connection, or no answer in time.
    Silent,
    /// Its certificate has ended, is of another name, or nobody believed has signed it.
    Untrusted,
    /// It answers with this status, and not as Concord does.
    Strange(u16),
    /// It answers that it cannot work.
    NotReady,
    /// It says that it is ready, and yet its fold stands still while the log goes on.
    Stale,
}

/// When somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// After how long without a good answer.
    pub(super) silent: TimeDelta,
    /// After how long again, as long as it lasts; never without.
    pub(super) remind: Option<TimeDelta>,
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It has stopped.
    Stopped(Outage),
    /// It has not come back.
    Still(Outage),
    /// It is back.
    Back(Outage),
}

/// A time without a good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    /// When the first answer was missing.
    pub(super) since: Timestamp,
    /// When that is told.
    pub(super) at: Timestamp,
    /// Why, as it was seen last.
    pub(super) why: Illness,
}

/// What is remembered of an installation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watched {
    /// Since when it does not answer well, and why; nothing, while it does.
    ill: Option<(Timestamp, Illness)>,
    /// When that was told last; nothing, if it was not.
    told: Option<Timestamp>,
    /// How far its fold had come when it was looked at last.
    fold: Option<u64>,
}

impl Watched {
    /// Takes in what a look showed, and says what is to be told.
    pub(super) fn see(&mut self, look: Look, at: Timestamp, terms: &Terms) -> Option<News> {
        let illness = match look {
            Look::Ill(illness) => Some(illness),
            Look::Ready { fold, log } => {
                let stands = self.fold == Some(fold) && fold < log;
                self.fold = Some(fold);
                stands.then_some(Illness::Stale)
            }
        };
        let Some(why) = illness else {
            let ill = self.ill.take();
            let told = self.told.take();
            let (since, why) = ill.filter(|_| told.is_some())?;
            return Some(News::Back(Outage { since, at, why }));
        };
        let since = self.ill.map_or(at, |(since, _)| since);
        self.ill = Some((since, why));
        let outage = Outage { since, at, why };
        match (self.told, terms.remind) {
            (None, _) if at - since >= terms.silent => {
                self.told = Some(at);
                Some(News::Stopped(outage))
            }
            (Some(told), Some(remind)) if at - told >= remind => {
                self.told = Some(at);
                Some(News::Still(outage))
            }
            _ => None,
        }
    }

    /// Since when it does not answer well, and why.
    pub(super) fn ill(&self) -> Option<(Timestamp, Illness)> {
        self.ill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { silent: TimeDelta::seconds(60), remind: Some(TimeDelta::hours(1)) };
    const WELL: Look = Look::Ready { fold: 7, log: 7 };
    const SILENT: Look = Look::Ill(Illness::Silent);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    /// What is told, of looks at these seconds.
    fn told(looks: &[(i64, Look)]) -> Vec<(i64, News)> {
        let mut watched = Watched::default();
        let see = |(seconds, look): &(i64, Look)| Some((*seconds, watched.see(*look, at(*seconds), &TERMS)?));
        looks.iter().filter_map(see).collect()
    }

    fn outage(since: i64, until: i64, why: Illness) -> Outage {
        Outage { since: at(since), at: at(until), why }
    }

    #[test]
    fn it_is_told_once_after_a_minute_then_each_hour_and_when_it_is_back() {
        let mut looks = vec![(0, WELL)];
        looks.extend((1..=500).map(|n| (n * 15, SILENT)));
        looks.push((7_515, WELL));
        looks.push((7_530, WELL));
        let expected = [
            (75, News::Stopped(outage(15, 75, Illness::Silent))),
            (3_675, News::Still(outage(15, 3_675, Illness::Silent))),
            (7_275, News::Still(outage(15, 7_275, Illness::Silent))),
            (7_515, News::Back(outage(15, 7_515, Illness::Silent))),
        ];
        assert_eq!(told(&looks), expected);
    }

    #[test]
    fn what_is_short_is_not_told_and_neither_is_its_end() {
        assert_eq!(told(&[(0, WELL), (15, SILENT), (60, SILENT), (74, WELL), (200, SILENT)]), []);
    }

    #[test]
    fn the_newest_reason_is_told() {
        let not_ready = Look::Ill(Illness::NotReady);
        let stopped = News::Stopped(outage(0, 60, Illness::NotReady));
        assert_eq!(told(&[(0, SILENT), (60, not_ready)]), [(60, stopped)]);
    }

    #[test]
    fn a_fold_that_stands_still_while_the_log_goes_on_is_an_illness() {
        let at_seven = |log| Look::Ready { fold: 7, log };
        assert_eq!(told(&[(0, at_seven(9)), (600, Look::Ready { fold: 8, log: 20 })]), [], "it moves");
        assert_eq!(told(&[(0, at_seven(7)), (600, at_seven(7))]), [], "nothing happens");
        let stopped = News::Stopped(outage(15, 75, Illness::Stale));
        assert_eq!(told(&[(0, at_seven(7)), (15, at_seven(8)), (75, at_seven(9))]), [(75, stopped)]);
    }

    #[test]
    fn without_reminders_it_is_told_once() {
        let terms = Terms { remind: None, ..TERMS };
        let mut watched = Watched::default();
        let told: Vec<_> = (0..1_000).filter_map(|n| watched.see(SILENT, at(n * 60), &terms)).collect();
        assert_eq!(told.len(), 1);
    }

    #[test]
    fn what_is_remembered_goes_on_after_a_start() {
        let mut watched = Watched::default();
        watched.see(SILENT, at(0), &TERMS);
        watched.see(SILENT, at(60), &TERMS).unwrap();
        let kept = serde_json::to_string(&watched).unwrap();
        let mut again: Watched = serde_json::from_str(&kept).unwrap();
        assert_eq!(again, watched);
        assert_eq!(again.see(SILENT, at(120), &TERMS), None, "it is not told twice");
        assert!(matches!(again.see(WELL, at(180), &TERMS), Some(News::Back(_))));
    }
}
