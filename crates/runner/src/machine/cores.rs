//! Physical cores, and the order in which measured threads take them.

use std::{cmp::Reverse, collections::BTreeMap, fs, path::Path};

/// The CPUs this process may use, core by core; a core of two hardware threads has two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cores(Vec<Vec<usize>>);

impl Cores {
    /// Sorts CPUs by cores, as the folder of the kernel that tells of them (`/sys/devices/system/cpu`)
    /// has it. Where it does not, each is a core.
    ///
    /// Fastest cores first, as processors with cores of two kinds have slow ones that no server would
    /// be compared on; then by number, the core of the lowest last: there the kernel does most of
    /// what it has to do for itself.
    pub(crate) fn of(allowed: &[usize], sysfs: &Path) -> Self {
        let mut cores: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for &cpu in allowed {
            cores.entry(siblings(sysfs, cpu)).or_default().push(cpu);
        }
        let mut cores: Vec<Vec<usize>> = cores.into_values().collect();
        let lowest = allowed.iter().min();
        cores.sort_by_key(|core| {
            let keeps_house = core.iter().min() == lowest;
            (Reverse(most_khz(sysfs, core[0])), keeps_house, core[0])
        });
        Self(cores)
    }

    /// CPUs in the order in which threads take them: one of each core, then the second ones.
    pub(crate) fn in_order(&self) -> Vec<usize> {
        let most = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let nth = |nth: usize| self.0.iter().filter_map(move |core| core.get(nth).copied());
        (0..most).flat_map(nth).collect()
    }

    /// The CPUs of so many threads, a CPU each; all there are for more threads than that.
    pub(crate) fn for_threads(&self, threads: usize) -> Vec<usize> {
        let mut cpus = self.in_order();
        cpus.truncate(threads);
        cpus
    }

    /// The CPUs for whatever is not measured meanwhile: of cores that so many threads leave alone;
    /// else those they leave alone; else all.
    pub(crate) fn beside(&self, threads: usize) -> Vec<usize> {
        let taken = self.for_threads(threads);
        let is_free = |cpu: &&usize| !taken.contains(cpu);
        let free_cores = self
            .0
            .iter()
            .filter(|core| core.iter().all(|cpu| is_free(&cpu)));
        let of_free_cores: Vec<usize> = free_cores.flatten().copied().collect();
        let all = self.in_order();
        let free: Vec<usize> = all.iter().filter(is_free).copied().collect();
        [of_free_cores, free, all]
            .into_iter()
            .find(|cpus| !cpus.is_empty())
            .unwrap_or_default()
    }
}

/// All hardware threads of a CPU's core, itself among them.
fn siblings(sysfs: &Path, cpu: usize) -> Vec<usize> {
    let path = sysfs.join(format!("cpu{cpu}/topology/thread_siblings_list"));
    let listed = fs::read_to_string(path).ok().and_then(|text| list(&text));
    listed.unwrap_or_else(|| vec![cpu])
}

/// The kernel's way to list CPUs: `0,4-6`.
fn list(text: &str) -> Option<Vec<usize>> {
    let mut cpus = Vec::new();
    for part in text.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        cpus.extend(first..=last);
    }
    Some(cpus)
}

/// The fastest clock of a CPU; 0 where it is not told.
fn most_khz(sysfs: &Path, cpu: usize) -> u64 {
    let path = sysfs.join(format!("cpu{cpu}/cpufreq/cpuinfo_max_freq"));
    let text = fs::read_to_string(path).unwrap_or_default();
    text.trim().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine's folder: of each CPU its siblings and its fastest clock.
    fn machine(cpus: &[(usize, &str, u64)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (cpu, siblings, khz) in cpus {
            let cpu = folder.path().join(format!("cpu{cpu}"));
            fs::create_dir_all(cpu.join("topology")).unwrap();
            fs::create_dir_all(cpu.join("cpufreq")).unwrap();
            fs::write(cpu.join("topology/thread_siblings_list"), siblings).unwrap();
            fs::write(cpu.join("cpufreq/cpuinfo_max_freq"), format!("{khz}\n")).unwrap();
        }
        folder
    }

    fn check(cpus: &[(usize, &str, u64)], allowed: &[usize], order: &[usize]) -> Cores {
        let cores = Cores::of(allowed, machine(cpus).path());
        assert_eq!(cores.in_order(), order);
        cores
    }

    #[test]
    fn siblings_are_taken_last_and_the_first_core_after_the_others() {
        let cpus = [
            (0, "0,2\n", 9),
            (1, "1,3\n", 9),
            (2, "0,2\n", 9),
            (3, "1,3\n", 9),
        ];
        let cores = check(&cpus, &[0, 1, 2, 3], &[1, 0, 3, 2]);
        assert_eq!(cores.for_threads(1), [1]);
        assert_eq!(cores.beside(1), [0, 2], "a whole core");
        assert_eq!(cores.beside(2), [3, 2], "no core is left, but CPUs are");
        assert_eq!(cores.beside(4), [1, 0, 3, 2], "no choice");
        assert_eq!(cores.for_threads(9), [1, 0, 3, 2]);
    }

    #[test]
    fn what_is_not_allowed_is_not_taken() {
        let cpus = [(0, "0-1", 9), (1, "0-1", 9), (2, "2-3", 9), (3, "2-3", 9)];
        check(&cpus, &[1, 2, 3], &[2, 1, 3]);
        let alone = check(&cpus, &[3], &[3]);
        assert_eq!(alone.beside(1), [3]);
    }

    #[test]
    fn slow_cores_come_after_fast_ones() {
        let cpus = [
            (0, "0", 5_000),
            (1, "1", 5_000),
            (2, "2", 3_000),
            (3, "3", 3_000),
        ];
        check(&cpus, &[0, 1, 2, 3], &[1, 0, 2, 3]);
    }

    #[test]
    fn a_machine_that_tells_nothing_has_a_core_a_cpu() {
        let nothing = tempfile::tempdir().unwrap();
        let cores = Cores::of(&[4, 7, 5], nothing.path());
        assert_eq!(cores.in_order(), [5, 7, 4]);
    }

    #[test]
    fn lists_are_read_as_the_kernel_writes_them() {
        assert_eq!(list("0,4-6\n"), Some(vec![0, 4, 5, 6]));
        assert_eq!(list(""), None);
        assert_eq!(list("a-b"), None);
    }
}
