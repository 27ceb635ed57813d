//! Who is addressed, expanded at the time of sending.

use events::distribution::{Purpose, Recipient};
use serde_json::{Value, json};

use super::{Addressee, expand, printed};
use crate::{
    Policy, Refusal,
    story::{Files, local},
};

/// Before two departments merge on 1 October 2026.
const BEFORE: &str = "30/09/2026 23:59";

fn addressees(body: Value) -> Vec<Addressee> {
    serde_json::from_value(body).expect("addressees")
}

fn expanded(policy: &Policy, body: Value, clock: &str) -> Result<Vec<Recipient>, Refusal> {
    expand(&addressees(body), policy, local(clock))
}

/// Each as `name agency group purpose`.
fn lines(recipients: &[Recipient]) -> Vec<String> {
    let or_none = |text: Option<&str>| text.unwrap_or("-").to_owned();
    recipients
        .iter()
        .map(|each| {
            let agency = or_none(each.agency.as_ref().map(events::AgencyId::as_str));
            format!("{}|{agency}|{}|{:?}", each.name, or_none(each.group.as_deref()), each.purpose)
        })
        .collect()
}

#[test]
fn a_group_is_the_agencies_that_are_there_when_it_is_sent() {
    let policy = Files::default().policy();
    let ids = |clock: &str| {
        let sent = expanded(&policy, json!([{ "group": "van-hoa-xa-hoi" }]), clock).expect("a group");
        sent.iter().map(|each| each.agency.clone().expect("an agency").to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(BEFORE), ["SDL", "SGDDT", "SVHTT", "SYT"]);
    assert_eq!(ids("01/10/2026 00:00"), ["SGDDT", "SVHTTDL", "SYT"]);
}

#[test]
fn a_group_by_kind_takes_in_whoever_is_of_that_kind() {
    let policy = Files::default().policy();
    let sent = expanded(&policy, json!([{ "group": "cac-xa", "purpose": "bc" }]), BEFORE).expect("a group");
    assert_eq!(
        lines(&sent),
        [
            "Ủy ban nhân dân phường Đông Lộc|PDL|cac-xa|Bc",
            "Ủy ban nhân dân xã Bình Minh|XBM|cac-xa|Bc",
            "Ủy ban nhân dân xã Ninh Thành|XNT|cac-xa|Bc",
        ]
    );
}

#[test]
fn an_agency_is_called_as_it_was_then() {
    let mut files = Files::default();
    let name = "name = \"Sở Xây dựng\"\n";
    let renamed =
        "name = \"Sở Xây dựng và Giao thông\"\nformer = [{ name = \"Sở Xây dựng\", until = 2026-07-01 }]\n";
    assert!(files.organisation.contains(name));
    files.organisation = files.organisation.replacen(name, renamed, 1);
    let policy = files.policy();
    let called =
        |clock| expanded(&policy, json!([{ "agency": "SXD" }]), clock).expect("an agency").remove(0).name;
    assert_eq!(called("30/06/2026 23:59"), "Sở Xây dựng");
    assert_eq!(called("01/07/2026 00:00"), "Sở Xây dựng và Giao thông");
}

#[test]
fn nobody_is_there_twice() {
    let policy = Files::default().policy();
    let sent = expanded(
        &policy,
        json!([
            { "group": "cac-xa", "purpose": "bc" },
            { "agency": "XBM" },
            { "name": "Ủy ban nhân dân xã Ninh Thành" },
            { "agency": "TU" },
            { "agency": "TU", "purpose": "bc" },
            { "name": "Thường trực Tỉnh ủy" },
            { "name": "VT", "purpose": "archive" },
            { "name": "VT", "purpose": "archive" },
        ]),
        BEFORE,
    )
    .expect("recipients");
    assert_eq!(
        lines(&sent),
        [
            "Ủy ban nhân dân phường Đông Lộc|PDL|cac-xa|Bc",
            // Named itself: with the purpose that it was given there, whatever the group has.
            "Ủy ban nhân dân xã Bình Minh|XBM|-|Action",
            "Ủy ban nhân dân xã Ninh Thành|XNT|-|Action",
            "Thường trực Tỉnh ủy|TU|-|Bc",
            "VT|-|-|Archive",
        ]
    );
}

#[test]
fn of_two_groups_to_report_upwards_is_kept() {
    let policy = Files::with_organisation(
        "\n[[group]]\nid = \"hai-so\"\nname = \"Hai sở\"\nagencies = [\"SYT\", \"SXD\"]\n",
    )
    .policy();
    let sent = expanded(
        &policy,
        json!([{ "group": "van-hoa-xa-hoi" }, { "group": "hai-so", "purpose": "bc" }]),
        BEFORE,
    )
    .expect("recipients");
    let health = sent.iter().find(|each| each.agency == Some("SYT".into())).expect("in both groups");
    assert_eq!((health.purpose, health.group.as_deref()), (Purpose::Bc, Some("van-hoa-xa-hoi")));
    assert_eq!(sent.len(), 5);
}

#[test]
fn what_cannot_be_a_recipient_is_refused_where_it_stands() {
    let policy = Files::with_organisation(
        "\n[[group]]\nid = \"cu\"\nname = \"Cũ\"\nagencies = [\"SYT\"]\nends = 2026-01-01\n
         \n[[group]]\nid = \"moi\"\nname = \"Mới\"\nagencies = [\"SVHTTDL\"]\n",
    )
    .policy();
    let cases = [
        (json!([]), "recipients"),
        (json!([{ "agency": "TU" }, { "agency": "NOBODY" }]), "recipients[1].agency"),
        (json!([{ "agency": "SVHTTDL" }]), "recipients[0].agency"),
        (json!([{ "group": "nobody" }]), "recipients[0].group"),
        (json!([{ "group": "cu" }]), "recipients[0].group"),
        (json!([{ "group": "moi" }]), "recipients[0].group"),
        (json!([{ "name": " " }]), "recipients[0].name"),
        (json!([{ "purpose": "bc" }]), "recipients[0]"),
        (json!([{ "agency": "TU", "name": "VT" }]), "recipients[0]"),
        (json!([{ "agency": "TU", "purpose": "archive" }]), "recipients[0].purpose"),
    ];
    for (body, field) in cases {
        let refusal = expanded(&policy, body.clone(), BEFORE).expect_err("refused");
        assert_eq!(refusal.field.as_deref(), Some(field), "{body}");
        assert!(!refusal.vi.is_empty() && !refusal.en.is_empty());
    }
    let ended = expanded(&policy, json!([{ "agency": "SDL" }]), "01/10/2026 00:00").expect_err("ended");
    assert!(ended.en.contains("SVHTTDL") && ended.vi.contains("SVHTTDL"), "{ended}");
}

#[test]
fn there_are_so_many_recipients_and_no_more() {
    let policy = Files::default().policy();
    let names = |number: usize| {
        let each = (0..number).map(|number| json!({ "name": format!("Nơi nhận {number}") }));
        Value::Array(each.collect())
    };
    assert_eq!(expanded(&policy, names(super::MOST_RECIPIENTS), BEFORE).map(|all| all.len()), Ok(300));
    let refusal = expanded(&policy, names(super::MOST_RECIPIENTS + 1), BEFORE).expect_err("too many");
    assert_eq!(refusal.field.as_deref(), Some("recipients"));
}

#[test]
fn the_block_is_printed_as_under_a_document() {
    let policy = Files::default().policy();
    let sent = expanded(
        &policy,
        json!([
            { "agency": "TU", "purpose": "bc" },
            { "name": "VT", "purpose": "archive" },
            { "agency": "UBND" },
            { "group": "cac-xa" },
            { "name": "VXNV", "purpose": "archive" },
        ]),
        BEFORE,
    )
    .expect("recipients");
    let block = "Nơi nhận:
- Thường trực Tỉnh ủy (b/c);
- Ủy ban nhân dân tỉnh;
- Ủy ban nhân dân phường Đông Lộc;
- Ủy ban nhân dân xã Bình Minh;
- Ủy ban nhân dân xã Ninh Thành;
- Lưu: VT, VXNV.";
    assert_eq!(printed(&sent), block);
    assert_eq!(printed(&sent[..1]), "Nơi nhận:\n- Thường trực Tỉnh ủy (b/c).");
}
