//! One measurement: what is made ready before the timed region, the region, and what is read after.

use annbench_eval::repeat_speedup;
use annbench_index::Index;
use annbench_store::results::Mode;
use annbench_vectors::{MatrixView, Neighbors};
use anyhow::{Result, bail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    Disturbance, Monotonic, batch,
    disturbance::Watch,
    one_by_one,
    protocol::MeasureRequest,
    serving::{Patience, Service},
    working_set::WorkingSet,
};

/// What was timed.
pub(super) struct Timed {
    /// One a query, or one in all in mode batch.
    pub(super) latencies_ns: Vec<u64>,
    pub(super) neighbors: Neighbors,
    pub(super) elapsed_ns: u64,
    pub(super) disturbance: Disturbance,
    /// How many times faster queries were answered than when they were first asked, where this was
    /// the first time for all of them.
    pub(super) repeat_speedup: Option<f64>,
}

/// Warms up, searches for all queries under the load asked for, and times it.
pub(super) fn search(
    index: &dyn Index,
    queries: MatrixView<'_>,
    request: &MeasureRequest,
) -> Result<Timed> {
    let timing = Timing {
        index,
        queries,
        request,
        clock: Monotonic::start(),
    };
    let load = request.load;
    match (load.mode, load.distinct_queries, load.slo_p99_us) {
        (Mode::Single, Some(distinct), _) => timing.working_set(distinct),
        (Mode::Single | Mode::Cold, ..) => timing.single(),
        (Mode::Batch, ..) => timing.batch(),
        (Mode::OpenLoop, _, Some(slo_p99_us)) => timing.ceiling(slo_p99_us),
        (Mode::Concurrent | Mode::OpenLoop, ..) => timing.serving(),
    }
}

/// One measurement.
pub(super) struct Timing<'a> {
    index: &'a dyn Index,
    pub(super) queries: MatrixView<'a>,
    pub(super) request: &'a MeasureRequest,
    clock: Monotonic,
}

impl Timing<'_> {
    fn single(&self) -> Result<Timed> {
        let n_queries = self.queries.n();
        let first_ns = self.warm_up_one_by_one(self.queries)?;
        let mut neighbors = Neighbors::new(n_queries, self.request.k);
        // Written, not zeroed: see `Neighbors::new`.
        let mut latencies_ns = vec![u64::MAX; n_queries];
        let watch = Watch::start(&self.request.cpus);
        one_by_one(
            self.index,
            self.queries,
            &mut neighbors,
            &mut latencies_ns,
            &self.clock,
        )?;
        Ok(Timed {
            disturbance: watch.stop(),
            elapsed_ns: latencies_ns.iter().sum(),
            repeat_speedup: speedup(&first_ns, &latencies_ns),
            latencies_ns,
            neighbors,
        })
    }

    fn working_set(&self, distinct: usize) -> Result<Timed> {
        let set = WorkingSet::of(self.queries, distinct)?;
        self.warm_up_one_by_one(set.queries())?;
        let mut neighbors = Neighbors::new(distinct, self.request.k);
        let mut latencies_ns = vec![u64::MAX; self.queries.n()];
        let watch = Watch::start(&self.request.cpus);
        set.search(self.index, &mut neighbors, &mut latencies_ns, &self.clock)?;
        Ok(Timed {
            disturbance: watch.stop(),
            elapsed_ns: latencies_ns.iter().sum(),
            repeat_speedup: None,
            latencies_ns,
            neighbors,
        })
    }

    fn batch(&self) -> Result<Timed> {
        let warmup = self.warmup(self.queries);
        let mut neighbors = Neighbors::new(warmup.n(), self.request.k);
        batch(self.index, warmup, &mut neighbors, &self.clock)?;
        let mut neighbors = Neighbors::new(self.queries.n(), self.request.k);
        let watch = Watch::start(&self.request.cpus);
        let elapsed_ns = batch(self.index, self.queries, &mut neighbors, &self.clock)?;
        Ok(Timed {
            disturbance: watch.stop(),
            latencies_ns: vec![elapsed_ns],
            neighbors,
            elapsed_ns,
            repeat_speedup: None,
        })
    }

    /// Clients, or arrivals at a given rate.
    fn serving(&self) -> Result<Timed> {
        let first_ns = self.warm_up_one_by_one(self.queries)?;
        let arrivals_ns = match (self.request.load.mode, self.request.load.rate_qps) {
            (Mode::OpenLoop, None) => bail!("mode open_loop without a rate"),
            (_, rate_qps) => rate_qps.map(|rate_qps| {
                arrivals_ns(
                    rate_qps as f64,
                    self.queries.n(),
                    self.request.arrivals_seed,
                )
            }),
        };
        let watch = Watch::start(&self.request.cpus);
        let served = self.service(arrivals_ns.as_deref(), None).run()?;
        Ok(Timed {
            disturbance: watch.stop().with_switches(served.switches),
            repeat_speedup: speedup(&first_ns, &served.latencies_ns),
            latencies_ns: served.latencies_ns,
            neighbors: served.neighbors,
            elapsed_ns: served.elapsed_ns,
        })
    }

    pub(super) fn service<'s>(
        &'s self,
        arrivals_ns: Option<&'s [u64]>,
        patience: Option<Patience>,
    ) -> Service<'s, Monotonic> {
        Service {
            index: self.index,
            queries: self.queries,
            threads: self.request.load.threads,
            k: self.request.k,
            arrivals_ns,
            patience,
            cpus: &self.request.cpus,
            clock: &self.clock,
        }
    }

    fn warmup<'q>(&self, queries: MatrixView<'q>) -> MatrixView<'q> {
        queries.slice(0..self.request.warmup_queries.min(queries.n()))
    }

    /// Searches without keeping the results; gives the latencies.
    pub(super) fn warm_up_one_by_one(&self, queries: MatrixView<'_>) -> Result<Vec<u64>> {
        let warmup = self.warmup(queries);
        let mut neighbors = Neighbors::new(warmup.n(), self.request.k);
        let mut latencies_ns = vec![u64::MAX; warmup.n()];
        one_by_one(
            self.index,
            warmup,
            &mut neighbors,
            &mut latencies_ns,
            &self.clock,
        )?;
        Ok(latencies_ns)
    }
}

