//! Embeddings and results on disk: the one crate of annbench that knows file formats.
//!
//! Start reading at [`load`], which turns a file of any [`Format`] into [`Embeddings`] or says what
//! is wrong with it, and at [`write_parquet`], which writes the canonical form back; [`Format`] is
//! the one list of formats. Around them:
//! [`dataset`] (a folder with a manifest), [`remote`] (files that lie elsewhere), [`convert`],
//! [`inspect`], [`hash`], the [`cache`] of memory-mappable matrices, the [`journal`] a run appends to
//! and the tables of [`results`]; [`synthetic`] makes vectors from a seed.
//!
//! Invariants, each proved by a test:
//!
//! - what [`load`] returns is `n x dim` finite values with one distinct id a row, or an error that
//!   names the file, the column or row, and the remedy; a damaged file never panics;
//! - nothing is allocated by a header's word alone;
//! - files are written under a temporary name and renamed: a killed writer leaves no half file.
//!
//! ```
//! use annbench_store::{Embeddings, LoadOptions, WriteOptions, load, write_parquet};
//! use annbench_vectors::{Ids, Matrix};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("base.parquet");
//! let vectors = Matrix::from_vec(vec![1.0, 0.0, 0.0, 1.0], 2)?;
//! let ids = Ids::Strings(vec!["first".into(), "second".into()]);
//! write_parquet(&path, &Embeddings::new(vectors, ids)?, &WriteOptions::default())?;
//!
//! let read = load(&path, &LoadOptions::default(), &mut |_| {})?;
//! assert_eq!(read.vectors.row(1), [0.0, 1.0]);
//! assert_eq!(read.ids.get(1).map(|id| id.to_string()), Some("second".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(target_endian = "big")]
compile_error!("annbench reads and maps little-endian files as they lie; port npy and hash first");

mod arrow_ipc;
pub mod atomic;
mod blocks;
pub mod cache;
pub mod catalog;
mod columnar;
pub mod convert;
pub mod dataset;
mod dense;
mod embeddings;
pub mod fetch;
mod flat;
mod format;
pub mod hash;
mod hdf5;
pub mod inspect;
pub mod journal;
mod load_error;
pub mod nearest;
pub mod npy;
mod parquet;
mod raw;
pub mod remote;
pub mod results;
mod row_facts;
mod safetensors;
pub mod sample;
mod shards;
pub mod synthetic;
mod text;
mod texts;
mod truth;
pub mod vector_log;
mod writer;

pub use embeddings::{
    Dtype, Embeddings, Faults, LoadOptions, Progress, RowCountMismatch, load, load_on,
};
pub use flat::{Truth, read_scored_truth};
pub use format::Format;
pub use load_error::LoadError;
pub use parquet::{
    PartWriter, VectorBlocks, WriteError, WriteOptions, read_ids, read_notes, write_ids,
    write_parquet, write_parquet_parts,
};
pub use remote::RemoteError;
pub use row_facts::{RowFacts, read_row_facts, row_facts};
pub use texts::{TextColumns, TextRows, read_texts};
pub use truth::{KnownTruth, TruthTable, check_truth_path, read_truth, write_truth};
