//! Delivery through Debian's Postfix into a mailbox: what most relays are.

use std::collections::BTreeSet;

use svc_notifier::letter::Letter;
use svc_notifier::transport::Outcome;
use svc_notifier::transport::smtp::{Config, Smtp, Tls};
use testkit::smtp::Postfix;

use crate::{config, letter};

/// Whether Postfix can be started; it says so where not.
#[expect(clippy::print_stdout, reason = "whoever reads the run must know")]
fn can_run() -> bool {
    if !Postfix::may_start() {
        println!("NOT RUN with Postfix, which only root can start");
    }
    Postfix::may_start()
}

fn to(server: &Postfix) -> Config {
    config(server.address(), 20.0)
}

fn is_queued(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Sent { reply } if reply.starts_with("250 2.0.0 Ok: queued as "))
}

#[tokio::test]
async fn a_vietnamese_mail_arrives_in_the_mailbox_and_reads_back() {
    if !can_run() {
        return;
    }
    let server = Postfix::start().await;
    let mut smtp = Smtp::new(to(&server)).unwrap();
    let outcome = smtp.send(&letter(1)).await;
    assert!(is_queued(&outcome), "{outcome:?}");
    smtp.close().await;
    let (mails, sent) = (server.delivered(1).await, letter(1));
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.header("Subject"), Some(sent.subject.as_str()));
    assert_eq!(mail.header("From"), Some(sent.from.as_str()));
    assert_eq!(mail.header("To"), Some(sent.to.as_str()));
    assert_eq!(mail.header("Message-ID"), Some(format!("<{}>", sent.message_id).as_str()));
    assert_eq!(mail.header("References"), Some(format!("<{}>", sent.thread).as_str()));
    assert_eq!(mail.header("Return-Path"), Some("<bounce@dieuphoi.example>"));
    assert_eq!(mail.header("Delivered-To"), Some(sent.to.as_str()));
    assert_eq!(mail.text.trim_end(), sent.text.trim_end());
}

#[tokio::test]
async fn an_unknown_recipient_is_refused_and_the_line_goes_on() {
    if !can_run() {
        return;
    }
    let server = Postfix::start().await;
    let mut smtp = Smtp::new(to(&server)).unwrap();
    for (address, words) in [
        ("khong-co@cang.example", "User unknown in virtual mailbox table"),
        ("van-phong-1@noi-khac.example", "Relay access denied"),
    ] {
        let outcome = smtp.send(&Letter { to: address.into(), ..letter(1) }).await;
        let Outcome::Refused { reply } = outcome else { panic!("{outcome:?}") };
        assert!(reply.starts_with("55") && reply.contains(words), "{reply}");
    }
    let outcome = smtp.send(&letter(2)).await;
    assert!(is_queued(&outcome), "{outcome:?}");
    let mails = server.delivered(1).await;
    assert_eq!(mails[0].header("Delivered-To"), Some("van-phong-2@cang.example"));
    assert_eq!(mails.len(), 1);
}

#[tokio::test]
async fn twenty_letters_over_one_line_arrive_once_each() {
    if !can_run() {
        return;
    }
    let server = Postfix::start().await;
    let mut smtp = Smtp::new(to(&server)).unwrap();
    for number in 1..=20 {
        let outcome = smtp.send(&letter(number)).await;
        assert!(is_queued(&outcome), "{number}: {outcome:?}");
    }
    smtp.close().await;
    let mails = server.delivered(20).await;
    let came: BTreeSet<_> = mails.iter().filter_map(|mail| mail.header("Message-ID")).collect();
    let sent: Vec<_> = (1..=20).map(|number| format!("<{}>", letter(number).message_id)).collect();
    assert_eq!(came, sent.iter().map(String::as_str).collect());
    assert_eq!(mails.len(), 20);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn mail_is_handed_over_under_starttls_to_a_relay_that_we_trust_and_to_no_other() {
    if !can_run() {
        return;
    }
    let server = Postfix::start_with_starttls().await;
    let plain = Smtp::new(to(&server)).unwrap().send(&letter(1)).await;
    let unknown = Config { tls: Tls::Starttls, host: "localhost".into(), ..to(&server) };
    let stranger = Smtp::new(unknown.clone()).unwrap().send(&letter(2)).await;
    for (outcome, words) in
        [(plain, "Must issue a STARTTLS command first"), (stranger, "invalid peer certificate")]
    {
        let (Outcome::Unreachable { reply } | Outcome::Refused { reply }) = outcome else {
            panic!("{outcome:?}")
        };
        assert!(reply.contains(words), "{reply}");
    }
    let trusting = Config { ca_file: Some(server.certificate()), ..unknown };
    let outcome = Smtp::new(trusting).unwrap().send(&letter(3)).await;
    assert!(is_queued(&outcome), "{outcome:?}");
    let mails = server.delivered(1).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].header("Delivered-To"), Some("van-phong-3@cang.example"));
    let received = mails[0].header("Received").unwrap_or_default();
    assert!(received.contains("ESMTPS"), "{received}");
}
