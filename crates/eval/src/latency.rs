//! Latency statistics.

/// Samples that must lie at or beyond a percentile for it to be stated.
///
/// # Source
/// The number of samples beyond a percentile varies from one measurement to the next about like a
/// Poisson count. With 10 expected it lies within 10 +- 6.2 in 95 of 100 measurements, so that the
/// interval of the percentile (its order statistics that many ranks to either side) still ends
/// inside the sample. With fewer than 4 it does not, and the percentile is a guess at the largest
/// sample: at n = 100 a p99 *is* the second largest.
pub const MIN_BEYOND: usize = 10;

/// What a set of latencies says, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencySummary {
    /// Number of samples.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (divided by n - 1); 0 for one sample.
    pub std: f64,
    /// Smallest sample.
    pub min: u64,
    /// Largest sample.
    pub max: u64,
    /// Median: the 50th percentile, stated whatever the number of samples.
    pub p50: u64,
    /// 95th percentile; `None` where fewer than [`samples_needed`] were given.
    pub p95: Option<u64>,
    /// 99th percentile; `None` where fewer than [`samples_needed`] were given.
    pub p99: Option<u64>,
}

/// Sums up latencies in nanoseconds, which it sorts; `None` if there are none.
pub fn summarize(samples_ns: &mut [u64]) -> Option<LatencySummary> {
    samples_ns.sort_unstable();
    let (&min, &max) = (samples_ns.first()?, samples_ns.last()?);
    let mean = mean(samples_ns);
    Some(LatencySummary {
        n: samples_ns.len(),
        mean,
        std: std(samples_ns, mean),
        min,
        max,
        p50: percentile(samples_ns, 50.0)?,
        p95: carried_percentile(samples_ns, 95.0),
        p99: carried_percentile(samples_ns, 99.0),
    })
}

/// The percentile `p` (above 0, at most 100) of ascending samples by nearest rank: the smallest
/// sample that at least `p` percent of all samples do not exceed. Always a sample, never between
/// two. `None` if there are no samples.
///
/// # Source
/// Type 1 of Hyndman and Fan, Sample Quantiles in Statistical Packages, The American Statistician
/// 50(4), 1996: the inverse of the empirical distribution.
pub fn percentile(sorted_ns: &[u64], p: f64) -> Option<u64> {
    sorted_ns
        .get(rank(sorted_ns.len(), p).checked_sub(1)?)
        .copied()
}

/// The same, or `None` where fewer than [`MIN_BEYOND`] samples lie at or beyond it.
pub fn carried_percentile(sorted_ns: &[u64], p: f64) -> Option<u64> {
    let beyond = sorted_ns.len() + 1 - rank(sorted_ns.len(), p);
    percentile(sorted_ns, p).filter(|_| beyond >= MIN_BEYOND)
}

/// The fewest samples that carry the percentile `p` (above 0, under 100): 900 for the 99th.
pub fn samples_needed(p: f64) -> usize {
    let is_enough = |n: usize| n + 1 - rank(n, p) >= MIN_BEYOND;
    // The percentile's own sample is one of those at or beyond it; rounding is left to the search.
    let about = (MIN_BEYOND - 1) as f64 / (1.0 - p / 100.0);
    ((about as usize).saturating_sub(1)..)
        .find(|n| is_enough(*n))
        .unwrap_or(usize::MAX)
}

/// Rank, from 1, of the percentile `p` of `n` samples.
fn rank(n: usize, p: f64) -> usize {
    // Multiplied first: 95 * n is exact, 0.95 is not.
    ((p * n as f64 / 100.0).ceil() as usize).clamp(1.min(n), n)
}

fn mean(samples: &[u64]) -> f64 {
    samples.iter().map(|&sample| sample as f64).sum::<f64>() / samples.len() as f64
}

fn std(samples: &[u64], mean: f64) -> f64 {
    let squares = samples.iter().map(|&sample| (sample as f64 - mean).powi(2));
    (squares.sum::<f64>() / (samples.len() - 1).max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn percentiles_are_nearest_ranks() {
        let sorted = [10, 20, 30, 40, 50];
        for (p, expected) in [
            (1.0, 10),
            (20.0, 10),
            (20.1, 20),
            (50.0, 30),
            (99.0, 50),
            (100.0, 50),
        ] {
            assert_eq!(percentile(&sorted, p), Some(expected), "p{p}");
        }
        assert_eq!(percentile(&[], 50.0), None);
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(
            percentile(&hundred, 95.0),
            Some(95),
            "no rounding up of 0.95 * 100"
        );
    }

    #[test]
    fn a_percentile_is_withheld_until_ten_samples_lie_beyond() {
        for (p, needed) in [(50.0, 18), (95.0, 180), (99.0, 900), (99.9, 9_000)] {
            assert_eq!(samples_needed(p), needed, "p{p}");
            let samples: Vec<u64> = (0..needed as u64).collect();
            assert!(carried_percentile(&samples, p).is_some(), "p{p}");
            assert_eq!(carried_percentile(&samples[1..], p), None, "p{p}");
        }
        assert_eq!(carried_percentile(&[], 99.0), None);
    }

    #[test]
    fn a_summary_states_what_the_samples_carry() {
        let mut samples = [4, 2, 9, 5];
        let summary = summarize(&mut samples).unwrap();
        let expected = LatencySummary {
            n: 4,
            mean: 5.0,
            std: (26.0f64 / 3.0).sqrt(),
            min: 2,
            max: 9,
            p50: 4,
            p95: None,
            p99: None,
        };
        assert_eq!(summary, expected);
        assert_eq!(summarize(&mut [7]).unwrap().std, 0.0);
        assert_eq!(summarize(&mut []), None);
    }

    proptest! {
        #[test]
        fn a_percentile_is_the_smallest_sample_that_enough_do_not_exceed(
            mut samples in vec(0u64..1000, 1..300),
            p in 1u32..=100,
        ) {
            samples.sort_unstable();
            let found = percentile(&samples, f64::from(p)).unwrap();
            let not_exceeding = |limit: u64| samples.iter().filter(|s| **s <= limit).count();
            let enough = |count: usize| 100 * count >= p as usize * samples.len();
            prop_assert!(enough(not_exceeding(found)));
            for &smaller in samples.iter().filter(|s| **s < found) {
                prop_assert!(!enough(not_exceeding(smaller)));
            }
        }
    }
}
