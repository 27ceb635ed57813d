//! The keys: those of the services, those by which is signed who acts, those that sign checkpoints.

use std::io;

use bus::{
    Principal,
    assertion::{Signer, Verifier},
    credentials::{Credential, CredentialError},
};
use service::Config;
use svc_audit::keyring::{self, KeyRing};

use super::report::{Check, counted};

/// What is asked to be restored if a key is damaged.
const RESTORE: &str = "restore it from a backup (its folder `keys`)";

/// All of them.
pub(super) fn keys(config: &Config) -> [Check; 3] {
    [credentials(config), assertions(config), checkpoints(config)]
}

/// One line for all services: those of which a key is wrong are named.
fn credentials(config: &Config) -> Check {
    const NAME: &str = "credentials";
    let folder = config.credentials();
    let (mut missing, mut here) = (Vec::new(), 0);
    for principal in Principal::ALL {
        match Credential::read(&folder, principal) {
            Ok(_) => here += 1,
            Err(CredentialError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                missing.push(principal.name());
            }
            Err(error) => return Check::failed(NAME, &error, RESTORE),
        }
    }
    judged(here, &missing, config.nats.url.is_some())
}

/// With a server that others run, a machine needs only the keys of what it runs.
fn judged(here: usize, missing: &[&str], others_server: bool) -> Check {
    const NAME: &str = "credentials";
    let found = counted(here, "key");
    if missing.is_empty() {
        return Check::ok(NAME, format!("{found}, which only their owner reads"));
    }
    let found = format!("{found}; not here: {}", missing.join(", "));
    match (here, others_server) {
        (0, _) => {
            Check::fail(NAME, found, "start `concord up`, which makes them, or bring them to this machine")
        }
        (_, true) => Check::ok(NAME, found),
        (_, false) => {
            let advice = "restore them from a backup before the next start, or new ones are made then";
            Check::warn(NAME, found, advice)
        }
    }
}

/// The key that signs who acts, and those by which that is checked.
fn assertions(config: &Config) -> Check {
    const NAME: &str = "assertion-keys";
    let folder = config.credentials();
    if let Err(error) = Verifier::read(&folder) {
        let advice = "restore assertions.pub, or copy it from the machine that runs the service `identity`";
        return Check::failed(NAME, &error, advice);
    }
    match Signer::read(&folder) {
        Ok(_) => Check::ok(NAME, "signs and checks who acts"),
        Err(CredentialError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Check::ok(NAME, "checks who acts; the service `identity` does not run here")
        }
        Err(error) => Check::failed(NAME, &error, RESTORE),
    }
}

/// The keys that sign checkpoints.
fn checkpoints(config: &Config) -> Check {
    const NAME: &str = "checkpoint-keys";
    match KeyRing::read(&keyring::folder(&config.credentials())) {
        Err(error) => Check::failed(NAME, &error, RESTORE),
        Ok(ring) => signing(ring.signing.len(), ring.public.iter().count(), config.nats.url.is_some()),
    }
}

fn signing(sign: usize, known: usize, others_server: bool) -> Check {
    const NAME: &str = "checkpoint-keys";
    let found = format!("{} for signing, {known} known", counted(sign, "key"));
    match (sign, others_server) {
        (0, true) => Check::ok(NAME, format!("{found}: this machine checks, and signs nothing")),
        (0, false) => Check::fail(
            NAME,
            found,
            "nothing is signed: start `concord up` if it never ran, else restore `checkpoints` from a backup",
        ),
        (1, _) => Check::ok(NAME, found),
        (_, _) => {
            let advice =
                "`concord audit key retire` ends the older ones, weeks after the newest was published";
            Check::warn(NAME, found, advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    #[test]
    fn a_machine_that_runs_some_services_needs_some_keys() {
        assert_eq!(judged(17, &[], false).found, "17 keys, which only their owner reads");
        assert_eq!(judged(16, &["ledger"], true).verdict, Verdict::Ok);
        let missing = judged(16, &["ledger"], false);
        assert_eq!((missing.verdict, missing.found.as_str()), (Verdict::Warn, "16 keys; not here: ledger"));
        assert_eq!(judged(0, &["ledger"], true).verdict, Verdict::Fail);
    }

    #[test]
    fn a_second_key_that_signs_is_to_be_retired_some_day() {
        assert_eq!(signing(1, 1, false).found, "1 key for signing, 1 known");
        assert_eq!(signing(2, 2, false).verdict, Verdict::Warn);
        assert_eq!(signing(0, 1, true).verdict, Verdict::Ok);
        assert_eq!(signing(0, 1, false).verdict, Verdict::Fail);
    }
}
