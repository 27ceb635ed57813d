//! The two ways to a TLS line on a socket of our own (lettre's own connector leaves Nagle's algorithm on).
#![expect(deprecated, reason = "lettre 0.11 has no other way to begin TLS on a given socket")]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead as _, AsyncWrite as _};
use lettre::transport::smtp::client::{
    AsyncNetworkStream, AsyncSmtpConnection, AsyncTokioStream, TlsParameters,
};
use lettre::transport::smtp::{Error, extension::ClientId};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// TLS before the greeting.
pub(super) async fn implicit(
    tcp: TcpStream,
    tls: TlsParameters,
    hello: &ClientId,
) -> Result<AsyncSmtpConnection, Error> {
    let mut stream = AsyncNetworkStream::use_existing_tokio1(Box::new(tcp));
    stream.upgrade_tls(tls).await?;
    AsyncSmtpConnection::connect_with_transport(Box::new(Encrypted(stream)), hello).await
}

/// Greeting in the clear, then TLS, then EHLO anew.
pub(super) async fn starttls(
    tcp: TcpStream,
    tls: TlsParameters,
    hello: &ClientId,
) -> Result<AsyncSmtpConnection, Error> {
    let (stream, trusted) = Sipping::new(tcp);
    let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello).await?;
    connection.starttls(tls, hello).await?;
    trusted.store(true, Ordering::Relaxed);
    Ok(connection)
}

/// lettre's encrypted stream, in tokio's terms.
#[derive(Debug)]
struct Encrypted(AsyncNetworkStream);

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.0).poll_read(cx, buf.initialize_unfilled()))?;
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

/// Reads one byte at a time until the line is trusted.
///
/// lettre keeps what it has read ahead when it begins TLS. Whoever sits on the wire could slip answers in
/// behind the plaintext answer to STARTTLS, and they would count as said inside TLS: even a 250 for a mail
/// that never arrived. Read byte by byte, nothing is read ahead, and what was slipped in spoils the TLS
/// handshake instead.
#[derive(Debug)]
struct Sipping {
    tcp: TcpStream,
    trusted: Arc<AtomicBool>,
}

impl Sipping {
    fn new(tcp: TcpStream) -> (Sipping, Arc<AtomicBool>) {
        let trusted = Arc::new(AtomicBool::new(false));
        (Sipping { tcp, trusted: trusted.clone() }, trusted)
    }
}

impl AsyncTokioStream for Sipping {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}

impl AsyncRead for Sipping {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.trusted.load(Ordering::Relaxed) {
            return Pin::new(&mut self.tcp).poll_read(cx, buf);
        }
        let mut byte = [0];
        let mut sip = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut sip))?;
        buf.put_slice(sip.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sipping {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers up to STARTTLS, and in one breath with that answer all those that a whole delivery would want.
    async fn wire_tapper(listener: TcpListener) -> io::Result<()> {
        let (stream, _) = listener.accept().await?;
        let mut stream = BufReader::new(stream);
        let forged = "220 go\r\n250 hello\r\n250 sender\r\n250 recipient\r\n354 go\r\n250 queued as X\r\n";
        for answer in ["220 relay\r\n", "250-relay\r\n250 STARTTLS\r\n", forged] {
            stream.write_all(answer.as_bytes()).await?;
            stream.read_line(&mut String::new()).await?;
        }
        std::future::pending().await
    }

    #[tokio::test]
    async fn answers_slipped_in_before_tls_are_not_believed_after_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let tapper = tokio::spawn(wire_tapper(listener));
        let tls = TlsParameters::new("localhost".to_owned()).unwrap();
        let hello = ClientId::Domain("dieuphoi.example".into());
        let attempt = tokio::time::timeout(Duration::from_secs(10), starttls(tcp, tls, &hello));
        let error =
            attempt.await.expect("the forged answers reach the handshake and spoil it").err().unwrap();
        assert!(error.to_string().contains("corrupt message"), "{error}");
        tapper.abort();
    }
}
