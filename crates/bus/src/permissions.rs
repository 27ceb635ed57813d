//! Who may say what: the principals and their exact rights on the server, as data.
//!
//! A right that is not listed does not exist. The server enforces the lists, so a service that oversteps its
//! stage is stopped even when its code is wrong. To add a principal: one variant, its name, its stages or its
//! own arm in [`Principal::rights`].

use std::fmt;
use std::str::FromStr;

use crate::access::NOTE;
use crate::audit;
use crate::identity::{ASK, ENDED};
use crate::protocol::NOTIFIER_PRESENT;
use crate::streams::{
    self, ACCESS, ATTACHMENTS, AUDIT, CASES, CHECKPOINT, DEAD, IDENTITY, IDENTITY_SUBJECTS, NOTIFIER, OUTBOX,
    Shape,
};

/// The roots of all subjects that are asked or announced and never stored.
///
/// None may overlap a stream: a stream would answer the request by storing it.
pub const REQUEST_SUBJECTS: [&str; 9] =
    ["cmd.>", "fact.>", "pen.>", "mail.>", "id.>", "step.>", "q.>", "log.>", "dev.>"];

/// How all inboxes begin.
pub(crate) const INBOXES: &str = "_INBOX_";

/// One who holds a credential: a service, or the deploy job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// The stages intake and casefile.
    Intake,
    /// The stage confirmation.
    Confirmation,
    /// The stage routing.
    Routing,
    /// The stages coordination and closure.
    Coordination,
    /// The stage taskforce.
    Taskforce,
    /// The stage escalation.
    Escalation,
    /// The stages reporting, briefing, project and distribution: the regular duties of the plan.
    Reporting,
    /// The directory: policy, offices, absences, delegations.
    Directory,
    /// Accounts, sessions and tokens: says and signs who acts.
    Identity,
    /// The only pen: takes proposals and appends to the log.
    Ledger,
    /// Mail and webhooks.
    Notifier,
    /// The Merkle log over the truth.
    Audit,
    /// The HTTP edge: passes commands on and can write nothing.
    Api,
    /// The files that belong to documents: stores and reads them, and nothing else.
    Files,
    /// The fold of a process: reads only.
    Views,
    /// A program of an audit office: reads the truth and its checkpoints, and nothing else. No service uses it.
    Auditor,
    /// Makes streams and consumers. No service uses it at run time.
    Deploy,
    /// Asks the servers themselves how they are: an operator's tools, in the account of the system, where no stream is.
    /// No service uses it.
    System,
    /// Fills the streams of an installation that is restored. It is not among [`Principal::ALL`]: no server knows it but
    /// while a restoration goes on, and on one machine no file holds its key.
    Restore,
}

/// What a principal may publish and subscribe to; everything else is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Subject patterns that may be published.
    pub publish: Vec<String>,
    /// Subject patterns that may be subscribed to.
    pub subscribe: Vec<String>,
    /// Whether a request that was received may be answered, once, on its reply subject.
    pub responses: bool,
}

/// No principal has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no credential is called `{name}`: use one of {known}", known = known_names())]
pub struct UnknownPrincipal {
    /// The name that was given.
    pub name: String,
}

impl Principal {
    /// Every principal of an installation, in the order of the process.
    pub const ALL: [Self; 18] = [
        Self::Intake,
        Self::Confirmation,
        Self::Routing,
        Self::Coordination,
        Self::Taskforce,
        Self::Escalation,
        Self::Reporting,
        Self::Directory,
        Self::Identity,
        Self::Ledger,
        Self::Notifier,
        Self::Audit,
        Self::Api,
        Self::Files,
        Self::Views,
        Self::Auditor,
        Self::Deploy,
        Self::System,
    ];

