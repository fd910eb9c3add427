//! Points against each other: what this run can tell apart, and where each point stands.

use annbench_eval::{
    Interval, Samples, Verdict, noise_floor, paired_ratio, recall_difference, resolution, tiers,
    verdict,
};
use annbench_store::results::{Estimate, Load, Mode, Noise, PointRow, Role, Tier};

use crate::{
    ledger::Events,
    plan::Plan,
    statistics::{bootstrap, estimate, samples},
};

/// Ratio of two qps beyond which intervals need not be asked: no run is as noisy as that.
const BEYOND_DOUBT: f64 = 2.0;

/// Fills in tiers and ties, and says how sharp the run is under each load.
pub(crate) fn compare(plan: &Plan, events: &Events, points: &mut [PointRow]) -> Vec<Noise> {
    let loads = plan.loads.iter();
    let contests = loads.map(|&load| Contest { plan, events, load });
    contests.map(|contest| contest.decide(points)).collect()
}

/// All points under one load.
struct Contest<'a> {
    plan: &'a Plan,
    events: &'a Events,
    load: Load,
}

impl Contest<'_> {
    fn decide(&self, points: &mut [PointRow]) -> Noise {
        let duplicate = self.duplicate();
        let floor = duplicate.as_ref().map(noise_floor);
        let measured: Vec<usize> = (0..points.len())
            .filter(|&row| self.is_candidate(&points[row]))
            .collect();
        let mut ratios = Vec::new();
        for (at, &a) in measured.iter().enumerate() {
            for &b in &measured[at + 1..] {
                let Some(ratio) = self.ratio(&points[a], &points[b]) else {
                    continue;
                };
                ratios.push(ratio);
                if verdict(&ratio, floor.unwrap_or(0.0)) == Verdict::Indistinguishable {
                    let (first, second) = (points[a].point, points[b].point);
                    points[a].ties.push(second);
                    points[b].ties.push(first);
                }
            }
        }
        self.tier(points, &measured);
        Noise {
            load: self.load,
            duplicate: duplicate.map(estimate),
            floor,
            resolution: floor.and_then(|floor| resolution(floor, &ratios)),
            null_ns: self.null_ns(points),
        }
    }

    fn is_candidate(&self, row: &PointRow) -> bool {
        row.load() == self.load && row.role == Role::Candidate && row.qps.is_some()
    }

    /// A point against its own duplicate.
    fn duplicate(&self) -> Option<Interval> {
        let points = self.plan.points.iter().enumerate();
        let (point, twin) = points
            .clone()
            .find_map(|(point, planned)| Some((point, planned.twin?)))?;
        self.paired(point, twin)
    }

    /// qps of one point over the other's; none where the difference is beyond doubt.
    fn ratio(&self, a: &PointRow, b: &PointRow) -> Option<Interval> {
        let between = a.qps?.value / b.qps?.value;
        let in_doubt = (1.0 / BEYOND_DOUBT..=BEYOND_DOUBT).contains(&between);
        in_doubt.then(|| self.paired(a.point, b.point)).flatten()
    }

    fn samples(&self, point: usize) -> Samples<'_> {
        samples(self.plan, self.events, (point, self.load))
    }

    fn paired(&self, a: usize, b: usize) -> Option<Interval> {
        let key = |point| (point, self.load);
        let n_queries = self.events.answered.get(&key(a))?.hits.len();
        let (a, b) = (self.samples(a), self.samples(b));
        paired_ratio(&a, &b, n_queries, &bootstrap(self.plan.seed))
    }

    fn tier(&self, points: &mut [PointRow], measured: &[usize]) {
        let figures = |&row: &usize| {
            let (recall, qps) = (points[row].recall, points[row].qps);
            let value =
                |estimate: Option<Estimate>| estimate.map_or(f64::NAN, |estimate| estimate.value);
            (value(recall), value(qps))
        };
        let figures: Vec<(f64, f64)> = measured.iter().map(figures).collect();
        let found = tiers(&figures, |winner, loser| {
            let (winner, loser) = (&points[measured[winner]], &points[measured[loser]]);
            !winner.ties.contains(&loser.point) || self.recalls_more(winner, loser)
        });
        for (&row, tier) in measured.iter().zip(found) {
            points[row].tier = Some(match tier {
                annbench_eval::Tier::Front => Tier::Front,
                annbench_eval::Tier::Tied => Tier::Tied,
                annbench_eval::Tier::Beaten => Tier::Beaten,
            });
        }
    }

    /// Whether one point has more recall than another beyond doubt, query by query.
    fn recalls_more(&self, winner: &PointRow, loser: &PointRow) -> bool {
        let recalls = |row: &PointRow| -> Option<Vec<f64>> {
            let answered = self.events.answered.get(&(row.point, self.load))?;
            Some(answered.hits.iter().map(|&hits| f64::from(hits)).collect())
        };
        let difference = recalls(winner)
            .zip(recalls(loser))
            .and_then(|(winner, loser)| {
                recall_difference(&winner, &loser, &bootstrap(self.plan.seed))
            });
        difference.is_some_and(|difference| difference.low > 0.0)
    }

    /// In mode open loop it is the arrivals that take the time.
    fn null_ns(&self, points: &[PointRow]) -> Option<f64> {
        if self.load.mode == Mode::OpenLoop {
            return None;
        }
        let null = |row: &&PointRow| row.load() == self.load && row.role == Role::Null;
        Some(1e9 / points.iter().find(null)?.qps?.value)
    }
}
