//! What the alerts say: goldens of every one, and the proof that a case's content has no way into them.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use domain::labels;
use events::Urgency;
use proptest::prelude::*;
use svc_notifier::notices::{
    ADDRESS_WORD, Digest, Fill, Line, Rendered, Salutation, Template, Unfit, han, render, render_digest,
};

fn sample() -> Fill {
    Fill {
        office_title: "Chánh Văn phòng Cảng vụ".into(),
        urgency: Urgency::HoaToc,
        case_code: "VV-2026-000123".into(),
        deadline: DateTime::from_timestamp(1_784_023_200, 0),
        link: "https://dieuphoi.example/vu-viec/VV-2026-000123".into(),
        level: Some(2),
        address_word: ADDRESS_WORD.into(),
        salutation: Salutation::Gui,
        discreet: false,
        exercise: false,
        english: false,
    }
}

/// A digest of cases and duties, one of them discreet, one an exercise.
fn digest() -> Digest {
    let line = |code: &str, template: &str, days: i64| Line {
        code: code.into(),
        template: template.into(),
        deadline: DateTime::from_timestamp(1_784_023_200 + 86_400 * days, 0),
        link: format!("https://dieuphoi.example/vu-viec/{code}"),
        discreet: template == "E11",
        exercise: false,
    };
    let lines = vec![
        line("VV-2026-000123", "E08", 0),
        line("VV-2026-000088", "E11", 1),
        line("BC-2026-07", "E18", 2),
        line("GB-2026-07", "E20b", 6),
        Line { deadline: None, exercise: true, ..line("VV-2026-000130", "E21", 0) },
    ];
    Digest {
        office_title: sample().office_title,
        at: DateTime::from_timestamp(1_783_989_000, 0).expect("a time"),
        lines,
        link: "https://dieuphoi.example/work".into(),
        address_word: ADDRESS_WORD.into(),
        salutation: Salutation::Gui,
        english: true,
    }
}

/// Every text that a notice can have, by the name of its golden: all of them with a level and on the level, then what
/// is different without a level, upwards, and discreetly.
fn variants() -> Vec<(String, Template, Fill)> {
    let reminder = || Fill { level: None, ..sample() };
    let upwards = || Fill { salutation: Salutation::BaoCao, ..reminder() };
    let all = Template::ALL.iter().map(|template| (template.id().to_owned(), *template, sample()));
    let named = [
        ("E15-reminder", Template::E15, reminder()),
        ("E18-reminder", Template::E18, reminder()),
        ("E18b-reminder", Template::E18b, reminder()),
        ("E22-reminder", Template::E22, reminder()),
        ("E22b-reminder", Template::E22b, reminder()),
        ("E18-english", Template::E18, Fill { english: true, ..reminder() }),
        ("E20b-english", Template::E20b, Fill { english: true, ..reminder() }),
        ("E12-upwards", Template::E12, upwards()),
        ("E15-upwards", Template::E15, upwards()),
        ("E11-discreet", Template::E11, Fill { discreet: true, ..sample() }),
        ("E12-discreet", Template::E12, Fill { discreet: true, ..upwards() }),
        ("E01-exercise", Template::E01, Fill { exercise: true, english: true, ..sample() }),
        ("E05-english", Template::E05, Fill { english: true, ..sample() }),
        ("E12-english", Template::E12, Fill { english: true, ..upwards() }),
    ];
    all.chain(named.map(|(name, template, fill)| (name.to_owned(), template, fill))).collect()
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/goldens/{name}.txt"))
}

fn as_file(mail: &Rendered) -> String {
    format!("Subject: {}\n\n{}", mail.subject, mail.text)
}

#[test]
fn every_notice_reads_as_its_golden() {
    let notices =
        variants().into_iter().map(|(name, template, fill)| (name, render(template, &fill).unwrap()));
    for (name, mail) in notices.chain([("digest".to_owned(), render_digest(&digest()).unwrap())]) {
        let file = golden(&name);
        let written = as_file(&mail);
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::write(&file, &written).unwrap();
        }
        let golden = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(written, golden, "{}: if this is meant, run with UPDATE_GOLDENS=1", file.display());
    }
}

#[test]
fn no_golden_is_left_of_a_notice_that_is_gone() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let known = name == "digest" || variants().iter().any(|(known, _, _)| known == name);
        assert!(known, "{}", path.display());
    }
}

#[test]
fn without_a_deadline_that_part_of_the_line_is_left_out() {
    for (_, template, fill) in variants() {
        let mail = render(template, &Fill { deadline: None, ..fill }).unwrap();
        assert!(mail.text.contains("\nMức độ: Hỏa tốc.\n"), "{}", mail.text);
        assert!(!mail.text.contains("Thời hạn") && !mail.text.contains("Deadline:"), "{}", mail.text);
    }
}

