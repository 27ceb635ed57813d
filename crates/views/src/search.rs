//! Search: what was typed, what of a case is searched, and where in it that was found.
//!
//! Text is searched folded, as `domain::text` folds it. A word of the index says by its first letter where it stands:
//! in the title, in the number or abstract of a document, or anywhere. Two words that stand side by side are a word of
//! the index too, so it need not know where each stands. And the groups of persons who may see the case stand beside
//! its words, each with the stretch of the log in which the case was raised, so that a common word costs nobody the
//! cases of others, nor those of all years at once.

use std::collections::BTreeSet;

use domain::{Case, access::Principal, text};

use crate::store::name;

/// The most characters that a query may have.
const LONGEST: usize = 200;

/// The most words that a query may have.
const MOST_WORDS: usize = 10;

/// The most places that a hit shows.
const MOST_SHOWN: usize = 8;

/// How many characters of a long text are shown, and how many of them before the first mark.
const SHOWN: usize = 160;
const BEFORE: usize = 50;

/// How many positions of the log are a stretch.
const STRETCH: u64 = 1 << 19;

/// Joins two words that stand side by side: no word has it.
const JOINED: char = '·';

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Each is a word, or several that were typed without a space and so stand together, such as `118/BC-SNNMT`.
    parts: Vec<Vec<String>>,
}

/// Why nothing can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No letter, no digit.
    #[error("there is no word in it")]
    Empty,
    /// Too much.
    #[error("it has more than {LONGEST} characters or {MOST_WORDS} words")]
    TooLong,
}

/// A text of a case that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Its number.
    Code,
    /// Its title.
    Title,
    /// What happened.
    Summary,
    /// The number and symbol of a document.
    Document,
    /// The abstract of a document.
    Abstract,
}

/// A text in which something was found, or the part of it that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which text.
    pub field: Field,
    /// Its words, as they stand in the case.
    pub text: String,
    /// From which character to which, the last not included.
    pub marks: Vec<(usize, usize)>,
}

/// Where the words must stand, the best place first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// All of them in the title.
    Title,
    /// All of them in numbers and abstracts of documents.
    Document,
    /// Anywhere.
    Anywhere,
}

/// A part of the log, counted from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch(u64);

impl Stretch {
    /// The one in which a position lies.
    pub(crate) fn of(position: u64) -> Self {
        Self(position / STRETCH)
    }

    /// Its first position.
    pub(crate) fn begin(self) -> u64 {
        self.0.saturating_mul(STRETCH)
    }

    /// The position behind its last.
    pub(crate) fn end(self) -> u64 {
        self.begin().saturating_add(STRETCH)
    }
}

/// What the index has of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Indexed {
    /// Its words, and who may find them.
    pub(crate) words: String,
    /// The words that something may begin with.
    pub(crate) known: BTreeSet<String>,
}

impl Tier {
    pub(crate) const ALL: [Self; 3] = [Self::Title, Self::Document, Self::Anywhere];

    fn letter(self) -> char {
        match self {
            Self::Title => 't',
            Self::Document => 'd',
            Self::Anywhere => 'a',
        }
    }
}

impl Field {
    fn tier(self) -> Tier {
        match self {
            Self::Title => Tier::Title,
            Self::Code | Self::Document | Self::Abstract => Tier::Document,
            Self::Summary => Tier::Anywhere,
        }
    }
}

impl Query {
    /// Reads what was typed. Only letters and digits count: nothing that is typed has a meaning of its own.
    ///
    /// # Errors
    /// There is nothing to look for, or too much.
    pub fn parse(typed: &str) -> Result<Self, QueryError> {
        if typed.chars().count() > LONGEST {
            return Err(QueryError::TooLong);
        }
        let parts: Vec<Vec<String>> =
            typed.split_whitespace().map(words_of).filter(|part| !part.is_empty()).collect();
        match parts.iter().map(Vec::len).sum::<usize>() {
            0 => Err(QueryError::Empty),
            1..=MOST_WORDS => Ok(Self { parts }),
            _ => Err(QueryError::TooLong),
        }
    }

    /// The last word, which may be the beginning of a longer one. A number is meant as it stands.
    pub(crate) fn begun(&self) -> Option<&str> {
        let last = self.parts.last()?.last()?;
        (!is_number(last)).then_some(last.as_str())
    }

    /// What the index is asked: for whom, of which stretch, where the words must stand, at which better places they must not, and which
    /// words begin like the last one.
    ///
    /// Every word is letters and digits within quotes.
    pub(crate) fn expression(
        &self,
        principals: &BTreeSet<Principal>,
        party: Option<&Principal>,
        stretch: Stretch,
        tier: Tier,
        better: &[Tier],
        longer: &[String],
    ) -> String {
        let who = |principal| format!("\"{}\"", who(principal, stretch));
        let mut asked = vec![format!("({})", principals.iter().map(who).collect::<Vec<_>>().join(" OR "))];
        asked.extend(party.map(who));
        asked.push(self.in_tier(tier, longer));
        let asked = asked.join(" AND ");
        // What was found at a better place is not found again.
        let better: Vec<_> = better.iter().map(|better| self.in_tier(*better, longer)).collect();
        if better.is_empty() { asked } else { format!("({asked}) NOT ({})", better.join(" OR ")) }
    }

