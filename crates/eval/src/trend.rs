//! Whether rounds get faster or slower.

use distrs::Normal;

use crate::order::median_of;

/// Rounds that get faster or slower by more than chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Change from the first round to the last, relative to the median round: -0.1 says that the
    /// last took 10 percent less. The median slope between two rounds, times the way.
    pub drift: f64,
    /// Probability of as clear an order in rounds that do not trend; at most [`TREND_LEVEL`].
    pub p_value: f64,
}

/// Probability with which rounds without a trend are said to have one.
///
/// # Source
/// Own choice: a run tests dozens of operating points, and at the usual 5 percent every other run
/// would warn of nothing. Takes six rounds or more, as five in perfect order happen by chance in 1
/// of 60 runs.
pub const TREND_LEVEL: f64 = 0.01;

/// Most rounds for which the exact probability is computed; its approximation is good long before.
const MOST_EXACT: usize = 50;

/// The trend of rounds given in the order they were run, in seconds (or any unit); `None` where
/// chance explains their order, or where one is NaN. Tests by ranks, so that a wild round counts
/// as one.
///
/// # Source
/// Mann, Nonparametric tests against trend, Econometrica 13(3), 1945; the slope: Sen, Estimates of
/// the regression coefficient based on Kendall's tau, JASA 63(324), 1968.
pub fn trend(rounds_s: &[f64]) -> Option<Trend> {
    if rounds_s.iter().any(|round_s| round_s.is_nan()) {
        return None;
    }
    let p_value = p_value(rounds_s);
    let drift = drift(rounds_s)?;
    (p_value <= TREND_LEVEL).then_some(Trend { drift, p_value })
}

/// Sen's slope times the number of steps, over the median; `None` of fewer than two.
fn drift(values: &[f64]) -> Option<f64> {
    let slope = |(first, second): (usize, usize)| {
        (values[second] - values[first]) / (second - first) as f64
    };
    let slope = median_of(pairs(values.len()).map(slope))?;
    Some(slope * (values.len() - 1) as f64 / median_of(values.iter().copied())?)
}

/// Two-sided probability of Mann's statistic in a random order of these values.
fn p_value(values: &[f64]) -> f64 {
    let statistic = statistic(values).abs();
    let ties = ties(values);
    let tail = match ties.is_empty() && values.len() <= MOST_EXACT {
        true => exact_tail(values.len(), statistic),
        false => normal_tail(values.len(), &ties, statistic),
    };
    (2.0 * tail).min(1.0)
}

/// Pairs in ascending order less those in descending order.
fn statistic(values: &[f64]) -> i64 {
    let sign = |(first, second): (usize, usize)| match values[second].total_cmp(&values[first]) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    };
    pairs(values.len()).map(sign).sum()
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |first| (first + 1..n).map(move |second| (first, second)))
}

/// Sizes of the groups of equal values.
fn ties(values: &[f64]) -> Vec<usize> {
    let sorted = crate::order::sorted(values.to_vec());
    let groups = sorted.chunk_by(|a, b| a == b).map(<[f64]>::len);
    groups.filter(|&tied| tied > 1).collect()
}

/// Probability that the statistic of `n` values, in random order and with groups of ties of these
/// sizes, is `statistic` or more; about.
///
/// # Source
/// Kendall, Rank Correlation Methods, 4th ed., 1970, section 4.9.
fn normal_tail(n: usize, ties: &[usize], statistic: i64) -> f64 {
    let term = |n: usize| (n * n.saturating_sub(1) * (2 * n + 5)) as f64;
    let of_ties: f64 = ties.iter().map(|&tied| term(tied)).sum();
    let variance = (term(n) - of_ties) / 18.0;
    if variance <= 0.0 {
        return 1.0;
    }
    // The statistic moves in steps of 2: half a step belongs to the tail.
    let z = (statistic as f64 - 1.0).max(0.0) / variance.sqrt();
    Normal::cdf(-z, 0.0, 1.0)
}

/// Probability that the statistic of `n` values in random order is `statistic` or more: the number
/// of descending pairs grows, with the m-th value, by 0 to m - 1, each equally likely.
///
/// # Source
/// Kendall, A new measure of rank correlation, Biometrika 30, 1938.
fn exact_tail(n: usize, statistic: i64) -> f64 {
    let mut descending = vec![1.0];
    for m in 2..=n {
        descending = with_another(&descending, m);
    }
    let n_pairs = (n * n.saturating_sub(1) / 2) as i64;
    let most = ((n_pairs - statistic) / 2).max(0) as usize;
    descending.iter().take(most + 1).sum()
}

