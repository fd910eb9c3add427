//! A run that never took place, with noise and truth known.

use distrs::Normal;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Samples;

/// What makes simulated latencies vary. Shares: 0.01 is 1 percent. Standard deviations are those of
/// logarithms, which are normal.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Noise {
    /// Standard deviation between rounds, of each point and build apart.
    pub round_sd: f64,
    /// Standard deviation between rounds, of all points and builds alike: what pairing removes.
    pub machine_sd: f64,
    /// Share of a point's rounds that are hit by a spike; under one half.
    pub spike_share: f64,
    /// How much longer such a round takes.
    pub spike: f64,
    /// Standard deviation between queries, the same queries at all points.
    pub query_sd: f64,
    /// Standard deviation between builds, the same builds at all points.
    pub build_sd: f64,
    /// How much longer each round takes than the one before.
    pub drift: f64,
}

/// A simulated run of a worker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedRun {
    /// Number of builds.
    pub builds: usize,
    /// Number of rounds.
    pub rounds: usize,
    /// Queries a round.
    pub n_queries: usize,
    /// What makes latencies vary.
    pub noise: Noise,
    /// Seed of all chance: the same one gives the same run.
    pub seed: u64,
}

/// What chance is drawn for, so that each draws from a stream of its own; points come after.
const BUILDS: u64 = 0;
const QUERIES: u64 = 1;
const MACHINE: u64 = 2;
const FIRST_POINT: u64 = 3;

impl SimulatedRun {
    /// Latencies of the operating point of this number, whose queries take `mean_ns` nanoseconds on
    /// average over all queries there are, in a round and a build like any.
    pub fn point(&self, point: u64, mean_ns: f64) -> Samples<'static> {
        let queries = self.ln_queries();
        let builds = self.normals(BUILDS, self.builds, self.noise.build_sd);
        let machine = self.normals(MACHINE, self.rounds, self.noise.machine_sd);
        let mut rng = self.rng(FIRST_POINT + point);
        let mut samples = Samples::new();
        for (build, ln_build) in builds.iter().enumerate() {
            for (round, ln_machine) in machine.iter().enumerate() {
                let ln_round = ln_build + ln_machine + self.ln_round(round, &mut rng);
                let latency_ns =
                    |ln_query| (mean_ns * f64::exp(ln_round + ln_query)).round() as u64;
                let latencies_ns: Vec<u64> = queries.iter().map(latency_ns).collect();
                samples.push(build, round, latencies_ns);
            }
        }
        samples
    }

    /// What [`qps`](crate::qps) estimates of such a point: of all queries there are, in the median
    /// round of the median build; of a single build, in that build. Knows no drift.
    pub fn true_qps(&self, mean_ns: f64) -> f64 {
        let ln_build = match self.builds {
            1 => self.normals(BUILDS, 1, self.noise.build_sd)[0],
            _ => 0.0,
        };
        1e9 / (mean_ns * f64::exp(ln_build + self.noise.ln_median_round()))
    }

    /// Logarithms of what each query takes of the mean of all queries there are.
    fn ln_queries(&self) -> Vec<f64> {
        let sd = self.noise.query_sd;
        let mut queries = self.normals(QUERIES, self.n_queries, sd);
        // The mean of a lognormal quantity is exp(sd^2 / 2) of its median.
        queries
            .iter_mut()
            .for_each(|ln_query| *ln_query -= sd * sd / 2.0);
        queries
    }

    fn ln_round(&self, round: usize, rng: &mut impl Rng) -> f64 {
        let noise = &self.noise;
        let is_hit = rng.random_bool(noise.spike_share);
        let spike = if is_hit { noise.spike.ln_1p() } else { 0.0 };
        noise.round_sd * normal(rng) + spike + noise.drift.ln_1p() * round as f64
    }

    fn normals(&self, stream: u64, n: usize, sd: f64) -> Vec<f64> {
        let mut rng = self.rng(stream);
        (0..n).map(|_| sd * normal(&mut rng)).collect()
    }

    fn rng(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream);
        rng
    }
}

