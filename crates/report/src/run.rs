//! A run as it was recorded.

use annbench_store::results::{BuildRow, Mode, PointRow, QueryRow, RunRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a run left behind: its record and its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What the run was.
    pub record: RunRecord,
    /// The indexes.
    pub builds: Vec<BuildRow>,
    /// The operating points, a row for each mode.
    pub points: Vec<PointRow>,
    /// The queries at each operating point; may be empty, the outputs here do not need them.
    pub queries: Vec<QueryRow>,
}

impl Run {
    /// Neighbours asked for, as the first point has it; 0 if there is none.
    pub fn k(&self) -> usize {
        self.points.first().map_or(0, |point| point.k)
    }

    /// The modes that have rows, in the order of [`Mode`].
    pub fn modes(&self) -> Vec<Mode> {
        let mut modes: Vec<Mode> = self.points.iter().map(|point| point.mode).collect();
        modes.sort_unstable();
        modes.dedup();
        modes
    }

    /// The build of a point.
    pub fn build_of(&self, point: &PointRow) -> Option<&BuildRow> {
        self.builds.iter().find(|build| build.build == point.build)
    }

    /// The points measured in `mode`, failed ones left out.
    pub fn measured(&self, mode: Mode) -> impl Iterator<Item = &PointRow> {
        self.points
            .iter()
            .filter(move |point| point.mode == mode && point.status.is_ok())
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
pub(crate) fn point_name(point: &PointRow) -> String {
    format!("{} {}", point.label, params_text(&point.requested))
        .trim_end()
        .to_owned()
}
