//! Which CPUs threads may run on: asking the kernel, and telling it. Linux alone can be told.

use std::io;

/// CPUs that the calling thread may run on, ascending: what cgroups and `taskset` have left of the
/// machine's.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] elsewhere than on Linux; whatever the kernel says.
pub(crate) fn of_thread() -> io::Result<Vec<usize>> {
    kernel::of(None)
}

/// Holds the calling thread, and those it starts from now on, to these CPUs.
///
/// # Errors
/// As [`of_thread`].
pub(crate) fn hold_thread(cpus: &[usize]) -> io::Result<()> {
    kernel::hold(None, cpus)
}

/// Holds every thread of this process to these CPUs: those of pools, which were started long ago,
/// have the CPUs of whoever started them then.
///
/// # Errors
/// As [`of_thread`].
pub(crate) fn hold_process(cpus: &[usize]) -> io::Result<()> {
    for thread in kernel::threads()? {
        unless_gone(kernel::hold(Some(thread), cpus))?;
    }
    Ok(())
}

/// CPUs that any thread of this process may run on, ascending.
///
/// # Errors
/// As [`of_thread`].
pub(crate) fn of_process() -> io::Result<Vec<usize>> {
    let mut cpus = Vec::new();
    for thread in kernel::threads()? {
        cpus.extend(unless_gone(kernel::of(Some(thread)))?);
    }
    cpus.sort_unstable();
    cpus.dedup();
    Ok(cpus)
}

/// A thread may end between being listed and being asked.
fn unless_gone<T: Default>(result: io::Result<T>) -> io::Result<T> {
    match result {
        Err(error) if error.raw_os_error() == Some(NO_SUCH_THREAD) => Ok(T::default()),
        result => result,
    }
}

/// ESRCH.
const NO_SUCH_THREAD: i32 = 3;

#[cfg(target_os = "linux")]
mod kernel {
    use std::{fs, io};

    use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

    pub(super) fn of(thread: Option<Pid>) -> io::Result<Vec<usize>> {
        let set = sched_getaffinity(thread)?;
        Ok((0..CpuSet::MAX_CPU)
            .filter(|&cpu| set.is_set(cpu))
            .collect())
    }

    pub(super) fn hold(thread: Option<Pid>, cpus: &[usize]) -> io::Result<()> {
        let mut set = CpuSet::new();
        cpus.iter()
            .filter(|&&cpu| cpu < CpuSet::MAX_CPU)
            .for_each(|&cpu| set.set(cpu));
        Ok(sched_setaffinity(thread, &set)?)
    }

    pub(super) fn threads() -> io::Result<Vec<Pid>> {
        let entries = fs::read_dir("/proc/self/task")?;
        let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        let threads = entries.filter_map(|entry| number(entry.ok()?));
        Ok(threads.filter_map(Pid::from_raw).collect())
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::io;

    fn unsupported() -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "only Linux can be told where threads are to run",
        )
    }

    pub(super) fn of(_: Option<u32>) -> io::Result<Vec<usize>> {
        Err(unsupported())
    }

    pub(super) fn hold(_: Option<u32>, _: &[usize]) -> io::Result<()> {
        Err(unsupported())
    }

    pub(super) fn threads() -> io::Result<Vec<u32>> {
        Err(unsupported())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_held_thread_and_those_it_starts_have_the_cpus_they_are_held_to() {
        // In a thread of its own: the others of this program are not to be slowed.
        let held = std::thread::spawn(|| {
            let first = of_thread().unwrap()[0];
            hold_thread(&[first]).unwrap();
            let inherited = std::thread::spawn(|| of_thread().unwrap()).join().unwrap();
            assert_eq!(
                (of_thread().unwrap(), inherited),
                (vec![first], vec![first])
            );
        });
        held.join().unwrap();
    }

    #[test]
    fn a_process_has_the_cpus_of_all_its_threads() {
        let all = of_thread().unwrap();
        let (leave, left) = channel::<()>();
        let (ready, is_ready) = channel();
        let first = all[0];
        let held = std::thread::spawn(move || {
            hold_thread(&[first]).unwrap();
            ready.send(()).unwrap();
            let _ = left.recv();
        });
        is_ready.recv().unwrap();
        assert_eq!(of_process().unwrap(), all);
        drop(leave);
        held.join().unwrap();
    }

    #[test]
    fn a_cpu_that_is_not_there_is_refused() {
        std::thread::spawn(|| assert!(hold_thread(&[1000]).is_err()))
            .join()
            .unwrap();
    }
}
