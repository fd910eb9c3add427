//! Which index to look at next, and where: the search itself, without anything that measures.
//!
//! Every kind of index is measured once; then whichever promises most is brought nearer to the
//! target, until nothing that is left could still win. Build parameters are searched from the
//! middle outwards: neighbours of the best build of a kind are tried while they gain.
//!
//! # Source
//! Land and Doig, An Automatic Method of Solving Discrete Programming Problems, Econometrica 28(3),
//! 1960, for leaving out what cannot win any more (branch and bound); Hooke and Jeeves, "Direct
//! Search" Solution of Numerical and Statistical Problems, Journal of the ACM 8(2), 1961, for trying
//! neighbours of the best.

use annbench_eval::{Landmark, Reach, Step, expected_at, expected_qps, landing, projected_at};
use anyhow::Result;

/// How much faster an index may turn out than it is expected to be, where the target lies between
/// two points measured and where it does not.
const HOPE_BETWEEN: f64 = 1.1;
const HOPE_BEYOND: f64 = 1.5;

/// How much slower than the best a finalist may be, and how many there are to a target at most.
const FINALIST: f64 = 0.8;
const FINALISTS: usize = 3;

/// By how many arms of its interval recall must lie above a target so that other queries will
/// most likely (4 of 5) find it there for sure: 1 + 0.84 sqrt(2) / 1.96.
const SURE_ARMS: f64 = 1.6;

/// An index with all parameters given but one of the search.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arm {
    /// Number of its kind: arms of one kind differ in numbers alone.
    pub(crate) kind: usize,
    /// Its place among its kind: the rank of each of those numbers.
    pub(crate) place: Vec<usize>,
    /// The parameter that is left; none where there is nothing to choose.
    pub(crate) key: Option<String>,
    /// The values it may take.
    pub(crate) reach: Reach,
    /// Whether it is exact by construction.
    pub(crate) is_exact: bool,
}

/// A measurement: an arm at a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// Where, and what was found there.
    pub(crate) mark: Landmark,
    /// Lower end of the interval of recall.
    pub(crate) low: f64,
    /// Recall that was expected there, if any was.
    pub(crate) expected: Option<f64>,
}

/// Measures an arm at a value; none if that fails.
pub(crate) trait Measure {
    fn measure(&mut self, arm: usize, at: f64) -> Result<Option<(Landmark, f64)>>;
}

/// What is known of the arms.
pub(crate) struct Race<'a> {
    arms: &'a [Arm],
    known: Vec<Vec<Measured>>,
    /// Arms that could not be measured.
    failed: Vec<bool>,
    limit: usize,
}

impl<'a> Race<'a> {
    /// Nothing is known; at most `limit` points will be measured.
    pub(crate) fn new(arms: &'a [Arm], limit: usize) -> Self {
        Self {
            arms,
            known: vec![Vec::new(); arms.len()],
            failed: vec![false; arms.len()],
            limit,
        }
    }

    /// Looks for the fastest arm at each target, the targets one after the other.
    pub(crate) fn run(&mut self, targets: &[f64], measure: &mut dyn Measure) -> Result<()> {
        let first = targets.first().copied().unwrap_or_default();
        for arm in self.middles() {
            self.step(arm, first, measure)?;
        }
        for &target in targets {
            while let Some(arm) = self.next(target) {
                self.step(arm, target, measure)?;
            }
        }
        Ok(())
    }

    /// All that was measured, arm by arm.
    pub(crate) fn known(&self) -> &[Vec<Measured>] {
        &self.known
    }

    /// The arms that landed on a target with the qps each has there, the fastest first.
    pub(crate) fn landed(&self, target: f64) -> Vec<(usize, Measured, f64)> {
        let landed = (0..self.arms.len()).filter_map(|arm| {
            let marks = self.marks(arm);
            let reach = self.arms[arm].reach;
            let Step::Landed(mark) = landing(reach, &marks, target, None) else {
                return None;
            };
            let measured = self.known[arm].iter().find(|known| known.mark == mark)?;
            Some((arm, *measured, expected_qps(reach, &marks, target)?))
        });
        let mut landed: Vec<_> = landed.collect();
        landed.sort_by(|a, b| b.2.total_cmp(&a.2));
        landed
    }

