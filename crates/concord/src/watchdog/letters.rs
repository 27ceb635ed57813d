//! The watchdog's mails, Vietnamese first. They hold the name of an installation, its address, and times: nothing that
//! it answered.

use chrono::TimeDelta;
use domain::labels::Label;
use events::Timestamp;
use service::problem::Language::{self, En, Vi};

use super::{
    config::Installation,
    watch::{Illness, News, Outage},
};
use crate::words::{hour, local, moment, span, word};

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
    let what = match news {
        News::Stopped(outage) => {
            format!("{} từ {}", failing(outage.why).vi, hour(outage.since, outage.at, Vi))
        }
        News::Still(outage) => {
            format!("vẫn {} từ {}", failing(outage.why).vi, hour(outage.since, outage.at, Vi))
        }
        News::Back(outage) => format!("hoạt động bình thường trở lại lúc {}", hour(outage.at, outage.at, Vi)),
    };
    let [vietnamese, english] = [Vi, En].map(|language| said(of, news, remind, language));
    Written { subject: format!("[Concord] {}: {what}", of.name), text: framed(&vietnamese, &english, host) }
}

fn said(of: Named<'_>, news: &News, remind: Option<TimeDelta>, language: Language) -> String {
    let (News::Stopped(outage) | News::Still(outage) | News::Back(outage)) = news;
    let Outage { since, at, why } = *outage;
    let Named { name, url } = of;
    let (how, lasted) = (word(failing(why), language), span(at - since, language));
    let (since, at) = (moment(since, language), moment(at, language));
    let what = match (news, language) {
        (News::Stopped(_), Vi) => format!("{name} ({url}) {how} từ {since}; đến {at} vẫn chưa khắc phục."),
        (News::Stopped(_), En) => format!("{name} ({url}) {how} since {since}, and had not at {at}."),
        (News::Still(_), Vi) => format!("{name} ({url}) vẫn {how}: từ {since}, đã {lasted}."),
        (News::Still(_), En) => format!("{name} ({url}) still {how}: since {since}, for {lasted}."),
        (News::Back(_), Vi) => {
            return format!(
                "{name} ({url}) hoạt động bình thường trở lại lúc {at}, sau {lasted} gián đoạn (từ {since}).\n\n\
                 Đề nghị chạy `concord doctor` trên máy chủ để kiểm tra lại, và ghi nguyên nhân vào sổ vận hành."
            );
        }
        (News::Back(_), En) => {
            return format!(
                "{name} ({url}) works again since {at}, after {lasted} (from {since}).\n\n\
                 Run `concord doctor` on its machine to see that all is well, and note the cause."
            );
        }
    };
    let seen = language.pick("Tình trạng ghi nhận", "What was seen");
    let (reason, to_do) = (reason(why, language), word(advice(why), language));
    format!("{what}\n{seen}: {reason}.\n\n{to_do}\n{}", reminders(remind, language))
}

