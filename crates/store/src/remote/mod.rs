//! Vectors that lie elsewhere: in an object store or on a web server.
//!
//! [`Remote::bring`] makes a local copy that every reader of this crate opens like any file. Of a
//! Parquet file the copy holds the footer and the columns that are needed, and holes for the rest;
//! of other formats everything. Copies lie in a cache, by address, version (tag and date) and size,
//! and a transfer that was cut goes on with what is missing.
//!
//! Tag and size are what a server says, not the content: they decide whether to read again, and
//! nothing else. Results are keyed by the hash of the vectors that were read, as with local files.
//!
//! What waits for the network runs on a thread of the caller's, in a runtime that lives as long as
//! the transfer. Without the feature `remote` every address is refused with
//! [`RemoteError::NotBuilt`].

pub(crate) mod address;
#[cfg(feature = "remote")]
mod connect;
#[cfg(feature = "remote")]
mod copy;
mod error;
#[cfg(feature = "remote")]
mod failure;
mod limits;
#[cfg(feature = "remote")]
mod object;
#[cfg(feature = "remote")]
mod parquet;
#[cfg(feature = "remote")]
mod ranges;
#[cfg(feature = "remote")]
mod service;
#[cfg(feature = "remote")]
mod several;
#[cfg(feature = "remote")]
pub(crate) mod transfer;
#[cfg(not(feature = "remote"))]
#[path = "absent.rs"]
pub(crate) mod transfer;

use std::{
    fmt,
    path::{Path, PathBuf},
};

pub use address::{address, catalog_name, shown, within};
pub use error::RemoteError;
pub use limits::Limits;

use crate::{LoadOptions, inspect::Outline};

/// Reads from object stores and web servers, and keeps copies in a folder.
#[derive(Clone)]
pub struct Remote {
    cache: PathBuf,
    limits: Limits,
    #[cfg_attr(
        not(feature = "remote"),
        expect(dead_code, reason = "only transfers need keys")
    )]
    variables: Vec<(String, String)>,
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Bytes that have come.
    pub done: u64,
    /// Bytes to come in all, as far as is known; what was here before is not among them.
    pub total: u64,
}

/// A file that is here now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Its local copy, whole as far as it was asked for.
    pub path: PathBuf,
    /// Size of the whole file.
    pub bytes: u64,
    /// Bytes that came over the network this time.
    pub transferred: u64,
}

impl Remote {
    /// Copies go to `cache`, which is made when it is needed. Keys and regions come from the
    /// variables of the environment that begin with `AWS_`, `GOOGLE_` or `AZURE_`, as
    /// `object_store` names them.
    pub fn new(cache: &Path) -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self {
            cache: cache.into(),
            limits: Limits::default(),
            variables: pairs.collect(),
        }
    }

    /// With other limits.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With these variables instead of the environment's.
    pub fn with_variables(self, variables: &[(&str, &str)]) -> Self {
        let pairs = variables
            .iter()
            .map(|&(name, value)| (name.into(), value.into()));
        Self {
            variables: pairs.collect(),
            ..self
        }
    }

    /// Brings what reading a file with `options` takes, and says where its copy lies. What is
    /// still there from before is not read again, if the server tells its versions apart.
    ///
    /// The copy is to be read with the same `options`: other columns may be holes in it.
    ///
    /// An address that ends in `/`, or whose name is a pattern with `*`, stands for the Parquet files
    /// of one table in a folder of an object store; the copy is a folder then.
    ///
    /// # Errors
    /// [`RemoteError`] if the file cannot be reached or kept, or is Parquet without the columns.
    pub fn bring(
        &self,
        address: &str,
        options: &LoadOptions,
        progress: &mut dyn FnMut(Transfer),
    ) -> Result<Brought, RemoteError> {
        transfer::bring(self, address, options, progress)
    }

    /// Brings all of a file, whatever its format, as [`bring`](Self::bring) brings a part.
    ///
    /// # Errors
    /// [`RemoteError`] if the file cannot be reached or kept.
    pub fn bring_all(
        &self,
        address: &str,
        progress: &mut dyn FnMut(Transfer),
    ) -> Result<Brought, RemoteError> {
        transfer::bring_all(self, address, progress)
    }

    /// What a Parquet file says of itself, for a few kB of it; `None` where that takes the whole
    /// file, of another format or on a server that gives no parts.
    ///
    /// # Errors
    /// [`RemoteError`] if the file cannot be reached or kept, or its footer is refused.
    pub fn outline(
        &self,
        address: &str,
        options: &LoadOptions,
        progress: &mut dyn FnMut(Transfer),
    ) -> Result<Option<(Outline, Brought)>, RemoteError> {
        let Some(brought) = transfer::footer(self, address, progress)? else {
            return Ok(None);
        };
        let outline = crate::parquet::outline(&brought.path, options);
        let outline = outline.map_err(|source| RemoteError::Load {
            address: shown(address),
            source: Box::new(source),
        })?;
        Ok(Some((outline, brought)))
    }
}

impl fmt::Debug for Remote {
    /// Without the variables, which hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Remote");
        shown
            .field("cache", &self.cache)
            .field("limits", &self.limits);
        shown.finish_non_exhaustive()
    }
}
