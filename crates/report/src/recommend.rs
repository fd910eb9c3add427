//! The fastest point that is sure to keep to what is asked of it.

use annbench_store::results::{Estimate, Load, PointRow};
use serde::Serialize;

use crate::{Constraints, Run};

/// The fastest point that keeps to all constraints, with those that may be as fast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation<'a> {
    /// The point of the highest qps.
    pub best: &'a PointRow,
    /// Points that keep to them too and whose qps this run cannot tell from the best one's, by
    /// what it recorded of them ([`PointRow::ties`]). The fastest first.
    pub rivals: Vec<&'a PointRow>,
}

/// The fastest point under `load` that keeps to all constraints; recall by the lower end of its
/// interval.
///
/// Of points equally fast the first in the run is chosen. `None` if no point keeps to them.
pub fn recommend<'a>(
    run: &'a Run,
    constraints: &Constraints,
    load: Load,
) -> Option<Recommendation<'a>> {
    let mut candidates: Vec<(&PointRow, Estimate)> = run
        .measured(load)
        .filter(|point| constraints.are_met(run, point))
        .filter_map(|point| Some((point, point.qps?)))
        .filter(|(_, qps)| qps.value.is_finite())
        .collect();
    candidates.sort_by(|(_, a), (_, b)| b.value.total_cmp(&a.value));
    let (best, _) = *candidates.first()?;
    let others = candidates[1..].iter().map(|(point, _)| *point);
    Some(Recommendation {
        best,
        rivals: others.filter(|point| are_tied(best, point)).collect(),
    })
}

/// The fastest measured point under `load` whose index is exact by construction: what no
/// approximate index may be slower than.
pub fn baseline(run: &Run, load: Load) -> Option<&PointRow> {
    let exact = run.measured(load).filter(|point| is_exact(run, point));
    let speed = |point: &PointRow| point.qps.map_or(f64::NEG_INFINITY, |qps| qps.value);
    exact.max_by(|a, b| speed(a).total_cmp(&speed(b)))
}

/// A tie binds both, whichever of them recorded it.
fn are_tied(a: &PointRow, b: &PointRow) -> bool {
    a.ties.contains(&b.point) || b.ties.contains(&a.point)
}

fn is_exact(run: &Run, point: &PointRow) -> bool {
    run.build_of(point).is_some_and(|build| build.is_exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{self, BATCH, SINGLE},
        run::point_name,
    };

    fn check(recall: f64, load: Load, best: &str, rivals: &[&str]) {
        check_in(&fixture::run(), recall, load, best, rivals);
    }

    fn check_in(run: &Run, recall: f64, load: Load, best: &str, rivals: &[&str]) {
        let found = recommend(run, &Constraints::recall(recall), load).unwrap();
        let names: Vec<String> = found.rivals.iter().map(|p| point_name(p)).collect();
        assert_eq!(point_name(found.best), best);
        assert_eq!(names, rivals);
    }

    #[test]
    fn the_fastest_point_whose_lower_bound_meets_the_recall_is_chosen() {
        check(0.85, SINGLE, "hnsw m=32 ef_search=16", &[]);
        check(0.95, SINGLE, "hnsw m=32 ef_search=64", &[]);
    }

    #[test]
    fn an_estimate_above_the_recall_is_not_enough() {
        let run = fixture::run();
        let estimate = run
            .points
            .iter()
            .find(|p| p.point == 5)
            .unwrap()
            .recall
            .unwrap();
        assert!(estimate.low < 0.9871 && estimate.value > 0.9871);
        check(0.9871, SINGLE, "hnsw m=32 ef_search=256", &[]);
    }

    #[test]
    fn points_the_run_cannot_tell_from_the_best_are_rivals() {
        let (best, rival) = ("hnsw m=32 ef_search=16", "ivf_flat nlist=256 nprobe=8");
        check(0.80, BATCH, best, &[rival]);
        check(0.89, BATCH, best, &[]);
    }

    #[test]
    fn a_tie_that_one_of_the_two_recorded_is_enough() {
        for forgetful in [2, 4] {
            let mut run = fixture::run();
            let rows = run.points.iter_mut();
            rows.filter(|row| row.point == forgetful)
                .for_each(|row| row.ties.clear());
            let (best, rival) = ("hnsw m=32 ef_search=16", "ivf_flat nlist=256 nprobe=8");
            check_in(&run, 0.80, BATCH, best, &[rival]);
        }
    }

    #[test]
    fn overlapping_intervals_alone_make_no_rival() {
        let mut run = fixture::run();
        run.points.iter_mut().for_each(|row| row.ties.clear());
        check_in(&run, 0.80, BATCH, "hnsw m=32 ef_search=16", &[]);
    }

    #[test]
    fn an_exact_index_meets_every_recall_however_few_the_queries() {
        check(0.9999, SINGLE, "flat", &[]);
    }

    #[test]
    fn nothing_is_recommended_where_nothing_meets_the_recall() {
        let mut run = fixture::run();
        run.builds[0].is_exact = false;
        let all_but_sure = Constraints::recall(0.9999);
        assert_eq!(recommend(&run, &all_but_sure, SINGLE), None);
        run.points.clear();
        assert_eq!(recommend(&run, &Constraints::default(), SINGLE), None);
        assert_eq!(baseline(&run, SINGLE), None);
    }

    #[test]
    fn the_baseline_is_the_exact_index() {
        let run = fixture::run();
        assert_eq!(baseline(&run, BATCH).unwrap().label, "flat");
    }
}