    /// What is worth to be measured on other queries: arm and value. For each target the fastest that
    /// landed, and one where it is sure; and what is exact.
    pub(crate) fn finalists(&self, targets: &[f64]) -> Vec<(usize, f64)> {
        let mut finalists: Vec<(usize, f64)> = Vec::new();
        for &target in targets {
            let landed = self.landed(target);
            let best = landed.first().map_or(f64::INFINITY, |(_, _, qps)| *qps);
            let near = landed.iter().filter(|(_, _, qps)| *qps >= FINALIST * best);
            finalists.extend(
                near.take(FINALISTS)
                    .map(|(arm, found, _)| (*arm, found.mark.at)),
            );
            finalists.extend(self.sure(target));
        }
        let exact = (0..self.arms.len()).filter(|&arm| self.arms[arm].is_exact);
        finalists.extend(exact.flat_map(|arm| {
            let known = self.known[arm].iter();
            known.map(move |known| (arm, known.mark.at))
        }));
        finalists.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        finalists.dedup();
        finalists
    }

    /// The arm that is worth the next measurement; none where nothing could still win.
    fn next(&self, target: f64) -> Option<usize> {
        let to_beat = self.to_beat(target);
        let open = (0..self.arms.len())
            .filter(|&arm| !self.known[arm].is_empty() && self.is_moving(arm, target));
        let hopeful = open.filter_map(|arm| {
            let hope = self.hope(arm, target).filter(|hope| *hope >= to_beat)?;
            (!self.is_beaten(arm, target, to_beat)).then_some((arm, hope))
        });
        let best = hopeful.max_by(|a, b| a.1.total_cmp(&b.1));
        let arm = best
            .map(|(arm, _)| arm)
            .or_else(|| self.neighbour(target, to_beat))?;
        (self.n_measured() < self.limit).then_some(arm)
    }

    /// An arm not yet looked at, next to the best one of its kind, of the best kind that could win.
    fn neighbour(&self, target: f64, to_beat: f64) -> Option<usize> {
        let mut best: Vec<(usize, f64)> = Vec::new();
        for kind in 0..=self.arms.iter().map(|arm| arm.kind).max()? {
            let of_kind = (0..self.arms.len()).filter(|&arm| self.arms[arm].kind == kind);
            let expected = of_kind.filter_map(|arm| {
                Some((
                    arm,
                    expected_qps(self.arms[arm].reach, &self.marks(arm), target)?,
                ))
            });
            best.extend(expected.max_by(|a, b| a.1.total_cmp(&b.1)));
        }
        best.retain(|(_, expected)| HOPE_BEYOND * expected >= to_beat);
        best.sort_by(|a, b| b.1.total_cmp(&a.1));
        let unknown = |&arm: &usize| self.known[arm].is_empty() && !self.failed[arm];
        let mut candidates = best.iter().flat_map(|(best, _)| {
            (0..self.arms.len()).filter(move |&arm| self.arms[arm].is_next_to(&self.arms[*best]))
        });
        candidates.find(unknown)
    }

    /// Queries a second of the fastest point that reaches the target.
    fn to_beat(&self, target: f64) -> f64 {
        let all = self.known.iter().flatten();
        let reaching = all.filter(|known| known.mark.recall >= target);
        reaching.map(|known| known.mark.qps).fold(0.0, f64::max)
    }

    /// Whether an arm has not come to its end for this target.
    fn is_moving(&self, arm: usize, target: f64) -> bool {
        let step = landing(self.arms[arm].reach, &self.marks(arm), target, None);
        !self.failed[arm] && matches!(step, Step::Measure { .. })
    }

    /// Whether what an arm has below the target is no faster than the best that reaches it: more
    /// recall only costs it more.
    fn is_beaten(&self, arm: usize, target: f64, to_beat: f64) -> bool {
        let mut known = self.known[arm].iter();
        known.any(|known| known.mark.recall < target && known.mark.qps <= to_beat)
    }

    fn hope(&self, arm: usize, target: f64) -> Option<f64> {
        let marks = self.marks(arm);
        let is_below = |mark: &Landmark| mark.recall < target;
        let factor = match marks.iter().any(is_below) && !marks.iter().all(is_below) {
            true => HOPE_BETWEEN,
            false => HOPE_BEYOND,
        };
        let hoped = factor * expected_qps(self.arms[arm].reach, &marks, target)?;
        Some(hoped.min(HOPE_BETWEEN * self.best_possible(arm)))
    }

