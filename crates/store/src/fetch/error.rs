//! Why a set of the catalogue could not be fetched.

use std::{io, path::PathBuf};

use crate::{LoadError, RemoteError, WriteError, dataset::DatasetError, format};

/// A fetch that did not succeed. What was downloaded stays for the next one to go on with, unless
/// it is wrong.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum FetchError {
    /// The download failed.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// Another file than was pinned.
    #[error(
        "{address}: sha256 is {found}, pinned is {expected}; nothing was kept: fetch again, or from another --mirror; if its makers changed the file, correct the pin"
    )]
    Hash {
        address: String,
        expected: String,
        found: String,
    },
    /// A file of another size than the catalogue says.
    #[error(
        "{address}: has {found} bytes, the catalogue says {expected}; nothing was kept: fetch again, or from another --mirror"
    )]
    Size {
        address: String,
        expected: u64,
        found: u64,
    },
    /// An address that nothing here reads, such as one of an FTP server.
    #[error(
        "{address}: only http(s) and object stores are read; download it by other means, and name the folder it lies in with --mirror"
    )]
    Address { address: String },
    /// Not in the folder of this machine that stands for the addresses.
    #[error("{}: no such file; download {address} into that folder, or name another --mirror", .path.display())]
    NotInMirror { path: PathBuf, address: String },
    /// An archive that cannot be unpacked.
    #[error(
        "{address}: cannot be unpacked; nothing was kept: fetch again, or from another --mirror"
    )]
    Archive { address: String, source: io::Error },
    /// An archive without the file that is wanted, or with something else in its place.
    #[error(
        "{address}: {member} {problem}; nothing was kept: report it, the catalogue or the file is wrong"
    )]
    Member {
        address: String,
        member: String,
        problem: String,
    },
    /// A file that nothing here reads.
    #[error(
        "{address}: annbench reads {} files; this build cannot use it",
        format::readable()
    )]
    Format { address: String },
    /// What came is not what the catalogue describes.
    #[error(
        "{name}: {what} = {found}, the catalogue says {what} = {expected}; nothing was kept: report it, one of the two is wrong"
    )]
    Shape {
        name: String,
        what: &'static str,
        expected: usize,
        found: usize,
    },
    /// What came is refused.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The vectors cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file system refused.
    #[error("{}", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl From<LoadError> for FetchError {
    fn from(error: LoadError) -> Self {
        Self::Dataset(error.into())
    }
}

impl FetchError {
    /// Whether what was asked for is wrong, rather than the network, the disk or what came.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Remote(error) => error.is_bad_input(),
            Self::Format { .. } | Self::Address { .. } | Self::NotInMirror { .. } => true,
            _ => false,
        }
    }

    /// Whether what came is wrong, so that a further fetch must not go on with it.
    pub(super) fn is_wrong_content(&self) -> bool {
        matches!(
            self,
            Self::Hash { .. }
                | Self::Size { .. }
                | Self::Shape { .. }
                | Self::Archive { .. }
                | Self::Member { .. }
        )
    }
}
