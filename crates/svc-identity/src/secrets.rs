//! What is shown with a request: so many random bits that nobody guesses them, and only their digest is kept.

use bus::identity::Secret;
use data_encoding::HEXLOWER;
use events::Digest;
use uuid::Uuid;

/// How the text of a session begins, and of a token: what is found where it should not be is known for what it is.
const SESSION: &str = "concord_session_";
const TOKEN: &str = "concord_token_";

/// What a secret belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Session,
    Token,
}

/// A new secret of 256 bits.
pub(crate) fn new(kind: Kind) -> Secret {
    let bits: [u8; 32] = rand::random();
    let begins = match kind {
        Kind::Session => SESSION,
        Kind::Token => TOKEN,
    };
    Secret(format!("{begins}{}", HEXLOWER.encode(&bits)))
}

/// What a secret belongs to: a text of other origin can only be a token.
pub(crate) fn kind(secret: &Secret) -> Kind {
    if secret.0.starts_with(SESSION) { Kind::Session } else { Kind::Token }
}

/// The digest of a secret, and the id under which it is kept: the first half of it.
pub(crate) fn digest(secret: &Secret) -> (Uuid, Digest) {
    let digest = Digest::of(secret.0.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    (Uuid::from_bytes(id), digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_says_what_it_is_and_is_another_one_each_time() {
        let (session, token) = (new(Kind::Session), new(Kind::Token));
        assert_eq!((kind(&session), kind(&token)), (Kind::Session, Kind::Token));
        assert_eq!(token.0.len(), TOKEN.len() + 64);
        assert_ne!(new(Kind::Token), token);
        assert_eq!(digest(&token), digest(&token.clone()));
        assert_ne!(digest(&token).0, digest(&session).0);
        assert_eq!(format!("{token:?}"), "Secret(…)");
    }
}
