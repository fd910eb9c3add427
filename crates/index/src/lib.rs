//! What an index is to annbench: the traits a backend implements, the parameters it takes, the
//! errors it gives, and a registry to find it by name.
//!
//! A backend author implements two typed traits, [`Backend`] (how to build and load) and
//! [`TypedIndex`] (how to search), with plain structs as parameters. Everybody else sees their
//! erased twins, [`AnyBackend`] and [`Index`], found in a [`Registry`], with parameters as
//! [`Params`]. [`null`] is the smallest complete backend: start reading there.
//!
//! Invariants:
//!
//! - parameters are checked against their schema before a backend sees them: unknown keys,
//!   wrong types and values out of range never reach it, and are never replaced by defaults;
//! - requested and effective parameters are both kept, see [`Resolved`];
//! - [`Index::search`] writes into buffers of the caller and does nothing else.
//!
//! ```
//! use annbench_index::{BuildJob, NullBackend, Params, Registry, SearchSetup};
//! use annbench_vectors::{Matrix, Metric, Neighbors};
//!
//! let registry = Registry::new().with(NullBackend);
//! let backend = registry.get("null")?;
//! let base = Matrix::from_vec(vec![0.0; 20], 4)?;
//! let mut built = backend.build(base.view(), Metric::L2, &Params::new(), &mut BuildJob::new(1, 42))?;
//! built.index.configure(&Params::new(), SearchSetup { k: 2, threads: 1 })?;
//! let mut neighbors = Neighbors::new(1, 2);
//! built.index.search(base.view().slice(0..1), &mut neighbors.as_mut())?;
//! assert_eq!(neighbors.ids(0), [0, 1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backend;
mod card;
#[cfg(feature = "conformance")]
pub mod conformance;
mod erased;
mod errors;
pub mod null;
mod params;
mod registry;
mod schema;

pub use backend::{
    Adjustment, Backend, BaseFacts, BuildJob, BuildPhase, BuildProgress, Built, Library,
    Parameters, Resolved, SearchSetup, TypedIndex,
};
pub use card::{DatasetRef, IndexCard};
pub use erased::{AnyBackend, Erased, Index};
pub use errors::{
    BuildError, ConfigureError, LoadError, ParamError, SaveError, SearchError, suggestion,
};
pub use null::NullBackend;
pub use params::Params;
pub use registry::{Registry, UnknownBackend};
pub use schema::ParamDoc;
pub(crate) use schema::nearest;
