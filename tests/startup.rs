//! A start that cannot succeed says in one line what to do, and leaves nothing behind; so does a stop.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

#[path = "startup/proof.rs"]
mod proof;

use std::{fs, path::Path, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use support::{
    Said, concord, finish,
    process::{Installation, nats_in, runs_in},
    run, story, top,
};
use testkit::nats::TestNats;
use tokio::net::TcpListener;

/// The file of the days off, as log lines name it.
const CALENDAR: &str = "calendar-VN.toml: ";

/// It did not succeed, and its one complaint holds these words.
#[track_caller]
fn says(said: &Said, words: &[&str]) {
    // Of a configuration that cannot even be read a service manager is told that it need not try again.
    let code = if said.err.contains("(read from ") { 78 } else { 1 };
    assert_eq!(said.code, Some(code), "{}", said.err);
    // A new place is made before anything can go wrong with it; that is told, and is no complaint.
    let complaints: Vec<_> = said.err.lines().filter(|line| !line.contains(" INFO ")).collect();
    let [complaint] = complaints[..] else { panic!("not one line:\n{}", said.err) };
    assert!(complaint.starts_with("concord: "), "{complaint}");
    for word in words {
        assert!(complaint.contains(word), "`{word}` is not in: {complaint}");
    }
}

/// No nats-server runs for an installation.
#[track_caller]
fn left_nothing(place: &Installation) {
    let left = nats_in(&place.data()).filter(|id| runs_in(*id, &place.data()));
    assert_eq!(left, None, "its nats-server still runs");
    assert!(!place.data().join("run.json").exists());
}

#[tokio::test]
async fn without_a_nats_server_it_says_how_to_get_one() {
    let place = Installation::new();
    let said = place.up_in_vain(&["--nats-server", "/nowhere/nats-server"]).await;
    says(&said, &["nats-server is not found at /nowhere/nats-server", "cargo xtask setup"]);
    // Away from the checkout there is only the PATH.
    let away = tempfile::tempdir().unwrap();
    let mut up = place.command();
    up.current_dir(&away).env("PATH", away.path()).env_remove("CONCORD_NATS_SERVER");
    says(&finish(&mut up).await, &["nats-server is not found", "cargo xtask setup", "CONCORD_NATS_SERVER"]);
    // Something else under that name.
    let said = place.up_in_vain(&["--nats-server", "/bin/true"]).await;
    says(&said, &["/bin/true is not a nats-server", "cargo xtask setup"]);
    left_nothing(&place);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_the_option_that_gives_another() {
    let place = Installation::new();
    let up = async |listen: &str, nats_port: &str| {
        let mut up = concord();
        up.args(["up", "--listen", listen, "--nats-port", nats_port, "--data"]).arg(place.data());
        finish(&mut up).await
    };
    let help = run(["up", "--help"]).await.succeeded();
    assert!(help.contains("--listen ") && help.contains("--nats-port "), "{help}");

    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    says(&up("127.0.0.1:0", &port).await, &[&port, "is taken", "--nats-port"]);
    if let Some(below) = address.port().checked_sub(4_000) {
        says(
            &up("127.0.0.1:0", &below.to_string()).await,
            &[&port, "is taken", "--nats-port (the server's monitor"],
        );
    }
    says(&up(&address.to_string(), "0").await, &[&address.to_string(), "is taken", "--listen"]);
    place.configure(&format!("[metrics]\nlisten = \"{address}\"\n"));
    says(&place.up_in_vain(&[]).await, &["metrics: ", &address.to_string(), "is taken", "[metrics] listen"]);
    left_nothing(&place);
}

#[tokio::test]
async fn a_server_that_is_not_ours_is_refused() {
    let place = Installation::new();
    let config = |url: &str, monitor: &str| format!("[nats]\nurl = \"{url}\"\nmonitor_url = \"{monitor}\"\n");
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = stranger.local_addr().unwrap();
    tokio::spawn(async move { while stranger.accept().await.is_ok() {} });
    let url = format!("nats://{address}");
    place.configure(&config(&url, &format!("http://{address}")));
    says(&place.up_in_vain(&[]).await, &[&url, "is not a NATS server", "correct the address"]);

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("nats://{nobody}");
    place.configure(&config(&url, &format!("http://{nobody}")));
    says(&place.up_in_vain(&[]).await, &["nothing listens at", &url, "start nats-server"]);

    // A nats-server that does not know our credentials.
    let nats = TestNats::start().await;
    place.configure(&config(&nats.url(), &nats.monitor_url()));
    says(&place.up_in_vain(&[]).await, &[&nats.url(), "credential"]);
    // Without the proof that it writes to the disk it is not used.
    place.configure(&format!("[nats]\nurl = \"{}\"\n", nats.url()));
    says(&place.up_in_vain(&[]).await, &["monitor_url"]);
    left_nothing(&place);
}

#[tokio::test]
async fn a_configuration_that_is_wrong_names_what_is_wrong_and_where() {
    let place = Installation::new();
    for (text, words) in [
        ("[http]\nlissten = \"127.0.0.1:1\"\n", ["unknown field `lissten`", "`listen`"]),
        ("[http]\nlisten = \"here\"\n", ["http.listen", "invalid socket address"]),
        ("[mail\n", ["line 1", "expected `]`"]),
    ] {
        place.configure(text);
        let said = place.up_in_vain(&[]).await;
        says(&said, &words);
        says(&said, &["configuration: ", "concord.toml"]);
    }
    // The options come after the place is made, and the services after the server: it is ended again.
    for (text, words) in [
        ("[mail.smtp]\nhost = \"mail.example\"\nport = 25\ntls = \"none\"\n", ["in the clear", "starttls"]),
        ("[mail.smtp]\nhst = \"mail.example\"\n", ["[mail.smtp]", "unknown field `hst`"]),
        (
            "[http.tls]\ncertificate = \"/nowhere/c.pem\"\nkey = \"/nowhere/k.pem\"\n",
            ["[http.tls]", "/nowhere/c.pem"],
        ),
    ] {
        place.configure(&format!("[http]\npublic_url = \"https://phoi-hop.tinh.example\"\n{text}"));
        says(&place.up_in_vain(&[]).await, &words);
        left_nothing(&place);
    }
    let mut up = concord();
    let missing = place.data().join("none.toml");
    up.arg("up").arg("--config").arg(&missing);
    says(&finish(&mut up).await, &[&missing.to_string_lossy(), "not found"]);
}

#[tokio::test]
async fn a_policy_that_is_wrong_names_the_file_and_what_is_wrong_in_it() {
    let place = Installation::new();
    let policy = tempfile::tempdir().unwrap();
    place.configure(&format!("policy = \"{}\"\n", policy.path().display()));
    says(&place.up_in_vain(&[]).await, &["policy.toml"]);
    let example = top().join("deploy/policy");
    for (name, right, wrong, words) in [
        ("routing.toml", "BTG.TT", "BTG.XX", ["routing.toml", "BTG.XX"]),
        ("policy.toml", "max-rounds", "most-rounds", ["policy.toml", "most-rounds"]),
        ("organisation.toml", "superior = \"UBND\"", "superior = \"ABC\"", ["organisation.toml", "ABC"]),
        ("deadlines.toml", "\"15 min\"", "\"15 mins\"", ["deadlines.toml", "15 mins"]),
        ("calendar-VN.toml", "2027-01-01", "2027-13-01", ["calendar-VN.toml", "invalid date"]),
    ] {
        copy(&example, policy.path());
        let file = policy.path().join(name);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(right), "{name} has no {right}");
        fs::write(&file, text.replace(right, wrong)).unwrap();
        says(&place.up_in_vain(&[]).await, &words);
    }
    copy(&example, policy.path());
    assert!(place.up().await.term().await.success());
}

fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test]
async fn a_second_start_on_the_same_data_leaves_the_first_alone() {
    let place = Installation::new();
    let up = place.up().await;
    let nats = up.nats();
    says(&place.up_in_vain(&[]).await, &["another Concord", "give another directory"]);
    assert_eq!(up.nats(), nats);
    let api = up.api();
    assert_eq!(api.get("btg.truc-ban", "/api/v1/cases").await.unwrap().status, 200);
    assert!(up.term().await.success());
    left_nothing(&place);
}

