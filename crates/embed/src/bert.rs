//! The network: BERT's encoder, without the head that pre-training put on it.
//!
//! # Source
//! Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2018; the names of the
//! weights are those of `BertModel` in Hugging Face transformers.

use candle_core::{D, Device, Result, Tensor};
use candle_nn::{
    Embedding, LayerNorm, Linear, Module, VarBuilder, embedding, layer_norm, linear,
    ops::softmax_last_dim,
};

use crate::config::Config;

/// The encoder.
pub(crate) struct Bert {
    words: Embedding,
    /// What is added to each word for its place, `max_position_embeddings x hidden_size`.
    places: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

impl Bert {
    /// Takes the weights out of `weights`, which names and checks each.
    pub(crate) fn load(weights: &VarBuilder<'_>, config: &Config) -> Result<Self> {
        // A model that was saved with its head has its encoder under a name of its own.
        let weights = match weights.contains_tensor("bert.embeddings.word_embeddings.weight") {
            true => weights.pp("bert"),
            false => weights.clone(),
        };
        let hidden = config.hidden_size;
        let tables = weights.pp("embeddings");
        let table = |rows, name: &str| embedding(rows, hidden, tables.pp(name));
        let places = table(config.max_position_embeddings, "position_embeddings")?;
        let kinds = table(config.type_vocab_size, "token_type_embeddings")?;
        let layers = (0..config.num_hidden_layers)
            .map(|layer| Layer::load(&weights.pp(format!("encoder.layer.{layer}")), config))
            .collect::<Result<_>>()?;
        Ok(Self {
            words: table(config.vocab_size, "word_embeddings")?,
            // A single text is all of kind 0, which can be added once and for all.
            places: places
                .embeddings()
                .broadcast_add(&kinds.embeddings().narrow(0, 0, 1)?)?,
            norm: layer_norm(hidden, config.layer_norm_eps, tables.pp("LayerNorm"))?,
            layers,
        })
    }

    /// The vectors of all tokens, `texts x length x hidden_size`.
    ///
    /// `tokens` holds `texts x length` token numbers, each text padded behind its `lengths` tokens.
    pub(crate) fn forward(&self, tokens: Vec<u32>, lengths: &[usize]) -> Result<Tensor> {
        let length = tokens.len() / lengths.len();
        let tokens = Tensor::from_vec(tokens, (lengths.len(), length), &Device::Cpu)?;
        let places = self.places.narrow(0, 0, length)?;
        let words = self.words.forward(&tokens)?.broadcast_add(&places)?;
        let mask = mask(lengths, length)?;
        let start = self.norm.forward(&words)?;
        let encode = |states: Tensor, layer: &Layer| layer.forward(&states, mask.as_ref());
        self.layers.iter().try_fold(start, encode)
    }
}

/// What is added to the attention on each token, `texts x 1 x 1 x length`: nothing, or so little
/// that nothing is left of it. `None` where no text is padded.
fn mask(lengths: &[usize], length: usize) -> Result<Option<Tensor>> {
    if lengths.iter().all(|&tokens| tokens == length) {
        return Ok(None);
    }
    // Not minus infinity: a text without tokens would attend to nothing, which divides by zero.
    let row = |&tokens: &usize| (0..length).map(move |at| if at < tokens { 0.0 } else { f32::MIN });
    let mask: Vec<f32> = lengths.iter().flat_map(row).collect();
    Tensor::from_vec(mask, (lengths.len(), 1, 1, length), &Device::Cpu).map(Some)
}

struct Layer {
    attention: Attention,
    attention_out: Linear,
    attention_norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    norm: LayerNorm,
}

impl Layer {
    fn load(weights: &VarBuilder<'_>, config: &Config) -> Result<Self> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let norm = |name: &str| layer_norm(hidden, config.layer_norm_eps, weights.pp(name));
        Ok(Self {
            attention: Attention::load(&weights.pp("attention.self"), config)?,
            attention_out: linear(hidden, hidden, weights.pp("attention.output.dense"))?,
            attention_norm: norm("attention.output.LayerNorm")?,
            widen: linear(hidden, wide, weights.pp("intermediate.dense"))?,
            narrow: linear(wide, hidden, weights.pp("output.dense"))?,
            norm: norm("output.LayerNorm")?,
        })
    }

    fn forward(&self, states: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let attended = self.attention.forward(states, mask)?;
        let attended = (self.attention_out.forward(&attended)? + states)?;
        let attended = self.attention_norm.forward(&attended)?;
        let wide = self.widen.forward(&attended)?.gelu_erf()?;
        self.norm
            .forward(&(self.narrow.forward(&wide)? + attended)?)
    }
}

struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    heads: usize,
}

impl Attention {
    fn load(weights: &VarBuilder<'_>, config: &Config) -> Result<Self> {
        let hidden = config.hidden_size;
        Ok(Self {
            query: linear(hidden, hidden, weights.pp("query"))?,
            key: linear(hidden, hidden, weights.pp("key"))?,
            value: linear(hidden, hidden, weights.pp("value"))?,
            heads: config.num_attention_heads,
        })
    }

    fn forward(&self, states: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let query = self.split(&self.query.forward(states)?)?;
        let key = self.split(&self.key.forward(states)?)?;
        let value = self.split(&self.value.forward(states)?)?;
        let scale = (query.dim(D::Minus1)? as f64).sqrt().recip();
        let scores = ((query * scale)?.matmul(&key.t()?))?;
        let scores = match mask {
            Some(mask) => scores.broadcast_add(mask)?,
            None => scores,
        };
        let seen = softmax_last_dim(&scores)?.matmul(&value)?;
        seen.transpose(1, 2)?.flatten_from(2)
    }

    /// `texts x length x hidden_size` to `texts x heads x length x hidden_size / heads`.
    fn split(&self, states: &Tensor) -> Result<Tensor> {
        let (texts, length, hidden) = states.dims3()?;
        states
            .reshape((texts, length, self.heads, hidden / self.heads))?
            .transpose(1, 2)?
            .contiguous()
    }
}
