//! The network: an encoder of the BERT family, without the head that pre-training put on it.
//!
//! Texts lie one behind another, without padding: a matrix product takes them all at once, and
//! only attention, which must not look from one text into the next, goes by texts of one length.
//!
//! # Source
//! Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2018; Song et al.,
//! "MPNet: Masked and Permuted Pre-training for Language Understanding", 2020; the names of the
//! weights are those of `BertModel`, `RobertaModel` and `MPNetModel` in Hugging Face transformers.

use std::ops::Range;

use candle_core::{Device, IndexOp, Result, Tensor};
use candle_nn::VarBuilder;

use crate::{
    config::{Config, Family},
    kernels::{AddBias, BiasGelu, Norm, ScaledSoftmax},
    places::{PlaceBias, lengths_in_runs},
};

/// The encoder.
pub(crate) struct Network {
    words: Tensor,
    /// What is added to each word for its place, from the first place of a text on.
    places: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    place_bias: Option<PlaceBias>,
    heads: usize,
}

impl Network {
    /// Whether the weights have a layer of this number, from 0.
    pub(crate) fn has_layer(weights: &VarBuilder<'_>, config: &Config, layer: usize) -> bool {
        let name = layer_name(layer);
        encoder(weights, config).contains_tensor(&format!("{name}.output.dense.weight"))
    }

    /// Takes the weights out of `weights`, which names and checks each.
    pub(crate) fn load(weights: &VarBuilder<'_>, config: &Config) -> Result<Self> {
        let weights = encoder(weights, config);
        let tables = weights.pp("embeddings");
        let table =
            |rows, name: &str| tables.get((rows, config.hidden_size), &format!("{name}.weight"));
        let layers = (0..config.num_hidden_layers)
            .map(|layer| Layer::load(&weights.pp(layer_name(layer)), config))
            .collect::<Result<_>>()?;
        let places = table(config.max_position_embeddings, "position_embeddings")?;
        let places = places.i(config.first_place()..)?;
        Ok(Self {
            words: table(config.vocab_size, "word_embeddings")?,
            places: match config.family {
                Family::Mpnet => places.contiguous()?,
                // A single text is all of kind 0, which can be added once and for all.
                Family::Bert | Family::Roberta => {
                    let kinds = table(config.type_vocab_size, "token_type_embeddings")?;
                    places.broadcast_add(&kinds.i(..1)?)?
                }
            },
            norm: norm(&tables.pp("LayerNorm"), config, None)?,
            layers,
            place_bias: match config.family {
                Family::Mpnet => Some(PlaceBias::load(&weights.pp("encoder"), config)?),
                Family::Bert | Family::Roberta => None,
            },
            heads: config.num_attention_heads,
        })
    }

    /// The vectors of all tokens of all texts, `tokens x hidden_size`, in the order of the texts;
    /// each text has a token at least.
    pub(crate) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<f32>> {
        let tokens = texts.concat();
        let places: Vec<u32> = texts.iter().flat_map(|text| 0..text.len() as u32).collect();
        let select = |table: &Tensor, rows: Vec<u32>| {
            let n = rows.len();
            table.index_select(&Tensor::from_vec(rows, n, &Device::Cpu)?, 0)
        };
        let states = (select(&self.words, tokens)? + select(&self.places, places)?)?;
        states.inplace_op1(&self.norm)?;
        let runs = self.runs(texts)?;
        let encode = |states: Tensor, layer: &Layer| layer.forward(&states, &runs, self.heads);
        let states = self.layers.iter().try_fold(states, encode)?;
        states.flatten_all()?.to_vec1()
    }

    fn runs(&self, texts: &[&[u32]]) -> Result<Vec<Run>> {
        let mut start = 0;
        lengths_in_runs(texts)
            .into_iter()
            .map(|(texts, length)| {
                let rows = start..start + texts * length;
                start = rows.end;
                let bias = self.place_bias.as_ref().map(|bias| bias.of(length));
                Ok(Run {
                    rows,
                    texts,
                    length,
                    bias: bias.transpose()?,
                })
            })
            .collect()
    }
}

/// Texts of one length that follow each other.
struct Run {
    /// Their tokens among all tokens.
    rows: Range<usize>,
    texts: usize,
    length: usize,
    /// What is added to the attention of a token on another, `1 x heads x length x length`.
    bias: Option<Tensor>,
}

struct Layer {
    /// Queries, keys and values in one product.
    attention: Linear<AddBias>,
    attention_out: Linear<Norm>,
    widen: Linear<BiasGelu>,
    narrow: Linear<Norm>,
}

