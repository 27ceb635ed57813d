//! The quickest reader that JetStream has, spoken by hand: a pull consumer that acknowledges nothing.
//!
//! No principal of Concord may make a consumer of its own, so this is a server with nobody's rights, and the protocol
//! on a plain connection: nothing that a client library does stands between the server and the count.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use bus::server::find_binary;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{Child, Command},
    time::timeout,
};

use crate::Failure;

const STREAM: &str = "READ";
const INBOX: &str = "inbox";
const LIMIT: Duration = Duration::from_secs(30);

/// How many messages are published before it is asked whether they have arrived.
const ROUND: u64 = 5_000;

/// A server, and a connection to it. Dropped, the server is killed and its store removed.
pub struct Nats {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    /// How often the stream was read.
    readers: u32,
    // Before the directory, so that it ends before its store goes.
    _server: Child,
    _dir: TempDir,
}

/// A message, as far as it is looked at.
struct Message {
    /// The status line of the server's own messages.
    status: Option<String>,
    payload: Vec<u8>,
}

impl Nats {
    /// Starts the server and connects.
    pub async fn start() -> Result<Self, Failure> {
        let dir = tempfile::Builder::new().prefix("concord-bench-").tempdir()?;
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let server = serve(dir.path(), address).await?;
        let began = Instant::now();
        let stream = loop {
            match TcpStream::connect(address).await {
                Ok(stream) => break stream,
                Err(_) if began.elapsed() < LIMIT => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(error) => return Err(error.into()),
            }
        };
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let hello = format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}}\r\n\
             SUB {INBOX}.* 1\r\n"
        );
        write.write_all(hello.as_bytes()).await?;
        let read = BufReader::with_capacity(256 * 1024, read);
        Ok(Self { read, write, readers: 0, _server: server, _dir: dir })
    }

    /// Makes a stream of so many messages of so many bytes.
    pub async fn fill(&mut self, count: u64, bytes: usize) -> Result<(), Failure> {
        let config = format!("{{\"name\":\"{STREAM}\",\"subjects\":[\"r.>\"],\"storage\":\"file\"}}");
        self.ask(&format!("$JS.API.STREAM.CREATE.{STREAM}"), &config).await?;
        let (payload, size) = ("x".repeat(bytes), bytes.to_string());
        let mut out = String::new();
        for number in 1..=count {
            // Only the last of a round asks for an answer; those before it are stored when it is.
            let last = number.is_multiple_of(ROUND) || number == count;
            let reply = if last { format!("{INBOX}.a ") } else { String::new() };
            out.extend(["PUB r.", &number.to_string(), " ", &reply, &size, "\r\n", &payload, "\r\n"]);
            if last {
                self.write.write_all(out.as_bytes()).await?;
                out.clear();
                self.next().await?;
            }
        }
        Ok(())
    }

    /// Reads the whole stream with a consumer of its own; says how many messages there were.
    pub async fn pull(&mut self, batch: u64) -> Result<u64, Failure> {
        // Each time another one: an earlier one has read everything.
        self.readers += 1;
        let name = format!("c{}", self.readers);
        let consumer = format!(
            "{{\"stream_name\":\"{STREAM}\",\"config\":{{\"name\":\"{name}\",\"ack_policy\":\"none\",\
             \"deliver_policy\":\"all\",\"inactive_threshold\":60000000000}}}}"
        );
        self.ask(&format!("$JS.API.CONSUMER.CREATE.{STREAM}.{name}"), &consumer).await?;
        let mut read = 0;
        loop {
            let pull = format!("{{\"batch\":{batch},\"no_wait\":true}}");
            self.publish(&format!("$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}"), &pull).await?;
            let mut came = 0;
            while came < batch {
                match self.next().await?.status {
                    None => came += 1,
                    // No more messages, or fewer than were asked for.
                    Some(status) if status.contains(" 404") || status.contains(" 408") => break,
                    Some(status) => return Err(format!("the server answered {status}").into()),
                }
            }
            read += came;
            if came < batch {
                return Ok(read);
            }
        }
    }

    async fn ask(&mut self, subject: &str, payload: &str) -> Result<(), Failure> {
        self.publish(subject, payload).await?;
        let answer = String::from_utf8_lossy(&self.next().await?.payload).into_owned();
        if answer.contains("\"error\"") { Err(answer.into()) } else { Ok(()) }
    }

    async fn publish(&mut self, subject: &str, payload: &str) -> io::Result<()> {
        let line = format!("PUB {subject} {INBOX}.a {}\r\n{payload}\r\n", payload.len());
        self.write.write_all(line.as_bytes()).await
    }

    async fn next(&mut self) -> Result<Message, Failure> {
        loop {
            let message = timeout(LIMIT, receive(&mut self.read)).await??;
            match message {
                Some(message) => return Ok(message),
                None => self.write.write_all(b"PONG\r\n").await?,
            }
        }
    }
}

