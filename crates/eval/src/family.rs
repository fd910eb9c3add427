//! Many comparisons at once: of equals, some look unequal by chance, the more the more there are.

use distrs::StudentsT;

use crate::Interval;

/// Share of families of comparisons of equals in which any one may be found worse.
const FALSE_ALARMS: f64 = 0.05;

/// What lies beyond either end of the 95 % intervals that are widened.
const TAIL: f64 = 0.025;

/// Comparisons that are judged together: one that is found worse by mistake spoils them all.
///
/// In at most 5 of 100 families of equals any is found worse, if each of `m` is with a probability of
/// 0.05 / m. So the arms of 95 % intervals, and noise floors, which are ends of such intervals, are
/// made longer by the ratio of the quantiles of Student's t; for two comparisons they stay as they
/// are, and for one as well, which makes it stricter than promised.
///
/// # Source
/// Bonferroni's bound, which holds however the comparisons depend on each other: Dunn, Multiple
/// comparisons among means, Journal of the American Statistical Association 56(293), 1961.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    comparisons: usize,
}

impl Family {
    /// A family of so many comparisons.
    pub fn new(comparisons: usize) -> Self {
        Self { comparisons }
    }

    /// The 95 % interval of a ratio, as wide as it has to be in the family; it rests on `samples`
    /// independent ones: rounds, or builds.
    pub fn ratio(self, interval: &Interval, samples: usize) -> Interval {
        let longer = self.longer(samples);
        let arm = |end: f64| interval.value * (end / interval.value).powf(longer);
        self.with_ends(interval, arm(interval.low), arm(interval.high))
    }

    /// The 95 % interval of a difference, as wide as it has to be in the family; it rests on `samples`
    /// independent ones: queries.
    pub fn difference(self, interval: &Interval, samples: usize) -> Interval {
        let longer = self.longer(samples);
        let arm = |end: f64| interval.value + longer * (end - interval.value);
        self.with_ends(interval, arm(interval.low), arm(interval.high))
    }

    /// A [`noise_floor`](crate::noise_floor), from so many rounds, as high as it has to be in the
    /// family.
    pub fn floor(self, floor: f64, samples: usize) -> f64 {
        (self.longer(samples) * floor.max(0.0).ln_1p()).exp_m1()
    }

    fn with_ends(self, interval: &Interval, low: f64, high: f64) -> Interval {
        let outside = (1.0 - interval.coverage) * self.tail() / TAIL;
        Interval {
            value: interval.value,
            low,
            high,
            coverage: 1.0 - outside,
        }
    }

    /// Probability that one comparison of equals finds the second worse.
    fn tail(self) -> f64 {
        (FALSE_ALARMS / self.comparisons.max(1) as f64).min(TAIL)
    }

    /// By how much an arm is to be longer.
    fn longer(self, samples: usize) -> f64 {
        let freedom = samples.saturating_sub(1).max(1) as f64;
        StudentsT::ppf(self.tail(), freedom) / StudentsT::ppf(TAIL, freedom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::at_95_percent as interval;

    /// Quantiles from the tables of any textbook: t of 9 degrees of freedom at 0.005 is 3.250 and at
    /// 0.025 2.262, the normal ones are 2.576 and 1.960.
    #[test]
    fn arms_are_longer_by_the_ratio_of_quantiles() {
        let ten = Family::new(10);
        for (samples, expected) in [(10, 3.250 / 2.262), (100_000, 2.576 / 1.960)] {
            let found = ten.difference(&interval(-1.0, 0.0, 2.0), samples);
            assert!((found.low + expected).abs() < 1e-3, "{found:?}");
            assert!((found.high - 2.0 * expected).abs() < 2e-3, "{found:?}");
            assert!((found.coverage - 0.99).abs() < 1e-12, "{found:?}");
            let ratio = ten.ratio(&interval(0.5, 1.0, 2.0), samples);
            assert!((ratio.high.log2() - expected).abs() < 1e-3, "{ratio:?}");
            assert!((ratio.low * ratio.high - 1.0).abs() < 1e-12, "{ratio:?}");
            let floor = ten.floor(1.0, samples);
            assert!((floor - (ratio.high - 1.0)).abs() < 1e-12, "{floor}");
        }
    }

    #[test]
    fn one_or_two_comparisons_leave_intervals_as_they_are() {
        let given = interval(0.9, 1.0, 1.2);
        for comparisons in [0, 1, 2] {
            let found = Family::new(comparisons).ratio(&given, 5);
            assert!((found.low - 0.9).abs() < 1e-12 && (found.high - 1.2).abs() < 1e-12);
        }
    }
}
