//! From what a user wrote to what will be done.

use std::time::Duration;

use annbench_index::{AnyBackend, BaseFacts, ParamError, Params, Registry};
use annbench_store::results::Role;
use serde_json::Value;

use super::{Plan, PlannedBuild, PlannedPoint, controls, grid, loads, subsets};
use crate::{
    data::Prepared,
    experiment::{IndexSpec, Mistake, Written},
    threads::all_threads,
};

impl Plan {
    /// Expands the grids and checks every combination.
    ///
    /// # Errors
    /// [`Mistake`] points at the first thing that cannot work: an unknown index type or parameter,
    /// a value that the data does not allow, an empty list.
    pub fn resolve(
        written: &Written,
        data: &Prepared,
        registry: &Registry,
    ) -> Result<Self, Mistake> {
        let experiment = &written.experiment;
        check_k(written, data)?;
        let rounds = experiment.measure.rounds;
        let mut plan = Self {
            name: experiment.name.clone(),
            k: experiment.k,
            seed: experiment.seed,
            metric: data.card.metric,
            base_sha256: data.card.base_sha256.clone(),
            queries_sha256: data.card.queries_sha256.clone(),
            n_queries: data.card.n_queries,
            loads: loads::loads(written, data.card.n_queries)?,
            pin: experiment.measure.pin,
            split_queries: experiment.measure.split_queries,
            target: target(written)?,
            rounds: rounds
                .map(|rounds| positive(written, "measure.rounds", rounds))
                .transpose()?,
            budget: experiment.measure.budget,
            build_timeout: some_time(written, "build_timeout", experiment.measure.build_timeout)?,
            point_timeout: some_time(written, "point_timeout", experiment.measure.point_timeout)?,
            blas_env: experiment.machine.blas_env,
            builds: Vec::new(),
            points: Vec::new(),
        };
        if experiment.index.is_empty() {
            let message = "no index to compare; add an [[index]] with a type";
            return Err(written.places.mistake("index", message));
        }
        for position in 0..experiment.index.len() {
            Resolver::new(written, data, registry, position)?.add_to(&mut plan)?;
        }
        let base = facts(data);
        if experiment.measure.baseline {
            controls::add_baseline(&mut plan, base, registry)
                .map_err(|error| written.places.mistake("measure.baseline", error))?;
        }
        let builds = positive(written, "measure.builds", experiment.measure.builds)?;
        controls::add(&mut plan, builds, registry);
        subsets::add(&mut plan, written, base, registry)?;
        Ok(plan)
    }
}

fn facts(data: &Prepared) -> BaseFacts {
    BaseFacts {
        n: data.card.n,
        dim: data.card.dim,
        metric: data.card.metric,
    }
}

fn check_k(written: &Written, data: &Prepared) -> Result<(), Mistake> {
    let k = positive(written, "k", written.experiment.k)?;
    if k > data.card.n {
        let message = format!("k = {k} exceeds the {} base vectors; lower k", data.card.n);
        return Err(written.places.mistake("k", message));
    }
    Ok(())
}

pub(super) fn positive(written: &Written, key: &str, value: usize) -> Result<usize, Mistake> {
    match value {
        0 => Err(written.places.mistake(key, "must be at least 1")),
        value => Ok(value),
    }
}

fn some_time(written: &Written, key: &str, time: Duration) -> Result<Duration, Mistake> {
    match time.is_zero() {
        true => {
            let key = format!("measure.{key}");
            Err(written
                .places
                .mistake(&key, "leaves no time; write 30m or 5m"))
        }
        false => Ok(time),
    }
}

fn target(written: &Written) -> Result<f64, Mistake> {
    match written.experiment.measure.target {
        target if (0.0001..=1.0).contains(&target) => Ok(target),
        _ => Err(written.places.mistake(
            "measure.target",
            "must lie between 0.0001 and 1; write 0.02 for intervals of 2 % to either side",
        )),
    }
}

