//! How means over queries vary with the queries.

use rand::{Rng, RngExt};

/// Most queries drawn in a resample. Of more of them this many are drawn: their deviation in its own
/// standard errors is as good, and no slower however many queries there are.
///
/// # Source
/// Bickel, Gotze and van Zwet, Resampling fewer than n observations, Statistica Sinica 7, 1997.
const MOST_DRAWN: usize = 1_000;

/// The least standard error of a resample, as a share of the sample's: a resample of a few queries
/// may hold one of them alone, which would seem to have none.
const LEAST_ERROR: f64 = 0.1;

/// Mean over queries of one quantity over that of another, as a logarithm.
///
/// Resamples deviate in units of their own standard errors (bootstrap-t). Latencies are skewed, and
/// a sample that has too few slow queries has too small a standard error as well: intervals that
/// ignore it held in 91 of 100 simulated runs with 10 queries, these in 93 or more.
///
/// # Source
/// Hall, Theoretical comparison of bootstrap confidence intervals, Annals of Statistics 16(3), 1988.
#[derive(Debug)]
pub(crate) struct QueryMeans {
    pairs: Vec<(f64, f64)>,
    ratio: LnRatio,
}

/// Logarithm of a ratio of means, with its standard error.
#[derive(Debug, Clone, Copy)]
struct LnRatio {
    value: f64,
    standard_error: f64,
}

impl QueryMeans {
    /// The two quantities of each query. `None` of fewer than two queries, or where a mean is 0.
    pub(crate) fn new(pairs: Vec<(f64, f64)>) -> Option<Self> {
        let ratio = LnRatio::of(pairs.iter().copied());
        (pairs.len() > 1 && ratio.value.is_finite()).then_some(Self { pairs, ratio })
    }

    /// By how much the logarithm may differ for other queries of the same kind.
    pub(crate) fn deviation(&self, rng: &mut impl Rng) -> f64 {
        let n = self.pairs.len();
        // Numbers below 2^32 take half the random bits of those below 2^64.
        let any = |_| self.pairs[rng.random_range(0..n as u32) as usize];
        let drawn = n.min(MOST_DRAWN);
        let resampled = LnRatio::of((0..drawn).map(any));
        // Errors of fewer queries are larger by the root of their number, those of the resample too.
        let least = LEAST_ERROR * self.ratio.standard_error * (n as f64 / drawn as f64).sqrt();
        let in_errors = (self.ratio.value - resampled.value) / resampled.standard_error.max(least);
        let deviation = in_errors * self.ratio.standard_error;
        // Not so where all queries took the same time, or those of the resample none.
        match deviation.is_finite() {
            true => deviation,
            false => 0.0,
        }
    }
}

impl LnRatio {
    /// By the delta method: the error of the logarithm is about that of the mean of `a / mean(a) - b
    /// / mean(b)`.
    fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut a, mut b, mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (one, other) in pairs {
            a += one;
            b += other;
            aa += one * one;
            ab += one * other;
            bb += other * other;
        }
        let variance: f64 = aa / (a * a) - 2.0 * ab / (a * b) + bb / (b * b);
        Self {
            value: f64::ln(a / b),
            standard_error: variance.max(0.0).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{quantile, sorted};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// A sample that lacks the rare slow queries also seems to vary little: what it says of the mean
    /// is more often too fast than too slow, so the interval reaches further towards slow.
    #[test]
    fn intervals_of_skewed_queries_reach_further_towards_the_tail() {
        let time =
            |at: u32| 1.0 + f64::from(at % 7) / 100.0 + f64::from(u32::from(at.is_multiple_of(15)));
        let pairs: Vec<(f64, f64)> = (0..30).map(|at| (1.0, time(at))).collect();
        let queries = QueryMeans::new(pairs).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let deviations = sorted((0..500).map(|_| queries.deviation(&mut rng)).collect());
        let (slow, fast) = (-quantile(&deviations, 0.025), quantile(&deviations, 0.975));
        assert!(slow > 1.3 * fast, "{slow}, {fast}");
    }

    /// A resample of two queries that holds one of them twice seems to have no error.
    #[test]
    fn two_queries_tell_little_and_equal_ones_do_not_deviate() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut most = |pairs: &[(f64, f64)]| {
            let queries = QueryMeans::new(pairs.to_vec()).unwrap();
            let deviations = (0..100).map(|_| queries.deviation(&mut rng).abs());
            deviations.fold(0.0, f64::max)
        };
        assert!((1.0..20.0).contains(&most(&[(1.0, 1.0), (1.0, 2.0)])));
        assert_eq!(most(&[(1.0, 2.0); 5]), 0.0);
        assert_eq!(most(&[(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]), 0.0);
        assert!(QueryMeans::new(vec![(1.0, 1.0)]).is_none());
        assert!(QueryMeans::new(vec![(1.0, 0.0); 3]).is_none());
    }

    /// 4,000 queries of a known spread: drawing 1,000 of them must not make the interval twice as wide.
    #[test]
    fn many_queries_deviate_as_little_as_they_should() {
        let pairs: Vec<(f64, f64)> = (0..4_000)
            .map(|at| (f64::from(at % 2) + 1.0, 1.0))
            .collect();
        let queries = QueryMeans::new(pairs).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let squares = (0..500).map(|_| queries.deviation(&mut rng).powi(2));
        let found = (squares.sum::<f64>() / 500.0).sqrt();
        // A standard deviation of 0.5, relative to a mean of 1.5.
        let expected = 0.5 / 1.5 / 4_000f64.sqrt();
        assert!((found / expected - 1.0).abs() < 0.1, "{found}, {expected}");
    }
}
