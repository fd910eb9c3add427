//! Several threads that share one index: clients that ask as fast as they are answered, or servers
//! of queries that arrive when they like.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use annbench_index::{Index, SearchSetup};
use annbench_vectors::{MatrixView, Neighbors};
use anyhow::{Result, anyhow};

use super::{Clock, switches::Switches};
use crate::machine::affinity;

/// Nanoseconds before an arrival at which a server stops sleeping: to be woken takes about 50 us,
/// and a late server would be charged to the index.
const AWAKE_NS: u64 = 200_000;

/// The searches of several threads.
pub(super) struct Service<'a, C> {
    pub(super) index: &'a dyn Index,
    pub(super) queries: MatrixView<'a>,
    /// Threads that search, each for one query a call.
    pub(super) threads: usize,
    pub(super) k: usize,
    /// When each query is due, in nanoseconds from the start, ascending; none where the next one is
    /// asked as soon as the last is answered.
    pub(super) arrivals_ns: Option<&'a [u64]>,
    /// When to give up, if ever.
    pub(super) patience: Option<Patience>,
    /// A CPU for each thread; too few or none leave them where they are.
    pub(super) cpus: &'a [usize],
    pub(super) clock: &'a C,
}

/// How many queries may be late before the rest is left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Latency that makes a query late, in nanoseconds.
    pub(super) limit_ns: u64,
    /// So many may be.
    pub(super) late: usize,
}

/// What came of it.
pub(super) struct Served {
    /// Latency of each search: from the moment it was due where there is one, else from its call. Of
    /// those that were made, where patience has ended.
    pub(super) latencies_ns: Vec<u64>,
    /// The neighbours of every query; empty where it was not searched for.
    pub(super) neighbors: Neighbors,
    /// From the start to the last answer.
    pub(super) elapsed_ns: u64,
    /// Whether patience has ended.
    pub(super) gave_up: bool,
    /// How often the threads left the CPU.
    pub(super) switches: Switches,
}

/// What the threads share.
struct Shared {
    next: AtomicUsize,
    late: AtomicUsize,
    start_ns: AtomicU64,
    ready: Barrier,
}

/// What one thread did.
struct Shift {
    /// Searches it made, each with its latency.
    answered: Vec<(usize, u64)>,
    neighbors: Neighbors,
    end_ns: u64,
    switches: Switches,
}

