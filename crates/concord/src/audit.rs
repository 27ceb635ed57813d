//! `concord audit`: looks back.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use bus::{Bus, Principal, credentials::Credential};
use svc_audit::replay::{AsOf, Period, Query, Scope, find, replay as replay_log};

use crate::{
    Failure,
    cli::{self, Common, Replay},
    place::Running,
    process::{Server, connect},
    progress::Progress,
    up::configuration,
};

/// Replays the log of a running installation. It reads and changes nothing.
pub(crate) async fn replay(options: Replay) -> Result<ExitCode, Failure> {
    let period = period(options.period)?;
    let bus = reader(&options.common).await?;
    let scope = match (&options.case, options.agency) {
        (Some(case), _) => Scope::Case(find(&bus, case).await?),
        (None, Some(agency)) => Scope::Agency(agency.to_uppercase().as_str().into()),
        (None, None) => Scope::All,
    };
    let as_of = match (options.at, options.occurred_at) {
        (Some(at), _) => AsOf::Recorded(at),
        (None, Some(at)) => AsOf::Occurred(at),
        (None, None) => AsOf::Now,
    };
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let query = Query { scope, as_of, period, json: options.json, colour };
    let progress = Progress::new();
    let mut out = progress.beside(io::stdout());
    let replayed = replay_log(&bus, &query, &mut out, |done| {
        progress.at(done.doing, done.sequence, done.last);
    });
    let summary = replayed.await;
    progress.done();
    out.flush()?;
    bus.close().await?;
    Ok(if summary?.faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn period(options: cli::Period) -> Result<Period, Failure> {
    let cli::Period { from, to } = options;
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err("--from must lie before --to: what is recorded at --to itself is not shown".into());
    }
    Ok(Period { from, to })
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
