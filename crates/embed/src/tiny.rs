//! A model of eight dimensions, one layer and a dozen words, written as files, for the tests.

use std::{collections::HashMap, fs, path::Path};

use candle_core::{Device, Tensor};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Pooling;

pub(crate) const HIDDEN: usize = 8;
pub(crate) const WIDE: usize = 12;
pub(crate) const HEADS: usize = 2;
pub(crate) const MAX_TOKENS: usize = 6;

const WORDS: [&str; 9] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "sun", "is", "out", "today",
];

/// The weights by name, each with its shape and values.
pub(crate) type Weights = HashMap<String, (Vec<usize>, Vec<f32>)>;

pub(crate) fn config() -> Value {
    json!({
        "model_type": "bert",
        "vocab_size": WORDS.len(),
        "hidden_size": HIDDEN,
        "num_hidden_layers": 1,
        "num_attention_heads": HEADS,
        "intermediate_size": WIDE,
        "hidden_act": "gelu",
        "max_position_embeddings": 10,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    })
}

/// A folder with the model: it normalises nothing, and cuts texts to [`MAX_TOKENS`].
pub(crate) fn folder(pooling: Pooling) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(
        path,
        "modules.json",
        &json!([
            {"path": "", "type": "sentence_transformers.models.Transformer"},
            {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ]),
    );
    let pooling = json!({
        "word_embedding_dimension": HIDDEN,
        "pooling_mode_cls_token": pooling == Pooling::Cls,
        "pooling_mode_mean_tokens": pooling == Pooling::Mean,
        "pooling_mode_max_tokens": false,
    });
    write(path, "1_Pooling/config.json", &pooling);
    write(
        path,
        "sentence_bert_config.json",
        &json!({"max_seq_length": MAX_TOKENS}),
    );
    write(path, "config.json", &config());
    write(path, "tokenizer.json", &tokenizer());
    write_weights(path, &weights());
    folder
}

pub(crate) fn write(folder: &Path, file: &str, content: &Value) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, serde_json::to_vec(content).unwrap()).unwrap();
}

pub(crate) fn write_weights(folder: &Path, weights: &Weights) {
    let tensor = |(name, (shape, values)): (&String, &(Vec<usize>, Vec<f32>))| {
        let tensor = Tensor::from_vec(values.clone(), shape.clone(), &Device::Cpu);
        (name.clone(), tensor.unwrap())
    };
    let tensors: HashMap<String, Tensor> = weights.iter().map(tensor).collect();
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).unwrap();
}

pub(crate) fn weights() -> Weights {
    let mut shapes = vec![
        (
            "embeddings.word_embeddings.weight".into(),
            vec![WORDS.len(), HIDDEN],
        ),
        (
            "embeddings.position_embeddings.weight".into(),
            vec![10, HIDDEN],
        ),
        (
            "embeddings.token_type_embeddings.weight".into(),
            vec![2, HIDDEN],
        ),
    ];
    let layer = |name: &str| format!("encoder.layer.0.{name}");
    let linear = [
        ("attention.self.query", HIDDEN, HIDDEN),
        ("attention.self.key", HIDDEN, HIDDEN),
        ("attention.self.value", HIDDEN, HIDDEN),
        ("attention.output.dense", HIDDEN, HIDDEN),
        ("intermediate.dense", WIDE, HIDDEN),
        ("output.dense", HIDDEN, WIDE),
    ];
    for (name, rows, columns) in linear {
        shapes.push((format!("{}.weight", layer(name)), vec![rows, columns]));
        shapes.push((format!("{}.bias", layer(name)), vec![rows]));
    }
    let norms = ["attention.output.LayerNorm", "output.LayerNorm"].map(layer);
    for name in norms.into_iter().chain(["embeddings.LayerNorm".into()]) {
        shapes.push((format!("{name}.weight"), vec![HIDDEN]));
        shapes.push((format!("{name}.bias"), vec![HIDDEN]));
    }
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    shapes
        .into_iter()
        .map(|(name, shape): (String, Vec<usize>)| {
            let values = (0..shape.iter().product()).map(|_| next()).collect();
            (name, (shape, values))
        })
        .collect()
}

fn tokenizer() -> Value {
    let vocabulary: HashMap<&str, usize> = WORDS.into_iter().zip(0..).collect();
    let mark = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let special = |name: &str| json!({"id": name, "ids": [vocabulary[name]], "tokens": [name]});
    json!({
        "version": "1.0",
        // Both are to be overruled, as in the files of real models.
        "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {
            "strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]",
        },
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [mark("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, mark("[SEP]")],
            "pair": [mark("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, mark("[SEP]")],
            "special_tokens": {"[CLS]": special("[CLS]"), "[SEP]": special("[SEP]")},
        },
        "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    })
}
