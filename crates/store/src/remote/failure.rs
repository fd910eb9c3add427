//! What went wrong in a transfer, from `object_store`'s words to ours.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

use super::{Limits, RemoteError};

/// Longest excerpt of a server's own words in a message.
const MAX_REASON: usize = 200;

/// Why a step of a transfer failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Trying again may help.
    Broken(Box<dyn Error + Send + Sync>),
    /// The server gives no parts of files.
    NoRanges,
    /// Another version lies there now.
    Changed,
    /// Trying again does not help.
    Refused(object_store::Error),
    /// It is not the network's fault.
    Final(RemoteError),
}

impl Failure {
    /// A request that was not answered as it should; it was tried again already.
    pub(super) fn of_request(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotSupported { .. } => Self::NoRanges,
            object_store::Error::Precondition { .. } => Self::Changed,
            error => Self::Refused(error),
        }
    }

    /// An answer that ended before its end.
    pub(super) fn of_body(error: object_store::Error) -> Self {
        Self::Broken(Box::new(error))
    }

    pub(super) fn into_error(self, address: &str, limits: &Limits) -> RemoteError {
        let address = address.to_owned();
        match self {
            Self::Final(error) => error,
            Self::Changed | Self::NoRanges => RemoteError::Changed { address },
            Self::Broken(error) if is_timeout(&*error) => timed_out(address, limits),
            Self::Broken(error) => RemoteError::Cut {
                address,
                reason: reason(&*error),
            },
            Self::Refused(error) => refused(address, &error, limits),
        }
    }
}

fn refused(address: String, error: &object_store::Error, limits: &Limits) -> RemoteError {
    let reason = reason(error);
    match error {
        object_store::Error::NotFound { .. } => RemoteError::NotFound { address },
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => RemoteError::Denied { address, reason },
        _ if reason.contains("416 Range Not Satisfiable") => RemoteError::Empty { address },
        // Without keys, the machine's own service for them is asked, which only clouds have.
        _ if asks_for_keys(error) => RemoteError::Denied {
            address,
            reason: "no keys in the environment".into(),
        },
        _ if is_timeout(error) => timed_out(address, limits),
        _ if is_tls(error) => RemoteError::Tls { address, reason },
        _ if kind(error) == Some(HttpErrorKind::Connect) => {
            RemoteError::Unreachable { address, reason }
        }
        _ if kind(error).is_some() => RemoteError::Cut { address, reason },
        _ => RemoteError::Refused { address, reason },
    }
}

fn timed_out(address: String, limits: &Limits) -> RemoteError {
    RemoteError::TimedOut {
        address,
        waited: limits.silence,
    }
}

/// An error and all its causes.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause in one short line.
fn reason(error: &(dyn Error + 'static)) -> String {
    let innermost = chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default();
    let line: Vec<&str> = innermost.split_whitespace().collect();
    line.join(" ").chars().take(MAX_REASON).collect()
}

fn kind(error: &(dyn Error + 'static)) -> Option<HttpErrorKind> {
    chain(error).find_map(|cause| Some(cause.downcast_ref::<HttpError>()?.kind()))
}

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    kind(error) == Some(HttpErrorKind::Timeout)
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let of_tls = |text: String| text.contains("certificate") || text.contains("TLS");
    chain(error).map(ToString::to_string).any(of_tls)
}

fn asks_for_keys(error: &(dyn Error + 'static)) -> bool {
    let places = ["169.254.169.254", "metadata.google", "169.254.170.2"];
    let text = error.to_string();
    places.iter().any(|place| text.contains(place))
}
