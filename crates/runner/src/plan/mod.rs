//! What an experiment means on this machine, for this data: every build and every operating point,
//! checked and with all defaults filled in, before any work.

mod controls;
mod grid;
mod loads;
mod resolve;
mod subsets;

use std::{collections::BTreeMap, time::Duration};

use annbench_index::{Adjustment, Params, Registry};
use annbench_store::{
    hash::sha256_parts,
    results::{Load, Machine, Role},
};
use annbench_vectors::Metric;
use serde::{Deserialize, Serialize};

use crate::{coordinator::Limit, data::Prepared, experiment::BlasEnv};

/// All that will be built and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Name of the experiment.
    pub name: String,
    /// Neighbours wanted per query.
    pub k: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// The metric.
    pub metric: Metric,
    /// sha256 of the base vectors as indexed.
    pub base_sha256: String,
    /// sha256 of the queries as searched.
    pub queries_sha256: String,
    /// Number of queries.
    pub n_queries: usize,
    /// How queries are offered.
    pub loads: Vec<Load>,
    /// Whether measured threads are held to CPUs.
    pub pin: bool,
    /// Whether points are chosen on one half of the queries and told on the other.
    pub split_queries: bool,
    /// How narrow intervals are to be, as a share of the estimate to either side.
    pub target: f64,
    /// Rounds to measure; none where the target decides.
    pub rounds: Option<usize>,
    /// Time to spend measuring.
    pub budget: Duration,
    /// Time a build may take.
    pub build_timeout: Duration,
    /// Time one measurement of a point may take.
    pub point_timeout: Duration,
    /// What becomes of variables that steer BLAS and OpenMP.
    pub blas_env: BlasEnv,
    /// The indexes to build.
    pub builds: Vec<PlannedBuild>,
    /// The operating points to measure, build by build.
    pub points: Vec<PlannedPoint>,
}

/// An index to build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedBuild {
    /// What tables call it.
    pub label: String,
    /// Name of the backend.
    pub backend: String,
    /// Parameters as asked for.
    pub requested: Params,
    /// Parameters in force, defaults filled in.
    pub effective: Params,
    /// How the two differ, and why.
    pub adjustments: Vec<Adjustment>,
    /// Number of base vectors it holds: all, or so many drawn by the plan's seed.
    pub n: usize,
    /// Whether it is exact by construction.
    pub is_exact: bool,
    /// Whether building it again gives the same index.
    pub is_repeatable: bool,
    /// Which build of the same index it is, from 0; the later ones insert the base in an order of
    /// their own.
    pub repetition: usize,
    /// Seed of the build, and of that order.
    pub seed: u64,
    /// Threads of the build.
    pub threads: usize,
    /// Whether it is there to watch the measuring, not to be compared.
    pub is_control: bool,
}

/// An operating point to measure: a build with search parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedPoint {
    /// Number of its build, from 0.
    pub build: usize,
    /// Search parameters as asked for, defaults filled in.
    pub search: Params,
    /// What it is measured for.
    pub role: Role,
    /// The candidate it repeats: as a duplicate, on an index built again, or on a part of the base.
    pub twin: Option<usize>,
}

impl Plan {
    /// The identity of what is measured, and on what: runs of one identity may be continued, and
    /// times never mix across machines or versions.
    ///
    /// How long things may take is no part of it: a run may be continued with a larger budget.
    pub fn sha256(&self, machine: &Machine, versions: &[String]) -> String {
        let timeless = Self {
            split_queries: false,
            target: 0.0,
            rounds: None,
            budget: Duration::ZERO,
            build_timeout: Duration::ZERO,
            point_timeout: Duration::ZERO,
            ..self.clone()
        };
        let identity = serde_json::json!([timeless, machine, versions]);
        sha256_parts(&[&identity.to_string()])
    }

    /// How long a worker may take to build an index, or to load one.
    pub(crate) fn build_limit(&self) -> Limit {
        Limit {
            key: "build_timeout",
            after: self.build_timeout,
        }
    }

    /// How long a worker may take to measure a point once.
    pub(crate) fn point_limit(&self) -> Limit {
        Limit {
            key: "point_timeout",
            after: self.point_timeout,
        }
    }

    /// A point under each of its loads.
    pub(crate) fn loads_of(&self, point: usize) -> impl Iterator<Item = (usize, Load)> {
        self.loads.iter().map(move |&load| (point, load))
    }

    /// The build of annbench's own that stands in where no index of the experiment is exact.
    pub fn is_added_baseline(&self, build: usize) -> bool {
        self.builds[build].label == controls::BASELINE_LABEL
    }

    /// The points that are compared, by number.
    pub fn candidates(&self) -> impl Iterator<Item = (usize, &PlannedPoint)> {
        let points = self.points.iter().enumerate();
        points.filter(|(_, point)| point.role == Role::Candidate)
    }

    /// The points whose measurements count for a candidate: itself, and itself on every index built
    /// again, each with the number of that repetition.
    pub(crate) fn repetitions_of(&self, candidate: usize) -> impl Iterator<Item = (usize, usize)> {
        let points = self.points.iter().enumerate();
        points
            .filter(move |&(number, point)| {
                number == candidate
                    || (point.role == Role::Rebuilt && point.twin == Some(candidate))
            })
            .map(|(number, point)| (number, self.builds[point.build].repetition))
    }

    /// The same with what is compared alone: no controls, no index built again or on a part of the
    /// base.
    pub(crate) fn compared(&self) -> Self {
        let whole = self.builds.iter().map(|build| build.n).max();
        let is_compared = |build: &&PlannedBuild| {
            !build.is_control && build.repetition == 0 && Some(build.n) == whole
        };
        let candidates = self.candidates().map(|(_, point)| point.clone());
        Self {
            builds: self.builds.iter().filter(is_compared).cloned().collect(),
            points: candidates.collect(),
            ..self.clone()
        }
    }

    /// The same plan for other queries, without the working sets that they are too few for.
    pub(crate) fn on_queries_of(&self, data: &Prepared) -> Self {
        let n_queries = data.card.n_queries;
        let fits = |load: &&Load| load.distinct_queries.is_none_or(|set| set <= n_queries);
        Self {
            queries_sha256: data.card.queries_sha256.clone(),
            n_queries,
            loads: self.loads.iter().filter(fits).copied().collect(),
            ..self.clone()
        }
    }

    /// A plan of these points alone, each a compared build of this plan with search parameters, on
    /// these queries; with its own controls, and built as often as this plan builds.
    pub(crate) fn chosen(
        &self,
        data: &Prepared,
        points: &[(usize, Params)],
        registry: &Registry,
    ) -> Self {
        let repetitions = self.builds.iter().map(|build| build.repetition + 1);
        let mut plan = Self {
            builds: Vec::new(),
            points: Vec::new(),
            ..self.on_queries_of(data)
        };
        let all = self.compared().builds;
        let mut numbers = BTreeMap::new();
        for (build, search) in points {
            let number = *numbers.entry(*build).or_insert_with(|| {
                plan.builds.push(all[*build].clone());
                plan.builds.len() - 1
            });
            plan.points.push(PlannedPoint {
                build: number,
                search: search.clone(),
                role: Role::Candidate,
                twin: None,
            });
        }
        controls::add(&mut plan, repetitions.max().unwrap_or(1), registry);
        plan
    }

    /// The operating points of one build, by number.
    pub fn points_of(&self, build: usize) -> impl Iterator<Item = (usize, &PlannedPoint)> {
        let points = self.points.iter().enumerate();
        points.filter(move |(_, point)| point.build == build)
    }
}
