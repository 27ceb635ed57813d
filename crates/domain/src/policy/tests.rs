//! The policy's files: what they give, and what is refused with what to write instead.

use super::*;
use crate::story::{Files, THIRD_SIDE, absence, clock, local};

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
    assert_eq!(policy.organisation.agencies().count(), 20);
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
        corrected 12:00 16:00 19T17:00 19T17:00
        position 12:00 20:00 20T17:00 25T17:00
        consent 12:00 16:00 19T17:00 20T17:00
        statement 12:00 16:00 19T17:00 20T17:00
        dossier 14:00 20:00 20T17:00 21T17:00
        info 12:00 16:00 19T17:00 19T17:00
        implementation 01/06T17:00 01/06T17:00 01/06T17:00 01/06T17:00
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
            let date = if day.contains('/') { day.to_owned() } else { format!("{day}/05") };
            assert_eq!(clock(deadline.due), format!("{date} {time}"), "{key} {urgency:?}");
            assert_eq!((deadline.key, deadline.instance, deadline.start), (key, 4, start));
        }
    }
    assert_eq!(keys.next(), None);
}

#[test]
fn a_wished_time_caps_every_key_but_closure_and_implementation_as_long_as_it_lies_ahead() {
    let policy = Files::default().policy();
    let start = local("18/05/2026 08:00");
    let due = |key, by: &str| {
        clock(policy.deadline(key, 1, start, Urgency::HoaTocHenGio, Some(local(by))).unwrap().due)
    };
    let uncapped = [DeadlineKey::Closure, DeadlineKey::Implementation];
    for key in DeadlineKey::ALL.into_iter().filter(|key| !uncapped.contains(key)) {
        let plain = clock(policy.deadline(key, 1, start, Urgency::HoaToc, None).unwrap().due);
        assert_eq!(due(key, "18/05/2026 08:05"), "18/05 08:05", "{key}");
        assert_eq!(due(key, "18/05/2026 08:00:00.4"), "18/05 08:00:01", "{key}");
        for passed_or_far in ["18/05/2026 08:00", "18/05/2026 07:00", "30/05/2026 08:00"] {
            assert_eq!(due(key, passed_or_far), plain, "{key} {passed_or_far}");
        }
    }
    assert_eq!(due(DeadlineKey::Closure, "18/05/2026 08:05"), "20/05 17:00");
    assert_eq!(due(DeadlineKey::Implementation, "18/05/2026 08:05"), "01/06 17:00");
    let opinion =
        |by: Option<&str>| clock(policy.requested_by(start, Urgency::ThuongKhan, by.map(local)).unwrap());
    assert_eq!(
        (opinion(None), opinion(Some("18/05/2026 12:00"))),
        ("20/05 17:00".into(), "18/05 12:00".into())
    );
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
    let rule = |id: &str, only: &str| {
        format!("[[rule]]\nid = \"{id}\"\nreceiver = \"BTG\"\n{only}\nunit = \"BTG.TT\"\n")
    };
    let least_exact_first = rule("default", "")
        + &rule("area", "area = \"CR\"")
        + &rule("topic", "topic = \"x\"")
        + &rule("both", "topic = \"x\"\narea = \"CR\"");
    let files = Files { routing: least_exact_first, ..Files::default() };
    let order: Vec<_> = files.policy().routing.into_iter().map(|rule| rule.id).collect();
    assert_eq!(order, ["both", "topic", "area", "default"]);
}

