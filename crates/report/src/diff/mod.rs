//! Two runs against each other, point by point and query by query.
//!
//! What the runs differ in besides the points comes first, and decides what may be compared at
//! all: recall over the same data, queries and k, times on the same machine as well.

mod differences;
#[cfg(test)]
mod false_alarms;
mod gate;
mod pairs;
mod text;

use annbench_eval::{Bootstrap, Interval, Verdict};
use annbench_store::results::{Estimate, Load, PointRow};
use serde::Serialize;

pub use differences::Difference;
pub use gate::{Gate, GateError, Regression};

use crate::Run;

/// Two runs against each other: B by A.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff<'a> {
    /// What the runs differ in.
    pub differences: Vec<Difference>,
    /// Why recall and lost neighbours are not compared; none where they are.
    pub recall_refused: Option<String>,
    /// Why times are not compared; none where they are.
    pub times_refused: Option<String>,
    /// Whether times are compared though the machines differ.
    pub across_machines: bool,
    /// The operating points that both runs measured.
    pub pairs: Vec<PointPair<'a>>,
    /// Those that only A measured.
    pub only_in_a: Vec<&'a PointRow>,
    /// Those that only B measured.
    pub only_in_b: Vec<&'a PointRow>,
    /// Those that A measured and at which B failed; they are in `only_in_a` as well.
    pub failed_in_b: Vec<&'a PointRow>,
}

/// An operating point in both runs, under one load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PointPair<'a> {
    /// What sentences call it.
    pub name: String,
    /// How queries were offered.
    pub load: Load,
    /// In run A.
    #[serde(skip)]
    pub a: &'a PointRow,
    /// In run B.
    #[serde(skip)]
    pub b: &'a PointRow,
    /// Queries a second of B over those of A; none where times are not compared.
    pub qps_ratio: Option<Ratio>,
    /// recall@k of B less that of A, query by query; none where recall is not compared.
    pub recall_difference: Option<Estimate>,
    /// Queries that lost neighbours or gained some; empty where recall is not compared.
    pub changed: Vec<ChangedQuery>,
}

/// A ratio of two figures and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// B over A.
    #[serde(flatten)]
    pub ratio: Estimate,
    /// The relative difference that the runs' points show to themselves (A/A), the larger of both;
    /// none where neither run knows.
    pub floor: Option<f64>,
    /// Whether B differs from A beyond the interval and the floor.
    pub verdict: Told,
    /// Independent samples that the interval rests on, of the run that has fewer: rounds, or builds
    /// where there are several.
    pub samples: usize,
    /// Seconds that a round's searches took, of the run that took less.
    pub round_s: f64,
}

/// Rounds under a millisecond have speeds that a process is born with: of eleven equal runs over 48
/// vectors, four took 55 µs for a batch of ten in every round, and seven 20 µs. No run can see that
/// in its own rounds.
const LEAST_ROUND_S: f64 = 1e-3;

impl Ratio {
    /// Whether its rounds are long enough to be judged by.
    pub fn is_sound(&self) -> bool {
        self.round_s >= LEAST_ROUND_S
    }
}

/// What a ratio says of B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is faster.
    Faster,
    /// It is slower.
    Slower,
    /// It cannot be told apart from A.
    Indistinguishable,
}

impl From<Verdict> for Told {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Faster => Self::Faster,
            Verdict::Slower => Self::Slower,
            Verdict::Indistinguishable => Self::Indistinguishable,
        }
    }
}

/// A query that found other true neighbours in B than in A.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedQuery {
    /// Number of the query, from 0.
    pub query_idx: usize,
    /// True neighbours found in A.
    pub hits_a: usize,
    /// True neighbours found in B.
    pub hits_b: usize,
    /// Neighbours that A found and B did not, by row of the base.
    pub lost: Vec<u64>,
    /// Neighbours that B found and A did not, by row of the base.
    pub gained: Vec<u64>,
}

impl<'a> Diff<'a> {
    /// Compares what may be compared; times on different machines only where `across_machines`
    /// asks for it.
    pub fn new(a: &'a Run, b: &'a Run, across_machines: bool) -> Self {
        let recall_refused = differences::recall_refused(a, b);
        let other_machine = differences::times_refused(a, b);
        let times_refused = match across_machines {
            true => recall_refused.clone(),
            false => recall_refused.clone().or_else(|| other_machine.clone()),
        };
        let comparison = pairs::Comparison {
            runs: [a, b],
            recall: recall_refused.is_none(),
            times: times_refused.is_none(),
        };
        Self {
            differences: differences::differences(a, b),
            across_machines: times_refused.is_none() && other_machine.is_some(),
            recall_refused,
            times_refused,
            pairs: comparison.pairs(),
            only_in_a: pairs::unpaired(a, b),
            only_in_b: pairs::unpaired(b, a),
            failed_in_b: pairs::failed(a, b),
        }
    }
}

impl Diff<'_> {
    /// Figures of B that are held against those of A: each of them could be found worse by chance.
    pub(crate) fn comparisons(&self) -> usize {
        let of_pair = |pair: &PointPair<'_>| {
            let is_timed = pair.qps_ratio.is_some_and(|ratio| ratio.is_sound());
            usize::from(is_timed) + usize::from(pair.recall_difference.is_some())
        };
        self.pairs.iter().map(of_pair).sum()
    }
}

/// As rows have it: at the usual level.
fn interval(estimate: Estimate) -> Interval {
    Interval {
        value: estimate.value,
        low: estimate.low,
        high: estimate.high,
        coverage: Bootstrap::default().level,
    }
}

