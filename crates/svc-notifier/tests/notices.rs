//! What the alerts say: goldens of every one, and the proof that a case's content has no way into them.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use proptest::prelude::*;
use svc_notifier::notices::{ADDRESS_WORD, Fill, Rendered, Salutation, Template, Unfit, han, render};

fn sample() -> Fill {
    Fill {
        office_title: "Chánh Văn phòng Cảng vụ".into(),
        urgency_label: "Hỏa tốc".into(),
        case_code: "VV-2026-000123".into(),
        deadline: DateTime::from_timestamp(1_784_023_200, 0),
        link: "https://dieuphoi.example/vu-viec/VV-2026-000123".into(),
        level: Some(2),
        address_word: ADDRESS_WORD.into(),
        salutation: Salutation::Gui,
    }
}

fn as_file(mail: &Rendered) -> String {
    format!("Subject: {}\n\n{}", mail.subject, mail.text)
}

#[test]
fn every_notice_reads_as_its_golden() {
    for template in Template::ALL {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/goldens/{}.txt", template.id()));
        let written = as_file(&render(*template, &sample()).unwrap());
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
        let id = path.file_stem().unwrap().to_str().unwrap();
        assert!(Template::from_id(id).is_some(), "{}", path.display());
    }
}

#[test]
fn without_a_deadline_that_part_of_the_line_is_left_out() {
    for template in Template::ALL {
        let mail = render(*template, &Fill { deadline: None, ..sample() }).unwrap();
        assert!(mail.text.contains("\nMức độ: Hỏa tốc.\n"), "{}", mail.text);
        assert!(!mail.text.contains("Thời hạn"), "{}", mail.text);
    }
}

#[test]
fn the_subject_shouts_the_urgency_in_vietnamese_capitals() {
    for (label, capitals) in [
        ("Thường", "[THƯỜNG]"),
        ("Khẩn", "[KHẨN]"),
        ("Thượng khẩn", "[THƯỢNG KHẨN]"),
        ("Hỏa tốc", "[HỎA TỐC]"),
        ("Hỏa tốc hẹn giờ", "[HỎA TỐC HẸN GIỜ]"),
    ] {
        let mail = render(Template::E21, &Fill { urgency_label: label.into(), ..sample() }).unwrap();
        assert_eq!(mail.subject, format!("{capitals} VV-2026-000123 – Vụ việc được giao"));
        assert!(mail.text.contains(&format!("Mức độ: {label}. ")));
    }
}

#[test]
fn upwards_it_is_a_report_and_nothing_is_overdue() {
    for template in Template::ALL {
        match render(*template, &Fill { salutation: Salutation::BaoCao, ..sample() }) {
            Ok(mail) => {
                assert!(mail.text.starts_with("Kính báo cáo: Chánh Văn phòng Cảng vụ\n\n"), "{}", mail.text);
                assert!(!as_file(&mail).to_lowercase().contains("quá hạn"), "{}", as_file(&mail));
            }
            Err(error) => {
                assert_eq!(error.to_string(), "E05 is not sent to the Thường trực");
            }
        }
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

/// The words of the frame, with a mark where a field stands: the golden, taken apart.
fn frame(template: Template) -> (String, String) {
    let Fill { office_title, urgency_label, case_code, deadline, link, level, address_word, salutation: _ } =
        sample();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/goldens/{}.txt", template.id()));
    let golden = fs::read_to_string(file).expect("a golden");
    let marked = golden
        .replace(&link, &LINK.to_string())
        .replace(&office_title, &OFFICE.to_string())
        .replace(&urgency_label.to_uppercase(), &URGENCY.to_string())
        .replace(&urgency_label, &URGENCY.to_string())
        .replace(&case_code, &CODE.to_string())
        .replace(&han(deadline.expect("the sample has one")), &DEADLINE.to_string())
        .replace(&format!("(lần {})", level.expect("the sample has one")), &format!("(lần {LEVEL})"))
        .replace(&address_word, &WORD.to_string());
    let (subject, text) =
        marked.strip_prefix("Subject: ").and_then(|m| m.split_once("\n\n")).expect("subject, then text");
    (subject.to_owned(), text.to_owned())
}

/// The frame with these fields and with nothing else.
fn filled(frame: &str, fill: &Fill, capitals: bool) -> String {
    // Taken apart without `..`: a new field does not compile until somebody decides here what it may carry.
    let Fill { office_title, urgency_label, case_code, deadline, link, level, address_word, salutation: _ } =
        fill;
    let plain = |text: &str| {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    };
    let part = |c: char| match c {
        OFFICE => plain(office_title),
        URGENCY if capitals => plain(urgency_label).to_uppercase(),
        URGENCY => plain(urgency_label),
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
        urgency_label in anything(),
        case_code in anything(),
        link in anything(),
        address_word in anything(),
        seconds in 0_i64..250_000_000_000,
        level in any::<u8>().prop_map(Some),
    ) -> Fill {
        let deadline = DateTime::from_timestamp(seconds, 0);
        let salutation = Salutation::Gui;
        Fill { office_title, urgency_label, case_code, deadline, link, level, address_word, salutation }
    }
}

proptest! {
    #[test]
    fn a_mail_consists_of_the_frame_and_the_fields_and_of_nothing_else(fill in any_fill()) {
        for template in Template::ALL {
            let (subject, text) = frame(*template);
            let mail = render(*template, &fill).unwrap();
            prop_assert_eq!(&mail.subject, &filled(&subject, &fill, true));
            prop_assert_eq!(&mail.text, &filled(&text, &fill, false));
            prop_assert!(!mail.subject.contains(char::is_control));
            prop_assert_eq!(mail.text.lines().count(), text.lines().count());
        }
    }
}
