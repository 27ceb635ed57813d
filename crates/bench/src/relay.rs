//! A relay for bursts: Debian's smtp-sink if it can be had, else our own; it says how many mails it took, and when.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    net::TcpStream,
};

use crate::{Failure, figures::rate, script::Script, sink::Sink, usage::Meter};

/// What starts smtp-sink.
const SMTP_SINK: &str = "tests/peers/alertmanager/smtp-sink";

/// How long it may take to greet, with all that it has to fetch.
const PATIENCE: Duration = Duration::from_mins(5);

/// How long is waited before it is knocked again.
const PAUSE: Duration = Duration::from_millis(20);

/// The relay.
#[derive(Debug)]
pub enum Relay {
    /// Debian's.
    Debian(SmtpSink),
    /// Our own.
    Own(Sink),
}

/// smtp-sink, at work.
#[derive(Debug)]
pub struct SmtpSink {
    address: SocketAddr,
    id: u32,
    script: Script,
    tally: Arc<Mutex<Tally>>,
}

/// The mails that were answered with 250.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub mails: u64,
    /// When the first was told, and how many were told with it.
    pub first: Option<(Instant, u64)>,
    /// When the last was told.
    pub last: Option<Instant>,
}

impl Relay {
    /// Starts smtp-sink; ours, where that cannot be had, and says so.
    pub async fn start() -> Result<Self, Failure> {
        match SmtpSink::start().await {
            Ok(sink) => Ok(Self::Debian(sink)),
            Err(failure) => {
                println!("G3  smtp-sink cannot be had, our own relay stands in: {failure}");
                Ok(Self::Own(Sink::start()?))
            }
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Debian(_) => "smtp-sink",
            Self::Own(_) => "our own relay",
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Debian(sink) => sink.address,
            Self::Own(sink) => sink.address,
        }
    }

    /// What it has taken so far.
    pub fn tally(&self) -> Tally {
        match self {
            Self::Debian(sink) => *sink.tally.lock().unwrap_or_else(PoisonError::into_inner),
            Self::Own(sink) => sink.tally(),
        }
    }

    /// Counts its processor time beside that of these processes.
    pub fn metered<const N: usize>(&self, processes: [(&'static str, u32); N]) -> Meter {
        match self {
            Self::Debian(sink) => Meter::new(processes.into_iter().chain([("smtp-sink", sink.id)])),
            Self::Own(sink) => Meter::new(processes).with_relay(&sink.thread),
        }
    }

    /// Ends it.
    pub async fn stop(self) -> Result<(), Failure> {
        match self {
            Self::Debian(sink) => sink.script.stop().await,
            Self::Own(_) => Ok(()),
        }
    }
}

impl SmtpSink {
    /// Starts it on a free port and waits until it greets.
    async fn start() -> Result<Self, Failure> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let (mut script, said) = Script::start(Path::new(SMTP_SINK), [address.to_string()])?;
        let began = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if let Some(ended) = script.ended()? {
                return Err(format!("smtp-sink has ended: {ended}").into());
            }
            if began.elapsed() > PATIENCE {
                return Err("smtp-sink does not greet".into());
            }
            tokio::time::sleep(PAUSE).await;
        }
        let id = script.id().ok_or("smtp-sink is gone")?;
        let tally = Arc::new(Mutex::new(Tally::default()));
        tokio::spawn(listen(said, tally.clone()));
        Ok(Self { address, id, script, tally })
    }
}

impl Tally {
    /// Mails a second, from the first to the last; what was told with the first is not of this time.
    pub fn rate(&self) -> f64 {
        let (Some((first, with_it)), Some(last)) = (self.first, self.last) else { return 0.0 };
        rate(self.mails.saturating_sub(with_it), last - first)
    }

    /// Notes how many there are now.
    pub fn count(&mut self, mails: u64, at: Instant) {
        if mails > self.mails {
            self.mails = mails;
            self.first.get_or_insert((at, mails));
            self.last = Some(at);
        }
    }
}

/// Reads `sess=1 quit=0 mesg=3`, each ended by a carriage return, until smtp-sink ends.
async fn listen(mut said: BufReader<impl AsyncRead + Unpin>, tally: Arc<Mutex<Tally>>) {
    let mut line = Vec::new();
    while said.read_until(b'\r', &mut line).await.is_ok_and(|read| read > 0) {
        if let Some(mails) = mails(&line) {
            tally.lock().unwrap_or_else(PoisonError::into_inner).count(mails, Instant::now());
        }
        line.clear();
    }
}

fn mails(line: &[u8]) -> Option<u64> {
    let (_, mails) = std::str::from_utf8(line).ok()?.trim().rsplit_once("mesg=")?;
    mails.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_are_counted_from_the_first_to_the_last() {
        let began = Instant::now();
        let mut tally = Tally::default();
        for (line, at) in
            [("sess=1 quit=0 mesg=0\r", 0), ("sess=2 quit=0 mesg=2\r", 1), ("sess=2 quit=1 mesg=2\r", 2)]
        {
            tally.count(mails(line.as_bytes()).unwrap(), began + Duration::from_secs(at));
        }
        tally.count(12, began + Duration::from_secs(6));
        assert_eq!(tally.mails, 12);
        assert!((tally.rate() - 2.0).abs() < 1e-9, "{tally:?}");
        assert_eq!(mails(b"nothing"), None);
    }
}
