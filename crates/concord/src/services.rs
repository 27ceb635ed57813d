//! The services there are, in the order of the flow. To add one: its crate, and a line here.

use service::Service;

/// Every service.
pub(crate) fn all() -> Vec<Service> {
    vec![
        svc_ledger::service(),
        svc_directory::service(),
        svc_identity::service(),
        svc_intake::service(),
        svc_confirmation::service(),
        svc_routing::service(),
        svc_coordination::service(),
        svc_taskforce::service(),
        svc_escalation::service(),
        svc_reporting::service(),
        svc_notifier::service(),
        svc_audit::service(),
        svc_api::service(),
    ]
}

/// The services of those names, in the order of the flow.
pub(crate) fn named(names: &[String]) -> Vec<Service> {
    all().into_iter().filter(|service| names.iter().any(|name| name == service.name)).collect()
}

/// Checks a name on the command line.
pub(crate) fn known(name: &str) -> Result<String, String> {
    let all = all();
    if all.iter().any(|service| service.name == name) {
        return Ok(name.to_owned());
    }
    let names: Vec<_> = all.iter().map(|service| service.name).collect();
    Err(format!("there is no such service; they are: {}", names.join(", ")))
}
