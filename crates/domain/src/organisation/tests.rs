//! Who holds which office, and who is there.

use super::*;
use crate::story::{Files, absence, local};

#[test]
fn a_person_is_an_officer_in_an_office_of_an_agency() {
    let organisation = Files::default().policy().organisation;
    let person = organisation.person(&"btg.dau-moi".into(), local("16/05/2026 12:00")).unwrap();
    assert_eq!(person.office, "BTG.TT.DM".into());
    assert_eq!((person.agency, person.unit), ("BTG".into(), Some("BTG.TT".into())));
    assert_eq!((person.side, person.role), (Side::A, Role::Lo));
    let leader = organisation.person(&"snnmt.lanh-dao".into(), local("16/05/2026 12:00")).unwrap();
    assert_eq!((leader.unit, leader.side, leader.role), (None, Side::B, Role::Al));
    assert_eq!(organisation.person(&"btg.ai".into(), local("16/05/2026 12:00")), None);
}

#[test]
fn the_ladder_of_a_unit_ends_at_the_head_of_its_agency() {
    let organisation = Files::default().policy().organisation;
    let unit = organisation.liaison_unit(&"SNNMT".into(), local("16/05/2026 12:00")).unwrap();
    let holders = [Level::Liaison, Level::Deputy, Level::UnitHead, Level::Chief]
        .map(|level| organisation.holder(unit, level).unwrap().id.to_string());
    assert_eq!(holders, ["SNNMT.VP.DM", "SNNMT.VP.DM2", "SNNMT.VP.TP", "SNNMT.LD"]);
    assert_eq!(organisation.chief(&"SNNMT".into()).unwrap().id, "SNNMT.LD".into());
    assert!(organisation.chief(&"SKHCN".into()).is_none());
}

#[test]
fn the_first_liaison_unit_serves_by_default() {
    let mut files = Files::default();
    files
        .organisation
        .push_str("\n[[unit]]\nid = \"BTG.A\"\nagency = \"BTG\"\nname = \"Khác\"\nliaison = true\n");
    let organisation = files.policy().organisation;
    assert_eq!(
        organisation.liaison_unit(&"BTG".into(), local("16/05/2026 12:00")).unwrap().id,
        "BTG.TT".into()
    );
    assert!(organisation.unit(&"BTG.A".into()).is_some());
    assert!(organisation.unit(&"BTG.B".into()).is_none());
}

#[test]
fn an_absence_counts_from_its_beginning_to_before_its_end() {
    let office = "BTG.TT.DM".into();
    let away = absence("btg.dau-moi", "2026-05-16T08:00", "2026-05-17T08:00")
        + &absence("btg.dau-moi", "2026-06-01T08:00", "2026-06-02T08:00");
    let organisation = Files::with_organisation(&away).policy().organisation;
    for (clock, there) in [
        ("16/05/2026 07:59:59", true),
        ("16/05/2026 08:00", false),
        ("17/05/2026 07:59:59.999", false),
        ("17/05/2026 08:00", true),
        ("01/06/2026 12:00", false),
    ] {
        assert_eq!(organisation.is_available(&office, local(clock)), there, "{clock}");
    }
    for (clock, next) in [
        ("15/05/2026 00:00", Some("16/05/2026 08:00")),
        ("16/05/2026 07:59:59.999", Some("16/05/2026 08:00")),
        ("16/05/2026 08:00", Some("01/06/2026 08:00")),
        ("01/06/2026 08:00", None),
    ] {
        assert_eq!(organisation.next_absence(&office, local(clock)), next.map(local), "{clock}");
    }
    assert_eq!(organisation.next_absence(&"BTG.TT.DM2".into(), local("01/01/2026 00:00")), None);
    assert!(organisation.is_available(&"BTG.TT.DM2".into(), local("16/05/2026 12:00")));
}