fn estimate(interval: Interval) -> Estimate {
    Estimate {
        value: interval.value,
        low: interval.low,
        high: interval.high,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use annbench_store::results::{QueryRow, Status};

    use super::*;
    use crate::fixture::{self, SINGLE};

    /// The fixture with queries at one point: the first twenty of a thousand miss their second
    /// neighbour, row 7.
    pub(crate) fn run() -> Run {
        let mut run = fixture::run();
        let row = |query_idx: usize| QueryRow {
            point: 5,
            load: SINGLE,
            query_idx,
            latency_ns: Some(190_000),
            hits: if query_idx < 20 { 9 } else { 10 },
            returned: 10,
            missed: if query_idx < 20 { vec![7] } else { vec![] },
        };
        run.queries = (0..1_000).map(row).collect();
        let build = run.builds.iter_mut().find(|build| build.build == 2);
        build.unwrap().requested.insert("m".into(), 32.into());
        run
    }

    /// B loses row 3 in queries 0 to 99 as well, and is slower by a tenth.
    pub(crate) fn worse() -> Run {
        let mut run = run();
        for query in run.queries.iter_mut().take(100) {
            query.hits -= 1;
            query.missed.insert(0, 3);
        }
        let at = run
            .points
            .iter_mut()
            .filter(|row| row.point == 5 && row.load() == SINGLE);
        for row in at {
            row.rounds_s.iter_mut().for_each(|round_s| *round_s *= 1.1);
            row.rounds_s[0] *= 1.001;
        }
        run
    }

    /// The worker of one point died.
    pub(crate) fn broken() -> Run {
        let mut run = run();
        let at = run.points.iter_mut().filter(|row| row.point == 6);
        for row in at {
            row.status = Status::Failed("the worker was killed".into());
        }
        run
    }

    pub(crate) fn pair<'d>(diff: &'d Diff<'_>) -> &'d PointPair<'d> {
        let pair = diff
            .pairs
            .iter()
            .find(|pair| pair.a.point == 5 && pair.load == SINGLE);
        pair.unwrap()
    }

    #[test]
    fn a_run_does_not_differ_from_itself() {
        let run = run();
        let diff = Diff::new(&run, &run, false);
        assert!(diff.differences.is_empty() && diff.only_in_a.is_empty());
        assert_eq!(
            diff.pairs.len(),
            run.candidates().filter(|row| row.status.is_ok()).count()
        );
        let pair = pair(&diff);
        assert_eq!(pair.qps_ratio.unwrap().verdict, Told::Indistinguishable);
        assert_eq!(pair.recall_difference.unwrap().value, 0.0);
        assert!(pair.changed.is_empty());
    }

    #[test]
    fn what_is_slower_and_misses_more_is_told_with_the_neighbours_lost() {
        let (a, b) = (run(), worse());
        let diff = Diff::new(&a, &b, false);
        let pair = pair(&diff);
        let ratio = pair.qps_ratio.unwrap();
        assert_eq!((ratio.verdict, ratio.floor), (Told::Slower, Some(0.015)));
        assert!((ratio.ratio.value - 1.0 / 1.1).abs() < 1e-3, "{ratio:?}");
        let recall = pair.recall_difference.unwrap();
        assert!(
            (recall.value + 0.01).abs() < 1e-9 && recall.high < 0.0,
            "{recall:?}"
        );
        assert_eq!(pair.changed.len(), 100);
        let first = &pair.changed[0];
        assert_eq!((first.hits_a, first.hits_b), (9, 8));
        assert_eq!((first.lost.as_slice(), first.gained.len()), (&[3][..], 0));
    }

    #[test]
    fn recall_over_other_queries_is_refused_and_times_with_it() {
        let (a, mut b) = (run(), run());
        b.record.dataset.queries_sha256 = "other".into();
        let diff = Diff::new(&a, &b, true);
        assert_eq!(diff.recall_refused.as_deref(), Some("the queries differ"));
        assert_eq!(diff.times_refused, diff.recall_refused);
        let pair = pair(&diff);
        assert_eq!((pair.qps_ratio, pair.recall_difference), (None, None));
        assert!(pair.changed.is_empty());
    }

    #[test]
    fn times_across_machines_are_refused_unless_asked_for_and_then_labelled() {
        let (a, mut b) = (run(), run());
        b.record.machine.cpu = "another".into();
        let diff = Diff::new(&a, &b, false);
        assert!(diff.times_refused.is_some() && diff.recall_refused.is_none());
        assert!(pair(&diff).qps_ratio.is_none() && pair(&diff).recall_difference.is_some());
        let diff = Diff::new(&a, &b, true);
        assert!(diff.across_machines && pair(&diff).qps_ratio.is_some());
    }

    #[test]
    fn a_point_that_fails_in_b_alone_is_told_from_one_that_is_not_there() {
        let (a, b) = (run(), broken());
        let diff = Diff::new(&a, &b, false);
        assert!(diff.failed_in_b.iter().all(|row| row.point == 6));
        assert_eq!((diff.failed_in_b.len(), diff.only_in_a.len()), (2, 2));
        assert!(Diff::new(&b, &a, false).failed_in_b.is_empty());
        assert!(Diff::new(&b, &b, false).failed_in_b.is_empty());
    }

    #[test]
    fn points_of_one_run_alone_are_named() {
        let (a, mut b) = (run(), run());
        b.points.retain(|row| row.point != 6);
        let diff = Diff::new(&a, &b, false);
        assert!(diff.only_in_b.is_empty());
        assert!(diff.only_in_a.iter().all(|row| row.point == 6));
        assert_eq!(diff.only_in_a.len(), 2);
    }
}