#[test]
fn what_is_wrong_is_named_with_its_file_and_what_to_write() {
    let unit = "[[unit]]\nid = \"X\"\nagency = \"SKHCN\"\nname = \"X\"\n";
    let nobody = absence("btg.ai", "2026-05-16T08:00", "2026-05-17T08:00");
    let never = absence("btg.dau-moi", "2026-05-16T08:00", "2026-05-16T08:00");
    let in_thuong = "khan = \"60 min\"\n\"thường\" = \"1 wd\"";
    for (file, from, to, what) in [
        ("policy.toml", "max-rounds", "max_rounds", "unknown field `max_rounds`"),
        ("policy.toml", "version = \"2026.1\"", "", "missing field `version`"),
        ("policy.toml", "\"BTG\"", "\"UBND\"", "[agreement] side-a = \"UBND\" is no agency of side A"),
        ("policy.toml", "\"UBND\"", "\"UBNDT\"", "[agreement] side-b = \"UBNDT\" is no agency of side B"),
        ("deadlines.toml", "[compare]", "[compared]", "the table [compare] is missing: add it"),
        ("deadlines.toml", "\"15 min\"", "\"15 minutes\"", "is not a period"),
        ("deadlines.toml", "khan = \"60 min\"", "", "missing field `khan`"),
        ("deadlines.toml", "khan = \"60 min\"", in_thuong, "unknown field `thường`"),
        ("routing.toml", "\"BTG.TT\"", "\"UBND.VX\"", "rule btg-mac-dinh: UBND.VX is no liaison unit of BTG"),
        ("routing.toml", "\"BTG.TT\"", "\"BTG.XX\"", "rule btg-mac-dinh: BTG.XX is no liaison unit of BTG"),
        ("routing.toml", "\nunit", "\nunti", "unknown field `unti`"),
        ("organisation.toml", "liaison = true", "", "agency BTG has no unit with `liaison = true`: add one"),
        (
            "organisation.toml",
            "level = \"chief\"",
            "",
            "agency BTG has no office with `level = \"chief\"`: add one",
        ),
        ("organisation.toml", "id = \"UBND\"\n", "id = \"BTG\"\n", "agency BTG stands twice: remove one"),
        (
            "organisation.toml",
            "id = \"BTG.TT.DM\"",
            "id = \"BTG.TB\"",
            "office BTG.TB stands twice: remove one",
        ),
        (
            "organisation.toml",
            "id = \"btg.dau-moi\"",
            "id = \"btg.truc-ban\"",
            "officer btg.truc-ban stands twice",
        ),
        (
            "organisation.toml",
            "superior = \"UBND\"",
            "superior = \"UBNDT\"",
            "SNNMT names the agency UBNDT, which",
        ),
        ("organisation.toml", "", unit, "X names the agency SKHCN, which does not stand under [[agency]]"),
        (
            "organisation.toml",
            "id = \"BTG.TB\"\nagency = \"BTG\"",
            "id = \"BTG.TB\"\nagency = \"B\"",
            "BTG.TB names the agency B,",
        ),
        (
            "organisation.toml",
            "unit = \"BTG.TT\"",
            "unit = \"BTG.XX\"",
            "office BTG.TT.DM names the unit BTG.XX, which",
        ),
        (
            "organisation.toml",
            "office = \"BTG.TB\"",
            "office = \"BTG.XX\"",
            "officer btg.truc-ban holds the office BTG.XX,",
        ),
        ("organisation.toml", "", &nobody, "the absence of btg.ai is wrong"),
        ("organisation.toml", "", &never, "the absence of btg.dau-moi is wrong"),
        ("organisation.toml", "role = \"RO\"", "role = \"XX\"", "unknown variant `XX`"),
    ] {
        let mut files = Files::default();
        let text = match file {
            "policy.toml" => &mut files.policy,
            "deadlines.toml" => &mut files.deadlines,
            "routing.toml" => &mut files.routing,
            _ => &mut files.organisation,
        };
        replaced(text, from, to);
        let said = files.read().map_or_else(|error| error.to_string(), |_| "nothing is wrong".to_owned());
        assert!(said.starts_with(&format!("{file}: ")) && said.contains(what), "{what:?} is not in {said:?}");
    }
}

#[test]
fn all_that_is_wrong_is_found_each_with_its_line() {
    let mut files = Files::default();
    replaced(&mut files.policy, "side-b = \"UBND\"", "side-b = \"BTG\"");
    replaced(&mut files.organisation, "superior = \"UBND\"", "superior = \"UBNDT\"");
    replaced(&mut files.organisation, "office = \"SXD.VT\"", "office = \"SXD.XX\"");
    replaced(&mut files.deadlines, "[compare]", "[compared]");
    replaced(&mut files.routing, "\"UBND.VX\"", "\"UBND.XX\"");
    replaced(&mut files.rbac, "acts = [\"withdraw\"]", "acts = [\"withdraw\", \"raise\"]");
    let errors = files.check().unwrap_err();
    let line = |text: &str, wanted: &str| 1 + text.lines().position(|line| line.contains(wanted)).unwrap();
    let found: Vec<_> = errors.iter().map(|error| (error.file, error.line)).collect();
    assert_eq!(
        found,
        [
            ("organisation.toml", Some(line(&files.organisation, "id = \"SNNMT\""))),
            ("organisation.toml", Some(line(&files.organisation, "office = \"SXD.XX\""))),
            ("rbac.toml", Some(line(&files.rbac, "acts = [\"withdraw\", \"raise\"]"))),
            ("deadlines.toml", None),
            ("routing.toml", Some(line(&files.routing, "id = \"ubnd-mac-dinh\""))),
            ("policy.toml", Some(line(&files.policy, "side-b = \"BTG\""))),
        ],
        "{errors:#?}"
    );
    replaced(&mut files.routing, "\nunit", "\nunti");
    let unread = files.check().unwrap_err();
    let unread = unread.iter().find(|error| error.file == "routing.toml").unwrap();
    assert_eq!(unread.line, Some(line(&files.routing, "unti")));
    assert_eq!(unread.to_string().lines().count(), 1, "{unread}");
}

