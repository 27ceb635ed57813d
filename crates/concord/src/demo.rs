//! `concord demo`: everything is started, a story is played, and the log is replayed.

use std::{
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::{Duration, Instant},
};

use chrono::DateTime;
use domain::scenario::Scenario;
use tokio::{process::Child, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Failure,
    cli::Demo,
    place::Running,
    play::{Player, Show},
};

/// The telephone call at night, and the disagreement that the standing body settles (DOMAIN §8, S2 and S3).
const STORIES: [&str; 2] = [
    include_str!("../../../tests/scenarios/s2-aquaculture-at-night.txt"),
    include_str!("../../../tests/scenarios/s3-highway-delay.txt"),
];

/// How long the start may take.
const START: Duration = Duration::from_mins(1);

/// How often `concord up` is started again when somebody ends it in the middle of the story.
const RESTARTS: u32 = 20;

/// Starts everything, plays the story, replays the log. Succeeds only if every expected state and time was reached.
pub(crate) async fn demo(options: Demo) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let show = Show::on_stdout();
    let scenarios = match &options.scenario {
        None => STORIES.map(Scenario::parse).into_iter().collect::<Result<Vec<_>, _>>()?,
        Some(file) => {
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            vec![Scenario::parse(&text).map_err(|error| format!("{}, {error}", file.display()))?]
        }
    };
    let start = scenarios.first().map_or(DateTime::UNIX_EPOCH, |scenario| scenario.start);
    let throw_away = options.data.is_none();
    let data = options
        .data
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("concord-demo-{}", std::process::id())));
    Show::line(&show.paint("2", "Starting a nats-server and all services, each with its own credential …"));
    let supervisor = Supervisor::start(&data, options.nats_server, start, show).await?;
    let running = Running::read(&data)?;
    let up = format!(
        "They are up after {:.1} s: {} (process {})\n",
        began.elapsed().as_secs_f32(),
        running.http,
        running.pid
    );
    Show::line(&show.paint("2", &up));
    let mut player = Player::new(data.clone(), show);
    let outcome = tokio::select! {
        outcome = tell(&mut player, &scenarios, &data, show) => outcome,
        failure = supervisor.failed() => Err(failure),
    };
    let good = matches!(outcome, Ok(true));
    supervisor.stop().await;
    if throw_away {
        std::fs::remove_dir_all(&data)?;
    } else {
        Show::line(&show.paint("2", &format!("The data stays in {}.", data.display())));
    }
    outcome?;
    Show::line(&show.paint("2", &format!("\n{:.1} s in all.", began.elapsed().as_secs_f32())));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays the stories one after the other and replays the log of each; what went up and what came back is shown last.
async fn tell(player: &mut Player, scenarios: &[Scenario], data: &Path, show: Show) -> Result<bool, Failure> {
    for scenario in scenarios {
        if !player.play(scenario).await? {
            return Ok(false);
        }
        let code = player.case_code().await.unwrap_or_default();
        Show::line(&show.paint("1", &format!("\nThe log, replayed: concord audit replay --case {code}\n")));
        let mut replay = concord();
        replay.args(["audit", "replay", "--case", &code, "--data"]).arg(data);
        if !replay.status().await?.success() {
            return Ok(false);
        }
        Show::line("");
    }
    player.show_what_went_up().await?;
    Ok(true)
}

/// This very binary.
fn concord() -> tokio::process::Command {
    let own = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("concord"));
    tokio::process::Command::new(own)
}

/// Keeps `concord up` running: whoever kills it sees the story go on.
struct Supervisor {
    stop: CancellationToken,
    failed: watch::Receiver<Option<String>>,
    task: tokio::task::JoinHandle<()>,
}

impl Supervisor {
    async fn start(
        data: &Path,
        nats_server: Option<PathBuf>,
        at: events::Timestamp,
        show: Show,
    ) -> Result<Self, Failure> {
        let start = {
            let data = data.to_owned();
            move || {
                let mut up = concord();
                up.args(["up", "--clock", "manual", "--listen", "127.0.0.1:0", "--nats-port", "0", "--at"]);
                // Only what goes wrong is said; the story speaks for itself.
                if std::env::var_os("RUST_LOG").is_none() {
                    up.env("RUST_LOG", "error");
                }
                up.arg(at.to_rfc3339()).arg("--data").arg(&data).stdout(Stdio::null()).kill_on_drop(true);
                if let Some(binary) = &nats_server {
                    up.arg("--nats-server").arg(binary);
                }
                // Ctrl-C is for the demonstration: it ends what it started.
                up.process_group(0);
                up.spawn()
            }
        };
        let mut child = start()?;
        wait_until_up(data, &mut child).await?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let (tell, failed) = watch::channel(None);
        let task = tokio::spawn(async move {
            for _ in 0..RESTARTS {
                tokio::select! {
                    ended = child.wait() => {
                        let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                        Show::line(&show.paint("33", &format!("      … concord up ended ({how}); it is started again")));
                        match start() {
                            Ok(again) => child = again,
                            Err(error) => return tell.send_modify(|told| *told = Some(error.to_string())),
                        }
                    }
                    () = stopped.cancelled() => return end(child).await,
                }
            }
            tell.send_modify(|told| *told = Some("concord up does not stay up".to_owned()));
        });
        Ok(Self { stop, failed, task })
    }

    async fn failed(&self) -> Failure {
        let mut failed = self.failed.clone();
        match failed.wait_for(Option::is_some).await {
            Ok(told) => told.clone().unwrap_or_default().into(),
            Err(_) => std::future::pending().await,
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        // Whatever it came to, the process is gone.
        let _ = self.task.await;
    }
}

/// Ends `concord up` as an operator would: it finishes what is under way and stops its nats-server.
async fn end(mut child: Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(Duration::from_secs(40), child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

async fn wait_until_up(data: &Path, child: &mut Child) -> Result<(), Failure> {
    let end = Instant::now() + START;
    let http = reqwest::Client::new();
    while Instant::now() < end {
        if let Some(status) = child.try_wait()? {
            return Err(format!("concord up did not start ({status}); what it said stands above").into());
        }
        if let Ok(running) = Running::read(data)
            && let Ok(answer) = http.get(format!("{}/readyz", running.http)).send().await
            && answer.status().is_success()
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("concord up was not ready within 60 s".into())
}