impl<C: Clock + Sync> Service<'_, C> {
    /// Answers every query, or as many as arrive: these go round the queries again and again.
    pub(super) fn run(&self) -> Result<Served> {
        let shared = &Shared {
            next: AtomicUsize::new(0),
            late: AtomicUsize::new(0),
            start_ns: AtomicU64::new(0),
            ready: Barrier::new(self.threads + 1),
        };
        let shifts = thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads)
                .map(|thread| scope.spawn(move || self.shift(thread, shared)))
                .collect();
            // Between the two barriers all are ready and none has begun.
            shared.ready.wait();
            shared
                .start_ns
                .store(self.clock.now_ns(), Ordering::Relaxed);
            shared.ready.wait();
            workers
                .into_iter()
                .map(|worker| {
                    worker
                        .join()
                        .map_err(|_| anyhow!("a searching thread panicked"))?
                })
                .collect::<Result<Vec<Shift>>>()
        })?;
        Ok(self.gather(shared, shifts))
    }

    fn n_searches(&self) -> usize {
        self.arrivals_ns.map_or(self.queries.n(), <[u64]>::len)
    }

    fn shift(&self, thread: usize, shared: &Shared) -> Result<Shift> {
        let own_cpu = self.cpus.get(thread);
        if let Some(&cpu) = own_cpu.filter(|_| self.cpus.len() >= self.threads) {
            // Else it stays among those of the process, which are read back and told.
            let _ = affinity::hold_thread(&[cpu]);
        }
        let entered = self.index.enter_thread(SearchSetup {
            k: self.k,
            threads: 1,
        });
        let mut shift = Shift {
            answered: Vec::with_capacity(self.n_searches()),
            neighbors: Neighbors::new(self.queries.n(), self.k),
            end_ns: 0,
            switches: Switches::default(),
        };
        let before = Switches::of_this_thread();
        shared.ready.wait();
        shared.ready.wait();
        entered?;
        self.search(shared, &mut shift)?;
        shift.switches = Switches::of_this_thread().since(before);
        Ok(shift)
    }

    fn search(&self, shared: &Shared, shift: &mut Shift) -> Result<()> {
        // The barrier orders this after the store.
        let start_ns = shared.start_ns.load(Ordering::Relaxed);
        while !self.has_given_up(shared) {
            let search_idx = shared.next.fetch_add(1, Ordering::Relaxed);
            if search_idx >= self.n_searches() {
                break;
            }
            let begin_ns = self.begin(search_idx, start_ns);
            let query_idx = search_idx % self.queries.n();
            let query = self.queries.slice(query_idx..query_idx + 1);
            self.index
                .search(query, &mut shift.neighbors.row_mut(query_idx))?;
            shift.end_ns = self.clock.now_ns();
            let latency_ns = shift.end_ns.saturating_sub(begin_ns);
            shift.answered.push((search_idx, latency_ns));
            let is_late = |patience: Patience| latency_ns > patience.limit_ns;
            if self.patience.is_some_and(is_late) {
                shared.late.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn has_given_up(&self, shared: &Shared) -> bool {
        let late = shared.late.load(Ordering::Relaxed);
        self.patience.is_some_and(|patience| late > patience.late)
    }

    /// The moment a query's latency counts from: waits for it where it is not due yet.
    fn begin(&self, query_idx: usize, start_ns: u64) -> u64 {
        let Some(arrivals_ns) = self.arrivals_ns else {
            return self.clock.now_ns();
        };
        let due_ns = start_ns + arrivals_ns[query_idx];
        loop {
            match due_ns.saturating_sub(self.clock.now_ns()) {
                0 => return due_ns,
                left_ns if left_ns > AWAKE_NS => {
                    thread::sleep(Duration::from_nanos(left_ns - AWAKE_NS));
                }
                _ => std::hint::spin_loop(),
            }
        }
    }

    fn gather(&self, shared: &Shared, shifts: Vec<Shift>) -> Served {
        let start_ns = shared.start_ns.load(Ordering::Relaxed);
        let n_queries = self.queries.n();
        let mut latencies_ns = vec![None; self.n_searches()];
        let mut served = Served {
            latencies_ns: Vec::new(),
            neighbors: Neighbors::new(n_queries, self.k),
            elapsed_ns: 0,
            gave_up: self.has_given_up(shared),
            switches: shifts.iter().map(|shift| shift.switches).sum(),
        };
        for shift in shifts {
            served.elapsed_ns = served.elapsed_ns.max(shift.end_ns.saturating_sub(start_ns));
            for (search_idx, latency_ns) in shift.answered {
                latencies_ns[search_idx] = Some(latency_ns);
                let query_idx = search_idx % n_queries;
                let ids = shift.neighbors.ids(query_idx).iter().copied();
                let pairs = ids.zip(shift.neighbors.scores(query_idx).iter().copied());
                served.neighbors.row_mut(query_idx).fill(0, pairs);
            }
        }
        served.latencies_ns = latencies_ns.into_iter().flatten().collect();
        served
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use annbench_index::{ConfigureError, Params, SaveError, SearchError};
    use annbench_vectors::{Matrix, Metric, NeighborsMut};

    use super::*;

    /// Time that goes on by one with each reading, and by itself not at all.
    struct Simulated(AtomicU64);

    impl Clock for Simulated {
        fn now_ns(&self) -> u64 {
            self.0.fetch_add(1, Ordering::Relaxed)
        }
    }

    /// Answers with the query's own first component as id, and takes its time.
    struct Slow<'a> {
        clock: &'a Simulated,
        search_ns: u64,
    }

    impl Index for Slow<'_> {
        fn configure(&mut self, _: &Params, _: SearchSetup) -> Result<Params, ConfigureError> {
            Ok(Params::new())
        }
        fn enter_thread(&self, _: SearchSetup) -> Result<(), ConfigureError> {
            Ok(())
        }
        fn search(
            &self,
            queries: MatrixView<'_>,
            out: &mut NeighborsMut<'_>,
        ) -> Result<(), SearchError> {
            self.clock.0.fetch_add(self.search_ns, Ordering::Relaxed);
            out.fill(0, [(queries.row(0)[0] as u64, 0.5)]);
            Ok(())
        }
        fn save(&self, _: &Path) -> Result<(), SaveError> {
            Ok(())
        }
        fn len(&self) -> usize {
            100
        }
        fn dim(&self) -> usize {
            1
        }
        fn metric(&self) -> Metric {
            Metric::L2
        }
        fn bytes_estimate(&self) -> Option<u64> {
            None
        }
    }

    fn served(threads: usize, arrivals_ns: Option<&[u64]>) -> Served {
        served_with(None, threads, arrivals_ns)
    }

    fn served_with(
        patience: Option<Patience>,
        threads: usize,
        arrivals_ns: Option<&[u64]>,
    ) -> Served {
        let clock = Simulated(AtomicU64::new(0));
        let index = Slow {
            clock: &clock,
            search_ns: 1_000,
        };
        let queries = Matrix::from_vec((0..20).map(|i| i as f32).collect(), 1).unwrap();
        let service = Service {
            index: &index,
            queries: queries.view(),
            threads,
            k: 1,
            arrivals_ns,
            patience,
            cpus: &[],
            clock: &clock,
        };
        service.run().unwrap()
    }

    #[test]
    fn more_arrivals_than_queries_go_round_the_queries() {
        let arrivals_ns: Vec<u64> = (0..50).map(|i| i * 5_000).collect();
        let served = served(2, Some(&arrivals_ns));
        assert_eq!(served.latencies_ns.len(), 50);
        for query_idx in 0..20 {
            assert_eq!(served.neighbors.ids(query_idx), [query_idx as u64]);
        }
    }

    #[test]
    fn patience_ends_after_so_many_late_queries_and_no_sooner() {
        // A query is due every 100 ns and takes 1,000: the n-th is 900 n late.
        let arrivals_ns: Vec<u64> = (0..2_000).map(|i| i * 100).collect();
        let patience = |late| Patience {
            limit_ns: 5_000,
            late,
        };
        let impatient = served_with(Some(patience(3)), 1, Some(&arrivals_ns));
        assert!(impatient.gave_up);
        let late = impatient.latencies_ns.iter().filter(|&&ns| ns > 5_000);
        assert_eq!(late.count(), 4);
        let patient = served_with(Some(patience(2_000)), 1, Some(&arrivals_ns));
        assert!(!patient.gave_up);
        assert_eq!(patient.latencies_ns.len(), 2_000);
    }

    #[test]
    fn every_query_is_answered_once_whatever_the_number_of_clients() {
        for threads in [1, 3, 30] {
            let served = served(threads, None);
            for query_idx in 0..20 {
                assert_eq!(
                    served.neighbors.ids(query_idx),
                    [query_idx as u64],
                    "{threads}"
                );
                assert!(served.latencies_ns[query_idx] >= 1_000, "{threads}");
            }
            assert!(served.elapsed_ns >= 20_000, "{threads}");
        }
    }

    #[test]
    fn a_query_that_had_to_wait_is_charged_with_the_wait() {
        // A query is due every 100 ns and takes 1,000: each waits for all before it.
        let arrivals_ns: Vec<u64> = (0..20).map(|i| i * 100).collect();
        let served = served(1, Some(&arrivals_ns));
        for (query_idx, latency_ns) in served.latencies_ns.iter().enumerate() {
            let expected = (query_idx as u64 + 1) * 1_000 - arrivals_ns[query_idx];
            assert!(
                latency_ns.abs_diff(expected) < 200,
                "{query_idx}: {latency_ns}"
            );
        }
    }

    #[test]
    fn a_query_is_not_answered_before_it_is_due() {
        let arrivals_ns: Vec<u64> = (0..20).map(|i| i * 5_000).collect();
        let served = served(1, Some(&arrivals_ns));
        assert!(
            served
                .latencies_ns
                .iter()
                .all(|&latency_ns| latency_ns < 2_000)
        );
        assert!(
            served.elapsed_ns >= 19 * 5_000 + 1_000,
            "{}",
            served.elapsed_ns
        );
    }
}
