//! One connection to the server under one credential. Every call is bounded: while the server is away a plain
//! send would wait for ever.

mod diagnosis;
mod error;
mod house;
mod message;
mod seen;

use std::fmt;
use std::future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, RequestErrorKind, Subject};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::{broadcast, oneshot, watch};

pub use error::{ConnectError, NotDurable, RequestError, SendError};
pub use house::House;
pub use message::{Message, Subscription};

use crate::append::Stored;
use crate::credentials::{Credential, Seed};

use crate::permissions::{Principal, Rights};
use crate::server::new_enough;
use diagnosis::{addresses, durable_server, explain};
use house::HandedOver;
use seen::{Seen, note};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a monitor may be later than those that are enough.
const LATE_MONITOR: Duration = Duration::from_millis(500);
const SEND_LIMIT: Duration = Duration::from_secs(2);
const ROUND_TRIP_LIMIT: Duration = Duration::from_secs(5);
const JETSTREAM_LIMIT: Duration = Duration::from_secs(2);
/// A server that does not answer two pings is given up: one that stands still closes no connection.
const PING_EVERY: Duration = Duration::from_secs(2);
const LONGEST_RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// A question that had been delivered when the server went away is never answered: a server that comes back
/// does not know who may answer what. One that was still to be sent is, soon after.
const ANSWER_AFTER_LOSS: Duration = Duration::from_secs(1);

/// Where and as whom to connect.
#[derive(Clone, Debug)]
pub struct ConnectTo {
    /// The server, `nats://127.0.0.1:14222`; of a cluster all of them, with commas between.
    pub url: String,
    /// The server's monitor, `http://127.0.0.1:18222`, likewise. With it, connecting demands the proof of
    /// durability.
    pub monitor_url: Option<String>,
    /// The certificate that signed the server's, in PEM: with it nothing is said without TLS.
    pub ca: Option<PathBuf>,
    /// Whose rights.
    pub principal: Principal,
    /// The secret that proves it.
    pub seed: Seed,
    /// The other services of this process, asked without the server where they answer.
    pub house: Option<House>,
}

/// A connection. Clones share it; [`Bus::close`] ends it for all.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    jetstream: jetstream::Context,
    ca: Option<PathBuf>,
    principal: Principal,
    rights: Rights,
    house: Option<House>,
    seen: watch::Receiver<Seen>,
}

impl ConnectTo {
    /// As this credential, without the proof of durability.
    pub fn new(url: impl Into<String>, credential: &Credential) -> Self {
        Self {
            url: url.into(),
            monitor_url: None,
            ca: None,
            principal: credential.principal,
            seed: credential.seed.clone(),
            house: None,
        }
    }

    /// As one of the services of a process.
    #[must_use]
    pub fn in_house(self, house: &House) -> Self {
        Self { house: Some(house.clone()), ..self }
    }

    /// The same for each server of a cluster alone, without the proof of durability; none where there is one server.
    pub fn each_server(&self) -> Vec<Self> {
        let urls: Vec<_> = self.url.split(',').map(|url| url.trim().to_owned()).collect();
        let one = |url| Self { url, monitor_url: None, house: None, ..self.clone() };
        if urls.len() < 2 { Vec::new() } else { urls.into_iter().map(one).collect() }
    }

    /// By TLS, with this authority, if one is given.
    #[must_use]
    pub fn trusting(self, ca: Option<PathBuf>) -> Self {
        Self { ca, ..self }
    }

    /// With the proof of durability.
    #[must_use]
    pub fn proven_by(self, monitor_url: impl Into<String>) -> Self {
        Self { monitor_url: Some(monitor_url.into()), ..self }
    }
}

impl Bus {
    /// Connects, and refuses a server that is too old, lets anyone in, or (with a monitor's address) is not
    /// durable.
    pub async fn connect(to: &ConnectTo) -> Result<Self, ConnectError> {
        let (tell, seen) = watch::channel(Seen::default());
        let principal = to.principal;
        let mut options = ConnectOptions::with_nkey(to.seed.reveal().to_owned())
            .name(principal.name())
            .custom_inbox_prefix(principal.inbox())
            .ping_interval(PING_EVERY)
            .connection_timeout(CONNECT_LIMIT)
            .request_timeout(None)
            .reconnect_delay_callback(reconnect_pause)
            .event_callback(move |event| {
                note(principal, &event, &tell);
                future::ready(())
            });
        if let Some(ca) = &to.ca {
            options = options.add_root_certificates(ca.clone()).require_tls(true);
        }
        let client = match options.connect(addresses(&to.url)?).await {
            Ok(client) => client,
            Err(error) => return Err(explain(to, &error).await),
        };
        let server = client.server_info();
        if !server.auth_required {
            return Err(ConnectError::Unguarded { url: to.url.clone() });
        }
        if !new_enough(&server.version) {
            return Err(ConnectError::TooOld { url: to.url.clone(), version: server.version });
        }
        let jetstream = ContextBuilder::new().timeout(JETSTREAM_LIMIT).build(client.clone());
        let (rights, house, ca) = (principal.rights(), to.house.clone(), to.ca.clone());
        let bus = Self { inner: Arc::new(Inner { client, jetstream, ca, principal, rights, house, seen }) };
        if let Some(monitor_url) = &to.monitor_url {
            bus.prove_durability(monitor_url).await?;
        }
        Ok(bus)
    }

