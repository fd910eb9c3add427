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

use super::Clock;

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
    pub(super) clock: &'a C,
}

/// What came of it.
pub(super) struct Served {
    /// Latency of each query: from the moment it was due where there is one, else from its call.
    pub(super) latencies_ns: Vec<u64>,
    pub(super) neighbors: Neighbors,
    /// From the start to the last answer.
    pub(super) elapsed_ns: u64,
}

/// What one thread did.
struct Shift {
    /// Queries it answered, each with its latency.
    answered: Vec<(usize, u64)>,
    neighbors: Neighbors,
    end_ns: u64,
}

impl<C: Clock + Sync> Service<'_, C> {
    /// Answers all queries.
    pub(super) fn run(&self) -> Result<Served> {
        let (next, ready) = (AtomicUsize::new(0), Barrier::new(self.threads + 1));
        let start_ns = AtomicU64::new(0);
        let shifts = thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads)
                .map(|_| scope.spawn(|| self.shift(&next, &ready, &start_ns)))
                .collect();
            // Between the two barriers all are ready and none has begun.
            ready.wait();
            start_ns.store(self.clock.now_ns(), Ordering::Relaxed);
            ready.wait();
            workers
                .into_iter()
                .map(|worker| {
                    worker
                        .join()
                        .map_err(|_| anyhow!("a searching thread panicked"))?
                })
                .collect::<Result<Vec<Shift>>>()
        })?;
        Ok(self.gather(start_ns.into_inner(), shifts))
    }

    fn shift(&self, next: &AtomicUsize, ready: &Barrier, start_ns: &AtomicU64) -> Result<Shift> {
        let n_queries = self.queries.n();
        let setup = SearchSetup {
            k: self.k,
            threads: 1,
        };
        let entered = self.index.enter_thread(setup);
        let mut shift = Shift {
            answered: Vec::with_capacity(n_queries),
            neighbors: Neighbors::new(n_queries, self.k),
            end_ns: 0,
        };
        ready.wait();
        ready.wait();
        entered?;
        // The barrier orders this after the store.
        let start_ns = start_ns.load(Ordering::Relaxed);
        loop {
            let query_idx = next.fetch_add(1, Ordering::Relaxed);
            if query_idx >= n_queries {
                break;
            }
            let begin_ns = self.begin(query_idx, start_ns);
            let query = self.queries.slice(query_idx..query_idx + 1);
            self.index
                .search(query, &mut shift.neighbors.row_mut(query_idx))?;
            shift.end_ns = self.clock.now_ns();
            shift
                .answered
                .push((query_idx, shift.end_ns.saturating_sub(begin_ns)));
        }
        Ok(shift)
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

    fn gather(&self, start_ns: u64, shifts: Vec<Shift>) -> Served {
        let n_queries = self.queries.n();
        let mut served = Served {
            latencies_ns: vec![0; n_queries],
            neighbors: Neighbors::new(n_queries, self.k),
            elapsed_ns: 0,
        };
        for shift in shifts {
            served.elapsed_ns = served.elapsed_ns.max(shift.end_ns.saturating_sub(start_ns));
            for (query_idx, latency_ns) in shift.answered {
                served.latencies_ns[query_idx] = latency_ns;
                let ids = shift.neighbors.ids(query_idx).iter().copied();
                let pairs = ids.zip(shift.neighbors.scores(query_idx).iter().copied());
                served.neighbors.row_mut(query_idx).fill(0, pairs);
            }
        }
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
            clock: &clock,
        };
        service.run().unwrap()
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
