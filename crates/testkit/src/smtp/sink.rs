//! A server that misbehaves as told, for every way in which a delivery can go wrong.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// What the sink does with the next mail (or, where said, with the next connection or log-in).
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Takes it: 250.
    Accept,
    /// Takes it, then closes the connection.
    AcceptThenClose,
    /// 554 to RCPT.
    Refuse554AtRcpt,
    /// 451 to RCPT.
    Defer451AtRcpt,
    /// Never answers RCPT.
    SilentAtRcpt,
    /// Never answers DATA, so the message is never handed over.
    SilentAtData,
    /// 554 to the message.
    RefuseAfterData554,
    /// 451 to the message.
    Defer451AfterData,
    /// 252 to the message: a success, but not the one that counts.
    Answer252AfterData,
    /// Something that is no SMTP reply to the message.
    GarbageAfterData,
    /// Reads the message and never answers.
    SilentAfterData,
    /// Reads the message and closes without an answer.
    DropAfterData,
    /// Reads the message, takes it, but answers 250 only when told to.
    LateReply(Arc<Notify>),
    /// 554 instead of a greeting; for a connection.
    Refuse554AtGreeting,
    /// No greeting at all; for a connection.
    SilentAtGreeting,
    /// 535 to AUTH; for a log-in.
    Refuse535AtAuth,
}

/// A mail whose data arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Which connection it came over, counted from 1.
    pub connection: usize,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// The message with the transparency dots taken out.
    pub data: String,
    /// The code it was answered with; none if it was left without an answer.
    pub reply: Option<u16>,
}

/// A server that takes mail into memory and misbehaves as the script says, and behaves once that is used up.
#[derive(Debug)]
pub struct SmtpSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Behaviour>,
    received: Vec<Received>,
    connections: usize,
    logins: usize,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next behaviour, if it is one of those wanted here.
    fn next_if(&self, wanted: impl FnOnce(&Behaviour) -> bool) -> Option<Behaviour> {
        self.state().script.pop_front_if(|next| wanted(next))
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.notify_waiters();
        result
    }
}

impl SmtpSink {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If it cannot listen.
    pub async fn start(script: impl IntoIterator<Item = Behaviour>) -> SmtpSink {
        SmtpSink::start_on("127.0.0.1:0".parse().expect("an address"), script).await
    }

    /// Listens on an address, where another one has listened before, say.
    ///
    /// # Panics
    ///
    /// If it cannot listen.
    pub async fn start_on(address: SocketAddr, script: impl IntoIterator<Item = Behaviour>) -> SmtpSink {
        let listener = TcpListener::bind(address).await.expect("the sink listens");
        let address = listener.local_addr().expect("the sink has an address");
        let shared = Arc::new(Shared::default());
        shared.state().script.extend(script);
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        SmtpSink { address, shared, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds to the script.
    pub fn then(&self, behaviour: Behaviour) {
        self.shared.state().script.push_back(behaviour);
    }

    /// Every mail whose data arrived, in order of arrival.
    pub fn received(&self) -> Vec<Received> {
        self.shared.state().received.clone()
    }

    /// Looks at the mails without a copy of them.
    pub fn look<T>(&self, look: impl FnOnce(&[Received]) -> T) -> T {
        look(&self.shared.state().received)
    }

    /// The mails that were answered with 250: what the sink may be held to.
    pub fn accepted(&self) -> Vec<Received> {
        self.received().into_iter().filter(|mail| mail.reply == Some(250)).collect()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// How many AUTH commands were answered with 235.
    pub fn logins(&self) -> usize {
        self.shared.state().logins
    }

    /// Waits until `condition` holds for the mails received; give it a time-out of the test's own.
    pub async fn until(&self, condition: impl Fn(&[Received]) -> bool) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if condition(&self.shared.state().received) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = shared.change(|state| {
            state.connections += 1;
            state.connections
        });
        let shared = shared.clone();
        open.spawn(async move {
            // A client that goes away is not the sink's affair.
            let _ = Conversation::new(stream, number, shared).run().await;
        });
        while open.try_join_next().is_some() {}
    }
}

/// One connection.
struct Conversation {
    stream: BufReader<TcpStream>,
    number: usize,
    shared: Arc<Shared>,
    behaviour: Behaviour,
    from: String,
    to: Vec<String>,
}

enum Go {
    On,
    Away,
}

impl Conversation {
    fn new(stream: TcpStream, number: usize, shared: Arc<Shared>) -> Conversation {
        let stream = BufReader::new(stream);
        Conversation { stream, number, shared, behaviour: Behaviour::Accept, from: String::new(), to: vec![] }
    }

    async fn run(mut self) -> std::io::Result<()> {
        self.stream.get_ref().set_nodelay(true)?;
        let at_greeting =
            |b: &Behaviour| matches!(b, Behaviour::SilentAtGreeting | Behaviour::Refuse554AtGreeting);
        match self.shared.next_if(at_greeting) {
            Some(Behaviour::SilentAtGreeting) => return self.fall_silent().await,
            Some(_) => return self.say("554 no service here").await,
            None => self.say("220 sink ESMTP").await?,
        }
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if let Go::Away = self.answer(line.trim_end()).await? {
                return Ok(());
            }
        }
    }

    async fn answer(&mut self, line: &str) -> std::io::Result<Go> {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => self.say("250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN").await?,
            "AUTH" => {
                if self.shared.next_if(|b| matches!(b, Behaviour::Refuse535AtAuth)).is_some() {
                    self.say("535 5.7.8 wrong credentials").await?;
                } else {
                    self.shared.change(|state| state.logins += 1);
                    self.say("235 2.7.0 welcome").await?;
                }
            }
            "MAIL" => {
                self.behaviour = self.shared.next_if(|_| true).unwrap_or(Behaviour::Accept);
                self.from = bare_address(line);
                self.to.clear();
                self.say("250 2.1.0 sender ok").await?;
            }
            "RCPT" => match self.behaviour {
                Behaviour::Refuse554AtRcpt => self.say("554 5.7.1 relay access denied").await?,
                Behaviour::Defer451AtRcpt => self.say("451 4.7.1 come back later").await?,
                Behaviour::SilentAtRcpt => {
                    self.fall_silent().await?;
                    return Ok(Go::Away);
                }
                _ => {
                    self.to.push(bare_address(line));
                    self.say("250 2.1.5 recipient ok").await?;
                }
            },
            "DATA" => {
                if let Behaviour::SilentAtData = self.behaviour {
                    self.fall_silent().await?;
                    return Ok(Go::Away);
                }
                self.say("354 go ahead").await?;
                return self.take_message().await;
            }
            "RSET" | "NOOP" => self.say("250 ok").await?,
            "QUIT" => {
                self.say("221 bye").await?;
                return Ok(Go::Away);
            }
            _ => self.say("500 what").await?,
        }
        Ok(Go::On)
    }

