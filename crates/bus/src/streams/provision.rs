//! Making what is missing, and holding what stands against its declaration.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use async_nats::jetstream::consumer::{self, IntoConsumerConfig};
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{self, ConsumerCreateStrictErrorKind, ConsumerErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use serde::Serialize;
use serde_json::Value;

use super::{CONSUMERS, ConsumerDeclaration, Shape, StreamDeclaration, declared};
use crate::connection::Bus;

/// How long one question may take, a server that is away included.
const ASK_LIMIT: Duration = Duration::from_secs(5);

/// Why the streams are not as the code needs them.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProvisionError {
    /// A stream stands with other settings.
    #[error(
        "stream {stream} differs from its declaration: {differences}; set the configured value to the stream's, or \
         have an operator alter the stream: Concord never does"
    )]
    DiffersFromDeclaration {
        /// The stream.
        stream: &'static str,
        /// Every one of them.
        differences: Differences,
    },
    /// A durable stands with other settings.
    #[error(
        "consumer {consumer} of stream {stream} differs from its declaration: {differences}; have an operator alter \
         the consumer: Concord never does"
    )]
    ConsumerDiffers {
        /// The stream.
        stream: &'static str,
        /// The durable.
        consumer: &'static str,
        /// Every one of them.
        differences: Differences,
    },
    /// A declared stream is not there.
    #[error("{what} does not exist: provision with the deploy credential first")]
    Missing {
        /// The stream.
        what: String,
    },
    /// The server said no.
    #[error("the server refuses {what}: {reason}")]
    Refused {
        /// What was asked.
        what: String,
        /// The server's words.
        reason: String,
    },
    /// No answer: a denied request looks the same.
    #[error(
        "no answer about {what} ({reason}): see that JetStream is on and that \
         the credential `{credential}` may ask"
    )]
    NoAnswer {
        /// What was asked.
        what: String,
        /// How it failed.
        reason: String,
        /// Who asked.
        credential: &'static str,
    },
}

/// The settings in which what stands differs from what is declared, by their names.
#[derive(Debug, PartialEq, Eq)]
pub struct Differences(pub Vec<Difference>);

/// A setting that differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The setting, as NATS calls it.
    pub field: String,
    /// What stands, as JSON.
    pub is: String,
    /// What is declared, as JSON.
    pub should: String,
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Difference { field, is, should }) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{field} is {is}, should be {should}")?;
        }
        Ok(())
    }
}

/// Makes what is missing and checks what stands; answers the names of what it made.
pub async fn provision(deploy: &Bus, shape: &Shape) -> Result<Vec<String>, ProvisionError> {
    let mut made = Vec::new();
    for declaration in declared(shape) {
        if stream_as_it_stands(deploy, declaration.name).await?.is_none() {
            create_stream(deploy, &declaration).await?;
            made.push(declaration.name.to_owned());
        }
        verify(deploy, &declaration).await?;
    }
    for declaration in CONSUMERS {
        if consumer_as_it_stands(deploy, &declaration).await?.is_none() {
            create_consumer(deploy, &declaration).await?;
            made.push(format!("{}/{}", declaration.stream, declaration.name));
        }
        verify_consumer(deploy, &declaration).await?;
    }
    Ok(made)
}

/// Checks that a stream stands as declared. The credential needs the right to ask about it.
pub async fn verify(bus: &Bus, declaration: &StreamDeclaration) -> Result<(), ProvisionError> {
    let stands = stream_as_it_stands(bus, declaration.name)
        .await?
        .ok_or_else(|| ProvisionError::Missing { what: format!("stream {}", declaration.name) })?;
    match differences(&stands, &declaration.config()) {
        None => Ok(()),
        Some(differences) => {
            Err(ProvisionError::DiffersFromDeclaration { stream: declaration.name, differences })
        }
    }
}

/// Checks that a durable stands as declared. The credential needs the right to ask about it.
pub async fn verify_consumer(bus: &Bus, declaration: &ConsumerDeclaration) -> Result<(), ProvisionError> {
    let (stream, consumer) = (declaration.stream, declaration.name);
    let stands = consumer_as_it_stands(bus, declaration)
        .await?
        .ok_or_else(|| ProvisionError::Missing { what: format!("consumer {consumer} of stream {stream}") })?;
    match differences(&stands, &declaration.config().into_consumer_config()) {
        None => Ok(()),
        Some(differences) => Err(ProvisionError::ConsumerDiffers { stream, consumer, differences }),
    }
}

async fn stream_as_it_stands(bus: &Bus, name: &str) -> Result<Option<stream::Config>, ProvisionError> {
    let asked = Asked { what: format!("stream {name}"), by: bus };
    match asked.within(bus.jetstream().get_stream(name)).await? {
        Ok(stream) => Ok(Some(stream.cached_info().config.clone())),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(said) => asked.absent(&said, ErrorCode::STREAM_NOT_FOUND),
            _ => Err(asked.no_answer(&error)),
        },
    }
}

async fn create_stream(bus: &Bus, declaration: &StreamDeclaration) -> Result<(), ProvisionError> {
    let asked = Asked { what: format!("to make stream {}", declaration.name), by: bus };
    match asked.within(bus.jetstream().create_stream(declaration.config())).await? {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            CreateStreamErrorKind::JetStream(said) => Err(asked.refused(&said)),
            _ => Err(asked.no_answer(&error)),
        },
    }
}

