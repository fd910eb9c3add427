//! A model: loaded once, asked often.

use std::{fmt, num::NonZero, ops::ControlFlow, path::Path, thread};

use annbench_store::Progress;
use annbench_vectors::Matrix;
use candle_core::{DType, Device};
use candle_nn::VarBuilder;

use crate::{
    EmbedError, EmbedOptions, ModelError, Pooling,
    batches::by_length,
    config::Config,
    folder::{self, Folder},
    network::Network,
    pooling::normalize,
    tokens::Tokens,
    workers,
};

/// Takes the numbers of some texts and their vectors, one after the other.
type Take<'t, E> = dyn FnMut(&[usize], &[f32]) -> Result<(), E> + 't;

/// A sentence-transformers model of the BERT family, in memory.
pub struct Model {
    network: Network,
    tokens: Tokens,
    pooling: Pooling,
    normalizes: bool,
    dim: usize,
    pad_token: u32,
}

impl Model {
    /// Loads a model from its folder: `modules.json`, the pooling's `config.json`, `config.json`,
    /// `tokenizer.json` and `model.safetensors`; `sentence_bert_config.json`,
    /// `tokenizer_config.json` and `config_sentence_transformers.json` where they are.
    ///
    /// Weights are computed in f32, whatever type they are stored in.
    ///
    /// # Errors
    /// [`ModelError`] names the file, and the key where there is one, that is missing, damaged, of
    /// another model than the rest, or asks for what is not supported.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let folder = Folder::read(folder)?;
        let config_path = folder.network.join("config.json");
        let config = Config::from_json(&config_path, &folder::read(&config_path)?)?;
        check_dim(&folder, &config)?;
        Ok(Self {
            tokens: Tokens::load(&folder, &config)?,
            network: load_weights(&folder.network, &config)?,
            pooling: folder.pooling,
            normalizes: folder.normalize,
            dim: config.hidden_size,
            pad_token: config.pad_token_id,
        })
    }

    /// Components an embedding has.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Tokens a text is cut to, those that mark its start and end included.
    pub fn max_tokens(&self) -> usize {
        self.tokens.max_tokens()
    }

    /// How the vectors of a text's tokens become one.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Whether embeddings have Euclidean length 1.
    pub fn normalizes(&self) -> bool {
        self.normalizes
    }

    /// Embeds texts: `texts.len() x dim`, in the order of the texts.
    ///
    /// White space around a text does not count; what is beyond [`max_tokens`](Self::max_tokens)
    /// is left out; an empty text gets the embedding that the model has for nothing. `progress` is
    /// called after each batch, with texts.
    ///
    /// # Errors
    /// [`EmbedError`] if an option is zero, a text has no tokens in this model's vocabulary, or an
    /// embedding is not finite; the error names the text.
    pub fn embed<S: AsRef<str> + Sync>(
        &self,
        texts: &[S],
        options: &EmbedOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Matrix<f32>, EmbedError> {
        let mut all = vec![0.0; texts.len() * self.dim];
        let mut done = 0;
        self.embed_each::<S, EmbedError>(texts, options, &mut |rows, vectors| {
            for (&row, vector) in rows.iter().zip(vectors.chunks_exact(self.dim)) {
                all[row * self.dim..][..self.dim].copy_from_slice(vector);
            }
            done += rows.len();
            progress(Progress {
                done,
                total: texts.len(),
            });
            Ok(())
        })?;
        Ok(Matrix::from_vec(all, self.dim)?)
    }

    /// [`embed`](Self::embed), with each batch handed to `take` as it is done, in any order: the
    /// numbers of its texts, and as many vectors of `dim` components.
    ///
    /// # Errors
    /// As [`embed`](Self::embed); what `take` fails with ends the work.
    pub fn embed_each<S: AsRef<str> + Sync, E: From<EmbedError> + Send>(
        &self,
        texts: &[S],
        options: &EmbedOptions,
        take: &mut Take<'_, E>,
    ) -> Result<(), E> {
        let threads = threads(options)?;
        let tokens = self.tokenize(texts, options.prefix.as_deref(), threads)?;
        let lengths: Vec<usize> = tokens.iter().map(Vec::len).collect();
        // Few texts are spread over the threads, rather than left to one of them.
        let batches = by_length(&lengths, options.batch.min(texts.len().div_ceil(threads)));
        let batch = |job: usize| self.embed_batch(&tokens, &batches[job]).map_err(E::from);
        try_each(batches.len(), threads, batch, |job, vectors| {
            take(&batches[job], &vectors)
        })
    }

    fn tokenize<S: AsRef<str> + Sync>(
        &self,
        texts: &[S],
        prefix: Option<&str>,
        threads: usize,
    ) -> Result<Vec<Vec<u32>>, EmbedError> {
        let parts: Vec<&[S]> = texts.chunks(TEXTS_A_JOB).collect();
        let mut tokens = vec![Vec::new(); texts.len()];
        let part = |job: usize| {
            let encode = |(at, text): (usize, &S)| {
                let row = job * TEXTS_A_JOB + at;
                let encoded = self.tokens.encode(text.as_ref(), prefix);
                encoded.map_err(|source| EmbedError::Tokenize { row, source })
            };
            let encoded = parts[job].iter().enumerate().map(encode);
            encoded.collect::<Result<Vec<_>, _>>()
        };
        try_each::<_, EmbedError>(parts.len(), threads, part, |job, encoded| {
            for (slot, encoded) in tokens[job * TEXTS_A_JOB..].iter_mut().zip(encoded) {
                *slot = encoded;
            }
            Ok(())
        })?;
        Ok(tokens)
    }

    /// Embeds the texts of the given numbers: `rows.len() x dim` values.
    fn embed_batch(&self, tokens: &[Vec<u32>], rows: &[usize]) -> Result<Vec<f32>, EmbedError> {
        // The network wants one token at least, even of a text that has none.
        let nothing = [self.pad_token];
        let texts: Vec<&[u32]> = rows
            .iter()
            .map(|&row| {
                if tokens[row].is_empty() {
                    &nothing[..]
                } else {
                    &tokens[row]
                }
            })
            .collect();
        let states = self.network.forward(&texts)?;
        let mut vectors = vec![0.0; rows.len() * self.dim];
        let mut rest = &states[..];
        for ((text, &row), vector) in texts
            .iter()
            .zip(rows)
            .zip(vectors.chunks_exact_mut(self.dim))
        {
            let (own, others) = rest.split_at(text.len() * self.dim);
            rest = others;
            self.finish(&own[..tokens[row].len() * self.dim], vector);
            if !vector.iter().all(|value| value.is_finite()) {
                return Err(EmbedError::NotFinite { row });
            }
        }
        Ok(vectors)
    }

    fn finish(&self, states: &[f32], vector: &mut [f32]) {
        self.pooling.pool(states, vector);
        if self.normalizes {
            normalize(vector);
        }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("dim", &self.dim)
            .field("max_tokens", &self.max_tokens())
            .field("pooling", &self.pooling)
            .field("normalizes", &self.normalizes)
            .finish_non_exhaustive()
    }
}

