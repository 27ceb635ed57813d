//! Times, spans and labels as an operator or an official reads them: by the clock of Vietnam, in either language.

use chrono::{DateTime, FixedOffset, TimeDelta};
use domain::{calendar::LOCAL, labels::Label};
use events::Timestamp;
use service::problem::Language;

/// A label in a language.
pub(crate) fn word(label: Label, language: Language) -> &'static str {
    language.pick(label.vi, label.en)
}

/// A time in Vietnam.
pub(crate) fn local(at: Timestamp) -> DateTime<FixedOffset> {
    at.with_timezone(&LOCAL)
}

/// `21:52 ngày 16/05/2026`; `21:52 on 16 May 2026 (UTC+7)`.
pub(crate) fn moment(at: Timestamp, language: Language) -> String {
    let form = language.pick("%H:%M ngày %d/%m/%Y", "%H:%M on %-d %b %Y (UTC+7)");
    local(at).format(form).to_string()
}

/// `21:52`; on another day than that of `now`, with the day.
pub(crate) fn hour(at: Timestamp, now: Timestamp, language: Language) -> String {
    let (at, now) = (local(at), local(now));
    let other_day = language.pick("%H:%M ngày %d/%m", "%H:%M on %-d %b");
    let form = if at.date_naive() == now.date_naive() { "%H:%M" } else { other_day };
    at.format(form).to_string()
}

/// `21:52:10`.
pub(crate) fn second(at: Timestamp) -> String {
    local(at).format("%H:%M:%S").to_string()
}

/// `40 giây`, `3 phút 5 giây`, `1 giờ 18 phút`, `2 giờ`; `40 s`, `3 min 5 s`, `1 h 18 min`, `2 h`.
pub(crate) fn span(span: TimeDelta, language: Language) -> String {
    let seconds = span.num_seconds().max(0);
    let [hour, minute, second] = match language {
        Language::Vi => ["giờ", "phút", "giây"],
        Language::En => ["h", "min", "s"],
    };
    let both = |(large, of), (small, of_small)| match (large, small) {
        (0, _) => format!("{small} {of_small}"),
        (_, 0) => format!("{large} {of}"),
        _ => format!("{large} {of} {small} {of_small}"),
    };
    match seconds / 3_600 {
        0 => both((seconds / 60, minute), (seconds % 60, second)),
        hours => both((hours, hour), (seconds / 60 % 60, minute)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_what_people_count_by() {
        let told = |seconds, language| span(TimeDelta::seconds(seconds), language);
        let vietnamese = [-1, 0, 40, 60, 185, 3_599, 3_600, 7_200, 4_680, 4_689, 180_000];
        assert_eq!(
            vietnamese.map(|seconds| told(seconds, Language::Vi)),
            [
                "0 giây",
                "0 giây",
                "40 giây",
                "1 phút",
                "3 phút 5 giây",
                "59 phút 59 giây",
                "1 giờ",
                "2 giờ",
                "1 giờ 18 phút",
                "1 giờ 18 phút",
                "50 giờ"
            ]
        );
        assert_eq!(
            [9, 185, 7_500].map(|seconds| told(seconds, Language::En)),
            ["9 s", "3 min 5 s", "2 h 5 min"]
        );
    }

    #[test]
    fn a_time_is_that_of_vietnam_and_has_its_day_where_that_is_another() {
        let at: Timestamp = "2026-05-16T14:52:10Z".parse().unwrap();
        let moments = [Language::Vi, Language::En].map(|language| moment(at, language));
        assert_eq!(moments, ["21:52 ngày 16/05/2026", "21:52 on 16 May 2026 (UTC+7)"]);
        assert_eq!(second(at), "21:52:10");
        let next_day = at + TimeDelta::hours(3);
        assert_eq!(hour(at, at, Language::Vi), "21:52");
        assert_eq!(hour(at, next_day, Language::Vi), "21:52 ngày 16/05");
        assert_eq!(hour(at, next_day, Language::En), "21:52 on 16 May");
    }
}
