//! Models by name: from the Hugging Face hub, or from what its cache holds.

use std::{
    env,
    path::{Path, PathBuf},
};

use annbench_store::Progress;
use hf_hub::{
    Cache, Repo,
    api::sync::{ApiBuilder, ApiError, ApiRepo},
};

use crate::{ModelError, folder};

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

/// A model that cannot be had.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum HubError {
    /// Neither a folder nor a name that the hub could know.
    #[error(
        "model {name}: there is no such folder, and it is no name of the hub, such as sentence-transformers/all-MiniLM-L6-v2; give one of the two"
    )]
    NoSuchFolder { name: String },
    /// Downloads are forbidden.
    #[error("model {name}: not in {}, and HF_HUB_OFFLINE forbids to download it; unset that, or give the model's folder", .cache.display())]
    Offline { name: String, cache: PathBuf },
    /// The hub did not give it.
    #[error(
        "model {name}: cannot be had from {endpoint}; check the name and the network, or get its folder by other means and give the path of that"
    )]
    Unavailable {
        name: String,
        endpoint: String,
        source: Box<ApiError>,
    },
    /// The hub has it, without a file that is needed here.
    #[error(
        "model {name}: the hub has no {file} of it; take a model that has, such as sentence-transformers/all-MiniLM-L6-v2"
    )]
    Lacks { name: String, file: String },
    /// What was downloaded is refused.
    #[error(transparent)]
    Model(#[from] ModelError),
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
            false => self.download(&id, progress),
        }
    }

    fn download(
        &self,
        id: &str,
        progress: &mut dyn FnMut(&str, Progress),
    ) -> Result<PathBuf, HubError> {
        let unavailable = |source| HubError::Unavailable {
            name: id.into(),
            endpoint: self.endpoint.clone(),
            source: Box::new(source),
        };
        let api = ApiBuilder::from_cache(Cache::new(self.cache.clone()))
            .with_endpoint(self.endpoint.clone())
            .with_token(self.token.clone());
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

/// Whether a folder of the cache holds all that a model must have. The weights are downloaded last:
/// where they are, what else there is was downloaded before.
fn is_whole(folder: &Path) -> bool {
    folder::files(folder).is_ok_and(|files| {
        let is_optional = |file: &&String| OPTIONAL.iter().any(|name| file.ends_with(name));
        let needed = files.iter().filter(|file| !is_optional(file));
        needed.into_iter().all(|file| folder.join(file).exists())
    })
}

fn cache_folder(variable: impl Fn(&str) -> Option<PathBuf>, home: Option<PathBuf>) -> PathBuf {
    let of_home = || home.unwrap_or_default().join(".cache");
    let shared = || variable("XDG_CACHE_HOME").unwrap_or_else(of_home);
    let hub = || variable("HF_HOME").unwrap_or_else(|| shared().join("huggingface"));
    variable("HF_HUB_CACHE").unwrap_or_else(|| hub().join("hub"))
}

/// The hub's name of a model: `owner/name`.
fn repo_id(name: &str) -> Option<String> {
    let is_part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(plain)
    };
    match name.split('/').collect::<Vec<_>>()[..] {
        [name] if is_part(name) => Some(format!("sentence-transformers/{name}")),
        [owner, name] if is_part(owner) && is_part(name) => Some(format!("{owner}/{name}")),
        _ => None,
    }
}

#[cfg(test)]
mod server;

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
    fn a_folder_is_a_folder_and_a_bare_name_has_an_owner() {
        let model = tiny::folder(Pooling::Mean);
        let hub = Hub {
            cache: model.path().join("none"),
            endpoint: String::new(),
            is_offline: true,
            token: None,
        };
        let found = hub.locate("1_Pooling", model.path(), &mut |_, _| {});
        assert_eq!(found.unwrap(), model.path().join("1_Pooling"));
        let id = |name| repo_id(name).unwrap_or_default();
        assert_eq!(
            id("all-MiniLM-L6-v2"),
            "sentence-transformers/all-MiniLM-L6-v2"
        );
        assert_eq!(id("BAAI/bge-small-en-v1.5"), "BAAI/bge-small-en-v1.5");
        for no_name in ["", "a/b/c", "../b", "/a", "a b", "models/"] {
            assert_eq!(repo_id(no_name), None, "{no_name}");
        }
    }

    #[test]
    fn the_cache_lies_where_the_hubs_own_tools_have_it() {
        let check = |set: &[(&str, &str)], expected: &str| {
            let variable = |name: &str| {
                let found = set.iter().find(|(set, _)| *set == name);
                found.map(|(_, value)| PathBuf::from(value))
            };
            let found = cache_folder(variable, Some("/me".into()));
            assert_eq!(found, Path::new(expected), "{set:?}");
        };
        check(&[], "/me/.cache/huggingface/hub");
        check(&[("XDG_CACHE_HOME", "/x")], "/x/huggingface/hub");
        check(&[("HF_HOME", "/h"), ("XDG_CACHE_HOME", "/x")], "/h/hub");
        check(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")], "/c");
    }
}