#[test]
fn an_office_is_deserted_since_the_last_of_its_holders_went() {
    let mut files = Files::with_organisation(
        &(absence("btg.dau-moi", "2026-05-16T08:00", "2026-05-17T08:00")
            + &absence("btg.thay", "2026-05-16T10:00", "2026-05-16T12:00")),
    );
    files
        .organisation
        .push_str("\n[[officer]]\nid = \"btg.thay\"\nname = \"Thay\"\noffice = \"BTG.TT.DM\"\n");
    let organisation = files.policy().organisation;
    let since = |clock| organisation.absent_since(&"BTG.TT.DM".into(), local(clock));
    assert_eq!(since("16/05/2026 11:00"), Some(local("16/05/2026 10:00")));
    assert_eq!(since("16/05/2026 07:00"), None);
    assert_eq!(organisation.absent_since(&"BTG.LD".into(), local("16/05/2026 11:00")), None);
}

#[test]
fn an_office_is_there_while_one_of_its_holders_is() {
    let mut files = Files::with_organisation(&absence("btg.dau-moi", "2026-05-16T08:00", "2026-05-17T08:00"));
    assert!(!files.policy().organisation.is_available(&"BTG.TT.DM".into(), local("16/05/2026 12:00")));
    files
        .organisation
        .push_str("\n[[officer]]\nid = \"btg.thay\"\nname = \"Thay\"\noffice = \"BTG.TT.DM\"\n");
    let organisation = files.policy().organisation;
    assert!(organisation.is_available(&"BTG.TT.DM".into(), local("16/05/2026 12:00")));
    assert!(!organisation.is_available(&"BTG.XX".into(), local("16/05/2026 12:00")));
}

