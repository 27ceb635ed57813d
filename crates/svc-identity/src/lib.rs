//! Says and signs who acts: accounts with passwords and one-time codes, sessions, tokens (DESIGN D10).
//!
//! Its credential alone sees the bucket in which they are kept; it can propose no fact. What it is asked by the edge it
//! answers with an assertion, which the stages check with a public key.

mod desk;
pub mod office;
mod own;
mod passwords;
mod records;
mod secrets;
mod totp;
mod vault;

use bus::Principal;
use service::{Pace, Service};

pub use records::{Account, Session, Token};
pub use vault::{Vault, VaultError};

/// The service.
pub fn service() -> Service {
    Service {
        name: NAME,
        principal: Principal::Identity,
        about: "accounts, sessions and tokens: signs who acts",
        records: &[],
        pace: Pace::Foreground,
        start: |chassis| Box::pin(desk::start(chassis)),
    }
}

const NAME: &str = "identity";
