//! What went up to the standing body and what came back, shown at the end of a demonstration.

use domain::scenario::moment_in_words as local;
use serde_json::Value;

use crate::{
    Failure,
    play::{Player, Show},
};

/// The standing body's secretary, who reads the dossier.
const SECRETARY: &str = "tu.thu-ky";

impl Player {
    /// Shows the dossier as it went up and the directive with its instructions, if there are any.
    pub(crate) async fn show_what_went_up(&self) -> Result<(), Failure> {
        let Some(case) = self.giver.look().await? else { return Ok(()) };
        let Some(directive) = case["escalation"]["dossiers"]
            .as_array()
            .and_then(|dossiers| dossiers.iter().rev().find(|dossier| dossier["directive"].is_object()))
            .map(|dossier| &dossier["directive"])
        else {
            return Ok(());
        };
        let path = format!("/api/v1/cases/{}/dossier", case["id"].as_str().unwrap_or_default());
        let dossier = self.giver.client.get_text(&path, SECRETARY).await?;
        Show::line(&self.show.paint("1", "What went up – the dossier with both statements:\n"));
        for line in dossier.body.as_str().unwrap_or_default().lines() {
            Show::line(format!("  │ {line}").trim_end());
        }
        Show::line(&self.show.paint("1", "\nWhat came back – the directive and who fulfils it:\n"));
        self.show_directive(directive, &case["escalation"]["instructions"]);
        Ok(())
    }

    fn show_directive(&self, directive: &Value, instructions: &Value) {
        let document = serde_json::from_value::<events::terms::Document>(directive["document"].clone());
        if let Ok(document) = document {
            let date = document.date.format("%d/%m/%Y");
            Show::line(&format!("  │ {} ngày {date} – {}", document.printed(), document.subject));
        }
        for item in instructions.as_array().into_iter().flatten() {
            let word = |field: &str| item[field].as_str().unwrap_or("–").to_owned();
            let due = word("due").parse().map(local).unwrap_or_default();
            let late = if item["late"] == true { self.show.paint("33", " (late)") } else { String::new() };
            Show::line(&format!("  │ {}. {}: {}", item["item"], word("agency"), word("text")));
            Show::line(&format!("  │    due {due} – {}{late}", self.show.paint("32", &word("state"))));
        }
    }
}
