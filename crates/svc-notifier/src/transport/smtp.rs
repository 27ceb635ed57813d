//! Mail over SMTP, one line to the relay at a time.
//!
//! lettre speaks the protocol, but neither its pool nor its time-out is used: a pooled connection whose
//! send was cut short goes back half-used, and from then on every answer is taken for that of the next
//! mail. Here the line is taken out before a letter is tried and laid back only after a clean 250; anything
//! else drops it. The commands are given one by one, because only so can be told whether the relay may have
//! the message already.
//!
//! *Invariant:* an answer is believed only on a line on which every earlier answer was the expected one.

use std::fmt;
use std::time::Duration;

use lettre::address::Address;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::bounce;
use crate::letter::{self, BadLetter, Letter, Part};
use crate::transport::Outcome;

mod config;
mod stream;

pub use config::{BadConfig, Config, Password, Tls};
use config::{Protection, Relay};

/// A relay that does not even answer QUIT is not waited for.
const FAREWELL: Duration = Duration::from_millis(250);

/// Longest piece of a relay's answer that is kept.
const REPLY_CHARS: usize = 500;

/// Reply codes by which a relay asks for TLS or other credentials: about the line, not about the mail (RFC
/// 4954, 3207).
const ABOUT_THE_LINE: [u16; 4] = [530, 534, 535, 538];

/// The way to the relay, with its one line while that is open.
pub struct Smtp {
    relay: Relay,
    line: Option<Line>,
}

/// An open connection on which every answer so far was the expected one.
struct Line {
    connection: Box<AsyncSmtpConnection>,
    mails: u32,
    since: Instant,
}

/// A letter, ready for the wire.
struct Parcel {
    sender: Address,
    recipient: Address,
    bytes: Vec<u8>,
}

/// How far one attempt has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The relay cannot have the message.
    NotHandedOver,
    /// The relay may have it.
    HandedOver,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.relay.host)
            .field("port", &self.relay.port)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// Checks the configuration and reads the certificates; connects to nothing yet.
    pub fn new(config: Config) -> Result<Smtp, BadConfig> {
        Ok(Smtp { relay: config.checked()?, line: None })
    }

    /// Tries once to hand the letter to the relay.
    pub async fn send(&mut self, letter: &Letter) -> Outcome {
        let parcel = match self.relay.parcel(letter) {
            Ok(parcel) => parcel,
            Err(bad) => return Outcome::Refused { reply: bad.to_string() },
        };
        let line = self.line.take();
        let mut progress = Progress::NotHandedOver;
        match timeout(self.relay.patience, self.relay.deliver(line, &parcel, &mut progress)).await {
            Ok(Ok((line, reply))) => {
                self.line = Some(line);
                Outcome::Sent { reply }
            }
            Ok(Err(outcome)) => outcome,
            Err(_elapsed) => {
                let waited = format!("no answer within {} s", self.relay.patience.as_secs_f64());
                match progress {
                    Progress::NotHandedOver => {
                        Outcome::Unreachable { reply: format!("{waited}; nothing was handed over") }
                    }
                    Progress::HandedOver => {
                        Outcome::Unknown { why: format!("{waited} after the message was handed over") }
                    }
                }
            }
        }
    }

    /// Asks whether the relay is there and lets us in, without a mail.
    ///
    /// # Errors
    /// Why mail would not go now.
    pub async fn probe(&mut self) -> Result<(), String> {
        let asked = async {
            let mut line = self.relay.dial().await.map_err(|outcome| match outcome {
                Outcome::Unreachable { reply } => reply,
                other => format!("{other:?}"),
            })?;
            let answer = expect(line.connection.command(Noop).await, &[250]);
            answer.map_err(|fault| fault.to_string())?;
            line.farewell().await;
            Ok(())
        };
        let patience = self.relay.patience;
        let late = |_| Err(format!("no answer within {} s", patience.as_secs_f64()));
        timeout(patience, asked).await.unwrap_or_else(late)
    }

    /// Takes leave of the relay.
    pub async fn close(&mut self) {
        if let Some(line) = self.line.take() {
            line.farewell().await;
        }
    }
}

impl Relay {
    fn parcel(&self, letter: &Letter) -> Result<Parcel, BadLetter> {
        let message = letter.message()?;
        let recipient = letter::mailbox(Part::To, &letter.to)?.email;
        let sender = if self.own_addresses {
            let address = bounce::address(self.sender.user(), letter.local_part(), self.sender.domain());
            letter::mailbox(Part::From, &address)?.email
        } else {
            self.sender.clone()
        };
        Ok(Parcel { sender, recipient, bytes: message.formatted() })
    }

    async fn deliver(
        &self,
        line: Option<Line>,
        parcel: &Parcel,
        progress: &mut Progress,
    ) -> Result<(Line, String), Outcome> {
        let mut line = match self.rested(line).await {
            Some(mut line) => match line.envelope(parcel).await {
                Ok(()) => return line.hand_over(parcel, progress).await,
                // The relay hung up while the line rested. It has nothing of this mail: dial again.
                Err(fault) if fault.is_about_the_line() => self.dial().await?,
                Err(fault) => return Err(fault.before_hand_over()),
            },
            None => self.dial().await?,
        };
        line.envelope(parcel).await.map_err(Fault::before_hand_over)?;
        line.hand_over(parcel, progress).await
    }

