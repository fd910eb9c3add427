//! Intervals of a figure that varies between builds, rounds and queries.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    Bootstrap, Interval,
    median_law::MedianLaw,
    order::{median_of, quantile, sorted},
    query_means::QueryMeans,
    samples::Cells,
};

/// What the logarithm of a figure rests on, level by level.
///
/// The estimate is the median over builds of their medians over rounds. Levels deviate from it
/// independently, in logarithms, and a replicate adds up a deviation of each:
///
/// - builds: where the median of the builds' medians lies ([`MedianLaw`]). It holds what the rounds
///   of each build left in its median, too. Of one build there is no such deviation: the interval is
///   then one for that build.
/// - rounds: where the median of the rounds lies, each round being what builds deviated in it from
///   their medians. Rounds are crossed with builds, so a round that was slow for all of them is one
///   slow round. Of several builds, only what they have in common counts here, as the rest is in the
///   level of builds: added again, it made 95 % intervals of three builds hold in 99.8 of 100
///   simulated runs.
/// - queries: means over queries, resampled. Queries are crossed with all else, so that one
///   resample stands for all rounds.
///
/// Plain resampling gives intervals that are too narrow for few samples. [`MedianLaw`] mends that
/// for builds and rounds, [`QueryMeans`] for queries. How often intervals then hold the truth, the
/// example `coverage` shows for each number of builds, rounds and queries: 95 % intervals do in 92
/// to 99 of 100 simulated runs.
///
/// # Source
/// Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8, on levels (what
/// is within a group is not resampled again); Owen, The pigeonhole bootstrap, Annals of Applied
/// Statistics 1(2), 2007, on crossed factors.
#[derive(Debug)]
pub(crate) struct Hierarchy {
    builds: MedianLaw,
    rounds: MedianLaw,
    /// What of the rounds' deviation the builds have in common, from 0 to 1.
    shared: f64,
    queries: Option<QueryMeans>,
}

impl Hierarchy {
    /// `None` of no cells. Cells are logarithms.
    pub(crate) fn new(cells: &Cells, queries: Option<QueryMeans>) -> Option<Self> {
        let medians: Vec<f64> = cells
            .builds()
            .filter_map(|rounds| median_of(rounds.values().copied()))
            .collect();
        let rounds = cells.deviations_by_round(&medians);
        let typical = rounds
            .iter()
            .filter_map(|of_round| median_of(of_round.iter().copied()));
        Some(Self {
            rounds: MedianLaw::new(typical.collect())?,
            shared: shared(&rounds, medians.len()),
            builds: MedianLaw::new(medians)?,
            queries,
        })
    }

    /// The estimate, no logarithm any more.
    pub(crate) fn estimate(&self) -> f64 {
        self.builds.median().exp()
    }

