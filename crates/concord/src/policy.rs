//! `concord policy`: whether the files hold, which policy was in force when, what two differ in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::ExitCode,
};

use domain::{Directory, Policy, PolicyFiles, directory::Rulebook, scenario::moment_in_words as local};
use events::{Timestamp, directory::PolicyText};
use service::Clock;
use toml::{Table, Value};

use crate::{
    Failure,
    audit::reader,
    cli::{CheckPolicy, Common, DiffPolicies, PolicyCommand, ShowPolicy},
    place,
    play::Show,
};

pub(crate) async fn command(command: PolicyCommand) -> Result<ExitCode, Failure> {
    match command {
        PolicyCommand::Check(options) => check(&options),
        PolicyCommand::Show(options) => show(&options).await,
        PolicyCommand::Diff(options) => diff(&options).await,
    }
}

/// Says all that is wrong, then what should be looked at; fails only for what is wrong.
fn check(options: &CheckPolicy) -> Result<ExitCode, Failure> {
    let show = Show::on_stdout();
    let texts = match &options.policy {
        Some(folder) => place::policy_texts(folder)?,
        None => place::policy(None)?.texts,
    };
    let policy = match Policy::check(PolicyFiles::of(&texts)?) {
        Ok(policy) => policy,
        Err(errors) => {
            for error in &errors {
                Show::line(&show.paint("31", &format!("✗ {error}")));
            }
            Show::line(&format!("{} to mend: the policy cannot be used", counted(errors.len(), "error")));
            return Ok(ExitCode::FAILURE);
        }
    };
    let advice = policy.advice(options.at.unwrap_or_else(|| Clock::System.now()));
    for each in &advice {
        Show::line(&show.paint("33", &format!("! {each}")));
    }
    let organisation = &policy.organisation;
    let (agencies, offices) = (organisation.agencies().count(), organisation.offices().count());
    let verdict = format!(
        "✓ version {}: {}, {}, {}, {}",
        policy.version,
        counted(agencies, "agency"),
        counted(offices, "office"),
        counted(organisation.officers().count(), "officer"),
        counted(policy.routing.len(), "routing rule"),
    );
    Show::line(&show.paint("32", &verdict));
    if !advice.is_empty() {
        Show::line(&format!("{} to look at", counted(advice.len(), "point")));
    }
    Ok(ExitCode::SUCCESS)
}

fn counted(number: usize, what: &str) -> String {
    match (number, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {what}s"),
    }
}

/// The directory of a running installation.
pub(crate) async fn directory(common: &Common) -> Result<(Directory, u64), Failure> {
    let bus = reader(common).await?;
    let read = bus::read_directory(&bus, None).await.map_err(|refusal| refusal.en);
    bus.close().await?;
    let loaded = read?.ok_or("no policy was published yet: start `concord up`")?;
    Ok((Directory::clone(&loaded.it), loaded.sequence))
}

