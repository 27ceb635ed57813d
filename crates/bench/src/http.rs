//! HTTP/1.1 for as little processor time as possible: one kept connection, one request at a time, an answer read only
//! as far as it is needed.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Longer than the system takes for any request.
const LIMIT: Duration = Duration::from_secs(45);

/// A kept connection.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    inbox: Vec<u8>,
}

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// The head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    body_at: usize,
    length: usize,
}

impl Line {
    /// Connects.
    pub async fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, inbox: Vec::with_capacity(32 * 1024) })
    }

    /// Sends a request and reads its whole answer. After an error the line is not to be used again.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        let head = timeout(LIMIT, self.transfer(request)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Answer { status: head.status, body: &self.inbox[head.body_at..head.body_at + head.length] })
    }

    async fn transfer(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        self.inbox.clear();
        let mut head = None;
        loop {
            if self.stream.read_buf(&mut self.inbox).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if head.is_none() {
                head = read_head(&self.inbox)?;
            }
            if let Some(head) = head.filter(|head| self.inbox.len() >= head.body_at + head.length) {
                return Ok(head);
            }
        }
    }
}

/// Reads the head of an answer, once it is there as a whole.
fn read_head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "not an answer of HTTP/1.1 with a length");
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| bad())?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok(Some(Head { status: status.ok_or_else(bad)?, body_at: end + 4, length: length.ok_or_else(bad)? }))
}

/// Where something first stands.
fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The text behind a prefix, up to the next quotation mark: a field of an answer, without reading all of it.
pub fn field<'a>(body: &'a [u8], prefix: &str) -> Option<&'a str> {
    let rest = &body[find(body, prefix.as_bytes())? + prefix.len()..];
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// Reads once, over a connection of its own, as much as comes.
pub async fn get(from: SocketAddr, path: &str) -> io::Result<String> {
    let asked = async {
        let mut stream = TcpStream::connect(from).await?;
        // HTTP/1.0: the answer ends with the connection, and comes in one piece.
        let request = format!("GET {path} HTTP/1.0\r\nHost: {from}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
        match head.split(' ').nth(1) {
            Some("200") => Ok(body.to_owned()),
            status => Err(io::Error::other(format!("{path}: {}", status.unwrap_or("no status")))),
        }
    };
    timeout(LIMIT, asked).await.map_err(|_| io::ErrorKind::TimedOut)?
}

/// The bytes of a POST of JSON by the holder of a token, written over what the buffer held.
pub fn post(buffer: &mut Vec<u8>, path: [&str; 3], token: &str, key: [&str; 3], body: [&str; 3]) {
    let length = body.iter().map(|part| part.len()).sum::<usize>().to_string();
    buffer.clear();
    let start =
        ["POST ", path[0], path[1], path[2], " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ", token];
    let headers = [
        "\r\nContent-Type: application/json\r\nIdempotency-Key: ",
        key[0],
        key[1],
        key[2],
        "\r\nContent-Length: ",
        &length,
        "\r\n\r\n",
    ];
    for part in start.iter().chain(&headers).chain(&body) {
        buffer.extend_from_slice(part.as_bytes());
    }
}

/// The bytes of a GET by the holder of a token.
pub fn read_as(token: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nETag: \"3\"\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(read_head(&answer[..40]).unwrap(), None);
        let head = read_head(answer).unwrap().unwrap();
        assert_eq!((head.status, head.length), (201, 5));
        assert_eq!(&answer[head.body_at..], b"hello");
    }

    #[test]
    fn an_answer_without_a_length_is_an_error() {
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn a_field_is_found_behind_its_prefix() {
        let body = br#"{"event":"e1","version":3,"case":{"id":"c1"}}"#;
        assert_eq!(field(body, r#""event":""#), Some("e1"));
        assert_eq!(field(body, r#""case":{"id":""#), Some("c1"));
        assert_eq!(field(body, r#""code":""#), None);
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let mut buffer = b"what was here before".to_vec();
        post(&mut buffer, ["/cases", "/c1", "/act"], "t", ["1", "-", "2"], ["{\"n\":", "7", "}"]);
        let text = String::from_utf8(buffer).unwrap();
        assert!(text.starts_with("POST /cases/c1/act HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("\r\nIdempotency-Key: 1-2\r\n"), "{text}");
        assert!(text.ends_with("\r\nContent-Length: 7\r\n\r\n{\"n\":7}"), "{text}");
    }
}
