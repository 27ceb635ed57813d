//! The watchdog's mails, Vietnamese first. They hold the name of an installation, its address, and times: nothing that
//! it answered.

use chrono::TimeDelta;
use domain::calendar::LOCAL;
use events::Timestamp;

use super::{
    config::Installation,
    watch::{Illness, News, Outage},
};

/// An installation, as mails call it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its address.
    pub(super) url: &'a str,
}

impl<'a> Named<'a> {
    /// As the configuration names it.
    pub(super) fn of(installation: &'a Installation) -> Self {
        Self { name: &installation.name, url: &installation.url }
    }
}

/// A mail without its recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The subject.
    pub(super) subject: String,
    /// The text.
    pub(super) text: String,
}

/// Says what has happened; `host` is the machine of the watchdog.
pub(super) fn written(of: Named<'_>, news: &News, remind: Option<TimeDelta>, host: &str) -> Written {
    let (what, vietnamese, english) = match news {
        News::Stopped(outage) => stopped(of, outage, remind),
        News::Still(outage) => still(of, outage, remind),
        News::Back(outage) => back(of, outage),
    };
    Written { subject: format!("[Concord] {}: {what}", of.name), text: framed(&vietnamese, &english, host) }
}

fn stopped(of: Named<'_>, outage: &Outage, remind: Option<TimeDelta>) -> (String, String, String) {
    let Outage { since, at, why } = *outage;
    let (reason, reason_en) = reasons(why);
    let (again, again_en) = reminders(remind);
    let vietnamese = format!(
        "{} ({}) không trả lời từ {}; đến {} vẫn chưa trả lời.\nTình trạng ghi nhận: {reason}.\n\n{TO_DO}\n{again}",
        of.name,
        of.url,
        moment(since),
        moment(at),
    );
    let english = format!(
        "{} ({}) has not answered since {}, and had not at {}.\nWhat was seen: {reason_en}.\n\n{TO_DO_EN}\n{again_en}",
        of.name,
        of.url,
        moment_en(since),
        moment_en(at),
    );
    (format!("không trả lời từ {}", hour(since, at)), vietnamese, english)
}

fn still(of: Named<'_>, outage: &Outage, remind: Option<TimeDelta>) -> (String, String, String) {
    let Outage { since, at, why } = *outage;
    let (reason, reason_en) = reasons(why);
    let (again, again_en) = reminders(remind);
    let vietnamese = format!(
        "{} ({}) vẫn không trả lời: từ {}, đã {}.\nTình trạng ghi nhận: {reason}.\n\n{TO_DO}\n{again}",
        of.name,
        of.url,
        moment(since),
        span(at - since),
    );
    let english = format!(
        "{} ({}) still does not answer: since {}, for {}.\nWhat was seen: {reason_en}.\n\n{TO_DO_EN}\n{again_en}",
        of.name,
        of.url,
        moment_en(since),
        span_en(at - since),
    );
    (format!("vẫn không trả lời từ {}", hour(since, at)), vietnamese, english)
}

fn back(of: Named<'_>, outage: &Outage) -> (String, String, String) {
    let Outage { since, at, .. } = *outage;
    let vietnamese = format!(
        "{} ({}) đã trả lời trở lại lúc {}, sau {} gián đoạn (từ {}).\n\n\
         Đề nghị chạy `concord doctor` trên máy chủ để kiểm tra lại, và ghi nguyên nhân vào sổ vận hành.",
        of.name,
        of.url,
        moment(at),
        span(at - since),
        moment(since),
    );
    let english = format!(
        "{} ({}) answers again since {}, after {} (from {}).\n\n\
         Run `concord doctor` on its machine to see that all is well, and note the cause.",
        of.name,
        of.url,
        moment_en(at),
        span_en(at - since),
        moment_en(since),
    );
    (format!("trả lời trở lại lúc {}", hour(at, at)), vietnamese, english)
}

