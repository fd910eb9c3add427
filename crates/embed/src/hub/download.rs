//! Downloads from the hub into the layout of its cache.

use std::path::{Path, PathBuf};

use annbench_store::Progress;
use hf_hub::{
    Cache,
    api::sync::{ApiBuilder, ApiError, ApiRepo},
};

use super::{Hub, HubError, OPTIONAL};
use crate::folder;

/// Downloads what a model consists of; its folder in the cache.
pub(super) fn download(
    hub: &Hub,
    id: &str,
    progress: &mut dyn FnMut(&str, Progress),
) -> Result<PathBuf, HubError> {
    let unavailable = |source| HubError::Unavailable {
        name: id.into(),
        endpoint: hub.endpoint.clone(),
        source: Box::new(source),
    };
    let api = ApiBuilder::from_cache(Cache::new(hub.cache.clone()))
        .with_endpoint(hub.endpoint.clone())
        .with_token(hub.token.clone());
    let repo = api.build().map_err(unavailable)?.model(id.into());
    let there = repo.info().map_err(unavailable)?.siblings;
    let mut get = |file: &str| -> Result<Option<PathBuf>, HubError> {
        match there.iter().any(|there| there.rfilename == file) {
            true => fetch(&repo, file, progress).map(Some).map_err(unavailable),
            false if OPTIONAL.iter().any(|name| file.ends_with(name)) => Ok(None),
            false => Err(HubError::Lacks {
                name: id.into(),
                file: file.into(),
            }),
        }
    };
    let modules = get("modules.json")?.unwrap_or_default();
    let folder = modules.parent().unwrap_or(Path::new("")).to_owned();
    for file in folder::files(&folder)? {
        get(&file)?;
    }
    Ok(folder)
}

fn fetch(
    repo: &ApiRepo,
    file: &str,
    progress: &mut dyn FnMut(&str, Progress),
) -> Result<PathBuf, ApiError> {
    let shown = Shown {
        file,
        at: Progress { done: 0, total: 0 },
        progress,
    };
    repo.download_with_progress(file, shown)
}

/// Tells of the download of a file.
struct Shown<'a> {
    file: &'a str,
    at: Progress,
    progress: &'a mut dyn FnMut(&str, Progress),
}

impl hf_hub::api::Progress for Shown<'_> {
    fn init(&mut self, size: usize, _: &str) {
        self.at = Progress {
            done: 0,
            total: size,
        };
    }

    fn update(&mut self, size: usize) {
        self.at.done += size;
        (self.progress)(self.file, self.at);
    }

    fn finish(&mut self) {}
}
