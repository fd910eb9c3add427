//! What else happened on the machine while something was timed, from the kernel's own books.
//!
//! Linux alone keeps them where they can be read without foreign calls; elsewhere nothing is known,
//! and nothing is said.

use std::{fs, path::Path, time::Instant};

use serde::{Deserialize, Serialize};

use super::switches::Switches;

/// Ticks of the kernel's books a second; the same on every Linux that programs see.
const TICKS_PER_S: f64 = 100.0;

/// What else happened while something was timed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Disturbance {
    /// How long it was watched, in seconds.
    pub watched_s: f64,
    /// CPU time that other processes took, in seconds.
    pub others_s: f64,
    /// CPU time that the host of this virtual machine gave to others, in seconds.
    pub steal_s: f64,
    /// Pages this process read from disk.
    pub major_faults: u64,
    /// How often threads of this process gave the CPU away to wait for something.
    pub voluntary_switches: u64,
    /// How often the kernel took the CPU from them.
    pub involuntary_switches: u64,
    /// Lowest clock of the measured CPUs at the end, in MHz; none where the machine does not tell.
    pub lowest_mhz: Option<f64>,
    /// Highest clock of the measured CPUs at the end, in MHz.
    pub highest_mhz: Option<f64>,
}

impl Disturbance {
    /// This one and another together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            watched_s: self.watched_s + other.watched_s,
            others_s: self.others_s + other.others_s,
            steal_s: self.steal_s + other.steal_s,
            major_faults: self.major_faults + other.major_faults,
            voluntary_switches: self.voluntary_switches + other.voluntary_switches,
            involuntary_switches: self.involuntary_switches + other.involuntary_switches,
            lowest_mhz: of_both(self.lowest_mhz, other.lowest_mhz, f64::min),
            highest_mhz: of_both(self.highest_mhz, other.highest_mhz, f64::max),
        }
    }

    /// The same with the switches of threads that have ended, which no book of the process has.
    pub(super) fn with_switches(self, ended: Switches) -> Self {
        Self {
            voluntary_switches: self.voluntary_switches + ended.voluntary,
            involuntary_switches: self.involuntary_switches + ended.involuntary,
            ..self
        }
    }
}

fn of_both(a: Option<f64>, b: Option<f64>, pick: fn(f64, f64) -> f64) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (one, other) => one.or(other),
    }
}

/// Watches the machine while something is timed.
pub(super) struct Watch<'a> {
    cpus: &'a [usize],
    start: Instant,
    before: Option<Books>,
}

/// The kernel's books at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Books {
    /// Ticks that all CPUs worked.
    busy: u64,
    /// Ticks that the host took.
    steal: u64,
    /// Ticks that this process worked.
    own: u64,
    major_faults: u64,
    switches: Switches,
}

impl<'a> Watch<'a> {
    /// Watches until it is told to stop; the clock is that of `cpus`, or of the first CPU where there
    /// are none.
    pub(super) fn start(cpus: &'a [usize]) -> Self {
        Self {
            cpus,
            before: Books::read(),
            start: Instant::now(),
        }
    }

    /// What has happened since.
    pub(super) fn stop(&self) -> Disturbance {
        let watched_s = self.start.elapsed().as_secs_f64();
        match (self.before, Books::read()) {
            (Some(before), Some(after)) => Disturbance {
                watched_s,
                ..before.until(after).with_clock(self.cpus)
            },
            _ => Disturbance::default(),
        }
    }
}

impl Books {
    fn read() -> Option<Self> {
        let machine = fs::read_to_string("/proc/stat").ok()?;
        let own = fs::read_to_string("/proc/self/stat").ok()?;
        let books = Self::parse(&machine, &own)?;
        Some(Self {
            switches: Switches::of_process(),
            ..books
        })
    }

    fn parse(machine: &str, own: &str) -> Option<Self> {
        let cpu = machine.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> = numbers(cpu);
        // user nice system idle iowait irq softirq steal
        let busy = ticks.get(..3)?.iter().sum::<u64>() + ticks.get(5..7)?.iter().sum::<u64>();
        // The program's name stands in parentheses and may hold anything.
        let fields = numbers(own.rsplit_once(") ")?.1.split_once(' ')?.1);
        Some(Self {
            busy,
            steal: *ticks.get(7)?,
            own: fields.get(10)? + fields.get(11)?,
            major_faults: *fields.get(8)?,
            switches: Switches::default(),
        })
    }