const TEXTS_A_JOB: usize = 256;

/// [`workers::each`] for work and takers that can fail: the first error ends it.
fn try_each<T: Send, E: From<EmbedError> + Send>(
    jobs: usize,
    threads: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let mut failure = None;
    workers::each(jobs, threads, work, |job, result| {
        match result.and_then(|result| take(job, result)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    })
    .map_err(EmbedError::Thread)?;
    failure.map_or(Ok(()), Err)
}

fn threads(options: &EmbedOptions) -> Result<usize, EmbedError> {
    let cpus = || thread::available_parallelism().map_or(1, NonZero::get);
    match (options.batch, options.threads) {
        (0, _) => Err(EmbedError::ZeroBatch),
        (_, Some(0)) => Err(EmbedError::ZeroThreads),
        (_, threads) => Ok(threads.unwrap_or_else(cpus)),
    }
}

fn check_dim(folder: &Folder, config: &Config) -> Result<(), ModelError> {
    match folder.dim {
        Some(found) if found != config.hidden_size => Err(ModelError::Misfit {
            path: folder.pooling_config.clone(),
            key: "word_embedding_dimension",
            found,
            expected: format!("hidden_size = {} of config.json", config.hidden_size),
        }),
        _ => Ok(()),
    }
}

fn load_weights(network: &Path, config: &Config) -> Result<Network, ModelError> {
    let path = network.join("model.safetensors");
    let bytes = folder::read(&path)?;
    if bytes.starts_with(b"version https://git-lfs") {
        return Err(ModelError::LfsPointer { path });
    }
    let weights = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu);
    let weights = weights.map_err(|source| ModelError::Damaged {
        path: path.clone(),
        source,
    })?;
    check_layers(network, &weights, config)?;
    Network::load(&weights, config).map_err(|source| ModelError::weights(network, source))
}

/// With fewer layers than were trained, a model would give other embeddings without a word.
fn check_layers(
    network: &Path,
    weights: &VarBuilder<'_>,
    config: &Config,
) -> Result<(), ModelError> {
    let layers = config.num_hidden_layers;
    match Network::has_layer(weights, config, layers) {
        true => Err(ModelError::Misfit {
            path: network.join("config.json"),
            key: "num_hidden_layers",
            found: layers,
            expected: "the number of layers in model.safetensors, which has more".into(),
        }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
