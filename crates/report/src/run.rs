//! A run as it was recorded.

use annbench_store::results::{BuildRow, Load, Mode, PointRow, QueryRow, Role, RunRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Details;

/// What a run left behind: its record and its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What the run was.
    pub record: RunRecord,
    /// The indexes, those on parts of the base included.
    pub builds: Vec<BuildRow>,
    /// The operating points, a row for each load; rows that measure the run itself (see [`Role`])
    /// are passed over by all outputs.
    pub points: Vec<PointRow>,
    /// The queries at each operating point; may be empty, then nothing is told of single ones.
    pub queries: Vec<QueryRow>,
    /// What else it holds; may be empty.
    #[serde(default)]
    pub details: Details,
}

impl Run {
    /// The rows to be compared with one another.
    pub fn candidates(&self) -> impl Iterator<Item = &PointRow> {
        let rows = self.points.iter();
        rows.filter(|row| row.role == Role::Candidate)
    }

    /// The rows of operating points: those to be compared, and the same on parts of the base.
    pub fn operating_points(&self) -> impl Iterator<Item = &PointRow> {
        let rows = self.points.iter();
        rows.filter(|row| matches!(row.role, Role::Candidate | Role::Subset))
    }

    /// The indexes on the whole base.
    pub fn whole_builds(&self) -> impl Iterator<Item = &BuildRow> {
        let builds = self.builds.iter();
        builds.filter(|build| build.n == self.record.dataset.n)
    }

    /// Neighbours asked for, as the first point has it; 0 if there is none.
    pub fn k(&self) -> usize {
        self.candidates().next().map_or(0, |point| point.k)
    }

    /// The loads that have rows, in the order of [`Load`].
    pub fn loads(&self) -> Vec<Load> {
        let mut loads: Vec<Load> = self.candidates().map(PointRow::load).collect();
        loads.sort_unstable();
        loads.dedup();
        loads
    }

    /// The loads that verdicts are given for: one thread, and the batch with the most threads; of
    /// a run that has neither, the most clients. At most one a mode.
    pub fn main_loads(&self) -> Vec<Load> {
        let mut loads = self.loads();
        // A few queries asked over and over are no load to choose an index by.
        loads.retain(|load| load.distinct_queries.is_none());
        let largest = |mode| loads.iter().copied().filter(move |l| l.mode == mode).max();
        let main = [Mode::Single, Mode::Batch].into_iter().filter_map(largest);
        let main: Vec<Load> = main.collect();
        match main.is_empty() {
            true => largest(Mode::Concurrent).into_iter().collect(),
            false => main,
        }
    }

    /// The build of a point.
    pub fn build_of(&self, point: &PointRow) -> Option<&BuildRow> {
        self.builds.iter().find(|build| build.build == point.build)
    }

    /// The points measured under `load`, failed ones left out.
    pub fn measured(&self, load: Load) -> impl Iterator<Item = &PointRow> {
        self.candidates()
            .filter(move |point| point.load() == load && point.status.is_ok())
    }
}

/// What people call a load that verdicts are given for: a mode with one such load needs no more
/// than its name.
pub(crate) fn load_name(load: Load) -> String {
    match load.mode {
        Mode::Single | Mode::Batch => load.mode.name().to_owned(),
        _ => load.to_string(),
    }
}

/// `nprobe=8 k_factor_rf=4`, in order; strings without quotes.
pub(crate) fn params_text(params: &Map<String, Value>) -> String {
    let pairs = params.iter().map(|(key, value)| match value {
        Value::String(text) => format!("{key}={text}"),
        other => format!("{key}={other}"),
    });
    pairs.collect::<Vec<_>>().join(" ")
}

/// What a sentence calls a point: its index with the search parameters.
pub fn point_name(point: &PointRow) -> String {
    format!("{} {}", point.label, params_text(&point.requested))
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn names(loads: Vec<Load>) -> Vec<String> {
        loads.iter().map(Load::to_string).collect()
    }

    #[test]
    fn verdicts_are_for_one_thread_and_for_the_batch_with_the_most() {
        let run = fixture::run();
        let all = [
            "single",
            "batch, 1 thread",
            "batch, 2 threads",
            "concurrent, 1 client",
            "concurrent, 2 clients",
            "open_loop, 500 qps, 2 threads",
        ];
        assert_eq!(names(run.loads()), all);
        assert_eq!(names(run.main_loads()), ["single", "batch, 2 threads"]);
    }

    #[test]
    fn a_run_of_clients_alone_is_judged_by_the_most_of_them() {
        let mut run = fixture::run();
        run.points.retain(|row| row.mode == Mode::Concurrent);
        assert_eq!(names(run.main_loads()), ["concurrent, 2 clients"]);
    }

    #[test]
    fn rows_that_measure_the_run_itself_are_no_candidates() {
        let mut run = fixture::run();
        let (loads, rows) = (run.loads(), run.candidates().count());
        for role in [Role::Null, Role::Duplicate] {
            let mut control = run.points[0].clone();
            (control.role, control.threads) = (role, 99);
            run.points.insert(0, control);
        }
        assert_eq!((run.loads(), run.candidates().count()), (loads, rows));
        assert_eq!(run.measured(run.points[0].load()).count(), 0);
    }
}
