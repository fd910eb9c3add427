//! Ground truth: from the cache, or computed and put there.

use std::path::Path;

use annbench_eval::{ExactOptions, GroundTruth, TruthParts};
use annbench_store::{cache::Cache, hash::sha256_parts, npy};
use anyhow::{Context, Result};

use crate::{
    coordinator::Stop, data::Prepared, observer::Observer, plan::Plan, threads::all_threads,
};

/// The exact neighbours of every query.
pub(crate) fn ground_truth(
    data: &Prepared,
    plan: &Plan,
    cache: &Path,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<GroundTruth> {
    let cache =
        Cache::open(cache).with_context(|| format!("open the cache {}", cache.display()))?;
    let entry = Entry {
        cache: &cache,
        plan,
    };
    if let Some(truth) = entry.read(data) {
        return Ok(truth);
    }
    let truth = compute(data, plan, stop, observer)?;
    entry
        .write(&truth)
        .context("write the ground truth into the cache")?;
    Ok(truth)
}

fn compute(
    data: &Prepared,
    plan: &Plan,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<GroundTruth> {
    observer.begin(
        "ground truth",
        Some(data.card.n as u64 * data.card.n_queries as u64),
    );
    let shown = &mut *observer;
    let mut options = ExactOptions::new(all_threads())
        .with_cancel(stop.flag())
        .with_progress(move |progress| shown.advance(progress.done));
    let (base, queries) = (data.base.view(), data.queries.view());
    let truth = GroundTruth::compute(base, queries, plan.metric, plan.k, &mut options);
    drop(options);
    observer.end();
    truth.context("compute the ground truth")
}

/// The cache's arrays for one ground truth: ids, scores and ties.
struct Entry<'a> {
    cache: &'a Cache,
    plan: &'a Plan,
}

impl Entry<'_> {
    fn path(&self, part: &str) -> std::path::PathBuf {
        let Plan {
            base_sha256,
            queries_sha256,
            metric,
            k,
            ..
        } = self.plan;
        let k = k.to_string();
        let key = sha256_parts(&[base_sha256, queries_sha256, metric.name(), &k]);
        self.cache.path("truth", &format!("{key}-{part}"), "npy")
    }

    /// What lies in the cache, if it is there and whole; anything else is computed anew.
    fn read(&self, data: &Prepared) -> Option<GroundTruth> {
        let parts = TruthParts {
            metric: self.plan.metric,
            k: self.plan.k,
            n: data.card.n,
            ids: npy::read(&self.path("ids")).ok()?.into_vec(),
            scores: npy::read(&self.path("scores")).ok()?.into_vec(),
            ties_at_k: npy::read(&self.path("ties")).ok()?.into_vec(),
        };
        let truth = GroundTruth::from_parts(parts).ok()?;
        (truth.len() == data.card.n_queries).then_some(truth)
    }

    fn write(&self, truth: &GroundTruth) -> Result<()> {
        let parts = truth.parts();
        let (n_queries, found) = (truth.len(), truth.found());
        npy::write(&self.path("ids"), &parts.ids, &[n_queries, found])?;
        npy::write(&self.path("scores"), &parts.scores, &[n_queries, found])?;
        npy::write(&self.path("ties"), &parts.ties_at_k, &[n_queries, 1])?;
        Ok(())
    }
}
