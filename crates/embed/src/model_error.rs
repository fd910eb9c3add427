//! Why a model's folder is refused.

use std::path::{Path, PathBuf};

/// A model's folder that is refused: which file in it, which key, and what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum ModelError {
    /// No such folder; a model's name, perhaps.
    #[error("{}: no such folder; download the model and give the folder that holds its modules.json", .path.display())]
    NoFolder { path: PathBuf },
    /// A file that the model needs.
    #[error("{}: no such file; copy the whole folder of the model, with this file", .path.display())]
    Missing { path: PathBuf },
    /// The file system refused.
    #[error("read {}", .path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A file that is not the JSON it should be.
    #[error("{}: not what a sentence-transformers model has there; get the file again", .path.display())]
    Json {
        path: PathBuf,
        source: serde_json::Error,
    },
    /// Something that models may do and this crate does not.
    #[error("{}: {key} = {found} is not supported; take a model with {supported}", .path.display())]
    Unsupported {
        path: PathBuf,
        key: String,
        found: String,
        supported: &'static str,
    },
    /// A number that does not fit another one.
    #[error("{}: {key} = {found}, which must be {expected}; take all files from one model", .path.display())]
    Misfit {
        path: PathBuf,
        key: &'static str,
        found: usize,
        expected: String,
    },
    /// A tokenizer that cannot be read.
    #[error("{}: not a tokenizer; get the file again", .path.display())]
    Tokenizer {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What git leaves in the place of a large file.
    #[error("{}: a pointer of git-lfs in the place of the weights; run `git lfs pull` in the folder", .path.display())]
    LfsPointer { path: PathBuf },
    /// Weights that cannot be read.
    #[error("{}: damaged or cut off; get the file again", .path.display())]
    Damaged {
        path: PathBuf,
        source: candle_core::Error,
    },
    /// Weights of another model than the configuration.
    #[error("{}: the weights are not those that {} describes; take both from one model", .path.display(), .config.display())]
    Weights {
        path: PathBuf,
        config: PathBuf,
        source: candle_core::Error,
    },
}

impl ModelError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Io { path, source },
        }
    }

    /// Weights of another model than the configuration in the same folder.
    pub(crate) fn weights(network: &Path, source: candle_core::Error) -> Self {
        Self::Weights {
            path: network.join("model.safetensors"),
            config: network.join("config.json"),
            source: without_backtrace(source),
        }
    }

    pub(crate) fn unsupported(
        path: &Path,
        key: impl Into<String>,
        found: impl ToString,
        supported: &'static str,
    ) -> Self {
        Self::Unsupported {
            path: path.into(),
            key: key.into(),
            found: found.to_string(),
            supported,
        }
    }
}

/// Where RUST_BACKTRACE is set, candle puts twenty lines of its own calls into its messages.
fn without_backtrace(error: candle_core::Error) -> candle_core::Error {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => *inner,
        error => error,
    }
}
