//! A fleet: each service its own process with its own line to the server, some of them twice, under the machine's
//! clock; and clients that raise cases and act on them.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use bus::Failpoint;
use domain::Policy;
use events::Timestamp;
use serde_json::{Value, json};
use service::Clock;
use testkit::{
    eventually_every,
    nats::TestNats,
    proxy::{Line, Proxy},
    servers::Servers,
    smtp::SmtpSink,
};

use super::{
    api::{call, letter},
    binary, concord, policy,
    split::{Serve, Split},
    told::{Replicas, Request, Told},
    truth::{Found, Held},
};

/// The services, and how many processes of each.
pub const FLEET: &[(&str, usize)] = &[
    ("ledger", 2),
    ("intake", 2),
    ("confirmation", 1),
    ("routing", 2),
    ("coordination", 1),
    ("taskforce", 1),
    ("escalation", 1),
    ("reporting", 1),
    ("notifier", 2),
    ("audit", 1),
    ("identity", 1),
    ("api", 2),
];

/// Who raises, calls back, and may read everything of it.
pub const RAISER: &str = "btg.truc-ban";

/// Who raises by a document.
const WRITER: &str = "snnmt.dau-moi";

/// The liaison officers who acknowledge.
const LIAISONS: [&str; 2] = ["btg.dau-moi", "ubnd.dau-moi"];

/// Each so-manyth case is raised by a document.
const LETTERS: usize = 5;

/// How often a supervisor looks.
const LOOK: Duration = Duration::from_millis(50);

/// How long a process may take to start while the machine is busy.
const START: Duration = Duration::from_mins(2);

/// The fleet.
#[derive(Debug)]
pub struct Fleet<N = TestNats> {
    /// The server and what its processes share.
    pub split: Split<N>,
    /// The relay.
    pub relay: SmtpSink,
    /// What clients were told.
    pub told: Arc<Told>,
    /// Where the API is.
    pub replicas: Arc<Replicas>,
    /// The processes.
    pub members: Vec<Member>,
    /// How many processes died at each failpoint.
    pub died: BTreeMap<Failpoint, usize>,
    policy: Policy,
    config: String,
    started: usize,
}

/// One process, and its line to the server.
#[derive(Debug)]
pub struct Member {
    /// Its service; several with spaces between.
    pub service: &'static str,
    /// Its line, where it has one of its own.
    line: Option<Proxy>,
    /// Which binary it is of; otherwise the one that was built.
    binary: Option<PathBuf>,
    serve: Option<Serve>,
}

impl Member {
    /// Its line to the server.
    pub fn line(&self) -> &Proxy {
        self.line.as_ref().expect("a line of its own")
    }

    fn serves(&self, service: &str) -> bool {
        self.service.split(' ').any(|one| one == service)
    }
}

