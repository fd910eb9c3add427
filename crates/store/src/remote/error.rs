//! Why what lies elsewhere could not be brought here.

use std::{io, path::PathBuf, time::Duration};

use super::address;
use crate::LoadError;

/// Something on the network that cannot be read.
///
/// `address` is shown without what may be secret in it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum RemoteError {
    /// The feature `remote` is not compiled in.
    #[error(
        "{address}: this build reads files only; build with the feature `remote`, or fetch the file by hand"
    )]
    NotBuilt { address: String },
    /// No address that can be read.
    #[error(
        "{address}: {problem}; write it as s3://BUCKET/FILE, gs://BUCKET/FILE, az://CONTAINER/FILE or https://HOST/FILE"
    )]
    Address { address: String, problem: String },
    /// A folder or a pattern where nothing can be listed.
    #[error(
        "{address}: web servers do not list their folders; name one file, or bring the files into a folder of this machine and name that"
    )]
    NotListed { address: String },
    /// A folder without what makes a table.
    #[error("{address}: {problem}")]
    Folder { address: String, problem: String },
    /// Nothing lies there.
    #[error("{address}: not found there; check the address, capital letters count")]
    NotFound { address: String },
    /// Access is refused.
    #[error("{address}: access denied ({reason}); {}", address::variables(.address))]
    Denied { address: String, reason: String },
    /// Nobody answers.
    #[error(
        "{address}: no connection: {reason}; check the network and the address (a proxy is taken from HTTPS_PROXY and HTTP_PROXY), and give the same command again"
    )]
    Unreachable { address: String, reason: String },
    /// The other side is not who it says.
    #[error(
        "{address}: no trusted connection: {reason}; check the clock and the certificates of this machine (SSL_CERT_FILE names others)"
    )]
    Tls { address: String, reason: String },
    /// The other side went silent.
    #[error(
        "{address}: no answer for {waited:?}, also when asked again; give the same command again, it goes on where it was"
    )]
    TimedOut { address: String, waited: Duration },
    /// The connection broke too often.
    #[error(
        "{address}: the connection broke again and again: {reason}; give the same command again, it goes on where it was"
    )]
    Cut { address: String, reason: String },
    /// The file was replaced while it was read.
    #[error("{address}: changed while it was read; give the same command again")]
    Changed { address: String },
    /// A file of no bytes.
    #[error("{address}: the file is empty; write it again")]
    Empty { address: String },
    /// Any other answer.
    #[error("{address}: {reason}; give the same command again later, or fetch the file by hand")]
    Refused { address: String, reason: String },
    /// The local copy cannot be kept.
    #[error("keep a copy in {}; free space there, or use another folder", .path.display())]
    Keep { path: PathBuf, source: io::Error },
    /// What was read is refused.
    #[error("{address}, read through its copy")]
    Load {
        address: String,
        source: Box<LoadError>,
    },
}

impl RemoteError {
    /// Whether what was asked for is wrong, rather than the network or the disk.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::NotBuilt { .. }
            | Self::Address { .. }
            | Self::NotListed { .. }
            | Self::Folder { .. }
            | Self::NotFound { .. }
            | Self::Denied { .. }
            | Self::Empty { .. }
            | Self::Load { .. } => true,
            Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::TimedOut { .. }
            | Self::Cut { .. }
            | Self::Changed { .. }
            | Self::Refused { .. }
            | Self::Keep { .. } => false,
        }
    }
}
