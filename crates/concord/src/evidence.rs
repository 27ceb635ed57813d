//! `concord audit export|verify|checkpoint|status|key`: what proves itself, and the verdict on it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter},
    path::Path,
    process::ExitCode,
};

use bus::access::{Extent, What as Done};
use domain::scenario::moment_in_words as local;
use events::Timestamp;
use proof::keys::Trusted;
use serde_json::json;
use service::{Clock, Config};
use svc_audit::{
    ask,
    export::{self, Order, What},
    keyring::{self, KeyRing},
    replay,
    verify::{self, MOST_FAULTS, Report, Terms},
};

use crate::{
    Failure,
    audit::{note, period, reader},
    cli::{Checkpoint, Common, Export, KeyCommand, Verify},
    operator,
    play::Show,
    progress::Progress,
    up::configuration,
};

/// What a verdict is called when there is nothing to give one on.
const UNREADABLE: u8 = 2;

/// Writes an export of a running installation.
pub(crate) async fn export(options: Export) -> Result<ExitCode, Failure> {
    let config = configuration(&options.common)?;
    let range = period(options.period)?;
    let bus = reader(&options.common).await?;
    let kept = options.checkpoint.as_deref().map(read).transpose()?;
    let (what, extent) = match (&options.case, &options.duty, range.from, range.to) {
        (Some(case), ..) => {
            let id = replay::find(&bus, case).await?;
            (What::Case(case.clone()), Extent { case: Some(id), ..Extent::default() })
        }
        (None, Some(duty), ..) => {
            let id = replay::find_duty(&bus, duty).await?;
            (What::Duty(duty.clone()), Extent { duty: Some(id), ..Extent::default() })
        }
        (None, None, None, None) => (What::All, Extent::default()),
        (None, None, from, to) => {
            let what = What::Period(from.unwrap_or(Timestamp::UNIX_EPOCH), to.unwrap_or(Timestamp::MAX_UTC));
            (what, Extent { from, to, ..Extent::default() })
        }
    };
    let who = operator::here();
    let order = Order {
        what,
        by: format!("{}@{}", who.user, who.host),
        software: concat!("concord ", env!("CARGO_PKG_VERSION")).to_owned(),
        now: Clock::System.now(),
        trusted: published(&config)?,
        kept,
    };
    // Never over another file, and never half an export under its name.
    let draft = options.file.with_extension("part");
    let opened = OpenOptions::new().write(true).create_new(true).open(&draft);
    let file = opened.map_err(|error| format!("{}: {error}", draft.display()))?;
    let progress = Progress::new();
    let shown = |done, of| progress.at("exporting", done, of);
    let exported = export::export(&bus, &order, BufWriter::new(&file), &shown).await;
    progress.done();
    let exported = match exported {
        Ok(exported) if options.file.exists() => {
            drop(exported);
            Err(format!("{} is there already: give another name", options.file.display()).into())
        }
        Ok(exported) => Ok(exported),
        Err(error) => Err(Failure::from(error)),
    };
    let exported = match exported {
        Ok(exported) => exported,
        Err(error) => {
            fs::remove_file(&draft)?;
            return Err(error);
        }
    };
    file.sync_all()?;
    fs::rename(&draft, &options.file)?;
    let events = exported.manifest.messages.values().sum();
    note(&bus, Done::Exported { extent, events, digest: exported.digest }).await;
    bus.close().await?;

    let show = Show::on_stdout();
    for (log, count) in &exported.manifest.messages {
        Show::line(&format!("{log:<8} {count} messages"));
    }
    for digest in &exported.lost {
        Show::line(
            &show.paint("31", &format!("! the attachment {digest} is named, and its content is not stored")),
        );
    }
    Show::line(&format!("checkpoint {}, manifest {}", exported.manifest.checkpoint, exported.digest));
    Show::line(&format!(
        "{} is written. Check it: concord audit verify {0} --key FILE",
        options.file.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Gives a verdict.
pub(crate) async fn verify(options: Verify) -> Result<ExitCode, Failure> {
    let trusted = Trusted::parse(&read(&options.key)?)?;
    if trusted.is_empty() {
        return Err(format!("{} holds no key", options.key.display()).into());
    }
    let kept = options.checkpoint.as_deref().map(read).transpose()?;
    let terms = Terms { trusted, kept };
    let progress = Progress::new();
    let shown = |done, of| progress.at("verifying", done, of);
    let report = match &options.export {
        None => {
            let bus = reader(&options.common).await?;
            let report = verify::live(&bus, &terms, &shown).await?;
            note(&bus, Done::Verified { events: report.messages }).await;
            bus.close().await?;
            report
        }
        Some(path) => {
            let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            match verify::export(BufReader::new(file), &terms, &shown) {
                Ok(report) => report,
                Err(unreadable) => {
                    progress.done();
                    Show::line(&format!("{}: {unreadable}", path.display()));
                    return Ok(ExitCode::from(UNREADABLE));
                }
            }
        }
    };
    progress.done();
    if options.json {
        as_json(&report)?;
    } else {
        as_text(&report);
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_text(report: &Report) {
    let show = Show::on_stdout();
    for checked in &report.checked {
        Show::line(&format!("{} {checked}", show.paint("32", "✓")));
    }
    for unchecked in &report.unchecked {
        Show::line(&format!("{} not checked: {unchecked}", show.paint("33", "–")));
    }
    for fault in &report.faults {
        Show::line(&format!("{} {fault}", show.paint("31", "✗")));
    }
    if report.count > MOST_FAULTS as u64 {
        Show::line(&format!("  and {} more", report.count - MOST_FAULTS as u64));
    }
    Show::line("");
    Show::line(&match report.count {
        0 => show.paint("32", "NOTHING WAS ALTERED, as far as was checked"),
        1 => show.paint("31", "1 FAULT: this is not what was recorded"),
        count => show.paint("31", &format!("{count} FAULTS: this is not what was recorded")),
    });
}

fn as_json(report: &Report) -> Result<(), serde_json::Error> {
    let faults: Vec<_> =
        report.faults.iter().map(|fault| json!({ "place": fault.place, "what": fault.what })).collect();
    let verdict = json!({
        "holds": report.holds(),
        "checked": report.checked,
        "unchecked": report.unchecked,
        "faults": faults,
        "count": report.count,
    });
    Show::line(&serde_json::to_string_pretty(&verdict)?);
    Ok(())
}

/// Prints a checkpoint, or keeps it in a file.
pub(crate) async fn checkpoint(options: Checkpoint) -> Result<ExitCode, Failure> {
    let bus = reader(&options.common).await?;
    let note = ask::checkpoint(&bus, true).await;
    bus.close().await?;
    let note = note?;
    match &options.out {
        None => Show::line(note.trim_end()),
        Some(path) => fs::write(path, note).map_err(|error| format!("{}: {error}", path.display()))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what the self-check has found.
pub(crate) async fn status(common: Common) -> Result<ExitCode, Failure> {
    let bus = reader(&common).await?;
    let asked = (ask::checkpoint(&bus, false).await, ask::findings(&bus).await);
    bus.close().await?;
    let show = Show::on_stdout();
    let (newest, findings) = (asked.0, asked.1?);
    match newest {
        Ok(note) => Show::line(note.trim_end()),
        Err(error) => Show::line(&show.paint("33", &error.to_string())),
    }
    Show::line("");
    for finding in &findings {
        let place =
            finding.sequence.map_or_else(|| finding.place.clone(), |at| format!("{} {at}", finding.place));
        Show::line(&show.paint("31", &format!("✗ {}  {place}: {}", local(finding.at), finding.what)));
    }
    if findings.is_empty() {
        Show::line(&show.paint("32", "The self-check has found nothing."));
        return Ok(ExitCode::SUCCESS);
    }
    Show::line(
        "Nothing more is signed until a person has looked: docs/guides/operator.md, \"When the audit raises an alarm\".",
    );
    Ok(ExitCode::FAILURE)
}

/// The keys that sign.
pub(crate) fn key(command: &KeyCommand) -> Result<ExitCode, Failure> {
    let (KeyCommand::Show(common) | KeyCommand::Rotate(common) | KeyCommand::Retire(common)) = command;
    let config = configuration(common)?;
    let folder = keyring::folder(&config.credentials());
    match command {
        KeyCommand::Show(_) => {
            let ring = KeyRing::read(&folder)?;
            for key in ring.public.iter() {
                let signs = ring.signing.iter().any(|signing| signing.public() == key);
                Show::line(&format!("{key}{}", if signs { "" } else { "  (retired)" }));
            }
        }
        KeyCommand::Rotate(_) => {
            let key = keyring::make(&folder, &config.audit.name)?;
            Show::line(&key.to_string());
            Show::line(
                "It signs from the next checkpoint on, together with the old one. Publish it; then, weeks later: concord audit key retire",
            );
        }
        KeyCommand::Retire(_) => {
            for key in keyring::retire(&folder)? {
                Show::line(&format!("{key}  retired"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The public keys of the installation, as this machine has them.
fn published(config: &Config) -> Result<Trusted, Failure> {
    let ring = KeyRing::read(&keyring::folder(&config.credentials()))?;
    if ring.public.is_empty() {
        return Err("no key has signed yet: start `concord up`, and ask again in a minute".into());
    }
    Ok(ring.public)
}

fn read(path: &Path) -> Result<String, Failure> {
    let named = |error: io::Error| format!("{}: {error}", path.display());
    Ok(fs::read_to_string(path).map_err(named)?)
}
