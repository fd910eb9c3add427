//! How the speed of each index grows with the base, and where it overtakes exact search.

use std::collections::BTreeSet;

use annbench_eval::{Crossing, crossing};
use annbench_store::results::{BuildRow, Load, Overtakes, PointRow, Role, Scaling, ScalingStep};

/// The recall that points must be sure of: an index on a smaller base is faster for many reasons, but
/// only at equal recall does that say anything.
const RECALL: f64 = 0.95;

/// A curve for each load and index; none where no part of the base was measured.
pub(super) fn scaling(builds: &[BuildRow], points: &[PointRow]) -> Vec<Scaling> {
    let sizes: BTreeSet<usize> = compared(points).map(|row| row.n).collect();
    let loads: BTreeSet<Load> = compared(points).map(PointRow::load).collect();
    let Some(&whole) = sizes.last().filter(|_| sizes.len() > 1) else {
        return Vec::new();
    };
    let indexes = || {
        let is_first = |build: &&BuildRow| build.n == whole && build.repetition == 0;
        builds.iter().filter(is_first)
    };
    let of_load = |load: Load| {
        let curve = |build| {
            Curve {
                builds,
                points,
                load,
                build,
            }
            .scaling(&sizes)
        };
        let mut curves: Vec<Scaling> = indexes().map(curve).collect();
        find_crossings(&mut curves);
        curves
    };
    loads.into_iter().flat_map(of_load).collect()
}

fn compared(points: &[PointRow]) -> impl Iterator<Item = &PointRow> {
    let rows = points.iter();
    rows.filter(|row| matches!(row.role, Role::Candidate | Role::Subset))
}

/// One index under one load.
struct Curve<'a> {
    builds: &'a [BuildRow],
    points: &'a [PointRow],
    load: Load,
    /// On the whole base.
    build: &'a BuildRow,
}

impl Curve<'_> {
    fn scaling(&self, sizes: &BTreeSet<usize>) -> Scaling {
        Scaling {
            load: self.load,
            build: self.build.build,
            label: self.build.label.clone(),
            is_exact: self.build.is_exact,
            recall: RECALL,
            steps: sizes.iter().map(|&n| self.step(n)).collect(),
            overtakes: None,
        }
    }

    fn step(&self, n: usize) -> ScalingStep {
        let speed = |row: &&PointRow| row.qps.map_or(f64::NEG_INFINITY, |qps| qps.value);
        let sure = compared(self.points).filter(|row| {
            row.n == n && row.load() == self.load && self.is_of_index(row) && self.is_sure(row)
        });
        let fastest = sure.max_by(|a, b| speed(a).total_cmp(&speed(b)));
        ScalingStep {
            n,
            point: fastest.map(|row| row.point),
            recall: fastest.and_then(|row| row.recall),
            qps: fastest.and_then(|row| row.qps),
        }
    }

    fn is_of_index(&self, row: &PointRow) -> bool {
        let build = self.builds.iter().find(|build| build.build == row.build);
        build.is_some_and(|build| super::is_same_index(build, self.build))
    }

    fn is_sure(&self, row: &PointRow) -> bool {
        row.qps.is_some()
            && row.recall.is_some_and(|recall| {
                recall.low >= RECALL || (self.build.is_exact && recall.value >= 1.0)
            })
    }
}

/// Compares each curve of one load with the fastest exact point at each size.
fn find_crossings(curves: &mut [Scaling]) {
    let exact: Vec<ScalingStep> = curves
        .iter()
        .filter(|curve| curve.is_exact)
        .flat_map(|curve| curve.steps.clone())
        .collect();
    for curve in curves.iter_mut().filter(|curve| !curve.is_exact) {
        let ratio = |step: &ScalingStep| Some((step.n, step.qps?.value / fastest(&exact, step.n)?));
        let ratios: Vec<(usize, f64)> = curve.steps.iter().filter_map(ratio).collect();
        curve.overtakes = crossing(&ratios).map(|found| match found {
            Crossing::Below(n) => Overtakes::Below(n),
            Crossing::At(n) => Overtakes::At(n),
            Crossing::NotWithin(n) => Overtakes::NotWithin(n),
        });
    }
}

fn fastest(exact: &[ScalingStep], n: usize) -> Option<f64> {
    let of_size = exact.iter().filter(|step| step.n == n);
    of_size
        .filter_map(|step| Some(step.qps?.value))
        .max_by(f64::total_cmp)
}
