//! The machine, the versions and the source that a run is of.

use std::{fs, process::Command};

use bus::server::find_binary;

use crate::{now, report::Run};

/// Describes the run that begins now, of a binary that was built from this source or of one that was given.
pub async fn describe(args: &[String], built: bool) -> Run {
    let nats = match find_binary(None).await {
        Ok(binary) => said(Command::new(binary).arg("--version")),
        Err(_) => None,
    };
    let rust = said(Command::new("rustc").arg("--version"));
    let rust = rust.map(|version| version.split(" (").next().unwrap_or_default().to_owned());
    let commit = said(Command::new("git").args(["rev-parse", "--short", "HEAD"]));
    let changed = said(Command::new("git").args(["status", "--porcelain", "--untracked-files=no"]));
    let and_changes = if changed.is_some_and(|text| !text.is_empty()) { " with changes" } else { "" };
    let unknown = || "unknown".to_owned();
    Run {
        date: now().format("%Y-%m-%d %H:%M UTC").to_string(),
        command: command(args),
        source: if built {
            format!("{}{and_changes}", commit.unwrap_or_else(unknown))
        } else {
            "not known: a binary that was given".to_owned()
        },
        machine: hardware(),
        versions: format!("{}, {}", nats.unwrap_or_else(unknown), rust.unwrap_or_else(unknown)),
    }
}

/// The command that was given, without where things lie on this machine.
fn command(args: &[String]) -> String {
    let mut words = vec!["cargo xtask bench"];
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--binary" => drop(args.next()),
            arg if arg == "--built" || arg.starts_with("--binary=") => {}
            arg => words.push(arg),
        }
    }
    words.join(" ")
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn hardware() -> String {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let (processor, memory, load) = (read("/proc/cpuinfo"), read("/proc/meminfo"), read("/proc/loadavg"));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = field(&processor, "model name").unwrap_or("of unknown make");
    let memory = field(&memory, "MemTotal").and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
    format!(
        "{cores} processors ({model}), {} GiB, load before the run {}",
        memory.unwrap_or_default() / (1024 * 1024),
        load.split(' ').next().unwrap_or("unknown"),
    )
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_no_place_of_this_machine() {
        let args = ["g1", "--binary", "/somewhere/concord", "--seconds", "20", "--built"].map(str::to_owned);
        assert_eq!(command(&args), "cargo xtask bench g1 --seconds 20");
        assert_eq!(command(&["--binary=/x".to_owned()]), "cargo xtask bench");
    }

    #[test]
    fn the_machine_is_told() {
        assert!(hardware().contains("processors"));
        assert_eq!(field("a : 1\nmodel name\t: X 2\n", "model name"), Some("X 2"));
    }
}
