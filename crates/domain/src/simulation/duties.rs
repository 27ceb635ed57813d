//! The regular duties of a scenario on paper: they begin, are worked on, and do what they must by themselves.

use events::{Actor, CommandId, Digest, DutyId, Kind, Timestamp, briefing::ReportNoted, duty::CaseNoted};

use super::{About, Done, STEPS, Simulation};
use crate::{
    case::Case,
    decision::{By, Context, Decision, Outcome},
    duties::{self, Command, Noted, Sight, Step, Subject, Wanted},
    paper::Entry,
    refusal::{Code, Refusal},
    scenario::{self, Deed},
    secrecy,
};

impl Simulation {
    /// When the next thing is due in a duty, or the next duty begins.
    pub(super) fn next_of_duties(&self) -> Option<Timestamp> {
        let duties = self.paper.duties().values();
        let of_duties = duties.filter_map(|duty| duties::due(duty, self.now, &self.policy)).min();
        let begins = self.duties_since.and_then(|_| duties::next_beginning(self.now, &self.policy));
        of_duties.into_iter().chain(begins).min()
    }

    /// Everything that duties do by themselves at this instant.
    pub(super) fn settle_duties(&mut self) -> Result<Vec<Done>, String> {
        let mut done = Vec::new();
        while let Some(step) = self.next_step_of_duties() {
            let kept = self.looked_up(&step.command, step.duty);
            let ctx = Context::of_system(self.now, &self.policy);
            let duty = self.paper.duties().get(&step.duty);
            let sight = Sight { cases: &kept.0, reports: &kept.1 };
            let outcome = duties::decide(duty, step.command_id(), None, &step.command, &ctx, sight);
            let Ok(Outcome::Fresh(decision)) = outcome else {
                return Err(format!("{} is proposed, and {outcome:?}", step.name));
            };
            let (at, kind) = (decision.occurred_at, decision.body.kind());
            done.push(Done { about: About::Duty(step.duty), at, kind });
            let actor = Actor::System { service: step.command.stage().to_string() };
            self.record_on_duty(step.duty, step.command_id(), None, actor, decision)?;
            if done.len() > STEPS {
                return Err(format!("{}: the duties do not come to rest", step.name));
            }
        }
        Ok(done)
    }

    fn next_step_of_duties(&self) -> Option<Step> {
        let duties = self.paper.duties();
        let steps = duties.values().filter_map(|duty| duties::next_step(duty, self.now, &self.policy));
        steps.min_by_key(|step| step.due).or_else(|| {
            let since = self.duties_since?;
            duties::to_begin(|id| duties.contains_key(&id), since, self.now, &self.policy)
        })
    }