impl Layer {
    fn load(weights: &VarBuilder<'_>, config: &Config) -> Result<Self> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let names = config.family.attention();
        let mut parts = Vec::new();
        for name in names.inputs {
            parts.push(linear(&weights.pp(name), hidden, hidden)?);
        }
        let (inputs, biases): (Vec<Tensor>, Vec<Vec<f32>>) = parts.into_iter().unzip();
        let normed = |name: &str, from, norm_name: &str| {
            let (weight, bias) = linear(&weights.pp(name), from, hidden)?;
            let then = norm(&weights.pp(norm_name), config, Some(bias))?;
            Linear::new(&weight, then)
        };
        let (widen, bias) = linear(&weights.pp("intermediate.dense"), hidden, wide)?;
        Ok(Self {
            attention: Linear::new(&Tensor::cat(&inputs, 0)?, AddBias(biases.concat()))?,
            attention_out: normed(names.output, hidden, names.norm)?,
            widen: Linear::new(&widen, BiasGelu(bias))?,
            narrow: normed("output.dense", wide, "output.LayerNorm")?,
        })
    }

    fn forward(&self, states: &Tensor, runs: &[Run], heads: usize) -> Result<Tensor> {
        let seen = self.attend(states, runs, heads)?;
        let attended = self.attention_out.product(&seen)?;
        attended.inplace_op2(states, &self.attention_out.then)?;
        let wide = self.widen.product(&attended)?;
        wide.inplace_op1(&self.widen.then)?;
        let narrow = self.narrow.product(&wide)?;
        narrow.inplace_op2(&attended, &self.narrow.then)?;
        Ok(narrow)
    }

    fn attend(&self, states: &Tensor, runs: &[Run], heads: usize) -> Result<Tensor> {
        let inputs = self.attention.product(states)?;
        inputs.inplace_op1(&self.attention.then)?;
        let seen: Vec<Tensor> = runs
            .iter()
            .map(|run| attend_run(&inputs.i(run.rows.clone())?, run, heads))
            .collect::<Result<_>>()?;
        Tensor::cat(&seen, 0)
    }
}

/// The weights of the encoder. A model that was saved with its head has it under a name of its own.
fn encoder<'a>(weights: &VarBuilder<'a>, config: &Config) -> VarBuilder<'a> {
    let own = config.family.name();
    match weights.contains_tensor(&format!("{own}.embeddings.word_embeddings.weight")) {
        true => weights.pp(own),
        false => weights.clone(),
    }
}

fn layer_name(layer: usize) -> String {
    format!("encoder.layer.{layer}")
}

/// Attention within each text of a run: `tokens x 3 hidden_size` to `tokens x hidden_size`.
fn attend_run(inputs: &Tensor, run: &Run, heads: usize) -> Result<Tensor> {
    let (tokens, hidden) = (run.rows.len(), inputs.dim(1)? / 3);
    let width = hidden / heads;
    let split = inputs.reshape((run.texts, run.length, 3, heads, width))?;
    let split = split.permute((2, 0, 3, 1, 4))?.contiguous()?;
    let split = split.reshape((3, run.texts * heads, run.length, width))?;
    let (query, key, value) = (split.i(0)?, split.i(1)?, split.i(2)?);
    let scores = query.matmul(&key.t()?)?;
    let softmax = |scale| ScaledSoftmax {
        scale,
        width: run.length,
    };
    let scale = (width as f32).sqrt().recip();
    let scores = match &run.bias {
        None => {
            scores.inplace_op1(&softmax(scale))?;
            scores
        }
        Some(bias) => {
            let scores = scores.reshape((run.texts, heads, run.length, run.length))?;
            let scores = (scores * f64::from(scale))?.broadcast_add(bias)?;
            scores.inplace_op1(&softmax(1.0))?;
            scores.reshape((run.texts * heads, run.length, run.length))?
        }
    };
    let seen = scores.matmul(&value)?;
    let seen = seen.reshape((run.texts, heads, run.length, width))?;
    seen.transpose(1, 2)?.reshape((tokens, hidden))
}

/// A matrix product and what is done to its result.
struct Linear<Then> {
    /// `from x to`.
    weight: Tensor,
    then: Then,
}

impl<Then> Linear<Then> {
    /// Of weights `to x from`, as they are stored.
    fn new(weight: &Tensor, then: Then) -> Result<Self> {
        let weight = weight.t()?;
        Ok(Self { weight, then })
    }

    fn product(&self, states: &Tensor) -> Result<Tensor> {
        states.matmul(&self.weight)
    }
}

fn linear(weights: &VarBuilder<'_>, from: usize, to: usize) -> Result<(Tensor, Vec<f32>)> {
    let bias = weights.get(to, "bias")?.to_vec1()?;
    Ok((weights.get((to, from), "weight")?, bias))
}

fn norm(weights: &VarBuilder<'_>, config: &Config, bias: Option<Vec<f32>>) -> Result<Norm> {
    Ok(Norm {
        bias,
        weight: weights.get(config.hidden_size, "weight")?.to_vec1()?,
        shift: weights.get(config.hidden_size, "bias")?.to_vec1()?,
        epsilon: config.layer_norm_eps as f32,
    })
}
