//! The configuration: defaults, then a TOML file, then the environment (`CONCORD__HTTP__LISTEN=…`).
//!
//! A value of the environment is text until the field that takes it says otherwise: a password made of digits is not
//! a number.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use bus::streams::{Replicas, Shape};
use serde::{Deserialize, de::DeserializeOwned};

/// The configuration of a process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where everything is kept: the server's store, credentials, tokens, mail.
    pub data: PathBuf,
    /// Where the policy's files are; absent means the example province that is built in.
    pub policy: Option<PathBuf>,
    /// The HTTP API.
    pub http: Http,
    /// The files that belong to documents.
    pub attachments: Attachments,
    /// The NATS server.
    pub nats: Nats,
    /// The mail.
    pub mail: Mail,
    /// The metrics.
    pub metrics: Metrics,
    /// Accounts, sessions and tokens.
    pub identity: Identity,
    /// The audit.
    pub audit: Audit,
}

/// Accounts, sessions and tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Whether every officer has a token in a file, for demonstrations and tests. Absent, it is so for the example province
    /// that is built in, and for no other.
    pub demonstration: Option<bool>,
    /// After how many hours a session ends, whatever is done in it.
    pub session_hours: u32,
    /// After how many minutes without a request a session ends before.
    pub idle_minutes: u32,
    /// After how many failures in a row nobody signs in to an account for a while.
    pub failures: u32,
    /// For how many minutes then.
    pub locked_minutes: u32,
}

/// The HTTP API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How people reach it: what links in mails begin with.
    pub public_url: Option<String>,
    /// Where the tokens for demonstrations are: one file for each officer, its content the token; `<data>/tokens` by
    /// default.
    pub tokens: Option<PathBuf>,
    /// How often an officer may ask, each minute; two seconds' worth may come at once. 0 sets no limit.
    pub requests_per_minute: u32,
    /// How many sign-ins from one address may fail, each minute. 0 sets no limit.
    pub failures_per_minute: u32,
    /// How many connections are served at a time.
    pub most_connections: usize,
    /// How long a caller may take for the headers of a request, be silent between two, and read nothing of an answer, in
    /// seconds.
    pub header_seconds: u64,
    /// TLS; absent serves plain HTTP, for a proxy in front.
    pub tls: Option<Tls>,
}

/// TLS for the HTTP API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate and those that lead to it, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// The files that belong to documents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attachments {
    /// The most that a file may have, in bytes.
    pub max_bytes: u64,
    /// How long an upload may bring next to nothing, in seconds.
    pub stall_seconds: u64,
}

/// The NATS server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nats {
    /// The server to use, of a cluster all of them with commas between; absent lets `concord up` start its own.
    pub url: Option<String>,
    /// That server's monitor, likewise, for the proof that it writes to the disk before it confirms.
    pub monitor_url: Option<String>,
    /// The certificate that signed the server's, in PEM: with it nothing is said without TLS, and the monitor may be
    /// reached by https.
    pub ca: Option<PathBuf>,
    /// Where the credentials are; `<data>/credentials` by default.
    pub credentials: Option<PathBuf>,
    /// The port of the server that `concord up` starts; 0 takes any that is free.
    pub port: Option<u16>,
    /// The binary that `concord up` starts.
    pub server: Option<PathBuf>,
    /// On how many servers the streams lie: 1, or 3 of a cluster.
    pub replicas: Replicas,
}

impl Nats {
    /// What the streams of this installation are like.
    pub fn shape(&self) -> Shape {
        Shape { replicas: self.replicas, ..Shape::default() }
    }
}

