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
    let unit = organisation.liaison_unit(&"SNNMT".into()).unwrap();
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
    assert_eq!(organisation.liaison_unit(&"BTG".into()).unwrap().id, "BTG.TT".into());
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