    /// The estimate in its interval; `None` from one round, which can't tell how rounds vary.
    pub(crate) fn interval(&self, bootstrap: &Bootstrap) -> Option<Interval> {
        if self.rounds.n() < 2 {
            return None;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(bootstrap.seed);
        let replicate = |_| self.deviation(&mut rng);
        let deviations = sorted((0..bootstrap.resamples.max(1)).map(replicate).collect());
        let tail = (1.0 - bootstrap.level) / 2.0;
        let value = self.estimate();
        Some(Interval {
            value,
            low: value * quantile(&deviations, tail).min(0.0).exp(),
            high: value * quantile(&deviations, 1.0 - tail).max(0.0).exp(),
            coverage: bootstrap.level,
        })
    }

    fn deviation(&self, rng: &mut impl Rng) -> f64 {
        let rounds = self.shared * self.rounds.deviation(rng);
        let queries = self.queries.as_ref();
        let queries = queries.map_or(0.0, |queries| queries.deviation(rng));
        self.builds.deviation(rng) + rounds + queries
    }
}

impl Cells {
    /// Of each round, what each build that has it deviates from its own median.
    fn deviations_by_round(&self, medians: &[f64]) -> Vec<Vec<f64>> {
        let mut by_round = BTreeMap::<usize, Vec<f64>>::new();
        for (rounds, median) in self.builds().zip(medians) {
            for (&round, figure) in rounds {
                by_round.entry(round).or_default().push(figure - median);
            }
        }
        by_round.into_values().collect()
    }
}

/// Which part of a round's deviation, typical of its builds, is common to them: the root of the
/// share of its variance. All of it where there is one build.
///
/// # Source
/// The correlation of two builds from how often they deviate to the same side (Blomqvist, On a
/// measure of dependence between two random variables, Annals of Mathematical Statistics 21(4),
/// 1950), which wild rounds cannot sway; from it the share in a mean of all (Spearman and Brown,
/// British Journal of Psychology 3, 1910).
fn shared(rounds: &[Vec<f64>], n_builds: usize) -> f64 {
    if n_builds == 1 {
        return 1.0;
    }
    let (mut agreeing, mut all) = (0.0, 0.0);
    for of_round in rounds {
        let sides = of_round.iter().filter(|deviation| **deviation != 0.0);
        let (n, sum) = sides.fold((0.0, 0.0), |(n, sum), side| (n + 1.0, sum + side.signum()));
        // Over ordered pairs of builds: +1 where both lie on one side, -1 where not.
        agreeing += sum * sum - n;
        all += n * (n - 1.0);
    }
    if agreeing <= 0.0 {
        return 0.0;
    }
    let correlation = (std::f64::consts::FRAC_PI_2 * agreeing / all).sin();
    let n = n_builds as f64;
    (n * correlation / (1.0 + (n - 1.0) * correlation)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(builds: &[&[f64]]) -> Cells {
        let builds = builds.iter().enumerate();
        builds
            .flat_map(|(build, rounds)| {
                let rounds = rounds.iter().enumerate();
                rounds.map(move |(round, &figure)| (build, round, figure))
            })
            .collect()
    }

    #[test]
    fn the_estimate_is_the_median_of_medians() {
        let cells = cells(&[&[1.0, 2.0, 9.0], &[3.0, 3.0, 3.0], &[0.0, 0.5, 0.5]]);
        let hierarchy = Hierarchy::new(&cells, None).unwrap();
        assert_eq!(hierarchy.estimate(), 2.0f64.exp());
    }

    #[test]
    fn a_round_that_was_slow_for_all_builds_is_one_slow_round() {
        let alike = cells(&[&[1.0, 2.0, 1.0, 5.0], &[3.0, 4.0, 3.0, 7.0]]);
        let rounds = alike.deviations_by_round(&[1.5, 3.5]);
        assert_eq!(rounds, [[-0.5; 2], [0.5; 2], [-0.5; 2], [3.5; 2]]);
        assert_eq!(shared(&rounds, 2), 1.0);
        let hierarchy = Hierarchy::new(&alike, None).unwrap();
        assert_eq!(hierarchy.rounds.n(), 4);
    }

    #[test]
    fn rounds_of_several_builds_count_by_what_they_have_in_common() {
        let (slow, fast) = (1.0, -1.0);
        // 4 of 6 pairs agree: a correlation of sin(pi / 6) = 1/2, and 1/2 * 2 / (1 + 1/2) of a mean.
        let mostly = [
            [slow, slow],
            [fast, fast],
            [slow, slow],
            [fast, fast],
            [slow, fast],
            [fast, slow],
        ];
        let opposed = [[slow, fast], [fast, slow], [0.0, slow]];
        for (rounds, expected) in [
            (&mostly[..], (2.0f64 / 3.0).sqrt()),
            (&opposed, 0.0),
            (&[], 0.0),
        ] {
            let rounds: Vec<Vec<f64>> = rounds.iter().map(|round| round.to_vec()).collect();
            assert!((shared(&rounds, 2) - expected).abs() < 1e-12, "{rounds:?}");
        }
        assert_eq!(shared(&[vec![slow], vec![fast]], 1), 1.0);
    }

    #[test]
    fn one_round_has_an_estimate_and_no_interval() {
        let hierarchy = Hierarchy::new(&cells(&[&[1.0], &[2.0], &[3.0]]), None).unwrap();
        assert_eq!(hierarchy.estimate(), 2.0f64.exp());
        assert_eq!(hierarchy.interval(&Bootstrap::default()), None);
        assert!(Hierarchy::new(&Cells::default(), None).is_none());
    }

    #[test]
    fn each_level_widens_the_interval() {
        let bootstrap = Bootstrap::default();
        let width = |cells: &Cells, queries| {
            let interval = Hierarchy::new(cells, queries)
                .unwrap()
                .interval(&bootstrap)
                .unwrap();
            interval.high - interval.low
        };
        let rounds = [0.0, 0.01, 0.02, -0.01, -0.02, 0.005];
        let alone = width(&cells(&[&rounds]), None);
        let others = [rounds.map(|ln| ln + 0.1), rounds.map(|ln| ln - 0.1)];
        let builds = width(&cells(&[&rounds, &others[0], &others[1]]), None);
        let pairs: Vec<(f64, f64)> = (1..50).map(|at| (1.0, f64::from(at))).collect();
        let queries = width(&cells(&[&rounds]), QueryMeans::new(pairs));
        assert!(alone > 0.0 && builds > 2.0 * alone && queries > 2.0 * alone);
    }
}
