//! Ground truth kept between runs, found again by what it was computed of.

use std::path::{Path, PathBuf};

use annbench_eval::{GroundTruth, TruthParts};
use annbench_store::{cache::Cache, hash::sha256_parts, npy};
use annbench_vectors::Metric;
use anyhow::{Context, Result};

/// What a ground truth is computed of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthKey {
    /// sha256 of the base vectors.
    pub base_sha256: String,
    /// sha256 of the queries.
    pub queries_sha256: String,
    /// The metric.
    pub metric: Metric,
    /// Neighbours a query.
    pub k: usize,
    /// Number of base vectors.
    pub n: usize,
    /// Number of queries.
    pub n_queries: usize,
}

/// A folder of ground truths. Runs and `annbench truth` share it.
#[derive(Debug, Clone)]
pub struct TruthCache {
    cache: Cache,
}

impl TruthCache {
    /// The cache in this folder, which is created if it is missing.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self> {
        let cache =
            Cache::open(folder).with_context(|| format!("open the cache {}", folder.display()))?;
        Ok(Self { cache })
    }

    /// The truth of a key, if it is there and whole; anything else is to be computed anew.
    pub fn read(&self, key: &TruthKey) -> Option<GroundTruth> {
        let parts = TruthParts {
            metric: key.metric,
            k: key.k,
            n: key.n,
            ids: npy::read(&self.path(key, "ids")).ok()?.into_vec(),
            scores: npy::read(&self.path(key, "scores")).ok()?.into_vec(),
            ties_at_k: npy::read(&self.path(key, "ties")).ok()?.into_vec(),
        };
        let truth = GroundTruth::from_parts(parts).ok()?;
        (truth.len() == key.n_queries).then_some(truth)
    }

    /// Keeps a truth.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, key: &TruthKey, truth: &GroundTruth) -> Result<()> {
        let parts = truth.parts();
        let (n_queries, found) = (truth.len(), truth.found());
        let ids = npy::write(&self.path(key, "ids"), &parts.ids, &[n_queries, found]);
        ids.and_then(|()| {
            let scores = self.path(key, "scores");
            npy::write(&scores, &parts.scores, &[n_queries, found])
        })
        .and_then(|()| npy::write(&self.path(key, "ties"), &parts.ties_at_k, &[n_queries, 1]))
        .context("write the ground truth into the cache")
    }

    fn path(&self, key: &TruthKey, part: &str) -> PathBuf {
        let TruthKey {
            base_sha256,
            queries_sha256,
            metric,
            k,
            ..
        } = key;
        let k = k.to_string();
        let key = sha256_parts(&[base_sha256, queries_sha256, metric.name(), &k]);
        self.cache.path("truth", &format!("{key}-{part}"), "npy")
    }
}
