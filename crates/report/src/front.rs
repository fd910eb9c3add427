//! Which points are on the Pareto front of their mode.

use std::collections::HashSet;

use annbench_store::results::{Mode, PointRow};

use crate::Run;

/// The points of `mode` that no other point of that mode beats: none is faster with at least the
/// same recall, none has more recall at the same speed or above. In the order of the run.
///
/// Estimates are compared, not their intervals.
pub fn pareto_points(run: &Run, mode: Mode) -> Vec<&PointRow> {
    let (points, values): (Vec<&PointRow>, Vec<(f64, f64)>) = run
        .measured(mode)
        .filter_map(|point| Some((point, (point.recall?.value, point.qps?.value))))
        .unzip();
    let front = annbench_eval::front(&values).into_iter();
    front.map(|at| points[at]).collect()
}

/// Where a point stands: its number, mode and threads.
type Key = (usize, Mode, usize);

/// The fronts of all modes, to be asked about single points.
pub(crate) struct Fronts(HashSet<Key>);

impl Fronts {
    pub(crate) fn of(run: &Run) -> Self {
        let modes = run.modes();
        let points = modes.iter().flat_map(|mode| pareto_points(run, *mode));
        Self(points.map(key).collect())
    }

    pub(crate) fn holds(&self, point: &PointRow) -> bool {
        self.0.contains(&key(point))
    }
}

fn key(point: &PointRow) -> Key {
    (point.point, point.mode, point.threads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_front_is_found_in_each_mode_for_itself() {
        let mut run = fixture::run();
        let numbers = |run: &Run, mode| -> Vec<usize> {
            pareto_points(run, mode).iter().map(|p| p.point).collect()
        };
        assert_eq!(numbers(&run, Mode::Single), [0, 1, 4, 5, 6]);
        let batch = numbers(&run, Mode::Batch);
        run.points.retain(|point| point.mode == Mode::Batch);
        assert_eq!(numbers(&run, Mode::Batch), batch);
        assert!(numbers(&run, Mode::Single).is_empty());
    }

    #[test]
    fn a_failed_point_is_on_no_front() {
        let run = fixture::run();
        let fronts = Fronts::of(&run);
        let failed = run.points.iter().find(|point| !point.status.is_ok());
        assert!(!fronts.holds(failed.unwrap()));
    }
}
