//! The ground truths of a run: of the whole base, and of each part of it that is measured.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use annbench_eval::{GroundTruth, TruthParts};
use annbench_store::{hash::sha256_parts, npy::MappedMatrix};
use annbench_vectors::MatrixView;
use anyhow::{Context, Result};

use super::{
    cache::{TruthCache, TruthKey},
    compute::{Vectors, ground_truth},
};
use crate::{
    coordinator::Stop, data::Prepared, insertion::Order, observer::Observer, plan::Plan,
    threads::all_threads,
};

/// Ground truths by the number of base vectors they are of. All name rows of the whole base.
#[derive(Debug)]
pub(crate) struct Truths(BTreeMap<usize, GroundTruth>);

impl Truths {
    /// Gets all that the plan's builds need.
    pub(crate) fn of_run(
        data: &Prepared,
        plan: &Plan,
        cache: &Path,
        stop: &Stop,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let run = Run {
            data,
            plan,
            cache: TruthCache::open(cache)?,
            stop,
        };
        let sizes: BTreeSet<usize> = plan.builds.iter().map(|build| build.n).collect();
        let truth = |n: usize| {
            let truth = match n == data.card.n {
                true => run.of_whole(observer),
                false => run.of_part(n, observer),
            };
            Ok((n, truth?))
        };
        let truths = sizes.into_iter().map(truth);
        Ok(Self(truths.collect::<Result<_>>()?))
    }

    /// That of so many vectors.
    pub(crate) fn of(&self, n: usize) -> Result<&GroundTruth> {
        let truth = self.0.get(&n);
        truth.with_context(|| format!("no ground truth was found for {n} base vectors"))
    }
}

struct Run<'a> {
    data: &'a Prepared,
    plan: &'a Plan,
    cache: TruthCache,
    stop: &'a Stop,
}

impl Run<'_> {
    /// The one that the user has, or the cache, or computed.
    fn of_whole(&self, observer: &mut dyn Observer) -> Result<GroundTruth> {
        match &self.data.ground_truth {
            Some(truth) => Ok(truth.clone()),
            None => self.find(
                self.data.base.view(),
                self.plan.base_sha256.clone(),
                observer,
            ),
        }
    }

    /// That of the first `n` rows of the plan's order.
    fn of_part(&self, n: usize, observer: &mut dyn Observer) -> Result<GroundTruth> {
        let seed = self.plan.seed;
        let order = Order::shuffled(self.data.card.n, seed).first(n);
        let part = MappedMatrix::open(&self.data.shuffled(&order, seed)?)?;
        let [seed, n] = [seed.to_string(), n.to_string()];
        let identity = sha256_parts(&[&self.plan.base_sha256, "part", &seed, &n]);
        let truth = self.find(part.view(), identity, observer)?;
        let parts = truth.parts();
        let row = |id: &u64| order.row(*id).unwrap_or(*id);
        let truth = GroundTruth::from_parts(TruthParts {
            n: self.data.card.n,
            ids: parts.ids.iter().map(row).collect(),
            ..parts.clone()
        })?;
        Ok(truth)
    }

    fn find(
        &self,
        base: MatrixView<'_>,
        base_sha256: String,
        observer: &mut dyn Observer,
    ) -> Result<GroundTruth> {
        let vectors = Vectors {
            base,
            queries: self.data.queries.view(),
            key: TruthKey {
                base_sha256,
                queries_sha256: self.plan.queries_sha256.clone(),
                metric: self.plan.metric,
                k: self.plan.k,
                n: base.n(),
                n_queries: self.data.card.n_queries,
            },
        };
        ground_truth(&vectors, &self.cache, all_threads(), self.stop, observer)
    }
}
