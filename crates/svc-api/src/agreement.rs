//! `GET /directory/agreement`: what the two sides have signed, which changes of the policy they have agreed to, and whose
//! key is still to be turned.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use bus::Shelf as _;
use domain::{
    Code, Directory, Organisation, Policy, Refusal,
    directory::{Agreement, AgreementState, Amendment, AmendmentState, AwaitedKey, Signature},
    keys::Key,
};
use events::{
    OfficerId, Timestamp,
    directory::{AgreementProposed, Basis},
};
use schemars::JsonSchema;
use serde::Serialize;
use service::problem::Problem;

use crate::{Api, auth::Caller, view};

/// The agreement of the two sides, and what was changed under it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Agreements")]
pub(crate) struct Whole<'a> {
    /// The version of the directory's newest fact.
    version: u32,
    /// The number of the agreement that is in force now; null if none is, and an administrator publishes the policy.
    in_force: Option<u32>,
    /// The agreements, oldest first.
    agreements: Vec<AgreementView<'a>>,
    /// The changes of the policy that were proposed, oldest first.
    amendments: Vec<AmendmentView<'a>>,
    /// The versions of the policy, in the order in which they were published.
    versions: Vec<VersionView<'a>>,
    /// The keys that are still to be turned.
    awaiting: Vec<AwaitedKey>,
}

/// An agreement, and who has signed it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AgreementStanding")]
struct AgreementView<'a> {
    #[serde(flatten)]
    said: &'a AgreementProposed,
    /// Where it stands now.
    state: AgreementState,
    /// Who has signed, in this order.
    signatures: Vec<SignatureView<'a>>,
    /// From when it is in force; null before both have signed.
    in_force: Option<Timestamp>,
    /// When its period is over.
    ends: Timestamp,
}

/// One half of the signature block.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignatureBlock")]
struct SignatureView<'a> {
    #[serde(flatten)]
    signature: &'a Signature,
    /// The title of the office, as a letter has it; null if the office is no more.
    title: Option<&'a str>,
    /// The person's name; null if the person is not known any more.
    name: Option<&'a str>,
}

/// A change of the policy, and who has agreed to it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AmendmentStanding")]
struct AmendmentView<'a> {
    /// Its number within the directory.
    amendment: u32,
    /// The agreement under which it is made.
    agreement: u32,
    /// The version of the policy that comes of it.
    version: &'a str,
    /// From when that policy is in force.
    effective_from: Timestamp,
    /// Why.
    reason: &'a str,
    /// The document on which it rests.
    basis: &'a Basis,
    /// The files that change.
    files: Vec<ChangedFile<'a>>,
    /// Who proposed it: that turns no key.
    proposed_by: &'a OfficerId,
    /// Where it stands now.
    state: AmendmentState,
    /// Who has agreed, in this order.
    agreed: Vec<SignatureView<'a>>,
}

/// A file that a change of the policy replaces.
#[derive(Serialize, JsonSchema)]
struct ChangedFile<'a> {
    /// Its name.
    name: &'a str,
    /// Its new text, for those who are to agree; null once nobody is waited for: the policy and the log have it.
    text: Option<&'a str>,
}

/// A version of the policy, and by which change it came.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "VersionOfPolicy")]
struct VersionView<'a> {
    /// The version.
    version: &'a str,
    /// From when it is in force.
    in_force: Timestamp,
    /// The number of the change to which both sides agreed; null if it was published by one hand.
    amendment: Option<u32>,
}

/// `GET /directory/agreement`.
pub(crate) async fn whole(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let now = api.chassis.clock.now();
    let policy = api.chassis.views.policy(now);
    let Some(known) = api.chassis.views.directory() else {
        let refusal = Refusal::new(
            Code::Unavailable,
            "Danh bạ chưa sẵn sàng: chưa có chính sách nào được công bố.",
            "The directory is not there yet: no policy was published.",
        );
        return Err(Problem::of(&refusal, caller.language));
    };
    let whole = shown(&known.it, &policy, now);
    let mut response = axum::Json(&whole).into_response();
    view::etag(response.headers_mut(), whole.version);
    Ok(response)
}

fn shown<'a>(directory: &'a Directory, policy: &'a Policy, now: Timestamp) -> Whole<'a> {
    let organisation = &policy.organisation;
    let versions = directory.policies.iter().map(|published| VersionView {
        version: &published.version,
        in_force: published.in_force,
        amendment: directory.amendment_of(&published.version),
    });
    let agreements = directory.agreements.iter();
    let amendments = directory.amendments.iter();
    Whole {
        version: directory.version,
        in_force: directory.agreement(now).map(|each| each.said.agreement),
        agreements: agreements.map(|key| agreement_shown(directory, key, organisation, now)).collect(),
        amendments: amendments.map(|key| amendment_shown(directory, key, organisation, now)).collect(),
        versions: versions.collect(),
        awaiting: directory.awaited_keys(now, policy),
    }
}

fn agreement_shown<'a>(
    directory: &Directory,
    key: &'a Key<Agreement>,
    organisation: &'a Organisation,
    now: Timestamp,
) -> AgreementView<'a> {
    let each = &key.proposed;
    AgreementView {
        said: &each.said,
        state: directory.agreement_state(key, now),
        signatures: signed(&each.signatures, organisation),
        in_force: each.in_force,
        ends: each.ends(),
    }
}

fn amendment_shown<'a>(
    directory: &Directory,
    key: &'a Key<Amendment>,
    organisation: &'a Organisation,
    now: Timestamp,
) -> AmendmentView<'a> {
    let Amendment { said, agreed } = &key.proposed;
    let state = directory.amendment_state(key, now);
    let waits = state == AmendmentState::Waiting;
    let file = |file: &'a events::directory::PolicyText| ChangedFile {
        name: &file.name,
        text: waits.then_some(file.text.as_str()),
    };
    AmendmentView {
        amendment: said.amendment,
        agreement: said.agreement,
        version: &said.version,
        effective_from: said.effective_from,
        reason: &said.reason,
        basis: &said.basis,
        files: said.files.iter().map(file).collect(),
        proposed_by: &key.by,
        state,
        agreed: signed(agreed, organisation),
    }
}

fn signed<'a>(signatures: &'a [Signature], organisation: &'a Organisation) -> Vec<SignatureView<'a>> {
    let shown = |signature: &'a Signature| SignatureView {
        signature,
        title: organisation.office(&signature.office).map(|office| office.title.as_str()),
        name: organisation.officer(&signature.officer).map(|officer| officer.name.as_str()),
    };
    signatures.iter().map(shown).collect()
}
