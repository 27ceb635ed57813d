//! The facts of one real case as a mould for many: other ids, other numbers, other deadlines, the chain made anew.

use std::collections::HashMap;

use bus::append::Append;
use events::{
    AggregateId, CaseCode, CaseId, Digest, Draft, Timestamp,
    envelope::{self, Stamp},
};
use uuid::Uuid;

use crate::Failure;

/// The length of an id in text.
const ID: usize = 36;

/// A mould.
#[derive(Clone, Debug)]
pub struct Template {
    year: i32,
    facts: Vec<Mould>,
}

/// The mould of one fact.
#[derive(Clone, Debug)]
struct Mould {
    ce_type: String,
    pieces: Vec<Piece>,
}

/// A piece of a fact's text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// The same in every cast.
    Text(String),
    /// The subject of the case.
    Subject,
    /// The number of the case.
    Number,
    /// An id; the same slot is the same id in all facts of a case. Slot 0 is the case's own.
    Id(usize),
}

impl Template {
    /// The mould of these drafts, all of one case.
    pub fn of(drafts: &[Draft], year: i32) -> Result<Self, Failure> {
        let Some(AggregateId::Case(case)) = drafts.first().map(|draft| draft.aggregate) else {
            return Err("a case begins with a fact of a case".into());
        };
        let subject = AggregateId::Case(case).subject();
        let number = drafts.iter().find_map(|draft| match &draft.body {
            events::Body::Numbered(numbered) => Some(numbered.code.to_string()),
            _ => None,
        });
        let mut slots = HashMap::from([(case.0, 0)]);
        let facts = drafts.iter().map(|draft| {
            let pieces = cut(&draft.to_json()?, &subject, number.as_deref(), &mut slots);
            Ok(Mould { ce_type: draft.body.kind().ce_type(), pieces })
        });
        Ok(Self { year, facts: facts.collect::<Result<_, Failure>>()? })
    }

    /// Casts the `rank`-th case of the year: its facts in their order, to be appended each behind the one before.
    pub fn cast(&self, rank: u32, recorded_at: Timestamp) -> Result<Vec<Append>, Failure> {
        let id = |slot: usize| made_up(rank, slot);
        let subject = AggregateId::Case(CaseId(id(0))).subject();
        let number = CaseCode::new(self.year, rank);
        let mut previous = Digest::ZERO;
        let facts = (1..).zip(&self.facts).map(|(version, mould)| {
            let mut draft = String::with_capacity(2_048);
            for piece in &mould.pieces {
                match piece {
                    Piece::Text(text) => draft.push_str(text),
                    Piece::Subject => draft.push_str(&subject),
                    Piece::Number => draft.push_str(number.as_str()),
                    Piece::Id(slot) => draft.push_str(id(*slot).hyphenated().encode_lower(&mut [0; ID])),
                }
            }
            let label = envelope::label(&draft)?;
            let text = envelope::stamp(&draft, Stamp { version, recorded_at, previous })?;
            let headers = vec![
                ("Content-Type", "application/cloudevents+json".to_owned()),
                ("Concord-Type", mould.ce_type.clone()),
                ("Concord-Version", version.to_string()),
                ("Concord-Previous-Hash", previous.to_string()),
            ];
            previous = Digest::of(text.as_bytes());
            let subject = subject.clone();
            Ok(Append { subject, payload: text.into(), id: label.id.to_string(), expected: 0, headers })
        });
        facts.collect()
    }
}

/// Cuts a text into pieces.
fn cut(text: &str, subject: &str, number: Option<&str>, slots: &mut HashMap<Uuid, usize>) -> Vec<Piece> {
    let (mut pieces, mut same) = (Vec::new(), String::new());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let found = if rest.starts_with(subject) {
            Some((Piece::Subject, subject.len()))
        } else if let Some(number) = number.filter(|number| rest.starts_with(number)) {
            Some((Piece::Number, number.len()))
        } else {
            rest.get(..ID).and_then(|word| Uuid::parse_str(word).ok()).map(|id| {
                let next = slots.len();
                (Piece::Id(*slots.entry(id).or_insert(next)), ID)
            })
        };
        let length = if let Some((piece, length)) = found {
            pieces.extend((!same.is_empty()).then(|| Piece::Text(std::mem::take(&mut same))));
            pieces.push(piece);
            length
        } else {
            same.push(letter);
            letter.len_utf8()
        };
        rest = &rest[length..];
    }
    pieces.extend((!same.is_empty()).then_some(Piece::Text(same)));
    pieces
}

/// An id that nothing else has.
fn made_up(rank: u32, slot: usize) -> Uuid {
    let seed = (u64::from(rank) << 8) | slot as u64;
    let (high, low) = (mixed(seed), mixed(seed ^ 0xA5A5_5A5A_0F0F_F0F0));
    uuid::Builder::from_bytes(*Uuid::from_u64_pair(high, low).as_bytes())
        .with_version(uuid::Version::Sha1)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}

/// Spreads numbers that lie side by side over all numbers; no two become the same.
fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use events::Fact;

    use super::*;

    #[test]
    fn a_text_is_cut_where_another_case_differs() {
        let id = "6f1d8a52-9c0e-5b7f-8f43-2d6a91e7c305";
        let subject = format!("case.05.{id}");
        let text = format!("a {subject} b {id} c VV-2026-00001");
        let case = Uuid::parse_str(id).unwrap();
        let pieces = cut(&text, &subject, Some("VV-2026-00001"), &mut HashMap::from([(case, 0)]));
        let words = |text: &str| Piece::Text(text.to_owned());
        let expected = [words("a "), Piece::Subject, words(" b "), Piece::Id(0), words(" c "), Piece::Number];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_cast_case_can_be_folded_and_is_another_one() {
        let at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let example =
            |kind: events::Kind| Fact::from_bytes(kind.example().to_string().as_bytes()).unwrap().draft;
        let first = example(events::Kind::RaisedByPhone);
        let mut second = example(events::Kind::Numbered);
        (second.aggregate, second.origin.causation) = (first.aggregate, Some(first.id));
        let template = Template::of(&[first.clone(), second], 2026).unwrap();
        let mut folded = None;
        for append in template.cast(7, at).unwrap() {
            let fact = Fact::from_bytes(&append.payload).unwrap();
            assert_eq!(fact.draft.aggregate.subject(), append.subject);
            assert_eq!(fact.draft.id.to_string(), append.id);
            folded = Some(domain::evolve(folded, &fact).unwrap());
        }
        let folded = folded.unwrap();
        assert_eq!(folded.code, Some(CaseCode::new(2026, 7)));
        assert_ne!(AggregateId::Case(folded.id), first.aggregate);
        assert_eq!(folded.version, 2);
    }

    #[test]
    fn no_two_ids_are_alike() {
        let ids: std::collections::HashSet<_> =
            (0..1_000).flat_map(|rank| (0..8).map(move |slot| made_up(rank, slot))).collect();
        assert_eq!(ids.len(), 8_000);
    }
}