/// The distribution of the number of descending pairs of `m` values, from that of `m - 1`.
fn with_another(before: &[f64], m: usize) -> Vec<f64> {
    let mut after = vec![0.0; before.len() + m - 1];
    for (descending, probability) in before.iter().enumerate() {
        for more in 0..m {
            after[descending + more] += probability / m as f64;
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// Upper tails from Kendall's table (Gilbert, Statistical Methods for Environmental Pollution
    /// Monitoring, 1987, table A18).
    #[test]
    fn exact_probabilities_are_those_of_the_table() {
        for (n, statistic, expected) in [
            (4, 0, 0.625),
            (4, 4, 0.167),
            (4, 6, 0.042),
            (5, 2, 0.408),
            (5, 8, 0.042),
            (5, 10, 0.0083),
            (6, 1, 0.500),
            (6, 9, 0.068),
            (6, 15, 0.0014),
            (7, 13, 0.035),
            (8, 16, 0.031),
            (9, 18, 0.038),
            (10, 21, 0.036),
            (10, 29, 0.0046),
        ] {
            let found = exact_tail(n, statistic);
            assert!(
                (found - expected).abs() < 0.0006,
                "n = {n}, S = {statistic}: {found}"
            );
        }
    }

    #[test]
    fn the_normal_approximation_meets_the_exact_one() {
        for statistic in [1, 51, 101, 201, 301, 401] {
            let exact = exact_tail(MOST_EXACT, statistic);
            let about = normal_tail(MOST_EXACT, &[], statistic);
            let apart = (about - exact).abs();
            assert!(apart < 0.001, "S = {statistic}: {exact}, {about}");
        }
    }

    #[test]
    fn ties_take_their_share_of_the_variance() {
        // S = 9, with a variance of (5 * 4 * 15 - 2 * 1 * 9) / 18.
        let found = p_value(&[1.0, 2.0, 2.0, 3.0, 3.5]);
        let expected = 2.0 * Normal::cdf(-8.0 / (282.0f64 / 18.0).sqrt(), 0.0, 1.0);
        assert_eq!(statistic(&[1.0, 2.0, 2.0, 3.0, 3.5]), 9);
        assert!((found - expected).abs() < 1e-12, "{found}, {expected}");
        assert_eq!(p_value(&[1.0; 8]), 1.0);
    }

    #[test]
    fn a_warm_up_is_found_and_measured() {
        let warming = [1.30, 1.22, 1.15, 1.11, 1.08, 1.06, 1.03, 1.04, 1.01, 1.00];
        let found = trend(&warming).unwrap();
        assert!((-0.35..-0.15).contains(&found.drift), "{found:?}");
        assert!(found.p_value < 1e-4);
        let line: Vec<f64> = (0..11).map(|at| 10.0 + f64::from(at)).collect();
        assert!((trend(&line).unwrap().drift - 10.0 / 15.0).abs() < 1e-12);
    }

    #[test]
    fn steady_or_few_rounds_have_no_trend() {
        assert_eq!(trend(&[1.0, 1.2, 0.9, 1.1, 0.95, 1.05, 1.0, 1.15]), None);
        assert_eq!(trend(&[5.0, 4.0, 3.0, 2.0, 1.0]), None, "1 of 60 by chance");
        assert_eq!(trend(&[1.0, f64::NAN, 2.0]), None);
        assert_eq!(trend(&[]), None);
        assert_eq!(trend(&[1.0]), None);
    }

    proptest! {
        #[test]
        fn backwards_is_as_probable_and_drifts_the_other_way(values in vec(0.5f64..2.0, 2..70)) {
            let mut reversed = values.clone();
            reversed.reverse();
            let (p, q) = (p_value(&values), p_value(&reversed));
            prop_assert!((p - q).abs() < 1e-9 && (0.0..=1.0).contains(&p));
            let (there, back) = (drift(&values).unwrap(), drift(&reversed).unwrap());
            prop_assert!((there + back).abs() < 1e-9, "{} {}", there, back);
        }
    }
}
