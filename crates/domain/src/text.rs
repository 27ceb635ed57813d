//! Text that people type: stored clean, found without diacritics.
//!
//! Vietnamese can be encoded in several ways that look the same, and invisible characters can make one text look
//! like another. [`clean`] runs on every text from outside before a rule sees it; [`fold`] makes the form in
//! which texts are searched.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text as it is stored: Unicode NFC, without characters that steer or hide instead of showing something.
///
/// Removed are bidirectional controls and control characters other than newline and tab; so CRLF becomes LF.
/// White space at the end of each line, and empty lines at the end, are dropped (DOMAIN, preface: NFC).
pub fn clean(text: &str) -> String {
    let shown: String = text.chars().filter(|&c| !is_hidden_control(c)).nfc().collect();
    let lines: Vec<&str> = shown.trim_end().split('\n').map(str::trim_end).collect();
    lines.join("\n")
}

/// The text as it is searched: lower case, without marks, đ as d. "Trần Đường" is found as "tran duong".
///
/// Both the text and the query are folded, because no search index takes đ for d by itself.
pub fn fold(text: &str) -> String {
    let letters = text.nfd().filter(|&c| !is_combining_mark(c));
    letters.flat_map(char::to_lowercase).map(|c| if c == 'đ' { 'd' } else { c }).collect()
}

/// A word of a text, as it is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it begins, in characters of the text.
    pub start: usize,
    /// Where it ends: the character behind it.
    pub end: usize,
    /// Its folded form: letters and digits alone.
    pub folded: String,
}

/// The words of a text: runs of letters and digits. Of "118/BC-SNNMT" they are "118", "bc", "snnmt".
pub fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut run = String::new();
    for (at, c) in text.chars().chain([' ']).enumerate() {
        if c.is_alphanumeric() || is_combining_mark(c) {
            run.push(c);
        } else if !run.is_empty() {
            let folded: String = fold(&run).chars().filter(|c| c.is_alphanumeric()).collect();
            let start = at - run.chars().count();
            words.extend((!folded.is_empty()).then_some(Word { start, end: at, folded }));
            run.clear();
        }
    }
    words
}

fn is_hidden_control(c: char) -> bool {
    let bidi =
        matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    bidi || (c.is_control() && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vietnamese_is_stored_composed() {
        let decomposed = "Tra\u{300}n da\u{302}\u{300}u o\u{31B}\u{309} ca\u{309}ng Cam Ranh";
        assert_eq!(clean(decomposed), "Tràn dầu ở cảng Cam Ranh");
        assert_eq!(clean("Nguyê\u{303}n"), "Nguyễn");
        assert_eq!(clean("Đường 19/5 – Ủy ban"), "Đường 19/5 – Ủy ban");
    }

    #[test]
    fn what_steers_or_hides_is_removed() {
        assert_eq!(
            clean("123\u{202E}321\u{202C}/UBND\u{200E}-VX\u{2066}NV\u{2069}\u{61C}\u{200F}"),
            "123321/UBND-VXNV"
        );
        assert_eq!(clean("a\0b\u{7}c\u{1B}[31md\u{7F}e\u{85}f"), "abc[31mdef");
    }

    #[test]
    fn a_control_between_letter_and_mark_does_not_keep_them_apart() {
        assert_eq!(clean("a\u{200E}\u{302}"), "â");
    }

    #[test]
    fn lines_end_in_one_way_and_without_spaces() {
        assert_eq!(clean("một \r\nhai\t\r\n\r\n  ba\u{A0}\r\n\r\n"), "một\nhai\n\n  ba");
        assert_eq!(clean("một\tcột"), "một\tcột");
        assert_eq!(clean(" \r\n\t"), "");
    }

    #[test]
    fn search_ignores_marks_case_and_the_bar_of_d() {
        assert_eq!(fold("Tràn dầu ở Cầu Đá"), "tran dau o cau da");
        assert_eq!(fold("ĐƯỜNG SẮT Bắc – Nam"), "duong sat bac – nam");
        assert_eq!(fold("Giải phóng mặt bằng, Hòa Xuân"), "giai phong mat bang, hoa xuan");
        assert_eq!(fold("ă â ê ô ơ ư ặ ậ ệ ộ ợ ự ỹ"), "a a e o o u a a e o o u y");
        assert_eq!(fold("06/2024/QĐ-UBND"), "06/2024/qd-ubnd");
        assert_eq!(fold("hoà"), fold("hòa"));
    }

    #[test]
    fn words_say_where_they_stand() {
        let found: Vec<_> =
            words("Số 118/BC-SNNMT: tràn dầu…").into_iter().map(|w| (w.start, w.end, w.folded)).collect();
        let word = |start, end, folded: &str| (start, end, folded.to_owned());
        assert_eq!(
            found,
            [
                word(0, 2, "so"),
                word(3, 6, "118"),
                word(7, 9, "bc"),
                word(10, 15, "snnmt"),
                word(17, 21, "tran"),
                word(22, 25, "dau")
            ]
        );
        assert_eq!(words("\u{301} \" ' * ( ) : ^ – "), []);
        let decomposed = words("da\u{302}\u{300}u");
        assert_eq!((decomposed[0].end, decomposed[0].folded.as_str()), (5, "dau"));
    }

    proptest! {
        #[test]
        fn a_word_is_letters_and_digits_and_lies_in_the_text(text in any::<String>()) {
            let letters: Vec<char> = text.chars().collect();
            let mut behind = 0;
            for word in words(&text) {
                prop_assert!(word.start >= behind && word.start < word.end && word.end <= letters.len());
                prop_assert!(word.folded.chars().all(char::is_alphanumeric), "{:?}", word.folded);
                behind = word.end;
            }
        }

        #[test]
        fn cleaning_and_folding_twice_change_nothing_more(text in any::<String>()) {
            prop_assert_eq!(clean(&clean(&text)), clean(&text));
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn a_text_is_found_however_it_is_encoded(text in "[a-zÀ-ʯẠ-ỹ0-9 ]{0,30}") {
            let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
            prop_assert_eq!(fold(&composed), fold(&decomposed));
            prop_assert_eq!(fold(&text), fold(&clean(&text)) + &" ".repeat(text.len() - text.trim_end().len()));
        }
    }
}
