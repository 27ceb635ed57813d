//! Examples of the stage routing.

use super::Sample;
use crate::{
    routing,
    terms::{Assignment, Level, Skipped, SkippedBecause},
};

fn assignment(number: u32, level: Level, holder: &str) -> Assignment {
    Assignment {
        number,
        agency: "BTG".into(),
        unit: "BTG.TH".into(),
        lead: true,
        level,
        holder: holder.into(),
        skipped: vec![],
    }
}

impl Sample for routing::CaseRouted {
    fn sample() -> Self {
        Self {
            assignments: vec![assignment(1, Level::Liaison, "BTG.TH.CV1")],
            rule: Some("default-btg".to_owned()),
            alternatives: vec![],
        }
    }
}

impl Sample for routing::AssignmentAcknowledged {
    fn sample() -> Self {
        Self { assignment: 1, level: Level::Liaison, by: "BTG.TH.CV1".into() }
    }
}

impl Sample for routing::FallbackAssigned {
    fn sample() -> Self {
        let skipped = vec![Skipped { level: Level::Deputy, office: None, because: SkippedBecause::Vacant }];
        Self {
            assignment: 1,
            because: routing::FallbackBecause::TimedOut,
            next: Assignment { skipped, ..assignment(3, Level::UnitHead, "BTG.TH.TP") },
        }
    }
}

impl Sample for routing::ChiefReminded {
    fn sample() -> Self {
        Self { assignment: 3, times: 1 }
    }
}

impl Sample for routing::AssignmentDeclined {
    fn sample() -> Self {
        Self {
            assignment: 1,
            by: "BTG.TH.CV1".into(),
            reason: "Nội dung thuộc lĩnh vực của bộ phận khác.".to_owned(),
        }
    }
}

impl Sample for routing::CaseRerouted {
    fn sample() -> Self {
        Self {
            assignment: 1,
            reason: "Chuyển bộ phận phụ trách lĩnh vực.".to_owned(),
            next: assignment(3, Level::Liaison, "BTG.TT.DM"),
        }
    }
}

impl Sample for routing::AgencyAdded {
    fn sample() -> Self {
        Self {
            role: routing::Participation::Consulted,
            assignment: Assignment {
                agency: "SXD".into(),
                unit: "SXD.VP".into(),
                lead: false,
                ..assignment(4, Level::Liaison, "SXD.VP.DM")
            },
        }
    }
}
