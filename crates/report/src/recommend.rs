//! The fastest point that is sure to meet a recall.

use annbench_store::results::{Estimate, Load, PointRow};

use crate::Run;

/// The fastest point that meets a recall, with those that may be as fast.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation<'a> {
    /// The point of the highest qps.
    pub best: &'a PointRow,
    /// Points that meet the recall too and whose qps this run cannot tell from the best one's, by
    /// what it recorded of them ([`PointRow::ties`]). The fastest first.
    pub rivals: Vec<&'a PointRow>,
}

/// The fastest point under `load` whose recall@k interval lies at `recall` or above as a whole.
///
/// An index that is exact by construction, and was measured as such, meets every recall: its
/// interval is wide only because few queries were asked. Of points equally fast the first in the
/// run is chosen. `None` if no point meets the recall.
pub fn recommend(run: &Run, recall: f64, load: Load) -> Option<Recommendation<'_>> {
    let mut candidates: Vec<(&PointRow, Estimate)> = run
        .measured(load)
        .filter(|point| meets(run, point, recall))
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

/// Whether the recall@k interval of a point lies at `recall` or above as a whole, or it is exact
/// and was measured as such.
pub(crate) fn meets(run: &Run, point: &PointRow, recall: f64) -> bool {
    point.recall.is_some_and(|measured| {
        measured.low >= recall || (is_exact(run, point) && measured.value >= 1.0)
    })
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
        let found = recommend(run, recall, load).unwrap();
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
        assert_eq!(recommend(&run, 0.9999, SINGLE), None);
        run.points.clear();
        assert_eq!(recommend(&run, 0.0, SINGLE), None);
        assert_eq!(baseline(&run, SINGLE), None);
    }

    #[test]
    fn the_baseline_is_the_exact_index() {
        let run = fixture::run();
        assert_eq!(baseline(&run, BATCH).unwrap().label, "flat");
    }
}
