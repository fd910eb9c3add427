//! Points of two runs that are the same operating point.

use std::collections::HashMap;

use annbench_eval::{
    Bootstrap, Interval, Samples, independent_ratio, qps_interval_of_these_queries,
    recall_difference, verdict,
};
use annbench_store::results::{BuildRow, Estimate, Load, PointRow, QueryRow};

use super::{ChangedQuery, PointPair, Ratio, Told, estimate, interval};
use crate::{Run, run::point_name};

/// What of two runs may be compared.
pub(super) struct Comparison<'a> {
    pub(super) runs: [&'a Run; 2],
    pub(super) recall: bool,
    pub(super) times: bool,
}

/// The points of `run` under their loads that were measured there and not in `other`.
pub(super) fn unpaired<'a>(run: &'a Run, other: &Run) -> Vec<&'a PointRow> {
    let measured = run.candidates().filter(|row| row.status.is_ok());
    measured
        .filter(|row| same(run, row, other).is_none())
        .collect()
}

/// The points that `run` measured and at which `other` failed.
pub(super) fn failed<'o>(run: &Run, other: &'o Run) -> Vec<&'o PointRow> {
    let failed = other.candidates().filter(|row| !row.status.is_ok());
    failed
        .filter(|row| same(other, row, run).is_some())
        .collect()
}

/// The measured row of the same operating point in another run: the same index with the same
/// parameters, whatever its label, under the same load.
fn same<'o>(run: &Run, row: &PointRow, other: &'o Run) -> Option<&'o PointRow> {
    let build = run.build_of(row)?;
    other.measured(row.load()).find(|candidate| {
        let same_index = other.build_of(candidate).is_some_and(|other| {
            (&other.backend, &other.requested) == (&build.backend, &build.requested)
        });
        same_index && candidate.requested == row.requested
    })
}

impl<'a> Comparison<'a> {
    pub(super) fn pairs(&self) -> Vec<PointPair<'a>> {
        let [a, b] = self.runs;
        let queries = match self.recall {
            true => self.runs.map(by_point),
            false => [HashMap::new(), HashMap::new()],
        };
        let measured = a.candidates().filter(|row| row.status.is_ok());
        let both = measured.filter_map(|row| Some((row, same(a, row, b)?)));
        both.map(|(a, b)| self.pair(a, b, &queries)).collect()
    }

    fn pair(&self, a: &'a PointRow, b: &'a PointRow, queries: &[ByPoint<'a>; 2]) -> PointPair<'a> {
        let of = |at: usize, row: &PointRow| queries[at].get(&(row.point, row.load()));
        let both = of(0, a).zip(of(1, b));
        let both = both.filter(|(a, b)| a.len() == b.len());
        PointPair {
            name: point_name(a),
            load: a.load(),
            a,
            b,
            qps_ratio: self.times.then(|| self.ratio(a, b)).flatten(),
            recall_difference: both.and_then(|(a, b)| self.recall_difference(a, b)),
            changed: both.map_or_else(Vec::new, |(a, b)| changed(a, b)),
        }
    }

    fn ratio(&self, a: &PointRow, b: &PointRow) -> Option<Ratio> {
        let ratio = independent_ratio(&qps(b)?, &qps(a)?)?;
        let floor = self.floor(a.load());
        Some(Ratio {
            ratio: estimate(ratio),
            floor,
            verdict: Told::from(verdict(&ratio, floor.unwrap_or(0.0))),
            samples: samples(self.runs[0], a).min(samples(self.runs[1], b)),
            round_s: round_s(a).min(round_s(b)),
        })
    }

    /// The larger A/A floor of both runs.
    fn floor(&self, load: Load) -> Option<f64> {
        let noise = self.runs.iter().flat_map(|run| &run.record.noise);
        let of_load = noise.filter(|noise| noise.load == load);
        of_load.filter_map(|noise| noise.floor).reduce(f64::max)
    }

    fn recall_difference(&self, a: &[&QueryRow], b: &[&QueryRow]) -> Option<Estimate> {
        let divisor = self.runs[0].k().min(self.runs[0].record.dataset.n).max(1);
        let recalls = |rows: &[&QueryRow]| -> Vec<f64> {
            let rows = rows.iter();
            rows.map(|row| row.hits as f64 / divisor as f64).collect()
        };
        let found = recall_difference(&recalls(b), &recalls(a), &Bootstrap::default());
        found.map(estimate)
    }
}

type ByPoint<'a> = HashMap<(usize, Load), Vec<&'a QueryRow>>;

/// The queries of each point, in the order of their numbers.
fn by_point(run: &Run) -> ByPoint<'_> {
    let mut points = ByPoint::new();
    for row in &run.queries {
        points.entry((row.point, row.load)).or_default().push(row);
    }
    let sorted = |rows: &mut Vec<&QueryRow>| rows.sort_by_key(|row| row.query_idx);
    points.values_mut().for_each(sorted);
    points
}

/// The mean over rounds; 0 without any.
fn round_s(row: &PointRow) -> f64 {
    row.rounds_s.iter().sum::<f64>() / row.rounds_s.len().max(1) as f64
}

/// The interval of qps for these very queries, since both runs asked the same; where the index was
/// built several times the run's own, which knows how builds differ.
fn qps(row: &PointRow) -> Option<Interval> {
    if row.spread.builds.is_some() {
        return row.qps.map(interval);
    }
    let mut samples = Samples::new();
    for (round, round_s) in row.rounds_s.iter().enumerate() {
        samples.push(0, round, vec![(round_s * 1e9) as u64]);
    }
    qps_interval_of_these_queries(&samples, row.n_queries, &Bootstrap::default())
}

/// What [`qps`] rests on: rounds, or builds of the index where there are several.
fn samples(run: &Run, row: &PointRow) -> usize {
    if row.spread.builds.is_none() {
        return row.rounds_s.len();
    }
    let index = |build: &BuildRow| (build.label.clone(), build.requested.clone(), build.n);
    let own = run.build_of(row).map(index);
    let builds = run.builds.iter().filter(|build| build.status.is_ok());
    builds.filter(|build| Some(index(build)) == own).count()
}

fn changed(a: &[&QueryRow], b: &[&QueryRow]) -> Vec<ChangedQuery> {
    let pairs = a.iter().zip(b);
    let changed = pairs.filter(|(a, b)| a.hits != b.hits || a.missed != b.missed);
    let without = |missed: &[u64], known: &[u64]| -> Vec<u64> {
        let missed = missed.iter().copied();
        missed.filter(|row| !known.contains(row)).collect()
    };
    let mut changed: Vec<ChangedQuery> = changed
        .map(|(a, b)| ChangedQuery {
            query_idx: a.query_idx,
            hits_a: a.hits,
            hits_b: b.hits,
            lost: without(&b.missed, &a.missed),
            gained: without(&a.missed, &b.missed),
        })
        .collect();
    // What lost most comes first.
    changed.sort_by_key(|query| query.hits_b as i64 - query.hits_a as i64);
    changed
}