#[test]
fn offices_are_found_by_agency_and_role() {
    let organisation = Files::default().policy().organisation;
    let offices = |agency: &str, role| {
        let agency = agency.into();
        organisation.offices_of(&agency, role).map(|office| office.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(offices("BTG", Role::Lo), ["BTG.TT.DM", "BTG.TT.DM2"]);
    assert_eq!(offices("BTG", Role::Au), ["BTG.KT"]);
    assert_eq!(offices("SNNMT", Role::Al), ["SNNMT.LD"]);
    assert!(offices("SNNMT", Role::Ro).is_empty());
}

/// The text of an entry, with more lines behind its `id`.
fn with_lines(files: &mut Files, id: &str, lines: &str) {
    let of_entry = format!("id = \"{id}\"\n");
    assert!(files.organisation.contains(&of_entry), "{id} is there");
    files.organisation = files.organisation.replacen(&of_entry, &format!("{of_entry}{lines}"), 1);
}

#[test]
fn everything_has_the_name_of_its_time() {
    let mut files = Files::default();
    let twice =
        "former = [{ name = \"Cũ nhất\", until = 2024-01-01 }, { name = \"Cũ\", until = 2026-01-01 }]\n";
    for id in ["SXD", "SXD.VP", "SXD.LD", "tourism", "VINH"] {
        with_lines(&mut files, id, twice);
    }
    let organisation = files.policy().organisation;
    let named = |clock| {
        let at = local(clock);
        [
            organisation.agency_name(&"SXD".into(), at).to_owned(),
            organisation.unit(&"SXD.VP".into()).unwrap().name_at(at).to_owned(),
            organisation.title(&"SXD.LD".into(), at).to_owned(),
            organisation.topic_name("tourism", at).to_owned(),
            organisation.area_name("VINH", at).to_owned(),
        ]
    };
    assert_eq!(named("31/12/2023 23:59"), ["Cũ nhất"; 5]);
    assert_eq!(named("01/01/2024 00:00"), ["Cũ"; 5]);
    assert_eq!(named("31/12/2025 23:59"), ["Cũ"; 5]);
    let today = ["Sở Xây dựng", "Văn phòng Sở", "Giám đốc Sở Xây dựng", "Du lịch", "Khu vực vịnh"];
    assert_eq!(named("01/01/2026 00:00"), today);
    assert_eq!(organisation.agency_name(&"NOBODY".into(), local("01/01/2026 00:00")), "NOBODY");
}

#[test]
fn a_unit_that_has_ended_is_replaced_by_its_successor_or_by_what_the_agency_has() {
    let mut files = Files::with_organisation(
        "\n[[unit]]\nid = \"SXD.A\"\nagency = \"SXD\"\nname = \"A\"\nliaison = true\nstarts = 2026-06-01\n
         \n[[unit]]\nid = \"SXD.B\"\nagency = \"SXD\"\nname = \"B\"\nstarts = 2026-06-01\nends = 2026-07-01\n",
    );
    with_lines(&mut files, "SXD.VP", "ends = 2026-06-01\nsuccessor = \"SXD.B\"\n");
    let organisation = files.policy().organisation;
    let unit = |clock| organisation.unit_in_place_of(&"SXD.VP".into(), local(clock)).unwrap().id.to_string();
    assert_eq!(unit("31/05/2026 23:59"), "SXD.VP");
    assert_eq!(unit("01/06/2026 00:00"), "SXD.B");
    assert_eq!(unit("01/07/2026 00:00"), "SXD.A");
    let default = |clock| organisation.liaison_unit(&"SXD".into(), local(clock)).unwrap().id.to_string();
    assert_eq!(default("31/05/2026 23:59"), "SXD.VP");
    assert_eq!(default("01/06/2026 00:00"), "SXD.A");
    assert!(!organisation.is_available(&"SXD.VP.DM".into(), local("01/06/2026 00:00")));
    assert_eq!(
        organisation.next_absence(&"SXD.VP.DM".into(), local("16/05/2026 12:00")),
        Some(local("01/06/2026 00:00"))
    );
}

#[test]
fn what_is_wrong_with_groups_names_and_times_is_said_at_its_entry() {
    let group = |lines: &str| format!("\n[[group]]\nid = \"g\"\nname = \"Nhóm\"\n{lines}\n");
    let term = |lines: &str| format!("\n[[topic]]\nid = \"g\"\nname = \"Lĩnh vực\"\n{lines}\n");
    let unit = |lines: &str| format!("\n[[unit]]\nid = \"g\"\nagency = \"SXD\"\nname = \"B\"\n{lines}\n");
    for (lines, what) in [
        (group(""), "group g has no agency"),
        (group("kinds = [\"police\"]"), "group g has no agency"),
        (group("agencies = [\"NOBODY\", \"SXD\"]"), "g names the agency NOBODY"),
        (
            group("agencies = [\"SXD\"]\nstarts = 2026-01-02\nends = 2026-01-02"),
            "group g ends before it starts",
        ),
        (group("agencies = [\"SXD\"]").repeat(2), "group g stands twice"),
        (term("successor = \"tourism\""), "topic g has a successor and no day"),
        (term("ends = 2026-01-01\nsuccessor = \"x\""), "topic g is succeeded by x, which is not there"),
        (term("ends = 2026-01-01\nsuccessor = \"g\""), "the successors of topic g lead back to it"),
        (term("starts = 2026-01-02\nends = 2026-01-01"), "topic g ends before it starts"),
        (term("parent = \"x\""), "topic g stands below x"),
        (unit("successor = \"SXD.VP\""), "unit g has a successor and no day"),
        (
            unit("ends = 2026-01-01\nsuccessor = \"BTG.TT\""),
            "unit g is succeeded by BTG.TT, which is no unit of SXD",
        ),
        (unit("ends = 2026-01-01\nsuccessor = \"g\""), "the successors of unit g lead back to it"),
        (unit("starts = 2026-01-02\nends = 2026-01-01"), "unit g ends before it starts"),
        (
            term("former = [{ name = \"B\", until = 2026-01-02 }, { name = \"A\", until = 2026-01-02 }]"),
            "the former names of g are not in the order",
        ),
    ] {
        let files = Files::with_organisation(&lines);
        let errors = files.check().err().unwrap_or_default();
        let found = errors.iter().find(|error| error.what.contains(what));
        let from_the_end = files.organisation.lines().rev().position(|line| line == "id = \"g\"");
        let line = files.organisation.lines().count() - from_the_end.expect("an entry");
        assert_eq!(found.map(|error| error.line), Some(Some(line)), "{what:?} is not in {errors:#?}");
    }
}