    async fn take_message(&mut self) -> std::io::Result<Go> {
        let Some(data) = self.read_message().await? else { return Ok(Go::Away) };
        let code = match &self.behaviour {
            Behaviour::RefuseAfterData554 => Some(554),
            Behaviour::Defer451AfterData => Some(451),
            Behaviour::Answer252AfterData => Some(252),
            Behaviour::GarbageAfterData
            | Behaviour::SilentAfterData
            | Behaviour::DropAfterData
            | Behaviour::LateReply(_) => None,
            _ => Some(250),
        };
        let (from, to) = (std::mem::take(&mut self.from), std::mem::take(&mut self.to));
        let mail = Received { connection: self.number, from, to, data, reply: code };
        let index = self.shared.change(|state| {
            state.received.push(mail);
            state.received.len() - 1
        });
        match std::mem::replace(&mut self.behaviour, Behaviour::Accept) {
            Behaviour::RefuseAfterData554 => self.say("554 5.6.0 content refused").await?,
            Behaviour::Defer451AfterData => self.say("451 4.3.0 queue is full").await?,
            Behaviour::Answer252AfterData => self.say("252 perhaps").await?,
            Behaviour::GarbageAfterData => self.say("what was the question").await?,
            Behaviour::SilentAfterData => {
                self.fall_silent().await?;
                return Ok(Go::Away);
            }
            Behaviour::DropAfterData => return Ok(Go::Away),
            Behaviour::LateReply(trigger) => {
                trigger.notified().await;
                self.shared.change(|state| state.received[index].reply = Some(250));
                self.say("250 2.0.0 late but here").await?;
            }
            Behaviour::AcceptThenClose => {
                self.say(&format!("250 2.0.0 queued as {index}")).await?;
                return Ok(Go::Away);
            }
            _ => self.say(&format!("250 2.0.0 queued as {index}")).await?,
        }
        Ok(Go::On)
    }

    /// The data up to the lone dot; nothing if the client left before it.
    async fn read_message(&mut self) -> std::io::Result<Option<String>> {
        let mut data = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            if line == ".\r\n" {
                return Ok(Some(data));
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await
    }

    /// Listens without a word until the client gives up.
    async fn fall_silent(&mut self) -> std::io::Result<()> {
        tokio::io::copy_buf(&mut self.stream, &mut tokio::io::sink()).await.map(drop)
    }
}

/// `a@b` of `MAIL FROM:<a@b> SIZE=…`.
fn bare_address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or(line, |(address, _)| address).to_owned()
}