/// The mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The SMTP relay, as the notifier's documentation describes it; absent writes mail into a folder.
    pub smtp: Option<Section>,
    /// Where mail is written when there is no relay; `<data>/mail` by default.
    pub folder: Option<PathBuf>,
    /// The sender's address.
    pub from: String,
    /// How an addressee is called.
    pub address_word: String,
    /// The alerts that say only that there is something to do, e.g. `E09`.
    pub discreet: Vec<String>,
    /// English below the Vietnamese.
    pub english: bool,
    /// A Maildir into which the mail server puts reports of failure (DSN): with it, each mail has an envelope address
    /// of its own, `<local part>+<id>@<domain>`.
    pub bounces: Option<PathBuf>,
    /// Mail is entered, and waits: after a restore, until somebody has looked.
    pub hold: bool,
    /// After how many seconds the relay is asked whether it is there, also when there is no mail; 0 never.
    pub probe_seconds: u64,
}

/// The audit: signed checkpoints over the logs, and the self-check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// The name under which checkpoints are signed: one of this installation alone, e.g. `concord.tinh.example`. It has
    /// no spaces and no plus sign, and stays for ever.
    pub name: String,
    /// After how many seconds what is new is covered by a signed checkpoint.
    pub checkpoint_seconds: u64,
    /// After how many new messages it is covered sooner.
    pub checkpoint_messages: u64,
    /// Within how many seconds the self-check reads all that is stored once, as far as it may: it never reads more than
    /// some 6,000 messages a second. Under some 12 the server answers from its memory and not from the disk.
    pub sweep_seconds: u64,
    /// The addresses of the second office, which keeps the newest checkpoint of each day.
    pub witness: Vec<String>,
}

/// The metrics.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Where they are read, a port of its own for each process; absent serves none.
    pub listen: Option<SocketAddr>,
}

/// A part of the configuration that the service it is for reads by itself.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Section(config::Value);

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password may be in it.
        f.write_str("Section(not shown)")
    }
}

impl Section {
    /// With a value for a field that is not given.
    #[must_use]
    pub fn with_default(mut self, field: &str, value: &str) -> Self {
        if let config::ValueKind::Table(fields) = &mut self.0.kind {
            fields.entry(field.to_owned()).or_insert_with(|| value.into());
        }
        self
    }

    /// Reads it; each field takes its text as what it needs. An error says under which name it stands in the file.
    pub fn read<T: DeserializeOwned>(self, name: &str) -> Result<T, ConfigError> {
        self.0.try_deserialize().map_err(|error| ConfigError(format!("[{name}]: {error}")))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("var"),
            policy: None,
            http: Http::default(),
            attachments: Attachments::default(),
            nats: Nats::default(),
            mail: Mail::default(),
            metrics: Metrics::default(),
            identity: Identity::default(),
            audit: Audit::default(),
        }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            name: "concord".to_owned(),
            checkpoint_seconds: 60,
            checkpoint_messages: 10_000,
            sweep_seconds: 30,
            witness: Vec::new(),
        }
    }
}

impl Default for Identity {
    /// A working day; a pause for lunch; what OWASP recommends.
    fn default() -> Self {
        Self { demonstration: None, session_hours: 12, idle_minutes: 60, failures: 5, locked_minutes: 15 }
    }
}

