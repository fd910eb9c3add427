//! `ivf_flat`: the base divided into lists, some of them searched.

use std::path::Path;

use annbench_index::{
    Adjustment, Backend, BaseFacts, BuildError, BuildJob, Built, ConfigureError, Library,
    LoadError, ParamError, Resolved,
};
use annbench_vectors::{MatrixView, Metric};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    construct::{Adding, construct},
    flat::vector_bytes,
    index::{FaissIndex, Handle, Tuning},
    library,
    native::Kind,
    parameter::{in_force, set},
    words::thousands,
};

/// Builds [`IvfFlatIndex`]es.
#[derive(Debug, Clone, Copy, Default)]
pub struct IvfFlatBackend;

/// FAISS's `IndexIVFFlat` over a flat coarse quantizer of the same metric.
pub type IvfFlatIndex = FaissIndex<IvfFlatSearch>;

/// Build parameters of `ivf_flat`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IvfFlatBuild {
    /// Lists the base is divided into: raising it makes a probe cheaper and find less, and training
    /// dearer; 4 to 16 times the root of n is usual, and under 39 vectors a list train poorly.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub nlist: usize,
    /// Whether nlist shrinks to max(2, n / 2) at most where the base has fewer than 5 vectors a
    /// list; false keeps it, and refuses an nlist above n.
    pub auto_adjust: bool,
}

/// Search parameters of `ivf_flat`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IvfFlatSearch {
    /// Lists looked into per query: raising it buys recall and costs time in proportion; nlist at
    /// most.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub nprobe: usize,
}

impl Default for IvfFlatBuild {
    fn default() -> Self {
        Self {
            nlist: 8,
            auto_adjust: true,
        }
    }
}

impl Default for IvfFlatSearch {
    fn default() -> Self {
        Self { nprobe: 4 }
    }
}

impl Backend for IvfFlatBackend {
    type Build = IvfFlatBuild;
    type Search = IvfFlatSearch;
    type Index = IvfFlatIndex;

    fn name(&self) -> &'static str {
        "ivf_flat"
    }

    fn summary(&self) -> &'static str {
        "divides the base into lists by k-means and searches the nearest few: quick to build"
    }

    fn library(&self) -> Library {
        library::found()
    }

    /// k-means and the filling of lists divide their work by centroid and by list, not by who
    /// comes first.
    fn is_repeatable(&self, _: &IvfFlatBuild, _: usize) -> bool {
        true
    }

    fn resolve(
        &self,
        build: IvfFlatBuild,
        base: BaseFacts,
    ) -> Result<Resolved<IvfFlatBuild>, ParamError> {
        if !build.auto_adjust {
            refuse_more_lists_than_vectors(&build, base)?;
            return Ok(Resolved::unchanged(build));
        }
        let adjusted = tiny_corpus_nlist(build.nlist, base.n);
        if adjusted == build.nlist {
            return Ok(Resolved::unchanged(build));
        }
        let adjustments = vec![Adjustment {
            key: "nlist".to_owned(),
            requested: build.nlist.into(),
            effective: adjusted.into(),
            reason: format!(
                "{} base vectors are fewer than 5 a list; set auto_adjust = false to keep nlist",
                thousands(base.n)
            ),
        }];
        let params = IvfFlatBuild {
            nlist: adjusted,
            ..build
        };
        Ok(Resolved {
            params,
            adjustments,
        })
    }

    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        params: &IvfFlatBuild,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<IvfFlatIndex>, BuildError> {
        let factory = format!("IVF{},Flat", params.nlist);
        construct(&factory, Adding::Blocks, base, metric, job, |_| Ok(()))
    }

    fn load(&self, path: &Path, metric: Metric) -> Result<IvfFlatIndex, LoadError> {
        IvfFlatIndex::load(path, metric)
    }
}

fn refuse_more_lists_than_vectors(build: &IvfFlatBuild, base: BaseFacts) -> Result<(), ParamError> {
    if build.nlist <= base.n {
        return Ok(());
    }
    Err(ParamError::Refused {
        key: "nlist".to_owned(),
        value: build.nlist.into(),
        problem: format!("exceeds the {} base vectors", thousands(base.n)),
        remedy: "lower nlist or set auto_adjust = true".to_owned(),
    })
}

/// The tiny-corpus rule: where n < 5 nlist, nlist shrinks to max(2, min(nlist, max(2, n / 2))).
/// It never grows, and never exceeds n, which k-means could not train.
fn tiny_corpus_nlist(nlist: usize, n: usize) -> usize {
    if n >= nlist.saturating_mul(5) {
        return nlist;
    }
    let halved = nlist.min((n / 2).max(2)).max(2);
    halved.min(n.max(1)).min(nlist)
}

impl Tuning for IvfFlatSearch {
    fn apply(&self, index: &mut Handle, _: usize) -> Result<Self, ConfigureError> {
        set(index, "nprobe", "nprobe", self.nprobe)?;
        let nlist = in_force(index, "nlist").unwrap_or(self.nprobe);
        Ok(Self {
            nprobe: self.nprobe.min(nlist),
        })
    }

    /// n*d*4 + nlist*d*4: vectors and centroids.
    fn bytes_estimate(index: &Handle) -> Option<u64> {
        let centroids = in_force(index, "nlist")? as u64;
        Some(vector_bytes(index) + centroids * index.0.dim() as u64 * 4)
    }

    fn check_kind(index: &Handle) -> Result<(), &'static str> {
        let fits = index.0.kind() == Kind::IvfFlat;
        fits.then_some(()).ok_or("ivf_flat")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(n: usize) -> BaseFacts {
        BaseFacts {
            n,
            dim: 4,
            metric: Metric::L2,
        }
    }

    #[test]
    fn a_tiny_base_shrinks_nlist_by_the_rule() {
        for (nlist, n, expected) in [
            (8, 40, 8),
            (8, 39, 8),
            (32, 41, 20),
            (8, 10, 5),
            (8, 3, 2),
            (8, 1, 1),
            (1, 3, 1),
            (8, 0, 1),
        ] {
            assert_eq!(
                tiny_corpus_nlist(nlist, n),
                expected,
                "nlist {nlist}, n {n}"
            );
        }
    }

    #[test]
    fn an_adjustment_says_what_and_why() {
        let build = IvfFlatBuild {
            nlist: 1000,
            ..IvfFlatBuild::default()
        };
        let resolved = IvfFlatBackend.resolve(build, facts(1200)).unwrap();
        assert_eq!(resolved.params.nlist, 600);
        assert_eq!(
            resolved.adjustments[0].reason,
            "1,200 base vectors are fewer than 5 a list; set auto_adjust = false to keep nlist"
        );
    }

    #[test]
    fn without_adjustment_more_lists_than_vectors_are_refused() {
        let build = IvfFlatBuild {
            nlist: 5000,
            auto_adjust: false,
        };
        let error = IvfFlatBackend
            .resolve(build.clone(), facts(1234))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "nlist = 5000 exceeds the 1,234 base vectors; lower nlist or set auto_adjust = true"
        );
        let kept = IvfFlatBackend.resolve(build.clone(), facts(5000)).unwrap();
        assert_eq!(kept, Resolved::unchanged(build));
    }
}
