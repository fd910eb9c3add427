//! What the harness costs around an index that does nothing.

use annbench_index::{Backend, BuildJob, Erased, Index, NullBackend, null::NoParams};
use annbench_runner::worker::{Monotonic, one_by_one};
use annbench_vectors::{MatrixView, Metric, Neighbors};
use anyhow::Result;

/// An index that does nothing, and where its times go.
pub(super) struct NullHarness<'a> {
    index: Box<dyn Index>,
    queries: MatrixView<'a>,
    k: usize,
    latencies_ns: Vec<u64>,
}

impl<'a> NullHarness<'a> {
    /// For queries of a metric, `k` neighbours each.
    pub(super) fn new(queries: MatrixView<'a>, metric: Metric, k: usize) -> Result<Self> {
        let job = &mut BuildJob::new(1, 0);
        let built = NullBackend.build(queries, metric, &NoParams {}, job)?;
        Ok(Self {
            index: Box::new(Erased::new(built.index)),
            queries,
            k,
            latencies_ns: vec![u64::MAX; queries.n()],
        })
    }

    /// Nanoseconds a query, of one pass.
    pub(super) fn pass_ns(&mut self) -> Result<f64> {
        let all_ns = timed_ns(
            self.index.as_ref(),
            self.queries,
            self.k,
            &mut self.latencies_ns,
        )?;
        Ok(all_ns / self.queries.n() as f64)
    }
}

/// Nanoseconds of all `queries` through annbench's timed loop, a place in `latencies_ns` for each.
pub(super) fn timed_ns(
    index: &dyn Index,
    queries: MatrixView<'_>,
    k: usize,
    latencies_ns: &mut [u64],
) -> Result<f64> {
    let mut neighbors = Neighbors::new(queries.n(), k);
    let clock = Monotonic::start();
    one_by_one(index, queries, &mut neighbors, latencies_ns, &clock)?;
    Ok(latencies_ns.iter().sum::<u64>() as f64)
}

/// Median of repeated figures; NaN of none.
pub(super) fn median(values: &[f64]) -> f64 {
    annbench_eval::median_interval(values, 0.95).map_or(f64::NAN, |interval| interval.value)
}
