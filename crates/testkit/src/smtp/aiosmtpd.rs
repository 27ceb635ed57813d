//! A real SMTP server of other make, as a child process.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Mail, certificate};

/// How an [`AioSmtpd`] protects its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Not at all.
    None,
    /// STARTTLS, without which it takes no mail.
    Starttls,
    /// TLS from the first byte.
    Implicit,
}

/// The Python server aiosmtpd, with a Maildir. `cargo xtask setup` installs it under `.tools/python`.
#[derive(Debug)]
pub struct AioSmtpd {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl AioSmtpd {
    /// Starts one on a free port and waits until it greets.
    ///
    /// # Panics
    ///
    /// If Python or aiosmtpd is not there, or it does not greet within ten seconds.
    pub async fn start() -> AioSmtpd {
        AioSmtpd::start_with(Protection::None).await
    }

    /// Starts one with a fresh certificate for the name `localhost` (not for 127.0.0.1), signed by itself.
    ///
    /// # Panics
    ///
    /// As [`AioSmtpd::start`], or if openssl is not there.
    pub async fn start_with(protection: Protection) -> AioSmtpd {
        let folder = TempDir::new().expect("a folder for aiosmtpd");
        if protection != Protection::None {
            certificate::make(folder.path());
        }
        // Between finding a free port and binding it, another process may take it.
        for _ in 0..3 {
            let probe = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = probe.local_addr().expect("the port's number");
            drop(probe);
            let mut child = spawn(address, folder.path(), protection);
            if greets(&mut child, address, protection).await {
                return AioSmtpd { child, address, folder };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let said = fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
        panic!("aiosmtpd does not start; is it installed under .tools/python? It said:\n{said}");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate it shows, if it has one.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// What lies in the Maildir. aiosmtpd adds `X-MailFrom` and `X-RcptTo`, the envelope.
    pub fn mails(&self) -> Vec<Mail> {
        Mail::read_folder(&self.folder.path().join("maildir/new"))
    }
}

impl Drop for AioSmtpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(address: SocketAddr, folder: &Path, protection: Protection) -> Child {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/python");
    let stderr = fs::File::create(folder.join("stderr")).expect("a file for what aiosmtpd says");
    let mut command = Command::new("python3");
    command.args(["-m", "aiosmtpd", "-n", "-l", &address.to_string()]);
    let (cert, key) = match protection {
        Protection::None => ("", ""),
        Protection::Starttls => ("--tlscert", "--tlskey"),
        Protection::Implicit => ("--smtpscert", "--smtpskey"),
    };
    if protection != Protection::None {
        command.arg(cert).arg(folder.join("cert.pem")).arg(key).arg(folder.join("key.pem"));
    }
    command.args(["-c", "aiosmtpd.handlers.Mailbox"]).arg(folder.join("maildir"));
    command.env("PYTHONPATH", packages).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    command.spawn().expect("python3 starts")
}

/// Polls until the server greets (or, with TLS from the first byte, lets us in); false if it ends or ten
/// seconds pass.
async fn greets(child: &mut Child, address: SocketAddr, protection: Protection) -> bool {
    let knock = async {
        loop {
            if child.try_wait().ok().flatten().is_some() {
                return false;
            }
            if let Ok(stream) = TcpStream::connect(address).await {
                let mut greeting = String::new();
                let mut stream = BufReader::new(stream);
                if protection == Protection::Implicit
                    || (stream.read_line(&mut greeting).await.is_ok() && greeting.starts_with("220"))
                {
                    return true;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), knock).await.unwrap_or(false)
}
