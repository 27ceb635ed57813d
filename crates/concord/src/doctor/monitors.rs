//! What the monitors of the servers say of themselves, each asked once.

use bus::health::{self, StoredCopy, Vitals};
use events::Timestamp;
use service::Clock;

use crate::process::Server;

/// A monitor, and what it said.
pub(super) struct Monitor {
    /// Its address.
    pub(super) url: String,
    /// When it was asked.
    pub(super) asked: Timestamp,
    /// What it says of its server; or why it does not.
    pub(super) vitals: Result<Vitals, String>,
    /// When that was answered.
    pub(super) answered: Timestamp,
    /// What its server has of each stream.
    pub(super) copies: Result<Vec<StoredCopy>, String>,
}

impl Monitor {
    /// The name of its server, as far as that is known.
    pub(super) fn name(&self) -> &str {
        self.vitals.as_ref().map_or(&self.url, |vitals| &vitals.server_name)
    }

    async fn ask(url: &str, server: &Server) -> Self {
        let ca = server.ca.as_deref();
        let asked = Clock::System.now();
        let vitals = health::vitals(url, ca).await.map_err(|error| error.to_string());
        let answered = Clock::System.now();
        let copies = match &vitals {
            Ok(_) => health::copies(url, ca).await.map_err(|error| error.to_string()),
            Err(why) => Err(why.clone()),
        };
        Self { url: url.to_owned(), asked, vitals, answered, copies }
    }
}

/// Asks all of them.
pub(super) async fn ask(server: &Server) -> Vec<Monitor> {
    let mut monitors = Vec::new();
    for url in server.monitor_url.split(',').map(str::trim) {
        monitors.push(Monitor::ask(url, server).await);
    }
    monitors
}
