//! all-MiniLM-L6-v2 and its like in candle as one writes it down first: batches padded to their
//! longest text, candle's own operations, candle's own threads.

use std::path::Path;

use annbench_vectors::Matrix;
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::{
    Embedding, LayerNorm, Linear, Module, VarBuilder, embedding, layer_norm, linear,
    ops::softmax_last_dim,
};
use serde_json::Value;
use tokenizers::{Tokenizer, TruncationParams};

use crate::Outcome;

/// A BERT with mean pooling and normalisation.
pub(crate) struct Plain {
    tokenizer: Tokenizer,
    tables: [Embedding; 3],
    norm: LayerNorm,
    layers: Vec<Layer>,
}

struct Layer {
    inputs: [Linear; 3],
    output: Linear,
    attention_norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    norm: LayerNorm,
    heads: usize,
}

impl Plain {
    pub(crate) fn load(folder: &Path) -> Outcome<Self> {
        let config: Value = serde_json::from_slice(&std::fs::read(folder.join("config.json"))?)?;
        let number = |key: &str| config[key].as_u64().map_or(0, |number| number as usize);
        let bytes = std::fs::read(folder.join("model.safetensors"))?;
        let weights = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu)?;
        let hidden = number("hidden_size");
        let tables = weights.pp("embeddings");
        let table = |name: &str, rows| embedding(number(rows), hidden, tables.pp(name));
        let mut tokenizer = Tokenizer::from_file(folder.join("tokenizer.json"))
            .map_err(|error| error.to_string())?;
        tokenizer.with_padding(None);
        let truncation = TruncationParams {
            max_length: 256,
            ..TruncationParams::default()
        };
        tokenizer
            .with_truncation(Some(truncation))
            .map_err(|error| error.to_string())?;
        Ok(Self {
            tokenizer,
            tables: [
                table("word_embeddings", "vocab_size")?,
                table("position_embeddings", "max_position_embeddings")?,
                table("token_type_embeddings", "type_vocab_size")?,
            ],
            norm: layer_norm(hidden, 1e-12, tables.pp("LayerNorm"))?,
            layers: (0..number("num_hidden_layers"))
                .map(|layer| {
                    let weights = weights.pp(format!("encoder.layer.{layer}"));
                    let wide = number("intermediate_size");
                    Layer::load(&weights, hidden, wide, number("num_attention_heads"))
                })
                .collect::<Result<_>>()?,
        })
    }

    /// Tokens of each text.
    pub(crate) fn lengths(&self, texts: &[String]) -> Outcome<Vec<usize>> {
        Ok(self.tokens(texts)?.iter().map(Vec::len).collect())
    }

    pub(crate) fn embed(&self, texts: &[String], batch: usize) -> Outcome<Matrix> {
        let tokens = self.tokens(texts)?;
        let mut rows: Vec<usize> = (0..texts.len()).collect();
        rows.sort_by_key(|&row| tokens[row].len());
        let mut vectors = vec![Vec::new(); texts.len()];
        for rows in rows.chunks(batch) {
            let batch: Vec<&[u32]> = rows.iter().map(|&row| &tokens[row][..]).collect();
            for (&row, vector) in rows.iter().zip(self.embed_batch(&batch)?.to_vec2::<f32>()?) {
                vectors[row] = vector;
            }
        }
        let dim = vectors.first().map_or(1, Vec::len);
        Ok(Matrix::from_vec(vectors.concat(), dim)?)
    }

    fn tokens(&self, texts: &[String]) -> Outcome<Vec<Vec<u32>>> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let encoded = self.tokenizer.encode_batch(texts, true);
        let encoded = encoded.map_err(|error| error.to_string())?;
        Ok(encoded.iter().map(|text| text.get_ids().to_vec()).collect())
    }

    fn embed_batch(&self, texts: &[&[u32]]) -> Result<Tensor> {
        let length = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        let shape = (texts.len(), length);
        let padded = texts
            .iter()
            .flat_map(|text| (0..length).map(|at| text.get(at).copied()));
        let padded: Vec<Option<u32>> = padded.collect();
        let there: Vec<f32> = padded
            .iter()
            .map(|token| f32::from(token.is_some()))
            .collect();
        let tokens: Vec<u32> = padded.into_iter().map(|token| token.unwrap_or(0)).collect();
        let tokens = Tensor::from_vec(tokens, shape, &Device::Cpu)?;
        let there = Tensor::from_vec(there, shape, &Device::Cpu)?;
        let mask = ((&there - 1.0)? * 1e9)?.unsqueeze(1)?.unsqueeze(1)?;
        let [words, places, kinds] = &self.tables;
        let place = Tensor::arange(0, length as u32, &Device::Cpu)?;
        let start = words.forward(&tokens)?;
        let start = start.broadcast_add(&places.forward(&place)?)?;
        let start = (start + kinds.forward(&tokens.zeros_like()?)?)?;
        let start = self.norm.forward(&start)?;
        let states = self
            .layers
            .iter()
            .try_fold(start, |states, layer| layer.forward(&states, &mask))?;
        let weights = there.unsqueeze(2)?;
        let sums = states.broadcast_mul(&weights)?.sum(1)?;
        let means = sums.broadcast_div(&weights.sum(1)?)?;
        means.broadcast_div(&means.sqr()?.sum_keepdim(1)?.sqrt()?)
    }
}

impl Layer {
    fn load(weights: &VarBuilder<'_>, hidden: usize, wide: usize, heads: usize) -> Result<Self> {
        let square = |name: &str| linear(hidden, hidden, weights.pp(name));
        let norm = |name: &str| layer_norm(hidden, 1e-12, weights.pp(name));
        Ok(Self {
            inputs: [
                square("attention.self.query")?,
                square("attention.self.key")?,
                square("attention.self.value")?,
            ],
            output: square("attention.output.dense")?,
            attention_norm: norm("attention.output.LayerNorm")?,
            widen: linear(hidden, wide, weights.pp("intermediate.dense"))?,
            narrow: linear(wide, hidden, weights.pp("output.dense"))?,
            norm: norm("output.LayerNorm")?,
            heads,
        })
    }

    fn forward(&self, states: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let attended = (self.output.forward(&self.attend(states, mask)?)? + states)?;
        let attended = self.attention_norm.forward(&attended)?;
        let wide = self.widen.forward(&attended)?.gelu_erf()?;
        self.norm
            .forward(&(self.narrow.forward(&wide)? + attended)?)
    }

    fn attend(&self, states: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let (texts, length, hidden) = states.dims3()?;
        let split = |input: &Linear| {
            let shape = (texts, length, self.heads, hidden / self.heads);
            input
                .forward(states)?
                .reshape(shape)?
                .transpose(1, 2)?
                .contiguous()
        };
        let [query, key, value] = &self.inputs;
        let (query, key, value) = (split(query)?, split(key)?, split(value)?);
        let scale = (query.dim(D::Minus1)? as f64).sqrt().recip();
        let scores = (query.matmul(&key.t()?)? * scale)?.broadcast_add(mask)?;
        let seen = softmax_last_dim(&scores)?.matmul(&value)?;
        seen.transpose(1, 2)?.flatten_from(2)
    }
}
