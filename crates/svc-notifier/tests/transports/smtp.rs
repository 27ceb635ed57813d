//! Every outcome of a send, against a server that misbehaves on purpose.

use std::sync::Arc;
use std::time::Duration;

use svc_notifier::letter::Letter;
use svc_notifier::transport::smtp::{BadConfig, Config, Smtp, Tls};
use svc_notifier::transport::{self, Outcome, Transport};
use testkit::smtp::{Behaviour, SmtpSink};
use tokio::sync::Notify;

use crate::{config, letter};

const LONG: f64 = 20.0;
const SHORT: f64 = 0.25;

fn transport(sink: &SmtpSink, timeout_seconds: f64) -> Transport {
    Transport::Smtp(Smtp::new(config(sink.address(), timeout_seconds)).expect("a good configuration"))
}

/// What becomes of one letter under one behaviour, and of a second one under none.
async fn outcome(behaviour: Behaviour, timeout_seconds: f64) -> (Outcome, SmtpSink) {
    let sink = SmtpSink::start([behaviour]).await;
    let mut transport = transport(&sink, timeout_seconds);
    let first = transport.send(&letter(1)).await;
    let second = transport.send(&letter(2)).await;
    assert!(matches!(second, Outcome::Sent { .. }), "after {first:?}: {second:?}");
    (first, sink)
}

fn sent(reply: &str) -> Outcome {
    Outcome::Sent { reply: reply.into() }
}

fn refused(reply: &str) -> Outcome {
    Outcome::Refused { reply: reply.into() }
}

fn waiting(reply: &str) -> Outcome {
    Outcome::Waiting { reply: reply.into() }
}

#[tokio::test]
async fn a_250_is_sent_and_the_message_arrives_as_it_left() {
    let (first, sink) = outcome(Behaviour::Accept, LONG).await;
    assert_eq!(first, sent("250 2.0.0 queued as 0"));
    let received = &sink.received()[0];
    assert_eq!(received.from, "bounce@dieuphoi.example");
    assert_eq!(received.to, ["van-phong-1@cang.example"]);
    let left = String::from_utf8(letter(1).message().unwrap().formatted()).unwrap();
    assert_eq!(received.data.trim_end(), left.trim_end());
}

#[tokio::test]
async fn permanent_refusals_are_refused() {
    let (first, sink) = outcome(Behaviour::Refuse554AtRcpt, LONG).await;
    assert_eq!(first, refused("554 5.7.1 relay access denied"));
    assert_eq!(sink.received().len(), 1);

    let (first, sink) = outcome(Behaviour::RefuseAfterData554, LONG).await;
    assert_eq!(first, refused("554 5.6.0 content refused"));
    assert_eq!(sink.accepted().len(), 1);
}

#[tokio::test]
async fn temporary_refusals_wait() {
    let (first, _) = outcome(Behaviour::Defer451AtRcpt, LONG).await;
    assert_eq!(first, waiting("451 4.7.1 come back later"));
    let (first, _) = outcome(Behaviour::Defer451AfterData, LONG).await;
    assert_eq!(first, waiting("451 4.3.0 queue is full"));
}

#[tokio::test]
async fn a_time_out_before_the_message_waits() {
    for behaviour in [Behaviour::SilentAtGreeting, Behaviour::SilentAtRcpt, Behaviour::SilentAtData] {
        let (first, sink) = outcome(behaviour, SHORT).await;
        let reply = "no answer within 0.25 s; nothing was handed over".to_owned();
        assert_eq!(first, Outcome::Unreachable { reply });
        assert_eq!(sink.received().len(), 1);
    }
}

#[tokio::test]
async fn after_the_message_whatever_is_not_an_answer_is_unknown() {
    for (behaviour, timeout_seconds) in [
        (Behaviour::SilentAfterData, SHORT),
        (Behaviour::DropAfterData, LONG),
        (Behaviour::Answer252AfterData, LONG),
        (Behaviour::GarbageAfterData, LONG),
    ] {
        let (first, sink) = outcome(behaviour.clone(), timeout_seconds).await;
        assert!(matches!(first, Outcome::Unknown { .. }), "{behaviour:?}: {first:?}");
        assert_eq!(sink.received().len(), 2);
    }
}

