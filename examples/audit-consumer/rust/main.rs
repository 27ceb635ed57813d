//! An audit program of one's own, in Rust: reads the log of facts up to the newest signed checkpoint, believes nothing
//! that is not proven, and folds the cases by the real rules.
//!
//! ```text
//! cargo run -p concord --example audit-consumer -- nats://127.0.0.1:4222 auditor.nk checkpoint.pub
//! ```
//!
//! It prints what its twin in Python prints, and reads the whole history each time. `docs/consumers.md` says what is
//! promised.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    fs,
    process::ExitCode,
};

use bus::{
    Bus, Principal,
    connection::ConnectTo,
    credentials::{Credential, Seed},
    log::{self, Entry},
    streams::{AUDIT, CASES, CHECKPOINT},
};
use domain::Case;
use events::{AggregateId, Body, CaseId, Digest, Fact, envelope};
use proof::{Frontier, checkpoint::Signed, keys::Trusted, leaf};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, credential, key] = arguments.as_slice() else {
        eprintln!("say where to read: audit-consumer SERVER auditor.nk PUBLIC_KEYS");
        return ExitCode::from(2);
    };
    match run(server, credential, key).await {
        Ok(report) => println!("{report}"),
        Err(error) => {
            eprintln!("not proven: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn run(server: &str, credential: &str, key: &str) -> Outcome<Value> {
    let trusted = Trusted::parse(&fs::read_to_string(key)?)?;
    let seed = Seed::parse(&fs::read_to_string(credential)?)?;
    let credential = Credential { principal: Principal::Auditor, seed };
    let bus = Bus::connect(&ConnectTo::new(server, &credential)).await?;
    let signed = newest(&bus, &trusted).await?;
    let mut books = Books::default();
    books.catch_up(&bus, &signed).await?;
    bus.close().await?;
    Ok(books.report(&signed))
}

/// The newest checkpoint, if a trusted key has signed it.
async fn newest(bus: &Bus, trusted: &Trusted) -> Outcome<Signed> {
    let last = log::last_sequence(bus, AUDIT).await?;
    let found = log::read_at_most(bus, AUDIT, last, CHECKPOINT, 1).await?;
    let entry = found.first().ok_or("there is no checkpoint yet: try again in a minute")?;
    Ok(Signed::open(std::str::from_utf8(&entry.payload)?, trusted)?)
}

/// What has been read and proven, and what was folded of it.
#[derive(Default)]
struct Books {
    tree: Frontier,
    /// Of each aggregate: the version and the digest of its newest fact.
    heads: HashMap<AggregateId, (u32, Digest)>,
    cases: BTreeMap<CaseId, Case>,
    /// How often each agency was late.
    overdue: BTreeMap<String, u64>,
}

impl Books {
    /// Reads up to a checkpoint, and holds the root against the one that it names.
    async fn catch_up(&mut self, bus: &Bus, signed: &Signed) -> Outcome<()> {
        let [head, ..] = signed.checkpoint.heads;
        while self.tree.size() < head.size {
            let entries = log::read(bus, CASES, self.tree.size() + 1, ">").await?;
            if entries.is_empty() {
                return Err(format!("the log ends at {} of {} messages", self.tree.size(), head.size).into());
            }
            for entry in entries {
                if self.tree.size() < head.size {
                    self.take(&entry)
                        .map_err(|error| format!("message {} of CASES: {error}", entry.sequence))?;
                }
            }
        }
        if self.tree.root() != head.root {
            let number = signed.checkpoint.number;
            return Err(format!("the log is not the one that checkpoint {number} was signed over").into());
        }
        Ok(())
    }

    /// One fact: into the tree, on to its chain, into the model.
    fn take(&mut self, entry: &Entry) -> Outcome<()> {
        if entry.sequence != self.tree.size() + 1 {
            return Err(format!("it comes where {} must stand", self.tree.size() + 1).into());
        }
        self.tree.push(leaf(&entry.subject, &entry.payload));
        let link = envelope::link(&entry.payload)?;
        let (version, digest) =
            self.heads.insert(link.aggregate, (link.stamp.version, link.digest)).unwrap_or((0, Digest::ZERO));
        let follows = link.stamp.version == version + 1 && link.stamp.previous == digest;
        if !follows || link.aggregate.subject() != entry.subject {
            return Err(format!("it does not follow on version {version} of {}", entry.subject).into());
        }
        let AggregateId::Case(id) = link.aggregate else { return Ok(()) };
        let fact = Fact::from_bytes(&entry.payload)?;
        if let Body::ConfirmationOverdue(late)
        | Body::RoutingOverdue(late)
        | Body::CoordinationOverdue(late)
        | Body::TaskforceOverdue(late)
        | Body::EscalationOverdue(late)
        | Body::ClosureOverdue(late) = fact.body()
        {
            for agency in &late.owing {
                *self.overdue.entry(agency.to_string()).or_default() += 1;
            }
        }
        let case = domain::evolve(self.cases.remove(&id), &fact)?;
        self.cases.insert(id, case);
        Ok(())
    }

    fn report(&self, signed: &Signed) -> Value {
        let checkpoint = &signed.checkpoint;
        json!({
            "checkpoint": { "number": checkpoint.number, "origin": checkpoint.origin, "time": checkpoint.at },
            "position": self.tree.size(),
            "root": self.tree.root().to_string(),
            "cases": self.cases.len(),
            "by_state": self.counted(|case| json!(case.lifecycle)),
            "by_raiser": self.counted(|case| json!(case.raiser)),
            "overdue": self.overdue,
        })
    }

    /// How many cases have which value.
    fn counted(&self, of: impl Fn(&Case) -> Value) -> BTreeMap<String, u64> {
        let mut counted = BTreeMap::new();
        for value in self.cases.values().map(of) {
            *counted.entry(value.as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        counted
    }
}
