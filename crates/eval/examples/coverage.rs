//! How often intervals hold the truth, for each number of builds and rounds and each noise.
//!
//! `cargo run --release -p annbench-eval --example coverage [experiments]`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use annbench_eval::{Bootstrap, Noise, SimulatedRun, paired_ratio, qps_interval};

const MEAN_NS: f64 = 100_000.0;

fn main() {
    let experiments = std::env::args().nth(1);
    let experiments = experiments
        .and_then(|given| given.parse().ok())
        .unwrap_or(1_000);
    println!("builds rounds noise queries  qps holds  half width  ratio holds  half width");
    for builds in [1, 3] {
        for rounds in [2, 5, 10, 40] {
            for sd in [0.002, 0.02, 0.1] {
                for n_queries in [10, 100, 400] {
                    show(builds, rounds, sd, n_queries, experiments);
                }
            }
        }
    }
}

fn show(builds: usize, rounds: usize, sd: f64, n_queries: usize, experiments: u64) {
    let mut qps = Tally::default();
    let mut ratio = Tally::default();
    for seed in 0..experiments {
        let run = run(builds, rounds, sd, n_queries, seed);
        let bootstrap = Bootstrap {
            resamples: 500,
            seed,
            ..Bootstrap::default()
        };
        let (a, b) = (run.point(0, MEAN_NS), run.point(1, MEAN_NS));
        if let Some(interval) = qps_interval(&a, n_queries, &bootstrap) {
            qps.add(
                interval.contains(run.true_qps(MEAN_NS)),
                interval.relative_half_width(),
            );
        }
        if let Some(interval) = paired_ratio(&a, &b, n_queries, &bootstrap) {
            ratio.add(interval.contains(1.0), interval.relative_half_width());
        }
    }
    println!(
        "{builds:6} {rounds:6} {:4.1}% {n_queries:7}  {qps}  {ratio}",
        sd * 100.0,
    );
}

fn run(builds: usize, rounds: usize, sd: f64, n_queries: usize, seed: u64) -> SimulatedRun {
    let noise = Noise {
        round_sd: sd * 0.5f64.sqrt(),
        machine_sd: sd * 0.5f64.sqrt(),
        spike_share: 0.05,
        spike: 0.2,
        query_sd: 0.5,
        build_sd: 0.02,
        drift: 0.0,
    };
    SimulatedRun {
        builds,
        rounds,
        n_queries,
        noise,
        seed,
    }
}

/// How often intervals held the truth, and half the width of the median one.
#[derive(Default)]
struct Tally {
    held: usize,
    half_widths: Vec<f64>,
}

impl Tally {
    fn add(&mut self, held: bool, half_width: f64) {
        self.held += usize::from(held);
        self.half_widths.push(half_width);
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.half_widths.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        let share = 100.0 * self.held as f64 / sorted.len() as f64;
        write!(f, "{share:8.1}% {:10.2}%", middle * 100.0)
    }
}
