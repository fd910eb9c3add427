//! Intervals of a figure that varies between builds, rounds and queries.

use std::collections::BTreeMap;

use distrs::{Normal, StudentsT};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    Bootstrap, Interval,
    median_law::MedianLaw,
    order::{median_of, quantile, sorted},
    samples::Cells,
};

/// Most queries drawn in a resample. Of more of them, this many are drawn and the deviation, which
/// falls like the square root of their number, is scaled down: no slower however many there are.
///
/// # Source
/// Bickel, Gotze and van Zwet, Resampling fewer than n observations, Statistica Sinica 7, 1997.
const MOST_DRAWN: usize = 1_000;

/// What the logarithm of a figure rests on, level by level.
///
/// The estimate is the median over builds of their medians over rounds. Levels deviate from it
/// independently, in logarithms, and a replicate adds up a deviation of each:
///
/// - builds: where the median of the builds' medians lies ([`MedianLaw`]). Holds what rounds left in
///   those medians. Nothing of it where there is one build: the interval is then of that build.
/// - rounds: where the median of the rounds lies, each round being the median over builds of what
///   it deviates from its build. Rounds are crossed with builds, so a round that was slow for all
///   is one slow round. What deviates in one build alone is counted in its builds' level too: that
///   makes intervals of three builds, which are wide, wider by a tenth at most.
/// - queries: means over queries, resampled. Queries are crossed with all else, so that one
///   resample stands for all rounds.
///
/// Resampling alone gives intervals that are too narrow for few samples. For medians of builds and
/// rounds [`MedianLaw`] mends that, for means over queries the factor of [`expansion`].
///
/// # Source
/// Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8, on levels;
/// Owen, The pigeonhole bootstrap, Annals of Applied Statistics 1(2), 2007, on crossed factors.
#[derive(Debug)]
pub(crate) struct Hierarchy {
    builds: MedianLaw,
    rounds: MedianLaw,
    queries: Option<QueryMeans>,
}

impl Hierarchy {
    /// `None` of no cells. Cells are logarithms.
    pub(crate) fn new(cells: &Cells, queries: Option<QueryMeans>) -> Option<Self> {
        let medians: Vec<f64> = cells
            .builds()
            .filter_map(|rounds| median_of(rounds.values().copied()))
            .collect();
        Some(Self {
            rounds: MedianLaw::new(cells.deviations_of_rounds(&medians))?,
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
        let queries = self.queries.as_ref();
        let queries = queries.map_or(0.0, |queries| queries.deviation(rng));
        self.builds.deviation(rng) + self.rounds.deviation(rng) + queries
    }
}

impl Cells {
    /// What each round deviates from the medians of its builds: the median over builds.
    fn deviations_of_rounds(&self, medians: &[f64]) -> Vec<f64> {
        let mut by_round = BTreeMap::<usize, Vec<f64>>::new();
        for (rounds, median) in self.builds().zip(medians) {
            for (&round, figure) in rounds {
                by_round.entry(round).or_default().push(figure - median);
            }
        }
        let deviations = by_round.into_values();
        deviations.filter_map(median_of).collect()
    }
}

/// Mean over queries of one quantity over that of another.
#[derive(Debug)]
pub(crate) struct QueryMeans {
    pairs: Vec<(f64, f64)>,
    ln_ratio: f64,
    /// What deviations are multiplied with.
    scale: f64,
}

impl QueryMeans {
    /// The two quantities of each query, for intervals of `level`. `None` of fewer than two queries,
    /// or where a mean is 0.
    pub(crate) fn new(pairs: Vec<(f64, f64)>, level: f64) -> Option<Self> {
        let n = pairs.len();
        let ln_ratio = ln_ratio(pairs.iter().copied());
        (n > 1 && ln_ratio.is_finite()).then(|| Self {
            pairs,
            ln_ratio,
            scale: (n.min(MOST_DRAWN) as f64 / n as f64).sqrt() * expansion(n, level),
        })
    }

    /// By how much the logarithm may differ for other queries of the same kind.
    fn deviation(&self, rng: &mut impl Rng) -> f64 {
        let n = self.pairs.len();
        // Numbers below 2^32 take half the random bits of those below 2^64.
        let any = |_| self.pairs[rng.random_range(0..n as u32) as usize];
        let resampled = ln_ratio((0..n.min(MOST_DRAWN)).map(any));
        // A resample may hold nothing but queries that took no time.
        match resampled.is_finite() {
            true => (resampled - self.ln_ratio) * self.scale,
            false => 0.0,
        }
    }
}

fn ln_ratio(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let add = |sums: (f64, f64), pair: (f64, f64)| (sums.0 + pair.0, sums.1 + pair.1);
    let (numerator, denominator) = pairs.fold((0.0, 0.0), add);
    (numerator / denominator).ln()
}

/// By how much a resampled mean of `n` values deviates too little: its variance lacks the factor
/// `n / (n - 1)`, and that of few values is itself uncertain, for which Student's t stands.
///
/// # Source
/// Hesterberg, What Teachers Should Know About the Bootstrap, The American Statistician 69(4), 2015,
/// section 5: the expanded percentile interval.
fn expansion(n: usize, level: f64) -> f64 {
    let share = (1.0 + level) / 2.0;
    let freedom = (n - 1) as f64;
    let student = StudentsT::ppf(share, freedom) / Normal::ppf(share, 0.0, 1.0);
    (n as f64 / freedom).sqrt() * student
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's t from the tables in any textbook: two-sided 95 %, and 90 % for the last.
    #[test]
    fn expansions_follow_students_table() {
        for (n, t) in [
            (2, 12.7062),
            (3, 4.3027),
            (5, 2.7764),
            (11, 2.2281),
            (31, 2.0423),
            (101, 1.9840),
        ] {
            let expected = (n as f64 / (n - 1) as f64).sqrt() * t / 1.959_964;
            let found = expansion(n, 0.95);
            assert!(
                (found / expected - 1.0).abs() < 1e-4,
                "n = {n}: {found}, {expected}"
            );
        }
        assert!((expansion(11, 0.90) / ((1.1f64).sqrt() * 1.8125 / 1.644_854) - 1.0).abs() < 1e-4);
    }

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
        let all = cells(&[&[1.0, 2.0, 1.0, 5.0], &[3.0, 4.0, 3.0, 7.0]]);
        let found = all.deviations_of_rounds(&[1.5, 3.5]);
        assert_eq!(found, [-0.5, 0.5, -0.5, 3.5]);
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
        let queries = width(&cells(&[&rounds]), QueryMeans::new(pairs, 0.95));
        assert!(alone > 0.0 && builds > 2.0 * alone && queries > 2.0 * alone);
    }

    /// 4,000 queries of a known spread: drawing 1,000 of them must not make the interval twice as wide.
    #[test]
    fn many_queries_deviate_as_little_as_they_should() {
        let pairs: Vec<(f64, f64)> = (0..4_000)
            .map(|at| (f64::from(at % 2) + 1.0, 1.0))
            .collect();
        let queries = QueryMeans::new(pairs, 0.95).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let squares = (0..500).map(|_| queries.deviation(&mut rng).powi(2));
        let found = (squares.sum::<f64>() / 500.0).sqrt();
        // A standard deviation of 0.5, relative to a mean of 1.5.
        let expected = 0.5 / 1.5 / 4_000f64.sqrt();
        assert!((found / expected - 1.0).abs() < 0.1, "{found}, {expected}");
    }
}