async fn show(options: &ShowPolicy) -> Result<ExitCode, Failure> {
    let (known, sequence) = directory(&options.common).await?;
    let at = options.at.unwrap_or_else(|| Clock::System.now());
    let rulebook = Rulebook::from_directory(&known, sequence)?;
    let in_force = rulebook.at(at).ok_or("no policy is in force")?;
    for published in &known.policies {
        let mark = if published.version == in_force.version { "→" } else { " " };
        Show::line(&format!("{mark} {:<12} in force from {}", published.version, local(published.in_force)));
    }
    let organisation = &in_force.organisation;
    let live = organisation.delegations().filter(|granted| granted.counts(at)).count();
    let away = organisation.absences().filter(|absence| absence.from <= at && at < absence.until).count();
    Show::line(&format!(
        "At {}: {} there, {} held, {} away, {} in force",
        local(at),
        counted(
            organisation.agencies().filter(|agency| organisation.is_there(&agency.id, at)).count(),
            "agency"
        ),
        counted(held(in_force, at), "office"),
        counted(away, "officer"),
        counted(live, "delegation"),
    ));
    if let Some(folder) = &options.into {
        write(folder, &in_force.texts)?;
        Show::line(&format!("The files of version {} stand in {}.", in_force.version, folder.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// How many offices somebody holds at a time.
fn held(policy: &Policy, at: Timestamp) -> usize {
    let organisation = &policy.organisation;
    organisation.offices().filter(|office| organisation.holders(&office.id, at).next().is_some()).count()
}

fn write(folder: &Path, texts: &[PolicyText]) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    for PolicyText { name, text } in texts {
        let file = folder.join(name);
        fs::write(&file, text).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    }
    Ok(())
}

async fn diff(options: &DiffPolicies) -> Result<ExitCode, Failure> {
    let mut published = None;
    let mut texts = async |name: &str| -> Result<Vec<PolicyText>, Failure> {
        if Path::new(name).is_dir() {
            return place::policy_texts(Path::new(name));
        }
        if published.is_none() {
            published = Some(directory(&options.common).await?.0);
        }
        let found = published.as_ref().and_then(|known| known.published(name));
        let found =
            found.ok_or_else(|| format!("{name} is neither a folder nor a version that was published"))?;
        Ok(found.files.clone())
    };
    let (old, new) = (entries(&texts(&options.old).await?)?, entries(&texts(&options.new).await?)?);
    let show = Show::on_stdout();
    let mut differ = false;
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let line = match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) if old != new => show.paint("33", &format!("~ {key}: {old} → {new}")),
            (Some(old), None) => show.paint("31", &format!("- {key}: {old}")),
            (None, Some(new)) => show.paint("32", &format!("+ {key}: {new}")),
            _ => continue,
        };
        differ = true;
        Show::line(&line);
    }
    if !differ {
        Show::line("They say the same.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Every entry of the files by its path: what stands where in a list does not matter, but what it is called.
fn entries(texts: &[PolicyText]) -> Result<BTreeMap<String, String>, Failure> {
    let mut entries = BTreeMap::new();
    for PolicyText { name, text } in texts {
        let table: Table = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        flatten(name, &Value::Table(table), &mut entries);
    }
    Ok(entries)
}

fn flatten(path: &str, value: &Value, entries: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                flatten(&format!("{path} {name}"), value, entries);
            }
        }
        Value::Array(items) if items.iter().all(Value::is_table) && !items.is_empty() => {
            for (place, item) in items.iter().enumerate() {
                flatten(&format!("{path} {}", called(item, place)), item, entries);
            }
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(words).collect();
            entries.insert(path.to_owned(), items.join(", "));
        }
        other => {
            entries.insert(path.to_owned(), words(other));
        }
    }
}

/// A value as it reads.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Datetime(at) => at.to_string(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Table(table) => {
            let fields = table.iter().map(|(name, value)| format!("{name}: {}", words(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
    }
}

/// What an entry of a list is called: by its id, its day, or whom and what it joins.
fn called(item: &Value, place: usize) -> String {
    let text = |name: &str| item.get(name).map(words);
    let joined = || Some(format!("{} {}", text("officer")?, text("office").or_else(|| text("from"))?));
    let name = text("id").or_else(|| text("date")).or_else(joined).or_else(|| text("name"));
    name.unwrap_or_else(|| (place + 1).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, text: &str) -> Vec<PolicyText> {
        vec![PolicyText { name: name.to_owned(), text: text.to_owned() }]
    }

    #[test]
    fn an_entry_is_known_by_what_it_is_called_wherever_it_stands() {
        let one =
            policy("o", "[[office]]\nid = \"A\"\ntitle = \"x\"\n[[office]]\nid = \"B\"\ntitle = \"y\"\n");
        let other =
            policy("o", "[[office]]\nid = \"B\"\ntitle = \"y\"\n[[office]]\nid = \"A\"\ntitle = \"x\"\n");
        assert_eq!(entries(&one).unwrap(), entries(&other).unwrap());
        let keys: Vec<_> = entries(&one).unwrap().into_keys().collect();
        assert_eq!(keys, ["o office A id", "o office A title", "o office B id", "o office B title"]);
        let held = policy("o", "[[holding]]\nofficer = \"a\"\noffice = \"A\"\nfrom = 2026-10-01\n");
        assert!(entries(&held).unwrap().contains_key("o holding a A from"));
    }
}
