//! What a race ends with: the arms and values that are worth to be measured on other queries.

use annbench_eval::{expected_at, expected_qps, projected_at};

use super::Race;

/// How much slower than the best a finalist may be, and how many there are to a target at most.
const FINALIST: f64 = 0.8;
const FINALISTS: usize = 3;

/// By how many arms of its interval recall must lie above a target so that other queries will
/// most likely (4 of 5) find it there for sure: 1 + 0.84 sqrt(2) / 1.96.
const SURE_ARMS: f64 = 1.6;

impl Race<'_> {
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
}