/// Resolves one `[[index]]`.
struct Resolver<'a> {
    written: &'a Written,
    spec: &'a IndexSpec,
    path: String,
    backend: &'a dyn AnyBackend,
    base: BaseFacts,
}

impl<'a> Resolver<'a> {
    fn new(
        written: &'a Written,
        data: &Prepared,
        registry: &'a Registry,
        position: usize,
    ) -> Result<Self, Mistake> {
        let spec = &written.experiment.index[position];
        let path = format!("index.{position}");
        let backend = registry
            .get(&spec.kind)
            .map_err(|error| written.places.mistake(&format!("{path}.type"), error))?;
        Ok(Self {
            written,
            spec,
            path,
            backend,
            base: facts(data),
        })
    }

    fn add_to(&self, plan: &mut Plan) -> Result<(), Mistake> {
        let searches = grid::expand(&self.spec.search).map_err(|bad| {
            let path = format!("{}.search.{}", self.path, bad.key);
            self.written.places.mistake(&path, bad)
        })?;
        let builds = grid::expand(&self.spec.build).map_err(|bad| {
            let path = format!("{}.{}", self.path, bad.key);
            self.written.places.mistake(&path, bad)
        })?;
        for requested in builds {
            let build = self.build(requested)?;
            for search in &searches {
                let search = self.search(&build, search)?;
                plan.points.push(PlannedPoint {
                    build: plan.builds.len(),
                    search,
                    role: Role::Candidate,
                    twin: None,
                });
            }
            plan.builds.push(build);
        }
        Ok(())
    }

    fn build(&self, requested: Params) -> Result<PlannedBuild, Mistake> {
        let wrong = |error| self.wrong("", error);
        let resolved = self.backend.resolve(&requested, self.base).map_err(wrong)?;
        let measure = &self.written.experiment.measure;
        let threads = measure.build_threads.unwrap_or_else(all_threads);
        let threads = positive(self.written, "measure.build_threads", threads)?;
        Ok(PlannedBuild {
            label: self.label(&requested, &resolved.params),
            backend: self.spec.kind.clone(),
            is_exact: self.backend.is_exact(&resolved.params).map_err(wrong)?,
            is_repeatable: self
                .backend
                .is_repeatable(&resolved.params, threads)
                .map_err(wrong)?,
            requested,
            effective: resolved.params,
            adjustments: resolved.adjustments,
            n: self.base.n,
            seed: self.written.experiment.seed,
            threads,
            repetition: 0,
            is_control: false,
        })
    }

    fn search(&self, build: &PlannedBuild, search: &Params) -> Result<Params, Mistake> {
        self.backend
            .resolve_search(&build.effective, search, self.base)
            .map_err(|error| self.wrong(".search", error))
    }

    fn wrong(&self, under: &str, error: ParamError) -> Mistake {
        let path = format!("{}{under}.{}", self.path, error.key());
        let message = format!("{}: {error}", self.spec.kind);
        self.written.places.mistake(&path, message)
    }

    /// The user's own label or the type, with the parameters that tell this build from others, as
    /// they are in force: `hnsw m=32`. A factory string speaks for itself.
    fn label(&self, requested: &Params, effective: &Params) -> String {
        let name = self.spec.label.as_ref().unwrap_or(&self.spec.kind);
        let mut words = vec![name.clone()];
        for (key, value) in requested.iter() {
            let is_axis = self.spec.build.get(key).is_some_and(Value::is_array);
            let value = effective.get(key).unwrap_or(value);
            match (key, value.as_str()) {
                ("factory", Some(factory)) if self.spec.label.is_none() => {
                    words[0] = factory.to_owned();
                }
                ("auto_adjust", _) if !is_axis => {}
                _ if is_axis || self.spec.label.is_none() => words.push(format!("{key}={value}")),
                _ => {}
            }
        }
        words.join(" ")
    }
}
