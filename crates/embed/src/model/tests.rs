//! The tiny model of the tests: what is computed, and what is refused.

use std::{error::Error, fs, iter};

use serde_json::json;

use super::*;
use crate::tiny;

/// Token numbers of `THE_SUN` by hand: [CLS] the sun [SEP].
const THE_SUN: &str = " The  sun\n";
const THE_SUN_TOKENS: [usize; 4] = [2, 4, 5, 3];

fn embed(model: &Model, texts: &[&str]) -> Matrix<f32> {
    model
        .embed(texts, &EmbedOptions::default(), &mut |_| {})
        .unwrap()
}

fn load(folder: &Path) -> Model {
    Model::load(folder).unwrap()
}

#[track_caller]
fn assert_near(found: &[f32], expected: impl Iterator<Item = f64>) {
    let expected: Vec<f64> = expected.collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!(
            (f64::from(*found) - expected).abs() < 2e-5,
            "{found} is not {expected}"
        );
    }
}

#[test]
fn both_poolings_are_as_computed_by_hand() {
    let states = reference::forward(&tiny::weights(), &THE_SUN_TOKENS, &|_, _, _| 0.0);
    let mean = (0..tiny::HIDDEN).map(|i| states.iter().map(|state| state[i]).sum::<f64>() / 4.0);
    let folder = tiny::folder(Pooling::Mean);
    assert_near(embed(&load(folder.path()), &[THE_SUN]).row(0), mean);

    let folder = tiny::folder(Pooling::Cls);
    let first = states[0].iter().copied();
    assert_near(embed(&load(folder.path()), &[THE_SUN]).row(0), first);
}

/// The tiny model's weights under the names of another family, whose places begin one later.
fn renamed(names: &[(&str, &str)], place: impl Fn(usize, f32) -> f32) -> tiny::Weights {
    let rename = |(name, (mut shape, mut values)): (String, (Vec<usize>, Vec<f32>))| {
        if name == "embeddings.position_embeddings.weight" {
            shape[0] += 1;
            let moved = values.iter().enumerate();
            let moved: Vec<f32> = moved
                .map(|(at, value)| place(at % tiny::HIDDEN, *value))
                .collect();
            values = [vec![9.0; tiny::HIDDEN], moved].concat();
        }
        let name = names
            .iter()
            .fold(name, |name, (from, to)| name.replace(from, to));
        (name, (shape, values))
    };
    tiny::weights().into_iter().map(rename).collect()
}

#[track_caller]
fn check_family(model_type: &str, weights: &tiny::Weights, bias: reference::Bias<'_>) {
    let folder = tiny::folder(Pooling::Mean);
    let mut config = tiny::config();
    config["model_type"] = model_type.into();
    config["max_position_embeddings"] = 11.into();
    tiny::write(folder.path(), "config.json", &config);
    tiny::write_weights(folder.path(), weights);
    let states = reference::forward(&tiny::weights(), &THE_SUN_TOKENS, bias);
    let mean = (0..tiny::HIDDEN).map(|i| states.iter().map(|state| state[i]).sum::<f64>() / 4.0);
    assert_near(embed(&load(folder.path()), &[THE_SUN]).row(0), mean);
}

#[test]
fn the_heirs_of_bert_are_as_computed_by_hand() {
    for model_type in ["roberta", "xlm-roberta"] {
        let weights = renamed(&[], |_, value| value);
        check_family(model_type, &weights, &|_, _, _| 0.0);
        let headed = weights
            .into_iter()
            .map(|(name, weight)| (format!("roberta.{name}"), weight));
        check_family(model_type, &headed.collect(), &|_, _, _| 0.0);
    }
    let kind = tiny::weights()["embeddings.token_type_embeddings.weight"]
        .1
        .clone();
    let names = [
        ("attention.self.query", "attention.attn.q"),
        ("attention.self.key", "attention.attn.k"),
        ("attention.self.value", "attention.attn.v"),
        ("attention.output.dense", "attention.attn.o"),
        ("attention.output.LayerNorm", "attention.LayerNorm"),
    ];
    // MPNet has no kinds: what the first adds to every word is put into its place.
    let mut weights = renamed(&names, |at, value| value + kind[at]);
    weights.remove("embeddings.token_type_embeddings.weight");
    let far = |bucket: usize, head: usize| ((bucket * 7 + head * 3) % 5) as f32 / 3.0;
    let table = (0..32).flat_map(|bucket| (0..tiny::HEADS).map(move |head| far(bucket, head)));
    let shape = vec![32, tiny::HEADS];
    weights.insert(
        "encoder.relative_attention_bias.weight".into(),
        (shape, table.collect()),
    );
    check_family("mpnet", &weights, &|head, from, to| {
        let bucket = if to > from { 16 + to - from } else { from - to };
        f64::from(far(bucket, head))
    });
}

