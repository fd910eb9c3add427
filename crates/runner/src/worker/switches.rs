//! How often the threads of this process left the CPU, from the kernel's own books.

use std::fs;

/// How often threads left the CPU.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Switches {
    pub(super) voluntary: u64,
    pub(super) involuntary: u64,
}

impl Switches {
    /// Of the calling thread, since it began.
    pub(super) fn of_this_thread() -> Self {
        let status = fs::read_to_string("/proc/thread-self/status");
        Self::parse(&status.unwrap_or_default())
    }

    /// Of all threads there are.
    pub(super) fn of_process() -> Self {
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
        let statuses = threads
            .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("status")).ok());
        statuses.map(|status| Self::parse(&status)).sum()
    }

    fn parse(status: &str) -> Self {
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|count| count.trim().parse().ok())
                .unwrap_or(0)
        };
        Self {
            voluntary: of("voluntary_ctxt_switches:"),
            involuntary: of("nonvoluntary_ctxt_switches:"),
        }
    }

    /// Those since an earlier moment.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            voluntary: self.voluntary.saturating_sub(before.voluntary),
            involuntary: self.involuntary.saturating_sub(before.involuntary),
        }
    }
}

impl std::iter::Sum for Switches {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            voluntary: sum.voluntary + one.voluntary,
            involuntary: sum.involuntary + one.involuntary,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_told_apart() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t3\n";
        let found = Switches::parse(status);
        assert_eq!((found.voluntary, found.involuntary), (7, 3));
        assert_eq!(Switches::parse("Name:\tx\n"), Switches::default());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_waits_is_seen_to_give_the_cpu_away() {
        let waited = std::thread::spawn(|| {
            let (_sender, never) = std::sync::mpsc::channel::<()>();
            // Where the machine itself stands still for so long, the limit passes without a wait.
            for _ in 0..100 {
                let _ = never.recv_timeout(std::time::Duration::from_millis(5));
                if Switches::of_this_thread().voluntary > 0 {
                    break;
                }
            }
            (Switches::of_this_thread(), Switches::of_process())
        });
        let (of_thread, of_process) = waited.join().unwrap();
        assert!(of_thread.voluntary >= 1, "{of_thread:?}");
        assert!(
            of_process.voluntary >= of_thread.voluntary,
            "{of_process:?}"
        );
    }
}
