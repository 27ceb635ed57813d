//! The policy's files: what they give, and what is refused with what to write instead.

use super::*;
use crate::story::{Files, THIRD_SIDE, absence, clock, local};

/// What is said about files after a change.
fn said(change: impl FnOnce(&mut Files)) -> String {
    let mut files = Files::default();
    change(&mut files);
    files.read().map_or_else(|error| error.to_string(), |_| "nothing is wrong".to_owned())
}

fn replaced(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "{from:?} is not in the file");
    *text = text.replacen(from, to, 1);
}

#[test]
fn the_delivered_policy_can_be_read() {
    let policy = Files::default().policy();
    assert_eq!((policy.version.as_str(), policy.max_rounds), ("2026.1", 3));
    assert_eq!(policy.late_log_after, TimeDelta::minutes(15));
    assert_eq!(policy.routing.len(), 2);
    assert_eq!(policy.organisation.agencies().count(), 4);
}

/// DOMAIN §3.2, as far as these keys go; each cell from Monday 18/05/2026 08:00.
#[test]
fn every_key_has_its_period_at_every_urgency() {
    let policy = Files::default().policy();
    let start = local("18/05/2026 08:00");
    let table = "
        callback 08:15 08:30 09:00 09:00
        route 08:15 08:30 10:00 14:00
        ack 08:30 09:00 14:00 19T17:00
        written 16:00 19T08:00 19T17:00 19T17:00
        compare 10:00 12:00 14:00 14:00
        position 12:00 20:00 20T17:00 25T17:00
        statement 12:00 16:00 19T17:00 20T17:00
        dossier 14:00 20:00 20T17:00 21T17:00
        closure 20T17:00 20T17:00 20T17:00 20T17:00";
    let mut keys = DeadlineKey::ALL.into_iter();
    for row in table.lines().skip(1) {
        let mut cells = row.split_whitespace();
        let key = keys.next().unwrap();
        assert_eq!(cells.next(), Some(key.to_string().as_str()));
        for urgency in [Urgency::HoaToc, Urgency::ThuongKhan, Urgency::Khan, Urgency::Thuong] {
            let cell = cells.next().unwrap();
            let (day, time) = cell.split_once('T').unwrap_or(("18", cell));
            let deadline = policy.deadline(key, 4, start, urgency, None).unwrap();
            assert_eq!(clock(deadline.due), format!("{day}/05 {time}"), "{key} {urgency:?}");
            assert_eq!((deadline.key, deadline.instance, deadline.start), (key, 4, start));
        }
    }
    assert_eq!(keys.next(), None);
}

#[test]
fn a_wished_time_caps_every_key_but_closure_as_long_as_it_lies_ahead() {
    let policy = Files::default().policy();
    let start = local("18/05/2026 08:00");
    let due = |key, by: &str| {
        clock(policy.deadline(key, 1, start, Urgency::HoaTocHenGio, Some(local(by))).unwrap().due)
    };
    for key in DeadlineKey::ALL.into_iter().filter(|key| *key != DeadlineKey::Closure) {
        let plain = clock(policy.deadline(key, 1, start, Urgency::HoaToc, None).unwrap().due);
        assert_eq!(due(key, "18/05/2026 08:05"), "18/05 08:05", "{key}");
        assert_eq!(due(key, "18/05/2026 08:00:00.4"), "18/05 08:00:01", "{key}");
        for passed_or_far in ["18/05/2026 08:00", "18/05/2026 07:00", "30/05/2026 08:00"] {
            assert_eq!(due(key, passed_or_far), plain, "{key} {passed_or_far}");
        }
    }
    assert_eq!(due(DeadlineKey::Closure, "18/05/2026 08:05"), "20/05 17:00");
}

#[test]
fn a_start_is_a_whole_second_that_has_begun() {
    let policy = Files::default().policy();
    let start = local("18/05/2026 08:00:00.999");
    let deadline = policy.deadline(DeadlineKey::Ack, 1, start, Urgency::HoaToc, None).unwrap();
    assert_eq!((clock(deadline.start), clock(deadline.due)), ("18/05 08:00".into(), "18/05 08:30".into()));
}

#[test]
fn beyond_the_calendar_nothing_is_guessed() {
    let policy = Files::default().policy();
    let start = local("29/12/2028 08:00");
    assert!(policy.deadline(DeadlineKey::Closure, 1, start, Urgency::Khan, None).is_err());
    assert!(policy.deadline(DeadlineKey::Position, 1, start, Urgency::HoaToc, None).is_ok());
}

#[test]
fn sides_have_their_superiors_and_raisers_their_receivers() {
    let policy = Files::with_organisation(THIRD_SIDE).policy();
    let (btg, ubnd) = (AgencyId::from("BTG"), AgencyId::from("UBND"));
    assert_eq!(policy.superior(Side::A), Some(&btg));
    assert_eq!(policy.superior(Side::B), Some(&ubnd));
    assert_eq!(policy.superior(Side::C), None);
    for raiser in ["SNNMT", "SXD", "UBND", "CAT"] {
        assert_eq!(policy.receiver_for(&raiser.into()), &btg, "{raiser}");
    }
    assert_eq!(policy.receiver_for(&btg), &ubnd);
}

#[test]
fn the_government_side_may_raise_and_others_by_configuration() {
    let may = |files: &Files, agency: &str| files.policy().may_raise(&agency.into());
    let files = Files::with_organisation(THIRD_SIDE);
    for (agency, allowed) in
        [("UBND", true), ("SNNMT", true), ("CAT", true), ("BTG", false), ("SKHCN", false)]
    {
        assert_eq!(may(&files, agency), allowed, "{agency}");
    }
    let mut files = Files::default();
    replaced(&mut files.organisation, "superior = \"UBND\"\n", "");
    assert!(!may(&files, "SNNMT"), "of the side, but not under the superior");
}

