//! Failpoints: the steps of the write path and of the mail at which a process may die, by name.
//!
//! A test arms one and proves that nothing is lost or doubled there. Only builds with debug assertions have them:
//! `CONCORD_FAILPOINT=ledger.appended` ends the process when it comes there, `ledger.appended:40` when it comes there
//! for the fortieth time. In a release build nothing of it is left.

use std::{
    fmt,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

macro_rules! failpoints {
    ($($variant:ident = $name:literal, $about:literal;)*) => {
        /// A step at which a process may die.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Failpoint {
            $(#[doc = $about] $variant,)*
        }

        impl Failpoint {
            /// Every failpoint, in the order of an act's way.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name; what stands before the dot says where in the code it is.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What has happened when it is reached, and what has not.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

failpoints! {
    CasebookDecided = "casebook.decided", "It is decided, and not proposed.";
    LedgerStamped = "ledger.stamped", "The proposal is stamped, and not appended.";
    AppendHalfSent = "append.half-sent", "A batch is sent but for its last message, which would commit it.";
    AppendSent = "append.sent", "It is on its way to the server, which has not confirmed it.";
    LedgerAppended = "ledger.appended", "It is in the log, and the stage does not know.";
    LedgerAnswered = "ledger.answered", "The stage is answered; who follows the log may not have been woken.";
    CasebookRecorded = "casebook.recorded", "The ledger has answered, and nothing is folded.";
    StageRecorded = "stage.recorded", "It is recorded and folded, and the caller does not know.";
    StagePoking = "stage.poking", "Another stage is about to be poked.";
    StagePoked = "stage.poked", "The other stage has done its step.";
    StageAnswering = "stage.answering", "What follows is done, and the caller does not know.";
    NotifierDelivered = "notifier.delivered", "The fact has come to the notifier, and nothing is entered.";
    NotifierEntered = "notifier.entered", "An entry stands in the outbox, and nobody sees to it.";
    NotifierSettling = "notifier.settling", "All entries stand, and the fact is not acknowledged.";
    NotifierAttempting = "notifier.attempting", "The attempt is noted, and the relay not spoken to.";
    NotifierSent = "notifier.sent", "The relay has taken the mail, which is not noted.";
    NotifierNoted = "notifier.noted", "The relay's answer is noted.";
}

/// What the environment has armed: a name, and how many times it must be reached.
static ARMED: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
    let armed = std::env::var("CONCORD_FAILPOINT").ok()?;
    let (name, times) = armed.split_once(':').unwrap_or((&armed, "1"));
    Some((name.to_owned(), times.parse().ok()?))
});

static TIMES: AtomicU64 = AtomicU64::new(0);

/// Ends the process at once if this failpoint is armed, as `kill -9` would.
pub fn reached(failpoint: Failpoint) {
    if cfg!(debug_assertions)
        && let Some((name, times)) = ARMED.as_ref()
        && name == failpoint.name()
        && TIMES.fetch_add(1, Ordering::Relaxed) + 1 == *times
    {
        tracing::error!(name, times, "failpoint");
        std::process::abort();
    }
}

impl fmt::Display for Failpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