/// What is to be looked at, under changed files, that is not said of the delivered ones.
fn advice(change: impl FnOnce(&mut Files)) -> Vec<String> {
    let said = |files: &Files| -> Vec<String> {
        files.policy().advice(local("16/05/2026 08:00")).iter().map(ToString::to_string).collect()
    };
    let usual = said(&Files::default());
    let mut files = Files::default();
    change(&mut files);
    said(&files).into_iter().filter(|each| !usual.contains(each)).collect()
}

#[test]
fn what_holds_and_yet_wants_a_look_is_said_with_its_line() {
    let rule = |id: &str, only: &str| {
        format!("\n[[rule]]\nid = \"{id}\"\nreceiver = \"BTG\"\n{only}unit = \"BTG.TT\"\n")
    };
    for (change, what) in [
        (
            Box::new(|files: &mut Files| files.routing.push_str(&rule("again", "")))
                as Box<dyn FnOnce(&mut Files)>,
            "routing.toml: line 18: rule again is never reached: rule btg-mac-dinh takes the same cases before",
        ),
        (
            Box::new(|files: &mut Files| files.routing.push_str(&rule("x", "topic = \"x\"\n"))),
            "routing.toml: line 18: rule x is never reached: there is no topic x",
        ),
        (
            Box::new(|files: &mut Files| files.routing.push_str(&rule("x", "area = \"x\"\n"))),
            "routing.toml: line 18: rule x is never reached: there is no area x",
        ),
        (
            Box::new(|files: &mut Files| {
                replaced(&mut files.routing, "receiver = \"UBND\"", "receiver = \"UBND\"\ntopic = \"trade\"");
            }),
            "routing.toml: UBND has no rule without topic and area",
        ),
        (
            Box::new(|files: &mut Files| {
                replaced(&mut files.organisation, "office = \"SXD.LD\"", "office = \"SXD.VT\"");
            }),
            "nobody holds the office SXD.LD: name an officer for it",
        ),
        (
            Box::new(|files: &mut Files| {
                replaced(&mut files.organisation, "phone = \"0258 382 2269\"\n", "");
            }),
            "agency SXD has no `phone`: its calls cannot be verified",
        ),
        (
            Box::new(|files: &mut Files| {
                let ends = Files::default().ending("SXD", "2026-06-01", "XBM").organisation;
                files.organisation = ends.replace("successor = \"XBM\"\n", "");
            }),
            "agency SXD ends and has no successor",
        ),
    ] {
        let said = advice(change);
        assert!(said.iter().any(|each| each.contains(what)), "{what:?} is not in {said:?}");
    }
    let of_the_calendar: Vec<_> = Files::default()
        .policy()
        .advice(local("16/05/2026 08:00"))
        .into_iter()
        .filter(|each| each.file == "calendar-VN.toml")
        .collect();
    assert!(of_the_calendar[0].what.starts_with("2027: 0 of 5 days off of Tết"), "{of_the_calendar:?}");
    assert!(of_the_calendar.iter().all(|each| each.line.is_some()));
}

/// A log that is older than an act and than the duties is still read: nobody may do the one, nobody owes the others.
#[test]
fn a_policy_of_an_older_build_is_read_as_it_was_published() {
    let mut texts = Files::default().policy().texts;
    texts.retain(|text| text.name != "duties.toml");
    let rbac = texts.iter_mut().find(|text| text.name == "rbac.toml").unwrap();
    rbac.text = rbac.text.replace("\"submit-report\", ", "");
    assert!(Policy::from_texts(&texts).is_err());
    let policy = Policy::as_published(&texts).unwrap();
    assert!(
        !policy.rbac.allows("submit-report", crate::Role::Lo)
            && policy.rbac.allows("nil-return", crate::Role::Lo)
    );
    assert_eq!(policy.duties.reports.owing().count(), 0);
    let now = local("16/05/2026 08:00");
    assert_eq!(crate::duties::to_begin(|_| false, now - TimeDelta::days(60), now, &policy), None);
}
