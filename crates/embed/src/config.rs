//! `config.json`: the shape of the network.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::ModelError;

/// The numbers of a BERT encoder that its computation needs.
///
/// # Source
/// Names and defaults: `BertConfig` of Hugging Face transformers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Config {
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) max_position_embeddings: usize,
    #[serde(default = "type_vocab_size")]
    pub(crate) type_vocab_size: usize,
    #[serde(default = "layer_norm_eps")]
    pub(crate) layer_norm_eps: f64,
    #[serde(default)]
    pub(crate) pad_token_id: u32,
    #[serde(default = "hidden_act")]
    hidden_act: String,
    #[serde(default = "position_embedding_type")]
    position_embedding_type: String,
}

fn type_vocab_size() -> usize {
    2
}

fn layer_norm_eps() -> f64 {
    1e-12
}

fn hidden_act() -> String {
    "gelu".into()
}

fn position_embedding_type() -> String {
    "absolute".into()
}

impl Config {
    /// Checks that this is a BERT that can be computed here.
    pub(crate) fn from_json(path: &Path, json: &[u8]) -> Result<Self, ModelError> {
        let wrong = |source| ModelError::Json {
            path: path.into(),
            source,
        };
        // The family first: a model of another one lacks keys that this one must have.
        let all: Value = serde_json::from_slice(json).map_err(wrong)?;
        let family = all.get("model_type").unwrap_or(&Value::Null);
        if family != "bert" {
            let supported = "model_type = \"bert\", such as MiniLM, BGE, E5 or GTE";
            return Err(ModelError::unsupported(
                path,
                "model_type",
                family,
                supported,
            ));
        }
        let config: Self = serde_json::from_slice(json).map_err(wrong)?;
        config.check_kinds(path)?;
        config.check_numbers(path)?;
        Ok(config)
    }

    fn check_kinds(&self, path: &Path) -> Result<(), ModelError> {
        let kinds = [
            ("hidden_act", &self.hidden_act, "gelu"),
            (
                "position_embedding_type",
                &self.position_embedding_type,
                "absolute",
            ),
        ];
        match kinds
            .into_iter()
            .find(|(_, found, supported)| found != supported)
        {
            None => Ok(()),
            Some((key, found, supported)) => {
                Err(ModelError::unsupported(path, key, found, supported))
            }
        }
    }

    fn check_numbers(&self, path: &Path) -> Result<(), ModelError> {
        let heads = self.num_attention_heads;
        let must = [
            (
                "vocab_size",
                self.vocab_size,
                self.vocab_size > 0,
                "at least 1".into(),
            ),
            (
                "hidden_size",
                self.hidden_size,
                self.hidden_size > 0,
                "at least 1".into(),
            ),
            (
                "num_attention_heads",
                heads,
                heads > 0 && self.hidden_size.is_multiple_of(heads),
                format!("a divisor of hidden_size = {}", self.hidden_size),
            ),
            (
                "pad_token_id",
                self.pad_token_id as usize,
                (self.pad_token_id as usize) < self.vocab_size,
                format!("below vocab_size = {}", self.vocab_size),
            ),
        ];
        match must.into_iter().find(|(_, _, fits, _)| !fits) {
            None => Ok(()),
            Some((key, found, _, expected)) => Err(ModelError::Misfit {
                path: path.into(),
                key,
                found,
                expected,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny;

    #[test]
    fn a_config_that_cannot_be_computed_is_refused_with_its_key() {
        let check = |key: &str, value: Value, expected: &[&str]| {
            let mut config = tiny::config();
            config[key] = value;
            let json = serde_json::to_vec(&config).unwrap();
            let message = Config::from_json(Path::new("config.json"), &json)
                .unwrap_err()
                .to_string();
            for part in [&["config.json", key], expected].concat() {
                assert!(message.contains(part), "{key}: {message}");
            }
        };
        check("model_type", "mpnet".into(), &["\"mpnet\"", "\"bert\""]);
        check("model_type", Value::Null, &["null"]);
        check("hidden_act", "silu".into(), &["silu", "gelu"]);
        check(
            "position_embedding_type",
            "relative_key".into(),
            &["absolute"],
        );
        check(
            "num_attention_heads",
            3.into(),
            &["divisor of hidden_size = 8"],
        );
        check("num_attention_heads", 0.into(), &["= 0"]);
        check("hidden_size", 0.into(), &["at least 1"]);
        check("pad_token_id", 99.into(), &["below vocab_size"]);
    }

    #[test]
    fn a_missing_key_is_named_by_the_cause() {
        let mut config = tiny::config();
        config.as_object_mut().unwrap().remove("hidden_size");
        let json = serde_json::to_vec(&config).unwrap();
        let error = Config::from_json(Path::new("config.json"), &json).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        assert!(cause.to_string().contains("hidden_size"), "{cause}");
    }
}