    /// Queries a second that an arm can have at most, at the smallest value: a search takes a time
    /// that grows no faster than its parameter.
    fn best_possible(&self, arm: usize) -> f64 {
        let low = self.arms[arm].reach.low;
        let marks = self.known[arm].iter().map(|known| known.mark);
        marks
            .map(|mark| mark.qps * mark.at / low)
            .fold(f64::INFINITY, f64::min)
    }

    /// Measures an arm where it comes nearest to the target.
    fn step(&mut self, arm: usize, target: f64, measure: &mut dyn Measure) -> Result<()> {
        let start = self.start(arm, target);
        match landing(self.arms[arm].reach, &self.marks(arm), target, start) {
            Step::Measure { at, expected } => self.take(arm, at, expected, measure),
            Step::Landed(_) | Step::OutOfReach => Ok(()),
        }
    }

    fn take(
        &mut self,
        arm: usize,
        at: f64,
        expected: Option<f64>,
        measure: &mut dyn Measure,
    ) -> Result<()> {
        match measure.measure(arm, at)? {
            Some((mark, low)) => self.known[arm].push(Measured {
                mark,
                low,
                expected,
            }),
            None => self.failed[arm] = true,
        }
        Ok(())
    }

    /// Where others come to the target by the same parameter: of the same kind first.
    fn start(&self, arm: usize, target: f64) -> Option<f64> {
        let this = &self.arms[arm];
        let known = (0..self.arms.len()).filter(|&other| !self.known[other].is_empty());
        let same = known.filter(|&other| this.key.is_some() && self.arms[other].key == this.key);
        let nearest = same.min_by_key(|&other| (self.arms[other].kind != this.kind, other))?;
        projected_at(&self.marks(nearest), target)
    }

    /// An arm that can be sure to reach a target on other queries, and the value at which it is
    /// expected to: the run of the finalists measures it. The fastest of those that landed, or else
    /// the one that promises most.
    fn sure(&self, target: f64) -> Option<(usize, f64)> {
        let landed = self.landed(target);
        let (_, first, _) = landed.first()?;
        let arm_of_interval = first.mark.recall - first.low;
        let most = 1.0 - 0.2 * (1.0 - target);
        let wanted = (target + SURE_ARMS * arm_of_interval).min(most);
        let mut landed = landed.iter().map(|(arm, ..)| *arm);
        let sure = landed.find_map(|arm| Some((arm, self.within_reach(arm, wanted)?)));
        sure.or_else(|| self.promising(wanted))
    }

    /// Of the arms that have a recall within reach the one expected to be the fastest there.
    fn promising(&self, recall: f64) -> Option<(usize, f64)> {
        let promises = (0..self.arms.len()).filter_map(|arm| {
            let at = self.within_reach(arm, recall)?;
            let qps = expected_qps(self.arms[arm].reach, &self.marks(arm), recall)?;
            Some((arm, at, qps))
        });
        let best = promises.max_by(|a, b| a.2.total_cmp(&b.2));
        best.map(|(arm, at, _)| (arm, at))
    }

    /// The value at which an arm is expected to reach a recall, if it has it.
    fn within_reach(&self, arm: usize, recall: f64) -> Option<f64> {
        let (reach, marks) = (self.arms[arm].reach, self.marks(arm));
        let is_reached = marks.iter().any(|mark| mark.recall >= recall);
        let at = projected_at(&marks, recall)?;
        (is_reached || at <= reach.high).then(|| expected_at(reach, &marks, recall))?
    }

    /// Of each kind the arm in the middle.
    fn middles(&self) -> Vec<usize> {
        let kinds = self.arms.iter().map(|arm| arm.kind + 1).max().unwrap_or(0);
        let middle = |kind| {
            let of_kind = || (0..self.arms.len()).filter(move |&arm| self.arms[arm].kind == kind);
            let most = |axis: usize| of_kind().map(|arm| self.arms[arm].place[axis]).max();
            let off = |arm: usize| -> usize {
                let place = self.arms[arm].place.iter().enumerate();
                place
                    .map(|(axis, rank)| (2 * rank).abs_diff(most(axis).unwrap_or(0)))
                    .sum()
            };
            of_kind().min_by_key(|&arm| (off(arm), std::cmp::Reverse(arm)))
        };
        (0..kinds).filter_map(middle).collect()
    }

