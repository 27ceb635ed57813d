//! The policy of the example province.

use domain::{Policy, PolicyFiles};

/// The policy in `deploy/policy`, as the binary has it built in.
///
/// # Panics
/// When a file of it is wrong.
pub fn example_policy() -> Policy {
    Policy::from_files(PolicyFiles {
        policy: include_str!("../../../deploy/policy/policy.toml"),
        organisation: include_str!("../../../deploy/policy/organisation.toml"),
        calendar: include_str!("../../../deploy/policy/calendar-VN.toml"),
        deadlines: include_str!("../../../deploy/policy/deadlines.toml"),
        routing: include_str!("../../../deploy/policy/routing.toml"),
        rbac: include_str!("../../../deploy/policy/rbac.toml"),
        duties: include_str!("../../../deploy/policy/duties.toml"),
    })
    .expect("the example province")
}
