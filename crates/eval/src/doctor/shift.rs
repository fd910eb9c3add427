//! Whether queries come from where the base comes from.

use serde::Serialize;

use super::{neighborhood::median, survey::Dimension};

/// How queries differ from base vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shift {
    /// Probability that a query is farther from its nearest base vector than a base vector is
    /// from its own, ties counting half: 0.5 where both come from one distribution.
    pub farther: f64,
    /// Median distance of a query to its nearest base vector, over that of a base vector.
    pub distance_ratio: f64,
    /// Root mean square, over the dimensions that vary, of the difference of means in standard
    /// deviations of the base.
    pub mean_shift: f64,
}

/// Compares the distances of queries and of base vectors to their nearest base vector, and the
/// means of each dimension.
///
/// # Source
/// `farther` is the statistic of H. Mann and D. Whitney, 1947, over the number of pairs: the common
/// language effect size of K. McGraw and S. Wong, 1992. `mean_shift` takes J. Cohen's d, *Statistical
/// Power Analysis*, 1988, of each dimension.
pub(super) fn shift(
    queries: &[f64],
    base: &[f64],
    (query_dimensions, base_dimensions): (&[Dimension], &[Dimension]),
) -> Option<Shift> {
    let usual = median(base.iter().copied())?;
    Some(Shift {
        farther: farther(queries, base)?,
        distance_ratio: match usual {
            0.0 => f64::INFINITY,
            usual => median(queries.iter().copied())? / usual,
        },
        mean_shift: mean_shift(query_dimensions, base_dimensions),
    })
}

/// The share of pairs in which the query's distance is the larger; ties count half.
fn farther(queries: &[f64], base: &[f64]) -> Option<f64> {
    let mut base = base.to_vec();
    base.sort_unstable_by(f64::total_cmp);
    let wins = |query: &f64| {
        let below = base.partition_point(|distance| distance < query);
        let not_above = base.partition_point(|distance| distance <= query);
        (below + not_above) as f64 / 2.0
    };
    let pairs = queries.len() * base.len();
    (pairs > 0).then(|| queries.iter().map(wins).sum::<f64>() / pairs as f64)
}

fn mean_shift(queries: &[Dimension], base: &[Dimension]) -> f64 {
    let pairs = queries.iter().zip(base);
    let varying = pairs.filter(|(_, base)| base.deviation > 0.0);
    let squares: Vec<f64> = varying
        .map(|(query, base)| ((query.mean - base.mean) / base.deviation).powi(2))
        .collect();
    match squares.len() {
        0 => 0.0,
        n => (squares.iter().sum::<f64>() / n as f64).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_farther_pairs_counts_ties_half() {
        assert_eq!(farther(&[2.0, 3.0], &[1.0, 2.0]), Some(0.875));
        assert_eq!(farther(&[1.0; 5], &[1.0; 3]), Some(0.5));
        assert_eq!(farther(&[], &[1.0]), None);
    }

    #[test]
    fn means_are_compared_in_deviations_of_the_base() {
        let dimension = |mean: f64, deviation: f64| Dimension {
            min: 0.0,
            max: 1.0,
            mean,
            deviation,
        };
        let base = [
            dimension(1.0, 0.5),
            dimension(3.0, 0.0),
            dimension(0.0, 1.0),
        ];
        let queries = [
            dimension(2.0, 9.0),
            dimension(9.0, 9.0),
            dimension(0.0, 9.0),
        ];
        assert_eq!(mean_shift(&queries, &base), 2f64.sqrt());
        assert_eq!(mean_shift(&queries[..1], &base[1..2]), 0.0);
    }
}