    /// Proves from the monitor that the server writes to the disk before it confirms.
    ///
    /// Of a cluster give every monitor, with commas between: each that answers must be durable, more than half must
    /// answer, and one must be the server that this connection talks to. One server that is down keeps nobody from
    /// starting.
    pub async fn prove_durability(&self, monitor_url: &str) -> Result<(), NotDurable> {
        let connected_to = self.client().server_info().server_id;
        let urls: Vec<_> = monitor_url.split(',').map(str::trim).collect();
        let ca = self.inner.ca.as_deref();
        let mut looks: FuturesUnordered<_> = urls.iter().map(|url| durable_server(url, ca)).collect();
        let (mut proven, mut silent) = (Vec::new(), None);
        let are_enough = |proven: &[String]| 2 * proven.len() > urls.len() && proven.contains(&connected_to);
        loop {
            let look = if are_enough(&proven) {
                // One that is away answers nobody for seconds: it is not waited for to the end.
                let Ok(look) = tokio::time::timeout(LATE_MONITOR, looks.next()).await else { return Ok(()) };
                look
            } else {
                looks.next().await
            };
            match look {
                Some(Ok(server)) => proven.push(server),
                Some(Err(no_answer @ NotDurable::NoMonitor { .. })) => silent = Some(no_answer),
                Some(Err(other)) => return Err(other),
                None if are_enough(&proven) => return Ok(()),
                None => {
                    return Err(
                        silent.unwrap_or_else(|| NotDurable::OtherServer { url: monitor_url.to_owned() })
                    );
                }
            }
        }
    }

    /// Whose rights this connection has.
    pub fn principal(&self) -> Principal {
        self.inner.principal
    }

    /// Whether the server is there at this moment.
    pub fn is_connected(&self) -> bool {
        self.client().connection_state() == async_nats::connection::State::Connected
    }

    /// How often the server went away.
    pub fn losses(&self) -> u64 {
        self.inner.seen.borrow().losses
    }

    /// How often the server denied something on this connection. More than none is a fault of the code or of
    /// the rights.
    ///
    /// A denied publish or request fails in no other way than this; it is logged with its subject. Of more
    /// than a hundred at once some may go uncounted. An answer that came too late for a server that has come back
    /// is denied and no fault: it is not counted.
    pub fn violations(&self) -> u64 {
        self.inner.seen.borrow().violations
    }

    /// The server's words on the last thing it denied.
    pub fn last_violation(&self) -> Option<String> {
        self.inner.seen.borrow().last_violation.clone()
    }

    /// Waits until the server has denied at least `count` things.
    pub async fn violated(&self, count: u64) {
        // The other end goes only with the connection, and then nothing more is denied.
        let _ = self.inner.seen.clone().wait_for(|seen| seen.violations >= count).await;
    }

    /// Asks and waits for the answer; not to the end when the server goes away meanwhile, for what was on its
    /// way is lost then.
    pub async fn request(
        &self,
        subject: &str,
        payload: Bytes,
        within: Duration,
    ) -> Result<Message, RequestError> {
        let asked = Instant::now();
        let payload = match self.ask_in_house(subject, payload) {
            InHouse::Asked(answered) => {
                // Who drops a request without an answer may have begun with it.
                let answer = tokio::time::timeout(within, answered).await.ok().and_then(Result::ok);
                let subject = subject.to_owned();
                return answer.ok_or_else(|| RequestError::TimedOut { subject, within: asked.elapsed() });
            }
            InHouse::Full => return Err(RequestError::Busy { subject: subject.to_owned() }),
            InHouse::AskTheServer(payload) => payload,
        };
        let answer = tokio::select! {
            answer = self.client().request(Subject::from(subject), payload) => Ok(answer),
            () = tokio::time::sleep(within) => Err(within),
            () = self.lost() => Err(asked.elapsed()),
        };
        let subject = subject.to_owned();
        match answer {
            Ok(Ok(message)) => Ok(Message::from_server(message)),
            Err(within) => Err(RequestError::TimedOut { subject, within }),
            Ok(Err(error)) => Err(match error.kind() {
                RequestErrorKind::NoResponders => RequestError::NoResponder { subject },
                RequestErrorKind::TimedOut => RequestError::TimedOut { subject, within },
                _ => RequestError::NotSent { subject, reason: error.to_string() },
            }),
        }
    }

    /// Hands a request to another service of the process, if one answers it and this principal may ask. Where the right
    /// is missing the server is asked, which denies it and says so.
    fn ask_in_house(&self, subject: &str, payload: Bytes) -> InHouse {
        let Some(house) = self.inner.house.as_ref().filter(|_| self.inner.rights.may_publish(subject)) else {
            return InHouse::AskTheServer(payload);
        };
        let (request, answered) = Message::in_house(subject, payload);
        match house.hand_over(request) {
            HandedOver::Yes => InHouse::Asked(answered),
            HandedOver::Full => InHouse::Full,
            HandedOver::Nobody(request) => InHouse::AskTheServer(request.payload().clone()),
        }
    }

