//! Text to embeddings, with a sentence-transformers model of the BERT family (MiniLM, MPNet, BGE, E5,
//! GTE) from a local folder or the Hugging Face hub, on the CPU.
//!
//! Start reading at [`Model::load`], which takes a folder or says what in it is not supported, and
//! at [`Model::embed`]. [`Texts`] reads texts from a file, [`Corpus`] writes them with their
//! embeddings, [`with_texts`] puts both into one table for `annbench-store` to write.
//!
//! Invariants, each proved by a test:
//!
//! - what the folder says is done (pooling, normalisation, maximum length, lower case, default
//!   prompt) or refused with the file and the key; nothing is replaced by a default silently;
//! - an embedding depends on its text alone: not on its batch, its neighbours or the number of
//!   threads, beyond a rounding of 1e-5;
//! - a long text is cut and an empty one embedded; neither fails.
//!
//! ```no_run
//! use annbench_embed::{EmbedOptions, Model};
//!
//! let model = Model::load("models/all-MiniLM-L6-v2".as_ref())?;
//! let texts = ["The weather is lovely today.", "It's so sunny outside!"];
//! let vectors = model.embed(&texts, &EmbedOptions::default(), &mut |_| {})?;
//! assert_eq!((vectors.n(), vectors.dim()), (2, model.dim()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "model")]
mod batches;
#[cfg(feature = "model")]
mod config;
mod corpus;
mod embed_error;
#[cfg(feature = "model")]
mod folder;
#[cfg(feature = "hub")]
mod hub;
#[cfg(feature = "model")]
mod kept;
#[cfg(feature = "model")]
mod kernels;
mod metadata;
#[cfg(feature = "model")]
mod model;
#[cfg(feature = "model")]
mod model_error;
#[cfg(feature = "model")]
mod network;
#[cfg(feature = "model")]
mod options;
#[cfg(feature = "model")]
mod places;
#[cfg(feature = "model")]
mod pooling;
mod recipe;
mod source;
mod table;
mod texts;
#[cfg(test)]
#[cfg(feature = "model")]
mod tiny;
#[cfg(feature = "model")]
mod tokens;
#[cfg(feature = "model")]
mod workers;

pub use corpus::{Corpus, CorpusError};
pub use embed_error::EmbedError;
#[cfg(feature = "hub")]
pub use hub::{Hub, HubError};
#[cfg(feature = "model")]
pub use kept::Kept;
pub use metadata::{Metadata, MetadataError};
#[cfg(feature = "model")]
pub use model::Model;
#[cfg(feature = "model")]
pub use model_error::ModelError;
#[cfg(feature = "model")]
pub use options::EmbedOptions;
#[cfg(feature = "model")]
pub use pooling::Pooling;
pub use recipe::{FingerprintError, Recipe, fingerprint};
pub use source::{Ready, VectorSource};
pub use table::{METADATA_COLUMN, TEXT_COLUMN, TableError, with_texts};
pub use texts::{Split, TextError, Texts};
