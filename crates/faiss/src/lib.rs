//! FAISS behind annbench's index traits.
//!
//! Four backends: [`FlatBackend`] (exact), [`IvfFlatBackend`], [`HnswBackend`] and
//! [`FactoryBackend`], which builds whatever a FAISS factory string describes. [`register`] adds
//! all four to a registry. Start reading at [`FaissIndex`], which they share.
//!
//! Invariants:
//!
//! - a search is one call of `faiss_Index_search` into the caller's cells: no allocation, no copy;
//! - a C++ exception is an error, in FAISS's words, and never unwinds into Rust;
//! - nothing reaches FAISS from a file whose checksum does not fit;
//! - a search parameter that an index has no use for is an error, and what is left out is FAISS's
//!   default, not the value of the last search.
//!
//! # What a seed reaches
//! k-means of coarse lists and of codebooks, residual and local-search quantisers, and the levels
//! of an HNSW graph. Out of reach, and the same in every build: random rotations (`RR`, the start
//! of `OPQ`), `NSG`, and the order in which HNSW adds the vectors of one level. HNSW built by more
//! than one thread differs from build to build whatever the seed.
//!
//! # How it is compiled
//! FAISS is compiled from source for the CPU it runs on (`CXXFLAGS=-march=native` in
//! `.cargo/config.toml`); [`annbench_index::Library::unused_cpu_features`] says what a build leaves
//! out, and a test fails for a generic one.
//!
//! ```
//! use annbench_faiss::{IvfFlatBackend, IvfFlatBuild, IvfFlatSearch};
//! use annbench_index::{Backend, BuildJob, SearchSetup, TypedIndex};
//! use annbench_vectors::{Matrix, Metric, Neighbors};
//!
//! let base = Matrix::from_vec((0..400).map(|i| (i % 97) as f32).collect(), 4)?;
//! let build = IvfFlatBuild { nlist: 4, ..IvfFlatBuild::default() };
//! let job = &mut BuildJob::new(1, 42);
//! let mut index = IvfFlatBackend.build(base.view(), Metric::L2, &build, job)?.index;
//!
//! let setup = SearchSetup { k: 3, threads: 1 };
//! let effective = index.configure(&IvfFlatSearch { nprobe: 10 }, setup)?;
//! assert_eq!(effective.nprobe, 4, "no more probes than lists");
//!
//! let mut neighbors = Neighbors::new(1, 3);
//! index.search(base.view().slice(7..8), &mut neighbors.as_mut())?;
//! assert_eq!((neighbors.ids(0)[0], neighbors.scores(0)[0]), (7, 0.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bare;
mod construct;
mod environment;
mod factory;
mod file;
mod flat;
mod hnsw;
mod index;
mod ivf_flat;
mod library;
mod native;
mod parameter;
pub mod runtime;
mod words;

pub use environment::{STEERING_VARIABLES, WORKER_ENVIRONMENT};
pub use factory::{
    FactoryBackend, FactoryBuild, FactoryIndex, FactorySearch, search_parameter_names,
};
pub use flat::{FlatBackend, FlatIndex};
pub use hnsw::{HnswBackend, HnswBuild, HnswIndex, HnswSearch};
pub use index::{FaissIndex, Tuning};
pub use ivf_flat::{IvfFlatBackend, IvfFlatBuild, IvfFlatIndex, IvfFlatSearch};

use annbench_index::Registry;

/// Adds `flat`, `ivf_flat`, `hnsw` and `factory` to a registry.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry
        .with(FlatBackend)
        .with(IvfFlatBackend)
        .with(HnswBackend)
        .with(FactoryBackend)
}
