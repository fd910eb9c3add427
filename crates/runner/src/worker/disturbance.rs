//! What else happened on the machine while something was timed, from the kernel's own books.
//!
//! Linux alone keeps them where they can be read without foreign calls; elsewhere nothing is known,
//! and nothing is said.

use std::{fs, time::Instant};

use serde::{Deserialize, Serialize};

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
}

impl Disturbance {
    /// This one and another together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            watched_s: self.watched_s + other.watched_s,
            others_s: self.others_s + other.others_s,
            steal_s: self.steal_s + other.steal_s,
            major_faults: self.major_faults + other.major_faults,
        }
    }
}

/// Watches the machine while something is timed.
pub(super) struct Watch {
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
}

impl Watch {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            before: Books::read(),
        }
    }

    /// What has happened since.
    pub(super) fn stop(&self) -> Disturbance {
        let watched_s = self.start.elapsed().as_secs_f64();
        match (self.before, Books::read()) {
            (Some(before), Some(after)) => Disturbance {
                watched_s,
                ..before.until(after)
            },
            _ => Disturbance::default(),
        }
    }
}

impl Books {
    fn read() -> Option<Self> {
        let machine = fs::read_to_string("/proc/stat").ok()?;
        let own = fs::read_to_string("/proc/self/stat").ok()?;
        Self::parse(&machine, &own)
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
        })
    }

    fn until(self, after: Self) -> Disturbance {
        let seconds = |ticks: u64| ticks as f64 / TICKS_PER_S;
        let own = after.own.saturating_sub(self.own);
        Disturbance {
            watched_s: 0.0,
            others_s: seconds(after.busy.saturating_sub(self.busy).saturating_sub(own)),
            steal_s: seconds(after.steal.saturating_sub(self.steal)),
            major_faults: after.major_faults.saturating_sub(self.major_faults),
        }
    }
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
            watched_s: 0.0,
            others_s: 1.0,
            steal_s: 0.5,
            major_faults: 2,
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
        assert!(Watch::start().stop().watched_s >= 0.0);
    }
}
