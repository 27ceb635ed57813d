//! The watchdog against a real installation that is killed, and a real SMTP server: who is told, when, and in which
//! words.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use support::{Said, concord, finish, mails::Mail, process::Installation};
use tempfile::TempDir;
use testkit::{
    eventually,
    smtp::{Behaviour, SmtpSink},
};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};

/// Who is told.
const OPERATORS: [&str; 2] = ["truc@tinh.example", "van-hanh@tinh.example"];

/// A watchdog's place on its own machine.
struct Kennel {
    root: TempDir,
}

impl Kennel {
    /// One that watches an address, with periods that a test can wait for.
    fn new(url: &str, relay: SocketAddr, more: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let text = format!(
            "[watchdog]\nto = {OPERATORS:?}\nfrom = \"Giám sát <giam-sat@tinh.example>\"\nevery_seconds = 0.1\n\
             answer_seconds = 2\nsilent_seconds = 0.5\n{more}\n\
             [[watchdog.installation]]\nname = \"Tỉnh A\"\nurl = \"{url}\"\n\n\
             [watchdog.smtp]\nhost = \"{}\"\nport = {}\ntls = \"none\"\n",
            relay.ip(),
            relay.port()
        );
        fs::write(root.path().join("watchdog.toml"), text).unwrap();
        Self { root }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.root.path().join("stderr.log")
    }

    fn command(&self) -> Command {
        let mut watchdog = concord();
        watchdog.arg("watchdog").arg("--config").arg(self.root.path().join("watchdog.toml"));
        watchdog
    }

    fn start(&self) -> Child {
        let log = File::create(self.log_file()).unwrap();
        self.command().stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    async fn once(&self) -> Said {
        finish(self.command().arg("--once")).await
    }

    /// Waits until its log holds these words.
    async fn says(&self, words: &str) {
        eventually(async || if self.log().contains(words) { Ok(()) } else { Err(self.log()) }).await;
    }
}

/// An address where nobody listens yet.
async fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// `concord up` on an address that it has again after it was killed.
async fn up(data: &Path, listen: SocketAddr) -> Child {
    let mut up = concord();
    up.args(["up", "--nats-port", "0", "--listen", &listen.to_string(), "--data"]).arg(data);
    let child = up.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually(async || {
        let answer =
            reqwest::get(format!("http://{listen}/readyz")).await.map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
    })
    .await;
    child
}

/// Waits until so many mails were taken, and gives their subjects and recipients in their order.
async fn taken(relay: &SmtpSink, count: usize) -> Vec<Mail> {
    eventually(async || {
        let mails: Vec<_> = relay.accepted().iter().map(|mail| Mail::parse(&mail.data)).collect();
        if mails.len() >= count { Ok(mails) } else { Err(mails) }
    })
    .await
}

async fn term(mut child: Child) -> ExitStatus {
    kill_process(Pid::from_raw(child.id().unwrap().cast_signed()).unwrap(), Signal::TERM).unwrap();
    child.wait().await.unwrap()
}

#[tokio::test]
async fn an_installation_that_is_killed_is_told_once_and_again_when_it_is_back() {
    let (place, listen, relay) = (Installation::new(), free().await, SmtpSink::start([]).await);
    let mut installation = up(&place.data(), listen).await;
    let kennel = Kennel::new(&format!("http://{listen}/"), relay.address(), "");
    let watchdog = kennel.start();
    kennel.says("the watchdog watches").await;
    installation.kill().await.unwrap();

    let told = taken(&relay, 2).await;
    let to: Vec<_> = told.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, OPERATORS);
    for mail in &told {
        assert!(mail.subject.starts_with("[Concord] Tỉnh A: không trả lời từ "), "{}", mail.subject);
        let begins = "Kính gửi: Người vận hành Concord\n\nTỉnh A (http://127.0.0.1:";
        assert!(mail.text.replace('\r', "").starts_with(begins), "{}", mail.text);
        assert!(mail.text.contains("has not answered since"), "{}", mail.text);
        assert!(mail.text.contains("no connection, or no answer in time"), "{}", mail.text);
    }

    let installation = up(&place.data(), listen).await;
    let told = taken(&relay, 4).await;
    for mail in &told[2..] {
        let begins = "[Concord] Tỉnh A: hoạt động bình thường trở lại lúc ";
        assert!(mail.subject.starts_with(begins), "{}", mail.subject);
        assert!(mail.text.contains(" gián đoạn (từ "), "{}", mail.text);
    }
    assert_eq!(told.len(), 4);

    let ended = term(watchdog).await;
    assert_eq!(ended.code(), Some(0), "{}", kennel.log());
    let log = kennel.log();
    assert!(log.contains("nobody watches from now on") && log.contains("it works again"), "{log}");
    assert!(OPERATORS.iter().all(|operator| !log.contains(operator)), "{log}");
    assert!(term(installation).await.success());
}

