//! The matrix, cell by cell.

use std::collections::BTreeSet;

use events::directory::Power;

use crate::{
    Code, Context, Role, catalogue,
    decision::By,
    organisation::{Person, may_be_given},
    stages,
    story::{Files, Story, local},
};

const ROLES: [Role; 9] =
    [Role::Ro, Role::Lo, Role::Lh, Role::Al, Role::Cl, Role::Ss, Role::Sm, Role::Au, Role::Ad];

/// DOMAIN §2, written out once more: who may do an act at most. `*` stands for members of the task force.
const MATRIX: &str = "
    raise: RO LO LH AL
    verify-callback: RO LO LH AL
    submit-written-confirmation attach-document: LO LH AL CL SS (RO)
    reference-secret record-distribution record-delivery record-receipt add-note correct: LO LH AL CL SS
    compare-written explain-discrepancy reconcile-discrepancy request-corrected-written: LO LH AL
    route reroute add-agency: LH AL
    acknowledge decline: LO LH AL
    record-position file-statement: AL (LO LH)
    declare-dispute propose-settlement confirm-settlement reopen-coordination submit-dossier: AL
    propose-joint-advice confirm-joint-advice propose-dossier-withdrawal confirm-dossier-withdrawal: AL
    supply-info acknowledge-directive report-implementation: AL
    propose-task-force withdraw-task-force-proposal nominate-member: LH AL (LO)
    consent-task-force establish-task-force dissolve-task-force: AL SM
    schedule-meeting record-minutes assign-task complete-task replace-member: RO LO LH AL CL SS SM
    acknowledge-dossier request-more-info record-directive accept-dossier-withdrawal: SS SM
    accept-implementation reject-implementation: AL SS
    propose-closure change-urgency link: LO LH AL
    confirm-closure reject-closure withdraw confirm-cancellation: AL
    reopen: AL SM
    extend-deadline: AL SS SM
    propose-cancellation: LH
    merge unlink: LH AL
    submit-report nil-return accept-report return-report: LO LH AL
    waive-report: AL
    schedule-briefing reschedule-briefing hold-briefing cancel-briefing: LH AL
    accept-conclusion return-conclusion: LH AL
    add-agenda-item report-conclusion: LO LH AL
    issue-minutes: LH AL CL
    propose-project submit-plan request-comment enter-phase: LH AL
    complete-checkpoint: LO LH AL
    accept-planning decline-planning give-comment agree-plan waive-checkpoint: AL
    suspend-project resume-project complete-project cancel-project: AL
    distribute-document note-delivery note-receipt: LO LH AL CL
    publish-policy register-officer: AD
    take-office leave-office: AL AD
    propose-agreement propose-amendment withdraw-amendment: AL AD
    sign-agreement agree-amendment: AL
    report-absence end-absence: RO LO LH AL CL SS SM AU AD
    grant-delegation revoke-delegation: AL
";

fn named(role: Role) -> String {
    format!("{role:?}").to_uppercase()
}

#[test]
fn the_delivered_table_is_the_matrix_of_the_rules_cell_by_cell() {
    let rbac = Files::default().policy().rbac;
    let mut seen = BTreeSet::new();
    for line in MATRIX.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (acts, roles) = line.split_once(": ").unwrap();
        let (roles, delegated) = roles.split_once(" (").unwrap_or((roles, ")"));
        let has =
            |list: &str, role: Role| list.trim_end_matches(')').split(' ').any(|word| word == named(role));
        for act in acts.split(' ') {
            assert!(seen.insert(act), "{act} twice");
            for role in ROLES {
                assert_eq!(rbac.allows(act, role), has(roles, role), "{act} by {role:?}");
                assert_eq!(
                    rbac.allows_by_delegation(act, role),
                    has(delegated, role),
                    "{act} by {role:?}, delegated"
                );
            }
        }
    }
    let all: BTreeSet<_> = catalogue::acts().map(|act| act.name).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_power_gives_the_acts_that_the_table_lets_be_delegated() {
    let rbac = Files::default().policy().rbac;
    for (power, act) in [
        (Power::WrittenConfirmation, "submit-written-confirmation"),
        (Power::WrittenConfirmation, "attach-document"),
        (Power::Position, "record-position"),
        (Power::Statement, "file-statement"),
        (Power::TaskForce, "propose-task-force"),
        (Power::TaskForce, "nominate-member"),
    ] {
        for role in ROLES {
            assert_eq!(may_be_given(power, role), rbac.allows_by_delegation(act, role), "{act} by {role:?}");
        }
    }
}