/// That the watchdog itself works: each installation, with since when it does not answer.
pub(super) fn alive(all: &[(Named<'_>, Option<Timestamp>)], at: Timestamp, host: &str) -> Written {
    let line = |(of, ill): &(Named<'_>, Option<Timestamp>)| match ill {
        None => format!("- {} ({}): hoạt động", of.name, of.url),
        Some(since) => format!("- {} ({}): không trả lời từ {}", of.name, of.url, moment(*since)),
    };
    let line_en = |(of, ill): &(Named<'_>, Option<Timestamp>)| match ill {
        None => format!("- {} ({}): answers", of.name, of.url),
        Some(since) => format!("- {} ({}): has not answered since {}", of.name, of.url, moment_en(*since)),
    };
    let vietnamese = format!(
        "Chương trình giám sát vẫn hoạt động. Tình trạng lúc {}:\n\n{}\n\n\
         Ngày nào không nhận được thư này, đề nghị kiểm tra máy giám sát.",
        moment(at),
        all.iter().map(line).collect::<Vec<_>>().join("\n"),
    );
    let english = format!(
        "The watchdog itself works. How it stood at {}:\n\n{}\n\nOn a day without this mail, look after the watchdog.",
        moment_en(at),
        all.iter().map(line_en).collect::<Vec<_>>().join("\n"),
    );
    let day = at.with_timezone(&LOCAL).format("%d/%m/%Y");
    Written {
        subject: format!("[Concord] Giám sát: vẫn hoạt động, ngày {day}"),
        text: framed(&vietnamese, &english, host),
    }
}

const TO_DO: &str = "Đề nghị kiểm tra ngay. Trên máy chủ của hệ thống, chạy `concord doctor`: mỗi mục không đạt đều nêu \
                     việc cần làm. Nếu máy chủ không truy cập được, kiểm tra nguồn điện và đường truyền.";

const TO_DO_EN: &str = "Please look at once. On its machine run `concord doctor`: each line that fails says what to do. If \
                        the machine cannot be reached, look after power and network.";

fn reasons(why: Illness) -> (String, String) {
    match why {
        Illness::Silent => (
            "không kết nối được, hoặc quá thời gian chờ".to_owned(),
            "no connection, or no answer in time".to_owned(),
        ),
        Illness::Strange(status) => (
            format!("có trả lời (mã {status}) nhưng không phải của Concord"),
            format!("an answer (status {status}) that is not Concord's"),
        ),
        Illness::NotReady => (
            "có trả lời nhưng báo chưa sẵn sàng làm việc".to_owned(),
            "it answers that it is not ready for work".to_owned(),
        ),
        Illness::Stale => (
            "có trả lời nhưng dữ liệu tra cứu không theo kịp sổ ghi".to_owned(),
            "it answers, and its fold stands still while the log goes on".to_owned(),
        ),
    }
}

fn reminders(remind: Option<TimeDelta>) -> (String, String) {
    match remind {
        None => (
            "Sẽ có thư báo khi hệ thống trả lời trở lại.".to_owned(),
            "Another mail follows when it is back.".to_owned(),
        ),
        Some(every) => (
            format!("Sẽ có thư nhắc sau mỗi {}, và thư báo khi hệ thống trả lời trở lại.", span(every)),
            format!("A reminder follows every {}, and another mail when it is back.", span_en(every)),
        ),
    }
}

fn framed(vietnamese: &str, english: &str, host: &str) -> String {
    format!(
        "Kính gửi: Người vận hành Concord\n\n{vietnamese}\n\n\
         Thư do chương trình giám sát trên máy {host} tự động gửi; đề nghị không trả lời thư này.\n\n\
         ────────────────────────\n\n\
         {english}\n\nSent by the watchdog on {host}; please do not answer.\n"
    )
}

/// `21:52 ngày 16/05/2026`.
fn moment(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%H:%M ngày %d/%m/%Y").to_string()
}

/// `21:52 on 16 May 2026`.
fn moment_en(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%H:%M on %-d %b %Y (UTC+7)").to_string()
}

/// `21:52`; on another day than that of `now`, with the day.
fn hour(at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (at.with_timezone(&LOCAL), now.with_timezone(&LOCAL));
    let form = if at.date_naive() == now.date_naive() { "%H:%M" } else { "%H:%M ngày %d/%m" };
    at.format(form).to_string()
}

/// `40 giây`, `12 phút`, `1 giờ 18 phút`.
fn span(span: TimeDelta) -> String {
    in_words(span, ["giây", "phút", "giờ"])
}

fn span_en(span: TimeDelta) -> String {
    in_words(span, ["s", "min", "h"])
}

fn in_words(span: TimeDelta, [second, minute, hour]: [&str; 3]) -> String {
    let seconds = span.num_seconds().max(0);
    match (seconds / 3_600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} {second}"),
        (0, minutes) => format!("{minutes} {minute}"),
        (hours, 0) => format!("{hours} {hour}"),
        (hours, minutes) => format!("{hours} {hour} {minutes} {minute}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF: Named<'_> = Named { name: "Tỉnh A", url: "https://phoi-hop.tinh.example" };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn outage(until: &str) -> Outage {
        Outage { since: at("2026-05-16T21:52:10+07:00"), at: at(until), why: Illness::Silent }
    }

    #[test]
    fn the_subject_says_what_and_since_when() {
        let subject = |news| written(OF, &news, None, "may-giam-sat").subject;
        let soon = "2026-05-16T21:53:20+07:00";
        assert_eq!(subject(News::Stopped(outage(soon))), "[Concord] Tỉnh A: không trả lời từ 21:52");
        assert_eq!(
            subject(News::Still(outage("2026-05-17T00:10:00+07:00"))),
            "[Concord] Tỉnh A: vẫn không trả lời từ 21:52 ngày 16/05"
        );
        assert_eq!(
            subject(News::Back(outage("2026-05-17T00:10:00+07:00"))),
            "[Concord] Tỉnh A: trả lời trở lại lúc 00:10"
        );
    }

    #[test]
    fn the_text_is_vietnamese_first_with_english_below() {
        let mail =
            written(OF, &News::Stopped(outage("2026-05-16T21:53:20+07:00")), Some(TimeDelta::hours(1)), "gs");
        let expected = "Kính gửi: Người vận hành Concord\n\n\
            Tỉnh A (https://phoi-hop.tinh.example) không trả lời từ 21:52 ngày 16/05/2026; đến 21:53 ngày 16/05/2026 vẫn \
            chưa trả lời.\nTình trạng ghi nhận: không kết nối được, hoặc quá thời gian chờ.\n\n\
            Đề nghị kiểm tra ngay. Trên máy chủ của hệ thống, chạy `concord doctor`: mỗi mục không đạt đều nêu việc cần \
            làm. Nếu máy chủ không truy cập được, kiểm tra nguồn điện và đường truyền.\n\
            Sẽ có thư nhắc sau mỗi 1 giờ, và thư báo khi hệ thống trả lời trở lại.\n\n\
            Thư do chương trình giám sát trên máy gs tự động gửi; đề nghị không trả lời thư này.\n\n\
            ────────────────────────\n\n\
            Tỉnh A (https://phoi-hop.tinh.example) has not answered since 21:52 on 16 May 2026 (UTC+7), and had not at \
            21:53 on 16 May 2026 (UTC+7).\nWhat was seen: no connection, or no answer in time.\n\n\
            Please look at once. On its machine run `concord doctor`: each line that fails says what to do. If the \
            machine cannot be reached, look after power and network.\n\
            A reminder follows every 1 h, and another mail when it is back.\n\n\
            Sent by the watchdog on gs; please do not answer.\n";
        assert_eq!(mail.text, expected);
    }

    #[test]
    fn it_says_how_long_it_lasted() {
        let mail = written(OF, &News::Back(outage("2026-05-16T23:10:10+07:00")), None, "gs");
        assert!(mail.text.contains("sau 1 giờ 18 phút gián đoạn"), "{}", mail.text);
        assert!(mail.text.contains("after 1 h 18 min (from 21:52"), "{}", mail.text);
        assert_eq!(
            [40, 720, 7_200].map(|seconds| span(TimeDelta::seconds(seconds))),
            ["40 giây", "12 phút", "2 giờ"]
        );
    }

    #[test]
    fn the_daily_mail_names_each_installation() {
        let all =
            [(OF, None), (Named { name: "Tỉnh B", url: "http://b" }, Some(at("2026-05-16T21:52:10+07:00")))];
        let mail = alive(&all, at("2026-05-17T07:00:00+07:00"), "gs");
        assert_eq!(mail.subject, "[Concord] Giám sát: vẫn hoạt động, ngày 17/05/2026");
        assert!(mail.text.contains("- Tỉnh A (https://phoi-hop.tinh.example): hoạt động\n"), "{}", mail.text);
        assert!(
            mail.text.contains("- Tỉnh B (http://b): không trả lời từ 21:52 ngày 16/05/2026"),
            "{}",
            mail.text
        );
    }
}
