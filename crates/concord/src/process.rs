//! A process: services mounted on their own connections, over one shared fold.

use std::{
    io::IsTerminal as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use bus::{
    Bus, Principal,
    assertion::Verifier,
    connection::{ConnectTo, House},
    credentials::{Credential, Credentials},
    streams::{self, CASES, ProvisionError, Replicas},
};
use domain::Policy;
use futures::future::try_join_all;
use service::{Chassis, Clock, Config, Effects, Metrics, Pace, Service, metrics, time_travel};
use tokio::{
    runtime::Handle,
    signal::unix::{Signal, SignalKind, signal},
    task::{JoinError, JoinHandle},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use views::Views;

use crate::{Failure, background::Background, place};

/// How long is waited for servers of a cluster to agree on who leads.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(500);

/// How long what is under way in a service may take when the process stops.
const FAREWELL: Duration = Duration::from_secs(8);

/// How long those who still wait for an answer may take to get it when the server is gone for good; a request that the
/// server took with it is answered a second later.
const FAREWELL_WITHOUT_SERVER: Duration = Duration::from_secs(2);

/// Where the nats-server is.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) monitor_url: String,
    /// What signed its certificate, where it is reached by TLS.
    pub(crate) ca: Option<PathBuf>,
}

impl Server {
    /// The server that the configuration names, if it names one.
    pub(crate) fn configured(config: &Config) -> Result<Option<Self>, Failure> {
        match (&config.nats.url, &config.nats.monitor_url) {
            (None, _) => Ok(None),
            (Some(url), Some(monitor_url)) => Ok(Some(Self {
                url: url.clone(),
                monitor_url: monitor_url.clone(),
                ca: config.nats.ca.clone(),
            })),
            (Some(_), None) => {
                Err("configuration: [nats] url is given without monitor_url, which proves that the \
                                    server writes to the disk before it confirms"
                    .into())
            }
        }
    }
}

/// A process at work.
pub(crate) struct Process {
    mounted: Vec<Mounted>,
    reader: Bus,
    views: Arc<Views>,
    fold: JoinHandle<()>,
    _background: Background,
    listening: Arc<OnceLock<SocketAddr>>,
    metrics: Option<SocketAddr>,
}

/// A service of the process.
struct Mounted {
    name: &'static str,
    stop: CancellationToken,
    tasks: TaskTracker,
    bus: Bus,
    files: Option<Bus>,
}

/// Whose rights a process uses: those made here, or those that the operator put there.
pub(crate) enum Keys {
    /// All of them: this process made them.
    Own(Credentials),
    /// Each is read when it is needed.
    In(PathBuf),
}

impl Keys {
    fn get(&self, principal: Principal) -> Result<Credential, Failure> {
        Ok(match self {
            Self::Own(credentials) => credentials.get(principal).clone(),
            Self::In(directory) => Credential::read(directory, principal)?,
        })
    }
}

/// Connects under a credential, with the proof that the server is durable.
pub(crate) async fn connect(server: &Server, credential: &Credential) -> Result<Bus, Failure> {
    Ok(Bus::connect(&to(server, credential)).await?)
}

/// Asks servers that have just started or come back: they may not know yet who of them leads.
pub(crate) async fn patiently<T>(
    ask: impl AsyncFn() -> Result<T, ProvisionError>,
) -> Result<T, ProvisionError> {
    let began = Instant::now();
    loop {
        match ask().await {
            Err(ProvisionError::NoAnswer { .. } | ProvisionError::Refused { .. })
                if began.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

fn to(server: &Server, credential: &Credential) -> ConnectTo {
    ConnectTo::new(&server.url, credential).trusting(server.ca.clone()).proven_by(&server.monitor_url)
}

impl Process {
    /// Mounts services and starts them, each on its own connection.
    pub(crate) async fn start(
        services: &[Service],
        server: &Server,
        keys: &Keys,
        policy: Arc<Policy>,
        clock: Clock,
        config: Config,
        lag: Option<Duration>,
    ) -> Result<Self, Failure> {
        let reader = connect(server, &keys.get(Principal::Views)?).await?;
        for declaration in
            streams::declared(&config.nats.shape()).iter().filter(|stream| stream.name == CASES)
        {
            match config.nats.replicas {
                Replicas::One => streams::verify(&reader, declaration).await?,
                Replicas::Three => patiently(async || streams::verify(&reader, declaration).await).await?,
            }
        }
        let views = Views::open(Arc::clone(&policy), &config.fold_folder())?;
        let house = House::default();
        let fold = views::follow(&views, reader.clone(), &house, lag).await?;
        let verifier = Verifier::read(&config.credentials())?;
        if config.is_demonstration()
            && services.iter().any(|service| service.principal == Principal::Identity)
        {
            // Officers of the files, and those that the directory knows since.
            place::make_tokens(&config.tokens(), &views.policy(clock.now()))?;
        }
        if clock.is_manual() {
            time_travel::follow(clock.clone(), reader.clone()).await?;
        }
        let (config, effects) = (Arc::new(config), Effects::default());
        let background = Background::start()?;
        let behind = background.handle().cloned();
        let measured = Metrics::default();
        measured.connection(Principal::Views.name(), &reader);
        let mut process = Self {
            mounted: Vec::new(),
            reader: reader.clone(),
            views: Arc::clone(&views),
            fold,
            _background: background,
            listening: Arc::default(),
            metrics: None,
        };
        let starting = Box::pin(async {
            if let Some(listen) = config.metrics.listen {
                process.serve_metrics(listen, server, &measured, &views, &clock).await?;
            }
            let threads = |service: &Service| match service.pace {
                Pace::Foreground => None,
                Pace::Background => behind.as_ref(),
            };
            // All at once: beside a server that is away each of them may wait for it.
            let connections = services.iter().map(async |service| -> Result<_, Failure> {
                let to = to(server, &keys.get(service.principal)?).in_house(&house);
                let servers = to.each_server();
                let bus = on(threads(service), async move { Bus::connect(&to).await }).await??;
                Ok((bus, servers))
            });
            let connections = try_join_all(connections).await?;
            for (service, (bus, servers)) in services.iter().zip(connections) {
                let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
                measured.connection(service.name, &bus);
                let files = if service.principal == Principal::Api {
                    // A right of its own: the edge itself still writes nothing.
                    let files = connect(server, &keys.get(Principal::Files)?).await?;
                    measured.connection(Principal::Files.name(), &files);
                    Some(files)
                } else {
                    None
                };
                process.mounted.push(Mounted {
                    name: service.name,
                    stop: stop.clone(),
                    tasks: tasks.clone(),
                    bus: bus.clone(),
                    files: files.clone(),
                });
                let chassis = Chassis {
                    bus,
                    servers,
                    reader: reader.clone(),
                    files,
                    views: Arc::clone(&views),
                    clock: clock.clone(),
                    verifier: verifier.clone(),
                    config: Arc::clone(&config),
                    stop,
                    tasks,
                    listening: Arc::clone(&process.listening),
                    effects: effects.clone(),
                    metrics: measured.clone(),
                };
                on(threads(service), (service.start)(chassis)).await??;
            }
            Ok(())
        });
        let started: Result<(), Failure> = starting.await;
        if let Err(failure) = started {
            // What has started stops in order, so that the reason is the only thing said.
            process.stop().await;
            return Err(failure);
        }
        if services.iter().any(|service| !service.records.is_empty()) {
            warn_of_the_calendar(&policy);
        }
        Ok(process)
    }

    /// Lets the metrics be read until the process ends.
    async fn serve_metrics(
        &mut self,
        listen: SocketAddr,
        server: &Server,
        measured: &Metrics,
        views: &Arc<Views>,
        clock: &Clock,
    ) -> Result<(), Failure> {
        let listener = metrics::bind(listen).await?;
        let address = listener.local_addr()?;
        tracing::info!(%address, "the metrics are served");
        self.metrics = Some(address);
        metrics::servers::watch(measured, &server.monitor_url, server.ca.clone());
        let (views, reader) = (Arc::clone(views), self.reader.clone());
        tokio::spawn(metrics::serve(listener, measured.clone(), views, reader, clock.clone()));
        Ok(())
    }

    /// Where the metrics are read, if this process serves them.
    pub(crate) fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Where the HTTP API listens, if this process has one.
    pub(crate) fn listening(&self) -> Option<SocketAddr> {
        self.listening.get().copied()
    }

    /// Works until it is told to stop, or its fold no longer follows the log.
    pub(crate) async fn work(&mut self, orders: &mut Orders) -> Result<(), Failure> {
        tokio::select! {
            () = orders.stop() => Ok(()),
            ended = &mut self.fold => Err(match ended {
                Ok(()) => "the fold no longer follows the log: the connection ended".into(),
                Err(error) => format!("the fold ended: {error}").into(),
            }),
        }
    }

    /// Stops against the flow: who asks before who answers, the ledger last. Each takes in nothing new, finishes what
    /// is under way, and takes leave of the server.
    pub(crate) async fn stop(self) {
        for Mounted { name, stop, tasks, bus, files } in self.mounted.into_iter().rev() {
            stop.cancel();
            tasks.close();
            if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
                tracing::warn!(name, "not everything finished in time; it is taken up at the next start");
            }
            leave(&bus).await;
            if let Some(files) = files {
                leave(&files).await;
            }
        }
        leave(&self.reader).await;
        // What is not written now is applied again at the next start.
        if let Err(error) = self.views.save() {
            tracing::debug!(%error, "the fold was not written");
        }
    }

    /// Stops when the server is gone for good: callers still get their answers, and nothing else is waited for.
    pub(crate) async fn abandon(self) {
        for Mounted { stop, tasks, .. } in &self.mounted {
            stop.cancel();
            tasks.close();
        }
        let all = async {
            for Mounted { tasks, .. } in &self.mounted {
                tasks.wait().await;
            }
        };
        if tokio::time::timeout(FAREWELL_WITHOUT_SERVER, all).await.is_err() {
            tracing::debug!("what waits for the server is taken up at the next start");
        }
    }
}

/// Does something on those threads, or here: what it starts goes on where it was started.
async fn on<T: Send + 'static>(
    threads: Option<&Handle>,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, JoinError> {
    match threads {
        Some(threads) => threads.spawn(work).await,
        None => Ok(work.await),
    }
}

/// Says what the calendar lacks, where deadlines are computed with it: somebody must see to it in good time.
fn warn_of_the_calendar(policy: &Policy) {
    for warning in policy.calendar.warnings() {
        tracing::warn!("calendar-VN.toml: {warning}");
    }
}

async fn leave(bus: &Bus) {
    if let Err(error) = bus.close().await {
        tracing::debug!(%error, "a connection did not end cleanly");
    }
}

/// The orders of whoever runs the process: Ctrl-C, or SIGTERM. They are heard from the very start.
pub(crate) struct Orders {
    interrupt: Signal,
    terminate: Signal,
}

impl Orders {
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the order to stop. The next one means: at once.
    pub(crate) async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Logging to stderr; `RUST_LOG` says how much.
pub(crate) fn log(data: Option<&Path>) {
    use tracing_subscriber::{EnvFilter, fmt};
    // What goes wrong on a connection is said by our own crate.
    let usual = "warn,async_nats::connector=off,concord=info,views=info";
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let json = data.is_none();
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    // A second subscriber in one process is a test's, and keeps the first.
    let _ = if json { builder.json().try_init() } else { builder.compact().try_init() };
}
