//! Verifies what a running system has stored, read over the network, against its own checkpoints and one that was kept
//! elsewhere.

use bus::{
    Bus,
    audit::TRUTH,
    log::{self, ReadError},
    streams::AUDIT,
};
use futures::{StreamExt, stream};
use proof::checkpoint::{LOGS, Signed};

use super::{
    Report, Terms, archive,
    batch::Batch,
    checkpoints,
    facts::FactJudge,
    judge::{Expected, Judge},
};
use crate::export::Progress;

/// How many ranges of a log are asked for at once: the server reads one while another is on its way.
const AT_ONCE: usize = 3;

/// Verifies what is stored.
///
/// # Errors
/// The server does not answer.
pub async fn live(bus: &Bus, terms: &Terms, progress: &Progress<'_>) -> Result<Report, ReadError> {
    let mut report = Report::default();
    let mut trusted = terms.trusted.clone();
    let (mut notes, mut next) = (Vec::new(), 1);
    loop {
        let entries = log::read(bus, AUDIT, next, ">").await?;
        for entry in &entries {
            if entry.sequence != next {
                report.fault(format!("{AUDIT} {next}"), "the checkpoint is missing");
            }
            next = entry.sequence + 1;
            let place = format!("{AUDIT} {}", entry.sequence);
            notes.push((place, String::from_utf8_lossy(&entry.payload).into_owned()));
        }
        if entries.len() < log::BATCH {
            break;
        }
    }
    let (chain, ever) = checkpoints::open(&notes, &mut trusted, &mut report);
    for (signed, number) in chain.iter().zip(1..) {
        if signed.checkpoint.number != number {
            report.fault(
                AUDIT,
                format!("checkpoint {} stands where number {number} must", signed.checkpoint.number),
            );
            break;
        }
    }
    report.checked(format!("{} checkpoints, signed, each continues the one before it", chain.len()));
    let kept = checkpoints::kept(terms.kept.as_deref(), &ever, &chain, true, &mut report);
    let newest = chain.last().map_or(0, |newest| newest.checkpoint.number);
    if newest == 0 {
        report.fault(AUDIT, "there is no checkpoint: none was signed yet, or all were removed");
    }
    if let Some(number) = kept.as_ref().map(|kept| kept.checkpoint.number).filter(|number| *number > newest) {
        report.fault(AUDIT, format!("checkpoint {number} was kept elsewhere, and the newest here is {newest}: the rest was cut off"));
    }
    for at in 0..LOGS.len() {
        let facts = read(bus, at, &chain, kept.as_ref(), progress, &mut report).await?;
        if at == 0 {
            FactJudge::end(facts, true, &mut report);
        }
    }
    report.unchecked("the content of attachments: an export has them");
    Ok(report)
}

async fn read(
    bus: &Bus,
    at: usize,
    chain: &[Signed],
    kept: Option<&Signed>,
    progress: &Progress<'_>,
    report: &mut Report,
) -> Result<Vec<FactJudge>, ReadError> {
    let stream = TRUTH[at];
    let end = log::last_sequence(bus, stream).await?;
    let size = chain.last().map_or(0, |newest| newest.checkpoint.heads[at].size);
    let expected =
        Expected { log: at, roots: archive::roots(at, chain, kept), size, grows: true, part: None };
    let facts = if at == 0 { FactJudge::shares(false) } else { Vec::new() };
    let judge = Judge::begin(expected, facts);
    let batch = log::BATCH as u64;
    let ranges = (1..=end).step_by(log::BATCH).map(|from| {
        let bus = bus.clone();
        tokio::spawn(async move {
            let mut entries = log::read(&bus, stream, from, ">").await?;
            // Where messages are lost, the server goes on behind the range: the next one has those.
            entries.retain(|entry| entry.sequence < from + batch);
            Ok::<_, ReadError>(entries)
        })
    });
    let mut coming = stream::iter(ranges).buffered(AT_ONCE);
    let mut next = 1;
    while let Some(Ok(entries)) = coming.next().await {
        let entries = entries?;
        let Some(last) = entries.last() else { continue };
        next = last.sequence + 1;
        // The judges may be busy: other tasks read meanwhile.
        if !tokio::task::block_in_place(|| judge.take(Batch::Entries(entries))) {
            break;
        }
        progress(next - 1, end);
    }
    if next <= end {
        report.fault(
            LOGS[at],
            format!(
                "the server says that there are {end} messages, and gives none from {next} on: they are lost"
            ),
        );
    }
    Ok(tokio::task::block_in_place(|| judge.end(report)))
}
