//! What is right in a policy and yet asks for somebody's attention.

use events::{Timestamp, terms::Level};

use super::{Policy, PolicyError, Rule, reading::Reading};

impl Policy {
    /// What should be looked at, though the policy holds: a rule that is never reached, a year whose lunar new year is not
    /// confirmed, an office that nobody holds as of `now`.
    pub fn advice(&self, now: Timestamp) -> Vec<PolicyError> {
        let mut reading = Reading::default();
        self.of_routing(&mut reading);
        self.of_the_calendar(&mut reading);
        self.of_the_organisation(&mut reading, now);
        reading.errors
    }

    fn text(&self, file: &str) -> &str {
        self.texts.iter().find(|text| text.name == file).map_or("", |found| &found.text)
    }

    fn of_routing(&self, reading: &mut Reading) {
        let file = "routing.toml";
        let same = |one: &Rule, other: &Rule| {
            one.receiver == other.receiver && one.topic == other.topic && one.area == other.area
        };
        for (place, rule) in self.routing.iter().enumerate() {
            let at = format!("id = \"{}\"", rule.id);
            if let Some(before) = self.routing[..place].iter().find(|before| same(before, rule)) {
                let what = format!(
                    "rule {} is never reached: rule {} takes the same cases before",
                    rule.id, before.id
                );
                reading.wrong(file, self.text(file), &at, what);
            }
            let topics = self.organisation.topics().next().is_some();
            if let Some(topic) =
                rule.topic.as_ref().filter(|topic| topics && self.organisation.topic(topic).is_none())
            {
                let what = format!("rule {} is never reached: there is no topic {topic}", rule.id);
                reading.wrong(file, self.text(file), &at, what);
            }
            let areas = self.organisation.areas().next().is_some();
            if let Some(area) =
                rule.area.as_ref().filter(|area| areas && self.organisation.area(area).is_none())
            {
                let what = format!("rule {} is never reached: there is no area {area}", rule.id);
                reading.wrong(file, self.text(file), &at, what);
            }
        }
        for receiver in [&self.agreement.side_a, &self.agreement.side_b] {
            let default =
                |rule: &Rule| rule.receiver == *receiver && rule.topic.is_none() && rule.area.is_none();
            if !self.routing.iter().any(default) {
                let what = format!(
                    "{receiver} has no rule without topic and area: cases that no other takes wait for the head of its \
                     liaison unit; add one"
                );
                reading.wrong(file, self.text(file), "", what);
            }
        }
    }

    fn of_the_calendar(&self, reading: &mut Reading) {
        let file = "calendar-VN.toml";
        for warning in self.calendar.warnings() {
            let at = warning.place();
            reading.wrong(file, self.text(file), &at, warning.to_string());
        }
    }

    fn of_the_organisation(&self, reading: &mut Reading, now: Timestamp) {
        let file = "organisation.toml";
        let text = self.text(file);
        let organisation = &self.organisation;
        for office in organisation.offices().filter(|office| organisation.is_there(&office.agency, now)) {
            let levels = [Level::Liaison, Level::UnitHead, Level::Chief];
            let needed = office.level.is_some_and(|level| levels.contains(&level));
            if needed && organisation.holders(&office.id, now).next().is_none() {
                let what = format!("nobody holds the office {}: name an officer for it", office.id);
                reading.wrong(file, text, &format!("id = \"{}\"", office.id), what);
            }
        }
        for agency in organisation.agencies() {
            let at = format!("id = \"{}\"", agency.id);
            if agency.ends.is_some() && agency.successor.is_none() {
                let what = format!("agency {} ends and has no successor: what it owes stays open", agency.id);
                reading.wrong(file, text, &at, what);
            }
            if agency.phone.is_none() && self.may_raise(&agency.id) {
                let what = format!("agency {} has no `phone`: its calls cannot be verified", agency.id);
                reading.wrong(file, text, &at, what);
            }
        }
    }
}
