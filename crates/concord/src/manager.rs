//! What a service manager such as systemd is told (`sd_notify`): that the process is ready, that it lives, that it stops.
//! Without one nothing is told.

use std::{
    env,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram},
    },
    time::Duration,
};

use tokio::time::MissedTickBehavior;

/// Where the manager listens, if there is one.
#[derive(Debug)]
pub(crate) struct Manager {
    line: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that the process lives.
    watchdog: Option<Duration>,
}

impl Manager {
    /// The one that has started this process, by what it left in the environment.
    pub(crate) fn found() -> Self {
        Self::of(
            env::var("NOTIFY_SOCKET").ok(),
            env::var("WATCHDOG_USEC").ok(),
            env::var("WATCHDOG_PID").ok(),
        )
    }

    fn of(socket: Option<String>, every: Option<String>, whom: Option<String>) -> Self {
        let address = socket.and_then(|path| match path.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None => SocketAddr::from_pathname(&path).ok(),
        });
        // A manager that does not listen for a while must not hold up the process.
        let socket =
            || UnixDatagram::unbound().and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
        let line = address.and_then(|address| Some((socket().ok()?, address)));
        let ours = whom.is_none_or(|pid| pid == std::process::id().to_string());
        let every = every.and_then(|every| every.parse().ok()).filter(|every| *every > 0 && ours);
        Self { line, watchdog: every.map(Duration::from_micros) }
    }

    /// Everything works: the start is over. From now on it is told that the process lives, as often as it wants.
    pub(crate) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}\n"));
        let Some(((socket, address), watchdog)) = self.line.as_ref().zip(self.watchdog) else { return };
        let Ok(socket) = socket.try_clone() else { return };
        let address = address.clone();
        // On the threads that do the work: a process that does none any more is silent.
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(watchdog / 3);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                beat.tick().await;
                let _ = socket.send_to_addr(b"WATCHDOG=1\n", &address);
            }
        });
    }

    /// The process is about to end, in order.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=finishing what is under way\n");
    }

    fn tell(&self, words: &str) {
        if let Some((socket, address)) = &self.line
            && let Err(error) = socket.send_to_addr(words.as_bytes(), address)
        {
            tracing::debug!(%error, "the service manager does not listen");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manager_hears_of_start_life_and_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let heard = tokio::net::UnixDatagram::bind(&path).unwrap();
        let manager = Manager::of(Some(path.to_string_lossy().into_owned()), Some("3000".to_owned()), None);
        manager.ready("at work");
        let mut buffer = [0; 100];
        let mut hear = async || {
            let length = heard.recv(&mut buffer).await.unwrap();
            String::from_utf8(buffer[..length].to_vec()).unwrap()
        };
        assert_eq!(hear().await, "READY=1\nSTATUS=at work\n");
        for _ in 0..3 {
            assert_eq!(hear().await, "WATCHDOG=1\n");
        }
        manager.stopping();
        while hear().await != "STOPPING=1\nSTATUS=finishing what is under way\n" {}
    }

    #[tokio::test]
    async fn a_manager_that_does_not_listen_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let _deaf = UnixDatagram::bind(&path).unwrap();
        let manager = Manager::of(Some(path.to_string_lossy().into_owned()), None, None);
        // More than its queue takes.
        for _ in 0..1_000 {
            manager.stopping();
        }
    }

    #[test]
    fn without_a_manager_nothing_is_told() {
        let alone = Manager::of(None, None, None);
        alone.ready("at work");
        alone.stopping();
        let of_another = Manager::of(None, Some("1000".to_owned()), Some("0".to_owned()));
        assert_eq!(of_another.watchdog, None);
    }
}
