//! What a run can tell apart.

use crate::{Interval, order::median_of};

/// What a paired ratio says of two points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The first point is faster.
    Faster,
    /// The first point is slower.
    Slower,
    /// The run can't tell: either the interval holds 1, or the difference is no larger than that
    /// between a point and its own duplicate.
    Indistinguishable,
}

/// The relative difference (0.01 is 1 percent) that a point may show to its own duplicate: the
/// further end of the interval of their ratio (A/A). What differs by no more is not told apart.
pub fn noise_floor(ratio: &Interval) -> f64 {
    further_end(ratio).exp_m1()
}

/// What `ratio`, from [`paired_ratio`](crate::paired_ratio), says given the [`noise_floor`].
///
/// Both must speak for a difference: the interval by not holding 1, and the estimate by lying beyond
/// the floor, which knows what intervals do not: that one point's place in memory, or its neighbours
/// in the order of a round, may favour it throughout a run.
pub fn verdict(ratio: &Interval, floor: f64) -> Verdict {
    let beyond = ratio.value.ln().abs() > floor.max(0.0).ln_1p();
    match (beyond, ratio.low > 1.0, ratio.high < 1.0) {
        (true, true, _) => Verdict::Faster,
        (true, _, true) => Verdict::Slower,
        _ => Verdict::Indistinguishable,
    }
}

/// The smallest relative difference (0.01 is 1 percent) that a run would have found in about 97 of
/// 100 repetitions, from its noise floor and the paired ratios it has; `None` of no ratios.
///
/// A difference is found where its estimate lies beyond the floor and beyond half the width of its
/// interval. Estimates scatter by that half width in 95 of 100 repetitions, so a true difference
/// must be larger than the threshold by as much again. Half widths are those of the median ratio.
pub fn resolution(floor: f64, ratios: &[Interval]) -> Option<f64> {
    let half_widths = ratios
        .iter()
        .map(|ratio| (ratio.high / ratio.low).ln() / 2.0);
    let typical = median_of(half_widths)?;
    Some((typical.max(floor.max(0.0).ln_1p()) + typical).exp_m1())
}

/// In logarithms, so that 2 and 1/2 are equally far from 1.
fn further_end(ratio: &Interval) -> f64 {
    ratio.high.ln().abs().max(ratio.low.ln().abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::at_95_percent as ratio;

    #[test]
    fn the_floor_is_the_further_end_whichever_side() {
        for (low, high) in [(0.995, 1.01), (1.0 / 1.01, 1.002), (1.004, 1.01)] {
            let floor = noise_floor(&ratio(low, 1.001, high));
            assert!((floor - 0.01).abs() < 1e-12, "{low} to {high}: {floor}");
        }
        assert_eq!(noise_floor(&ratio(1.0, 1.0, 1.0)), 0.0);
    }

    #[test]
    fn a_difference_must_leave_both_its_interval_and_the_floor() {
        use Verdict::{Faster, Indistinguishable, Slower};
        for (low, value, high, floor, expected) in [
            (1.01, 1.02, 1.03, 0.01, Faster),
            (1.01, 1.02, 1.03, 0.021, Indistinguishable),
            (0.99, 1.02, 1.05, 0.0, Indistinguishable),
            (0.97, 0.98, 0.99, 0.01, Slower),
            (0.97, 0.98, 0.99, 0.03, Indistinguishable),
            (0.90, 0.98, 1.01, 0.0, Indistinguishable),
            (1.0, 1.0, 1.0, 0.0, Indistinguishable),
        ] {
            let found = verdict(&ratio(low, value, high), floor);
            assert_eq!(found, expected, "{low} {value} {high} floor {floor}");
        }
    }

    #[test]
    fn resolution_is_limited_by_the_floor_and_by_the_intervals() {
        let narrow = ratio(1.0 / 1.001, 1.0, 1.001);
        let wide = ratio(1.0 / 1.05, 1.0, 1.05);
        let check = |floor: f64, ratios: &[Interval], expected: f64| {
            let found = resolution(floor, ratios).unwrap();
            assert!((found - expected).abs() < 1e-9, "{found}, {expected}");
        };
        check(0.0, &[narrow, narrow, wide], 1.001 * 1.001 - 1.0);
        check(0.02, &[narrow, narrow, wide], 1.02 * 1.001 - 1.0);
        check(0.02, &[wide], 1.05 * 1.05 - 1.0);
        assert_eq!(resolution(0.02, &[]), None);
    }
}
