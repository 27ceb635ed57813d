//! Debian's Postfix, from the connection to the mailbox, as a private instance.

use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Mail, certificate};

/// The domain for which it takes mail; for others it relays nothing.
const DOMAIN: &str = "cang.example";

/// The mailboxes, all in one Maildir: `van-phong-1@cang.example` and so on.
const MAILBOXES: u32 = 50;

/// Whom Postfix becomes for its queue, and the group of its drop folder. It wants a user and a group that are nobody
/// else's; these are on every Debian and idle.
const OWNER: &str = "uucp";
const DROP_GROUP: &str = "news";

/// The user `mail` of every Debian, whose the mailboxes are.
const MAIL: u32 = 8;

/// The folders of its queue, with their modes.
const QUEUE: &[(&str, u32)] = &[
    ("active", 0o700),
    ("bounce", 0o700),
    ("corrupt", 0o700),
    ("defer", 0o700),
    ("deferred", 0o700),
    ("flush", 0o700),
    ("hold", 0o700),
    ("incoming", 0o700),
    ("maildrop", 0o730),
    ("pid", 0o755),
    ("private", 0o700),
    ("public", 0o710),
    ("saved", 0o700),
    ("trace", 0o700),
];

/// Postfix, which takes mail for `van-phong-1@cang.example` to `van-phong-50@cang.example` and delivers it into a
/// Maildir. `cargo xtask setup` unpacks it under `.tools/postfix`; it need not be installed.
#[derive(Debug)]
pub struct Postfix {
    master: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Postfix {
    /// Whether it can be started by this user; it changes users itself.
    pub fn may_start() -> bool {
        rustix::process::geteuid().is_root()
    }

    /// Starts one on a free port and waits until it greets. It offers STARTTLS with a fresh certificate for the name
    /// `localhost`, signed by itself.
    ///
    /// # Panics
    ///
    /// If this is not root, if Postfix or openssl is not there, or if it does not greet within ten seconds.
    pub async fn start() -> Postfix {
        Postfix::start_with("may").await
    }

    /// Starts one that takes no mail without STARTTLS.
    ///
    /// # Panics
    ///
    /// As [`Postfix::start`].
    pub async fn start_with_starttls() -> Postfix {
        Postfix::start_with("encrypt").await
    }

    async fn start_with(tls: &str) -> Postfix {
        assert!(Postfix::may_start(), "Postfix must be started as root");
        let home = unpacked();
        let folder = lay_out(&home, tls);
        // Between finding a free port and binding it, another process may take it.
        for _ in 0..3 {
            let probe = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = probe.local_addr().expect("the port's number");
            drop(probe);
            let mut master = spawn(&home, folder.path(), address);
            if greets(&mut master, address).await {
                return Postfix { master, address, folder };
            }
            end(&mut master);
        }
        panic!("Postfix does not start. It said:\n{}", said(folder.path()));
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate it shows.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// How many connections have ended, whoever knocked to see it greet aside.
    pub fn connections(&self) -> usize {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains(": disconnect from ") && line.contains(" data=")).count()
    }

    /// What lies in the Maildir now. Postfix adds `Return-Path` and `Delivered-To`, the envelope.
    pub fn mails(&self) -> Vec<Mail> {
        Mail::read_folder(&self.maildir())
    }

    /// The same, once so many have come: after its 250 a mail still has to go through the queue.
    ///
    /// # Panics
    ///
    /// If they have not come within twenty seconds.
    pub async fn delivered(&self, mails: usize) -> Vec<Mail> {
        let came = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                if fs::read_dir(self.maildir()).is_ok_and(|files| files.count() >= mails) {
                    return self.mails();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        came.await.unwrap_or_else(|_| panic!("{mails} mails do not come:\n{}", said(self.folder.path())))
    }

    fn maildir(&self) -> PathBuf {
        self.folder.path().join("mail/box/new")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        end(&mut self.master);
    }
}

/// Where setup has unpacked the package.
fn unpacked() -> PathBuf {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/postfix");
    home.canonicalize()
        .unwrap_or_else(|error| panic!("no Postfix at {} ({error}): run `cargo xtask setup`", home.display()))
}

/// Configuration, certificate, queue and mailboxes in a folder of their own.
fn lay_out(home: &Path, tls: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder for Postfix");
    let path = folder.path();
    let make = |name: &str, mode: u32, owner: Option<u32>, group: Option<u32>| {
        let made = path.join(name);
        fs::create_dir_all(&made).expect("a folder of Postfix");
        chown(&made, owner, group).expect("root may give a folder away");
        fs::set_permissions(&made, Permissions::from_mode(mode)).expect("root may set a mode");
    };
    // Its processes are several users, and all must get through.
    fs::set_permissions(path, Permissions::from_mode(0o711)).expect("root may set a mode");
    let (owner, drop_group) = (number("/etc/passwd", OWNER), number("/etc/group", DROP_GROUP));
    make("etc", 0o755, None, None);
    make("data", 0o700, Some(owner), None);
    make("mail", 0o700, Some(MAIL), Some(MAIL));
    make("queue", 0o755, None, None);
    for (name, mode) in QUEUE {
        let group = ["public", "maildrop"].contains(name).then_some(drop_group);
        make(&format!("queue/{name}"), *mode, (*name != "pid").then_some(owner), group);
    }
    certificate::make(path);
    let boxes = (1..=MAILBOXES).fold(String::new(), |mut boxes, number| {
        // Writing to a String does not fail.
        let _ = writeln!(boxes, "van-phong-{number}@{DOMAIN} box/");
        boxes
    });
    write_old(&path.join("etc/boxes"), &boxes);
    write_old(&path.join("etc/main.cf"), &main_cf(home, path, tls));
    folder
}

/// Writes a file as if long ago: Postfix waits two seconds for a configuration that has just been written.
fn write_old(path: &Path, text: &str) {
    let write = || {
        fs::write(path, text)?;
        File::options().append(true).open(path)?.set_modified(SystemTime::UNIX_EPOCH)
    };
    write().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn main_cf(home: &Path, path: &Path, tls: &str) -> String {
    let (home, path) = (home.display(), path.display());
    format!(
        "compatibility_level = 3.6
mail_owner = {OWNER}
setgid_group = {DROP_GROUP}
queue_directory = {path}/queue
data_directory = {path}/data
daemon_directory = {home}/usr/lib/postfix/sbin
command_directory = {home}/usr/sbin
shlib_directory = {home}/usr/lib/postfix
meta_directory = {home}/etc/postfix
import_environment = MAIL_CONFIG TZ LANG=C LD_LIBRARY_PATH
maillog_file = {path}/log
maillog_file_prefixes = {path}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {path}/mail
virtual_mailbox_maps = texthash:{path}/etc/boxes
virtual_uid_maps = static:{MAIL}
virtual_gid_maps = static:{MAIL}
virtual_minimum_uid = 1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = {tls}
smtpd_tls_cert_file = {path}/cert.pem
smtpd_tls_key_file = {path}/key.pem
"
    )
}

/// The services that a mail passes, and those that they ask.
fn master_cf(address: SocketAddr) -> String {
    format!(
        "{address} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
virtual unix - n n - - virtual
tlsmgr unix - - n 1000? 1 tlsmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"
    )
}

fn spawn(home: &Path, folder: &Path, address: SocketAddr) -> Child {
    write_old(&folder.join("etc/master.cf"), &master_cf(address));
    let said = File::options().create(true).append(true).open(folder.join("stderr"));
    let mut command = Command::new(home.join("usr/lib/postfix/sbin/master"));
    command.arg("-s").arg("-c").arg(folder.join("etc"));
    command.env("MAIL_CONFIG", folder.join("etc")).env("LD_LIBRARY_PATH", home.join("usr/lib/postfix"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.expect("a file for what it says"));
    command
        .spawn()
        .unwrap_or_else(|error| panic!("Postfix does not start ({error}): run `cargo xtask setup`"))
}

/// Ends it with all its processes: it makes itself the leader of their group.
fn end(master: &mut Child) {
    if let Some(group) = i32::try_from(master.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = master.kill();
    let _ = master.wait();
}

/// Polls until it greets; false if it ends or ten seconds pass.
async fn greets(master: &mut Child, address: SocketAddr) -> bool {
    let knock = async {
        loop {
            if master.try_wait().ok().flatten().is_some() {
                return false;
            }
            if let Ok(stream) = TcpStream::connect(address).await {
                let mut greeting = String::new();
                let read = BufReader::new(stream).read_line(&mut greeting).await;
                if read.is_ok() && greeting.starts_with("220 relay.example") {
                    return true;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), knock).await.unwrap_or(false)
}

fn said(folder: &Path) -> String {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    read("stderr") + &read("log")
}

/// The number that a file like `/etc/passwd` gives a name.
fn number(file: &str, name: &str) -> u32 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    let number = line.and_then(|line| line.split(':').nth(2)?.parse().ok());
    number.unwrap_or_else(|| panic!("{file} has no {name}, as Debian's has"))
}
