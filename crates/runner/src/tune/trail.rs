//! What a tuning tried and where it landed, for people and for `tuning.json`.

use std::path::Path;

use annbench_eval::{Landmark, expected_at};
use annbench_store::{atomic::write_atomic, results::Load};
use anyhow::{Context, Result};
use serde::Serialize;

use super::{
    Goal,
    arms::Candidate,
    race::{Measured, Race},
};
use crate::plan::Plan;

/// What a tuning tried and where it landed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trail {
    /// The load whose qps counted.
    pub load: Load,
    /// Points of the grid that the tuning stands in for.
    pub grid_points: usize,
    /// Builds of the grid.
    pub grid_builds: usize,
    /// All that was measured, build by build.
    pub looked: Vec<Looked>,
    /// Where each index landed, target by target, the fastest first.
    pub landings: Vec<Landing>,
}

/// A point that was measured on the tuning queries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Looked {
    /// What tables call the index.
    pub label: String,
    /// Its search parameters.
    pub search: String,
    /// recall@k on the tuning queries.
    pub recall: f64,
    /// Recall that was expected when it was proposed.
    pub expected_recall: Option<f64>,
    /// Queries a second on the tuning queries.
    pub qps: f64,
}

/// Where an index landed on a target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Landing {
    /// The recall aimed at.
    pub target: f64,
    /// What tables call the index.
    pub label: String,
    /// The search parameters it landed on.
    pub search: String,
    /// recall@k there, on the tuning queries.
    pub recall: f64,
    /// Recall there less the target: what landing exactly would save.
    pub miss: f64,
    /// Recall there less what the interpolation promised, if it promised any.
    pub interpolation_error: Option<f64>,
    /// Queries a second there.
    pub qps: f64,
    /// Queries a second at exactly the target, interpolated.
    pub qps_at_target: f64,
    /// The value of the parameter at exactly the target, interpolated.
    pub at_target: Option<f64>,
}

impl Trail {
    pub(super) fn of(race: &Race<'_>, candidates: &[Candidate], plan: &Plan, goal: &Goal) -> Self {
        let known = candidates.iter().zip(race.known());
        let looked = known.flat_map(|(candidate, known)| {
            known
                .iter()
                .map(|measured| looked(candidate, measured, plan))
        });
        let landings = goal.targets.iter().flat_map(|&target| {
            let landed = race.landed(target).into_iter();
            landed.map(move |(arm, found, qps_at_target)| {
                let looked = self::looked(&candidates[arm], &found, plan);
                let marks: Vec<Landmark> =
                    race.known()[arm].iter().map(|known| known.mark).collect();
                let choice = &candidates[arm].arm;
                let at_target = expected_at(choice.reach, &marks, target);
                Landing {
                    target,
                    label: looked.label,
                    search: looked.search,
                    recall: looked.recall,
                    miss: looked.recall - target,
                    interpolation_error: looked.expected_recall.map(|told| looked.recall - told),
                    qps: looked.qps,
                    qps_at_target,
                    at_target: at_target.filter(|_| choice.key.is_some()),
                }
            })
        });
        Self {
            load: goal.load,
            grid_points: 0,
            grid_builds: plan.builds.len(),
            looked: looked.collect(),
            landings: landings.collect(),
        }
    }

    /// Number of indexes that were looked at.
    pub fn n_builds(&self) -> usize {
        let mut labels: Vec<&str> = self
            .looked
            .iter()
            .map(|looked| looked.label.as_str())
            .collect();
        labels.sort_unstable();
        labels.dedup();
        labels.len()
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_vec_pretty(self)?;
        write_atomic(path, &json).with_context(|| format!("write {}", path.display()))
    }
}

fn looked(candidate: &Candidate, measured: &Measured, plan: &Plan) -> Looked {
    Looked {
        label: plan.builds[candidate.build].label.clone(),
        search: candidate.at(measured.mark.at).to_string(),
        recall: measured.mark.recall,
        expected_recall: measured.expected,
        qps: measured.mark.qps,
    }
}
