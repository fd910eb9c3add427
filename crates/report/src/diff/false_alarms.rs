//! How often the gate fails though nothing has changed, by simulated runs.

use annbench_eval::{Bootstrap, Noise, Samples, SimulatedRun, noise_floor, paired_ratio};
use annbench_store::results::{PointRow, QueryRow};

use super::{Diff, Gate, Told};
use crate::{
    Run,
    fixture::{self, SINGLE},
};

/// Pairs of equal runs.
const COMPARISONS: u64 = 200;

/// Operating points of a run: two figures each.
const POINTS: u64 = 15;

const N_QUERIES: usize = 60;

/// Time of a round in nanoseconds: long against the nanosecond of rounding, and long enough to be
/// judged.
const MEAN_NS: f64 = 10_000_000.0;

/// Noise as `annbench selftest` has it: 1 percent at each point and 2 percent at all, and spikes.
fn timed(seed: u64) -> SimulatedRun {
    let noise = Noise {
        round_sd: 0.01,
        machine_sd: 0.02,
        spike_share: 0.05,
        spike: 0.2,
        ..Noise::default()
    };
    SimulatedRun {
        builds: 1,
        rounds: 20,
        n_queries: 1,
        noise,
        seed,
    }
}

fn rounds_s(samples: &Samples<'_>) -> Vec<f64> {
    let rounds = samples.rounds();
    rounds
        .map(|(_, _, latencies_ns)| latencies_ns[0] as f64 / 1e9)
        .collect()
}

/// Whether each query misses a neighbour: those that take longer than the median, by chance alone, in
/// a run of as many rounds as there are queries.
fn hits(seed: u64, point: u64) -> impl Iterator<Item = usize> {
    let chance = SimulatedRun {
        rounds: N_QUERIES,
        noise: Noise {
            round_sd: 1.0,
            ..Noise::default()
        },
        ..timed(seed)
    };
    let rounds_s = rounds_s(&chance.point(POINTS + 2 + point, MEAN_NS));
    rounds_s
        .into_iter()
        .map(|round_s| if round_s > MEAN_NS / 1e9 { 9 } else { 10 })
}

/// A run of points that only chance makes differ from those of another seed.
fn run(seed: u64) -> Run {
    let mut run = fixture::run();
    let like = run.points[2].clone();
    let point = |number: u64| PointRow {
        point: number as usize,
        requested: [("nprobe".to_owned(), number.into())].into_iter().collect(),
        n_queries: N_QUERIES,
        rounds_s: rounds_s(&timed(seed).point(number, MEAN_NS)),
        ..like.clone()
    };
    run.points = (0..POINTS).map(point).collect();
    run.queries = (0..POINTS).flat_map(|point| queries(seed, point)).collect();
    let [one, other] = [0, POINTS].map(|number| timed(seed).point(number, MEAN_NS));
    let duplicate = paired_ratio(&one, &other, 1, &Bootstrap::default());
    run.record.noise[0].floor = duplicate.as_ref().map(noise_floor);
    run
}

fn queries(seed: u64, point: u64) -> impl Iterator<Item = QueryRow> {
    let row = move |(query_idx, hits)| QueryRow {
        point: point as usize,
        load: SINGLE,
        query_idx,
        latency_ns: None,
        hits,
        returned: 10,
        missed: Vec::new(),
    };
    hits(seed, point).enumerate().map(row)
}

/// Whether any figure alone looks worse: what a gate would fail on that minds one figure at a time.
fn looks_worse(diff: &Diff<'_>) -> bool {
    diff.pairs.iter().any(|pair| {
        let is_slower = pair
            .qps_ratio
            .is_some_and(|ratio| ratio.verdict == Told::Slower);
        is_slower || pair.recall_difference.is_some_and(|found| found.high < 0.0)
    })
}

#[test]
fn of_runs_that_do_not_differ_at_most_five_in_a_hundred_fail() {
    let (mut fail, mut look_worse) = (0, 0);
    for at in 0..COMPARISONS {
        let (a, b) = (run(2 * at), run(2 * at + 1));
        let diff = Diff::new(&a, &b, false);
        assert_eq!(diff.comparisons() as u64, 2 * POINTS);
        fail += u64::from(!Gate::default().regressions(&diff).is_empty());
        look_worse += u64::from(looks_worse(&diff));
    }
    assert!(20 * fail <= COMPARISONS, "{fail} of {COMPARISONS}");
    assert!(
        5 * look_worse > COMPARISONS,
        "{look_worse}: a test of nothing"
    );
}