/// Queries that it takes to say whether repeated ones are answered faster.
const ENOUGH_REPEATED: usize = 50;

/// Of the second half of the queries, which the first has warmed the index up for.
fn speedup(first_ns: &[u64], again_ns: &[u64]) -> Option<f64> {
    let half = first_ns.len() / 2;
    if first_ns.len() != again_ns.len() || half < ENOUGH_REPEATED {
        return None;
    }
    repeat_speedup(&first_ns[half..], &again_ns[half..])
}

/// When queries are due in mode open loop: as independent of each other as those of many users, so
/// that the times between them are exponential (a Poisson process).
pub(super) fn arrivals_ns(rate_qps: f64, n_searches: usize, seed: u64) -> Vec<u64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut due_s = 0.0;
    let mut next = || {
        due_s -= (1.0 - random.random::<f64>()).ln() / rate_qps;
        (due_s * 1e9) as u64
    };
    (0..n_searches).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use annbench_index::{BuildJob, NullBackend, Params, Registry};
    use annbench_store::results::Load;
    use annbench_vectors::{Matrix, Metric};

    use super::*;

    #[test]
    fn answers_that_are_looked_up_are_told_by_their_speed() {
        let first_ns: Vec<u64> = (0..200).map(|at| 100_000 + at).collect();
        let remembered = vec![1_000; 200];
        assert!(speedup(&first_ns, &remembered).unwrap() > 50.0);
        assert!(speedup(&first_ns, &first_ns).unwrap() < 2.0);
        // The first half may be slow for reasons of its own.
        let cold: Vec<u64> = (0..200)
            .map(|at| if at < 100 { 9_000_000 } else { 1_000 })
            .collect();
        assert_eq!(speedup(&cold, &remembered), Some(1.0));
        assert_eq!(
            speedup(&first_ns[..64], &remembered),
            None,
            "a warm-up with some of them"
        );
        assert_eq!(speedup(&first_ns[..20], &remembered[..20]), None, "too few");
    }

    #[test]
    fn arrivals_keep_their_rate_and_are_as_irregular_as_chance() {
        let due_ns = arrivals_ns(1_000.0, 10_000, 7);
        assert!(due_ns.is_sorted());
        let gaps: Vec<f64> = due_ns
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64)
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Both are a million ns; of 10,000 gaps they are known to 1 and 1.4 percent.
        assert!((mean / 1e6 - 1.0).abs() < 0.04, "{mean}");
        assert!((variance.sqrt() / 1e6 - 1.0).abs() < 0.06, "{variance}");
        assert_ne!(arrivals_ns(1_000.0, 10_000, 8), due_ns);
    }

    fn request(load: Load) -> MeasureRequest {
        MeasureRequest {
            queries: PathBuf::new(),
            k: 2,
            load,
            arrivals_seed: 7,
            search: Params::new(),
            warmup_queries: 0,
            cpus: Vec::new(),
            answers: PathBuf::new(),
        }
    }

    /// Searches an index that does nothing for 30 queries.
    fn timed(load: Load) -> Result<Timed> {
        let queries = Matrix::from_vec(vec![0.0; 60], 2)?;
        let registry = Registry::new().with(NullBackend);
        let backend = registry.get("null")?;
        let job = &mut BuildJob::new(1, 0);
        let built = backend.build(queries.view(), Metric::L2, &Params::new(), job)?;
        search(built.index.as_ref(), queries.view(), &request(load))
    }

    #[test]
    fn arrivals_without_a_rate_are_refused() {
        assert!(timed(Load::new(Mode::OpenLoop, 1)).is_err());
    }

    #[test]
    fn a_highest_rate_is_told_as_the_time_the_queries_take_at_it() {
        let under = |slo_p99_us| Load {
            slo_p99_us: Some(slo_p99_us),
            ..Load::new(Mode::OpenLoop, 1)
        };
        let found = timed(under(500_000)).unwrap();
        assert!(found.elapsed_ns > 0);
        assert!(found.latencies_ns.len() >= 1_000);
        assert_eq!(
            found.neighbors.ids(29),
            [0, 1],
            "every query has its answer"
        );
        // Nothing is answered in no time.
        assert_eq!(timed(under(0)).unwrap().elapsed_ns, 0);
    }

    #[test]
    fn a_working_set_is_asked_over_and_over() {
        let load = Load {
            distinct_queries: Some(4),
            ..Load::new(Mode::Single, 1)
        };
        let found = timed(load).unwrap();
        assert_eq!(found.latencies_ns.len(), 30);
        assert!(found.latencies_ns.iter().all(|&ns| ns < u64::MAX));
        assert_eq!(found.neighbors.n_queries(), 4);
    }
}