    fn in_tier(&self, tier: Tier, longer: &[String]) -> String {
        let last = self.parts.len() - 1;
        let part = |(place, words): (usize, &Vec<String>)| {
            let ends =
                longer.iter().filter(|_| place == last).map(|longer| together(tier, words, Some(longer)));
            let ways: Vec<_> = [together(tier, words, None)].into_iter().chain(ends).collect();
            format!("({})", ways.join(" OR "))
        };
        format!("({})", self.parts.iter().enumerate().map(part).collect::<Vec<_>>().join(" AND "))
    }

    /// Where in a case it is found.
    pub(crate) fn matches(&self, case: &Case) -> Vec<Match> {
        let found = texts(case).filter_map(|(field, text)| {
            let marks = self.marks(text);
            (!marks.is_empty()).then(|| shown(field, text, marks))
        });
        found.take(MOST_SHOWN).collect()
    }

    fn marks(&self, text: &str) -> Vec<(usize, usize)> {
        let words = text::words(text);
        let keys: Vec<_> = words.iter().map(|word| key(&word.folded)).collect();
        let begun = self.begun();
        let mut marks = Vec::new();
        for (place, part) in self.parts.iter().enumerate() {
            let is_last = place + 1 == self.parts.len();
            for (first, here) in keys.windows(part.len()).enumerate() {
                let whole = here.iter().zip(part).take(part.len() - 1).all(|(one, other)| one == other);
                let (end, wanted) = (here[part.len() - 1], &part[part.len() - 1]);
                let longer = begun.filter(|_| is_last).is_some_and(|begun| end.starts_with(begun));
                if whole && (end == wanted || longer) {
                    marks.push((words[first].start, words[first + part.len() - 1].end));
                }
            }
        }
        marks.sort_unstable();
        // Two parts that are found at one place are one mark.
        marks.dedup_by(|next, before| {
            let together = next.0 < before.1;
            before.1 = if together { before.1.max(next.1) } else { before.1 };
            together
        });
        marks
    }
}

/// What the index is asked for words that stand together, the last of them perhaps another.
fn together(tier: Tier, words: &[String], last: Option<&String>) -> String {
    let letter = tier.letter();
    let begin = &words[..words.len() - usize::from(last.is_some())];
    let words: Vec<_> = begin.iter().chain(last).collect();
    if let [word] = *words {
        return format!("\"{letter}{word}\"");
    }
    let pairs = words.windows(2).map(|pair| format!("\"{letter}{}{JOINED}{}\"", pair[0], pair[1]));
    let pairs: Vec<_> = pairs.collect();
    if let [pair] = &*pairs { pair.clone() } else { format!("({})", pairs.join(" AND ")) }
}

/// The texts of a case that are searched: nothing that is sealed, and no more than everybody reads who sees the case.
fn texts(case: &Case) -> impl Iterator<Item = (Field, &str)> {
    let papers = case.casefile.papers.iter();
    let papers =
        papers.flat_map(|paper| [(Field::Document, &*paper.printed), (Field::Abstract, &*paper.subject)]);
    let code = case.code.iter().map(|code| (Field::Code, code.as_str()));
    let matter = [(Field::Title, &*case.matter.title), (Field::Summary, &*case.matter.summary)];
    code.chain(matter).chain(papers)
}

/// What the index has of a case.
pub(crate) fn indexed(case: &Case, stretch: Stretch) -> Indexed {
    let mut words: Vec<String> = case.audience.iter().map(|principal| who(principal, stretch)).collect();
    let mut known = BTreeSet::new();
    for (field, text) in texts(case) {
        let found = words_of(text);
        let tiers = BTreeSet::from([field.tier().letter(), Tier::Anywhere.letter()]);
        for letter in tiers {
            words.extend(found.iter().map(|word| format!("{letter}{word}")));
            words.extend(found.windows(2).map(|pair| format!("{letter}{}{JOINED}{}", pair[0], pair[1])));
        }
        known.extend(found.into_iter().filter(|word| field != Field::Code && !is_number(word)));
    }
    Indexed { words: words.join(" "), known }
}

/// How a group of persons is called in the index where it stands beside the cases of a stretch.
fn who(principal: &Principal, Stretch(stretch): Stretch) -> String {
    let digits = name(principal).into_bytes().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let name: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    format!("w{name}{JOINED}{stretch}")
}

fn words_of(text: &str) -> Vec<String> {
    text::words(text).into_iter().map(|word| key(&word.folded).to_owned()).collect()
}

/// A word as it is looked up: 05 is 5, as documents are printed both ways.
fn key(word: &str) -> &str {
    let short = word.trim_start_matches('0');
    if is_number(word) && !short.is_empty() { short } else { word }
}

fn is_number(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit())
}

