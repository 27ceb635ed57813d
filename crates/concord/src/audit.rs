//! `concord audit`: looks back.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
    time::Duration,
};

use bus::{
    Bus, Principal,
    access::{NOTE, Note, What},
    credentials::Credential,
    identity::Answer,
    protocol,
};
use svc_audit::{
    access,
    replay::{AsOf, Period, Query, Scope, find, find_duty, replay as replay_log},
};

use crate::{
    Failure,
    cli::{self, AuditCommand, Common, ReadAccess, Replay},
    evidence, operator,
    place::Running,
    process::{Server, connect},
    progress::Progress,
    up::configuration,
};

pub(crate) async fn command(command: AuditCommand) -> Result<ExitCode, Failure> {
    match command {
        AuditCommand::Replay(options) => replay(options).await,
        AuditCommand::Access(options) => access(options).await,
        AuditCommand::Export(options) => evidence::export(options).await,
        AuditCommand::Verify(options) => evidence::verify(options).await,
        AuditCommand::Checkpoint(options) => evidence::checkpoint(options).await,
        AuditCommand::Status(options) => evidence::status(options).await,
        AuditCommand::Key(command) => evidence::key(&command),
    }
}

/// Replays the log of a running installation. It reads and changes nothing, but that it was read is written down.
async fn replay(options: Replay) -> Result<ExitCode, Failure> {
    let period = period(options.period)?;
    let bus = reader(&options.common).await?;
    let scope = match (&options.case, &options.duty, options.agency) {
        (Some(case), ..) => Scope::Case(find(&bus, case).await?),
        (None, Some(duty), _) => Scope::Duty(find_duty(&bus, duty).await?),
        (None, None, Some(agency)) => Scope::Agency(agency.as_str().into()),
        (None, None, None) => Scope::All,
    };
    let as_of = match (options.at, options.occurred_at) {
        (Some(at), _) => AsOf::Recorded(at),
        (None, Some(at)) => AsOf::Occurred(at),
        (None, None) => AsOf::Now,
    };
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let query = Query { scope, as_of, period, json: options.json, colour };
    note(&bus, What::Replayed { extent: query.extent() }).await;
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

/// Shows the record of access of a running installation; that it was read is its newest entry.
async fn access(options: ReadAccess) -> Result<ExitCode, Failure> {
    let period = period(options.period)?;
    let bus = reader(&options.common).await?;
    let case = match &options.case {
        Some(case) => Some(find(&bus, case).await?),
        None => None,
    };
    let duty = match &options.duty {
        Some(duty) => Some(find_duty(&bus, duty).await?),
        None => None,
    };
    let officer = options.officer.as_deref().map(Into::into);
    let query = access::Query { case, duty, officer, period, json: options.json };
    note(&bus, What::RecordRead { extent: query.extent() }).await;
    let mut out = io::BufWriter::new(io::stdout());
    let shown = access::access(&bus, &query, &mut out).await;
    out.flush()?;
    bus.close().await?;
    Ok(if shown? == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How long the identity service may take to write down what is read.
const NOTED_WITHIN: Duration = Duration::from_secs(5);

/// Has it written down what the operator is about to read, or has done ([`What::is_an_operators`]), with who he is. What
/// the operator does goes on if that cannot be done, because he may have to look just when services are down; but it is
/// said on stderr.
#[expect(clippy::print_stderr, reason = "a command-line tool")]
pub(crate) async fn note(bus: &Bus, what: What) {
    let note = Note { operator: operator::here(), what };
    let why = match bus.request(NOTE, protocol::write(&note), NOTED_WITHIN).await {
        Ok(answer) => match protocol::read(&answer) {
            Ok(Answer::Done) => return,
            Ok(Answer::Refused(refusal)) | Err(refusal) => refusal.en,
            Ok(answer) => format!("it answers {answer:?}"),
        },
        Err(error) => error.to_string(),
    };
    eprintln!(
        "concord: THIS IS NOT RECORDED: the identity service does not write down that {} reads or does this ({why}). \
         Note it by hand, and start the service.",
        note.operator.user
    );
}

pub(crate) fn period(options: cli::Period) -> Result<Period, Failure> {
    let cli::Period { from, to } = options;
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err("--from must lie before --to: what is recorded at --to itself is not shown".into());
    }
    Ok(Period { from, to })
}

/// A connection to a running installation that may read its log and its record of access, and say that they are read.
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
        Server { url: running.nats, monitor_url: running.monitor, ca: None }
    };
    let credential = Credential::read(&config.credentials(), principal)?;
    connect(&server, &credential).await
}
