//! The API as its callers meet it, and the port of the metrics.

use std::time::Duration;

use events::Timestamp;
use serde::Deserialize;
use service::Clock;

use super::{
    Patient,
    report::{Check, grouped},
    tls,
};
use crate::web::{self, Answer};

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(5);

/// How many facts the fold of a process may lack without a word.
const NEAR: u64 = 1_000;

/// What to do about an API that does not answer.
const START: &str = "see that `concord up`, or `concord serve api`, runs, and what it logs";

/// What `/readyz` says.
#[derive(Clone, Debug, Deserialize)]
struct Readiness {
    ready: bool,
    nats: bool,
    log: Option<u64>,
    fold: u64,
    unreadable_cases: usize,
    time: Timestamp,
}

/// Asks it; where it answers, it is known where it is, and what time it is for its process.
pub(super) async fn api(patient: &mut Patient) -> Vec<Check> {
    let announced = patient.running.as_ref().map(|(running, _)| running.clone());
    let url = announced.as_ref().map(|running| running.http.clone());
    let url = url.unwrap_or_else(|| patient.config.url(patient.config.http.listen));
    if announced.is_none() && patient.config.nats.url.is_none() {
        return ["livez", "readyz", "metrics"].map(|name| Check::skipped(name, "nothing runs")).to_vec();
    }
    let trust = tls::trust(&patient.config);
    let livez = web::get(&format!("{url}/livez"), trust.as_ref(), WITHIN).await;
    let alive = livez.as_ref().is_ok_and(|answer| answer.status == 200);
    let mut checks = vec![live(&url, livez, announced.is_some())];
    if alive {
        let (answer, time) = ready(&url, web::get(&format!("{url}/readyz"), trust.as_ref(), WITHIN).await);
        checks.extend(answer);
        patient.ahead = time.map(|time| time - Clock::System.now());
        patient.api = Some(url);
    } else {
        checks.push(Check::skipped("readyz", "the API does not answer"));
    }
    let measured = announced.and_then(|running| running.metrics);
    let measured = measured.or_else(|| {
        let listen = patient.config.metrics.listen.filter(|listen| listen.port() != 0)?;
        Some(format!("http://{listen}/metrics"))
    });
    checks.push(match measured {
        Some(url) => metrics(&url, web::get(&url, None, WITHIN).await),
        None => Check::skipped("metrics", "none are configured: [metrics] listen"),
    });
    checks
}

/// On a machine of several the API may run elsewhere.
fn live(url: &str, answer: Result<Answer, String>, announced: bool) -> Check {
    const NAME: &str = "livez";
    match answer {
        Ok(Answer { status: 200, .. }) => Check::ok(NAME, format!("{url} answers")),
        Ok(Answer { status, .. }) => Check::fail(NAME, format!("{url} answers {status}"), START),
        Err(why) if announced => Check::fail(NAME, format!("{url}: {why}"), START),
        Err(why) => {
            let advice = "if the API runs elsewhere, ask it there; else start `concord serve api`";
            Check::warn(NAME, format!("{url}: {why}"), advice)
        }
    }
}

fn ready(url: &str, answer: Result<Answer, String>) -> (Vec<Check>, Option<Timestamp>) {
    const NAME: &str = "readyz";
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => return (vec![Check::fail(NAME, format!("{url}: {why}"), START)], None),
    };
    let Ok(said) = serde_json::from_slice::<Readiness>(&answer.body) else {
        let found = format!("{url} answers {}, and not as Concord does", answer.status);
        return (vec![Check::fail(NAME, found, "see what listens there")], None);
    };
    (vec![works(&said), readable(said.unreadable_cases)], Some(said.time))
}

fn works(said: &Readiness) -> Check {
    const NAME: &str = "readyz";
    let fold = grouped(said.fold);
    let Some(log) = said.log else {
        let found = if said.nats { "the log cannot be read" } else { "not connected to the NATS server" };
        return Check::fail(NAME, found, "see that nats-server runs, and its log nats/nats.log");
    };
    let found = format!("fold {fold} of {} facts", grouped(log));
    if !said.ready || log.saturating_sub(said.fold) > NEAR {
        return Check::fail(NAME, found, "it reads the log: ask again in a minute, and look at what it logs");
    }
    Check::ok(NAME, found)
}

fn readable(unreadable: usize) -> Check {
    const NAME: &str = "readable-cases";
    if unreadable == 0 {
        return Check::ok(NAME, "all cases can be read");
    }
    let advice = "look for UNREADABLE in the log: does an older build run? else keep the data, and restore";
    Check::fail(NAME, format!("{unreadable} cannot be read, and take no acts"), advice)
}

fn metrics(url: &str, answer: Result<Answer, String>) -> Check {
    const NAME: &str = "metrics";
    const SEE: &str = "see what listens there";
    let shown = |text: &str| text.lines().filter(|line| line.starts_with("concord_")).count();
    match answer {
        Ok(Answer { status: 200, body }) => match shown(&String::from_utf8_lossy(&body)) {
            0 => Check::warn(NAME, format!("{url} answers, and not as Concord does"), SEE),
            series => Check::ok(NAME, format!("{series} series at {url}")),
        },
        Ok(Answer { status, .. }) => Check::warn(NAME, format!("{url} answers {status}"), SEE),
        Err(why) => {
            let advice = "the port is that of [metrics] listen when the process was started: start it again";
            Check::warn(NAME, format!("{url}: {why}"), advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    fn said(body: &str) -> (Vec<Verdict>, String) {
        let answer = Answer { status: 503, body: body.to_owned().into() };
        let (checks, _) = ready("http://a", Ok(answer));
        (checks.iter().map(|check| check.verdict).collect(), checks[0].found.clone())
    }

    #[test]
    fn a_fold_that_is_behind_or_a_log_that_is_not_there_fails() {
        let body = |ready: bool, log: &str, fold: u64, unreadable: usize| {
            format!(
                "{{\"ready\":{ready},\"nats\":true,\"log\":{log},\"fold\":{fold},\
                 \"unreadable_cases\":{unreadable},\"time\":\"2026-05-16T14:52:00Z\"}}"
            )
        };
        let well = (vec![Verdict::Ok; 2], "fold 1,200 of 1,234 facts".to_owned());
        assert_eq!(said(&body(true, "1234", 1_200, 0)), well);
        assert_eq!(said(&body(false, "9234", 1_200, 0)).0, [Verdict::Fail, Verdict::Ok]);
        assert_eq!(said(&body(false, "null", 1_200, 3)).0, [Verdict::Fail; 2]);
        assert_eq!(said("<html>").1, "http://a answers 503, and not as Concord does");
    }

    #[test]
    fn an_api_that_may_run_elsewhere_is_only_missed() {
        assert_eq!(live("http://a", Err("no".to_owned()), true).verdict, Verdict::Fail);
        assert_eq!(live("http://a", Err("no".to_owned()), false).verdict, Verdict::Warn);
    }

    #[test]
    fn a_port_that_shows_no_series_of_ours_is_warned_of() {
        let said = |status, body: &str| {
            metrics("http://a", Ok(Answer { status, body: body.to_owned().into() })).verdict
        };
        assert_eq!(said(200, "# HELP\nconcord_fold_lag 0\n"), Verdict::Ok);
        assert_eq!(said(200, "<html>"), Verdict::Warn);
        assert_eq!(said(404, "concord_fold_lag 0"), Verdict::Warn);
    }
}
