//! `concord mail`: how alerts read, whether the relay takes any, and whether any is sent at all.

use std::{
    fs,
    io::{self, Read as _},
    process::ExitCode,
};

use bus::{
    Principal, log,
    outbox::{self, SENDING, Sending},
    streams::OUTBOX,
};
use chrono::TimeDelta;
use domain::directory::Rulebook;
use events::{Timestamp, Urgency};
use service::Clock;
use svc_notifier::{
    letter::Letter,
    notices::{Digest, Fill, Line, Rendered, Salutation, Template, render, render_digest},
    outbox::open,
    transport::{Outcome, Transport},
};
use uuid::Uuid;

use crate::{
    Failure,
    audit::connect_as,
    cli::{Common, MailCommand, PreviewMail, SwitchMail, TestMail},
    play::Show,
    policy::directory,
    up::configuration,
};

pub(crate) async fn command(command: MailCommand) -> Result<ExitCode, Failure> {
    match command {
        MailCommand::Preview(options) => preview(&options)?,
        MailCommand::Test(options) => return test(options).await,
        MailCommand::Hold(options) => switch(&options, false).await?,
        MailCommand::Release(options) => switch(&options, true).await?,
        MailCommand::Status(common) => status(&common).await?,
        MailCommand::Bounce(common) => bounce(&common)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What a digest is called on the command line.
const DIGEST: &str = "DIGEST";

fn preview(options: &PreviewMail) -> Result<(), Failure> {
    let wanted = options.alert.as_ref().map(|alert| alert.to_uppercase());
    let all = Template::ALL
        .iter()
        .filter(|template| wanted.as_ref().is_none_or(|wanted| template.id().eq_ignore_ascii_case(wanted)));
    let mut shown = Vec::new();
    for template in all {
        match render(*template, &sample(options, *template)) {
            Ok(mail) => shown.push((template.id(), mail)),
            // Of all, those are left out that are not written so.
            Err(_) if wanted.is_none() => {}
            Err(error) => return Err(error.into()),
        }
    }
    if wanted.is_none() || wanted.as_deref() == Some(DIGEST) {
        shown.push((DIGEST, render_digest(&sample_digest(options))?));
    }
    if shown.is_empty() {
        let known: Vec<_> = Template::ALL.iter().map(|template| template.id()).chain([DIGEST]).collect();
        let wanted = wanted.unwrap_or_default();
        return Err(format!("there is no alert {wanted}: there are {}", known.join(", ")).into());
    }
    let many = shown.len() > 1;
    for (id, Rendered { subject, text }) in shown {
        if many {
            Show::line(&format!("──── {id} ────"));
        }
        Show::line(&format!("Subject: {subject}\n\n{text}"));
    }
    Ok(())
}

fn salutation(options: &PreviewMail) -> Salutation {
    if options.upwards { Salutation::BaoCao } else { Salutation::Gui }
}

fn sample(options: &PreviewMail, template: Template) -> Fill {
    let level = options.level.or((template == Template::E05).then_some(1));
    Fill {
        office_title: "Trưởng Ban Tuyên giáo và Dân vận Tỉnh ủy".to_owned(),
        urgency: Urgency::HoaToc,
        case_code: "VV-2026-00123".to_owned(),
        deadline: Some(Clock::System.now() + TimeDelta::hours(2)),
        link: format!("https://phoi-hop.tinh.example/cases/{}", Uuid::nil()),
        level,
        address_word: "đồng chí".to_owned(),
        salutation: salutation(options),
        discreet: options.discreet,
        exercise: options.exercise,
        english: options.english,
    }
}

fn sample_digest(options: &PreviewMail) -> Digest {
    let now = Clock::System.now();
    let line = |code: &str, template: &str, hours: i64| Line {
        code: code.to_owned(),
        template: template.to_owned(),
        deadline: Some(now + TimeDelta::hours(hours)),
        link: format!("https://phoi-hop.tinh.example/cases/{}", Uuid::nil()),
        discreet: options.discreet,
        exercise: options.exercise,
    };
    Digest {
        office_title: "Trưởng phòng Thông tin".to_owned(),
        at: now,
        lines: vec![line("VV-2026-00123", "E08", 30), line("VV-2026-00088", "E21", 54)],
        link: "https://phoi-hop.tinh.example/work".to_owned(),
        address_word: "đồng chí".to_owned(),
        salutation: salutation(options),
        english: options.english,
    }
}

async fn test(options: TestMail) -> Result<ExitCode, Failure> {
    let config = configuration(&options.common)?;
    let from = config.mail.from.clone();
    let domain = from.trim_end_matches('>').rsplit('@').next().unwrap_or_default();
    let id = format!("{}@{domain}", Uuid::new_v4());
    let letter = Letter {
        message_id: id.clone(),
        thread: id,
        from: from.clone(),
        to: options.to.clone(),
        subject: "Thư thử của Hệ thống phối hợp xử lý vụ việc".to_owned(),
        text: "Thư này chỉ để thử đường gửi thư; không cần làm gì.\n\nThis mail only tries the way; nothing is to be done.\n"
            .to_owned(),
        date: Clock::System.now(),
        express: false,
    };
    let way = svc_notifier::transport_of(&config)?;
    let mut transport = Transport::new(way)?;
    let outcome = transport.send(&letter).await;
    transport.close().await;
    let (said, code) = match outcome {
        Outcome::Sent { reply } => (format!("The relay took it: {reply}"), ExitCode::SUCCESS),
        Outcome::Refused { reply } => (format!("Refused for good: {reply}"), ExitCode::FAILURE),
        Outcome::Waiting { reply } => (format!("Not taken now: {reply}"), ExitCode::FAILURE),
        Outcome::Unreachable { reply } => {
            (format!("The relay is not there for us: {reply}"), ExitCode::FAILURE)
        }
        Outcome::Unknown { why } => {
            (format!("It is not known whether it was taken: {why}"), ExitCode::FAILURE)
        }
    };
    Show::line(&said);
    Ok(code)
}

async fn switch(options: &SwitchMail, on: bool) -> Result<(), Failure> {
    let bus = connect_as(&options.common, Principal::Notifier).await?;
    let said = Sending { at: Clock::System.now(), on, why: options.why.clone() };
    outbox::switch(&bus, &said).await?;
    Show::line(if on { "Mail is sent again." } else { "No mail is sent until `concord mail release`." });
    Ok(())
}

async fn status(common: &Common) -> Result<(), Failure> {
    let bus = connect_as(common, Principal::Notifier).await?;
    let last = log::last(&bus, OUTBOX, SENDING).await?;
    match last.and_then(|last| serde_json::from_slice::<Sending>(&last.payload).ok()) {
        Some(Sending { at, on: false, why }) => {
            Show::line(&format!("Sending is OFF since {}: {why}", domain::scenario::moment_in_words(at)));
        }
        _ => Show::line("Sending is on."),
    }
    let (known, sequence) = directory(common).await?;
    let rules = Rulebook::from_directory(&known, sequence)?;
    let policy = rules.at(Clock::System.now()).ok_or("no policy is in force")?;
    let open = open(&bus, policy).await?;
    let (digests, now): (Vec<_>, Vec<_>) = open.iter().partition(|open| open.digest_at.is_some());
    let oldest: Option<Timestamp> = now.iter().map(|open| open.queued_at).min();
    let since = oldest.map_or_else(String::new, |at| {
        format!("; the oldest was entered at {}", domain::scenario::moment_in_words(at))
    });
    Show::line(&format!("{} mails are to be sent{since}; {} wait for a digest.", now.len(), digests.len()));
    Ok(())
}

fn bounce(common: &Common) -> Result<(), Failure> {
    let config = configuration(common)?;
    let maildir = config.mail.bounces.ok_or("set [mail] bounces to a folder for reports of failure first")?;
    let mut report = Vec::new();
    io::stdin().read_to_end(&mut report)?;
    let name = format!("{}.{}.concord", Clock::System.now().timestamp_micros(), Uuid::new_v4());
    for part in ["tmp", "new", "cur"] {
        fs::create_dir_all(maildir.join(part))?;
    }
    // As a Maildir wants it: it appears whole, or not at all.
    fs::write(maildir.join("tmp").join(&name), &report)?;
    fs::rename(maildir.join("tmp").join(&name), maildir.join("new").join(&name))?;
    Ok(())
}
