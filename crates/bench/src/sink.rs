//! A relay that takes every mail, on a thread of its own so that its share of the processor can be told apart.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::relay::Tally;

/// The relay. It works until the process ends.
#[derive(Debug)]
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its thread, as [`crate::usage::Meter`] wants it.
    pub thread: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    taken: AtomicU64,
    /// How often each Message-ID came.
    mails: Mutex<HashMap<String, u32>>,
    /// When the mails of each thread were answered with 250.
    threads: Mutex<HashMap<String, Vec<Instant>>>,
    /// Told of every 250.
    answered: Notify,
}

/// What is kept of a mail.
#[derive(Debug, Default)]
struct Kept {
    id: String,
    /// What stands before the `@` of `References`.
    thread: String,
}

impl Sink {
    /// Starts it on a free port.
    pub fn start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (said, name) = std::sync::mpsc::channel();
        let own = shared.clone();
        thread::Builder::new().name("relay".to_owned()).spawn(move || {
            // Whoever started us waits for it.
            let _ = said.send(crate::usage::this_thread());
            runtime.block_on(accept(listener, own))
        })?;
        let thread = name.recv().map_err(io::Error::other)?;
        Ok(Self { address, thread, shared })
    }

    /// How many mails were answered with 250.
    pub fn taken(&self) -> u64 {
        self.shared.taken.load(Ordering::Acquire)
    }

    /// How many Message-IDs came more than once.
    pub fn doubled(&self) -> usize {
        let mails = self.shared.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.values().filter(|times| **times > 1).count()
    }

    /// All mails that were answered with 250, and when.
    pub fn tally(&self) -> Tally {
        let threads = self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let all = || threads.values().flatten().copied();
        Tally { mails: all().count() as u64, first: all().min().map(|first| (first, 1)), last: all().max() }
    }

    /// When the mails of a thread were answered with 250, those that have come.
    pub fn thread(&self, thread: &str) -> Vec<Instant> {
        let threads = self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.get(thread).cloned().unwrap_or_default()
    }

    /// The same, once so many have come.
    pub async fn thread_of(&self, thread: &str, mails: usize) -> Vec<Instant> {
        loop {
            let answered = self.shared.answered.notified();
            let came = self.thread(thread);
            if came.len() >= mails {
                return came;
            }
            answered.await;
        }
    }
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let shared = shared.clone();
        tokio::spawn(async move {
            // A client that goes away has said all it had to say.
            let _ = talk(stream, &shared).await;
        });
    }
}

async fn talk(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::with_capacity(16 * 1024, read);
    write.write_all(b"220 relay ESMTP\r\n").await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if read.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
        let answer: &[u8] = match verb.as_slice() {
            b"EHLO" => b"250-relay\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            b"DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mail = take(&mut read, &mut line).await?;
                shared.keep(mail.id);
                write.write_all(b"250 taken\r\n").await?;
                shared.answered(mail.thread);
                continue;
            }
            b"QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => b"250 ok\r\n",
        };
        write.write_all(answer).await?;
    }
}

/// Reads a message up to the lonely dot.
async fn take(read: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> io::Result<Kept> {
    let mut kept = Kept::default();
    let mut in_head = true;
    loop {
        line.clear();
        if read.read_until(b'\n', line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.as_slice() {
            b".\r\n" => return Ok(kept),
            b"\r\n" => in_head = false,
            line if in_head => {
                if let Some(id) = value(line, b"message-id:") {
                    kept.id = id;
                } else if let Some(references) = value(line, b"references:") {
                    let thread = references.trim_start_matches('<').split('@').next();
                    thread.unwrap_or_default().clone_into(&mut kept.thread);
                }
            }
            _ => {}
        }
    }
}

/// The value of a header, if the line is this header.
fn value(line: &[u8], name: &[u8]) -> Option<String> {
    let (head, rest) = line.split_at_checked(name.len())?;
    head.eq_ignore_ascii_case(name).then(|| String::from_utf8_lossy(rest).trim().to_owned())
}

impl Shared {
    fn keep(&self, id: String) {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        *mails.entry(id).or_default() += 1;
        self.taken.fetch_add(1, Ordering::Release);
    }

    fn answered(&self, thread: String) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.entry(thread).or_default().push(Instant::now());
        self.answered.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_is_counted_once_and_a_double_is_noticed() {
        let sink = Sink::start().unwrap();
        for expected in [(1, 0), (2, 1)] {
            let stream = TcpStream::connect(sink.address).await.unwrap();
            let mut stream = BufReader::new(stream);
            let said = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nMessage-ID: <1@x>\r\nReferences: <c7@x>\r\n\r\nhello\r\n.\r\nQUIT\r\n";
            stream.get_mut().write_all(said.as_bytes()).await.unwrap();
            let mut answers = Vec::new();
            let mut line = String::new();
            while stream.read_line(&mut line).await.unwrap() > 0 {
                answers.push(std::mem::take(&mut line));
            }
            assert!(answers.last().unwrap().starts_with("221"), "{answers:?}");
            assert_eq!((sink.taken(), sink.doubled()), expected);
            let mails = usize::try_from(expected.0).unwrap();
            assert_eq!(sink.thread_of("c7", mails).await.len(), mails);
        }
    }
}
