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

/// Ratio of two qps below which their paired ratio is always asked.
const WORTH_ASKING: f64 = 2.0;

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
                if is_beyond_doubt(&points[a], &points[b], floor) {
                    continue;
                }
                let ratio = self.paired(points[a].point, points[b].point);
                ratios.extend(ratio);
                if ratio.is_none_or(|ratio| cannot_tell(&ratio, floor)) {
                    let (first, second) = (points[a].point, points[b].point);
                    points[a].ties.push(second);
                    points[b].ties.push(first);
                }
            }
        }
        // The recall of a few queries asked over and over is no figure to choose a point by.
        if self.load.distinct_queries.is_none() {
            self.tier(points, &measured);
        }
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
        let mut points = self.plan.points.iter().enumerate();
        let (point, planned) = points.find(|(_, planned)| planned.role == Role::Duplicate)?;
        let twin = planned.twin?;
        self.paired(point, twin)
    }

    fn samples(&self, point: usize) -> Samples<'_> {
        samples(self.plan, self.events, (point, self.load))
    }

    fn paired(&self, a: usize, b: usize) -> Option<Interval> {
        let (a, b) = (self.samples(a), self.samples(b));
        paired_ratio(&a, &b, self.plan.n_queries, &bootstrap(self.plan.seed))
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

/// Whether two points differ so much that their paired ratio, which takes a bootstrap, need not be
/// asked: by more than the floor, and with intervals that lie apart.
fn is_beyond_doubt(a: &PointRow, b: &PointRow, floor: Option<f64>) -> bool {
    let (Some(a), Some(b)) = (a.qps, b.qps) else {
        return false;
    };
    let apart = a.low > b.high || b.low > a.high;
    let ratio = (a.value / b.value).max(b.value / a.value);
    apart && ratio > WORTH_ASKING.max(1.0 + floor.unwrap_or(0.0))
}

fn cannot_tell(ratio: &Interval, floor: Option<f64>) -> bool {
    verdict(ratio, floor.unwrap_or(0.0)) == Verdict::Indistinguishable
}

#[cfg(test)]
mod tests {
    use annbench_store::results::{Settled, Spread, Status};

    use super::*;

    fn row([low, value, high]: [f64; 3]) -> PointRow {
        PointRow {
            point: 0,
            build: 0,
            label: String::new(),
            backend: String::new(),
            requested: Default::default(),
            effective: Default::default(),
            mode: Mode::Single,
            threads: 1,
            rate_qps: None,
            slo_p99_us: None,
            distinct_queries: None,
            role: Role::Candidate,
            n: 100,
            k: 10,
            status: Status::Ok,
            recall: None,
            recall_at: Vec::new(),
            qps: Some(Estimate { value, low, high }),
            repay: None,
            tier: None,
            ties: Vec::new(),
            spread: Spread::default(),
            settled: Some(Settled::Budget),
            latency_us: None,
            n_queries: 10,
            rounds_s: Vec::new(),
            in_force: Default::default(),
            cold: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_large_difference_is_in_doubt_where_the_run_is_noisier_still() {
        let slow = row([95.0, 100.0, 105.0]);
        for (fast, floor, expected) in [
            ([290.0, 300.0, 310.0], Some(0.02), true),
            ([290.0, 300.0, 310.0], None, true),
            ([290.0, 300.0, 310.0], Some(5.4), false),
            ([50.0, 300.0, 900.0], Some(0.02), false),
            ([185.0, 190.0, 195.0], Some(0.02), false),
        ] {
            let fast = row(fast);
            assert_eq!(is_beyond_doubt(&fast, &slow, floor), expected, "{floor:?}");
            assert_eq!(is_beyond_doubt(&slow, &fast, floor), expected, "{floor:?}");
        }
    }
}
