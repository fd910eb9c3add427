//! What stands in for transfers where the feature `remote` is not compiled in.

use std::path::Path;

use super::{Brought, Remote, RemoteError, Transfer, address};
use crate::LoadOptions;

pub(super) fn bring(
    _: &Remote,
    address: &str,
    _: &LoadOptions,
    _: &mut dyn FnMut(Transfer),
) -> Result<Brought, RemoteError> {
    Err(not_built(address))
}

pub(super) fn bring_all(
    _: &Remote,
    address: &str,
    _: &mut dyn FnMut(Transfer),
) -> Result<Brought, RemoteError> {
    Err(not_built(address))
}

pub(super) fn footer(
    _: &Remote,
    address: &str,
    _: &mut dyn FnMut(Transfer),
) -> Result<Option<Brought>, RemoteError> {
    Err(not_built(address))
}

pub(crate) fn download(
    _: &Remote,
    address: &str,
    _: &Path,
    _: Option<u64>,
    _: &mut dyn FnMut(Transfer),
) -> Result<Brought, RemoteError> {
    Err(not_built(address))
}

fn not_built(address: &str) -> RemoteError {
    RemoteError::NotBuilt {
        address: address::shown(address),
    }
}
