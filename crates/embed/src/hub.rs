//! Models by name: from the Hugging Face hub, or from what its cache holds.

mod download;
mod error;
mod names;
#[cfg(test)]
mod server;

use std::{
    env,
    path::{Path, PathBuf},
};

use annbench_store::Progress;
use hf_hub::{Cache, Repo};

pub use error::HubError;

use crate::folder;
use names::{cache_folder, repo_id};

/// Files of a model that it may have; the others it must have.
const OPTIONAL: [&str; 3] = [
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
];

/// Where models come from that are not in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Where downloaded models are kept, in the layout of Python's `huggingface_hub`.
    pub cache: PathBuf,
    /// The hub's address.
    pub endpoint: String,
    /// Whether nothing may be downloaded.
    pub is_offline: bool,
    /// What private models ask for.
    pub token: Option<String>,
}

impl Hub {
    /// As the environment says: the cache from `HF_HUB_CACHE`, `HF_HOME` or `XDG_CACHE_HOME`, the
    /// address from `HF_ENDPOINT`, the token from `HF_TOKEN` or where the hub's own tools keep it,
    /// and `HF_HUB_OFFLINE`.
    pub fn from_env() -> Self {
        let text = |name: &str| {
            env::var(name)
                .ok()
                .filter(|value: &String| !value.is_empty())
        };
        let is_offline = text("HF_HUB_OFFLINE").is_some_and(|value| {
            ["1", "true", "yes", "on"].contains(&value.to_ascii_lowercase().as_str())
        });
        let cache = cache_folder(|name| text(name).map(PathBuf::from), env::home_dir());
        Self {
            token: text("HF_TOKEN").or_else(|| Cache::new(cache.clone()).token()),
            cache,
            endpoint: text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".into()),
            is_offline,
        }
    }

    /// The folder of a model: `name` itself where it is one (relative to `base`), else the one of
    /// the cache, which is filled from the hub where it lacks the model. A name without an owner is
    /// one of sentence-transformers. `progress` is called with a file's name and bytes.
    ///
    /// # Errors
    /// [`HubError`] if the model is neither here nor there; it names the remedy.
    pub fn locate(
        &self,
        name: &str,
        base: &Path,
        progress: &mut dyn FnMut(&str, Progress),
    ) -> Result<PathBuf, HubError> {
        let folder = base.join(name);
        if folder.is_dir() {
            return Ok(folder);
        }
        let id = repo_id(name).ok_or_else(|| HubError::NoSuchFolder { name: name.into() })?;
        let cache = Cache::new(self.cache.clone()).repo(Repo::model(id.clone()));
        let modules = cache.get("modules.json");
        if let Some(folder) = modules.as_deref().and_then(Path::parent)
            && is_whole(folder)
        {
            return Ok(folder.into());
        }
        match self.is_offline {
            true => Err(HubError::Offline {
                name: name.into(),
                cache: self.cache.clone(),
            }),
            false => download::download(self, &id, progress),
        }
    }
}

/// Whether a folder of the cache holds all that a model must have. The weights are downloaded last:
/// where they are, what else there is was downloaded before.
fn is_whole(folder: &Path) -> bool {
    folder::files(folder).is_ok_and(|files| {
        let is_optional = |file: &&String| OPTIONAL.iter().any(|name| file.ends_with(name));
        let needed = files.iter().filter(|file| !is_optional(file));
        needed.into_iter().all(|file| folder.join(file).exists())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{server::Server, *};
    use crate::{Model, Pooling, tiny};

    fn hub(server: &Server, cache: &Path) -> Hub {
        Hub {
            cache: cache.join("hub"),
            endpoint: server.address(),
            is_offline: false,
            token: None,
        }
    }

    fn locate(hub: &Hub, name: &str) -> Result<PathBuf, HubError> {
        hub.locate(name, Path::new(""), &mut |_, _| {})
    }

    #[test]
    fn a_model_is_downloaded_once_and_then_found_without_the_hub() {
        let (model, cache) = (tiny::folder(Pooling::Mean), tempfile::tempdir().unwrap());
        let server = Server::start("someone/tiny", model.path());
        let hub = hub(&server, cache.path());
        let mut bytes = 0;
        let mut count = |_: &str, progress: Progress| bytes = bytes.max(progress.done);
        let folder = hub
            .locate("someone/tiny", Path::new(""), &mut count)
            .unwrap();
        assert_eq!(Model::load(&folder).unwrap().dim(), tiny::HIDDEN);
        let weights = fs::metadata(model.path().join("model.safetensors")).unwrap();
        assert_eq!(bytes as u64, weights.len());
        drop(server);
        let offline = Hub {
            is_offline: true,
            ..hub.clone()
        };
        assert_eq!(locate(&offline, "someone/tiny").unwrap(), folder);
        assert_eq!(locate(&hub, "someone/tiny").unwrap(), folder);
    }

    #[test]
    fn a_download_that_was_cut_off_is_done_again() {
        let (model, cache) = (tiny::folder(Pooling::Mean), tempfile::tempdir().unwrap());
        let server = Server::start("someone/tiny", model.path());
        let hub = hub(&server, cache.path());
        let folder = locate(&hub, "someone/tiny").unwrap();
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        assert_eq!(locate(&hub, "someone/tiny").unwrap(), folder);
        Model::load(&folder).unwrap();
    }

    #[test]
    fn a_model_that_cannot_be_had_is_refused_with_a_remedy() {
        let (model, cache) = (tiny::folder(Pooling::Mean), tempfile::tempdir().unwrap());
        fs::remove_file(model.path().join("tokenizer.json")).unwrap();
        let server = Server::start("someone/tiny", model.path());
        let hub = hub(&server, cache.path());
        let check = |hub: &Hub, name, expected: &str| {
            let error = locate(hub, name).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&hub, "someone/tiny", "has no tokenizer.json");
        check(&hub, "someone/other", "check the name and the network");
        check(&hub, "./models/mini", "no such folder");
        let offline = Hub {
            is_offline: true,
            ..hub.clone()
        };
        check(&offline, "someone/tiny", "HF_HUB_OFFLINE");
        drop(server);
        check(&hub, "someone/other", "check the name and the network");
    }

    #[test]
    fn a_folder_is_a_folder() {
        let model = tiny::folder(Pooling::Mean);
        let hub = Hub {
            cache: model.path().join("none"),
            endpoint: String::new(),
            is_offline: true,
            token: None,
        };
        let found = hub.locate("1_Pooling", model.path(), &mut |_, _| {});
        assert_eq!(found.unwrap(), model.path().join("1_Pooling"));
    }
}