    /// An officer acts on a duty, or begins one, as through the edge.
    pub(super) fn act_on_duty(&mut self, deed: &Deed, key: &str) -> Result<Result<Kind, Refusal>, String> {
        let person = match self.person(&deed.officer)? {
            Ok(person) => person,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let act = duties::named(&deed.act).ok_or_else(|| format!("there is no act {}", deed.act))?;
        let begins = duties::begins(act);
        let id = if begins {
            DutyId::begun_by(&person.agency, &person.officer, key)
        } else {
            let named = deed
                .case
                .as_ref()
                .map(|name| self.duty_called(name).ok_or_else(|| format!("no duty is called @{name}")));
            let current = || match self.current {
                Some(About::Duty(id)) => Some(id),
                _ => None,
            };
            named.transpose()?.or_else(current).ok_or("no duty is spoken of")?
        };
        let mut body = deed.body.clone();
        scenario::resolve(&mut body, &|reference| self.find(None, reference))?;
        let fingerprint = Some(Digest::of(body.to_string().as_bytes()));
        let command_id = CommandId::of_person(&person.agency, &person.officer, id, key);
        let command = secrecy::screen(act.name, &mut body).and_then(|()| Command::parse(act, body));
        if !begins {
            self.current = Some(About::Duty(id));
        }
        let decided = command.and_then(|command| {
            let kept = self.looked_up(&command, id);
            let ctx = Context {
                by: By::Person(&person),
                act: Some(act.name),
                ..Context::of_system(self.now, &self.policy)
            };
            let sight = Sight { cases: &kept.0, reports: &kept.1 };
            duties::decide(self.paper.duties().get(&id), command_id, fingerprint, &command, &ctx, sight)
        });
        match decided {
            Err(refusal) => Ok(Err(refusal)),
            Ok(Outcome::Repeat(_)) => {
                Ok(Err(Refusal::new(Code::IdempotencyKeyReused, "Đã thực hiện.", "It was done already.")))
            }
            Ok(Outcome::Fresh(decision)) => {
                let kind = decision.body.kind();
                self.record_on_duty(id, command_id, fingerprint, person.actor(), decision)?;
                if begins {
                    let name = deed.case.clone().unwrap_or_else(|| kind.stage().to_string());
                    self.begun.push((id, name));
                    self.current = Some(About::Duty(id));
                }
                Ok(Ok(kind))
            }
        }
    }

    fn record_on_duty(
        &mut self,
        duty: DutyId,
        command: CommandId,
        fingerprint: Option<Digest>,
        actor: Actor,
        decision: Decision,
    ) -> Result<(), String> {
        let policy_version = &self.policy.version;
        let entry = Entry { recorded_at: self.now, actor, command, fingerprint, policy_version };
        self.paper.record_on_duty(duty, &entry, decision)
    }

    /// The duty of that name, if there is one: one that an officer began, or one of which there can be but one.
    pub(super) fn duty_called(&self, name: &str) -> Option<DutyId> {
        let begun = self.begun.iter().rev().find(|(_, known)| known == name).map(|(id, _)| *id);
        begun.or_else(|| duties::called(name))
    }

    /// What a decision must know of cases and reports.
    fn looked_up(&self, command: &Command, duty: DutyId) -> (Vec<CaseNoted>, Vec<ReportNoted>) {
        let noted = |wanted: &dyn Fn(&Case) -> bool| {
            let cases = self.raised.iter().filter_map(|(id, _)| self.paper.case(*id));
            // An exercise is nothing that happened: no report and no agenda counts it.
            cases
                .filter(|case| !case.matter.exercise && wanted(case))
                .map(|case| Noted::from(case).0)
                .collect()
        };
        match command.looks_for(self.paper.duties().get(&duty)) {
            Wanted::Nothing => (Vec::new(), Vec::new()),
            Wanted::CasesOf { agency, from, until } => {
                let wanted = |case: &Case| {
                    let takes_part =
                        case.raiser == agency || case.receiver == agency || case.involves(&agency);
                    let was_live = case.lifecycle.is_live() || case.recorded_at >= from;
                    takes_part && was_live && case.raised_at < until
                };
                (noted(&wanted), Vec::new())
            }
            Wanted::Agenda { year, month } => {
                let reports = self.paper.duties().values().filter_map(|duty| match &duty.subject {
                    Subject::Report(report) => Some(report.noted(duty.id)),
                    Subject::Briefing(_) | Subject::Project(_) => None,
                });
                let of_month = |noted: &ReportNoted| {
                    let duty = self.paper.duties().get(&noted.report);
                    duty.is_some_and(|duty| duty.month() == (year, month))
                };
                (noted(&|case| case.lifecycle.is_live()), reports.filter(of_month).collect())
            }
        }
    }

    /// The duties, in the order in which they began.
    pub fn duties(&self) -> impl Iterator<Item = &duties::Duty> {
        let mut duties: Vec<_> = self.paper.duties().values().collect();
        duties.sort_by_key(|duty| (duty.begun_at, duty.code(), duty.agency().clone()));
        duties.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, sync::Arc};

    use serde_json::json;

    use crate::{duties::Subject, scenario::Scenario, simulation, story::Files};

    #[test]
    fn no_agenda_counts_an_exercise() {
        let drill = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/drills/telephone-call.txt");
        let text = fs::read_to_string(drill).unwrap();
        let begun = text.split("> Trực ban gọi lại").next().unwrap();
        let text = begun.replace("start: 16/05/2026 21:52", "start: 16/05/2026 21:52\nduties: yes");
        let on_the_agenda = |exercise: bool| {
            let mut scenario = Scenario::parse(&format!("{text}\n22/06/2026 09:00  --\n")).unwrap();
            scenario.steps[0].act.as_mut().unwrap().body["exercise"] = json!(exercise);
            let (_, played) = simulation::play(&scenario, Arc::new(Files::default().policy())).unwrap();
            let agendas = played.duties().filter_map(|duty| match &duty.subject {
                Subject::Briefing(briefing) => briefing.agenda.as_ref(),
                Subject::Report(_) | Subject::Project(_) => None,
            });
            agendas.map(|agenda| agenda.compiled.cases.len()).sum::<usize>()
        };
        assert_eq!((on_the_agenda(false), on_the_agenda(true)), (1, 0));
    }
}