/// Whoever has no right by the table has none by the rules, in no office of the province and whatever the state.
#[test]
fn outside_the_table_every_act_is_refused_before_anything_else_is_looked_at() {
    let story = Story::agreed();
    let policy = &story.policy;
    let organisation = &policy.organisation;
    let people: Vec<Person> = organisation
        .officers()
        .filter_map(|officer| organisation.person(&officer.id, story.now))
        .filter(|person| crate::access::may_see(story.case(), person, policy, story.now))
        .collect();
    let roles: BTreeSet<_> = people.iter().map(|person| person.role).collect();
    assert!(roles.len() >= 6, "{roles:?}");
    for act in stages::acts() {
        for person in people.iter().filter(|person| !policy.rbac.allows(act.name, person.role)) {
            let ctx = Context {
                by: By::Person(person),
                act: Some(act.name),
                ..Context::of_system(story.now, policy)
            };
            assert_eq!(ctx.within_the_matrix().unwrap_err().code, Code::NotAuthorised, "{}", act.name);
        }
    }
}

#[test]
fn an_operator_may_take_a_role_away_and_never_give_more_than_the_rules() {
    let mut narrower = Files::default();
    narrower.rbac = narrower.rbac.replacen(
        "acts = [\"verify-callback\"]\nroles = [\"RO\", \"LO\", \"LH\", \"AL\"]",
        "acts = [\"verify-callback\"]\nroles = [\"LO\", \"LH\", \"AL\"]",
        1,
    );
    let mut story = narrower.story();
    story.by("btg.truc-ban").raise(crate::story::phone()).settle();
    story.when("verify-callback", crate::story::callback("verified")).refused(Code::NotAuthorised);
    story.by("btg.dau-moi").when("verify-callback", crate::story::callback("verified"));

    let mut wider = Files::default();
    wider.rbac = wider.rbac.replacen(
        "acts = [\"confirm-closure\", \"reject-closure\"]\nroles = [\"AL\"]",
        "acts = [\"confirm-closure\", \"reject-closure\"]\nroles = [\"AL\", \"LO\"]",
        1,
    );
    let mut story = wider.story();
    story.at("16/05/2026 21:52").by("btg.truc-ban").raise(crate::story::phone()).settle();
    story.by("btg.dau-moi").when("confirm-closure", crate::story::confirming(1)).refused(Code::NotAuthorised);
    assert_eq!(story.now, local("16/05/2026 21:52"));
}

#[test]
fn what_is_wrong_in_the_table_is_said() {
    for (from, to, what) in [
        ("\"raise\"", "\"raze\"", "there is no act raze"),
        ("acts = [\"withdraw\"]", "acts = [\"withdraw\", \"raise\"]", "act raise stands in two groups"),
        ("acts = [\"withdraw\"]", "acts = []", "act withdraw stands in no group: add it to one"),
        ("roles = [\"LH\"]", "roles = [\"XX\"]", "unknown variant `XX`"),
    ] {
        let mut files = Files::default();
        assert!(files.rbac.contains(from));
        files.rbac = files.rbac.replacen(from, to, 1);
        let said = files.read().unwrap_err().to_string();
        assert!(said.starts_with("rbac.toml: ") && said.contains(what), "{said}");
    }
}
