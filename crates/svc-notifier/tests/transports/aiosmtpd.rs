//! Delivery to a real server of other make, in the clear and under TLS.

use svc_notifier::transport::Outcome;
use svc_notifier::transport::smtp::{Config, Smtp, Tls};
use testkit::smtp::{AioSmtpd, Protection};

use crate::{config, letter};

fn to(server: &AioSmtpd) -> Config {
    config(server.address(), 20.0)
}

async fn deliver(server: &AioSmtpd, smtp: &mut Smtp) {
    for number in [1, 2] {
        let outcome = smtp.send(&letter(number)).await;
        assert!(matches!(&outcome, Outcome::Sent { reply } if reply.starts_with("250 ")), "{outcome:?}");
    }
    smtp.close().await;
    let mut mails = server.mails();
    mails.sort_by_key(|mail| mail.header("Message-ID").map(str::to_owned));
    assert_eq!(mails.len(), 2);
    for (mail, number) in mails.iter().zip([1, 2]) {
        let sent = letter(number);
        assert_eq!(mail.header("Subject"), Some(sent.subject.as_str()));
        assert_eq!(mail.header("From"), Some(sent.from.as_str()));
        assert_eq!(mail.header("Message-ID"), Some(format!("<{}>", sent.message_id).as_str()));
        assert_eq!(mail.header("X-MailFrom"), Some("bounce@dieuphoi.example"));
        assert_eq!(mail.header("X-RcptTo"), Some(sent.to.as_str()));
        assert_eq!(mail.text.trim_end(), sent.text.trim_end());
    }
}

#[tokio::test]
async fn a_vietnamese_mail_is_delivered_and_read_back() {
    let server = AioSmtpd::start().await;
    deliver(&server, &mut Smtp::new(to(&server)).unwrap()).await;
}

#[tokio::test]
async fn mail_is_delivered_under_tls_to_a_relay_that_we_trust() {
    for (protection, tls) in [(Protection::Starttls, Tls::Starttls), (Protection::Implicit, Tls::Implicit)] {
        let server = AioSmtpd::start_with(protection).await;
        let trusting =
            Config { tls, host: "localhost".into(), ca_file: Some(server.certificate()), ..to(&server) };
        deliver(&server, &mut Smtp::new(trusting).unwrap()).await;
    }
}

#[tokio::test]
async fn nothing_is_handed_to_a_relay_that_cannot_prove_its_name() {
    for (protection, tls) in [(Protection::Starttls, Tls::Starttls), (Protection::Implicit, Tls::Implicit)] {
        let server = AioSmtpd::start_with(protection).await;
        let unknown = Config { tls, host: "localhost".into(), ..to(&server) };
        let another_name = Config { tls, ca_file: Some(server.certificate()), ..to(&server) };
        for config in [unknown, another_name] {
            let outcome = Smtp::new(config).unwrap().send(&letter(1)).await;
            let Outcome::Unreachable { reply } = outcome else { panic!("{outcome:?}") };
            assert!(reply.contains("invalid peer certificate"), "{reply}");
        }
        assert_eq!(server.mails(), []);
    }
}

#[tokio::test]
async fn there_is_no_way_back_from_tls_to_plaintext() {
    let server = AioSmtpd::start().await;
    let outcome = Smtp::new(Config { tls: Tls::Starttls, ..to(&server) }).unwrap().send(&letter(1)).await;
    let Outcome::Unreachable { reply } = outcome else { panic!("{outcome:?}") };
    assert!(reply.contains("STARTTLS is not supported"), "{reply}");
    assert_eq!(server.mails(), []);
}
