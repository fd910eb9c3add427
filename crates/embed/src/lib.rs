//! Text to embeddings, with a sentence-transformers model of the BERT family (MiniLM, BGE, E5, GTE)
//! from a local folder, on the CPU.
//!
//! Start reading at [`Model::load`], which takes a folder or says what in it is not supported, and
//! at [`Model::embed`]. [`read_texts`] gets texts from a file, [`with_texts`] puts the embeddings
//! and their texts into one table for `annbench-store` to write.
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

mod batches;
mod bert;
mod config;
mod embed_error;
mod folder;
mod model;
mod model_error;
mod options;
mod pooling;
mod table;
mod texts;
#[cfg(test)]
mod tiny;
mod tokens;
mod workers;

pub use embed_error::EmbedError;
pub use model::Model;
pub use model_error::ModelError;
pub use options::EmbedOptions;
pub use pooling::Pooling;
pub use table::{TableError, with_texts};
pub use texts::{Split, TextError, read_texts};