impl Default for Attachments {
    fn default() -> Self {
        Self { max_bytes: 50 << 20, stall_seconds: 30 }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            tokens: None,
            requests_per_minute: 60_000,
            failures_per_minute: 60,
            most_connections: 4_096,
            header_seconds: 30,
            tls: None,
        }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp: None,
            folder: None,
            from: "phoi-hop@tinh.example".to_owned(),
            address_word: "đồng chí".to_owned(),
            discreet: ["E09", "E11", "E12", "E14"].map(str::to_owned).to_vec(),
            english: false,
            bounces: None,
            hold: false,
            probe_seconds: 300,
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads the configuration: the file must be there if it is named.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_with(file, environment())
    }

    fn load_with(file: Option<&Path>, environment: config::Environment) -> Result<Self, ConfigError> {
        let mut sources = config::Config::builder();
        if let Some(file) = file {
            sources = sources.add_source(config::File::from(file));
        }
        let read = sources.add_source(environment).build();
        read.and_then(config::Config::try_deserialize).map_err(|error| {
            let file = file.map(|file| format!("{} and ", file.display())).unwrap_or_default();
            ConfigError(format!("{} (read from {file}the environment)", error.to_string().trim_end()))
        })
    }

    /// Whether every officer has a token in a file.
    pub fn is_demonstration(&self) -> bool {
        self.identity.demonstration.unwrap_or(self.policy.is_none())
    }

    /// How the API is reached at an address.
    pub fn url(&self, address: SocketAddr) -> String {
        let scheme = if self.http.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// Where the tokens for demonstrations are.
    pub fn tokens(&self) -> PathBuf {
        self.http.tokens.clone().unwrap_or_else(|| self.data.join("tokens"))
    }

    /// Where the credentials are.
    pub fn credentials(&self) -> PathBuf {
        self.nats.credentials.clone().unwrap_or_else(|| self.data.join("credentials"))
    }

    /// Where the folds of the processes are kept: each has a file of its own, which may be lost.
    pub fn fold_folder(&self) -> PathBuf {
        self.data.join("fold")
    }

    /// Where files lie while they come in or go out; what is there has no name and goes with its process.
    pub fn spool_folder(&self) -> PathBuf {
        self.data.join("spool")
    }

    /// Where the trees over the logs and the newest checkpoint are.
    pub fn audit_folder(&self) -> PathBuf {
        self.data.join("audit")
    }

    /// Where mail is written when there is no relay.
    pub fn mail_folder(&self) -> PathBuf {
        self.mail.folder.clone().unwrap_or_else(|| self.data.join("mail"))
    }
}

/// The variables that are ours. They stay text: parsed here, a password `0123` would come out as 123.
fn environment() -> config::Environment {
    config::Environment::with_prefix("CONCORD").prefix_separator("__").separator("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Relay {
        port: u16,
        password: String,
        timeout_seconds: f64,
        allow_plaintext: bool,
        from: String,
    }

    fn from_environment(variables: &[(&str, &str)]) -> Config {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load_with(None, environment().source(Some(variables.collect()))).unwrap()
    }

    #[test]
    fn a_password_of_digits_stays_text_and_a_port_becomes_a_number() {
        for password in ["0123456", "12345678901234567890123", "1e5", "true"] {
            let config = from_environment(&[
                ("CONCORD__NATS__PORT", "4222"),
                ("CONCORD__HTTP__LISTEN", "127.0.0.1:9"),
                ("CONCORD__MAIL__SMTP__PORT", "587"),
                ("CONCORD__MAIL__SMTP__PASSWORD", password),
                ("CONCORD__MAIL__SMTP__TIMEOUT_SECONDS", "2.5"),
                ("CONCORD__MAIL__SMTP__ALLOW_PLAINTEXT", "true"),
            ]);
            assert_eq!((config.nats.port, config.http.listen.port()), (Some(4222), 9));
            let relay =
                config.mail.smtp.unwrap().with_default("from", "a@b.example").read::<Relay>("mail.smtp");
            let (password, from) = (password.to_owned(), "a@b.example".to_owned());
            let expected = Relay { port: 587, password, timeout_seconds: 2.5, allow_plaintext: true, from };
            assert_eq!(relay.unwrap(), expected);
        }
    }

    #[test]
    fn a_section_shows_no_password() {
        let config = from_environment(&[("CONCORD__MAIL__SMTP__PASSWORD", "not-for-a-log")]);
        assert!(!format!("{config:?}").contains("not-for-a-log"));
    }

    #[test]
    fn a_misspelt_key_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("concord.toml");
        std::fs::write(&file, "[http]\nlissten = \"127.0.0.1:1\"\n").unwrap();
        let error = Config::load(Some(&file)).unwrap_err().to_string();
        assert!(error.contains("lissten"), "{error}");
    }

    #[test]
    fn a_file_changes_only_what_it_names() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("concord.toml");
        std::fs::write(&file, "[http]\nlisten = \"127.0.0.1:9\"\n").unwrap();
        let config = Config::load(Some(&file)).unwrap();
        assert_eq!(config.http.listen.port(), 9);
        assert_eq!(config.data, PathBuf::from("var"));
    }
}
