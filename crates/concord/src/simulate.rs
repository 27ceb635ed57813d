//! Playing scenarios on paper: the rules alone, no server, nothing stored.

use std::{path::Path, process::ExitCode, sync::Arc};

use domain::{
    Case, Policy,
    awaiting::awaiting,
    deadlines,
    duties::Duty,
    labels,
    scenario::{Scenario, Step, moment_in_words as local},
    simulation::{About, Done, Played, Simulation},
};
use events::{AgencyId, Timestamp};
use serde_json::json;

use crate::{Failure, cli, place, play::Show};

/// `concord simulate FILE…`.
pub(crate) fn simulate(options: &cli::Simulate) -> Result<ExitCode, Failure> {
    let policy = Arc::new(place::policy(options.policy.as_deref())?);
    let show = Show::on_stdout();
    let mut wrong = 0;
    for file in &options.scenarios {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let scenario = Scenario::parse(&text).map_err(|error| format!("{}, {error}", file.display()))?;
        wrong += usize::from(!tell(file, &scenario, &policy, options, show)?);
    }
    let all = options.scenarios.len();
    if all > 1 && !options.json {
        let verdict = if wrong == 0 {
            show.paint("32", &format!("✓ all {all} scenarios came true"))
        } else {
            show.paint("31", &format!("✗ {wrong} of {all} scenarios did not come true"))
        };
        Show::line(&format!("\n{verdict}"));
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells one scenario; says whether everything that was expected came true.
fn tell(
    file: &Path,
    scenario: &Scenario,
    policy: &Arc<Policy>,
    options: &cli::Simulate,
    show: Show,
) -> Result<bool, Failure> {
    let mut simulation = Simulation::of(scenario, Arc::clone(policy));
    let (mut checked, mut failed) = (0, 0);
    let words = !options.json && !options.quiet;
    if words {
        Show::line(&show.paint("1", &scenario.title));
    }
    let until = options.at.unwrap_or(Timestamp::MAX_UTC);
    for step in scenario.steps.iter().filter(|step| step.at <= until) {
        let played = simulation
            .play(scenario, step)
            .map_err(|what| format!("{}, line {}: {what}", file.display(), step.line))?;
        checked += played.checked.len();
        failed += played.checked.iter().filter(|checked| !checked.held).count();
        if options.json {
            Show::line(&step_in_json(step, &played).to_string());
        } else if words {
            in_words(step, &played, &simulation, show);
        } else {
            for each in played.checked.iter().filter(|each| !each.held) {
                let place = format!("{}, line {}", file.display(), step.line);
                Show::line(&show.paint("31", &format!("{place}: {} — but it is {}", each.wanted, each.is)));
            }
        }
    }
    if let Some(at) = options.at {
        let meanwhile = simulation.until(at).map_err(|what| format!("{}: {what}", file.display()))?;
        if words {
            for done in &meanwhile {
                by_itself(done, &simulation, show);
            }
        }
    }
    if options.json {
        for (name, case) in simulation.cases() {
            Show::line(&json!({ "name": name, "at": simulation.now(), "case": case }).to_string());
        }
        for duty in simulation.duties() {
            let (state, _) = duty.state();
            let line =
                json!({ "name": duty.code(), "at": simulation.now(), "duty": duty.id, "state": state });
            Show::line(&line.to_string());
        }
        return Ok(failed == 0);
    }
    if words {
        for (name, case) in simulation.cases() {
            Show::line("");
            how_it_stands(name, case, simulation.policy(), show);
        }
        for duty in simulation.duties() {
            Show::line("");
            how_a_duty_stands(duty, show);
        }
        Show::line("");
    }
    let name = file.display();
    Show::line(&if failed == 0 {
        show.paint("32", &format!("✓ {name}: all {checked} expectations came true"))
    } else {
        show.paint("31", &format!("✗ {name}: {failed} of {checked} expectations did not come true"))
    });
    Ok(failed == 0)
}

fn in_words(step: &Step, played: &Played, simulation: &Simulation, show: Show) {
    for done in &played.meanwhile {
        by_itself(done, simulation, show);
    }
    Show::line("");
    for words in &step.narration {
        Show::line(&show.paint("2", &format!("  {words}")));
    }
    let at = show.paint("36", &local(step.at));
    match (&step.act, &played.outcome) {
        (Some(deed), Some(outcome)) => {
            let came = match outcome {
                Ok(kind) => show.paint("32", labels::happening(*kind).vi),
                Err(refusal) => {
                    let at = refusal.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
                    show.paint("33", &format!("{}{at}: {}", refusal.code, refusal.vi))
                }
            };
            let act = show.paint("1", &deed.act);
            Show::line(&format!("{at}  {:<16} {act}  {came}", deed.officer));
        }
        _ => Show::line(&format!("{at}  …")),
    }
    for done in &played.afterwards {
        by_itself(done, simulation, show);
    }
    for each in &played.checked {
        Show::line(&if each.held {
            show.paint("32", &format!("      ✓ {}", each.wanted))
        } else {
            show.paint("31", &format!("      ✗ {} — but it is {}", each.wanted, each.is))
        });
    }
}

/// Something that the process did by itself.
fn by_itself(done: &Done, simulation: &Simulation, show: Show) {
    let several = simulation.cases().count() > 1;
    let named = match done.about {
        About::Case(id) => {
            let named = simulation.cases().find(|(_, case)| case.id == id).filter(|_| several);
            named.map(|(name, _)| format!(" @{name}")).unwrap_or_default()
        }
        About::Duty(id) => {
            let duty = simulation.paper().duties().get(&id);
            duty.map(|duty| format!("  {} {}", duty.code(), duty.agency())).unwrap_or_default()
        }
    };
    let line = format!("      · {}  {}{named}", local(done.at), labels::happening(done.kind).vi);
    Show::line(&show.paint("2", &line));
}

/// How a case stands: its state, what runs, and for whom it waits.
fn how_it_stands(name: &str, case: &Case, policy: &Policy, show: Show) {
    let code = case.code.as_ref().map_or("–", |code| code.as_str());
    let state = labels::lifecycle(case.lifecycle).vi;
    let head = format!("@{name}  {code}  {}  {state}", labels::urgency(case.urgency).vi);
    Show::line(&show.paint("1", &head));
    for armed in deadlines::running(case) {
        let deadline = armed.deadline;
        let owing = deadlines::owing(case, &deadline, policy);
        let owing: Vec<_> = owing.iter().map(AgencyId::as_str).collect();
        let label = labels::deadline(deadline.key).vi;
        Show::line(&format!(
            "  {label} ({}): {}, {}",
            deadline.instance,
            local(deadline.due),
            owing.join(", ")
        ));
    }
    for awaited in awaiting(case, policy) {
        let label = labels::acts::act(awaited.act).map_or(awaited.act, |words| words.label.vi);
        let who: Vec<_> = awaited.who.iter().map(AgencyId::as_str).collect();
        Show::line(&format!("  {label} ({}): {}", awaited.number, who.join(", ")));
    }
}

/// What a step is about, by its id.
fn about(about: About) -> serde_json::Value {
    match about {
        About::Case(id) => json!({ "case": id }),
        About::Duty(id) => json!({ "duty": id }),
    }
}

/// How a duty stands: its state, and what is owed in it.
fn how_a_duty_stands(duty: &Duty, show: Show) {
    let head = format!("{}  {}  {}", duty.code(), duty.agency(), duty.state().1.vi);
    Show::line(&show.paint("1", &head));
    for (running, owing) in duty.running() {
        let clock = &running.clock;
        let label = labels::clock(clock.key).vi;
        Show::line(&format!("  {label} ({}): {}, {owing}", clock.instance, local(clock.due)));
    }
}

fn step_in_json(step: &Step, played: &Played) -> serde_json::Value {
    let done = |done: &Done| json!({ "about": about(done.about), "at": done.at, "type": done.kind });
    let (recorded, refused) = match &played.outcome {
        Some(Ok(kind)) => (Some(kind), None),
        Some(Err(refusal)) => (None, Some(refusal)),
        None => (None, None),
    };
    json!({
        "line": step.line,
        "at": step.at,
        "officer": step.act.as_ref().map(|deed| &deed.officer),
        "act": step.act.as_ref().map(|deed| &deed.act),
        "about": played.about.map(about),
        "recorded": recorded,
        "refused": refused,
        "by_itself": played.meanwhile.iter().chain(&played.afterwards).map(done).collect::<Vec<_>>(),
        "expected": played
            .checked
            .iter()
            .map(|each| json!({ "wanted": each.wanted, "held": each.held, "is": each.is }))
            .collect::<Vec<_>>(),
    })
}
