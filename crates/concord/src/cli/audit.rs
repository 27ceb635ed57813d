//! Looking back: `concord audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Common, time};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Replays the log, a case, the cases of an agency or a period, as it stood at any moment.
    Replay(Replay),
    /// Shows the record of access: who signed in, who read what, what was refused.
    Access(ReadAccess),
    /// Writes an export: one file with events, proofs, attachments and pages for people, that proves itself.
    Export(Export),
    /// Checks an export, without a network, or what a running system has stored.
    Verify(Verify),
    /// Prints a signed checkpoint that covers all that is stored now: keep it elsewhere.
    Checkpoint(Checkpoint),
    /// Says what the self-check of the running system has found.
    Status(Common),
    /// The keys that sign checkpoints.
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Only this case: its number (VV-2026-00001) or its id.
    #[arg(long, value_name = "CASE", conflicts_with = "agency")]
    pub(crate) case: Option<String>,
    /// Only this report, briefing or project: its id, or its number (BC-2026-05) where no other one has it.
    #[arg(long, value_name = "DUTY", conflicts_with_all = ["case", "agency"])]
    pub(crate) duty: Option<String>,
    /// Only the cases and duties in which this agency takes part, e.g. SXD: from their first fact on, also where it joined
    /// later.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) agency: Option<String>,
    #[command(flatten)]
    pub(crate) period: Period,
    /// As the system knew it: only what had been recorded by then, e.g. 2026-05-17T06:00:00+07:00.
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "occurred_at")]
    pub(crate) at: Option<events::Timestamp>,
    /// As it was: only what had happened by then, whenever it was recorded.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) occurred_at: Option<events::Timestamp>,
    /// JSON lines: each fact with its place and the state that it left.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReadAccess {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Only what is about this case: its number (VV-2026-00001) or its id.
    #[arg(long, value_name = "CASE")]
    pub(crate) case: Option<String>,
    /// Only what is about this duty: its number (BC-2026-02/SNNMT, GB-2026-02) or its id.
    #[arg(long, value_name = "DUTY", conflicts_with = "case")]
    pub(crate) duty: Option<String>,
    /// Only what this officer did, or what happened to his account, e.g. btg.lanh-dao.
    #[arg(long, value_name = "OFFICER")]
    pub(crate) officer: Option<String>,
    #[command(flatten)]
    pub(crate) period: Period,
    /// JSON lines: each entry with its place.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A period of recorded time: what lies outside is not shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Period {
    /// Only what was recorded from then on, e.g. 2026-05-01T00:00:00+07:00.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<events::Timestamp>,
    /// Only what was recorded before then.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<events::Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The file to write, e.g. VV-2026-00001.zip; it must not be there yet.
    pub(crate) file: PathBuf,
    /// Only this case: its number (VV-2026-00001) or its id.
    #[arg(long, value_name = "CASE", conflicts_with_all = ["from", "to"])]
    pub(crate) case: Option<String>,
    /// Only this report, briefing or project: its id, or its number (BC-2026-05) where no other one has it.
    #[arg(long, value_name = "DUTY", conflicts_with_all = ["case", "from", "to"])]
    pub(crate) duty: Option<String>,
    #[command(flatten)]
    pub(crate) period: Period,
    /// A checkpoint that somebody has kept: the export will show that it continues it.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The export.
    #[arg(required_unless_present = "live", conflicts_with = "live")]
    pub(crate) export: Option<PathBuf>,
    /// Checks what the running system has stored instead.
    #[arg(long)]
    pub(crate) live: bool,
    /// The file with the public key that was published, one a line. Not the one in the export: it may be forged with it.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// A checkpoint that was kept elsewhere: shows that nothing was cut off, and that all were shown the same.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// The verdict as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Checkpoint {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Writes it into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Shows the public keys: those that sign, and those that did.
    Show(Common),
    /// Makes another key, which signs together with those that are there: publish it, and retire the old one weeks later.
    Rotate(Common),
    /// Ends all keys but the newest.
    Retire(Common),
}