#[tokio::test]
async fn an_orderly_stop_leaves_no_server_behind() {
    let place = Installation::new();
    for signal in [Signal::TERM, Signal::INT] {
        let up = place.up().await;
        assert!(runs_in(up.nats(), &place.data()));
        let status = up.told(signal).await;
        assert!(status.success(), "{status}: {}", place.log());
        left_nothing(&place);
    }
    let log = place.log();
    let warnings: Vec<_> =
        log.lines().filter(|line| line.contains("WARN") && !line.contains(CALENDAR)).collect();
    assert_eq!(warnings, [""; 0]);
}

#[tokio::test]
async fn what_the_calendar_lacks_is_said_once_at_the_start() {
    let place = Installation::new();
    assert!(place.up().await.term().await.success());
    let log = place.log();
    let mut said: Vec<_> = log.lines().filter_map(|line| line.split_once(CALENDAR)).collect();
    assert!(said.iter().all(|(before, _)| before.contains("WARN")), "{log}");
    let file = fs::read_to_string(top().join("deploy/policy/calendar-VN.toml")).unwrap();
    let provisional = said.iter().filter(|(_, words)| words.contains("is provisional and not applied"));
    assert_eq!(provisional.count(), file.matches("status = \"provisional\"").count(), "{log}");
    let all = said.len();
    said.sort_unstable_by_key(|(_, words)| *words);
    said.dedup_by_key(|(_, words)| *words);
    assert_eq!(said.len(), all, "{log}");
}

