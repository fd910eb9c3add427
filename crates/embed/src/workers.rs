//! Work spread over threads, its results taken in by the caller's thread.

use std::{
    io,
    ops::ControlFlow,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// Does `work` on `0..jobs`, on so many threads, and hands each result to `take` on the caller's
/// thread, in the order they are done. Once `take` breaks, no job is begun any more.
///
/// # Errors
/// If the system gives no thread.
pub(crate) fn each<T: Send>(
    jobs: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
    mut take: impl FnMut(usize, T) -> ControlFlow<()>,
) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.min(jobs) {
            // The matrix products split themselves over the pool they are called in. One thread
            // for each batch is faster than two for half of each.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
            let pool = pool.map_err(io::Error::other)?;
            let (sender, next, work) = (sender.clone(), &next, &work);
            let run = move || {
                // A closed channel means that nobody wants the rest.
                let mut job = next.fetch_add(1, Ordering::Relaxed);
                while job < jobs && sender.send((job, pool.install(|| work(job)))).is_ok() {
                    job = next.fetch_add(1, Ordering::Relaxed);
                }
            };
            thread::Builder::new().spawn_scoped(scope, run)?;
        }
        drop(sender);
        for (job, result) in results {
            if take(job, result).is_break() {
                break;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once() {
        for (jobs, threads) in [(0, 3), (1, 3), (100, 1), (100, 3)] {
            let mut done = vec![0; jobs];
            let take = |job: usize, result: usize| {
                assert_eq!(result, job * 2);
                done[job] += 1;
                ControlFlow::Continue(())
            };
            each(jobs, threads, |job| job * 2, take).unwrap();
            assert_eq!(done, vec![1; jobs]);
        }
    }

    #[test]
    fn nothing_is_begun_once_the_caller_breaks() {
        let begun = AtomicUsize::new(0);
        let work = |_| begun.fetch_add(1, Ordering::Relaxed);
        let mut taken = 0;
        let take = |_, _| {
            taken += 1;
            ControlFlow::Break(())
        };
        each(1_000_000, 2, work, take).unwrap();
        assert_eq!(taken, 1);
        assert!(begun.into_inner() < 1_000_000);
    }
}
