//! A whole distribution of latencies, percentile by percentile.

use crate::latency::MIN_BEYOND;

/// Places on the curve for each factor of ten that is left beyond the percentile.
const PER_DECADE: usize = 6;

/// Latency against percentile, as HdrHistogram's plots show it: pairs of 1 / (1 - percentile), 2 for
/// the median and 100 for the 99th, and the latency that this share of the samples does not exceed
/// (nearest rank), ascending. Ends at the last percentile that 10 samples lie at or beyond.
///
/// `counts` holds latencies in nanoseconds, ascending, and how often each was measured.
pub fn percentile_curve(counts: &[(u64, u64)]) -> Vec<(f64, u64)> {
    let n: u64 = counts.iter().map(|(_, count)| count).sum();
    let steps = (0..).map(|step| 10_f64.powf(f64::from(step) / PER_DECADE as f64));
    let places = steps.map(|left| (left, (n as f64 * (1.0 - 1.0 / left)).ceil().max(1.0) as u64));
    let carried = places.take_while(|(_, rank)| *rank + MIN_BEYOND as u64 <= n + 1);
    let mut seen = 0;
    let mut rest = counts.iter().peekable();
    let mut curve = Vec::new();
    for (left, rank) in carried {
        while let Some((_, count)) = rest.next_if(|(_, count)| seen + count < rank) {
            seen += count;
        }
        curve.extend(rest.peek().map(|(latency_ns, _)| (left, *latency_ns)));
    }
    curve
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::carried_percentile;

    #[test]
    fn the_curve_goes_from_the_fastest_to_the_last_that_is_carried() {
        let counts: Vec<(u64, u64)> = (1..=1_000).map(|latency| (latency, 1)).collect();
        let curve = percentile_curve(&counts);
        assert_eq!(curve[0], (1.0, 1));
        assert!(
            (curve[12].0 - 100.0).abs() < 1e-9 && curve[12].1 == 990,
            "{curve:?}"
        );
        assert_eq!(
            curve.len(),
            13,
            "of 1,000 samples 10 lie beyond the 99th percentile"
        );
        assert_eq!(percentile_curve(&[]), []);
        assert_eq!(percentile_curve(&[(5, 9)]), []);
    }

    proptest! {
        #[test]
        fn each_place_is_a_percentile_by_nearest_rank(mut samples in vec(1u64..50, 1..400)) {
            samples.sort_unstable();
            let counts: Vec<(u64, u64)> = samples
                .chunk_by(|a, b| a == b)
                .map(|same| (same[0], same.len() as u64))
                .collect();
            for (left, latency) in percentile_curve(&counts) {
                let p = 100.0 * (1.0 - 1.0 / left);
                if p > 0.0 && (p * samples.len() as f64 / 100.0).fract() > 1e-6 {
                    prop_assert_eq!(carried_percentile(&samples, p), Some(latency));
                }
            }
        }
    }
}
