//! What the files of a model's folder say about pooling, normalisation, length and prompt.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{ModelError, Pooling};

/// A model's folder, resolved: where the network lies and what comes before and after it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Folder {
    /// Folder of config.json, tokenizer.json and model.safetensors.
    pub(crate) network: PathBuf,
    pub(crate) pooling: Pooling,
    pub(crate) pooling_config: PathBuf,
    /// Components that the pooling expects.
    pub(crate) dim: Option<usize>,
    pub(crate) normalize: bool,
    /// Tokens a text is cut to, with the file that says so.
    pub(crate) max_tokens: Option<(PathBuf, usize)>,
    pub(crate) lower_case: bool,
    /// Put before every text.
    pub(crate) prompt: String,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Network {
    max_seq_length: Option<usize>,
    do_lower_case: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenizerConfig {
    /// A float, since it may be 1e30 for "no limit".
    model_max_length: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Prompts {
    prompts: HashMap<String, String>,
    default_prompt_name: Option<String>,
}

impl Folder {
    pub(crate) fn read(folder: &Path) -> Result<Self, ModelError> {
        if !folder.is_dir() {
            return Err(ModelError::NoFolder {
                path: folder.into(),
            });
        }
        let (modules, normalize) = modules(folder)?;
        let network = folder.join(&modules[0].path);
        let pooling_config = folder.join(&modules[1].path).join("config.json");
        let pooling: Map<String, Value> = required(&pooling_config)?;
        let prompt = prompt(folder)?;
        check_prompt(&pooling_config, &pooling, &prompt)?;
        let settings: Network = optional(&network.join("sentence_bert_config.json"))?;
        Ok(Self {
            pooling: pooling_mode(&pooling_config, &pooling)?,
            dim: dim(&pooling),
            pooling_config,
            normalize,
            max_tokens: max_tokens(&network, settings.max_seq_length)?,
            lower_case: settings.do_lower_case,
            prompt,
            network,
        })
    }
}

/// The files that a model consists of besides modules.json, relative to its folder; the weights last.
/// Some are optional.
#[cfg(feature = "hub")]
pub(crate) fn files(folder: &Path) -> Result<Vec<String>, ModelError> {
    let (modules, _) = modules(folder)?;
    let within = |path: &str, file: &str| match path {
        "" => file.to_owned(),
        path => format!("{path}/{file}"),
    };
    let of_network = [
        "sentence_bert_config.json",
        "tokenizer_config.json",
        "config.json",
        "tokenizer.json",
        "model.safetensors",
    ];
    let mut files = vec![
        "config_sentence_transformers.json".into(),
        within(&modules[1].path, "config.json"),
    ];
    files.extend(of_network.map(|file| within(&modules[0].path, file)));
    Ok(files)
}

/// The modules of modules.json, of which the first two are the network and the pooling, and
/// whether normalisation follows.
fn modules(folder: &Path) -> Result<(Vec<Module>, bool), ModelError> {
    let path = folder.join("modules.json");
    let modules: Vec<Module> = required(&path)?;
    // Older and newer releases of sentence-transformers keep a class under different paths.
    let kinds: Vec<&str> = modules
        .iter()
        .map(|module| module.kind.rsplit('.').next().unwrap_or_default())
        .collect();
    let normalize = match kinds[..] {
        ["Transformer", "Pooling"] => false,
        ["Transformer", "Pooling", "Normalize"] => true,
        _ => {
            let supported = "Transformer, Pooling and perhaps Normalize, in this order";
            return Err(ModelError::unsupported(
                &path,
                "type",
                listed(&kinds, ", "),
                supported,
            ));
        }
    };
    Ok((modules, normalize))
}

/// The one pooling that a pooling's config.json turns on.
fn pooling_mode(path: &Path, config: &Map<String, Value>) -> Result<Pooling, ModelError> {
    let modes: Vec<&str> = match config.get("pooling_mode").and_then(Value::as_str) {
        Some(mode) => vec![mode],
        None => config
            .iter()
            .filter(|(_, on)| **on == Value::Bool(true))
            .filter_map(|(key, _)| key.strip_prefix("pooling_mode_"))
            .collect(),
    };
    match modes[..] {
        ["mean_tokens" | "mean"] => Ok(Pooling::Mean),
        ["cls_token" | "cls"] => Ok(Pooling::Cls),
        _ => Err(ModelError::unsupported(
            path,
            "pooling_mode",
            listed(&modes, " and "),
            "either mean or cls pooling",
        )),
    }
}

fn listed(names: &[&str], between: &str) -> String {
    match names {
        [] => "none".into(),
        names => names.join(between),
    }
}

fn dim(pooling: &Map<String, Value>) -> Option<usize> {
    let dim = pooling
        .get("word_embedding_dimension")
        .or(pooling.get("embedding_dimension"))?;
    dim.as_u64()?.try_into().ok()
}

fn check_prompt(path: &Path, pooling: &Map<String, Value>, prompt: &str) -> Result<(), ModelError> {
    match pooling.get("include_prompt") {
        Some(Value::Bool(false)) if !prompt.is_empty() => Err(ModelError::unsupported(
            path,
            "include_prompt",
            false,
            "include_prompt = true, or without a default prompt",
        )),
        _ => Ok(()),
    }
}

fn prompt(folder: &Path) -> Result<String, ModelError> {
    let path = folder.join("config_sentence_transformers.json");
    let Prompts {
        mut prompts,
        default_prompt_name,
    } = optional(&path)?;
    let Some(name) = default_prompt_name else {
        return Ok(String::new());
    };
    prompts.remove(&name).ok_or_else(|| {
        ModelError::unsupported(
            &path,
            "default_prompt_name",
            name,
            "a default among its prompts",
        )
    })
}

fn max_tokens(
    network: &Path,
    max_seq_length: Option<usize>,
) -> Result<Option<(PathBuf, usize)>, ModelError> {
    if let Some(tokens) = max_seq_length {
        return Ok(Some((network.join("sentence_bert_config.json"), tokens)));
    }
    let path = network.join("tokenizer_config.json");
    let TokenizerConfig { model_max_length } = optional(&path)?;
    // The cast saturates, which is right for "no limit": the network's own limit then holds.
    Ok(model_max_length.map(|length| (path, length as usize)))
}

fn required<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    let bytes = read(path)?;
    serde_json::from_slice(&bytes).map_err(|source| ModelError::Json {
        path: path.into(),
        source,
    })
}

fn optional<T: DeserializeOwned + Default>(path: &Path) -> Result<T, ModelError> {
    match required(path) {
        Err(ModelError::Missing { .. }) => Ok(T::default()),
        read => read,
    }
}

/// A file of the model, whole.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    fs::read(path).map_err(|source| ModelError::io(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny;
    use serde_json::json;

    fn read_with(file: &str, content: Value) -> Result<Folder, ModelError> {
        let folder = tiny::folder(Pooling::Mean);
        tiny::write(folder.path(), file, &content);
        Folder::read(folder.path())
    }

    #[test]
    fn modules_of_any_release_are_read() {
        let of = |kinds: &[&str]| -> Value {
            let module = |kind: &&str| json!({"path": "1_Pooling", "type": kind});
            kinds.iter().map(module).collect()
        };
        let check = |kinds: &[&str], expected: Option<bool>| {
            let folder = tiny::folder(Pooling::Mean);
            tiny::write(folder.path(), "modules.json", &of(kinds));
            let read = Folder::read(folder.path());
            assert_eq!(
                read.as_ref().ok().map(|folder| folder.normalize),
                expected,
                "{read:?}"
            );
        };
        check(&["a.models.Transformer", "a.models.Pooling"], Some(false));
        check(&["x.Transformer", "x.y.Pooling", "x.Normalize"], Some(true));
        check(&["x.Transformer", "x.Pooling", "x.Dense"], None);
        check(&["x.Transformer"], None);
        check(&["x.Transformer", "x.Normalize", "x.Pooling"], None);
        check(&[], None);
    }

    #[test]
    fn one_pooling_must_be_on() {
        let check = |config: Value, expected: Result<Pooling, &str>| {
            let read = read_with("1_Pooling/config.json", config);
            match (read, expected) {
                (Ok(folder), expected) => assert_eq!(Ok(folder.pooling), expected),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (Err(error), Ok(_)) => panic!("{error}"),
            }
        };
        check(json!({"pooling_mode_mean_tokens": true}), Ok(Pooling::Mean));
        check(json!({"pooling_mode": "cls"}), Ok(Pooling::Cls));
        check(json!({"pooling_mode_max_tokens": true}), Err("max_tokens"));
        check(
            json!({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}),
            Err("cls_token and mean_tokens"),
        );
        check(
            json!({"pooling_mode_cls_token": false}),
            Err("pooling_mode = none"),
        );
    }

    #[test]
    fn the_maximum_length_comes_from_the_first_file_that_says_it() {
        let tokens = |file: &str, content| {
            let folder = read_with(file, content).unwrap();
            folder.max_tokens.map(|(_, tokens)| tokens)
        };
        assert_eq!(
            tokens("sentence_bert_config.json", json!({"max_seq_length": 9})),
            Some(9)
        );
        assert_eq!(tokens("sentence_bert_config.json", json!({})), None);
        let network = tiny::folder(Pooling::Mean);
        tiny::write(network.path(), "sentence_bert_config.json", &json!({}));
        tiny::write(
            network.path(),
            "tokenizer_config.json",
            &json!({"model_max_length": 1e30}),
        );
        let folder = Folder::read(network.path()).unwrap();
        assert_eq!(folder.max_tokens.unwrap().1, usize::MAX);
    }

    #[test]
    fn the_default_prompt_is_found_or_refused() {
        let file = "config_sentence_transformers.json";
        let prompts = json!({"query": "query: "});
        let named = json!({"prompts": prompts, "default_prompt_name": "query"});
        assert_eq!(read_with(file, named).unwrap().prompt, "query: ");
        assert_eq!(
            read_with(file, json!({"prompts": prompts})).unwrap().prompt,
            ""
        );
        let error = read_with(file, json!({"default_prompt_name": "passage"})).unwrap_err();
        assert!(
            error.to_string().contains("default_prompt_name = passage"),
            "{error}"
        );
    }
}