    /// The open line, unless it has served long enough.
    async fn rested(&self, line: Option<Line>) -> Option<Line> {
        let line = line?;
        if line.mails < self.mails_per_line && line.since.elapsed() < self.idle {
            return Some(line);
        }
        line.farewell().await;
        None
    }

    /// A new line, as far as the relay's readiness for mail. Whatever fails here says nothing about the
    /// letter.
    async fn dial(&self) -> Result<Line, Outcome> {
        let unreachable = |what: &str, why: &dyn fmt::Display| Outcome::Unreachable {
            reply: one_line(&format!("{what} {}:{}: {why}", self.host, self.port)),
        };
        let tcp = async {
            let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
            // lettre writes a message in two pieces; with Nagle's algorithm the second waits 40 ms for an
            // ACK.
            tcp.set_nodelay(true)?;
            Ok::<_, std::io::Error>(tcp)
        };
        let tcp = tcp.await.map_err(|e| unreachable("cannot connect to", &e))?;
        let connected = match &self.protection {
            Protection::None => AsyncSmtpConnection::connect_with_transport(Box::new(tcp), &self.hello).await,
            Protection::Starttls(tls) => stream::starttls(tcp, tls.clone(), &self.hello).await,
            Protection::Implicit(tls) => stream::implicit(tcp, tls.clone(), &self.hello).await,
        };
        let mut connection = connected.map_err(|e| unreachable("no session with", &Fault::Failed(e)))?;
        if let Some(credentials) = &self.credentials {
            match connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await {
                Ok(response) if response.has_code(235) => {}
                Ok(response) => return Err(unreachable("not logged in at", &Fault::Unexpected(response))),
                Err(e) => return Err(unreachable("not logged in at", &Fault::Failed(e))),
            }
        }
        Ok(Line { connection: Box::new(connection), mails: 0, since: Instant::now() })
    }
}

impl Line {
    /// MAIL, RCPT, DATA: as far as the relay's "go ahead".
    async fn envelope(&mut self, parcel: &Parcel) -> Result<(), Fault> {
        let mail = self.connection.command(Mail::new(Some(parcel.sender.clone()), vec![])).await;
        expect(mail, &[250])?;
        let rcpt = self.connection.command(Rcpt::new(parcel.recipient.clone(), vec![])).await;
        expect(rcpt, &[250, 251])?;
        let data = self.connection.command(Data).await;
        expect(data, &[354])?;
        Ok(())
    }

    /// The message itself. From the first byte on the relay may have it, until it says otherwise.
    async fn hand_over(
        mut self,
        parcel: &Parcel,
        progress: &mut Progress,
    ) -> Result<(Line, String), Outcome> {
        *progress = Progress::HandedOver;
        let answer = self.connection.message(&parcel.bytes).await;
        let response = expect(answer, &[250]).map_err(Fault::after_hand_over)?;
        self.mails += 1;
        self.since = Instant::now();
        Ok((self, words(&response)))
    }

    async fn farewell(mut self) {
        let _ = timeout(FAREWELL, self.connection.quit()).await;
    }
}

/// An answer that is not the expected one.
enum Fault {
    /// 4xx, 5xx, no answer, or an unreadable one.
    Failed(lettre::transport::smtp::Error),
    /// A good answer to some other question.
    Unexpected(Response),
}

fn expect(
    answer: Result<Response, lettre::transport::smtp::Error>,
    codes: &[u16],
) -> Result<Response, Fault> {
    match answer {
        Ok(response) if codes.contains(&u16::from(response.code())) => Ok(response),
        Ok(response) => Err(Fault::Unexpected(response)),
        Err(error) => Err(Fault::Failed(error)),
    }
}

impl Fault {
    /// The reply code, if the relay refused in so many words.
    fn refusal(&self) -> Option<u16> {
        match self {
            Fault::Failed(error) => error.status().map(u16::from),
            Fault::Unexpected(_) => None,
        }
    }

    /// Whether another line could do better: this one is broken, out of step or being closed.
    fn is_about_the_line(&self) -> bool {
        matches!(self.refusal(), None | Some(421))
    }

    fn before_hand_over(self) -> Outcome {
        let reply = one_line(&self.to_string());
        match self.refusal() {
            Some(code) if ABOUT_THE_LINE.contains(&code) => Outcome::Unreachable { reply },
            Some(421) | None => Outcome::Unreachable { reply },
            Some(code) if code >= 500 => Outcome::Refused { reply },
            Some(_) => Outcome::Waiting { reply },
        }
    }

    fn after_hand_over(self) -> Outcome {
        let said = one_line(&self.to_string());
        match self.refusal() {
            Some(code) if code >= 500 => Outcome::Refused { reply: said },
            Some(_) => Outcome::Waiting { reply: said },
            None => Outcome::Unknown { why: format!("handed over, but no 250 came: {said}") },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unexpected(response) => write!(f, "unexpected answer {}", words(response)),
            Fault::Failed(error) => match (error.status(), std::error::Error::source(error)) {
                (Some(code), Some(text)) => write!(f, "{code} {text}"),
                (Some(code), None) => write!(f, "{code}"),
                (None, _) => write!(f, "{error}"),
            },
        }
    }
}

/// A relay's answer as it is kept: code and words on one line.
fn words(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    one_line(&format!("{} {}", response.code(), lines.join(" ")))
}

fn one_line(text: &str) -> String {
    let shown = text.trim().chars().take(REPLY_CHARS);
    shown.map(|c| if c.is_control() { ' ' } else { c }).collect()
}