impl Noise {
    /// Logarithm of the factor of the median round: spikes make it a little slower than a round
    /// without noise.
    fn ln_median_round(&self) -> f64 {
        let sd = self.round_sd.hypot(self.machine_sd);
        if sd == 0.0 {
            return 0.0;
        }
        let (calm, hit) = (1.0 - self.spike_share, self.spike_share);
        let spike = self.spike.ln_1p();
        let under = |ln: f64| calm * Normal::cdf(ln, 0.0, sd) + hit * Normal::cdf(ln, spike, sd);
        let (mut low, mut high) = (-sd, sd + spike.abs());
        // Halved to the last bit of f64.
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            match under(middle) < 0.5 {
                true => low = middle,
                false => high = middle,
            }
        }
        low
    }
}

/// A standard normal number.
///
/// # Source
/// Box and Muller, Annals of Mathematical Statistics 29(2), 1958.
fn normal(rng: &mut impl Rng) -> f64 {
    let (radius, angle): (f64, f64) = (rng.random(), rng.random());
    // In (0, 1], whose logarithm is finite.
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{qps, spread};

    fn run(noise: Noise) -> SimulatedRun {
        SimulatedRun {
            builds: 1,
            rounds: 400,
            n_queries: 2,
            noise,
            seed: 7,
        }
    }

    #[test]
    fn without_noise_the_estimate_is_the_truth() {
        let run = run(Noise::default());
        assert_eq!(run.true_qps(1e5), 1e4);
        assert!((qps(&run.point(0, 1e5), 2).unwrap() - 1e4).abs() < 1e-6);
    }

    #[test]
    fn the_truth_knows_of_spikes() {
        let noise = Noise {
            round_sd: 0.05,
            spike_share: 0.3,
            spike: 1.0,
            ..Noise::default()
        };
        let run = run(noise);
        // 0.5 / 0.7 of the calm rounds lie under it: the normal 0.7143 point is 0.566.
        assert!((noise.ln_median_round() - 0.05 * 0.566).abs() < 1e-4);
        let estimate = qps(&run.point(0, 1e5), 2).unwrap();
        assert!(
            (estimate / run.true_qps(1e5) - 1.0).abs() < 0.02,
            "{estimate}"
        );
    }

    #[test]
    fn noise_is_as_strong_as_asked_for() {
        let noise = Noise {
            round_sd: 0.03,
            machine_sd: 0.04,
            query_sd: 0.5,
            build_sd: 0.1,
            ..Noise::default()
        };
        let run = SimulatedRun {
            builds: 40,
            rounds: 30,
            n_queries: 500,
            noise,
            seed: 3,
        };
        let found = spread(&run.point(0, 1e6), 500);
        for (found, expected) in [
            (found.builds.unwrap(), 0.1),
            (found.rounds.unwrap(), 0.05),
            // Of a lognormal quantity: sqrt(exp(0.25) - 1).
            (found.queries.unwrap(), 0.533),
        ] {
            assert!((found / expected - 1.0).abs() < 0.25, "{found}, {expected}");
        }
    }

    #[test]
    fn a_seed_is_a_run_and_points_differ_by_their_own_noise() {
        let noisy = run(Noise {
            round_sd: 0.1,
            ..Noise::default()
        });
        assert_eq!(noisy.point(1, 1e5), noisy.point(1, 1e5));
        assert_ne!(noisy.point(1, 1e5), noisy.point(2, 1e5));
        let shared = run(Noise {
            machine_sd: 0.1,
            query_sd: 0.3,
            ..Noise::default()
        });
        assert_eq!(shared.point(1, 1e5), shared.point(2, 1e5));
    }

    #[test]
    fn drift_adds_up() {
        let drifting = SimulatedRun {
            rounds: 3,
            ..run(Noise {
                drift: 0.1,
                ..Noise::default()
            })
        };
        let samples = drifting.point(0, 1e5);
        let last = samples.rounds().last().unwrap().2[0];
        assert_eq!(last, 121_000);
    }
}
