//! Resident memory of this process, from the kernel's own books.
//!
//! Linux alone keeps them where they can be read without foreign calls; elsewhere the figures are
//! missing, which tables show as such.

use std::fs;

/// Memory around one piece of work.
pub(super) struct Gauge {
    before: Option<u64>,
}

/// What a piece of work did to resident memory; bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gain {
    /// Resident memory after the work, above that before it.
    pub(super) rss_bytes: Option<u64>,
    /// Most resident memory during the work, above that before it.
    pub(super) peak_rss_bytes: Option<u64>,
}

impl Gauge {
    /// Starts to watch. The peak is forgotten first, or the work would be charged with what was
    /// there before.
    pub(super) fn start() -> Self {
        // Without the permission the peak of the whole process stays: `gain` then overstates it,
        // never understates.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Self {
            before: field("VmRSS:"),
        }
    }

    /// What has happened since.
    pub(super) fn gain(&self) -> Gain {
        let above = |now: Option<u64>| Some(now?.saturating_sub(self.before?));
        Gain {
            rss_bytes: above(field("VmRSS:")),
            peak_rss_bytes: above(field("VmHWM:")),
        }
    }
}

fn field(name: &str) -> Option<u64> {
    parse(&fs::read_to_string("/proc/self/status").ok()?, name)
}

fn parse(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_units_are_kib() {
        let status = "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t    10 kB\n";
        assert_eq!(parse(status, "VmRSS:"), Some(10 * 1024));
        assert_eq!(parse(status, "VmHWM:"), Some(2 << 20));
        assert_eq!(parse(status, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_is_written_is_seen_and_its_peak_outlives_it() {
        let gauge = Gauge::start();
        let mut block = vec![0u8; 64 << 20];
        block.fill(1);
        let held = gauge.gain().rss_bytes.unwrap();
        drop(std::hint::black_box(block));
        let after = gauge.gain();
        assert!(held >= 60 << 20, "{held}");
        assert!(after.peak_rss_bytes.unwrap() >= 60 << 20, "{after:?}");
    }
}
