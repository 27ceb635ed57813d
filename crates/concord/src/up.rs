//! `concord up` and `concord serve`.

use std::{
    io,
    path::Path,
    process::{ExitCode, ExitStatus},
    sync::Arc,
    time::Duration,
};

use bus::{
    Principal,
    credentials::Credentials,
    server::{NatsServer, ServerOptions},
    streams::provision,
};
use events::Timestamp;
use service::{Clock, Config};

use crate::{
    Failure,
    cli::{ClockKind, ClockOptions, Common, Serve, Up},
    manager::Manager,
    place::{self, Running},
    process::{self, Keys, Orders, Process, Server, connect},
    services,
};

/// The configuration, with what the command line says.
pub(crate) fn configuration(common: &Common) -> Result<Config, Failure> {
    let mut config = Config::load(common.config.as_deref())?;
    if let Some(data) = &common.data {
        config.data.clone_from(data);
    }
    Ok(config)
}

/// Everything on this machine.
pub(crate) async fn up(options: Up) -> Result<ExitCode, Failure> {
    let mut orders = Orders::listen()?;
    let mut config = configuration(&options.common)?;
    config.http.listen = options.listen.unwrap_or(config.http.listen);
    let policy = Arc::new(place::policy(config.policy.as_deref())?);
    place::is_restored(&config.data)?;
    place::make_private(&config.data)?;
    process::log(Some(&config.data));
    let credentials = Credentials::read_or_make(&config.credentials())?;
    let (server, mut nats) = match Server::configured(&config)? {
        Some(server) => (server, None),
        None => own_server(&options, &config, &credentials).await?,
    };
    let deploy = connect(&server, credentials.get(Principal::Deploy)).await?;
    let made = provision(&deploy, &config.nats.shape()).await?;
    for stream in made {
        tracing::info!(stream, "made");
    }
    deploy.close().await?;
    let clock = clock(&options.clock, &config);
    let data = config.data.clone();
    let config_shown = config.clone();
    let keys = Keys::Own(credentials);
    let all = services::all();
    let mut process = Process::start(&all, &server, &keys, policy, clock.clone(), config, None).await?;
    let address = process.listening().unwrap_or(config_shown.http.listen);
    let running = Running {
        pid: std::process::id(),
        http: config_shown.url(address),
        nats: server.url.clone(),
        monitor: server.monitor_url.clone(),
        metrics: process.metrics().map(|address| format!("http://{address}/metrics")),
        started: place::started(std::process::id()),
    };
    running.announce(&data)?;
    welcome(&running, &config_shown, &clock);
    let manager = Manager::found();
    manager.ready(&format!("the API listens on {}", running.http));
    let (server_gone, outcome) = work(&mut process, &mut orders, nats.as_mut(), &data).await;
    manager.stopping();
    Running::forget(&data);
    if server_gone {
        process.abandon().await;
    } else {
        take_leave(process, &mut orders, nats.as_mut()).await;
    }
    if let Some(server) = nats {
        server.stop().await?;
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Works until it is told to stop or cannot go on, and says whether our own server is gone.
async fn work(
    process: &mut Process,
    orders: &mut Orders,
    own: Option<&mut NatsServer>,
    data: &Path,
) -> (bool, Result<(), Failure>) {
    let Some(server) = own else { return (false, process.work(orders).await) };
    tokio::select! {
        worked = process.work(orders) => (false, worked),
        ended = server.ended() => (true, Err(server_ended(ended, data))),
    }
}

/// Stops in order, unless a second order comes or our own server goes: a service manager tells it to stop with us.
async fn take_leave(process: Process, orders: &mut Orders, own: Option<&mut NatsServer>) {
    const LEFT: &str = "what was under way is taken up at the next start";
    let server_ended = async {
        match own {
            Some(server) => server.ended().await.map(drop),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = process.stop() => {}
        () = orders.stop() => tracing::warn!("stopped at once: {LEFT}"),
        _ = server_ended => tracing::warn!("nats-server ended before the services had: {LEFT}"),
    }
}

/// Why there is no way on when our own server has ended.
fn server_ended(ended: io::Result<ExitStatus>, data: &Path) -> Failure {
    let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
    let log = data.join("nats").join("nats.log");
    let words = format!(
        "nats-server ended by itself ({how}), and Concord with it: read {} for the reason, then start `concord up` \
         again; what was confirmed is on the disk",
        log.display()
    );
    words.into()
}

/// Starts a nats-server of our own.
async fn own_server(
    options: &Up,
    config: &Config,
    credentials: &Credentials,
) -> Result<(Server, Option<NatsServer>), Failure> {
    let mut own = ServerOptions::new(config.data.join("nats"));
    own.binary = options.nats_server.clone().or_else(|| config.nats.server.clone());
    if let Some(port) = options.nats_port.or(config.nats.port) {
        own.port = port;
        // The monitor stands as far from the port as it does by default.
        own.monitor_port = if port == 0 { 0 } else { port.saturating_add(4_000) };
    }
    let started = NatsServer::start(&own, credentials).await?;
    Ok((Server { url: started.url(), monitor_url: started.monitor_url(), ca: None }, Some(started)))
}

/// Some services, against a server that is there.
pub(crate) async fn serve(options: Serve) -> Result<ExitCode, Failure> {
    let mut orders = Orders::listen()?;
    let mut config = configuration(&options.common)?;
    config.http.listen = options.listen.unwrap_or(config.http.listen);
    process::log(None);
    let policy = Arc::new(place::policy(config.policy.as_deref())?);
    let server = Server::configured(&config)?.ok_or(
        "configuration: [nats] url and monitor_url must say where the server is (or set CONCORD__NATS__URL and \
         CONCORD__NATS__MONITOR_URL)",
    )?;
    let keys = Keys::In(config.credentials());
    if options.clock.clock == ClockKind::Manual
        && options.clock.at.is_none()
        && place::remembered_clock(&config.data).is_none()
    {
        return Err(
            "a manual clock must say where it starts: give --at TIME, or the --data of `concord up`".into()
        );
    }
    let clock = clock(&options.clock, &config);
    let chosen = services::named(&options.services);
    let lag = options.lag.map(Duration::from_millis);
    let mut process = Process::start(&chosen, &server, &keys, policy, clock, config, lag).await?;
    let services = options.services.join(", ");
    tracing::info!(services, "at work");
    let manager = Manager::found();
    manager.ready(&services);
    let outcome = process.work(&mut orders).await;
    manager.stopping();
    tokio::select! {
        () = process.stop() => {}
        () = orders.stop() => {}
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

/// The clock that the options ask for. A manual one goes on where it stood when the process was last seen.
fn clock(options: &ClockOptions, config: &Config) -> Clock {
    if options.clock == ClockKind::System {
        return Clock::System;
    }
    let start = options.at.into_iter().chain(place::remembered_clock(&config.data)).max();
    let clock = Clock::manual(start.unwrap_or_else(|| Clock::System.now()));
    if let Clock::Manual(now) = &clock {
        let (mut now, data) = (now.subscribe(), config.data.clone());
        tokio::spawn(async move {
            while now.changed().await.is_ok() {
                let at: Timestamp = *now.borrow_and_update();
                place::remember_clock(&data, at);
            }
        });
    }
    clock
}

/// Says how to go on.
#[expect(clippy::print_stdout, reason = "what a person who started it reads")]
fn welcome(running: &Running, config: &Config, clock: &Clock) {
    let mail = if config.mail.smtp.is_some() {
        "to the SMTP relay".to_owned()
    } else {
        format!("as .eml files in {}", config.mail_folder().display())
    };
    println!("Concord is up.");
    println!("  API      {}/api/v1   (ready: {}/readyz)", running.http, running.http);
    if config.is_demonstration() {
        println!("  Tokens   {}/<officer>, e.g. snnmt.dau-moi, btg.lanh-dao", config.tokens().display());
    } else {
        println!("  Accounts concord account reset <officer> --data {}", config.data.display());
    }
    println!("  Mail     {mail}");
    if let Some(metrics) = &running.metrics {
        println!("  Metrics  {metrics}");
    }
    println!("  Log      concord audit replay --data {}", config.data.display());
    if clock.is_manual() {
        println!("  Clock    manual, at {}: POST {}/dev/clock", clock.now().to_rfc3339(), running.http);
    }
    println!("Stop it with Ctrl-C.");
}
