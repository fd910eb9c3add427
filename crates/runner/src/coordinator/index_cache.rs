//! Built indexes, kept between runs and found again by what went into them.
//!
//! Two files an index: the index itself, and a JSON with what its build cost and the hash of the
//! index, written last. The folder may be deleted at any time; `--rebuild` replaces what it uses.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use annbench_index::{IndexCard, Library, Params, Registry};
use annbench_store::{
    atomic::write_atomic,
    cache::Cache,
    hash::{sha256_file, sha256_parts},
    results::{DatasetCard, Machine, Memory},
};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::plan::PlannedBuild;

/// The part of the cache that holds indexes.
const KIND: &str = "indexes";

/// The cache of indexes, for this machine and these libraries.
#[derive(Debug)]
pub(crate) struct IndexCache {
    cache: Cache,
    /// The library behind each backend, by the backend's name.
    libraries: Vec<(String, Library)>,
    machine: Machine,
    /// Whether to look into it; `--rebuild` only writes.
    reuse: bool,
}

/// What a build cost, as it was measured when it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CachedBuild {
    /// Its description, with the times.
    pub(crate) card: IndexCard,
    /// Its memory.
    pub(crate) memory: Memory,
    /// The day it was made, in UTC.
    pub(crate) built: String,
    /// sha256 of the index.
    sha256: String,
}

impl IndexCache {
    /// The cache in this folder; `libraries` are those of the registry's backends, in their order.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub(crate) fn open(
        folder: &Path,
        registry: &Registry,
        libraries: &[Library],
        machine: &Machine,
        reuse: bool,
    ) -> Result<Self> {
        let names = registry.iter().map(|backend| backend.name().to_owned());
        Ok(Self {
            cache: Cache::open(folder)
                .with_context(|| format!("open the cache {}", folder.display()))?,
            libraries: names.zip(libraries.iter().cloned()).collect(),
            machine: machine.clone(),
            reuse,
        })
    }

    /// The identity of an index and of what it costs to build: all that goes into it, on which
    /// machine, by which library.
    pub(crate) fn key(&self, planned: &PlannedBuild, data: &DatasetCard) -> String {
        // What it is called and how its parameters came about is not part of the index. All the rest
        // is, fields of the future included.
        let nameless = PlannedBuild {
            label: String::new(),
            requested: Params::new(),
            adjustments: Vec::new(),
            ..planned.clone()
        };
        let library = self
            .libraries
            .iter()
            .find(|(name, _)| *name == planned.backend);
        let identity: Value = json!([
            env!("CARGO_PKG_VERSION"),
            data.base_sha256,
            data.metric,
            nameless,
            library,
            self.machine.cpu,
            self.machine.cpu_flags,
        ]);
        sha256_parts(&[&identity.to_string()])
    }

    /// Lays the index of a key at `to`, where no file may be, and tells what its build cost. None
    /// where there is no such index.
    ///
    /// # Errors
    /// If there is one that is damaged or cannot be read: it is to be built again.
    pub(crate) fn fetch(&self, key: &str, to: &Path) -> Result<Option<CachedBuild>> {
        let path = self.path(key, "json");
        if !self.reuse || !path.exists() {
            return Ok(None);
        }
        let doing = || format!("the cached {}", path.display());
        let json = fs::read(&path).with_context(doing)?;
        let build: CachedBuild = serde_json::from_slice(&json).with_context(doing)?;
        let index = self.path(key, "index");
        let doing = || format!("the cached {}", index.display());
        link_or_copy(&index, to).with_context(doing)?;
        let sha256 = sha256_file(to).with_context(doing)?;
        ensure!(sha256 == build.sha256, "{} is damaged", doing());
        Ok(Some(build))
    }

    /// Keeps the index at `index`, whose description lies beside it.
    ///
    /// # Errors
    /// If it cannot be read, or the cache cannot be written; an index that was kept before may then
    /// be lost.
    pub(crate) fn keep(&self, key: &str, index: &Path, memory: Memory) -> Result<()> {
        let build = CachedBuild {
            card: IndexCard::read(index)?,
            memory,
            built: today(),
            sha256: sha256_file(index)?,
        };
        let to = self.path(key, "index");
        let new = self.path(key, &format!("{}.new", std::process::id()));
        fs::create_dir_all(self.folder())?;
        remove(&new)?;
        link_or_copy(index, &new)?;
        fs::rename(&new, &to)?;
        write_atomic(&self.path(key, "json"), &serde_json::to_vec_pretty(&build)?)?;
        Ok(())
    }

    /// Bytes of all the indexes it holds; what cannot be read counts nothing.
    pub(crate) fn bytes(&self) -> u64 {
        let entries = fs::read_dir(self.folder()).into_iter().flatten();
        let sizes = entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
        sizes.sum()
    }

    /// The folder of indexes.
    pub(crate) fn folder(&self) -> PathBuf {
        self.cache.folder().join(KIND)
    }

    fn path(&self, key: &str, extension: &str) -> PathBuf {
        self.cache.path(KIND, key, extension)
    }
}

