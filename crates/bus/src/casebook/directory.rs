//! Commands of the directory, the one aggregate that it is.

use domain::{
    By, Context, Directory, Policy, Refusal,
    directory::{self, Command},
};
use events::{AggregateId, CommandId, Digest, Stage, Timestamp};
use uuid::Uuid;

use super::{
    Casebook,
    whole::{Carried, Kept, Order, read_whole},
};
use crate::connection::Bus;

/// A command of the directory with all that its decision needs.
#[derive(Clone, Copy, Debug)]
pub struct DirectoryAttempt<'a> {
    /// The command.
    pub command: &'a Command,
    /// Its id.
    pub id: CommandId,
    /// The digest of its canonical body; `None` for a step of the directory itself.
    pub fingerprint: Option<Digest>,
    /// Who gives it.
    pub by: By<'a>,
    /// The act that it is, by its name; `None` for a step of the directory itself.
    pub act: Option<&'static str>,
    /// The service's clock when it first arrived.
    pub now: Timestamp,
    /// The version of the directory that the caller saw.
    pub expected_version: Option<u32>,
    /// The request that began the chain.
    pub correlation: Option<Uuid>,
    /// The policy in force.
    pub policy: &'a Policy,
}

impl Casebook {
    /// Carries out a command of the directory.
    pub async fn execute_in_directory(
        &self,
        attempt: &DirectoryAttempt<'_>,
    ) -> Result<Carried<Directory>, Refusal> {
        let DirectoryAttempt {
            command,
            id,
            fingerprint,
            by,
            act,
            now,
            expected_version,
            correlation,
            policy,
        } = *attempt;
        let ctx = Context { by, act, expected_version, ..Context::of_system(now, policy) };
        let aggregate = AggregateId::Directory;
        let order =
            Order { aggregate, stage: Stage::Directory, id, fingerprint, by, now, correlation, policy };
        self.carry_out(&order, |known| directory::decide(known, id, fingerprint, command, &ctx)).await
    }
}

/// Reads what the log has of the directory beyond what is known.
pub async fn read_directory(
    bus: &Bus,
    known: Option<Kept<Directory>>,
) -> Result<Option<Kept<Directory>>, Refusal> {
    read_whole(bus, AggregateId::Directory, known).await
}