#[tokio::test]
async fn only_250_counts() {
    let (first, _) = outcome(Behaviour::Answer252AfterData, LONG).await;
    let why = "handed over, but no 250 came: unexpected answer 252 perhaps";
    assert_eq!(first, Outcome::Unknown { why: why.into() });
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_next_mails() {
    let trigger = Arc::new(Notify::new());
    let sink = SmtpSink::start([Behaviour::LateReply(trigger.clone()), Behaviour::Refuse554AtRcpt]).await;
    let mut transport = transport(&sink, SHORT);

    let a = transport.send(&letter(1)).await;
    let why = "no answer within 0.25 s after the message was handed over";
    assert_eq!(a, Outcome::Unknown { why: why.into() });

    trigger.notify_one();
    sink.until(|mails| mails[0].reply == Some(250)).await;
    let b = transport.send(&letter(2)).await;
    assert_eq!(b, refused("554 5.7.1 relay access denied"));
    assert_eq!(transport.send(&letter(3)).await, sent("250 2.0.0 queued as 1"));
    assert_eq!(sink.connections(), 3);
}

#[tokio::test]
async fn a_send_cut_short_by_its_caller_leaves_no_half_used_line() {
    let sink =
        SmtpSink::start([Behaviour::Accept, Behaviour::SilentAfterData, Behaviour::Refuse554AtRcpt]).await;
    let mut transport = transport(&sink, LONG);
    assert_eq!(transport.send(&letter(1)).await, sent("250 2.0.0 queued as 0"));
    let second = letter(2);
    tokio::select! {
        () = sink.until(|mails| mails.len() == 2) => {}
        outcome = transport.send(&second) => panic!("{outcome:?}"),
    }
    assert_eq!(transport.send(&letter(3)).await, refused("554 5.7.1 relay access denied"));
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn fifty_mails_go_over_one_line() {
    let sink = SmtpSink::start([]).await;
    let mut transport = transport(&sink, LONG);
    for number in 0..50 {
        assert_eq!(transport.send(&letter(number)).await, sent(&format!("250 2.0.0 queued as {number}")));
    }
    assert_eq!(sink.connections(), 1);
    transport.close().await;
}

#[tokio::test]
async fn a_line_is_renewed_after_so_many_mails_and_after_a_rest() {
    let sink = SmtpSink::start([]).await;
    let mut few =
        Smtp::new(Config { mails_per_line: 10.try_into().unwrap(), ..config(sink.address(), LONG) }).unwrap();
    for number in 0..25 {
        assert!(matches!(few.send(&letter(number)).await, Outcome::Sent { .. }));
    }
    assert_eq!(sink.connections(), 3);

    let sink = SmtpSink::start([]).await;
    let mut restless = Smtp::new(Config { idle_seconds: 1e-9, ..config(sink.address(), LONG) }).unwrap();
    for number in 0..3 {
        assert!(matches!(restless.send(&letter(number)).await, Outcome::Sent { .. }));
    }
    assert_eq!(sink.connections(), 3);
}

#[tokio::test]
async fn a_line_that_the_relay_closed_meanwhile_costs_no_attempt() {
    let sink = SmtpSink::start([Behaviour::AcceptThenClose]).await;
    let mut transport = transport(&sink, LONG);
    assert_eq!(transport.send(&letter(1)).await, sent("250 2.0.0 queued as 0"));
    assert_eq!(transport.send(&letter(2)).await, sent("250 2.0.0 queued as 1"));
    assert_eq!(sink.accepted().len(), 2);
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_the_line_is_never_held_against_the_mail() {
    let (first, _) = outcome(Behaviour::Refuse554AtGreeting, LONG).await;
    let Outcome::Unreachable { reply } = first else { panic!("{first:?}") };
    assert!(reply.ends_with(": 554 no service here"), "{reply}");

    let sink = SmtpSink::start([Behaviour::Refuse535AtAuth]).await;
    let credentials = Config {
        username: Some("concord".into()),
        password: Some(String::from("secret").into()),
        ..config(sink.address(), LONG)
    };
    assert!(!format!("{credentials:?}").contains("secret"));
    let mut smtp = Smtp::new(credentials).unwrap();
    let first = smtp.send(&letter(1)).await;
    let Outcome::Unreachable { reply } = first else { panic!("{first:?}") };
    assert!(reply.ends_with(": 535 5.7.8 wrong credentials"), "{reply}");
    assert_eq!(smtp.send(&letter(1)).await, sent("250 2.0.0 queued as 0"));
    assert_eq!(sink.logins(), 1);
}

#[tokio::test]
async fn nobody_at_home_waits() {
    let sink = SmtpSink::start([]).await;
    let address = sink.address();
    drop(sink);
    let probe = async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), probe).await.unwrap();
    let outcome = Smtp::new(config(address, LONG)).unwrap().send(&letter(1)).await;
    let Outcome::Unreachable { reply } = outcome else { panic!("{outcome:?}") };
    assert!(reply.starts_with(&format!("cannot connect to {address}: ")), "{reply}");
}

#[tokio::test]
async fn a_letter_that_cannot_be_written_is_refused_without_a_word_to_the_relay() {
    let sink = SmtpSink::start([]).await;
    let mut transport = transport(&sink, LONG);
    let outcome = transport.send(&Letter { to: "nobody".into(), ..letter(1) }).await;
    let Outcome::Refused { reply } = outcome else { panic!("{outcome:?}") };
    assert!(reply.starts_with("bad recipient address \"nobody\""), "{reply}");
    assert_eq!(sink.connections(), 0);
}

#[test]
fn a_short_configuration_is_enough_and_a_misspelt_one_is_refused() {
    let read = |json: &str| serde_json::from_str::<transport::Config>(json);
    let short = r#"{"kind": "smtp", "host": "mail.tinh.example", "port": 587, "tls": "starttls", "from": "a@b.example"}"#;
    let transport::Config::Smtp(config) = read(short).unwrap() else { panic!("not smtp") };
    assert_eq!((config.timeout_seconds, config.mails_per_line.get(), config.idle_seconds), (20.0, 100, 60.0));
    assert_eq!((config.allow_plaintext, config.username, config.ca_file), (false, None, None));
    let error = read(&short.replace(r#""port""#, r#""allow_plain": true, "port""#)).unwrap_err();
    assert!(error.to_string().contains("unknown field `allow_plain`"), "{error}");
    read(
        r#"{"kind": "smtp", "host": "localhost", "port": 25, "tls": "opportunistic", "from": "a@b.example"}"#,
    )
    .unwrap_err();
    read(r#"{"kind": "folder", "directory": "var/mail"}"#).unwrap();
}

#[test]
fn plaintext_leaves_this_machine_only_on_request() {
    let to = |host: &str| Config { host: host.into(), ..config("127.0.0.1:25".parse().unwrap(), LONG) };
    for near in ["localhost", "127.0.0.1", "127.8.8.8", "::1"] {
        Smtp::new(to(near)).unwrap();
    }
    for far in
        ["mail.tinh.example", "10.0.0.5", "localhost.tinh.example", "0.0.0.0", "127.0.0.1.tinh.example"]
    {
        let error = Smtp::new(to(far)).unwrap_err();
        assert!(matches!(&error, BadConfig::Plaintext { host } if host == far), "{error}");
        assert!(error.to_string().contains("allow_plaintext = true"), "{error}");
        Smtp::new(Config { allow_plaintext: true, ..to(far) }).unwrap();
        Smtp::new(Config { tls: Tls::Starttls, ..to(far) }).unwrap();
    }
}

#[test]
fn a_configuration_without_sense_is_refused_at_start() {
    let good = || config("127.0.0.1:25".parse().unwrap(), LONG);
    let error = |config: Config| Smtp::new(config).unwrap_err().to_string();
    assert_eq!(
        error(Config { username: Some("concord".into()), ..good() }),
        "username and password go together: only username is given"
    );
    assert_eq!(
        error(Config { password: Some(String::from("secret").into()), ..good() }),
        "username and password go together: only password is given"
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    let in_file = || Config { password_file: Some(file.path().to_owned()), ..good() };
    assert!(error(in_file()).ends_with(": it is empty"));
    std::fs::write(file.path(), "secret\n").unwrap();
    assert_eq!(error(in_file()), "username and password go together: only password is given");
    Smtp::new(Config { username: Some("concord".into()), ..in_file() }).unwrap();
    assert_eq!(
        error(Config { password: Some(String::from("secret").into()), ..in_file() }),
        "password and password_file are both given: leave one out"
    );
    assert!(error(Config { from: "nobody".into(), ..good() }).starts_with("bad sender address \"nobody\""));
    assert_eq!(error(Config { hello: Some("a b".into()), ..good() }), "hello = \"a b\" is not a host name");
    for nothing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let said = error(Config { timeout_seconds: nothing, ..good() });
        assert_eq!(said, "timeout_seconds must be more than nothing and not more than a day");
    }
    let said = error(Config { tls: Tls::Implicit, ca_file: Some("/no/such.pem".into()), ..good() });
    assert!(said.starts_with("ca_file /no/such.pem: "), "{said}");
}

#[tokio::test]
async fn each_mail_has_an_envelope_sender_of_its_own_where_reports_are_read() {
    let sink = SmtpSink::start([]).await;
    let config = Config { own_addresses: true, ..config(sink.address(), LONG) };
    let mut smtp = Smtp::new(config).unwrap();
    smtp.send(&letter(1)).await;
    let id = letter(1).message_id;
    let id = id.split('@').next().unwrap();
    assert_eq!(sink.received()[0].from, format!("bounce+{id}@dieuphoi.example"));
}

#[tokio::test]
async fn the_probe_finds_out_without_a_mail_whether_the_relay_is_there() {
    let sink = SmtpSink::start([Behaviour::Refuse554AtGreeting]).await;
    let mut smtp = Smtp::new(config(sink.address(), LONG)).unwrap();
    let said = smtp.probe().await.unwrap_err();
    assert!(said.contains("554"), "{said}");
    assert_eq!(smtp.probe().await, Ok(()));
    assert_eq!(sink.received(), []);
    drop(sink);
    let said = smtp.probe().await.unwrap_err();
    assert!(said.contains("cannot connect"), "{said}");
}
