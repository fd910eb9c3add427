//! Why texts were not embedded.

use std::io;

use annbench_vectors::ShapeError;

/// Texts that were not embedded.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// A batch that holds no text.
    #[error("batch = 0 holds no text; use batch = 1 or more, 64 is usual")]
    ZeroBatch,
    /// No thread may do the work.
    #[error("threads = 0 leaves nobody to embed; use threads = 1 or more")]
    ZeroThreads,
    /// The system gave no thread.
    #[error("start a thread to embed; use fewer threads")]
    Thread(#[source] io::Error),
    /// The tokenizer refused a text.
    #[error("text {row}: the tokenizer cannot split it")]
    Tokenize {
        /// Number of the text, from 0.
        row: usize,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A computation failed.
    #[cfg(feature = "model")]
    #[error("compute the embeddings")]
    Compute(#[from] candle_core::Error),
    /// Vectors that make no matrix.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A vector with a NaN or an infinity: the weights are broken.
    #[error("text {row}: its embedding holds a NaN or an infinity; get the model's weights again")]
    NotFinite {
        /// Number of the text, from 0.
        row: usize,
    },
}
