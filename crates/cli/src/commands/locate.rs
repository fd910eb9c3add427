//! From what a user calls a file to where it lies on this machine: addresses are brought here,
//! names of the catalogue become the folders they were fetched to.

use std::{
    io,
    path::{Path, PathBuf},
};

use annbench_runner::{Observer, Written};
use annbench_store::{
    LoadOptions,
    catalog::{Catalog, Entry},
    dataset::{Dataset, MANIFEST_NAME},
    remote::{Remote, Transfer, address, catalog_name, shown, within},
};
use anyhow::Result;

use crate::{args::CacheArgs, exit::BadArgument, progress::Bars};

/// A file of vectors on this machine.
pub(crate) fn file(path: &Path, options: &LoadOptions, cache: &CacheArgs) -> Result<PathBuf> {
    if let Some(name) = catalog_name(path) {
        return Ok(Dataset::open(&fetched(name)?)?.base.path);
    }
    let Some(address) = address(path) else {
        return Ok(path.into());
    };
    let brought = transfer(address, |progress| {
        remote(cache).bring(address, options, progress)
    });
    Ok(brought?.path)
}

/// A dataset on this machine: the folder that a name of the catalogue was fetched to, else as
/// [`file()`].
pub(crate) fn dataset(path: &Path, options: &LoadOptions, cache: &CacheArgs) -> Result<PathBuf> {
    match catalog_name(path) {
        Some(name) => fetched(name),
        None => file(path, options, cache),
    }
}

/// Reads from addresses, and keeps copies where the arguments say.
pub(crate) fn remote(cache: &CacheArgs) -> Remote {
    Remote::new(&cache.folder)
}

/// Shows how far a transfer is while `work` does it.
pub(crate) fn transfer<T>(address: &str, work: impl FnOnce(&mut dyn FnMut(Transfer)) -> T) -> T {
    let mut bars = Bars::default();
    let step = format!("download {}", shown(address));
    let mut total = None;
    let done = work(&mut |transfer: Transfer| {
        if total.replace(transfer.total) != Some(transfer.total) {
            bars.begin_transfer(&step, transfer.total);
        }
        bars.advance(transfer.done);
    });
    bars.end();
    done
}

/// A path that means the same from every folder.
pub(crate) fn absolute(path: &Path) -> io::Result<PathBuf> {
    Ok(within(&std::env::current_dir()?, path))
}

/// An experiment whose dataset, if it is one of the catalogue, is the folder it was fetched to.
pub(crate) fn in_catalogue(mut written: Written) -> Result<Written> {
    let path = written.experiment.dataset.path.as_deref();
    if let Some(name) = path.and_then(catalog_name) {
        let folder =
            fetched(name).map_err(|error| written.places.mistake("dataset.path", error))?;
        written.experiment.dataset.path = Some(folder);
    }
    Ok(written)
}

/// The folder of a set of the catalogue that was fetched.
fn fetched(name: &str) -> Result<PathBuf> {
    let catalog = Catalog::builtin()?;
    let entry = catalog.find(name)?;
    let datasets = std::env::var_os("ANNBENCH_DATASETS").unwrap_or_else(|| "datasets".into());
    let folder = absolute(Path::new(&datasets))?.join(name);
    match folder.join(MANIFEST_NAME).exists() {
        true => Ok(folder),
        false => Err(BadArgument(not_here(entry, &folder)).into()),
    }
}

fn not_here(entry: &Entry, folder: &Path) -> String {
    let name = &entry.name;
    let size = match entry.megabytes {
        Some(megabytes) => format!(" (about {megabytes} MB)"),
        None => String::new(),
    };
    format!(
        "catalog:{name}: not in {}; `annbench data fetch {name}` brings it{size}, ANNBENCH_DATASETS names another folder",
        folder.display()
    )
}
