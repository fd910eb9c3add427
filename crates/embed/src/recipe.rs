//! How embeddings were made: what tells whether two of them may be compared.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use annbench_store::hash::{sha256_file, sha256_parts};
use serde_json::Value;

/// Files that an embedding depends on, of a model's folder and of each module's within.
const FILES: [&str; 7] = [
    "modules.json",
    "config.json",
    "tokenizer.json",
    "model.safetensors",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
];

/// Changes where annbench itself would make other embeddings of the same texts.
const VERSION: &str = "1";

/// How embeddings were made. It is noted in the Parquet file that holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The model's name or folder, as the user wrote it.
    pub model: String,
    /// [`fingerprint`] of the model.
    pub fingerprint: String,
    /// What was put before every text; `None`: what the model itself asks for.
    pub prefix: Option<String>,
    /// What is to be put before a question to these texts.
    pub query_prefix: Option<String>,
}

const MODEL: &str = "annbench.model";
const FINGERPRINT: &str = "annbench.model_sha256";
const PREFIX: &str = "annbench.prefix";
const QUERY_PREFIX: &str = "annbench.query_prefix";

impl Recipe {
    /// As notes of a Parquet file.
    pub fn notes(&self) -> Vec<(String, String)> {
        let given = [
            (MODEL, Some(&self.model)),
            (FINGERPRINT, Some(&self.fingerprint)),
            (PREFIX, self.prefix.as_ref()),
            (QUERY_PREFIX, self.query_prefix.as_ref()),
        ];
        given
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.clone())))
            .collect()
    }

    /// From the notes of a Parquet file; `None` where they tell of no model.
    pub fn of_notes(notes: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            model: notes.get(MODEL)?.clone(),
            fingerprint: notes.get(FINGERPRINT)?.clone(),
            prefix: notes.get(PREFIX).cloned(),
            query_prefix: notes.get(QUERY_PREFIX).cloned(),
        })
    }

    /// Equal keys make equal embeddings of equal texts.
    pub fn key(&self) -> String {
        let prefix = format!("{:?}", self.prefix);
        sha256_parts(&[VERSION, &self.fingerprint, &prefix])
    }
}

/// A file of a model that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("read {}", .path.display())]
pub struct FingerprintError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// sha256 over all files of a model's folder that an embedding depends on.
///
/// # Errors
/// [`FingerprintError`] if a file is there and cannot be read.
pub fn fingerprint(folder: &Path) -> Result<String, FingerprintError> {
    let mut parts = Vec::new();
    let folders = folders(folder);
    let files = folders
        .iter()
        .flat_map(|within| FILES.map(|file| within.join(file)));
    for file in files {
        let path = folder.join(&file);
        match sha256_file(&path) {
            Ok(hash) => parts.extend([file.display().to_string(), hash]),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(FingerprintError { path, source }),
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Ok(sha256_parts(&parts))
}

/// The folder itself, and those of its modules. What is no list of modules is refused when the model
/// is loaded.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let modules = std::fs::read(folder.join(FILES[0])).unwrap_or_default();
    let modules: Vec<Value> = serde_json::from_slice(&modules).unwrap_or_default();
    let paths = modules.iter().filter_map(|module| module["path"].as_str());
    let mut folders: Vec<PathBuf> = paths.chain([""]).map(PathBuf::from).collect();
    folders.sort();
    folders.dedup();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        Recipe {
            model: "mini".into(),
            fingerprint: "00".into(),
            prefix: None,
            query_prefix: Some("query: ".into()),
        }
    }

    #[test]
    fn a_recipe_is_read_back_from_its_notes() {
        let notes: BTreeMap<String, String> = recipe().notes().into_iter().collect();
        assert_eq!(Recipe::of_notes(&notes), Some(recipe()));
        assert_eq!(Recipe::of_notes(&BTreeMap::new()), None);
    }

    #[test]
    fn what_changes_embeddings_changes_the_key() {
        let prefixed = Recipe {
            prefix: Some(String::new()),
            ..recipe()
        };
        let renamed = Recipe {
            model: "other".into(),
            query_prefix: None,
            ..recipe()
        };
        assert_ne!(recipe().key(), prefixed.key());
        assert_eq!(recipe().key(), renamed.key());
    }

    #[test]
    fn every_file_of_a_model_counts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("1_Pooling")).unwrap();
        let modules = r#"[{"path": ""}, {"path": "1_Pooling"}]"#;
        std::fs::write(folder.path().join("modules.json"), modules).unwrap();
        let mut seen = vec![fingerprint(folder.path()).unwrap()];
        let files = FILES[1..].iter().chain(&["1_Pooling/config.json"]);
        for file in files {
            for content in ["a", "b"] {
                std::fs::write(folder.path().join(file), content).unwrap();
                let hash = fingerprint(folder.path()).unwrap();
                assert!(!seen.contains(&hash), "{file}");
                seen.push(hash);
            }
        }
    }
}
