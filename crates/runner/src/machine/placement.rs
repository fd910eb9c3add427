//! Where the threads of a run are to run.

use std::{fs, path::Path};

use annbench_store::results::{Load, Pinning, Warning};

use super::{affinity, cores::Cores};

/// Where the kernel tells of CPUs.
const SYSFS: &str = "/sys/devices/system/cpu";

/// Which CPUs measured threads are held to, and which the coordinator waits on meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Placement {
    /// None where threads are not to be held to CPUs; why not, where they cannot be.
    cores: Result<Option<Cores>, String>,
}

impl Placement {
    /// Looks at the CPUs this process may use, if threads are to be held to them.
    pub(crate) fn new(pin: bool) -> Self {
        let cores = || {
            let allowed = affinity::of_thread().map_err(|error| error.to_string())?;
            // Whoever may not change a thing is told so when it is set to what it is.
            affinity::hold_thread(&allowed).map_err(|error| error.to_string())?;
            Ok(Some(Cores::of(&allowed, Path::new(SYSFS))))
        };
        Self {
            cores: if pin { cores() } else { Ok(None) },
        }
    }

    fn cores(&self) -> Option<&Cores> {
        self.cores.as_ref().ok()?.as_ref()
    }

    /// CPUs for the threads of a load; empty where they are free.
    pub(crate) fn measured(&self, load: Load) -> Vec<usize> {
        let cores = self.cores();
        cores.map_or_else(Vec::new, |cores| cores.for_threads(load.threads))
    }

    /// Holds the calling thread, the coordinator's, beside those of a load until this is dropped.
    pub(crate) fn step_aside(&self, load: Load) -> Aside {
        let before = self.cores().and_then(|cores| {
            let before = affinity::of_thread().ok()?;
            affinity::hold_thread(&cores.beside(load.threads)).ok()?;
            Some(before)
        });
        Aside { before }
    }

    /// What is written down of it.
    pub(crate) fn record(&self) -> Pinning {
        let cores = self.cores();
        Pinning {
            asked: !matches!(self.cores, Ok(None)),
            refused: self.cores.as_ref().err().cloned(),
            cpus: cores.map(Cores::in_order).unwrap_or_default(),
            coordinator: cores.map(|cores| cores.beside(1)).unwrap_or_default(),
            governor: governor(),
        }
    }

    /// The doubt that follows.
    pub(crate) fn warning(&self) -> Option<Warning> {
        let reason = self.cores.as_ref().err()?.clone();
        Some(Warning::NotPinned { reason })
    }
}

fn governor() -> Option<String> {
    let path = Path::new(SYSFS).join("cpu0/cpufreq/scaling_governor");
    let governor = fs::read_to_string(path).ok()?;
    Some(governor.trim().to_owned())
}

/// The coordinator's thread out of the way; dropped, it is as free as before.
#[derive(Debug)]
pub(crate) struct Aside {
    before: Option<Vec<usize>>,
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(cpus) = &self.before {
            // What could be narrowed can be widened again.
            let _ = affinity::hold_thread(cpus);
        }
    }
}

#[cfg(test)]
mod tests {
    use annbench_store::results::Mode;

    use super::*;

    #[test]
    fn without_pinning_threads_are_free() {
        let placement = Placement::new(false);
        assert_eq!(placement.measured(Load::new(Mode::Batch, 2)), [0; 0]);
        assert_eq!(placement.warning(), None);
        assert!(!placement.record().asked);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_coordinator_is_out_of_the_way_until_it_is_not() {
        let stepped = std::thread::spawn(|| {
            let before = affinity::of_thread().unwrap();
            let placement = Placement::new(true);
            let single = Load::new(Mode::Single, 1);
            let measured = placement.measured(single);
            assert_eq!(measured.len(), 1);
            let aside = placement.step_aside(single);
            let there = affinity::of_thread().unwrap();
            assert_eq!(there.contains(&measured[0]), before.len() == 1);
            drop(aside);
            assert_eq!(affinity::of_thread().unwrap(), before);
        });
        stepped.join().unwrap();
    }

    #[test]
    fn a_refusal_is_told() {
        let placement = Placement {
            cores: Err("not permitted".into()),
        };
        let reason = "not permitted".to_owned();
        assert_eq!(placement.warning(), Some(Warning::NotPinned { reason }));
        assert_eq!(placement.measured(Load::new(Mode::Single, 1)), [0; 0]);
        assert_eq!(placement.record().refused.as_deref(), Some("not permitted"));
    }
}
