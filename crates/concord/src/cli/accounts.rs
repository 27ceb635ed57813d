//! Who signs in, and which programs call: `concord account` and `concord token`.

use clap::{Args, Subcommand};

use super::Common;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Makes an account, or gives it a new first password; it is shown this once and must be changed at the first
    /// sign-in. Ends all sessions, takes a lock off, turns one-time codes off.
    Reset(OneAccount),
    /// Closes an account: nobody signs in to it, all its sessions end.
    Close(OneAccount),
    /// Shows all accounts, and which are locked.
    List(Common),
}

#[derive(Debug, Args)]
pub(crate) struct OneAccount {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The officer, e.g. btg.lanh-dao.
    pub(crate) officer: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Gives a token; it is shown this once.
    Create(CreateToken),
    /// Shows all tokens, the newest first: not the secrets, which nobody keeps.
    List(Common),
    /// Takes a token back, at once.
    Revoke(RevokeToken),
}

#[derive(Debug, Args)]
pub(crate) struct CreateToken {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The officer for whom the program acts; the token counts as long as he is in his agency.
    #[arg(long)]
    pub(crate) officer: String,
    /// What it is for, e.g. "e-office of SNNMT".
    #[arg(long)]
    pub(crate) name: String,
    /// An act that it allows, e.g. raise; several may be given. Without any it allows all that the officer may do.
    #[arg(long = "act", value_name = "ACT", conflicts_with = "read_only", value_parser = act)]
    pub(crate) acts: Vec<String>,
    /// It allows reading and no act.
    #[arg(long)]
    pub(crate) read_only: bool,
    /// After how many days it ends.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(crate) days: u32,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeToken {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Its id, as `concord token list` shows it.
    pub(crate) id: uuid::Uuid,
}

fn act(name: &str) -> Result<String, String> {
    let known = domain::stages::act(name).or_else(|| domain::directory::named(name));
    known
        .map(|act| act.name.to_owned())
        .ok_or_else(|| "there is no such act: docs/process.md names them".to_owned())
}