    /// What this process stores in a stream from now on ([`House::stored`]); `None` outside of a process of services.
    pub fn stored(&self, stream: &'static str) -> Option<broadcast::Receiver<Arc<[Stored]>>> {
        self.inner.house.as_ref().map(|house| house.stored(stream))
    }

    /// Tells who follows a stream in this process what was stored in it, so that he need not read it.
    pub fn tell_stored(&self, stream: &'static str, stored: &[Stored]) {
        if let Some(house) = self.inner.house.as_ref().filter(|_| !stored.is_empty()) {
            house.tell_stored(stream, stored);
        }
    }

    /// The name of the server that it talks to, at this moment.
    pub fn server_name(&self) -> String {
        self.client().server_info().server_name
    }

    /// Waits until the server has gone away from now on, and a little longer.
    async fn lost(&self) {
        let mut seen = self.inner.seen.clone();
        let before = seen.borrow().losses;
        // The other end goes only with the connection, which ends the request by itself.
        if seen.wait_for(|seen| seen.losses > before).await.is_err() {
            future::pending::<()>().await;
        }
        tokio::time::sleep(ANSWER_AFTER_LOSS).await;
    }

    /// Sends without waiting for anyone. Whether the server allowed it shows only in [`Bus::violations`].
    pub async fn publish(&self, subject: &str, payload: Bytes) -> Result<(), SendError> {
        bounded(subject, SEND_LIMIT, self.client().publish(Subject::from(subject), payload)).await
    }

    /// Subscribes; when it returns, the server has taken note.
    pub async fn subscribe(&self, subject: &str) -> Result<Subscription, SendError> {
        let subscribing = self.client().subscribe(Subject::from(subject));
        let subscription = bounded(subject, SEND_LIMIT, subscribing).await?;
        self.flush().await?;
        Ok(Subscription::new(subscription, None))
    }

    /// Subscribes as one of a group, of which one gets each message; when it returns, the server has taken
    /// note. What other services of the process ask comes to it without the server.
    pub async fn queue_subscribe(&self, subject: &str, group: &str) -> Result<Subscription, SendError> {
        let subscribing = self.client().queue_subscribe(Subject::from(subject), group.to_owned());
        let subscription = bounded(subject, SEND_LIMIT, subscribing).await?;
        self.flush().await?;
        let house = self.inner.house.as_ref().filter(|_| self.inner.rights.may_subscribe(subject));
        Ok(Subscription::new(subscription, house.map(|house| house.listen(subject))))
    }

    /// Waits until the server has processed all that this connection sent before.
    pub async fn flush(&self) -> Result<(), SendError> {
        // The client's own flush only empties its buffer into the socket; a message to oneself goes there and
        // back.
        let inbox = Subject::from(self.client().new_inbox());
        let there_and_back = async {
            let mut back = self.client().subscribe(inbox.clone()).await.map_err(|error| error.to_string())?;
            self.client().publish(inbox, Bytes::new()).await.map_err(|error| error.to_string())?;
            back.next().await.map(|_| ()).ok_or_else(|| "the connection is closed".to_owned())
        };
        bounded("what is queued", ROUND_TRIP_LIMIT, there_and_back).await
    }

    /// Sends what is queued, lets subscriptions run dry and ends the connection, for all clones.
    pub async fn close(&self) -> Result<(), SendError> {
        let mut seen = self.inner.seen.clone();
        if seen.borrow().closed {
            return Ok(());
        }
        bounded("the end of the connection", ROUND_TRIP_LIMIT, async {
            self.flush().await.map_err(|error| error.to_string())?;
            self.client().drain().await.map_err(|error| error.to_string())?;
            seen.wait_for(|seen| seen.closed).await.map(|_| ()).map_err(|error| error.to_string())
        })
        .await
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn jetstream(&self) -> &jetstream::Context {
        &self.inner.jetstream
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("principal", &self.principal()).finish_non_exhaustive()
    }
}

/// What became of a request within the process.
enum InHouse {
    Asked(oneshot::Receiver<Message>),
    Full,
    AskTheServer(Bytes),
}

async fn bounded<T, E: fmt::Display>(
    what: &str,
    within: Duration,
    sending: impl Future<Output = Result<T, E>>,
) -> Result<T, SendError> {
    match tokio::time::timeout(within, sending).await {
        Ok(Ok(sent)) => Ok(sent),
        Ok(Err(error)) => Err(SendError::Refused { what: what.to_owned(), reason: error.to_string() }),
        Err(_) => Err(SendError::TimedOut { what: what.to_owned(), within }),
    }
}

/// At once, then ever longer, never long: the server is one of ours and comes back soon.
fn reconnect_pause(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt).unwrap_or(u32::MAX).min(16);
    if doublings <= 1 {
        Duration::ZERO
    } else {
        Duration::from_millis(1 << doublings).min(LONGEST_RECONNECT_PAUSE)
    }
}
