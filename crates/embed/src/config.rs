//! `config.json`: the shape of the network.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::ModelError;

/// Encoders that differ little: in where places begin, in the names of weights, in a bias.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Family {
    /// BERT itself: MiniLM, BGE, E5, GTE.
    #[default]
    Bert,
    /// RoBERTa and XLM-RoBERTa: multilingual E5, BGE-M3, paraphrase-multilingual.
    Roberta,
    /// MPNet: all-mpnet-base-v2.
    Mpnet,
}

/// What a family calls the weights of its attention.
pub(crate) struct AttentionNames {
    /// Queries, keys and values.
    pub(crate) inputs: [&'static str; 3],
    pub(crate) output: &'static str,
    pub(crate) norm: &'static str,
}

impl Family {
    /// The family of a `model_type`.
    fn of(model_type: &Value) -> Option<Self> {
        match model_type.as_str()? {
            "bert" => Some(Self::Bert),
            "roberta" | "xlm-roberta" => Some(Self::Roberta),
            "mpnet" => Some(Self::Mpnet),
            _ => None,
        }
    }

    /// What the encoder is called in a model that was saved with its head.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::Roberta => "roberta",
            Self::Mpnet => "mpnet",
        }
    }

    pub(crate) fn attention(self) -> AttentionNames {
        match self {
            Self::Bert | Self::Roberta => AttentionNames {
                inputs: [
                    "attention.self.query",
                    "attention.self.key",
                    "attention.self.value",
                ],
                output: "attention.output.dense",
                norm: "attention.output.LayerNorm",
            },
            Self::Mpnet => AttentionNames {
                inputs: ["attention.attn.q", "attention.attn.k", "attention.attn.v"],
                output: "attention.attn.o",
                norm: "attention.LayerNorm",
            },
        }
    }
}

/// The numbers of an encoder that its computation needs.
///
/// # Source
/// Names and defaults: `BertConfig` of Hugging Face transformers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Config {
    #[serde(skip)]
    pub(crate) family: Family,
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
    /// Checks that this is an encoder that can be computed here.
    pub(crate) fn from_json(path: &Path, json: &[u8]) -> Result<Self, ModelError> {
        let wrong = |source| ModelError::Json {
            path: path.into(),
            source,
        };
        // The family first: a model of another one lacks keys that this one must have.
        let all: Value = serde_json::from_slice(json).map_err(wrong)?;
        let model_type = all.get("model_type").unwrap_or(&Value::Null);
        let Some(family) = Family::of(model_type) else {
            let supported =
                "model_type bert, roberta, xlm-roberta or mpnet, such as MiniLM, BGE, E5 or GTE";
            return Err(ModelError::unsupported(
                path,
                "model_type",
                model_type,
                supported,
            ));
        };
        let config: Self = serde_json::from_slice(json).map_err(wrong)?;
        let config = Self { family, ..config };
        config.check_kinds(path)?;
        config.check_numbers(path)?;
        Ok(config)
    }

    /// The number of a text's first place: RoBERTa and its heirs keep those up to the padding's for
    /// themselves.
    pub(crate) fn first_place(&self) -> usize {
        match self.family {
            Family::Bert => 0,
            Family::Roberta | Family::Mpnet => self.pad_token_id as usize + 1,
        }
    }

    /// Tokens that a text may have.
    pub(crate) fn max_tokens(&self) -> usize {
        self.max_position_embeddings - self.first_place()
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
            (
                "max_position_embeddings",
                self.max_position_embeddings,
                self.max_position_embeddings > self.first_place(),
                format!("more than {}", self.first_place()),
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
        check("model_type", "gpt2".into(), &["\"gpt2\"", "xlm-roberta"]);
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
        check("max_position_embeddings", 0.into(), &["more than 0"]);
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
