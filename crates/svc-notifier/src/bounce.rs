//! Reports of failure (RFC 3464), as mail servers send them back to the envelope sender.
//!
//! Which mail a report is about is said by the address to which it came, as each mail has one of its own; a report that
//! came elsewhere is known by the `Message-ID` of the mail that it returns. Anything that is no such report, an
//! "I am on leave" say, is nothing.

use bus::outbox::EntryId;
use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use uuid::Uuid;

/// The most characters of a server's words that are kept.
const LONGEST: usize = 500;

/// The most characters of a status that are kept: `5.123.123` is the longest that there is.
const LONGEST_STATUS: usize = 16;

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The entry whose mail did not arrive.
    pub entry: EntryId,
    /// The status (RFC 3463), e.g. `5.1.1`.
    pub status: String,
    /// The server's words.
    pub reply: String,
}

impl Bounce {
    /// Whether it is for ever: the address is wrong, say, and not only full or away.
    pub fn is_permanent(&self) -> bool {
        self.status.starts_with('5')
    }
}

/// The envelope sender of the mail of an entry.
pub fn address(local: &str, entry: &str, domain: &str) -> String {
    format!("{local}+{entry}@{domain}")
}

/// Reads a report; `None` if it is none, or says only that delivery takes longer, or does not say of which mail.
pub fn read(bytes: &[u8]) -> Option<Bounce> {
    let message = MessageParser::default().parse(bytes)?;
    let failed =
        message.parts.iter().filter(|part| is(part, "message", "delivery-status")).find_map(|part| {
            let fields = String::from_utf8_lossy(part.contents()).into_owned();
            failure(&fields)
        })?;
    let entry = addressed(&message).or_else(|| returned(&message))?;
    let (status, reply) = failed;
    Some(Bounce { entry, status, reply })
}

fn is(part: &MessagePart<'_>, kind: &str, subtype: &str) -> bool {
    part.is_content_type(kind, subtype)
}

/// The status and the words for the first recipient for whom it failed.
fn failure(fields: &str) -> Option<(String, String)> {
    let unfolded = fields.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
    unfolded.split("\n\n").find_map(|group| {
        let field = |name: &str| {
            group.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        if !field("Action")?.eq_ignore_ascii_case("failed") {
            return None;
        }
        let status = field("Status").and_then(|status| status.split_whitespace().next()).unwrap_or("5.0.0");
        let status: String = status.chars().take(LONGEST_STATUS).collect();
        let words = field("Diagnostic-Code").unwrap_or_default();
        let words = words.split_once(';').map_or(words, |(_, words)| words).trim();
        let reply: String =
            words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
        Some((status, if reply.is_empty() { "no reason was given".to_owned() } else { reply }))
    })
}

/// The entry in an address to which the report came.
fn addressed(message: &Message<'_>) -> Option<EntryId> {
    let headers = message.headers().iter();
    let of_interest = ["to", "delivered-to", "x-original-to", "envelope-to"];
    headers
        .filter(|header| of_interest.contains(&header.name().to_ascii_lowercase().as_str()))
        .find_map(|header| addresses(header.value()).into_iter().find_map(|address| tagged(&address)))
}

fn addresses(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Address(Address::List(list)) => {
            list.iter().filter_map(|each| each.address.as_deref().map(str::to_owned)).collect()
        }
        HeaderValue::Address(Address::Group(groups)) => {
            let all = groups.iter().flat_map(|group| &group.addresses);
            all.filter_map(|each| each.address.as_deref().map(str::to_owned)).collect()
        }
        HeaderValue::Text(text) => vec![text.trim_matches(['<', '>', ' ']).to_owned()],
        HeaderValue::TextList(list) => list.iter().map(|text| text.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn tagged(address: &str) -> Option<EntryId> {
    let (local, _) = address.rsplit_once('@')?;
    let (_, tag) = local.rsplit_once('+')?;
    Uuid::try_parse(tag).ok().map(EntryId)
}

/// The entry in the `Message-ID` of the mail that is returned, whole or its headers only.
fn returned(message: &Message<'_>) -> Option<EntryId> {
    message.parts.iter().find_map(|part| {
        let id = match &part.body {
            PartType::Message(returned) => returned.message_id().map(str::to_owned),
            _ if is(part, "text", "rfc822-headers") => {
                MessageParser::default().parse(part.contents())?.message_id().map(str::to_owned)
            }
            _ => None,
        }?;
        Uuid::try_parse(id.split('@').next()?).ok().map(EntryId)
    })
}

#[cfg(test)]
mod tests;
