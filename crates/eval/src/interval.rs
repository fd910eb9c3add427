//! Estimates with the interval that holds the truth in most repetitions of a measurement.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::order::{mean, median, quantile, sorted};

/// An estimate with an interval around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Lower end; at most `value`.
    pub low: f64,
    /// Upper end; at least `value`.
    pub high: f64,
    /// The share of repetitions whose interval holds the truth, as the method promises it. Under
    /// the level asked for where the samples are too few for it.
    pub coverage: f64,
}

impl Interval {
    /// Whether `value` lies in it; the ends do.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Half of the width over the estimate: 0.02 says the truth lies within about 2 percent.
    /// Infinite or NaN where the estimate is 0.
    pub fn relative_half_width(&self) -> f64 {
        (self.high - self.low) / 2.0 / self.value.abs()
    }
}

/// How a bootstrap is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Share of repetitions whose interval is to hold the truth; above 0, under 1.
    pub level: f64,
    /// Samples drawn from the sample.
    pub resamples: usize,
    /// Seed of the drawing: the same one gives the same interval.
    pub seed: u64,
}

/// 95 percent from 2,000 resamples.
///
/// # Source
/// Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 12: percentile intervals
/// take 1,000 resamples or more; with 2,000 each end rests on the 50 resamples beyond it.
impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            level: 0.95,
            resamples: 2_000,
            seed: 42,
        }
    }
}

impl Bootstrap {
    /// Mean of the population `values` were drawn from, by the percentile bootstrap; `None` if
    /// there are no values.
    ///
    /// The interval is too narrow for few values (under about 20) and empty where all are equal.
    /// For shares such as recall use [`recall_interval`], which knows the edges.
    ///
    /// # Source
    /// Efron and Tibshirani (see [`Bootstrap::default`]), section 13.3.
    pub fn mean(&self, values: &[f64]) -> Option<Interval> {
        let value = mean(values)?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let draw = |_| mean_of_resample(values, &mut rng);
        let means = sorted((0..self.resamples.max(1)).map(draw).collect());
        let tail = (1.0 - self.level) / 2.0;
        // Rounding, or too few resamples, can leave the estimate a hair outside.
        Some(Interval {
            value,
            low: quantile(&means, tail).min(value),
            high: quantile(&means, 1.0 - tail).max(value),
            coverage: self.level,
        })
    }
}

/// Mean recall of the queries that `per_query` (each in `[0, 1]`) is a sample of; `None` if there
/// are none.
///
/// The bootstrap over queries, widened by what no resampling can show: a kind of query that the
/// sample happens to lack. Queries that make up a share `s` of all are missing from a sample of
/// `n` with probability `(1 - s)^n`, so that only shares above `1 - a^(1/n)`, `a = (1 - level) / 2`,
/// are ruled out; those below may all have recall 0, or all recall 1. Of 1,000 queries that is
/// 0.37 percent. It matters near the edges: where every query has recall 1 the bootstrap alone
/// would say `[1, 1]`, which no finite sample can.
///
/// # Source
/// Clopper and Pearson, The Use of Confidence or Fiducial Limits, Biometrika 26(4), 1934, for none
/// of `n`; known as the rule of three from Hanley and Lippman-Hand, JAMA 249(13), 1983.
pub fn recall_interval(per_query: &[f64], bootstrap: &Bootstrap) -> Option<Interval> {
    let seen = bootstrap.mean(per_query)?;
    let sampled = 1.0 - unsampled_share(per_query.len(), bootstrap.level);
    Some(Interval {
        low: seen.low.min(seen.value * sampled),
        high: seen.high.max(1.0 - (1.0 - seen.value) * sampled),
        ..seen
    })
}

/// The largest share of all queries that a sample of `n` may lack, at the tail of `level`.
pub(crate) fn unsampled_share(n: usize, level: f64) -> f64 {
    1.0 - ((1.0 - level) / 2.0).powf(1.0 / n as f64)
}

/// Median of the population `samples` were drawn from, between two of their order statistics;
/// `None` if there are none or one is NaN.
///
/// Exact for any distribution: the number of samples under the population's median is binomial,
/// so the interval from the `r`-th smallest to the `r`-th largest holds it with probability at
/// least `1 - 2 P(Binomial(n, 1/2) < r)`. `r` is the largest that promises `level`; `coverage` is
/// what it promises, at least `level`. Fewer than 6 samples cannot promise 0.95: then the interval
/// is their whole range, and `coverage` says the little it promises, `1 - 2^(1 - n)` (0.94 for 5,
/// 0.75 for 3, 0 for 1).
///
/// # Source
/// David and Nagaraja, Order Statistics, 3rd ed., 2003, section 7.1. A bootstrap of the median of
/// few samples draws from the same order statistics, but promises more than they hold.
pub fn median_interval(samples: &[f64], level: f64) -> Option<Interval> {
    if samples.iter().any(|sample| sample.is_nan()) {
        return None;
    }
    let sorted = sorted(samples.to_vec());
    let value = median(&sorted)?;
    let (rank, coverage) = median_rank(sorted.len(), level);
    Some(Interval {
        value,
        low: sorted[rank - 1],
        high: sorted[sorted.len() - rank],
        coverage,
    })
}

/// The largest rank (from 1) that promises `level`, or 1, and what it promises.
fn median_rank(n: usize, level: f64) -> (usize, f64) {
    // `probability` is P(Binomial(n, 1/2) = rank - 1), `below` is P(Binomial < rank). In logs,
    // since 2^-n leaves f64 from n = 1075 on.
    let half_to_n = -(n as f64) * std::f64::consts::LN_2;
    let (mut log_choose, mut below) = (0.0, half_to_n.exp());
    let (mut rank, mut coverage) = (1, 1.0 - 2.0 * below);
    for next in 2..=n.div_ceil(2) {
        let chosen = (next - 1) as f64;
        log_choose += ((n as f64 - chosen + 1.0) / chosen).ln();
        below += (log_choose + half_to_n).exp();
        if 1.0 - 2.0 * below < level {
            break;
        }
        (rank, coverage) = (next, 1.0 - 2.0 * below);
    }
    (rank, coverage)
}

fn mean_of_resample(values: &[f64], rng: &mut ChaCha8Rng) -> f64 {
    let mut sum = 0.0;
    for _ in 0..values.len() {
        sum += values[rng.random_range(0..values.len())];
    }
    sum / values.len() as f64
}
/// An interval for tests.
#[cfg(test)]
pub(crate) fn at_95_percent(low: f64, value: f64, high: f64) -> Interval {
    Interval {
        value,
        low,
        high,
        coverage: 0.95,
    }
}
