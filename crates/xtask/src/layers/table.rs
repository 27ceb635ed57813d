//! The architecture as a table: who may import whom. Read from the top, it is the ground up.

/// One crate, or all services together, and what it may import of our own crates.
pub struct Layer {
    /// The crate's name; `svc-*` stands for every service.
    pub name: &'static str,
    /// The crates it may import, in normal and build dependencies.
    pub imports: &'static [&'static str],
}

/// Every crate of the workspace. A crate without a row is an error.
pub const LAYERS: &[Layer] = &[
    Layer { name: "events", imports: &[] },
    Layer { name: "domain", imports: &["events"] },
    Layer { name: "proof", imports: &["events"] },
    Layer { name: "bus", imports: &["events", "domain", "proof"] },
    Layer { name: "views", imports: &["events", "domain", "bus"] },
    Layer { name: "service", imports: &["events", "domain", "bus", "views"] },
    Layer { name: "svc-*", imports: &["events", "domain", "proof", "bus", "views", "service"] },
    Layer { name: "concord", imports: &["events", "domain", "proof", "bus", "views", "service", "svc-*"] },
    // Beside the building, not part of it.
    Layer { name: HARNESS, imports: &["events", "domain", "bus"] },
    Layer { name: "bench", imports: &["events", "domain", "bus"] },
    Layer { name: "xtask", imports: &[] },
];

/// The crate that any other may import for its tests, and only for them.
pub const HARNESS: &str = "testkit";

/// A package from outside that is kept behind one crate.
pub struct SoleUser {
    /// The package.
    pub package: &'static str,
    /// The only crate that may import it.
    pub user: &'static str,
    /// What the others do instead.
    pub instead: &'static str,
}

/// Packages kept behind one crate each; `deny.toml` says the same of the whole dependency tree.
pub const SOLE_USERS: &[SoleUser] = &[
    SoleUser { package: "async-nats", user: "bus", instead: "say it in the terms of `bus`" },
    SoleUser { package: "lettre", user: "svc-notifier", instead: "record a fact that calls for a notice" },
    SoleUser { package: "prometheus-client", user: "service", instead: "count with `service::metrics`" },
    SoleUser { package: "rusqlite", user: "views", instead: "ask a view, or add one" },
];

/// A package that some crates must not import at all.
pub struct Forbidden {
    /// The package.
    pub package: &'static str,
    /// The crates that must do without it.
    pub in_crates: &'static [&'static str],
    /// What they do instead.
    pub instead: &'static str,
}

/// What the lowest storeys do without: no waiting, no clock, no network.
pub const FORBIDDEN: &[Forbidden] = &[Forbidden {
    package: "tokio",
    in_crates: &["events", "domain", "proof"],
    instead: "rules and events are plain functions and data; waiting belongs to `bus` and above",
}];
