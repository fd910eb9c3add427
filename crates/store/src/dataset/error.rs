//! Why a dataset is refused.

use std::path::PathBuf;

use crate::{LoadError, format, nearest};

/// A dataset that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// There is nothing at the path.
    #[error("dataset {}: no such file or folder{}", .path.display(), nearest::did_you_mean(.nearest))]
    NotFound {
        /// The path.
        path: PathBuf,
        /// The nearest name beside it.
        nearest: Option<String>,
    },
    /// A folder without a manifest.
    #[error("dataset {}: no dataset.toml in it; {}", .folder.display(), remedy(.files))]
    NoManifest {
        /// The folder.
        folder: PathBuf,
        /// Files of vectors in it.
        files: Vec<String>,
    },
    /// A manifest that says nothing sensible.
    #[error("{}: not a dataset manifest; correct it", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Where in it and why.
        source: Box<toml::de::Error>,
    },
    /// Another file than the manifest describes.
    #[error("{}: sha256 is {found}, the manifest says {expected}; get the file again, or correct the manifest if the file is right", .path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// The manifest's hash.
        expected: String,
        /// The file's hash.
        found: String,
    },
    /// Another shape than the manifest describes.
    #[error("{}: {what} = {found}, the manifest says {what} = {expected}; correct the one that is wrong", .path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// `n` or `dim`.
        what: &'static str,
        /// What the manifest says.
        expected: usize,
        /// What the file holds.
        found: usize,
    },
    /// A file that is refused.
    #[error(transparent)]
    Load(#[from] LoadError),
}

fn remedy(files: &[String]) -> String {
    match files {
        [] => format!("name a {} file", format::readable()),
        files => format!("name one of its files: {}", files.join(", ")),
    }
}
