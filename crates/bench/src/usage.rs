//! What processes have used, as the kernel counts it.

use std::{fs, time::Duration};

/// The kernel counts a process's time in hundredths of a second, whatever it does inside.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process has used so far, all its threads together; none once it is gone.
pub fn process(id: u32) -> Duration {
    read(&format!("/proc/{id}/stat"))
}

/// The thread that asks, for [`thread`].
pub fn this_thread() -> String {
    fs::read_link("/proc/thread-self").map(|link| link.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The processor time that a thread has used so far.
pub fn thread(name: &str) -> Duration {
    read(&format!("/proc/{name}/stat"))
}

fn read(file: &str) -> Duration {
    let ticks = fs::read_to_string(file).ok().and_then(|text| ticks(&text));
    TICK * ticks.unwrap_or_default()
}

/// User and system time; the program's name, which comes before, may hold anything.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// How much of its memory is in use: now, and at most so far; in MiB.
pub fn memory(id: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    (mebibytes(&status, "VmRSS:"), mebibytes(&status, "VmHWM:"))
}

fn mebibytes(status: &str, field: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_read_behind_any_name() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 3 0 99";
        assert_eq!(ticks(stat), Some(200));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn memory_is_read_by_its_name() {
        let status = "Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!((mebibytes(status, "VmRSS:"), mebibytes(status, "VmHWM:")), (10, 20));
    }

    #[test]
    fn our_own_use_can_be_read() {
        assert!(memory(std::process::id()).1 > 0);
        assert!(!this_thread().is_empty());
    }
}
