//! Given: histories that many tests begin with, on the night of 16 May 2026 (DOMAIN §8, S2).

use serde_json::json;

use super::{
    Story, agree, binding, closing, confirmation, confirming, consenting, cover, disagree, establishing,
    phone, statement, task_force, verdicts, with, written,
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

    /// At 01:00 both sides close it.
    pub(crate) fn closed() -> Self {
        let mut story = Self::settled();
        story.until("17/05/2026 01:00").by("snnmt.dau-moi").when("propose-closure", closing());
        story.by("btg.lanh-dao").when("confirm-closure", confirming(1)).settle();
        story
    }

    /// The sides do not agree, both have filed, and at 23:00 BTG sends the dossier up.
    pub(crate) fn escalated() -> Self {
        let mut story = Self::coordinating();
        story.by("btg.lanh-dao").when("record-position", disagree()).settle();
        story.until("16/05/2026 23:00").by("btg.lanh-dao").when("file-statement", statement("A"));
        story.by("ubnd.lanh-dao").when("file-statement", statement("B"));
        let cover = with(cover(), "/document/date", "2026-05-16");
        story.by("btg.lanh-dao").when("submit-dossier", cover);
        story
    }

    /// At 23:30 the directive is there: SXD has one item until the 20th, SNNMT two, the earlier until the 19th.
    pub(crate) fn directed() -> Self {
        let mut story = Self::escalated();
        let item = |agency: &str, date: &str| json!({ "agency": agency, "text": "Báo cáo kết quả.", "due": format!("{date}T17:00:00+07:00") });
        let items = [item("SXD", "2026-05-20"), item("SNNMT", "2026-05-21"), item("SNNMT", "2026-05-19")];
        let directive = with(binding(), "/binding/instructions", json!(items));
        let directive = with(directive, "/binding/document/date", "2026-05-16");
        story.until("16/05/2026 23:30").by("tu.thu-ky").when("record-directive", directive);
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
