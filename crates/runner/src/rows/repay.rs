//! How many queries repay each build.

use annbench_eval::{Interval, repay};
use annbench_store::results::{BuildRow, Estimate, Load, Mode, PointRow, Repay, Role};

/// Fills in what repays the builds of all candidates that are not exact, against the fastest exact
/// one under the same load.
pub(super) fn fill_in(builds: &[BuildRow], points: &mut [PointRow]) {
    let repays: Vec<Option<Repay>> = points
        .iter()
        .map(|row| repay_of(builds, points, row))
        .collect();
    for (row, repay) in points.iter_mut().zip(repays) {
        row.repay = repay;
    }
}

fn repay_of(builds: &[BuildRow], points: &[PointRow], row: &PointRow) -> Option<Repay> {
    // At a given rate, qps is that of the arrivals.
    if row.role != Role::Candidate || row.mode == Mode::OpenLoop || is_exact(builds, row) {
        return None;
    }
    let exact = baseline(builds, points, row.load())?;
    let found = repay(
        build_s(builds, row.build)?,
        interval(exact.qps?),
        interval(row.qps?),
    );
    Some(Repay {
        queries: found.queries,
        low: found.low,
        high: found.high,
    })
}

/// The fastest exact candidate under a load.
fn baseline<'a>(builds: &[BuildRow], points: &'a [PointRow], load: Load) -> Option<&'a PointRow> {
    let exact = points
        .iter()
        .filter(|row| row.role == Role::Candidate && row.load() == load && is_exact(builds, row));
    let speed = |row: &PointRow| row.qps.map_or(f64::NEG_INFINITY, |qps| qps.value);
    exact.max_by(|a, b| speed(a).total_cmp(&speed(b)))
}

fn is_exact(builds: &[BuildRow], row: &PointRow) -> bool {
    let build = builds.iter().find(|build| build.build == row.build);
    build.is_some_and(|build| build.is_exact)
}

/// The time of a build: the median of all that were made of the same index, from the shortest to the
/// longest.
fn build_s(builds: &[BuildRow], number: usize) -> Option<Interval> {
    let build = builds.iter().find(|build| build.build == number)?;
    let same = builds.iter().filter(|other| {
        other.status.is_ok() && other.n == build.n && super::is_same_index(other, build)
    });
    let mut times: Vec<f64> = same.map(BuildRow::build_s).collect();
    times.sort_by(f64::total_cmp);
    Some(Interval {
        value: *times.get(times.len() / 2)?,
        low: *times.first()?,
        high: *times.last()?,
        coverage: 0.0,
    })
}

fn interval(estimate: Estimate) -> Interval {
    Interval {
        value: estimate.value,
        low: estimate.low,
        high: estimate.high,
        coverage: 0.95,
    }
}
