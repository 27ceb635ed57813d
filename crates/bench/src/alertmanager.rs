//! The peer of G3: alertmanager, which sends a mail for each alert (`tests/peers/alertmanager`).

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    Failure,
    http::{self, Line},
    script::Script,
};

/// What starts it.
const SCRIPT: &str = "tests/peers/alertmanager/run";

/// Alertmanager, ready for work.
#[derive(Debug)]
pub struct Alertmanager {
    /// Its process.
    pub id: u32,
    /// Its version.
    pub version: String,
    api: SocketAddr,
    script: Script,
}

#[derive(Deserialize)]
struct Announced {
    api: String,
    pid: u32,
    version: String,
}

impl Alertmanager {
    /// Starts it with its mails going to a relay.
    pub async fn start(relay: SocketAddr) -> Result<Self, Failure> {
        let (script, announced): (_, Announced) =
            Script::announced(Path::new(SCRIPT), [relay.to_string()]).await?;
        let Announced { api, pid: id, version } = announced;
        Ok(Self { id, version, api: api.trim_start_matches("http://").parse()?, script })
    }

    /// A line over which alerts are raised.
    pub async fn line(&self) -> Result<Line, Failure> {
        Ok(Line::open(self.api).await?)
    }

    /// Raises so many alerts, each another, so many at a time.
    pub async fn raise_all(&self, alerts: u64, in_flight: usize) -> Result<(), Failure> {
        let next = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..in_flight {
            let (mut line, next) = (self.line().await?, next.clone());
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= alerts {
                        return Ok::<_, Failure>(());
                    }
                    raise(&mut line, &format!("VV-2026-{number:05}")).await?;
                }
            });
        }
        while let Some(raised) = tasks.join_next().await {
            raised??;
        }
        Ok(())
    }

    /// Ends it.
    pub async fn stop(self) -> Result<(), Failure> {
        self.script.stop().await
    }
}

/// Raises one alert.
pub async fn raise(line: &mut Line, case: &str) -> Result<(), Failure> {
    let alerts = json!([{
        "labels": { "alertname": "raised", "case": case, "urgency": "Hỏa tốc", "agency": "SNNMT" },
        "annotations": { "title": "Tiếp nhận vụ việc qua điện thoại" },
    }]);
    let mut request = Vec::new();
    let body = alerts.to_string();
    http::post(&mut request, ["/api/v2/alerts", "", ""], "none", [case, "", ""], [&body, "", ""]);
    match line.exchange(&request).await?.status {
        200 => Ok(()),
        status => Err(format!("alertmanager answered {status}").into()),
    }
}