impl<N: Servers> Fleet<N> {
    /// A fleet at work around a server: so many processes of each service.
    pub async fn start(nats: N, services: &[(&'static str, usize)]) -> Self {
        let relay = SmtpSink::start([]).await;
        let split = Split::with(nats);
        let (host, port) = (relay.address().ip(), relay.address().port());
        let config = split.configure(&format!(
            "[http]\npublic_url = \"https://phoi-hop.tinh.example\"\n\n[mail.smtp]\nhost = \"{host}\"\n\
             port = {port}\ntls = \"none\"\ntimeout_seconds = 2.0\n"
        ));
        let mut members = Vec::new();
        for (service, count) in services {
            for _ in 0..*count {
                let line = split.nats.line().await;
                members.push(Member { service, line, binary: None, serve: None });
            }
        }
        let (told, replicas) = (Arc::new(Told::new(policy())), Arc::default());
        let mut fleet = Self {
            split,
            relay,
            told,
            replicas,
            members,
            died: BTreeMap::new(),
            policy: policy(),
            config,
            started: 0,
        };
        fleet.keep_up().await;
        fleet
    }

    /// The places of a service's processes.
    pub fn of(&self, service: &str) -> Vec<usize> {
        (0..self.members.len()).filter(|at| self.members[*at].serves(service)).collect()
    }

    /// Starts a process in its place, armed or not; what was there is killed.
    pub async fn put(&mut self, at: usize, failpoint: Option<&str>) {
        self.kill9(at).await;
        self.started += 1;
        let member = &mut self.members[at];
        let name = format!("{:04}-{}", self.started, member.service.split(' ').next().unwrap_or_default());
        let mut arguments = vec!["--config", &self.config, "--clock", "system"];
        arguments.extend(member.service.split(' '));
        let line = member.line.as_ref().map(|line| format!("nats://{}", line.address()));
        let url = line.unwrap_or_else(|| self.split.nats.url());
        let program = member.binary.as_ref().map_or_else(concord, binary);
        member.serve = Some(self.split.spawn_of(program, &name, &arguments, failpoint, &url));
    }

    /// Stops a process in order; what takes its place is of another binary, if one is given, else of the one that was built.
    pub async fn replace(&mut self, at: usize, binary: Option<PathBuf>) {
        if let Some(serve) = self.members[at].serve.take() {
            serve.stop().await;
        }
        self.members[at].binary = binary;
    }

    /// Kills a process.
    pub async fn kill9(&mut self, at: usize) {
        if let Some(serve) = self.members[at].serve.take() {
            serve.kill9().await;
        }
    }

    /// Whether a process has ended by itself.
    pub fn has_ended(&mut self, at: usize) -> bool {
        self.members[at].serve.as_mut().is_none_or(|serve| serve.has_ended().is_some())
    }

    /// The failpoint at which a process has died.
    pub fn death(&self, at: usize) -> Option<Failpoint> {
        let said = self.said(at);
        let line = said.lines().rfind(|line| line.contains("\"failpoint\""))?;
        let line: Value = serde_json::from_str(line).ok()?;
        Failpoint::ALL.iter().copied().find(|failpoint| line["fields"]["name"] == failpoint.name())
    }

    /// What a process has said on stderr.
    pub fn said(&self, at: usize) -> String {
        self.members[at].serve.as_ref().map(Serve::said).unwrap_or_default()
    }

    /// Does what a supervisor does: starts what has ended, until all are at work.
    pub async fn keep_up(&mut self) {
        let fleet = tokio::sync::Mutex::new(&mut *self);
        eventually_every(LOOK, START, async || {
            let mut fleet = fleet.lock().await;
            let mut waiting = Vec::new();
            for at in 0..fleet.members.len() {
                if fleet.has_ended(at) {
                    let said = fleet.said(at);
                    if let Some(failpoint) = fleet.death(at) {
                        *fleet.died.entry(failpoint).or_default() += 1;
                    }
                    waiting.push((fleet.members[at].service, said.lines().last().map(str::to_owned)));
                    fleet.put(at, None).await;
                } else if !fleet.said(at).contains("at work") {
                    waiting.push((fleet.members[at].service, None));
                }
            }
            if waiting.is_empty() { Ok(()) } else { Err(waiting) }
        })
        .await;
        self.know_replicas();
    }

    /// Tells the clients where the API is now.
    fn know_replicas(&self) {
        let apis = self.members.iter().filter(|member| member.serves("api"));
        self.replicas.set(apis.filter_map(|member| member.serve.as_ref()).map(Serve::api).collect());
    }

    /// All lines as they should be.
    pub fn mend_lines(&self) {
        for line in self.members.iter().filter_map(|member| member.line.as_ref()) {
            line.set(Line::Open);
        }
    }

    /// What is held against each other.
    pub fn held(&self) -> Held<'_, N> {
        Held { nats: &self.split.nats, told: &self.told, relay: &self.relay, policy: &self.policy }
    }

    /// After the last fault: everything comes up, and everything is checked at rest; a process with an empty fold
    /// must show what the others show.
    pub async fn at_rest(&mut self) -> Found {
        self.mend_lines();
        self.keep_up().await;
        let resting = self.one_notifier().await;
        let line = self.split.nats.line().await;
        self.members.push(Member { service: "api", line, binary: None, serve: None });
        self.keep_up().await;
        let found = self.held().at_rest(&self.replicas, RAISER).await;
        self.members.pop();
        self.members.extend(resting);
        self.keep_up().await;
        found
    }

    /// Leaves the mail to one notifier that is alone at its start. While another one works, a new one leaves what it
    /// finds for as long as the longest pause between two attempts, longer than a test waits.
    async fn one_notifier(&mut self) -> Vec<Member> {
        let notifiers = self.of("notifier");
        if notifiers.len() < 2 {
            return Vec::new();
        }
        let mut resting = Vec::new();
        for at in notifiers.iter().rev() {
            self.kill9(*at).await;
            resting.push(self.members.remove(*at));
        }
        self.members.extend(resting.pop());
        resting
    }

    /// A client that works on cases of its own, as long as it is asked to.
    pub fn client(&self) -> Client {
        Client { told: Arc::clone(&self.told), replicas: Arc::clone(&self.replicas) }
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    told: Arc<Told>,
    replicas: Arc<Replicas>,
}

impl Client {
    /// The history of one case: it is raised, called back, and acknowledged by both liaison units, of which the
    /// second opens the coordination. Each act is repeated until it is answered.
    pub async fn history(&self, number: usize) {
        let by_letter = number % LETTERS == LETTERS - 1;
        let (raiser, body) =
            if by_letter { (WRITER, written(number)) } else { (RAISER, phoned(Clock::System.now())) };
        let give = async |officer: &str, case: &str, act: &str, body: &Value| {
            let key = format!("{act}-{number}");
            self.told.give(&self.replicas, &Request { officer, case, act, key: &key, body }).await
        };
        let Some(case) = give(raiser, "", "raise", &body).await else { return };
        let (verified, nothing) = (json!({ "result": "verified" }), json!({}));
        let called_back = async {
            if !by_letter {
                give(RAISER, &case, "verify-callback", &verified).await;
            }
        };
        let [one, other] = LIAISONS;
        tokio::join!(
            called_back,
            give(one, &case, "acknowledge", &nothing),
            give(other, &case, "acknowledge", &nothing),
        );
    }
}

/// A call that has just ended.
fn phoned(now: Timestamp) -> Value {
    let mut call = call();
    for time in ["started_at", "ended_at"] {
        call["call"][time] = json!(now);
    }
    call
}

/// A document of its own.
fn written(number: usize) -> Value {
    letter(u32::try_from(number + 1).expect("the number of a document"))
}
