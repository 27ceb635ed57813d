//! Given: histories that many tests begin with, on the night of 16 May 2026 (DOMAIN §8, S2).

use serde_json::json;

use super::{
    Story, agree, confirmation, consenting, disagree, establishing, phone, task_force, verdicts, with,
    written,
};

impl Story {
    /// SNNMT has called at 21:40 to 21:48, BTG logged it at 21:52; routed to BTG and UBND.
    pub(crate) fn phoned() -> Self {
        let mut story = Self::new();
        story.by("btg.truc-ban").raise(phone()).settle();
        story
    }

    /// At 22:05 UBND and BTG acknowledge; round 1 is open until 02:05.
    pub(crate) fn coordinating() -> Self {
        let mut story = Self::phoned();
        story.acknowledged("16/05/2026 22:05");
        story
    }

    /// UBND and BTG acknowledge.
    pub(crate) fn acknowledged(&mut self, clock: &str) -> &mut Self {
        self.until(clock).by("ubnd.dau-moi").when("acknowledge", json!({}));
        self.by("btg.dau-moi").when("acknowledge", json!({})).settle()
    }

    /// At 23:50 BTG agrees: the sides agree; the document is still owed.
    pub(crate) fn agreed() -> Self {
        let mut story = Self::coordinating();
        story.until("16/05/2026 23:50").by("btg.lanh-dao").when("record-position", agree()).settle();
        story
    }

    /// At 00:30 the document comes, at 00:40 it matches: the case can be closed.
    pub(crate) fn settled() -> Self {
        let mut story = Self::agreed();
        story
            .until("17/05/2026 00:30")
            .by("snnmt.van-thu")
            .when("submit-written-confirmation", confirmation());
        story.until("17/05/2026 00:40").by("btg.dau-moi").when("compare-written", verdicts("same")).settle();
        story
    }

    /// S3: SXD raises in writing on Wednesday 8 July 2026 at 09:00, BTG acknowledges at 13:45, UBND at 14:30; round 1
    /// is open until Friday 17:00.
    pub(crate) fn highway() -> Self {
        let body = with(with(written(), "/raiser", "SXD"), "/document/issuer", "SXD");
        let body = with(with(body, "/document/symbol", "BC-SXD"), "/document/date", "2026-07-08");
        let mut story = Self::new();
        story.at("08/07/2026 09:00").by("sxd.dau-moi").raise(body).settle();
        story.until("08/07/2026 13:45").by("btg.dau-moi").when("acknowledge", json!({})).settle();
        story.until("08/07/2026 14:30").by("ubnd.dau-moi").when("acknowledge", json!({})).settle();
        story
    }

    /// Agreed; at 23:50 BTG also proposes a task force with SNNMT and XBM; consents are due at 03:50.
    pub(crate) fn asking_for_a_task_force() -> Self {
        let mut story = Self::agreed();
        story.by("btg.truong-phong").when("propose-task-force", task_force()).settle();
        story
    }

    /// All three consent and name their members; BTG's leads.
    pub(crate) fn consented() -> Self {
        let mut story = Self::asking_for_a_task_force();
        for (agency, lead) in [("btg", true), ("snnmt", false), ("xbm", false)] {
            let body = consenting(&format!("{agency}.dau-moi"), lead);
            story.by(&format!("{agency}.lanh-dao")).when("consent-task-force", body).settle();
        }
        story
    }

    /// UBND establishes it.
    pub(crate) fn with_task_force() -> Self {
        let mut story = Self::consented();
        story.by("ubnd.lanh-dao").when("establish-task-force", establishing("UBND")).settle();
        story
    }

    /// At 22:30 the document comes, at 22:40 it is found to differ from the call.
    pub(crate) fn discrepant() -> Self {
        let mut story = Self::phoned();
        story
            .until("16/05/2026 22:30")
            .by("snnmt.van-thu")
            .when("submit-written-confirmation", confirmation());
        story
            .until("16/05/2026 22:40")
            .by("btg.dau-moi")
            .when("compare-written", verdicts("changed"))
            .settle();
        story
    }

    /// At 23:00 BTG disagrees: statements are due at 03:00, the dossier at 05:00.
    pub(crate) fn disputed() -> Self {
        let mut story = Self::coordinating();
        story.until("16/05/2026 23:00").by("btg.lanh-dao").when("record-position", disagree()).settle();
        story
    }
}
