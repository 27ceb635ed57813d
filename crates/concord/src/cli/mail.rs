//! `concord mail`.

use clap::{Args, Subcommand};

use super::Common;

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Shows how an alert reads, with a made-up case.
    Preview(PreviewMail),
    /// Sends one test mail through the relay of the configuration, and says what the relay answered.
    Test(TestMail),
    /// Switches sending off: alerts are entered, and wait.
    Hold(SwitchMail),
    /// Switches sending on again: what waited goes out, the most urgent first.
    Release(SwitchMail),
    /// Says whether sending is on, and what waits.
    Status(Common),
    /// Takes in a report of failure (DSN) from standard input, for a mail server that pipes it: it is put into the Maildir
    /// `[mail] bounces`.
    Bounce(Common),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct PreviewMail {
    /// The alert, e.g. E05, or DIGEST; without it, all.
    pub(crate) alert: Option<String>,
    /// For which time it is overdue.
    #[arg(long)]
    pub(crate) level: Option<u8>,
    /// As it is written to the standing body.
    #[arg(long)]
    pub(crate) upwards: bool,
    /// Without saying what it is about.
    #[arg(long)]
    pub(crate) discreet: bool,
    /// As an exercise.
    #[arg(long)]
    pub(crate) exercise: bool,
    /// With English below.
    #[arg(long)]
    pub(crate) english: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestMail {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The address to which it goes.
    #[arg(long)]
    pub(crate) to: String,
}

#[derive(Debug, Args)]
pub(crate) struct SwitchMail {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Why: it stands in the outbox for ever.
    #[arg(long)]
    pub(crate) why: String,
}
