//! Reports of failure, as mail servers write them.

use super::*;

const ENTRY: &str = "0198f2a0-5b7e-5c1d-8a54-3f6d2b9c7e10";

/// A report, as Postfix writes it.
fn postfix(to: &str, action: &str) -> String {
    format!(
        "Return-Path: <>\r\nDelivered-To: {to}\r\nFrom: MAILER-DAEMON@relay.example (Mail Delivery System)\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nTo: {to}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"B\"\r\n\r\n\
         This is a MIME-encapsulated message.\r\n\r\n--B\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         I'm sorry to have to inform you that your message could not be delivered.\r\n\r\n--B\r\n\
         Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; relay.example\r\nX-Postfix-Queue-ID: 4F1A\r\nArrival-Date: Tue, 14 Jul 2026 10:04:05 +0700\r\n\r\n\
         Final-Recipient: rfc822; chanh-van-phong@cang.example\r\n\
         Original-Recipient: rfc822;chanh-van-phong@cang.example\r\nAction: {action}\r\nStatus: 5.1.1\r\n\
         Remote-MTA: dns; mx.cang.example\r\nDiagnostic-Code: smtp; 550 5.1.1 <chanh-van-phong@cang.example>: Recipient\r\n    \
         address rejected: User unknown\r\n\r\n--B\r\nContent-Description: Undelivered Message\r\n\
         Content-Type: message/rfc822\r\n\r\nMessage-ID: <{ENTRY}@dieuphoi.example>\r\nSubject: x\r\n\r\ny\r\n\r\n--B--\r\n"
    )
}

fn entry() -> EntryId {
    EntryId(ENTRY.parse().unwrap())
}

#[test]
fn a_report_names_its_mail_by_the_address_to_which_it_came() {
    let other = "0198f2a0-0000-5000-8000-000000000001";
    let to = address("phoi-hop", other, "dieuphoi.example");
    assert_eq!(read(postfix(&to, "failed").as_bytes()).unwrap().entry, EntryId(other.parse().unwrap()));
}

#[test]
fn a_report_says_why() {
    let bounce = read(postfix("phoi-hop@dieuphoi.example", "failed").as_bytes()).unwrap();
    assert_eq!(bounce.entry, entry(), "by the mail that it returns");
    assert_eq!(bounce.status, "5.1.1");
    assert!(
        bounce.reply.starts_with("550 5.1.1 <chanh-van-phong@cang.example>: Recipient"),
        "{}",
        bounce.reply
    );
    assert!(bounce.reply.ends_with("User unknown") && bounce.is_permanent());
}

#[test]
fn a_report_with_the_headers_only_is_understood() {
    // As Exim and Exchange return it; the groups of fields end with bare line feeds.
    let report = format!(
        "From: postmaster@x.example\nTo: phoi-hop@dieuphoi.example\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: text/plain\n\nMailbox full\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns;x.example\n\nFinal-Recipient: rfc822;a@x.example\nAction: Failed\nStatus: 4.2.2 (over quota)\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-Id: <{ENTRY}@dieuphoi.example>\n\n--b--\n"
    );
    let bounce = read(report.as_bytes()).unwrap();
    assert_eq!((bounce.entry, bounce.status.as_str(), bounce.is_permanent()), (entry(), "4.2.2", false));
    assert_eq!(bounce.reply, "no reason was given");
}

#[test]
fn a_delay_is_no_failure_and_neither_is_an_answer_from_a_person() {
    let to = address("phoi-hop", ENTRY, "dieuphoi.example");
    assert_eq!(read(postfix(&to, "delayed").as_bytes()), None);
    assert_eq!(read(postfix(&to, "relayed").as_bytes()), None);
    let leave = format!(
        "From: a@b.example\r\nTo: {to}\r\nAuto-Submitted: auto-replied\r\nSubject: Nghỉ phép\r\n\r\nVắng.\r\n"
    );
    assert_eq!(read(leave.as_bytes()), None);
    for nothing in [&b""[..], b"\0\xff", b"Content-Type: multipart/report; boundary=b\r\n\r\n--b"] {
        assert_eq!(read(nothing), None);
    }
}

#[test]
fn a_report_about_a_stranger_is_nothing() {
    let report = postfix("phoi-hop@dieuphoi.example", "failed").replace(ENTRY, "somebody-elses");
    assert_eq!(read(report.as_bytes()), None);
}