#[test]
fn the_subject_shouts_the_urgency_in_vietnamese_capitals() {
    for (urgency, label, capitals) in [
        (Urgency::Thuong, "Thường", "[THƯỜNG]"),
        (Urgency::Khan, "Khẩn", "[KHẨN]"),
        (Urgency::ThuongKhan, "Thượng khẩn", "[THƯỢNG KHẨN]"),
        (Urgency::HoaToc, "Hỏa tốc", "[HỎA TỐC]"),
        (Urgency::HoaTocHenGio, "Hỏa tốc hẹn giờ", "[HỎA TỐC HẸN GIỜ]"),
    ] {
        let mail = render(Template::E21, &Fill { urgency, ..sample() }).unwrap();
        assert_eq!(mail.subject, format!("{capitals} VV-2026-000123 – Vụ việc được giao"));
        assert!(mail.text.contains(&format!("Mức độ: {label}. ")));
    }
}

#[test]
fn upwards_it_is_a_report_and_nothing_is_overdue() {
    for level in [Some(2), None] {
        for template in Template::ALL {
            let overdue =
                level.is_some() && ["E05", "E15", "E18", "E18b", "E22", "E22b"].contains(&template.id());
            match render(*template, &Fill { salutation: Salutation::BaoCao, level, ..sample() }) {
                Ok(mail) => {
                    assert!(
                        mail.text.starts_with("Kính báo cáo: Chánh Văn phòng Cảng vụ\n\n"),
                        "{}",
                        mail.text
                    );
                    assert!(!as_file(&mail).to_lowercase().contains("quá hạn"), "{}", as_file(&mail));
                    assert!(!overdue, "{}", as_file(&mail));
                }
                Err(Unfit::NoLevel(Template::E05)) => assert_eq!((*template, level), (Template::E05, None)),
                Err(error) => {
                    assert!(overdue, "{error}");
                    assert_eq!(
                        error.to_string(),
                        format!("{} is not sent to the Thường trực", template.id())
                    );
                }
            }
        }
    }
}

#[test]
fn a_reminder_calls_nothing_overdue() {
    for (name, ..) in variants().iter().filter(|(_, _, fill)| fill.level.is_none()) {
        let said = fs::read_to_string(golden(name)).unwrap().to_lowercase();
        assert!(!said.contains("quá hạn") && !said.contains("(lần"), "{said}");
    }
}

#[test]
fn a_discreet_notice_says_only_that_there_is_something_to_do() {
    for (_, template, fill) in variants() {
        let mail = render(template, &Fill { discreet: true, ..fill.clone() }).unwrap();
        let mark = if fill.exercise { "[DIỄN TẬP] " } else { "" };
        assert_eq!(mail.subject, format!("{mark}[HỎA TỐC] VV-2026-000123 – Có nội dung cần xử lý"));
        let plain = render(Template::E11, &Fill { discreet: true, ..fill }).unwrap();
        assert_eq!(mail, plain, "{} says which notice it is", template.id());
    }
}

/// No agency, unit, person or number of the example province is in any notice. The secretariat names itself: the book
/// of rules has it so, and it is in every notice of that kind.
#[test]
fn no_notice_names_anybody() {
    let organisation = include_str!("../../../deploy/policy/organisation.toml");
    let quoted = |line: &str| line.split('"').nth(1).map(str::to_lowercase);
    let says = |line: &&str| ["name", "phone", "email"].iter().any(|key| line.starts_with(key));
    let names: Vec<_> = organisation.lines().filter(says).filter_map(quoted).collect();
    assert!(names.len() > 60, "only {} names", names.len());
    for (notice, ..) in variants() {
        let said = fs::read_to_string(golden(&notice)).unwrap().to_lowercase();
        let found: Vec<_> = names.iter().filter(|name| said.contains(*name)).collect();
        let expected: &[&str] = if notice == "E13" { &["văn phòng tỉnh ủy"] } else { &[] };
        assert_eq!(found, expected, "{notice}");
    }
}

#[test]
fn a_notice_that_counts_refuses_to_be_without_a_count() {
    let error = render(Template::E05, &Fill { level: None, ..sample() }).unwrap_err();
    assert!(matches!(error, Unfit::NoLevel(Template::E05)), "{error}");
}

/// Characters that stand for the fields; Unicode keeps them free for private use and no template has them.
const OFFICE: char = '\u{E000}';
const URGENCY: char = '\u{E001}';
const CODE: char = '\u{E002}';
const DEADLINE: char = '\u{E003}';
const LINK: char = '\u{E004}';
const LEVEL: char = '\u{E005}';
const WORD: char = '\u{E006}';
const URGENCY_EN: char = '\u{E007}';
const DEADLINE_EN: char = '\u{E008}';