#[tokio::test]
async fn without_its_server_it_ends_soon_and_says_what_to_do() {
    let place = Installation::new();
    let mut up = place.up().await;
    kill_process(Pid::from_raw(up.nats()).unwrap(), Signal::KILL).unwrap();
    let status =
        tokio::time::timeout(Duration::from_secs(15), up.ended()).await.expect("it ends within seconds");
    assert_eq!(status.code(), Some(1), "{}", place.log());
    let log = place.log();
    let last = log.lines().last().unwrap();
    for words in ["concord: nats-server ended by itself (signal: 9", "nats.log", "start `concord up` again"] {
        assert!(last.contains(words), "`{words}` is not in: {last}");
    }
    left_nothing(&place);
    assert!(place.up().await.term().await.success());
}

#[tokio::test]
async fn a_scenario_is_not_played_to_nobody() {
    let place = Installation::new();
    let play = async || {
        let mut play = concord();
        play.arg("play").arg(story::file(story::AT_NIGHT, "txt")).arg("--data").arg(place.data());
        tokio::time::timeout(Duration::from_secs(15), finish(&mut play))
            .await
            .expect("it gives up within seconds")
    };
    says(&play().await, &["nothing runs in", &place.data().to_string_lossy(), "start `concord up`"]);

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    fs::create_dir_all(place.data()).unwrap();
    let left = format!(r#"{{"pid":1,"http":"http://{nobody}","nats":"","monitor":""}}"#);
    fs::write(place.data().join("run.json"), left).unwrap();
    says(&play().await, &["nothing listens at", &nobody.to_string(), "start `concord up --clock manual"]);
}

#[tokio::test]
async fn told_to_stop_together_with_its_server_it_ends_soon() {
    // As a service manager does, which tells every process of the service.
    let place = Installation::new();
    let up = place.up().await;
    let nats = Pid::from_raw(up.nats()).unwrap();
    let server_too = async { kill_process(nats, Signal::KILL).unwrap() };
    let both = async { tokio::join!(up.term(), server_too) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("it ends within seconds");
    left_nothing(&place);
}
