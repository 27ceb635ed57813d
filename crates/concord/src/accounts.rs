//! `concord account` and `concord token`: who may sign in, and which programs may call.

use std::process::ExitCode;

use bus::Principal;
use domain::{Person, directory::Rulebook, scenario::moment_in_words as local};
use events::{OfficerId, Timestamp};
use service::Clock;
use svc_identity::{
    Vault,
    office::{self, TokenWanted},
};

use crate::{
    Failure,
    audit::connect_as,
    cli::{AccountCommand, Common, CreateToken, TokenCommand},
    operator,
    play::Show,
    policy::directory,
};

pub(crate) async fn account(command: AccountCommand) -> Result<ExitCode, Failure> {
    let now = Clock::System.now();
    match command {
        AccountCommand::Reset(options) => {
            let person = known(&options.common, &options.officer).await?;
            let vault = vault(&options.common).await?;
            let first = office::reset_account(&vault, &person.officer, &operator::here(), now).await?;
            Show::line(&format!("First password of {}: {}", person.officer, first.0));
            Show::line("It is not shown again, and must be changed at the first sign-in.");
        }
        AccountCommand::Close(options) => {
            let officer = OfficerId::from(options.officer.as_str());
            let vault = vault(&options.common).await?;
            if !office::close_account(&vault, &officer, &operator::here(), now).await? {
                return Err(format!("{officer} has no open account").into());
            }
            Show::line(&format!("The account of {officer} is closed; its sessions have ended."));
        }
        AccountCommand::List(common) => {
            for account in office::accounts(&vault(&common).await?).await? {
                let locked = account.locked_until.filter(|until| *until > now);
                let state = match (account.closed, locked) {
                    (true, _) => "closed".to_owned(),
                    (false, Some(until)) => format!("locked until {}", local(until)),
                    (false, None) if account.must_change => "first password not changed yet".to_owned(),
                    (false, None) if account.second_factor.is_some() => {
                        "open, with one-time codes".to_owned()
                    }
                    (false, None) => "open".to_owned(),
                };
                Show::line(&format!("{:<28} {state}", account.officer));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn token(command: TokenCommand) -> Result<ExitCode, Failure> {
    let now = Clock::System.now();
    match command {
        TokenCommand::Create(options) => {
            let person = known(&options.common, &options.officer).await?;
            let CreateToken { common, name, acts, read_only, days, .. } = options;
            let acts = (read_only || !acts.is_empty()).then_some(acts);
            let wanted = TokenWanted { officer: person.officer, agency: person.agency, name, acts, days };
            let vault = vault(&common).await?;
            let (id, secret) = office::create_token(&vault, wanted, &operator::here(), now).await?;
            Show::line(&format!("Token {id}:"));
            Show::line(&secret.0);
            Show::line(&format!(
                "It is not shown again. It ends in {days} days; `concord token revoke {id}` ends it at once."
            ));
        }
        TokenCommand::List(common) => {
            for token in office::tokens(&vault(&common).await?).await? {
                let state = match (token.ended, token.ends) {
                    (Some(ended), _) => format!("taken back {}", local(ended)),
                    (None, Some(ends)) if ends <= now => format!("ended {}", local(ends)),
                    (None, Some(ends)) => format!("until {}", local(ends)),
                    (None, None) => "without an end".to_owned(),
                };
                let acts = match &token.acts {
                    None => "all acts".to_owned(),
                    Some(acts) if acts.is_empty() => "reading".to_owned(),
                    Some(acts) => acts.join(", "),
                };
                let name = token.name.unwrap_or_default();
                Show::line(&format!("{}  {:<24} {acts}; {state}; {name}", token.id, token.officer));
            }
        }
        TokenCommand::Revoke(options) => {
            let vault = vault(&options.common).await?;
            if !office::revoke_token(&vault, options.id, &operator::here(), now).await? {
                return Err(format!("no token {} counts: `concord token list` shows all", options.id).into());
            }
            Show::line("The token counts no more.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn vault(common: &Common) -> Result<Vault, Failure> {
    Ok(Vault::new(connect_as(common, Principal::Identity).await?))
}

/// An officer who holds an office today.
async fn known(common: &Common, officer: &str) -> Result<Person, Failure> {
    let (known, sequence) = directory(common).await?;
    let now: Timestamp = Clock::System.now();
    let rulebook = Rulebook::from_directory(&known, sequence)?;
    let policy = rulebook.at(now).ok_or("no policy is in force")?;
    let person = policy.organisation.person(&officer.into(), now);
    person.ok_or_else(|| format!("{officer} holds no office: `GET /api/v1/directory` shows who does").into())
}
