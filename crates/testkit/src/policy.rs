//! The policy of the example province.

use domain::{Policy, PolicyFiles};

/// The policy in `deploy/policy`, as the binary has it built in.
///
/// # Panics
/// When a file of it is wrong.
pub fn example_policy() -> Policy {
    example_policy_with(&[])
}

/// The same with changes in `organisation.toml`: each text is replaced where it first stands.
///
/// # Panics
/// When a text does not stand there, or a file is wrong.
pub fn example_policy_with(changes: &[(&str, &str)]) -> Policy {
    let mut organisation = include_str!("../../../deploy/policy/organisation.toml").to_owned();
    for (old, new) in changes {
        assert!(organisation.contains(old), "{old:?} does not stand in organisation.toml");
        organisation = organisation.replacen(old, new, 1);
    }
    Policy::from_files(PolicyFiles {
        policy: include_str!("../../../deploy/policy/policy.toml"),
        organisation: &organisation,
        calendar: include_str!("../../../deploy/policy/calendar-VN.toml"),
        deadlines: include_str!("../../../deploy/policy/deadlines.toml"),
        routing: include_str!("../../../deploy/policy/routing.toml"),
        rbac: include_str!("../../../deploy/policy/rbac.toml"),
        duties: include_str!("../../../deploy/policy/duties.toml"),
    })
    .expect("the example province")
}
