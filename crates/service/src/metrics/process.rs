//! What the process takes of its machine, as the kernel counts it.

use std::{fs, time::Duration};

use super::{Metrics, read::Sort};

/// How often a second the kernel counts (`USER_HZ`): the same on every Linux.
const TICKS: u64 = 100;

/// Shows memory and processor time, where the kernel says them.
pub(super) fn register(metrics: &Metrics) {
    metrics.gauge("process_resident_memory_bytes", "Resident memory of the process", || {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        resident(&status)
    });
    metrics.look("process_cpu_seconds", "Processor time of the process", Sort::Counter, || {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        processor(&stat).map(|time| (Vec::new(), time.as_secs_f64())).into_iter().collect()
    });
}

/// The bytes of `VmRSS`, which is given in KiB.
fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u32 = line.split_whitespace().next()?.parse().ok()?;
    Some(f64::from(kibibytes) * 1_024.0)
}

/// User and system time: the fourteenth and fifteenth field; the second, a name in brackets, may hold blanks.
fn processor(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some(Duration::from_millis((user + system).checked_mul(1_000 / TICKS)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_understood() {
        assert_eq!(resident("VmPeak:\t 9 kB\nVmRSS:\t   2048 kB\n"), Some(2_097_152.0));
        let stat = "7 (con cord) S 1 7 7 0 -1 4194560 10 0 0 0 150 50 0 0 20 0 5 0 99";
        assert_eq!(processor(stat), Some(Duration::from_secs(2)));
        let for_years = "7 (x) S 1 7 7 0 -1 4194560 10 0 0 0 4294967296 50 0 0 20 0 5 0 99";
        assert_eq!(processor(for_years), Some(Duration::from_millis(42_949_673_460)));
        assert_eq!((resident(""), processor("7 (x) S")), (None, None));
    }
}
