//! `concord policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Common, time};

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Reads the files of a policy, and says what is wrong or missing: file, line and what to write.
    Check(CheckPolicy),
    /// Shows which versions were published, and the one that was in force at a time.
    Show(ShowPolicy),
    /// Shows in what two policies differ, entry by entry.
    Diff(DiffPolicies),
}

#[derive(Debug, Args)]
pub(crate) struct CheckPolicy {
    /// The folder of the policy's files; otherwise the example province that is built in.
    pub(crate) policy: Option<PathBuf>,
    /// As of when offices are asked for their holders; otherwise now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<events::Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowPolicy {
    #[command(flatten)]
    pub(crate) common: Common,
    /// As of when; otherwise now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<events::Timestamp>,
    /// Writes the files of the policy that was in force into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffPolicies {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A folder of policy files, or a version that was published.
    pub(crate) old: String,
    /// A folder of policy files, or a version that was published.
    pub(crate) new: String,
}