    fn until(self, after: Self) -> Disturbance {
        let seconds = |ticks: u64| ticks as f64 / TICKS_PER_S;
        let own = after.own.saturating_sub(self.own);
        let switches = after.switches.since(self.switches);
        Disturbance {
            others_s: seconds(after.busy.saturating_sub(self.busy).saturating_sub(own)),
            steal_s: seconds(after.steal.saturating_sub(self.steal)),
            major_faults: after.major_faults.saturating_sub(self.major_faults),
            voluntary_switches: switches.voluntary,
            involuntary_switches: switches.involuntary,
            ..Disturbance::default()
        }
    }
}

impl Disturbance {
    fn with_clock(self, cpus: &[usize]) -> Self {
        let cpus = if cpus.is_empty() { &[0] } else { cpus };
        let clocks = cpus.iter().filter_map(|&cpu| mhz(Path::new(CPUS), cpu));
        clocks.fold(self, |found, mhz| Self {
            lowest_mhz: of_both(found.lowest_mhz, Some(mhz), f64::min),
            highest_mhz: of_both(found.highest_mhz, Some(mhz), f64::max),
            ..found
        })
    }
}

/// Where the kernel tells of CPUs. The clock in `/proc/cpuinfo` is no help where this is missing: in
/// a virtual machine that one never changes.
const CPUS: &str = "/sys/devices/system/cpu";

fn mhz(sysfs: &Path, cpu: usize) -> Option<f64> {
    let path = sysfs.join(format!("cpu{cpu}/cpufreq/scaling_cur_freq"));
    let khz: f64 = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    Some(khz / 1e3)
}

fn numbers(text: &str) -> Vec<u64> {
    let words = text.split_whitespace();
    words
        .map_while(|word| word.trim_start_matches('-').parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "cpu  100 1 10 5000 7 2 3 40 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";

    fn own(utime: u64, major_faults: u64) -> String {
        format!("7 (a) b) S 1 7 7 0 -1 4194560 500 0 {major_faults} 0 {utime} 5 0 0 20 0 1 0 9 1 1")
    }

    #[test]
    fn what_is_not_our_own_is_others() {
        let before = Books::parse(MACHINE, &own(20, 3)).unwrap();
        assert_eq!((before.busy, before.steal), (116, 40));
        assert_eq!((before.own, before.major_faults), (25, 3));
        let later = MACHINE
            .replace("cpu  100", "cpu  400")
            .replace(" 40 ", " 90 ");
        let after = Books::parse(&later, &own(220, 5)).unwrap();
        let expected = Disturbance {
            others_s: 1.0,
            steal_s: 0.5,
            major_faults: 2,
            ..Disturbance::default()
        };
        assert_eq!(before.until(after), expected);
    }

    #[test]
    fn books_cut_short_say_nothing() {
        assert_eq!(Books::parse("cpu  1 2", &own(1, 1)), None);
        assert_eq!(Books::parse(MACHINE, "7 (a) S 1 2"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_books_of_this_machine_can_be_read() {
        assert!(Books::read().is_some());
        assert!(Watch::start(&[]).stop().watched_s >= 0.0);
    }

    #[test]
    fn clocks_of_rounds_and_cpus_are_put_together_by_their_ends() {
        let at = |mhz| Disturbance {
            lowest_mhz: Some(mhz),
            highest_mhz: Some(mhz),
            ..Disturbance::default()
        };
        let both = at(3_000.0).plus(at(2_000.0)).plus(Disturbance::default());
        assert_eq!(
            (both.lowest_mhz, both.highest_mhz),
            (Some(2_000.0), Some(3_000.0))
        );
    }

    #[test]
    fn the_clock_is_told_in_khz_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(mhz(folder.path(), 1), None);
        let cpu = folder.path().join("cpu1/cpufreq");
        fs::create_dir_all(&cpu).unwrap();
        fs::write(cpu.join("scaling_cur_freq"), "2400500\n").unwrap();
        assert_eq!(mhz(folder.path(), 1), Some(2_400.5));
    }
}
