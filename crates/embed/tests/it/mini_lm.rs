//! all-MiniLM-L6-v2 as its documentation and sentence-transformers have it.

use std::path::{Path, PathBuf};

use annbench_embed::{EmbedOptions, Model, Pooling, Split, Texts};
use annbench_store::{LoadOptions, TextColumns, load};
use annbench_vectors::Matrix;

/// The model, or `None`, said out loud.
fn model() -> Option<Model> {
    let Some(folder) = std::env::var_os("ANNBENCH_TEST_MODEL") else {
        eprintln!("skipped: ANNBENCH_TEST_MODEL names no folder with all-MiniLM-L6-v2");
        return None;
    };
    Some(Model::load(Path::new(&folder)).unwrap())
}

fn embed(model: &Model, texts: &[&str]) -> Matrix<f32> {
    model
        .embed(texts, &EmbedOptions::default(), &mut |_| {})
        .unwrap()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}

fn largest_difference(a: &Matrix<f32>, b: &Matrix<f32>) -> f32 {
    let pairs = a.as_slice().iter().zip(b.as_slice());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// # Source
/// The model's page, <https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2>, and the start
/// page of the documentation of sentence-transformers.
#[test]
fn similarities_are_those_of_the_documentation() {
    let Some(model) = model() else { return };
    assert_eq!((model.dim(), model.max_tokens()), (384, 256));
    assert_eq!((model.pooling(), model.normalizes()), (Pooling::Mean, true));
    let vectors = embed(
        &model,
        &[
            "The weather is lovely today.",
            "It's so sunny outside!",
            "He drove to the stadium.",
        ],
    );
    for (a, b, expected) in [(0, 1, 0.6660), (0, 2, 0.1046), (1, 2, 0.1411)] {
        let found = dot(vectors.row(a), vectors.row(b));
        assert!(
            (found - expected).abs() < 0.001,
            "{a} and {b}: {found}, not {expected}"
        );
    }
}

#[test]
fn any_text_is_embedded_and_none_depends_on_its_batch() {
    let Some(model) = model() else { return };
    let long = "a long sentence that goes on and on ".repeat(200);
    let word = "x".repeat(10_000);
    let texts = [
        "",
        "😀",
        "👩‍👩‍👧‍👦 🇨🇭",
        "שלום עולם",
        "مرحبا",
        "漢字",
        "\u{0}\u{7f}",
        "one",
        "A few words more.",
        &long,
        &word,
    ];
    let together = embed(&model, &texts);
    for (text, vector) in texts.iter().zip(together.rows()) {
        assert!((dot(vector, vector) - 1.0).abs() < 1e-5, "{text}");
    }
    for (batch, threads) in [(1, 1), (3, 2), (11, 1)] {
        let options = EmbedOptions {
            batch,
            threads: Some(threads),
            prefix: None,
        };
        let found = model.embed(&texts, &options, &mut |_| {}).unwrap();
        let difference = largest_difference(&found, &together);
        assert!(difference < 1e-5, "batch {batch}: {difference}");
    }
}

#[test]
fn what_is_beyond_the_maximum_length_does_not_count() {
    let Some(model) = model() else { return };
    // A word is a token: 254 fit between the marks of start and end.
    let words = |n: usize| vec!["sun"; n].join(" ");
    let (fits, more) = (words(254), format!("{} stadium", words(254)));
    let vectors = embed(&model, &[&fits, &more, &words(253)]);
    assert!(dot(vectors.row(0), vectors.row(1)) > 0.999_999);
    assert!(dot(vectors.row(0), vectors.row(2)) < 0.999_999);
}

/// The paragraphs of the tutorial.
fn paragraphs() -> Vec<String> {
    let texts = Texts::File {
        path: tutorial("paragraphs.txt"),
        split: Split::Paragraphs,
        columns: TextColumns::default(),
    };
    let mut all = Vec::new();
    texts
        .read::<annbench_embed::TextError>(&mut |rows| {
            all.extend(rows.texts);
            Ok(())
        })
        .unwrap();
    all
}

fn tutorial(file: &str) -> PathBuf {
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    datasets.join("tutorial").join(file)
}

#[test]
fn the_committed_embeddings_are_the_models() {
    let Some(model) = model() else { return };
    let path = tutorial("paragraphs.parquet");
    let committed = load(&path, &LoadOptions::default(), &mut |_| {}).unwrap();
    let found = model.embed(&paragraphs(), &EmbedOptions::default(), &mut |_| {});
    let difference = largest_difference(&found.unwrap(), &committed.vectors);
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn sentences_of_a_corpus_do_not_depend_on_their_neighbours() {
    let Some(model) = model() else { return };
    let paragraphs = paragraphs();
    let sentences: Vec<&str> = paragraphs
        .iter()
        .flat_map(|text| text.split(". "))
        .collect();
    assert!(sentences.len() >= 200, "{} sentences", sentences.len());
    let embed = |batch, threads| {
        let options = EmbedOptions {
            batch,
            threads: Some(threads),
            prefix: None,
        };
        model.embed(&sentences, &options, &mut |_| {}).unwrap()
    };
    let difference = largest_difference(&embed(1, 1), &embed(64, 2));
    assert!(difference < 1e-5, "{difference}");
}