    /// The name in file names, inbox prefixes and the server's connection list.
    pub fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Confirmation => "confirmation",
            Self::Routing => "routing",
            Self::Coordination => "coordination",
            Self::Taskforce => "taskforce",
            Self::Escalation => "escalation",
            Self::Reporting => "reporting",
            Self::Directory => "directory",
            Self::Identity => "identity",
            Self::Ledger => "ledger",
            Self::Notifier => "notifier",
            Self::Audit => "audit",
            Self::Api => "api",
            Self::Files => "files",
            Self::Views => "views",
            Self::Auditor => "auditor",
            Self::Deploy => "deploy",
            Self::System => "system",
            Self::Restore => "restore",
        }
    }

    /// The stages whose facts this principal proposes. A stage has exactly one owner.
    pub fn stages(self) -> &'static [&'static str] {
        match self {
            Self::Intake => &["intake", "casefile"],
            Self::Confirmation => &["confirmation"],
            Self::Routing => &["routing"],
            Self::Coordination => &["coordination", "closure"],
            Self::Taskforce => &["taskforce"],
            Self::Escalation => &["escalation"],
            Self::Reporting => &["reporting", "briefing", "project", "distribution"],
            Self::Directory => &["directory"],
            Self::Identity
            | Self::Ledger
            | Self::Notifier
            | Self::Audit
            | Self::Api
            | Self::Files
            | Self::Views
            | Self::Auditor
            | Self::Deploy
            | Self::System
            | Self::Restore => &[],
        }
    }

    /// The prefix of this principal's inboxes: with one of its own, nobody reads another's answers.
    pub fn inbox(self) -> String {
        format!("{INBOXES}{}", self.name())
    }

    /// The exact allow list.
    pub fn rights(self) -> Rights {
        let mut rights = Rights::default();
        let own_inbox = format!("{}.>", self.inbox());
        rights.publish([own_inbox.clone()]).subscribe([own_inbox]);
        if !matches!(self, Self::Auditor | Self::System) {
            rights.subscribe(["dev.clock"]);
        }
        match self {
            Self::Intake
            | Self::Confirmation
            | Self::Routing
            | Self::Coordination
            | Self::Taskforce
            | Self::Escalation
            | Self::Reporting
            | Self::Directory => {
                for stage in self.stages() {
                    rights
                        .publish([format!("fact.{stage}")])
                        .subscribe([format!("cmd.{stage}.>"), format!("step.{stage}")]);
                }
                rights.publish(["step.>"]).publish(read_replica(CASES)).publish([read_leader(CASES)]);
                rights.responses = true;
            }
            Self::Identity => {
                rights.publish([format!("{IDENTITY_SUBJECTS}>"), "access.>".to_owned(), ENDED.to_owned()]);
                rights
                    .publish(read_replica(IDENTITY))
                    .publish([read_leader(IDENTITY), stream_info(IDENTITY)]);
                rights.publish(read_replica(ACCESS)).publish([read_leader(ACCESS), stream_info(ACCESS)]);
                rights.subscribe([ASK, NOTE]);
                rights.responses = true;
            }
            Self::Ledger => {
                rights
                    .publish(["case.>", "duty.>", "document.>", "directory.>", "log.>", "pen.>"])
                    .subscribe(["fact.>", "pen.>"]);
                rights.publish(read_replica(CASES)).publish([read_leader(CASES)]);
                rights.responses = true;
            }
            Self::Notifier => {
                rights.publish(consume(CASES, NOTIFIER)).publish(read_replica(CASES));
                rights.publish(["outbox.>"]).publish(read_replica(OUTBOX)).publish([read_leader(OUTBOX)]);
                rights.publish(["dead.notifier.>"]).publish(read_replica(DEAD)).publish([read_leader(DEAD)]);
                rights.publish([stream_info(OUTBOX), stream_info(DEAD)]);
                // A second office is sent the newest checkpoint.
                rights.publish([read_leader(AUDIT)]);
                rights.publish([NOTIFIER_PRESENT]).subscribe([NOTIFIER_PRESENT]);
                rights.responses = true;
            }
            Self::Audit => {
                for stream in [CASES, OUTBOX, ACCESS, AUDIT, ATTACHMENTS] {
                    rights.publish(read_replica(stream)).publish([read_leader(stream), stream_info(stream)]);
                }
                // What the operator reads by it stands in the record of access, which he reads by it too.
                rights.publish([CHECKPOINT, audit::ASK, audit::SIGN, NOTE]);
                rights.subscribe(["log.>", audit::ASK, audit::SIGN]);
                rights.responses = true;
            }
            Self::Api => {
                rights.publish(["cmd.>", ASK, audit::ASK, "dev.clock"]).subscribe([ENDED]);
            }
            Self::Files => {
                rights.publish(["$O.attachments.C.>", "$O.attachments.M.>"]);
                rights.publish(read_replica(ATTACHMENTS)).publish([read_leader(ATTACHMENTS)]);
                rights.publish([stream_info(ATTACHMENTS)]);
            }
            Self::Views => {
                rights.publish(read_replica(CASES)).publish([read_leader(CASES), stream_info(CASES)]);
                rights.publish(read_replica(OUTBOX));
                rights.publish([consumer_info(CASES, NOTIFIER)]).subscribe(["log.>"]);
            }
            Self::Auditor => {
                for stream in [CASES, OUTBOX, ACCESS, AUDIT] {
                    rights.publish(read_replica(stream)).publish([stream_info(stream)]);
                }
            }
            Self::Deploy => {
                for stream in streams::declared(&Shape::default()) {
                    rights.publish(administer(stream.name));
                }
            }
            Self::System => {
                rights.publish(["$SYS.REQ.>"]).subscribe(["$SYS.SERVER.>", "$SYS.ACCOUNT.>"]);
            }
            Self::Restore => {
                for stream in streams::declared(&Shape::default()) {
                    rights.publish(administer(stream.name)).publish(stream.subjects.iter().copied());
                    rights.publish(read_replica(stream.name)).publish([read_leader(stream.name)]);
                }
            }
        }
        rights
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Principal {
    type Err = UnknownPrincipal;

    fn from_str(name: &str) -> Result<Self, UnknownPrincipal> {
        Self::ALL
            .into_iter()
            .find(|principal| principal.name() == name)
            .ok_or_else(|| UnknownPrincipal { name: name.to_owned() })
    }
}

impl Rights {
    /// Whether a subject may be published.
    pub fn may_publish(&self, subject: &str) -> bool {
        self.publish.iter().any(|allowed| covers(allowed, subject))
    }

    /// Whether a subject or pattern may be subscribed to.
    pub fn may_subscribe(&self, subject: &str) -> bool {
        self.subscribe.iter().any(|allowed| covers(allowed, subject))
    }

    fn publish<S: Into<String>>(&mut self, subjects: impl IntoIterator<Item = S>) -> &mut Self {
        self.publish.extend(subjects.into_iter().map(Into::into));
        self
    }

    fn subscribe<S: Into<String>>(&mut self, subjects: impl IntoIterator<Item = S>) -> &mut Self {
        self.subscribe.extend(subjects.into_iter().map(Into::into));
        self
    }
}

fn known_names() -> String {
    Principal::ALL.map(Principal::name).join(", ")
}

/// Direct get, answered by any replica: by sequence or in batches, and the last message of a subject.
fn read_replica(stream: &str) -> [String; 2] {
    [format!("$JS.API.DIRECT.GET.{stream}"), format!("$JS.API.DIRECT.GET.{stream}.>")]
}

/// Message get, answered by the leader only.
fn read_leader(stream: &str) -> String {
    format!("$JS.API.STREAM.MSG.GET.{stream}")
}

fn stream_info(stream: &str) -> String {
    format!("$JS.API.STREAM.INFO.{stream}")
}

fn consumer_info(stream: &str, consumer: &str) -> String {
    format!("$JS.API.CONSUMER.INFO.{stream}.{consumer}")
}

/// Work on a durable that stands already. The last line is the newer form of an acknowledgement's subject.
fn consume(stream: &str, consumer: &str) -> [String; 4] {
    [
        consumer_info(stream, consumer),
        format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"),
        format!("$JS.ACK.{stream}.{consumer}.>"),
        format!("$JS.ACK.*.*.{stream}.{consumer}.>"),
    ]
}

/// Make a stream and its consumers, and see how they stand. To alter a stream is nobody's right, for with another
/// limit it would drop facts; nor is to delete or purge one.
fn administer(stream: &str) -> [String; 4] {
    [
        format!("$JS.API.STREAM.CREATE.{stream}"),
        stream_info(stream),
        format!("$JS.API.CONSUMER.CREATE.{stream}.>"),
        consumer_info(stream, "*"),
    ]
}

/// Whether every subject that matches the second pattern matches the first.
fn covers(pattern: &str, subject: &str) -> bool {
    let (mut pattern, mut subject) = (pattern.split('.'), subject.split('.'));
    loop {
        match (pattern.next(), subject.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(part)) if part != ">" => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

/// Whether some subject matches both patterns.
pub fn overlap(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        match (one.next(), other.next()) {
            (Some(">"), Some(_)) | (Some(_), Some(">")) | (None, None) => return true,
            (Some(a), Some(b)) if a == "*" || b == "*" || a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
