//! One measurement: what is made ready before the timed region, the region, and what is read after.

use annbench_eval::repeat_speedup;
use annbench_index::Index;
use annbench_store::results::Mode;
use annbench_vectors::{MatrixView, Neighbors};
use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    Disturbance, Monotonic, batch, disturbance::Watch, one_by_one, protocol::MeasureRequest,
    serving::Service,
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
    let clock = Monotonic::start();
    let first_ns = warm_up(index, queries, request, &clock)?;
    let mut neighbors = Neighbors::new(queries.n(), request.k);
    // Written, not zeroed: see `Neighbors::new`.
    let mut latencies_ns = vec![u64::MAX; queries.n()];
    let arrivals_ns = arrivals_ns(request, queries.n())?;
    let watch = Watch::start();
    let elapsed_ns = match request.load.mode {
        Mode::Single => {
            one_by_one(index, queries, &mut neighbors, &mut latencies_ns, &clock)?;
            latencies_ns.iter().sum()
        }
        Mode::Batch => {
            latencies_ns = vec![batch(index, queries, &mut neighbors, &clock)?];
            latencies_ns[0]
        }
        Mode::Concurrent | Mode::OpenLoop => {
            let service = Service {
                index,
                queries,
                threads: request.load.threads,
                k: request.k,
                arrivals_ns: arrivals_ns.as_deref(),
                clock: &clock,
            };
            let served = service.run()?;
            (neighbors, latencies_ns) = (served.neighbors, served.latencies_ns);
            served.elapsed_ns
        }
    };
    Ok(Timed {
        repeat_speedup: speedup(&first_ns, &latencies_ns),
        latencies_ns,
        neighbors,
        elapsed_ns,
        disturbance: watch.stop(),
    })
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

/// Searches without keeping the results; gives the latencies where queries go one by one.
fn warm_up(
    index: &dyn Index,
    queries: MatrixView<'_>,
    request: &MeasureRequest,
    clock: &Monotonic,
) -> Result<Vec<u64>> {
    let queries = queries.slice(0..request.warmup_queries.min(queries.n()));
    let mut neighbors = Neighbors::new(queries.n(), request.k);
    match request.load.mode {
        Mode::Batch => {
            batch(index, queries, &mut neighbors, clock)?;
            Ok(Vec::new())
        }
        _ => {
            let mut latencies_ns = vec![u64::MAX; queries.n()];
            one_by_one(index, queries, &mut neighbors, &mut latencies_ns, clock)?;
            Ok(latencies_ns)
        }
    }
}

/// When queries are due in mode open loop: as independent of each other as those of many users, so
/// that the times between them are exponential (a Poisson process).
fn arrivals_ns(request: &MeasureRequest, n_queries: usize) -> Result<Option<Vec<u64>>> {
    if request.load.mode != Mode::OpenLoop {
        return Ok(None);
    }
    let rate_qps = request
        .load
        .rate_qps
        .context("mode open_loop without a rate")? as f64;
    let mut random = ChaCha8Rng::seed_from_u64(request.arrivals_seed);
    let mut due_s = 0.0;
    let mut next = || {
        due_s -= (1.0 - random.random::<f64>()).ln() / rate_qps;
        (due_s * 1e9) as u64
    };
    Ok(Some((0..n_queries).map(|_| next()).collect()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use annbench_index::Params;
    use annbench_store::results::Load;

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

    fn arrivals(rate_qps: Option<u64>, seed: u64) -> Result<Option<Vec<u64>>> {
        let request = MeasureRequest {
            queries: PathBuf::new(),
            k: 1,
            load: Load {
                mode: Mode::OpenLoop,
                threads: 1,
                rate_qps,
            },
            arrivals_seed: seed,
            search: Params::new(),
            warmup_queries: 0,
            answers: PathBuf::new(),
        };
        arrivals_ns(&request, 10_000)
    }

    #[test]
    fn arrivals_keep_their_rate_and_are_as_irregular_as_chance() {
        let arrivals_ns = arrivals(Some(1_000), 7).unwrap().unwrap();
        assert!(arrivals_ns.is_sorted());
        let gaps: Vec<f64> = arrivals_ns
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64)
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Both are a million ns; of 10,000 gaps they are known to 1 and 1.4 percent.
        assert!((mean / 1e6 - 1.0).abs() < 0.04, "{mean}");
        assert!((variance.sqrt() / 1e6 - 1.0).abs() < 0.06, "{variance}");
        assert_ne!(arrivals(Some(1_000), 8).unwrap().unwrap(), arrivals_ns);
    }

    #[test]
    fn arrivals_without_a_rate_are_refused() {
        assert!(arrivals(None, 7).is_err());
    }
}