/// Gives a file another name, on the same disk without another copy of it. Whoever writes an index
/// removes what is there under its name first, or it would write into all copies at once.
pub(super) fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => fs::copy(from, to).map(drop).inspect_err(|_| {
            let _ = fs::remove_file(to);
        }),
    }
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn today() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.chars().take_while(|&c| c != 'T').collect()
}

#[cfg(test)]
mod tests {
    use annbench_index::{DatasetRef, NullBackend};
    use annbench_vectors::Metric;

    use super::*;

    fn cache(folder: &Path, cpu: &str, reuse: bool) -> IndexCache {
        let registry = Registry::new().with(NullBackend);
        let machine = Machine {
            cpu: cpu.into(),
            ..Machine::default()
        };
        let libraries = [Library::default()];
        IndexCache::open(folder, &registry, &libraries, &machine, reuse).unwrap()
    }

    fn card() -> IndexCard {
        IndexCard {
            backend: "null".into(),
            metric: Metric::L2,
            n: 3,
            dim: 2,
            requested: Params::new(),
            params: Params::new(),
            seed: 1,
            threads: 1,
            train_s: 0.25,
            add_s: 0.5,
            library: Library::default(),
            dataset: DatasetRef {
                name: "base".into(),
                sha256: "b".into(),
            },
            ids: None,
        }
    }

    /// A cache with one index, and the folder around it.
    fn kept() -> (tempfile::TempDir, IndexCache) {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("index");
        fs::write(&index, "the index").unwrap();
        card().write(&index).unwrap();
        let cache = cache(&folder.path().join("cache"), "cpu", true);
        cache.keep("key", &index, Memory::default()).unwrap();
        (folder, cache)
    }

    #[test]
    fn an_index_comes_back_with_what_it_cost() {
        let (folder, cache) = kept();
        let to = folder.path().join("again");
        let build = cache.fetch("key", &to).unwrap().unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"the index");
        assert_eq!(build.card, card());
        assert_eq!(build.built.len(), "2026-01-31".len());
        assert!(cache.bytes() > 9);
        assert_eq!(
            cache.fetch("other", &folder.path().join("x")).unwrap(),
            None
        );
    }

    #[test]
    fn a_damaged_index_is_refused_and_kept_anew() {
        let (folder, cache) = kept();
        let (index, record) = (cache.path("key", "index"), cache.path("key", "json"));
        for (damaged, text) in [(&index, "the indeX"), (&record, "{}")] {
            let whole = fs::read(damaged).unwrap();
            remove(damaged).unwrap();
            fs::write(damaged, text).unwrap();
            let to = folder.path().join("again");
            let error = cache.fetch("key", &to).unwrap_err().to_string();
            assert!(error.contains(&damaged.display().to_string()), "{error}");
            remove(&to).unwrap();
            remove(damaged).unwrap();
            fs::write(damaged, whole).unwrap();
        }
        fs::write(&index, "the indeX").unwrap();
        cache
            .keep("key", &folder.path().join("index"), Memory::default())
            .unwrap();
        let to = folder.path().join("again");
        assert!(cache.fetch("key", &to).unwrap().is_some());
    }

    #[test]
    fn rebuilding_does_not_look_and_replaces() {
        let (folder, _) = kept();
        let rebuilding = cache(&folder.path().join("cache"), "cpu", false);
        let to = folder.path().join("again");
        assert_eq!(rebuilding.fetch("key", &to).unwrap(), None);
    }

    #[test]
    fn a_key_changes_with_the_machine_and_what_is_built_but_not_with_names() {
        let folder = tempfile::tempdir().unwrap();
        let planned = PlannedBuild {
            label: "a".into(),
            backend: "null".into(),
            requested: Params::new(),
            effective: Params::new(),
            adjustments: Vec::new(),
            n: 3,
            is_exact: false,
            is_repeatable: true,
            seed: 1,
            threads: 1,
            repetition: 0,
            is_control: false,
        };
        let data = DatasetCard {
            name: "base".into(),
            source: None,
            licence: None,
            metric: Metric::L2,
            n: 3,
            n_queries: 1,
            dim: 2,
            queries: String::new(),
            base_sha256: "b".into(),
            queries_sha256: "q".into(),
            base_file: None,
            ground_truth: None,
        };
        let here = cache(folder.path(), "cpu", true);
        let key = here.key(&planned, &data);
        let relabelled = PlannedBuild {
            label: "b".into(),
            ..planned.clone()
        };
        assert_eq!(here.key(&relabelled, &data), key);
        let reseeded = PlannedBuild {
            seed: 2,
            ..planned.clone()
        };
        assert_ne!(here.key(&reseeded, &data), key);
        let there = cache(folder.path(), "another cpu", true);
        assert_ne!(there.key(&planned, &data), key);
    }
}
