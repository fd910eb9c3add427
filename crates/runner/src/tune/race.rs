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

mod finalists;
#[cfg(test)]
mod tests;

use annbench_eval::{Landmark, Reach, Step, expected_qps, landing, projected_at};
use anyhow::Result;

/// How much faster an index may turn out than it is expected to be, where the target lies between
/// two points measured and where it does not.
const HOPE_BETWEEN: f64 = 1.1;
const HOPE_BEYOND: f64 = 1.5;

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
