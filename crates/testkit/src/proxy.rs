//! A TCP proxy between a client and its server: it cuts, stalls and slows the line when told.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// The most bytes that are passed on at a time.
const PIECE: usize = 64 * 1024;

/// In so many pieces a second a slow line passes on what it may.
const PIECES: u32 = 50;

/// How the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// It passes everything on.
    Open,
    /// It is cut: every connection is closed, new ones are closed at once.
    Cut,
    /// It stands still: connections stay, new ones are accepted, and nothing passes.
    Stalled,
    /// It passes on so many bytes a second, each way of each connection.
    Slow(NonZeroU32),
}

/// The proxy. Dropped, it closes everything.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
    carried: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1 for what is to go to `target`.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the proxy listens");
        let address = listener.local_addr().expect("the proxy has an address");
        let (line, carried) = (watch::Sender::new(Line::Open), Arc::new(AtomicUsize::new(0)));
        let accepting = tokio::spawn(accept(listener, target, line.clone(), Arc::clone(&carried)));
        Self { address, line, carried, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes the line so.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// How many connections it carries now.
    pub fn carried(&self) -> usize {
        self.carried.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Line::Cut);
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    line: watch::Sender<Line>,
    carried: Arc<AtomicUsize>,
) {
    while let Ok((client, _)) = listener.accept().await {
        if *line.borrow() == Line::Cut {
            continue;
        }
        let (line, carried) = (line.subscribe(), Arc::clone(&carried));
        tokio::spawn(async move {
            carried.fetch_add(1, Ordering::Relaxed);
            carry(client, target, line).await;
            carried.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Carries one connection until one of its ends closes it or the line is cut.
async fn carry(client: TcpStream, target: SocketAddr, mut line: watch::Receiver<Line>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    for end in [&client, &server] {
        if end.set_nodelay(true).is_err() {
            return;
        }
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (there, back) = (line.clone(), line.clone());
    tokio::select! {
        () = pass(from_client, to_server, there) => {}
        () = pass(from_server, to_client, back) => {}
        // The proxy itself has gone, or the line is cut.
        _ = line.wait_for(|line| *line == Line::Cut) => {}
    }
}

/// Passes on one direction.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
    let mut buffer = vec![0; PIECE];
    loop {
        // What stands still is not even read: the sender's own buffers fill, as on a real line.
        let Ok(state) = line.wait_for(|line| *line != Line::Stalled).await.map(|line| *line) else { return };
        let most = match state {
            Line::Slow(rate) => {
                tokio::time::sleep(Duration::from_secs(1) / PIECES).await;
                usize::try_from(rate.get().div_ceil(PIECES)).unwrap_or(PIECE).min(PIECE)
            }
            Line::Open | Line::Cut | Line::Stalled => PIECE,
        };
        let read = tokio::select! {
            read = from.read(&mut buffer[..most]) => read,
            // Looked at again: what comes from now on is for the new state.
            changed = line.changed() => if changed.is_ok() { continue } else { return },
        };
        let Ok(bytes @ 1..) = read else { return };
        if line.wait_for(|line| *line != Line::Stalled).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..bytes]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says back what it hears, and a client of it through a proxy.
    async fn echo() -> (Proxy, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        let proxy = Proxy::to(target).await;
        let client = TcpStream::connect(proxy.address()).await.unwrap();
        (proxy, client)
    }

    async fn says(client: &mut TcpStream, word: &[u8]) -> std::io::Result<Vec<u8>> {
        client.write_all(word).await?;
        let mut heard = vec![0; word.len()];
        client.read_exact(&mut heard).await?;
        Ok(heard)
    }

    #[tokio::test]
    async fn an_open_line_passes_everything_on_and_a_cut_one_ends() {
        let (proxy, mut client) = echo().await;
        assert_eq!(says(&mut client, b"word").await.unwrap(), b"word");
        assert_eq!(proxy.carried(), 1);
        proxy.set(Line::Cut);
        assert!(says(&mut client, b"word").await.is_err());
        let mut new = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(says(&mut new, b"word").await.is_err());
        proxy.set(Line::Open);
        let mut new = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(says(&mut new, b"again").await.unwrap(), b"again");
    }

    #[tokio::test]
    async fn a_stalled_line_loses_nothing_and_says_nothing() {
        let (proxy, mut client) = echo().await;
        assert_eq!(says(&mut client, b"word").await.unwrap(), b"word");
        proxy.set(Line::Stalled);
        client.write_all(b"later").await.unwrap();
        let mut heard = [0; 5];
        let waited = Duration::from_millis(200);
        assert!(tokio::time::timeout(waited, client.read_exact(&mut heard)).await.is_err());
        proxy.set(Line::Open);
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"later");
    }

    #[tokio::test]
    async fn a_slow_line_takes_its_time() {
        let (proxy, mut client) = echo().await;
        proxy.set(Line::Slow(NonZeroU32::new(20_000).unwrap()));
        let began = tokio::time::Instant::now();
        assert_eq!(says(&mut client, &[7; 8_000]).await.unwrap(), [7; 8_000]);
        assert!(began.elapsed() >= Duration::from_millis(350), "{:?}", began.elapsed());
    }
}
