//! What an operator does at the machine: accounts are opened and closed, tokens given and taken back. Who he is stands in
//! the record of access.

use bus::{
    access::{Access, Operator, What},
    identity::{Listed, Secret},
};
use chrono::TimeDelta;
use events::{AgencyId, OfficerId, Timestamp};
use uuid::Uuid;

use crate::{
    own::listed_token,
    passwords,
    records::{Account, Session, Token},
    secrets::{self, Kind},
    vault::{Vault, VaultError, of, of_account},
};

/// A token that is to be given.
#[derive(Clone, Debug)]
pub struct TokenWanted {
    /// For whom it acts.
    pub officer: OfficerId,
    /// The agency for which alone it counts.
    pub agency: AgencyId,
    /// What it is for.
    pub name: String,
    /// The acts for which alone it counts; `None` for all that the officer may do.
    pub acts: Option<Vec<String>>,
    /// After how many days it ends.
    pub days: u32,
}

/// Gives a token; it is shown this once.
pub async fn create_token(
    vault: &Vault,
    wanted: TokenWanted,
    operator: &Operator,
    now: Timestamp,
) -> Result<(Uuid, Secret), VaultError> {
    let secret = secrets::new(Kind::Token);
    let (id, digest) = secrets::digest(&secret);
    let TokenWanted { officer, agency, name, acts, days } = wanted;
    let ends = Some(now + TimeDelta::days(days.into()));
    let what = What::TokenCreated { name: name.clone(), acts: acts.clone(), ends };
    vault.write_down(&Access::of(&officer, Some(id), what, now).by(operator)).await?;
    let token =
        Token { id, officer, digest, name, agency: Some(agency), acts, since: now, ends, revoked: None };
    vault.keep(&token, 0).await?;
    Ok((id, secret))
}

/// All tokens, the newest first.
pub async fn tokens(vault: &Vault) -> Result<Vec<Listed>, VaultError> {
    let mut all: Vec<_> = vault.all::<Token>().await?.into_iter().map(listed_token).collect();
    all.sort_by_key(|token| std::cmp::Reverse(token.since));
    Ok(all)
}

/// Takes a token back; whether there was one that counted.
pub async fn revoke_token(
    vault: &Vault,
    id: Uuid,
    operator: &Operator,
    now: Timestamp,
) -> Result<bool, VaultError> {
    let revoke = |token: &mut Token| token.revoked.replace(now).is_none();
    let Some(token) = vault.change::<Token>(&of::<Token>(id), revoke).await? else { return Ok(false) };
    let what = What::TokenRevoked { by: None };
    vault.write_down(&Access::of(&token.officer, Some(id), what, now).by(operator)).await?;
    vault.tell_ended(id).await;
    Ok(true)
}

/// Makes an account, or gives it a new first password: one-time codes are off again, the lock is gone, all sessions end.
pub async fn reset_account(
    vault: &Vault,
    officer: &OfficerId,
    operator: &Operator,
    now: Timestamp,
) -> Result<Secret, Box<dyn std::error::Error + Send + Sync>> {
    let first = passwords::first();
    let account = Account {
        officer: officer.clone(),
        password: passwords::hash(&first).await?,
        must_change: true,
        failures: 0,
        locked_until: None,
        second_factor: None,
        offered: None,
        since: now,
        closed: false,
    };
    let place = vault.read::<Account>(&of_account(officer)).await?.map_or(0, |(_, place)| place);
    vault.keep(&account, place).await?;
    end_sessions(vault, officer, now).await?;
    vault.write_down(&Access::of(officer, None, What::AccountReset, now).by(operator)).await?;
    Ok(first)
}

/// Closes an account: nobody signs in to it, all its sessions end. Whether there was one.
pub async fn close_account(
    vault: &Vault,
    officer: &OfficerId,
    operator: &Operator,
    now: Timestamp,
) -> Result<bool, VaultError> {
    let close = |account: &mut Account| !std::mem::replace(&mut account.closed, true);
    if vault.change::<Account>(&of_account(officer), close).await?.is_none() {
        return Ok(false);
    }
    end_sessions(vault, officer, now).await?;
    vault.write_down(&Access::of(officer, None, What::AccountClosed, now).by(operator)).await?;
    Ok(true)
}

/// All accounts, in the order of their names.
pub async fn accounts(vault: &Vault) -> Result<Vec<Account>, VaultError> {
    let mut all = vault.all::<Account>().await?;
    all.sort_by(|one, other| one.officer.cmp(&other.officer));
    Ok(all)
}

async fn end_sessions(vault: &Vault, officer: &OfficerId, now: Timestamp) -> Result<(), VaultError> {
    let of_his =
        |session: &Session| session.officer == *officer && session.ended.is_none() && now < session.ends;
    for session in vault.all::<Session>().await?.into_iter().filter(of_his) {
        let end = |session: &mut Session| session.ended.replace(now).is_none();
        vault.change::<Session>(&of::<Session>(session.id), end).await?;
        vault.tell_ended(session.id).await;
    }
    Ok(())
}

/// Takes up the tokens of demonstrations that are not known yet.
pub(crate) async fn adopt(
    vault: &Vault,
    tokens: Vec<(OfficerId, Secret)>,
    now: Timestamp,
) -> Result<(), VaultError> {
    let known: Vec<Uuid> = vault.all::<Token>().await?.into_iter().map(|token| token.id).collect();
    let new: Vec<_> = tokens
        .into_iter()
        .filter_map(|(officer, secret)| {
            let (id, digest) = secrets::digest(&secret);
            let token = Token {
                id,
                officer,
                digest,
                name: "demonstration".to_owned(),
                agency: None,
                acts: None,
                since: now,
                ends: None,
                revoked: None,
            };
            (!known.contains(&id)).then_some(token)
        })
        .collect();
    match vault.keep_all(&new).await {
        // Another process that starts at the same time took them up.
        Err(VaultError::Append(bus::append::AppendError::Conflict { .. })) => Ok(()),
        kept => kept,
    }
}