/// The words of the frame, with a mark where a field stands: the golden, taken apart.
fn frame(name: &str) -> (String, String) {
    let sample = sample();
    let Fill { office_title, urgency, case_code, deadline, link, level, address_word, .. } = sample;
    let (urgency, level) = (labels::urgency(urgency), level.expect("the sample has one"));
    let golden = fs::read_to_string(golden(name)).expect("a golden");
    let marked = golden
        .replace(&link, &LINK.to_string())
        .replace(&office_title, &OFFICE.to_string())
        .replace(&urgency.vi.to_uppercase(), &URGENCY.to_string())
        .replace(urgency.vi, &URGENCY.to_string())
        .replace(&format!("Level: {}", urgency.en), &format!("Level: {URGENCY_EN}"))
        .replace(&case_code, &CODE.to_string())
        .replace(&han(deadline.expect("the sample has one")), &DEADLINE.to_string())
        .replace("17:00, 14 July 2026", &DEADLINE_EN.to_string())
        .replace(&format!("(lần {level})"), &format!("(lần {LEVEL})"))
        .replace(&format!("(level {level})"), &format!("(level {LEVEL})"))
        .replace(&address_word, &WORD.to_string());
    let (subject, text) =
        marked.strip_prefix("Subject: ").and_then(|m| m.split_once("\n\n")).expect("subject, then text");
    (subject.to_owned(), text.to_owned())
}

/// The frame with these fields and with nothing else.
fn filled(frame: &str, fill: &Fill, capitals: bool) -> String {
    // Taken apart without `..`: a new field does not compile until somebody decides here what it may carry.
    let Fill {
        office_title,
        urgency,
        case_code,
        deadline,
        link,
        level,
        address_word,
        salutation: _,
        discreet: _,
        exercise: _,
        english: _,
    } = fill;
    let (vi, en) = (labels::urgency(*urgency).vi, labels::urgency(*urgency).en);
    let vietnam = chrono::FixedOffset::east_opt(7 * 3600).expect("an offset");
    let by = deadline.map(|at| at.with_timezone(&vietnam).format("%H:%M, %-d %B %Y").to_string());
    let plain = |text: &str| {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    };
    let part = |c: char| match c {
        OFFICE => plain(office_title),
        URGENCY if capitals => vi.to_uppercase(),
        URGENCY => vi.to_owned(),
        URGENCY_EN => en.to_owned(),
        DEADLINE_EN => by.clone().unwrap_or_default(),
        CODE => plain(case_code),
        DEADLINE => deadline.map(han).unwrap_or_default(),
        LINK => plain(link),
        LEVEL => level.unwrap_or_default().to_string(),
        WORD => plain(address_word),
        other => other.to_string(),
    };
    frame.chars().map(part).collect()
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,30}", "(?s).{0,30}", Just("\r\nBcc: a@b\r\n\r\n{{ page.link }} {% raw %}".to_owned())]
}

prop_compose! {
    fn any_fill()(
        office_title in anything(),
        urgency in prop::sample::select(vec![Urgency::Thuong, Urgency::Khan, Urgency::ThuongKhan, Urgency::HoaToc, Urgency::HoaTocHenGio]),
        case_code in anything(),
        link in anything(),
        address_word in anything(),
        seconds in 0_i64..250_000_000_000,
        level in any::<u8>().prop_map(Some),
    ) -> Fill {
        let deadline = DateTime::from_timestamp(seconds, 0);
        let salutation = Salutation::Gui;
        let (discreet, exercise, english) = (false, false, false);
        Fill {
            office_title,
            urgency,
            case_code,
            deadline,
            link,
            level,
            address_word,
            salutation,
            discreet,
            exercise,
            english,
        }
    }
}

proptest! {
    #[test]
    fn a_mail_consists_of_the_frame_and_the_fields_and_of_nothing_else(fill in any_fill()) {
        for (name, template, variant) in variants() {
            let (subject, text) = frame(&name);
            let level = variant.level.and(fill.level);
            let Fill { salutation, discreet, exercise, english, .. } = variant;
            let fill = Fill { level, salutation, discreet, exercise, english, ..fill.clone() };
            let mail = render(template, &fill).unwrap();
            prop_assert_eq!(&mail.subject, &filled(&subject, &fill, true));
            prop_assert_eq!(&mail.text, &filled(&text, &fill, false));
            prop_assert!(!mail.subject.contains(char::is_control));
            prop_assert_eq!(mail.text.lines().count(), text.lines().count());
        }
    }
}
