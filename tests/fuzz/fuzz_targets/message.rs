//! What comes over the bus: a command with its assertion, a question about who calls, a proposal. Nothing that was not
//! signed is believed.
#![no_main]

use std::sync::LazyLock;

use bus::{
    assertion::{Signer, Verifier},
    identity::Question,
    protocol::{CommandRequest, Proposal, StepRequest},
};
use libfuzzer_sys::fuzz_target;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("concord-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    Signer::read_or_make(&folder).expect("a key");
    Verifier::read(&folder).expect("its public half")
});

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<CommandRequest>(data) {
        assert!(VERIFIER.verify(&request.assertion, request.clock).is_err());
    }
    drop(serde_json::from_slice::<Question>(data));
    drop(serde_json::from_slice::<Proposal>(data));
    drop(serde_json::from_slice::<StepRequest>(data));
});
