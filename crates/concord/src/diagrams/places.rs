//! Where the states stand on the paper, by hand: a person sees at once what no algorithm finds.

/// A state's column and row. One that stands in several places is drawn dashed there after the first, and an arrow
/// takes the nearest two.
type Place = (&'static str, f64, f64);

/// The places of a region's states.
pub(super) fn of(region: &str) -> &'static [Place] {
    match region {
        "lifecycle" => &[
            ("received", 0.0, 0.0),
            ("routed", 1.4, 0.0),
            ("in-coordination", 2.8, 0.0),
            ("agreed", 5.0, 0.0),
            ("closed", 6.5, 0.0),
            ("disputed", 2.8, 1.8),
            ("escalated", 5.0, 1.8),
            ("directed", 6.5, 1.8),
            ("withdrawn", 1.4, -1.15),
            ("cancelled", 1.4, 1.15),
            ("merged", 0.0, -2.1),
            ("merged", 3.9, -1.15),
            ("in-coordination", 8.0, 0.0),
            ("agreed", 1.2, 2.5),
        ],
        "written" => &[
            ("pending", 0.0, 0.0),
            ("received", 1.6, 0.0),
            ("matched", 3.0, 0.0),
            ("overdue", 0.0, 1.35),
            ("discrepant", 1.6, -1.35),
            ("reconciled", 3.0, -1.35),
            ("satisfied", 3.5, 1.35),
            ("lapsed", 0.0, -1.35),
            ("lapsed", 1.6, 1.35),
        ],
        "caller" => &[("unverified", 0.0, 0.0), ("verified", 2.6, 0.0), ("failed", 1.3, 1.2)],
        "assignment" => &[
            ("assigned", 0.0, 1.25),
            ("acknowledged", 1.65, 0.0),
            ("declined", 1.65, 2.75),
            ("timed-out", 0.0, 0.0),
            ("rerouted", 3.3, 1.25),
            ("ended", 0.0, 2.75),
            ("ended", 3.3, 0.0),
        ],
        "round" => {
            &[("open", 0.0, 1.35), ("agreed", 2.0, 0.0), ("superseded", 2.0, 1.35), ("disputed", 2.0, 2.7)]
        }
        "task-force" => &[
            ("none", 0.0, 0.0),
            ("proposed", 2.0, 0.0),
            ("consented", 3.4, 0.0),
            ("active", 4.8, 0.0),
            ("refused", 2.0, 1.8),
            ("dissolved", 4.8, 1.8),
            ("none", 3.95, -1.35),
            ("active", 0.0, 1.8),
        ],
        "dossier" => &[
            ("none", 0.0, 0.0),
            ("drafting", 0.0, 1.7),
            ("submitted", 3.0, 0.0),
            ("info-requested", 3.0, 1.7),
            ("returned", 0.8, 3.1),
            ("decided", 5.4, 0.0),
            ("returned", 5.4, -2.3),
            ("dossier-withdrawn", 5.4, 2.6),
            ("drafting", 7.3, 0.0),
            ("none", 6.4, 1.3),
            ("none", 5.4, -4.1),
            ("drafting", 7.3, 2.6),
            ("none", 5.4, 4.5),
        ],
        _ => &[
            ("issued", 0.0, 1.0),
            ("acknowledged", 1.2, 0.0),
            ("reported", 2.4, 1.0),
            ("accepted", 3.8, 1.0),
            ("rejected", 2.4, 2.2),
        ],
    }
}

/// How far the start of a thing lies before its first state, in columns.
pub(super) const START: f64 = 1.15;

/// The upright arrows whose words stand on their left: on the right there is no room.
pub(super) const ON_THE_LEFT: [(&str, &str, &str); 4] = [
    ("written", "pending", "overdue"),
    ("written", "pending", "lapsed"),
    ("assignment", "assigned", "ended"),
    ("task-force", "none", "active"),
];
