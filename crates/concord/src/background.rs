//! Where services work for which nobody waits within the second: on threads of their own, to which the system gives
//! what the others leave, and always some.

use std::io;

use rustix::process::setpriority_process;
use tokio::runtime::{Builder, Handle, Runtime};

/// How much they stand back: with a niceness of 10 a thread gets a tenth of the share of one that does not.
const NICENESS: i32 = 10;

/// The threads.
pub(crate) struct Background(Option<Runtime>);

impl Background {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("background")
            .on_thread_start(|| {
                // Of this thread alone. Where the system refuses, it works as the others do.
                if let Err(error) = setpriority_process(None, NICENESS) {
                    tracing::debug!(%error, "the background does not stand back");
                }
            })
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    pub(crate) fn handle(&self) -> Option<&Handle> {
        self.0.as_ref().map(Runtime::handle)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may be dropped by a task, which must not wait for other threads.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
