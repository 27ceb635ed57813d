//! A look at a server from outside: how it greets on its port, and one GET from its monitor.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::tls;

/// How long a look may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(1);

/// Larger answers than any we ask for are cut off.
const LARGEST: u64 = 1 << 20;

/// Whether the other end opens as a NATS server does.
pub(crate) async fn greets(stream: &mut TcpStream) -> bool {
    let mut greeting = [0; 5];
    let read = tokio::time::timeout(LIMIT, stream.read_exact(&mut greeting)).await;
    matches!(read, Ok(Ok(_))) && &greeting == b"INFO "
}

/// Fetches `path` and answers the body of a 200; everything else is an error that says what came. A monitor that is
/// reached by `https://` must show a certificate that `ca` has signed.
///
/// It speaks HTTP/1.0 on purpose: the server then sends the body as it is and closes, where it would cut a
/// long one such as `/varz` into chunks for HTTP/1.1.
pub(crate) async fn get(
    monitor_url: &str,
    path: &str,
    ca: Option<&Path>,
    limit: Duration,
) -> io::Result<Vec<u8>> {
    let answer = tokio::time::timeout(limit, exchange(monitor_url, path, ca)).await;
    answer.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")))
}

async fn exchange(monitor_url: &str, path: &str, ca: Option<&Path>) -> io::Result<Vec<u8>> {
    let (secure, authority) = authority(monitor_url)?;
    let stream = TcpStream::connect(authority).await?;
    match (secure, ca) {
        (false, _) => ask(stream, authority, path).await,
        (true, Some(ca)) => ask(tls::over(stream, authority, ca).await?, authority, path).await,
        (true, None) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "an https address needs the certificate that signed the server's: set [nats] ca",
        )),
    }
}

async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    authority: &str,
    path: &str,
) -> io::Result<Vec<u8>> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: {authority}\r\nAccept: application/json\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer).await?;
    body(&answer).map(<[u8]>::to_vec)
}

/// Whether an address such as `http://127.0.0.1:18222/` is to be asked by TLS, and its `host:port`.
fn authority(monitor_url: &str) -> io::Result<(bool, &str)> {
    let secure = monitor_url.strip_prefix("https://");
    let authority = secure.or_else(|| monitor_url.strip_prefix("http://")).unwrap_or(monitor_url);
    let authority = authority.trim_end_matches('/');
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port && !authority.contains('/') {
        Ok((secure.is_some(), authority))
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the address must look like http://127.0.0.1:18222"))
    }
}

fn body(answer: &[u8]) -> io::Result<&[u8]> {
    let strange = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(|| strange("the answer is not HTTP".to_owned()))?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let status_line = head.lines().next().unwrap_or_default();
    match status_line.split(' ').nth(1) {
        Some("200") if status_line.starts_with("HTTP/1.") => Ok(&answer[end + 4..]),
        _ => Err(strange(format!("it answered {status_line}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_its_port() {
        assert_eq!(authority("http://127.0.0.1:18222/").unwrap(), (false, "127.0.0.1:18222"));
        assert_eq!(authority("https://nats-1:8222").unwrap(), (true, "nats-1:8222"));
        assert_eq!(authority("127.0.0.1:18222").unwrap(), (false, "127.0.0.1:18222"));
        for wrong in ["http://127.0.0.1", "ftp://127.0.0.1:18222", "http://127.0.0.1:18222/varz", ""] {
            assert!(authority(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_success_has_a_body() {
        assert_eq!(body(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}").unwrap(), b"{}");
        let refused = body(b"HTTP/1.0 503 Service Unavailable\r\n\r\n{}").unwrap_err().to_string();
        assert_eq!(refused, "it answered HTTP/1.0 503 Service Unavailable");
        assert!(body(b"INFO {}\r\n").is_err());
        assert!(body(b"SSH-2.0 200 \r\n\r\n").is_err());
    }
}
