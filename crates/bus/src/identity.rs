//! What is asked of the identity service, and what it answers (DESIGN D10).

use std::fmt;

use domain::Refusal;
use events::{AgencyId, CaseId, OfficerId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::What,
    assertion::{Assertion, Claims, Strength},
};

/// The subjects on which the identity service is asked.
pub const ASK: &str = "id.ask";

/// The subject on which it says that a session or token counts no more.
pub const ENDED: &str = "id.ended";

/// A password, a token, a one-time code: it shows in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is asked. Another way to sign in, an identity provider say, is another variant that ends in the same session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Whose is this token or session?
    Check {
        /// The token.
        secret: Secret,
    },
    /// Signs in with a password, and a one-time code where the account has one.
    SignIn {
        /// The account.
        officer: OfficerId,
        /// The password.
        password: Secret,
        /// The one-time code.
        code: Option<Secret>,
    },
    /// Somebody read something, or was refused: it is written down. Only what [`What::is_the_edges`] is taken.
    Noticed {
        /// Who.
        assertion: Assertion,
        /// What.
        what: What,
    },
    /// Who has opened a case, and when? The edge asks, for who may see the ledger of its mails.
    WhoOpened {
        /// Which.
        case: CaseId,
    },
    /// Something that an officer asks about his own account, in his own session.
    Own {
        /// His session.
        secret: Secret,
        /// What.
        wish: Wish,
    },
}

/// What an officer asks about his own account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// His sessions and tokens.
    List,
    /// Ends one of them; an administrator ends anybody's.
    End {
        /// Which; none: the session in which he asks.
        id: Option<Uuid>,
    },
    /// A new password; his other sessions end.
    ChangePassword {
        /// The one that he has.
        old: Secret,
        /// The one that he wants.
        new: Secret,
    },
    /// A secret for one-time codes; it counts once a code of it was shown.
    BeginSecondFactor,
    /// Shows a code of the secret that was given: from now on one is asked for.
    ConfirmSecondFactor {
        /// The code.
        code: Secret,
    },
}

/// What is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Who it is, signed.
    Proven(Box<Proven>),
    /// Signed in.
    SignedIn(Box<SignedIn>),
    /// His sessions and tokens.
    Listed(Vec<Listed>),
    /// The secret for one-time codes.
    SecondFactor {
        /// In base 32, as an authenticator takes it.
        secret: Secret,
    },
    /// Who has opened it, the oldest first.
    Opened(Vec<Opening>),
    /// Done.
    Done,
    /// Nobody is known by that: the same words whatever is wrong.
    Unknown,
    /// The password was given by an administrator: one of his own comes first.
    MustChangePassword,
    /// After too many failures nobody signs in to the account for a while.
    LockedUntil(Timestamp),
    /// Not done.
    Refused(Refusal),
}

/// Who it is, signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proven {
    /// What the edge passes on.
    pub assertion: Assertion,
    /// What it says.
    pub claims: Claims,
}

/// A session that has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// The session.
    pub id: Uuid,
    /// What is shown with every request of it.
    pub token: Secret,
    /// When it ends, whatever is done in it.
    pub ends: Timestamp,
    /// After how many minutes without a request it ends before.
    pub idle_minutes: u32,
    /// How it was proven who he is.
    pub strength: Strength,
    /// He must choose a password of his own before he does anything else.
    pub must_change_password: bool,
}

/// A session or token, as its owner is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Which.
    pub id: Uuid,
    /// What it is.
    pub kind: CredentialKind,
    /// Whose it is.
    pub officer: OfficerId,
    /// What a token is for.
    pub name: Option<String>,
    /// The agency for which alone a token counts.
    pub agency: Option<AgencyId>,
    /// The acts for which alone a token counts.
    pub acts: Option<Vec<String>>,
    /// When it began.
    pub since: Timestamp,
    /// When it was used, to the minute.
    pub used: Option<Timestamp>,
    /// When it ends by itself.
    pub ends: Option<Timestamp>,
    /// When it was ended before.
    pub ended: Option<Timestamp>,
}

/// A case was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// By whom.
    pub officer: OfficerId,
    /// When.
    pub at: Timestamp,
}

/// What somebody acts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// A session of a person.
    Session,
    /// A token of a client program.
    Token,
}
