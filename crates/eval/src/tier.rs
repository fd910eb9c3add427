//! The Pareto front, as sharp as a run can draw it.

use crate::front;

/// Where an operating point stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// On the front: by the estimates, no point beats it.
    Front,
    /// Beaten by estimates, but by no point that can be told from it: it may be on the front.
    Tied,
    /// Beaten by a point that is better beyond doubt, or not measured.
    Beaten,
}

/// The tier of each point, given as recall and queries a second (or any two figures that are to be
/// large); a point with a NaN is [`Tier::Beaten`].
///
/// A point beats another if it is at least as good in both figures and better in one.
/// `is_surely_better(winner, loser)` is asked of such pairs alone, given by their positions, until
/// it says yes for the loser: whether the winner's lead in at least one figure is beyond doubt
/// ([`verdict`](crate::verdict) of the paired ratio, or a
/// [`recall_difference`](crate::recall_difference()) above 0).
pub fn tiers(
    points: &[(f64, f64)],
    mut is_surely_better: impl FnMut(usize, usize) -> bool,
) -> Vec<Tier> {
    let mut tiers = vec![Tier::Beaten; points.len()];
    for at in front(points) {
        tiers[at] = Tier::Front;
    }
    for loser in 0..points.len() {
        let is_number = !points[loser].0.is_nan() && !points[loser].1.is_nan();
        let mut winners = (0..points.len()).filter(|&winner| beats(points[winner], points[loser]));
        if is_number
            && tiers[loser] == Tier::Beaten
            && !winners.any(|winner| is_surely_better(winner, loser))
        {
            tiers[loser] = Tier::Tied;
        }
    }
    tiers
}

fn beats(a: (f64, f64), b: (f64, f64)) -> bool {
    a.0 >= b.0 && a.1 >= b.1 && a != b
}

#[cfg(test)]
mod tests {
    use super::*;
    use Tier::{Beaten, Front, Tied};
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn a_point_is_tied_until_one_surely_beats_it() {
        let points = [(0.9, 100.0), (0.9, 99.0), (0.8, 98.0), (f64::NAN, 1.0)];
        assert_eq!(tiers(&points, |_, _| true), [Front, Beaten, Beaten, Beaten]);
        assert_eq!(tiers(&points, |_, _| false), [Front, Tied, Tied, Beaten]);
        let recall_decides =
            |winner: usize, loser: usize| points[winner].0 > points[loser].0 + 0.05;
        assert_eq!(
            tiers(&points, recall_decides),
            [Front, Tied, Beaten, Beaten]
        );
    }

    #[test]
    fn only_pairs_that_estimates_order_are_asked_about() {
        let points = [(0.9, 10.0), (0.8, 20.0), (0.8, 10.0)];
        let mut asked = Vec::new();
        tiers(&points, |winner, loser| {
            asked.push((winner, loser));
            false
        });
        assert_eq!(asked, [(0, 2), (1, 2)]);
    }

    proptest! {
        #[test]
        fn the_front_is_the_one_of_the_estimates(
            points in vec((0u8..6, 0u8..6), 0..30),
            doubt in 0.0f64..4.0,
        ) {
            let points: Vec<_> = points.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let lead = |winner: usize, loser: usize| {
                let (winner, loser): ((f64, f64), (f64, f64)) = (points[winner], points[loser]);
                (winner.0 - loser.0).max(winner.1 - loser.1) > doubt
            };
            let found = tiers(&points, lead);
            for (at, tier) in found.iter().enumerate() {
                prop_assert_eq!(*tier == Front, front(&points).contains(&at));
                let surely = (0..points.len())
                    .any(|other| beats(points[other], points[at]) && lead(other, at));
                prop_assert_eq!(*tier == Beaten, surely);
            }
        }
    }
}
