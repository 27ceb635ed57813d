//! Who calls: a bearer token of an officer. Accounts, expiry and scopes take this place later.

use std::{collections::HashMap, fs, io, path::Path};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{Person, Policy, Refusal};
use events::OfficerId;
use service::problem::{Language, Problem};
use sha2::{Digest, Sha256};

use crate::Api;

/// The tokens that are accepted, by their digest: the tokens themselves are not kept in memory.
pub(crate) struct Tokens(HashMap<[u8; 32], OfficerId>);

/// Who calls, and in which language he is answered.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) person: Person,
    pub(crate) language: Language,
}

impl Tokens {
    /// Reads a folder in which each file is named after an officer and holds his token.
    pub(crate) fn read(folder: &Path, policy: &Policy) -> Result<Self, String> {
        let unreadable = |error: io::Error| {
            format!("the tokens in {} cannot be read ({error}): `concord up` makes them", folder.display())
        };
        let mut tokens = HashMap::new();
        for file in fs::read_dir(folder).map_err(unreadable)? {
            let file = file.map_err(unreadable)?;
            let name = file.file_name();
            let officer = OfficerId::from(name.to_string_lossy().as_ref());
            if policy.organisation.officer(&officer).is_none() {
                tracing::warn!(%officer, "a token of nobody in the organisation is ignored");
                continue;
            }
            let token = fs::read_to_string(file.path()).map_err(unreadable)?;
            if token.trim().len() < 32 {
                return Err(format!(
                    "the token of {officer} is shorter than 32 characters: make a longer one"
                ));
            }
            tokens.insert(digest(token.trim()), officer);
        }
        Ok(Self(tokens))
    }

    fn officer(&self, token: &str) -> Option<&OfficerId> {
        self.0.get(&digest(token))
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Lets through who shows a token that we know.
pub(crate) async fn authenticate(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let language = crate::language(request.headers());
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = shown
        .and_then(|value| value.split_once(' '))
        .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then_some(token));
    let officer = token.and_then(|token| api.tokens.officer(token.trim()));
    let Some(officer) = officer else {
        let mut response = Problem::of_edge(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            ("Chưa đăng nhập", "Not signed in"),
            (
                "Gửi kèm tiêu đề Authorization: Bearer <mã truy cập>.",
                "Send the header Authorization: Bearer <token>.",
            ),
            language,
        )
        .into_response();
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
        return response;
    };
    // A token stays its officer's; what he may do is his office's, as of now.
    let now = api.chassis.clock.now();
    let Some(person) = api.chassis.views.policy(now).organisation.person(officer, now) else {
        return Problem::of(&Refusal::without_office(), language).into_response();
    };
    request.extensions_mut().insert(Caller { person, language });
    next.run(request).await
}
