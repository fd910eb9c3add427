//! From text to token numbers.

use std::path::{Path, PathBuf};

use tokenizers::{PostProcessor, Tokenizer, TruncationParams};

use crate::{
    ModelError,
    config::Config,
    folder::{self, Folder},
};

/// Splits texts into tokens as the model was trained to.
pub(crate) struct Tokens {
    tokenizer: Tokenizer,
    max_tokens: usize,
    lower_case: bool,
    prompt: String,
}

type TokenizeError = Box<dyn std::error::Error + Send + Sync>;

impl Tokens {
    pub(crate) fn load(folder: &Folder, config: &Config) -> Result<Self, ModelError> {
        let path = folder.network.join("tokenizer.json");
        let wrong = |source| ModelError::Tokenizer {
            path: path.clone(),
            source,
        };
        let mut tokenizer = Tokenizer::from_bytes(folder::read(&path)?).map_err(wrong)?;
        check_vocabulary(&path, &tokenizer, config)?;
        let max_tokens = max_tokens(folder, &tokenizer, config)?;
        let truncation = TruncationParams {
            max_length: max_tokens,
            ..TruncationParams::default()
        };
        // What tokenizer.json says of both is how it was last used, not what the model is for:
        // the one of all-MiniLM-L6-v2 pads all to 128 tokens, the model takes 256.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(Some(truncation)).map_err(wrong)?;
        Ok(Self {
            tokenizer,
            max_tokens,
            lower_case: folder.lower_case,
            prompt: folder.prompt.clone(),
        })
    }

    /// Tokens a text is cut to, those that mark its start and end included.
    pub(crate) fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The numbers of a text's tokens, `max_tokens` at most, with the model's own prompt before it
    /// or another prefix.
    pub(crate) fn encode(
        &self,
        text: &str,
        prefix: Option<&str>,
    ) -> Result<Vec<u32>, TokenizeError> {
        let prefix = prefix.unwrap_or(&self.prompt);
        let mut text = format!("{prefix}{text}").trim().to_owned();
        if self.lower_case {
            text = text.to_lowercase();
        }
        let encoding = self.tokenizer.encode_fast(text, true)?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// A token beyond the network's table would fail at the first text that holds it.
fn check_vocabulary(path: &Path, tokenizer: &Tokenizer, config: &Config) -> Result<(), ModelError> {
    match tokenizer.get_vocab(true).into_values().max() {
        Some(last) if last as usize >= config.vocab_size => Err(ModelError::Misfit {
            path: path.into(),
            key: "the last token",
            found: last as usize,
            expected: format!("below vocab_size = {} of config.json", config.vocab_size),
        }),
        _ => Ok(()),
    }
}

fn max_tokens(
    folder: &Folder,
    tokenizer: &Tokenizer,
    config: &Config,
) -> Result<usize, ModelError> {
    let limit = config.max_tokens();
    let marks = tokenizer
        .get_post_processor()
        .map_or(0, |processor| processor.added_tokens(false));
    let (path, key, wanted) = match &folder.max_tokens {
        Some((path, tokens)) if path.ends_with("sentence_bert_config.json") => {
            (path.clone(), "max_seq_length", *tokens)
        }
        Some((path, tokens)) => (path.clone(), "model_max_length", (*tokens).min(limit)),
        None => (config_path(folder), "max_position_embeddings", limit),
    };
    match wanted > marks && wanted <= limit {
        true => Ok(wanted),
        false => Err(ModelError::Misfit {
            path,
            key,
            found: wanted,
            expected: format!(
                "more than the {marks} tokens around a text and at most max_position_embeddings = {limit} of config.json"
            ),
        }),
    }
}

fn config_path(folder: &Folder) -> PathBuf {
    folder.network.join("config.json")
}
