//! The timed regions. They hold the search alone: buffers are there before, answers are read after.

use std::time::Instant;

use annbench_index::{Index, SearchError};
use annbench_vectors::{MatrixView, Neighbors};

/// A source of time; tests bring their own.
pub trait Clock {
    /// Nanoseconds since some moment that stays the same.
    fn now_ns(&self) -> u64;
}

/// The operating system's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Monotonic(Instant);

impl Monotonic {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Monotonic {
    fn now_ns(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// Searches for one query after the other, each in a call of its own, and writes the latency of
/// each into `latencies_ns`.
///
/// # Errors
/// [`SearchError`] of the first search that fails.
///
/// # Panics
/// If `neighbors` or `latencies_ns` have room for fewer queries than there are.
pub fn one_by_one(
    index: &dyn Index,
    queries: MatrixView<'_>,
    neighbors: &mut Neighbors,
    latencies_ns: &mut [u64],
    clock: &impl Clock,
) -> Result<(), SearchError> {
    for (query_idx, latency_ns) in latencies_ns.iter_mut().enumerate() {
        let query = queries.slice(query_idx..query_idx + 1);
        let mut row = neighbors.row_mut(query_idx);
        let start = clock.now_ns();
        index.search(query, &mut row)?;
        *latency_ns = clock.now_ns() - start;
    }
    Ok(())
}

/// Searches for all queries in one call and returns how long it took, in nanoseconds.
///
/// # Errors
/// [`SearchError`] if the search fails.
pub fn batch(
    index: &dyn Index,
    queries: MatrixView<'_>,
    neighbors: &mut Neighbors,
    clock: &impl Clock,
) -> Result<u64, SearchError> {
    let mut all = neighbors.as_mut();
    let start = clock.now_ns();
    index.search(queries, &mut all)?;
    Ok(clock.now_ns() - start)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use annbench_index::{BuildJob, NullBackend, Params, Registry};
    use annbench_vectors::{Matrix, Metric};

    use super::*;

    /// Each reading is 10 ns after the one before, and 1 ns more each time.
    struct Ticking(Cell<u64>, Cell<u64>);

    impl Clock for Ticking {
        fn now_ns(&self) -> u64 {
            self.1.set(self.1.get() + 1);
            self.0.set(self.0.get() + 10 + self.1.get());
            self.0.get()
        }
    }

    fn null_index(base: &Matrix) -> Box<dyn Index> {
        let registry = Registry::new().with(NullBackend);
        let backend = registry.get("null").unwrap();
        let job = &mut BuildJob::new(1, 0);
        let built = backend.build(base.view(), Metric::L2, &Params::new(), job);
        built.unwrap().index
    }

    #[test]
    fn each_query_gets_the_time_between_its_own_two_readings() {
        let queries = Matrix::from_vec(vec![0.0; 6], 2).unwrap();
        let mut neighbors = Neighbors::new(3, 2);
        let mut latencies_ns = [0; 3];
        let clock = Ticking(Cell::new(0), Cell::new(0));
        let index = null_index(&queries);
        one_by_one(
            &*index,
            queries.view(),
            &mut neighbors,
            &mut latencies_ns,
            &clock,
        )
        .unwrap();
        assert_eq!(latencies_ns, [12, 14, 16], "readings 1-2, 3-4, 5-6");
        assert_eq!(neighbors.ids(2), [0, 1]);
    }

    #[test]
    fn a_batch_is_timed_as_a_whole() {
        let queries = Matrix::from_vec(vec![0.0; 6], 2).unwrap();
        let mut neighbors = Neighbors::new(3, 2);
        let clock = Ticking(Cell::new(0), Cell::new(0));
        let index = null_index(&queries);
        let elapsed_ns = batch(&*index, queries.view(), &mut neighbors, &clock).unwrap();
        assert_eq!(elapsed_ns, 12);
        assert_eq!(neighbors.ids(0), [0, 1]);
    }
}
