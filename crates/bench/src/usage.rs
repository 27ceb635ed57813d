//! What processes have used, as the kernel counts it.

use std::{fs, time::Duration};

use crate::figures::float;

/// The kernel counts a process's time in hundredths of a second, whatever it does inside.
const TICK: Duration = Duration::from_millis(10);

/// Who else was busy on the machine: what makes a run worth less.
pub const OTHERS: &str = "others";

/// Whose processor time is counted: what is measured, and ourselves.
#[derive(Clone, Debug)]
pub struct Meter {
    processes: Vec<(&'static str, u32)>,
    /// Our thread that is a relay, told apart.
    relay: Option<String>,
}

/// Processor time, by who used it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent(pub Vec<(&'static str, Duration)>);

impl Meter {
    /// Counts these processes and ourselves.
    pub fn new(processes: impl IntoIterator<Item = (&'static str, u32)>) -> Self {
        Self { processes: processes.into_iter().collect(), relay: None }
    }

    /// Tells a thread of ours apart.
    #[must_use]
    pub fn with_relay(self, thread: &str) -> Self {
        Self { relay: Some(thread.to_owned()), ..self }
    }

    /// What each has used so far.
    pub fn read(&self) -> Spent {
        let mut spent: Vec<_> = self.processes.iter().map(|(name, id)| (*name, process(*id))).collect();
        let mut ourselves = process(std::process::id());
        let relay = self.relay.as_deref().map(thread);
        ourselves = ourselves.saturating_sub(relay.unwrap_or_default());
        spent.push(("driver", ourselves));
        spent.extend(relay.map(|relay| ("relay", relay)));
        let ours = spent.iter().map(|(_, used)| *used).sum();
        spent.push((OTHERS, everybody().saturating_sub(ours)));
        Spent(spent)
    }

    /// The memory that each process has in use now, in MiB.
    pub fn memory(&self) -> Vec<(&'static str, u64)> {
        self.processes.iter().map(|(name, id)| (*name, memory(*id).0)).collect()
    }

    /// The most memory that each process had in use, in MiB.
    pub fn peaks(&self) -> Vec<(&'static str, u64)> {
        self.processes.iter().map(|(name, id)| (*name, memory(*id).1)).collect()
    }
}

impl Spent {
    /// What was used since an earlier reading of the same meter.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let pairs = self.0.iter().zip(&before.0);
        Self(pairs.map(|((name, now), (_, then))| (*name, now.saturating_sub(*then))).collect())
    }

    /// How many processors each kept busy.
    pub fn busy(&self, time: Duration) -> String {
        let share = |used: Duration| used.as_secs_f64() / time.as_secs_f64();
        let words = self.0.iter().map(|(name, used)| format!("{name} {:.2}", share(*used)));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Microseconds for each of so many commands, in words.
    pub fn each(&self, commands: u64) -> String {
        let words = self.micros(commands).into_iter().map(|(name, micros)| format!("{name} {micros:.0}"));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Microseconds for each of so many commands, without others'.
    pub fn micros(&self, commands: u64) -> Vec<(&'static str, f64)> {
        let ours = self.0.iter().filter(|(name, _)| *name != OTHERS);
        ours.map(|(name, used)| (*name, used.as_secs_f64() * 1e6 / float(commands.max(1)))).collect()
    }

    /// How many processors others kept busy.
    pub fn others(&self, time: Duration) -> f64 {
        let others = self.0.iter().find(|(name, _)| *name == OTHERS);
        others.map_or(0.0, |(_, used)| used.as_secs_f64() / time.as_secs_f64())
    }
}

/// The processor time that a process has used so far, all its threads together; none once it is gone.
fn process(id: u32) -> Duration {
    read(&format!("/proc/{id}/stat"))
}

/// The thread that asks, for [`Meter::with_relay`].
pub fn this_thread() -> String {
    fs::read_link("/proc/thread-self").map(|link| link.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The processor time that a thread has used so far.
fn thread(name: &str) -> Duration {
    read(&format!("/proc/{name}/stat"))
}

/// The processor time that everybody on this machine has used so far.
fn everybody() -> Duration {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    TICK * busy(&text).unwrap_or_default()
}

/// The first line: user, nice, system, idle, waiting, interrupts of two kinds.
fn busy(stat: &str) -> Option<u32> {
    let numbers = stat.lines().next()?.split_whitespace().skip(1);
    let numbers: Vec<u32> = numbers.map_while(|number| number.parse().ok()).collect();
    let [user, nice, system, _, _, hard, soft, ..] = numbers[..] else { return None };
    Some(user + nice + system + hard + soft)
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
fn memory(id: u32) -> (u64, u64) {
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
    fn what_was_used_is_told_for_each() {
        let spent = |one, other| {
            Spent(vec![("one", Duration::from_millis(one)), ("other", Duration::from_millis(other))])
        };
        let used = spent(1_500, 700).since(&spent(500, 200));
        assert_eq!(used, spent(1_000, 500));
        assert_eq!(used.busy(Duration::from_secs(2)), "one 0.50, other 0.25");
        assert_eq!(used.each(1_000), "one 1000, other 500");
    }

    #[test]
    fn everybody_is_counted_without_idling() {
        assert_eq!(busy("cpu  10 1 5 900 50 2 3 40 0 0\ncpu0 1 2 3"), Some(21));
        assert_eq!(busy("cpu 1"), None);
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