/// The next message; none for a ping.
async fn receive(read: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Message>, Failure> {
    loop {
        let mut line = String::new();
        if read.read_line(&mut line).await? == 0 {
            return Err("the server has closed the connection".into());
        }
        let mut words = line.split_whitespace();
        let (kind, sizes) = match words.next() {
            Some("PING") => return Ok(None),
            Some("-ERR") => return Err(line.into()),
            Some(kind @ ("MSG" | "HMSG")) => (kind, words.rev().collect::<Vec<_>>()),
            _ => continue,
        };
        let size = |place: usize| sizes.get(place).and_then(|size| size.parse::<usize>().ok());
        let total = size(0).ok_or_else(|| format!("a message without a size: {line}"))?;
        let head = if kind == "HMSG" { size(1).unwrap_or_default().min(total) } else { 0 };
        let mut payload = vec![0; total + 2];
        read.read_exact(&mut payload).await?;
        payload.truncate(total);
        let body = payload.split_off(head);
        let status = String::from_utf8_lossy(&payload).lines().next().map(str::to_owned);
        // A header of the server's own has a status behind the version.
        let status = status.filter(|status| status.len() > "NATS/1.0".len());
        return Ok(Some(Message { status, payload: body }));
    }
}

async fn serve(dir: &Path, address: SocketAddr) -> Result<Child, Failure> {
    let config = dir.join("nats.conf");
    let store = dir.join("store");
    fs::write(
        &config,
        format!("listen: \"{address}\"\njetstream {{ store_dir: \"{}\" }}\n", store.display()),
    )?;
    let mut command = Command::new(find_binary(None).await?);
    command.arg("-c").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.kill_on_drop(true).spawn()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_read_with_and_without_headers() {
        let wire = "INFO {}\r\nMSG inbox.a 1 5\r\nhello\r\nPING\r\nHMSG inbox.a 1 16 16\r\nNATS/1.0 404\r\n\r\n\r\n\
                    HMSG inbox.a 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n";
        let mut read = BufReader::new(wire.as_bytes());
        let first = receive(&mut read).await.unwrap().unwrap();
        assert_eq!((first.status, first.payload.as_slice()), (None, &b"hello"[..]));
        assert!(receive(&mut read).await.unwrap().is_none());
        let second = receive(&mut read).await.unwrap().unwrap();
        assert_eq!(second.status.as_deref(), Some("NATS/1.0 404"));
        let third = receive(&mut read).await.unwrap().unwrap();
        assert_eq!((third.status, third.payload.as_slice()), (None, &b"hi"[..]));
    }

    #[tokio::test]
    async fn a_stream_is_read_to_its_end() {
        let mut nats = Nats::start().await.unwrap();
        nats.fill(2_500, 100).await.unwrap();
        assert_eq!(nats.pull(1_000).await.unwrap(), 2_500);
    }
}
