//! How a letter leaves, and what may be said about it afterwards.
//!
//! The outcome is evidence: `Sent` is said only when the relay said so with its own 250 to this very message.
//! Whatever cannot be proved either way is `Unknown`, never a guess.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{letter::Letter, queue::Way};

pub mod folder;
pub mod smtp;

pub use folder::Folder;
pub use smtp::Smtp;

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relay took the message over: 250 in answer to its last byte.
    Sent {
        /// The relay's words, with its queue id if it gave one.
        reply: String,
    },
    /// It will never be taken: a permanent refusal of this mail, or a letter that cannot be written.
    Refused {
        /// The relay's words, or what is wrong with the letter.
        reply: String,
    },
    /// The relay certainly did not take this mail now; try again later.
    Waiting {
        /// The relay's words.
        reply: String,
    },
    /// It was certainly not taken, and that says nothing about this mail: the relay could not be reached, did not answer,
    /// or would not talk to us.
    Unreachable {
        /// What went wrong on the way.
        reply: String,
    },
    /// It was handed over and no clear answer came: it may or may not arrive. Repeat it with the same
    /// Message-ID.
    Unknown {
        /// What went wrong.
        why: String,
    },
}

impl Outcome {
    /// Its name in a log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Refused { .. } => "refused",
            Self::Waiting { .. } => "waiting",
            Self::Unreachable { .. } => "unreachable",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// What it says about the way to the relay.
    pub(crate) fn way(&self) -> Way {
        match self {
            Self::Sent { .. } | Self::Refused { .. } | Self::Waiting { .. } => Way::Answered,
            Self::Unreachable { .. } | Self::Unknown { .. } => Way::Failed,
        }
    }
}

/// Where the mail goes. `kind = "smtp"` or `kind = "folder"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Config {
    /// To a relay.
    Smtp(smtp::Config),
    /// Into files, for a first look and for demonstrations.
    Folder {
        /// Created if it is not there.
        directory: PathBuf,
    },
}

/// A way out, with one line to the relay at most. Each mail that is under way has one to itself.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each worker, and nothing moves it about")]
pub enum Transport {
    /// To a relay.
    Smtp(Smtp),
    /// Into files.
    Folder(Folder),
}

impl Transport {
    /// Checks the configuration; connects to nothing yet.
    pub fn new(config: Config) -> Result<Transport, smtp::BadConfig> {
        Ok(match config {
            Config::Smtp(config) => Transport::Smtp(Smtp::new(config)?),
            Config::Folder { directory } => Transport::Folder(Folder::new(directory)),
        })
    }

    /// Tries once. Dropping the future half-way is safe: the line goes with it.
    pub async fn send(&mut self, letter: &Letter) -> Outcome {
        match self {
            Transport::Smtp(smtp) => smtp.send(letter).await,
            Transport::Folder(folder) => folder.send(letter).await,
        }
    }

    /// Asks whether the relay is there and lets us in, without a mail.
    ///
    /// # Errors
    /// Why mail would not go now.
    pub async fn probe(&mut self) -> Result<(), String> {
        match self {
            Transport::Smtp(smtp) => smtp.probe().await,
            Transport::Folder(folder) => folder.probe(),
        }
    }

    /// Takes leave of the relay.
    pub async fn close(&mut self) {
        match self {
            Transport::Smtp(smtp) => smtp.close().await,
            Transport::Folder(_) => {}
        }
    }
}