    fn marks(&self, arm: usize) -> Vec<Landmark> {
        self.known[arm].iter().map(|known| known.mark).collect()
    }

    pub(crate) fn n_measured(&self) -> usize {
        self.known.iter().map(Vec::len).sum()
    }
}

impl Arm {
    /// Whether one number of the two differs, by one rank.
    fn is_next_to(&self, other: &Self) -> bool {
        let ranks = self.place.iter().zip(&other.place);
        let apart: usize = ranks.map(|(a, b)| a.abs_diff(*b)).sum();
        self.kind == other.kind && self.place.len() == other.place.len() && apart == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arms with curves: recall `1 - exp(-(at / scale)^0.7)` up to a ceiling, qps `speed / (1 + at)`.
    struct Simulated(Vec<[f64; 3]>);

    impl Simulated {
        fn mark(&self, arm: usize, at: f64) -> Landmark {
            let [scale, ceiling, speed] = self.0[arm];
            Landmark {
                at,
                recall: ceiling * (1.0 - (-(at / scale).powf(0.7)).exp()),
                qps: speed / (1.0 + at),
            }
        }

        /// The fastest arm with its qps at the smallest value that reaches a target.
        fn best(&self, arms: &[Arm], target: f64) -> (usize, f64) {
            let at = |arm: usize| {
                let values =
                    (arms[arm].reach.low as u32..=arms[arm].reach.high as u32).map(f64::from);
                let marks = values.map(|at| self.mark(arm, at));
                let mut reaching = marks.filter(|mark| mark.recall >= target);
                Some((arm, reaching.next()?.qps))
            };
            let best = (0..arms.len()).filter_map(at);
            best.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
        }
    }

    impl Measure for Simulated {
        fn measure(&mut self, arm: usize, at: f64) -> Result<Option<(Landmark, f64)>> {
            let mark = self.mark(arm, at);
            Ok(Some((mark, mark.recall - 0.01)))
        }
    }

    fn arm(kind: usize, rank: usize) -> Arm {
        Arm {
            kind,
            place: vec![rank],
            key: Some(format!("key{}", kind % 2)),
            reach: Reach {
                low: 1.0,
                high: 256.0,
                is_whole: true,
            },
            is_exact: false,
        }
    }

    /// Four kinds of three builds each, as a sweep has them.
    fn field() -> (Vec<Arm>, Simulated) {
        let arms = (0..4)
            .flat_map(|kind| (0..3).map(move |rank| arm(kind, rank)))
            .collect();
        let curves = vec![
            [3.0, 1.0, 20e3],
            [4.0, 1.0, 30e3],
            [6.0, 1.0, 36e3],
            [5.0, 1.0, 90e3],
            [4.0, 1.0, 100e3],
            [3.5, 1.0, 120e3],
            [8.0, 0.80, 300e3],
            [9.0, 0.82, 300e3],
            [10.0, 0.84, 300e3],
            [9.0, 1.0, 9e3],
            [9.0, 1.0, 8e3],
            [9.0, 1.0, 7e3],
        ];
        (arms, Simulated(curves))
    }

    #[test]
    fn the_fastest_arm_is_found_in_a_third_of_the_points_of_a_grid() {
        let (arms, mut simulated) = field();
        for target in [0.9, 0.95, 0.99] {
            let mut race = Race::new(&arms, usize::MAX);
            race.run(&[target], &mut simulated).unwrap();
            let (winner, found, _) = race.landed(target)[0];
            let (best, qps) = simulated.best(&arms, target);
            assert_eq!(winner, best, "at {target}");
            assert!(found.mark.qps > 0.85 * qps, "{found:?}, best {qps}");
            // A grid of eight values a build.
            assert!(
                3 * race.n_measured() <= 8 * arms.len(),
                "{} at {target}",
                race.n_measured()
            );
        }
    }

    #[test]
    fn points_of_one_target_serve_the_next() {
        let (arms, mut simulated) = field();
        let targets = [0.9, 0.95, 0.99];
        let alone = targets.map(|target| {
            let mut race = Race::new(&arms, usize::MAX);
            race.run(&[target], &mut simulated).unwrap();
            race.n_measured()
        });
        let mut race = Race::new(&arms, usize::MAX);
        race.run(&targets, &mut simulated).unwrap();
        assert!(race.n_measured() < alone.iter().sum());
        for target in targets {
            assert_eq!(
                race.landed(target)[0].0,
                simulated.best(&arms, target).0,
                "{target}"
            );
        }
    }

    #[test]
    fn kinds_that_cannot_win_are_looked_at_once_or_twice() {
        let (arms, mut simulated) = field();
        let mut race = Race::new(&arms, usize::MAX);
        race.run(&[0.95], &mut simulated).unwrap();
        let of_kind = |kind: usize| -> usize {
            let known = arms.iter().zip(race.known());
            known
                .filter(|(arm, _)| arm.kind == kind)
                .map(|(_, known)| known.len())
                .sum()
        };
        assert!(
            of_kind(0) <= 2 && of_kind(3) <= 2,
            "{} {}",
            of_kind(0),
            of_kind(3)
        );
    }

    #[test]
    fn what_cannot_win_even_at_its_smallest_value_is_left() {
        let narrow = Reach {
            low: 32.0,
            high: 128.0,
            is_whole: true,
        };
        let mut arms = vec![arm(0, 0), arm(1, 0)];
        arms[1].reach = narrow;
        // Both reach the target by far. Halved, the second's parameter gives at most twice its speed.
        let mut simulated = Simulated(vec![[2.0, 1.0, 300e3], [2.0, 1.0, 450e3]]);
        let mut race = Race::new(&arms, usize::MAX);
        race.run(&[0.9], &mut simulated).unwrap();
        assert_eq!(race.landed(0.9)[0].0, 0);
        let at: Vec<f64> = race.known()[1].iter().map(|known| known.mark.at).collect();
        assert_eq!(at.len(), 1, "{at:?}");
    }

    #[test]
    fn finalists_hold_the_winner_where_it_lands_and_where_it_is_sure() {
        let (arms, mut simulated) = field();
        let mut race = Race::new(&arms, usize::MAX);
        race.run(&[0.95], &mut simulated).unwrap();
        let (winner, found, _) = race.landed(0.95)[0];
        let finalists = race.finalists(&[0.95]);
        assert!(
            finalists.contains(&(winner, found.mark.at)),
            "{finalists:?}"
        );
        let sure = finalists.iter().filter(|(arm, _)| *arm == winner);
        let sure = sure.map(|(arm, at)| simulated.mark(*arm, *at).recall);
        assert!(sure.fold(0.0, f64::max) >= 0.96, "{finalists:?}");
    }

    #[test]
    fn where_the_winner_cannot_be_sure_the_next_one_is() {
        let mut arms = vec![arm(0, 0), arm(1, 0)];
        arms[0].reach.high = 32.0;
        // At its end the first has a recall of 0.954, too little to be sure on other queries.
        let mut simulated = Simulated(vec![[6.4, 1.0, 300e3], [6.4, 1.0, 200e3]]);
        let mut race = Race::new(&arms, usize::MAX);
        race.run(&[0.95], &mut simulated).unwrap();
        assert_eq!(race.landed(0.95)[0].0, 0);
        let finalists = race.finalists(&[0.95]);
        let sure = finalists.iter().filter(|(arm, _)| *arm == 1);
        let sure = sure.map(|(arm, at)| simulated.mark(*arm, *at).recall);
        assert!(sure.fold(0.0, f64::max) >= 0.96, "{finalists:?}");
    }

    #[test]
    fn an_arm_that_fails_is_given_up_and_a_limit_is_kept() {
        struct Broken(Simulated);
        impl Measure for Broken {
            fn measure(&mut self, arm: usize, at: f64) -> Result<Option<(Landmark, f64)>> {
                match arm {
                    5 => Ok(None),
                    arm => self.0.measure(arm, at),
                }
            }
        }
        let (arms, simulated) = field();
        let mut race = Race::new(&arms, usize::MAX);
        race.run(&[0.95], &mut Broken(simulated)).unwrap();
        assert_eq!(race.landed(0.95)[0].0, 4, "the next best");
        let (arms, mut simulated) = field();
        let mut race = Race::new(&arms, 6);
        race.run(&[0.95], &mut simulated).unwrap();
        assert_eq!(race.n_measured(), 6);
    }
}