/// A text with its marks; of a long one the part around the first.
fn shown(field: Field, text: &str, marks: Vec<(usize, usize)>) -> Match {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= SHOWN {
        return Match { field, text: text.to_owned(), marks };
    }
    let first = marks.first().map_or(0, |mark| mark.0);
    let space = |at: &usize| letters[*at].is_whitespace();
    let from = first.saturating_sub(BEFORE);
    let from = if from == 0 { 0 } else { (from..first).find(space).map_or(from, |at| at + 1) };
    let to = (from + SHOWN).min(letters.len());
    let to = if to == letters.len() { to } else { (first + 1..to).rev().find(space).unwrap_or(to) };
    let (before, behind) = (if from > 0 { "…" } else { "" }, if to < letters.len() { "…" } else { "" });
    let part: String = letters[from..to].iter().collect();
    let moved = before.chars().count();
    let inside = marks.into_iter().filter(|mark| mark.0 < to);
    let marks = inside.map(|(start, end)| (start - from + moved, end.min(to) - from + moved)).collect();
    Match { field, text: format!("{before}{part}{behind}"), marks }
}

#[cfg(test)]
mod tests {
    use domain::access::Principal;
    use events::AgencyId;

    use super::*;

    fn query(typed: &str) -> Query {
        Query::parse(typed).unwrap()
    }

    fn marked(typed: &str, text: &str) -> Vec<String> {
        let found = shown(Field::Summary, text, query(typed).marks(text));
        let letters: Vec<char> = found.text.chars().collect();
        found.marks.into_iter().map(|(start, end)| letters[start..end].iter().collect()).collect()
    }

    #[test]
    fn words_are_found_without_marks_and_the_last_by_its_beginning() {
        let text = "Sạt lở đường Trần Đường, xã Bình Minh";
        assert_eq!(marked("duong", text), ["đường", "Đường"]);
        assert_eq!(marked("Đường TRẦN", text), ["đường", "Trần", "Đường"]);
        assert_eq!(marked("binh mi", text), ["Bình", "Minh"]);
        assert_eq!(marked("bi minh", text), ["Minh"], "only the last is a beginning");
        assert!(marked("hoa", text).is_empty());
    }

    #[test]
    fn what_was_typed_together_stands_together() {
        let text = "Các văn bản 118/BC-SNNMT, 05/TB-UBND và 12-TB/TU";
        assert_eq!(marked("118/BC-SNNMT", text), ["118/BC-SNNMT"]);
        assert_eq!(marked("118/bc-sn", text), ["118/BC-SNNMT"]);
        assert_eq!(marked("5/TB-UBND", text), ["05/TB-UBND"]);
        assert_eq!(marked("05/TB", text), ["05/TB"]);
        assert!(marked("118/TB-UBND", text).is_empty());
        assert!(marked("11", text).is_empty(), "a number is meant as it stands");
    }

    #[test]
    fn of_a_long_text_the_part_around_the_first_mark_is_shown() {
        let text = format!("{} tràn dầu {}", "một hai ba ".repeat(40), "bốn năm ".repeat(40));
        let found = shown(Field::Summary, &text, query("tran dau").marks(&text));
        assert!(found.text.starts_with('…') && found.text.ends_with('…'), "{}", found.text);
        assert!(found.text.chars().count() <= SHOWN + 2, "{}", found.text);
        assert_eq!(marked("tran dau", &text), ["tràn", "dầu"]);
        assert_eq!(marked("mot", &text).first().map(String::as_str), Some("một"));
        let endless = format!("dầu{}", "x".repeat(500));
        assert_eq!(shown(Field::Summary, &endless, query("dau").marks(&endless)).marks, [(0, SHOWN)]);
    }

    #[test]
    fn without_a_word_there_is_nothing_to_look_for_and_of_many_too_much() {
        for empty in ["", " ", "\"*\"", "( ) : ^ - + '", "\0", "\u{301}"] {
            assert_eq!(Query::parse(empty), Err(QueryError::Empty), "{empty:?}");
        }
        assert_eq!(Query::parse(&"a ".repeat(11)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"a-".repeat(11)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"x".repeat(201)), Err(QueryError::TooLong));
    }

    #[test]
    fn an_expression_asks_for_whom_where_and_not_where_it_is_better() {
        let who = BTreeSet::from([Principal::Agency(AgencyId::from("X\" OR")), Principal::Auditors]);
        let query = query("tràn 118/BC");
        let stretch = Stretch::of(2 * STRETCH - 1);
        let title = query.expression(&who, None, stretch, Tier::Title, &[], &[]);
        let names = "(\"w6167656e6379205822204f52·1\" OR \"w61756469746f7273·1\")";
        assert_eq!(title, format!("{names} AND ((\"ttran\") AND (\"t118·bc\"))"));
        let (better, longer) = ([Tier::Title], ["bcx".to_owned()]);
        let document =
            query.expression(&who, Some(&Principal::StandingBody), stretch, Tier::Document, &better, &longer);
        let body = "\"w7374616e64696e6720626f6479·1\"";
        assert_eq!(
            document,
            format!(
                "({names} AND {body} AND ((\"dtran\") AND (\"d118·bc\" OR \"d118·bcx\"))) \
                 NOT (((\"ttran\") AND (\"t118·bc\" OR \"t118·bcx\")))"
            )
        );
    }
}