#[test]
fn an_embedding_does_not_depend_on_its_neighbours() {
    for pooling in [Pooling::Mean, Pooling::Cls] {
        let folder = tiny::folder(pooling);
        let model = load(folder.path());
        let texts = [
            "",
            "the sun is out today",
            "sun",
            "the sun",
            "nothing known",
            "out",
        ];
        let alone: Vec<f32> = texts
            .iter()
            .flat_map(|text| embed(&model, &[text]).into_vec())
            .collect();
        for (batch, threads) in [(1, 1), (2, 1), (6, 1), (4, 3), (64, 8)] {
            let options = EmbedOptions {
                batch,
                threads: Some(threads),
                prefix: None,
            };
            let together = model.embed(&texts, &options, &mut |_| {}).unwrap();
            assert_near(together.as_slice(), alone.iter().copied().map(f64::from));
        }
    }
}

#[test]
fn a_long_text_is_cut_to_the_models_length() {
    let folder = tiny::folder(Pooling::Mean);
    let model = load(folder.path());
    assert_eq!(model.max_tokens(), tiny::MAX_TOKENS);
    let long = iter::repeat_n("sun", 500).collect::<Vec<_>>().join(" ");
    let vectors = embed(&model, &[&long, "sun sun sun sun", "sun sun sun"]);
    assert_near(
        vectors.row(0),
        vectors.row(1).iter().copied().map(f64::from),
    );
    assert_ne!(vectors.row(1), vectors.row(2));
}

#[test]
fn lower_case_prompt_and_normalisation_are_done() {
    let folder = tiny::folder(Pooling::Mean);
    let plain = embed(&load(folder.path()), &["the sun"]);
    let prompts = json!({"prompts": {"p": "the "}, "default_prompt_name": "p"});
    tiny::write(folder.path(), "config_sentence_transformers.json", &prompts);
    let modules = json!([
        {"path": "", "type": "x.Transformer"},
        {"path": "1_Pooling", "type": "x.Pooling"},
        {"path": "2_Normalize", "type": "x.Normalize"},
    ]);
    tiny::write(folder.path(), "modules.json", &modules);
    let model = load(folder.path());
    assert!(model.normalizes());
    let norm = plain
        .as_slice()
        .iter()
        .map(|x| f64::from(*x).powi(2))
        .sum::<f64>()
        .sqrt();
    let expected = plain.as_slice().iter().map(|x| f64::from(*x) / norm);
    assert_near(embed(&model, &["sun"]).row(0), expected);
    let with = |prefix: &str, text: &str| {
        let options = EmbedOptions {
            prefix: Some(prefix.into()),
            ..EmbedOptions::default()
        };
        model.embed(&[text], &options, &mut |_| {}).unwrap()
    };
    assert_eq!(with("", "the sun"), embed(&model, &["sun"]));
    assert_eq!(with("the", " sun"), embed(&model, &["sun"]));
    assert_ne!(with("", "sun"), embed(&model, &["sun"]));
}

#[test]
fn the_model_lowers_case_only_where_it_says_so() {
    let folder = tiny::folder(Pooling::Mean);
    let tokenizer = fs::read_to_string(folder.path().join("tokenizer.json")).unwrap();
    let tokenizer: serde_json::Value = serde_json::from_str(&tokenizer).unwrap();
    let mut cased = tokenizer;
    cased["normalizer"] = serde_json::Value::Null;
    tiny::write(folder.path(), "tokenizer.json", &cased);
    let vectors = embed(&load(folder.path()), &["SUN", "sun"]);
    assert_ne!(vectors.row(0), vectors.row(1));
    let lowered = json!({"max_seq_length": 6, "do_lower_case": true});
    tiny::write(folder.path(), "sentence_bert_config.json", &lowered);
    let vectors = embed(&load(folder.path()), &["SUN", "sun"]);
    assert_eq!(vectors.row(0), vectors.row(1));
}

#[test]
fn weights_saved_with_a_head_are_found() {
    let folder = tiny::folder(Pooling::Mean);
    let plain = embed(&load(folder.path()), &["the sun"]);
    let renamed = tiny::weights()
        .into_iter()
        .map(|(name, weight)| (format!("bert.{name}"), weight));
    tiny::write_weights(folder.path(), &renamed.collect());
    assert_eq!(embed(&load(folder.path()), &["the sun"]), plain);
}

#[test]
fn no_texts_make_an_empty_matrix_and_progress_ends_at_all_texts() {
    let folder = tiny::folder(Pooling::Mean);
    let model = load(folder.path());
    let none = embed(&model, &[]);
    assert_eq!((none.n(), none.dim()), (0, tiny::HIDDEN));
    let options = EmbedOptions {
        batch: 2,
        threads: Some(2),
        prefix: None,
    };
    let mut seen = Vec::new();
    let mut listen = |progress: Progress| seen.push((progress.done, progress.total));
    model.embed(&["sun"; 5], &options, &mut listen).unwrap();
    assert_eq!(seen.len(), 3);
    assert!(seen.is_sorted() && seen.last() == Some(&(5, 5)), "{seen:?}");
}

