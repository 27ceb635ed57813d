//! `concord audit replay`.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use bus::{Bus, Principal, credentials::Credential};
use svc_audit::replay::{Query, replay as replay_log};

use crate::{
    Failure,
    cli::{Common, Replay},
    place::Running,
    process::{Server, connect},
    up::configuration,
};

/// Replays the log of a running installation. It reads and changes nothing.
pub(crate) async fn replay(options: Replay) -> Result<ExitCode, Failure> {
    let bus = reader(&options.common).await?;
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let query = Query { case: options.case, at: options.at, json: options.json, colour };
    let mut out = io::BufWriter::new(io::stdout());
    let summary = replay_log(&bus, &query, &mut out).await;
    out.flush()?;
    bus.close().await?;
    Ok(if summary?.faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A connection to a running installation that may read its log, and nothing else.
pub(crate) async fn reader(common: &Common) -> Result<Bus, Failure> {
    connect_as(common, Principal::Audit).await
}

/// A connection to a running installation under a credential that this machine holds.
pub(crate) async fn connect_as(common: &Common, principal: Principal) -> Result<Bus, Failure> {
    let config = configuration(common)?;
    let server = if let Some(server) = Server::configured(&config)? {
        server
    } else {
        let running = Running::read(&config.data)?;
        Server { url: running.nats, monitor_url: running.monitor }
    };
    let credential = Credential::read(&config.credentials(), principal)?;
    connect(&server, &credential).await
}