/// That the watchdog itself works: each installation, with since when it does not work, and why.
pub(super) fn alive(all: &[(Named<'_>, Option<(Timestamp, Illness)>)], at: Timestamp, host: &str) -> Written {
    let line = |(of, ill): &(Named<'_>, Option<(Timestamp, Illness)>), language: Language| {
        let stands = match ill {
            None => language.pick("hoạt động", "works").to_owned(),
            Some((since, why)) => {
                let from = language.pick("từ", "since");
                format!("{} {from} {}", word(failing(*why), language), moment(*since, language))
            }
        };
        format!("- {} ({}): {stands}", of.name, of.url)
    };
    let [lines, lines_en] =
        [Vi, En].map(|language| all.iter().map(|each| line(each, language)).collect::<Vec<_>>().join("\n"));
    let vietnamese = format!(
        "Chương trình giám sát vẫn hoạt động. Tình trạng lúc {}:\n\n{lines}\n\n\
         Ngày nào không nhận được thư này, đề nghị kiểm tra máy giám sát.",
        moment(at, Vi),
    );
    let english = format!(
        "The watchdog itself works. How it stood at {}:\n\n{lines_en}\n\nOn a day without this mail, check the watchdog.",
        moment(at, En),
    );
    Written {
        subject: format!("[Concord] Giám sát: vẫn hoạt động, ngày {}", local(at).format("%d/%m/%Y")),
        text: framed(&vietnamese, &english, host),
    }
}

/// What it does, or does not: only of what is silent it is said that it does not answer.
fn failing(why: Illness) -> Label {
    match why {
        Illness::Silent => Label { vi: "không trả lời", en: "has not answered" },
        Illness::Untrusted | Illness::Strange(_) | Illness::NotReady | Illness::Stale => {
            Label { vi: "hoạt động không bình thường", en: "has not worked properly" }
        }
    }
}

/// What to do.
fn advice(why: Illness) -> Label {
    match why {
        Illness::Silent => Label {
            vi: "Đề nghị kiểm tra ngay. Trên máy chủ của hệ thống, chạy `concord doctor`: mỗi mục không đạt đều nêu việc cần \
                 làm. Nếu máy chủ không truy cập được, kiểm tra nguồn điện và đường truyền.",
            en: "Please look at once. On its machine run `concord doctor`: each line that fails says what to do. If the \
                 machine cannot be reached, check power and network.",
        },
        Illness::Untrusted => Label {
            vi: "Đề nghị kiểm tra ngay chứng thư số của hệ thống. Nếu đã hết hạn, đề nghị gia hạn rồi khởi động lại Concord \
                 hoặc máy chủ chuyển tiếp phía trước. Nếu do đơn vị cấp chứng thư riêng cấp, ghi chứng thư của đơn vị đó \
                 vào `ca_file` trên máy giám sát. Nếu địa chỉ được giám sát khác tên ghi trong chứng thư số, sửa lại địa \
                 chỉ. Nếu chứng thư số vẫn còn hiệu lực, kiểm tra đồng hồ của máy giám sát.",
            en: "Please check its certificate at once. If it has expired, renew it, and start Concord or the proxy in front \
                 again. If an authority of your own has signed it, name that authority's certificate in `ca_file` on the \
                 watchdog's machine. If it is for another name than the address that is watched, correct the address. If it \
                 is still valid, check the clock of the watchdog's machine.",
        },
        Illness::Strange(_) | Illness::NotReady | Illness::Stale => Label {
            vi: "Đề nghị kiểm tra ngay. Trên máy chủ của hệ thống, chạy `concord doctor`: mỗi mục không đạt đều nêu việc cần \
                 làm.",
            en: "Please look at once. On its machine run `concord doctor`: each line that fails says what to do.",
        },
    }
}

fn reason(why: Illness, language: Language) -> String {
    let words = match why {
        Illness::Silent => {
            language.pick("không kết nối được, hoặc quá thời gian chờ", "no connection, or no answer in time")
        }
        Illness::Untrusted => language.pick(
            "chứng thư số hết hạn hoặc không được tin cậy",
            "its certificate has expired, or is not to be believed",
        ),
        Illness::Strange(status) => {
            return match language {
                Vi => format!("có trả lời (mã {status}) nhưng không phải của Concord"),
                En => format!("an answer (status {status}) that is not Concord's"),
            };
        }
        Illness::NotReady => language
            .pick("có trả lời nhưng báo chưa sẵn sàng làm việc", "it answers that it is not ready for work"),
        Illness::Stale => language.pick(
            "có trả lời nhưng dữ liệu tra cứu không theo kịp sổ ghi",
            "it answers, and its fold stands still while the log goes on",
        ),
    };
    words.to_owned()
}

fn reminders(remind: Option<TimeDelta>, language: Language) -> String {
    match (remind.map(|every| span(every, language)), language) {
        (None, Vi) => "Sẽ có thư báo khi hệ thống hoạt động bình thường trở lại.".to_owned(),
        (None, En) => "Another mail follows when it works again.".to_owned(),
        (Some(every), Vi) => {
            format!("Sẽ có thư nhắc sau mỗi {every}, và thư báo khi hệ thống hoạt động bình thường trở lại.")
        }
        (Some(every), En) => {
            format!("A reminder follows every {every}, and another mail when it works again.")
        }
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
            "[Concord] Tỉnh A: hoạt động bình thường trở lại lúc 00:10"
        );
    }

    #[test]
    fn only_of_what_is_silent_it_is_said_that_it_does_not_answer() {
        let since = at("2026-05-16T21:52:10+07:00");
        for why in [Illness::Untrusted, Illness::Strange(502), Illness::NotReady, Illness::Stale] {
            let outage = Outage { since, at: at("2026-05-16T21:53:20+07:00"), why };
            for news in [News::Stopped(outage), News::Still(outage), News::Back(outage)] {
                let Written { subject, text } = written(OF, &news, None, "gs");
                let all = format!("{subject}\n{text}");
                for silence in [
                    "không trả lời từ",
                    "không trả lời:",
                    "trả lời trở lại",
                    "has not answered",
                    "answers again",
                ] {
                    assert!(!all.contains(silence), "{all}");
                }
                assert!(!all.contains("power"), "{all}");
            }
            let told = written(OF, &News::Stopped(outage), None, "gs");
            assert_eq!(told.subject, "[Concord] Tỉnh A: hoạt động không bình thường từ 21:52");
            assert!(
                told.text.contains("has not worked properly since 21:52 on 16 May 2026"),
                "{}",
                told.text
            );
            let daily = alive(&[(OF, Some((since, why)))], outage.at, "gs").text;
            assert!(daily.contains(": hoạt động không bình thường từ 21:52 ngày 16/05/2026\n"), "{daily}");
            assert!(daily.contains(": has not worked properly since 21:52 on 16 May 2026"), "{daily}");
        }
    }

    #[test]
    fn of_a_certificate_it_is_said_what_to_do() {
        let outage = Outage { why: Illness::Untrusted, ..outage("2026-05-16T21:53:20+07:00") };
        let text = written(OF, &News::Stopped(outage), None, "gs").text;
        assert!(
            text.contains("Tình trạng ghi nhận: chứng thư số hết hạn hoặc không được tin cậy.\n"),
            "{text}"
        );
        assert!(text.contains("đề nghị gia hạn") && text.contains("renew it"), "{text}");
    }

    #[test]
    fn the_text_is_vietnamese_first_with_english_below() {
        let mail =
            written(OF, &News::Stopped(outage("2026-05-16T21:53:20+07:00")), Some(TimeDelta::hours(1)), "gs");
        let expected = "Kính gửi: Người vận hành Concord\n\n\
            Tỉnh A (https://phoi-hop.tinh.example) không trả lời từ 21:52 ngày 16/05/2026; đến 21:53 ngày 16/05/2026 vẫn \
            chưa khắc phục.\nTình trạng ghi nhận: không kết nối được, hoặc quá thời gian chờ.\n\n\
            Đề nghị kiểm tra ngay. Trên máy chủ của hệ thống, chạy `concord doctor`: mỗi mục không đạt đều nêu việc cần \
            làm. Nếu máy chủ không truy cập được, kiểm tra nguồn điện và đường truyền.\n\
            Sẽ có thư nhắc sau mỗi 1 giờ, và thư báo khi hệ thống hoạt động bình thường trở lại.\n\n\
            Thư do chương trình giám sát trên máy gs tự động gửi; đề nghị không trả lời thư này.\n\n\
            ────────────────────────\n\n\
            Tỉnh A (https://phoi-hop.tinh.example) has not answered since 21:52 on 16 May 2026 (UTC+7), and had not at \
            21:53 on 16 May 2026 (UTC+7).\nWhat was seen: no connection, or no answer in time.\n\n\
            Please look at once. On its machine run `concord doctor`: each line that fails says what to do. If the \
            machine cannot be reached, check power and network.\n\
            A reminder follows every 1 h, and another mail when it works again.\n\n\
            Sent by the watchdog on gs; please do not answer.\n";
        assert_eq!(mail.text, expected);
    }

    #[test]
    fn it_says_how_long_it_lasted() {
        let mail = written(OF, &News::Back(outage("2026-05-16T23:10:10+07:00")), None, "gs");
        assert!(mail.text.contains("sau 1 giờ 18 phút gián đoạn"), "{}", mail.text);
        assert!(mail.text.contains("after 1 h 18 min (from 21:52"), "{}", mail.text);
    }

    #[test]
    fn the_daily_mail_names_each_installation() {
        let ill = Some((at("2026-05-16T21:52:10+07:00"), Illness::Silent));
        let all = [(OF, None), (Named { name: "Tỉnh B", url: "http://b" }, ill)];
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