async fn consumer_as_it_stands(
    bus: &Bus,
    declaration: &ConsumerDeclaration,
) -> Result<Option<consumer::Config>, ProvisionError> {
    let (stream, name) = (declaration.stream, declaration.name);
    let asked = Asked { what: format!("consumer {name} of stream {stream}"), by: bus };
    let jetstream = bus.jetstream();
    let asking = jetstream.get_consumer_from_stream::<consumer::pull::Config, _, _>(name, stream);
    match asked.within(asking).await? {
        Ok(consumer) => Ok(Some(consumer.cached_info().config.clone())),
        Err(error) => match error.kind() {
            ConsumerErrorKind::JetStream(said) => asked.absent(&said, ErrorCode::CONSUMER_NOT_FOUND),
            _ => Err(asked.no_answer(&error)),
        },
    }
}

async fn create_consumer(bus: &Bus, declaration: &ConsumerDeclaration) -> Result<(), ProvisionError> {
    let (stream, name) = (declaration.stream, declaration.name);
    let asked = Asked { what: format!("to make consumer {name} of stream {stream}"), by: bus };
    let jetstream = bus.jetstream();
    match asked.within(jetstream.create_consumer_strict_on_stream(declaration.config(), stream)).await? {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            ConsumerCreateStrictErrorKind::JetStream(said) => Err(asked.refused(&said)),
            ConsumerCreateStrictErrorKind::AlreadyExists => Ok(()),
            _ => Err(asked.no_answer(&error)),
        },
    }
}

/// A question to the server, for its error lines.
struct Asked<'a> {
    what: String,
    by: &'a Bus,
}

impl Asked<'_> {
    /// Waits for an answer, but not for a connection that does not come back.
    async fn within<T>(&self, answer: impl Future<Output = T>) -> Result<T, ProvisionError> {
        tokio::time::timeout(ASK_LIMIT, answer).await.map_err(|_| self.no_answer(&"timed out"))
    }

    fn absent<T>(&self, said: &jetstream::Error, code: ErrorCode) -> Result<Option<T>, ProvisionError> {
        if said.error_code() == code { Ok(None) } else { Err(self.refused(said)) }
    }

    fn refused(&self, said: &jetstream::Error) -> ProvisionError {
        ProvisionError::Refused { what: self.what.clone(), reason: said.to_string() }
    }

    fn no_answer(&self, reason: &dyn fmt::Display) -> ProvisionError {
        let credential = self.by.principal().name();
        ProvisionError::NoAnswer { what: self.what.clone(), reason: reason.to_string(), credential }
    }
}

/// The settings, by name, in which two configurations differ, if they do. The server's own notes (`metadata`) and the
/// words for people do not count.
fn differences<C: Serialize>(is: &C, should: &C) -> Option<Differences> {
    let (is, should) = (as_json(is), as_json(should));
    let fields = [&is, &should].into_iter().filter_map(Value::as_object).flat_map(|fields| fields.keys());
    let fields: BTreeSet<_> = fields.collect();
    let different = fields
        .into_iter()
        .filter(|field| !matches!(field.as_str(), "metadata" | "description"))
        .filter(|field| is.get(field) != should.get(field))
        .map(|field| Difference {
            field: field.clone(),
            is: show(is.get(field)),
            should: show(should.get(field)),
        });
    Some(Differences(different.collect())).filter(|Differences(found)| !found.is_empty())
}

fn as_json(config: &impl Serialize) -> Value {
    serde_json::to_value(config).unwrap_or_default()
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "not set".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::stream::{Config, DiscardPolicy, Republish};

    use super::*;

    fn difference(alter: impl FnOnce(&mut Config)) -> Option<String> {
        let [cases, ..] = declared(&Shape::default());
        let mut stands = cases.config();
        alter(&mut stands);
        differences(&stands, &cases.config()).map(|differences| differences.to_string())
    }

    #[test]
    fn every_setting_counts() {
        let found = |alter: fn(&mut Config)| difference(alter).unwrap();
        assert_eq!(found(|is| is.deny_delete = false), "deny_delete is not set, should be true");
        assert_eq!(found(|is| is.sealed = true), "sealed is true, should be not set");
        assert_eq!(found(|is| is.discard = DiscardPolicy::Old), r#"discard is "old", should be "new""#);
        assert_eq!(found(|is| is.max_age = Duration::from_nanos(7)), "max_age is 7, should be 0");
        assert_eq!(
            found(|is| is.subjects = vec!["case.>".to_owned()]),
            r#"subjects is ["case.>"], should be ["case.>","duty.>","document.>","directory.>"]"#
        );
        let copy =
            Republish { source: ">".to_owned(), destination: "copy.>".to_owned(), headers_only: false };
        assert!(difference(|is| is.republish = Some(copy)).unwrap().starts_with("republish is {"));
        let two = |is: &mut Config| (is.num_replicas, is.deny_purge) = (3, false);
        let said = "deny_purge is not set, should be true, num_replicas is 3, should be 1";
        assert_eq!(difference(two).as_deref(), Some(said));
    }

    #[test]
    fn notes_of_the_server_and_words_for_people_do_not_count() {
        let noted = difference(|is| {
            is.metadata.insert("_nats.level".to_owned(), "5".to_owned());
            is.description = Some("the log".to_owned());
        });
        assert_eq!(noted, None);
    }
}