#[tokio::test]
async fn while_it_lasts_it_reminds_and_what_the_relay_does_not_take_goes_later() {
    let (nobody, address) = (free().await, free().await);
    let kennel = Kennel::new(&format!("http://{nobody}"), address, "remind_seconds = 0.5");
    let watchdog = kennel.start();
    kennel.says("all mail waits: the relay does not answer").await;
    let relay = SmtpSink::start_on(address, []).await;
    let told = taken(&relay, 4).await;
    assert!(told[0].subject.contains(": không trả lời từ "), "{}", told[0].subject);
    let reminders = told.iter().filter(|mail| mail.subject.contains(": vẫn không trả lời từ ")).count();
    assert!(reminders >= 2, "{told:?}");
    let mut ids: Vec<_> = told.iter().map(|mail| &mail.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), told.len(), "each came once");
    assert!(term(watchdog).await.success());
}

#[tokio::test]
async fn a_timer_looks_once_and_remembers_what_it_has_told() {
    let (nobody, relay) = (free().await, SmtpSink::start([]).await);
    let kennel = Kennel::new(&format!("http://{nobody}"), relay.address(), "alive_hour = 0");
    let first = kennel.once().await;
    assert_eq!(first.code, Some(1), "{}", first.err);
    let lives = taken(&relay, 2).await;
    assert!(lives[0].subject.starts_with("[Concord] Giám sát: vẫn hoạt động"), "{}", lives[0].subject);
    assert!(lives[0].text.contains("- Tỉnh A (http://127.0.0.1:"), "{}", lives[0].text);
    // It is told at the first look after half a second, and not again.
    eventually(async || {
        kennel.once().await;
        if relay.accepted().len() > 2 { Ok(()) } else { Err("not told yet") }
    })
    .await;
    kennel.once().await;
    assert_eq!(taken(&relay, 4).await.len(), 4);

    let place = Installation::new();
    let installation = up(&place.data(), nobody).await;
    let well = kennel.once().await;
    assert_eq!(well.code, Some(0), "{}", well.err);
    assert!(taken(&relay, 6).await[5].subject.contains("hoạt động bình thường trở lại lúc"));
    assert!(term(installation).await.success());
}

#[tokio::test]
async fn a_mail_that_is_sent_is_remembered_at_once_and_one_under_way_holds_up_no_look() {
    let (nobody, relay) = (free().await, SmtpSink::start([Behaviour::Accept, Behaviour::SilentAtRcpt]).await);
    let kennel = Kennel::new(&format!("http://{nobody}"), relay.address(), "");
    let watchdog = kennel.start();
    kennel.says("a mail is sent").await;
    // The relay keeps the second one waiting: it goes on looking.
    let looks = || kennel.log().matches("no answer").count();
    let before = looks();
    eventually(async || if looks() > before + 20 { Ok(()) } else { Err(kennel.log()) }).await;
    assert!(!kennel.log().contains("all mail waits"), "{}", kennel.log());
    assert!(term(watchdog).await.success());

    // Only the second one is sent after a start.
    let said = kennel.once().await;
    assert!(said.err.contains("a mail is sent"), "{}", said.err);
    let told: Vec<_> = taken(&relay, 2).await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(told, OPERATORS);
}

#[tokio::test]
async fn what_it_has_told_may_be_damaged_and_it_watches_on() {
    let (nobody, relay) = (free().await, SmtpSink::start([]).await);
    let kennel = Kennel::new(&format!("http://{nobody}"), relay.address(), "");
    let state = kennel.root.path().join("watchdog.state.json");
    fs::write(&state, "{\"watched\":").unwrap();
    let said = kennel.once().await;
    assert_eq!(said.code, Some(1), "it does not answer");
    assert!(said.err.contains("moved aside") && said.err.contains("\"alert\":true"), "{}", said.err);
    assert!(fs::read_to_string(&state).unwrap().contains("silent"));
}

#[tokio::test]
async fn a_configuration_that_makes_no_sense_ends_it_at_once() {
    let kennel = Kennel::new("tinh.example", free().await, "");
    let said = kennel.once().await;
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("watchdog.toml: \"tinh.example\" is no address"), "{}", said.err);
    // It starts on a machine that believes nobody over TLS, and could only ever say that nobody is believed.
    let kennel = Kennel::new("https://tinh.example", free().await, "");
    let said = finish(
        kennel.command().arg("--once").env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/nowhere"),
    )
    .await;
    assert!(said.code == Some(1) && said.err.contains("nobody is to be believed over TLS"), "{}", said.err);
    let nowhere = finish(concord().args(["watchdog", "--config", "/nowhere/watchdog.toml"])).await;
    assert!(nowhere.err.contains("/nowhere/watchdog.toml: No such file"), "{}", nowhere.err);
}
