//! At which size of the base an index overtakes exact search.

/// Where an index begins to be faster, among the sizes that were measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Crossing {
    /// It is at all of them, from this one on.
    Below(usize),
    /// Between two of them, at about so many vectors, and from there on at all.
    At(f64),
    /// It is not at this one, the largest.
    NotWithin(usize),
}

/// Where `steps` begin to win for good: each is a number of vectors with queries a second of the
/// index over those of exact search, ascending. `None` of no steps.
///
/// Between two steps the logarithm of the ratio is taken as linear in the logarithm of the number
/// of vectors: times a query grow by powers of it.
pub fn crossing(steps: &[(usize, f64)]) -> Option<Crossing> {
    let (&(first, _), &(last, _)) = steps.first().zip(steps.last())?;
    // A ratio that is no number wins nothing.
    let loses = |&(_, ratio): &(usize, f64)| ratio.is_nan() || ratio < 1.0;
    let Some(at) = steps.iter().rposition(loses) else {
        return Some(Crossing::Below(first));
    };
    let Some(winning) = steps.get(at + 1) else {
        return Some(Crossing::NotWithin(last));
    };
    Some(Crossing::At(between(steps[at], *winning)))
}

/// Where the ratio is 1 between a step below and one at or above.
fn between((n, ratio): (usize, f64), (next_n, next_ratio): (usize, f64)) -> f64 {
    let (from, to) = ((n as f64).ln(), (next_n as f64).ln());
    let (below, above) = (ratio.ln(), next_ratio.ln());
    let share = -below / (above - below);
    match share.is_finite() {
        true => (from + (to - from) * share.clamp(0.0, 1.0)).exp(),
        false => next_n as f64,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn the_crossing_lies_where_the_curves_meet() {
        let steps = [(1000, 0.5), (4000, 2.0), (8000, 3.0)];
        let Some(Crossing::At(n)) = crossing(&steps) else {
            panic!("no crossing")
        };
        assert!((n - 2000.0).abs() < 1e-6, "half way in logarithms: {n}");
    }

    #[test]
    fn beyond_what_was_measured_nothing_is_claimed() {
        for (steps, expected) in [
            (vec![(100, 1.5), (200, 2.0)], Some(Crossing::Below(100))),
            (vec![(100, 0.2), (200, 0.9)], Some(Crossing::NotWithin(200))),
            (vec![(100, 2.0), (200, 0.9)], Some(Crossing::NotWithin(200))),
            (vec![(100, f64::NAN)], Some(Crossing::NotWithin(100))),
            (vec![], None),
        ] {
            assert_eq!(crossing(&steps), expected);
        }
    }

    proptest! {
        #[test]
        fn a_crossing_lies_between_sizes_that_were_measured(ratios in vec(0.01..100.0, 2..8)) {
            let steps: Vec<(usize, f64)> =
                ratios.iter().enumerate().map(|(at, &ratio)| (100 << at, ratio)).collect();
            if let Some(Crossing::At(n)) = crossing(&steps) {
                prop_assert!(n >= 99.9 && n <= (100 << (ratios.len() - 1)) as f64 + 0.1);
            }
        }
    }
}
