//! What a dispute starts, and how a directive ends it.

mod advice;
mod directive;
mod dispute;
mod implementation;
mod withdrawal;

use events::{Kind, Lifecycle};

use crate::story::{Story, binding, cover, disagree, statement};

/// S3's beginning: SXD raises on Wednesday 8 July 2026, BTG disagrees on Friday at 15:30; statements are due on
/// Monday 13/7 17:00, the dossier on Tuesday 14/7 17:00.
fn disputed() -> Story {
    let mut story = Story::highway();
    story.until("10/07/2026 15:30").by("btg.lanh-dao").when("record-position", disagree());
    story.then(Kind::PositionRecorded).stands(Lifecycle::Disputed);
    story
}

/// Both sides have filed on Monday.
fn filed() -> Story {
    let mut story = disputed();
    story.until("13/07/2026 10:00").by("sxd.lanh-dao").when("file-statement", statement("B"));
    story.until("13/07/2026 14:00").by("btg.lanh-dao").when("file-statement", statement("A"));
    story
}

/// The dossier went up on Tuesday at 09:30.
fn escalated() -> Story {
    let mut story = filed();
    story
        .until("14/07/2026 09:30")
        .by("btg.lanh-dao")
        .when("submit-dossier", cover())
        .stands(Lifecycle::Escalated);
    story
}

/// A directive with an item for SXD due on 31/7 and one for BTG due on 14/8, recorded on Friday 17/7 at 11:00.
fn directed() -> Story {
    let mut story = escalated();
    story
        .until("17/07/2026 11:00")
        .by("tu.thu-ky")
        .when("record-directive", binding())
        .stands(Lifecycle::Directed);
    story
}