#[test]
fn options_that_leave_nothing_are_refused() {
    let folder = tiny::folder(Pooling::Mean);
    let model = load(folder.path());
    let check = |batch, threads, expected: &str| {
        let options = EmbedOptions {
            batch,
            threads,
            prefix: None,
        };
        let error = model.embed(&["sun"], &options, &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(0, None, "batch = 0");
    check(1, Some(0), "threads = 0");
}

/// Spoils a good folder and checks that the refusal names what `expected` says.
#[track_caller]
fn check_refused(spoil: impl FnOnce(&Path), expected: &[&str]) {
    let folder = tiny::folder(Pooling::Mean);
    spoil(folder.path());
    let error = Model::load(folder.path()).unwrap_err();
    let cause = error.source().map(ToString::to_string);
    let message = format!("{error}: {}", cause.unwrap_or_default());
    for part in expected {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let needed = [
        "modules.json",
        "1_Pooling/config.json",
        "config.json",
        "tokenizer.json",
        "model.safetensors",
    ];
    for file in needed {
        let remove = |folder: &Path| fs::remove_file(folder.join(file)).unwrap();
        check_refused(remove, &[file, "no such file; copy the whole folder"]);
    }
    let gone = |folder: &Path| fs::remove_dir_all(folder).unwrap();
    check_refused(gone, &["no such folder; download the model"]);
}

#[test]
fn damaged_files_are_refused() {
    for file in [
        "modules.json",
        "1_Pooling/config.json",
        "config.json",
        "tokenizer.json",
    ] {
        let spoil = |folder: &Path| fs::write(folder.join(file), "{\"a\": ").unwrap();
        check_refused(spoil, &[file, "get the file again"]);
    }
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let spoil = |folder: &Path| fs::write(folder.join("model.safetensors"), pointer).unwrap();
    check_refused(spoil, &["git lfs pull"]);
}

#[test]
fn weights_cut_off_anywhere_are_refused() {
    let whole = fs::read(tiny::folder(Pooling::Mean).path().join("model.safetensors")).unwrap();
    for length in [0, 1, 7, 8, 9, 100, whole.len() / 2, whole.len() - 1] {
        let cut =
            |folder: &Path| fs::write(folder.join("model.safetensors"), &whole[..length]).unwrap();
        check_refused(
            cut,
            &["model.safetensors: damaged or cut off; get the file again"],
        );
    }
}

#[test]
fn weights_of_another_model_are_refused_by_name() {
    let name = "encoder.layer.0.output.dense.weight";
    let other_shape = |folder: &Path| {
        let mut weights = tiny::weights();
        weights.insert(name.into(), (vec![2, 3], vec![0.0; 6]));
        tiny::write_weights(folder, &weights);
    };
    check_refused(
        other_shape,
        &["the weights are not those", "config.json", name],
    );
    let lacking = |folder: &Path| {
        let mut weights = tiny::weights();
        weights.remove(name);
        tiny::write_weights(folder, &weights);
    };
    check_refused(lacking, &["the weights are not those", name]);
}

#[test]
fn files_that_do_not_fit_each_other_are_refused() {
    let with = |key: &'static str, value: usize| {
        move |folder: &Path| {
            let mut config = tiny::config();
            config[key] = value.into();
            tiny::write(folder, "config.json", &config);
        }
    };
    check_refused(
        with("hidden_size", 16),
        &["word_embedding_dimension = 8", "16"],
    );
    check_refused(
        with("vocab_size", 5),
        &["tokenizer.json", "8", "vocab_size = 5"],
    );
    let expected = ["sentence_bert_config.json", "max_seq_length = 6", "= 5"];
    check_refused(with("max_position_embeddings", 5), &expected);
    check_refused(
        with("num_hidden_layers", 0),
        &["config.json: num_hidden_layers = 0", "which has more"],
    );
    let short = |folder: &Path| {
        tiny::write(
            folder,
            "sentence_bert_config.json",
            &json!({"max_seq_length": 2}),
        );
    };
    check_refused(short, &["max_seq_length = 2", "more than the 2 tokens"]);
}

#[test]
fn a_model_of_another_family_is_refused() {
    let other = |folder: &Path| {
        tiny::write(folder, "config.json", &json!({"model_type": "gpt2"}));
    };
    check_refused(other, &["config.json", "model_type = \"gpt2\"", "BGE"]);
}

#[test]
fn broken_weights_name_the_text() {
    let folder = tiny::folder(Pooling::Mean);
    let mut weights = tiny::weights();
    let words = &mut weights
        .get_mut("embeddings.word_embeddings.weight")
        .unwrap()
        .1;
    words[5 * tiny::HIDDEN] = f32::NAN;
    tiny::write_weights(folder.path(), &weights);
    let model = load(folder.path());
    let error = model
        .embed(&["the", "the sun"], &EmbedOptions::default(), &mut |_| {})
        .unwrap_err();
    assert!(error.to_string().contains("text 1"), "{error}");
}
