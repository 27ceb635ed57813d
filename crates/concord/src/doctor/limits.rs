//! What the system allows a process: how many files and connections it may have open.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::{
    Patient,
    report::{Check, grouped},
};

/// What a process needs beside the connections of its callers: files of the fold, of the audit, the lines to the server.
const BESIDE: u64 = 512;

/// The limit of the running process, or that under which this one runs.
pub(super) fn open_files(patient: &Patient) -> Check {
    let needed = patient.config.http.most_connections as u64 + BESIDE;
    let running = patient.running.as_ref().filter(|(_, there)| *there);
    let process = running.and_then(|(running, _)| {
        let limits = fs::read_to_string(format!("/proc/{}/limits", running.pid)).ok()?;
        soft_limit(&limits)
    });
    match process {
        Some(limit) => judged(limit, needed, "of the running process"),
        // None at all is no limit.
        None => judged(getrlimit(Resource::Nofile).current, needed, "as it is for this command"),
    }
}

/// The soft limit on open files, as the system lists it: `None` inside means that there is none.
#[expect(clippy::option_option, reason = "not listed, and listed as unlimited, are two things")]
fn soft_limit(limits: &str) -> Option<Option<u64>> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(None),
        number => number.parse().ok().map(Some),
    }
}

fn judged(limit: Option<u64>, needed: u64, whose: &str) -> Check {
    const NAME: &str = "open-files";
    match limit {
        None => Check::ok(NAME, format!("no limit, {whose}")),
        Some(limit) if limit >= needed => Check::ok(NAME, format!("{} may be open, {whose}", grouped(limit))),
        Some(limit) => {
            let found = format!("{} may be open, {whose}; {} are wanted", grouped(limit), grouped(needed));
            let advice = "set LimitNOFILE= of the unit (or `ulimit -n`), or lower [http] most_connections";
            Check::warn(NAME, found, advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    #[test]
    fn the_limit_of_a_process_is_read_as_the_system_lists_it() {
        let list = "Limit                     Soft Limit           Hard Limit           Units\n\
                    Max processes             1024                 2048                 processes\n\
                    Max open files            1024                 524288               files\n";
        assert_eq!(soft_limit(list), Some(Some(1_024)));
        assert_eq!(soft_limit("Max open files            unlimited            unlimited"), Some(None));
        assert_eq!(soft_limit("Max processes 1 2"), None);
    }

    #[test]
    fn a_limit_below_the_connections_that_are_served_is_warned_of() {
        assert_eq!(judged(Some(1_024), 4_608, "here").verdict, Verdict::Warn);
        assert_eq!(judged(Some(4_608), 4_608, "here").verdict, Verdict::Ok);
        assert_eq!(judged(None, 4_608, "here").verdict, Verdict::Ok);
    }
}