#[test]
fn more_exact_rules_are_tried_first() {
    let mut files = Files::default();
    files.routing = ["", "area = \"CR\"", "topic = \"x\"", "topic = \"x\"\narea = \"CR\""]
        .iter()
        .enumerate()
        .map(|(id, only)| format!("[[rule]]\nid = \"{id}\"\nreceiver = \"BTG\"\n{only}\nunit = \"BTG.TT\"\n"))
        .collect();
    let order: Vec<_> = files.policy().routing.into_iter().map(|rule| rule.id).collect();
    assert_eq!(order, ["3", "2", "1", "0"]);
}

#[test]
fn what_is_wrong_is_named_with_its_file_and_what_to_write() {
    for (what, file, change) in [
        (
            "unknown field `max_rounds`",
            "policy.toml",
            (|files| replaced(&mut files.policy, "max-rounds", "max_rounds")) as fn(&mut Files),
        ),
        ("missing field `version`", "policy.toml", |files| {
            replaced(&mut files.policy, "version = \"2026.1\"", "")
        }),
        ("[agreement] side-a = \"UBND\" is no agency of side A", "policy.toml", |files| {
            replaced(&mut files.policy, "\"BTG\"", "\"UBND\"")
        }),
        ("[agreement] side-b = \"UBNDT\" is no agency of side B", "policy.toml", |files| {
            replaced(&mut files.policy, "\"UBND\"", "\"UBNDT\"")
        }),
        ("the table [compare] is missing: add it", "deadlines.toml", |files| {
            replaced(&mut files.deadlines, "[compare]", "[compared]")
        }),
        ("is not a period", "deadlines.toml", |files| {
            replaced(&mut files.deadlines, "\"15 min\"", "\"15 minutes\"")
        }),
        ("missing field `khan`", "deadlines.toml", |files| {
            replaced(&mut files.deadlines, "khan = \"60 min\"", "")
        }),
        ("unknown field `thường`", "deadlines.toml", |files| {
            replaced(&mut files.deadlines, "khan = \"60 min\"", "khan = \"60 min\"\n\"thường\" = \"1 wd\"")
        }),
        ("rule btg-mac-dinh: UBND.VX is no liaison unit of BTG", "routing.toml", |files| {
            replaced(&mut files.routing, "\"BTG.TT\"", "\"UBND.VX\"")
        }),
        ("rule btg-mac-dinh: BTG.XX is no liaison unit of BTG", "routing.toml", |files| {
            replaced(&mut files.routing, "\"BTG.TT\"", "\"BTG.XX\"")
        }),
        ("unknown field `unti`", "routing.toml", |files| replaced(&mut files.routing, "\nunit", "\nunti")),
        ("agency BTG has no unit with `liaison = true`: add one", "organisation.toml", |files| {
            replaced(&mut files.organisation, "liaison = true", "liaison = false")
        }),
        ("agency BTG has no office with `level = \"chief\"`: add one", "organisation.toml", |files| {
            replaced(&mut files.organisation, "level = \"chief\"", "")
        }),
        ("agency BTG stands twice: remove one", "organisation.toml", |files| {
            replaced(&mut files.organisation, "id = \"UBND\"\n", "id = \"BTG\"\n")
        }),
        ("office BTG.TB stands twice: remove one", "organisation.toml", |files| {
            replaced(&mut files.organisation, "id = \"BTG.TT.DM\"\n", "id = \"BTG.TB\"\n")
        }),
        ("officer btg.truc-ban stands twice: remove one", "organisation.toml", |files| {
            replaced(&mut files.organisation, "id = \"btg.dau-moi\"\n", "id = \"btg.truc-ban\"\n")
        }),
        (
            "SNNMT names the agency UBNDT, which does not stand under [[agency]]",
            "organisation.toml",
            |files| replaced(&mut files.organisation, "superior = \"UBND\"", "superior = \"UBNDT\""),
        ),
        ("names the agency SKHCN", "organisation.toml", |files| {
            files.organisation.push_str("\n[[unit]]\nid = \"X\"\nagency = \"SKHCN\"\nname = \"X\"\n")
        }),
        ("office BTG.TT.DM names the unit BTG.XX, which is not there", "organisation.toml", |files| {
            replaced(&mut files.organisation, "unit = \"BTG.TT\"", "unit = \"BTG.XX\"")
        }),
        ("BTG.TB names the agency BTGX", "organisation.toml", |files| {
            replaced(
                &mut files.organisation,
                "id = \"BTG.TB\"\nagency = \"BTG\"",
                "id = \"BTG.TB\"\nagency = \"BTGX\"",
            )
        }),
        (
            "officer btg.truc-ban holds the office BTG.XX, which does not stand under [[office]]",
            "organisation.toml",
            |files| replaced(&mut files.organisation, "office = \"BTG.TB\"", "office = \"BTG.XX\""),
        ),
        ("the absence of btg.ai is wrong", "organisation.toml", |files| {
            files.organisation.push_str(&absence("btg.ai", "2026-05-16T08:00", "2026-05-17T08:00"))
        }),
        ("the absence of btg.dau-moi is wrong", "organisation.toml", |files| {
            files.organisation.push_str(&absence("btg.dau-moi", "2026-05-16T08:00", "2026-05-16T08:00"))
        }),
        ("unknown variant `XX`", "organisation.toml", |files| {
            replaced(&mut files.organisation, "role = \"RO\"", "role = \"XX\"")
        }),
    ] {
        let error = said(change);
        assert!(
            error.starts_with(&format!("{file}: ")) && error.contains(what),
            "{what:?} is not in {error:?}"
        );
    }
}
