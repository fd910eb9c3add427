//! The Parquet files of one table in a folder of an object store.

use super::{Brought, Remote, RemoteError, Transfer, address, object::Object, transfer};
use crate::{LoadOptions, hash::sha256_parts, shards};

/// Brings the files into a folder of the cache, where they have their own names.
pub(super) fn bring(
    remote: &Remote,
    address: &str,
    options: &LoadOptions,
    progress: &mut dyn FnMut(Transfer),
) -> Result<Brought, RemoteError> {
    let shown = address::shown(address);
    if address.starts_with("http") {
        return Err(RemoteError::NotListed { address: shown });
    }
    let (folder, pattern) = address.rsplit_once('/').unwrap_or((address, ""));
    let names = names(remote, folder, pattern)?;
    let local = remote.cache.join("remote").join(sha256_parts(
        &std::iter::once(address)
            .chain(names.iter().map(String::as_str))
            .collect::<Vec<_>>(),
    ));
    let local = local.join(address::file_name(folder));
    let mut whole = Brought {
        path: local.clone(),
        bytes: 0,
        transferred: 0,
    };
    for name in &names {
        let before = whole.transferred;
        let mut advance = |part: Transfer| {
            progress(Transfer {
                done: before + part.done,
                total: before + part.total,
            });
        };
        let path = local.join(name);
        let file = format!("{folder}/{name}");
        let brought = transfer::bring_to(remote, &file, options, &|_| path.clone(), &mut advance)?;
        whole.bytes += brought.bytes;
        whole.transferred += brought.transferred;
    }
    Ok(whole)
}

/// The names of the files that make the table, in their order.
fn names(remote: &Remote, folder: &str, pattern: &str) -> Result<Vec<String>, RemoteError> {
    let listed = Object::new(folder, remote.limits, &remote.variables)?.names()?;
    let refused = |problem: String| RemoteError::Folder {
        address: address::shown(folder),
        problem,
    };
    let names = shards::table_names(listed, pattern).map_err(|several| {
        refused(format!(
            "{} Parquet files that are not numbered parts of one table; name some of them with a pattern, such as {folder}/{}",
            several.len(),
            several.first().map_or("", String::as_str)
        ))
    })?;
    match names.is_empty() {
        true => Err(refused(
            "no Parquet file lies there; check the folder, capital letters count".into(),
        )),
        false => Ok(names),
    }
}
