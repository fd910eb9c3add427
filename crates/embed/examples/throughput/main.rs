//! How many sentences a second this crate embeds, beside a plain candle loop over batches of 64
//! sorted by length: `throughput MODEL_DIR [TEXTS.txt [ROUNDS]]`.
//!
//! `cargo run --release -p annbench-embed --example throughput -- models/all-MiniLM-L6-v2`
//!
//! Both run in this process on all CPUs, in turns, so that what else the machine does meets both.
//! Without a file, the texts are the sentences of the tutorial's corpus.

#![expect(clippy::print_stdout, reason = "an example shows its result")]

mod plain;

use std::{error::Error, fs, path::Path, time::Instant};

use annbench_embed::{EmbedOptions, Model};
use annbench_vectors::Matrix;
use plain::Plain;

const BATCH: usize = 64;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rest @ ..] = &arguments[..] else {
        println!("usage: throughput MODEL_DIR [TEXTS.txt [ROUNDS]]");
        return Ok(());
    };
    let texts = texts(rest.first().map(String::as_str))?;
    let rounds = rest.get(1).map_or(Ok(5), |rounds| rounds.parse())?;
    let plain = Plain::load(Path::new(folder))?;
    let model = Model::load(Path::new(folder))?;
    tell_padding(&plain.lengths(&texts)?);
    compare(&plain, &model, &texts, rounds)
}

/// Turns of both, their medians, and how far their results are apart.
fn compare(plain: &Plain, model: &Model, texts: &[String], rounds: usize) -> Outcome<()> {
    let options = EmbedOptions {
        batch: BATCH,
        ..EmbedOptions::default()
    };
    let (mut slow, mut fast) = (Vec::new(), Vec::new());
    for round in 0..rounds.max(1) {
        let (expected, plain_s) = timed(|| plain.embed(texts, BATCH))?;
        let (found, own_s) = timed(|| Ok(model.embed(texts, &options, &mut |_| {})?))?;
        let [plain_rate, own_rate] = [plain_s, own_s].map(|seconds| texts.len() as f64 / seconds);
        println!(
            "round {round}: plain {plain_rate:.1}, annbench {own_rate:.1} sentences/s, {:.2} x, largest difference {:.1e}",
            own_rate / plain_rate,
            difference(&expected, &found)
        );
        slow.push(plain_rate);
        fast.push(own_rate);
    }
    let (slow, fast) = (median(slow), median(fast));
    println!(
        "median: plain {slow:.1}, annbench {fast:.1} sentences/s, {:.2} x",
        fast / slow
    );
    Ok(())
}

fn texts(path: Option<&str>) -> Outcome<Vec<String>> {
    let corpus = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../datasets/tutorial/paragraphs.txt"
    );
    let text = fs::read_to_string(path.unwrap_or(corpus))?;
    let separator = if path.is_some() { "\n" } else { ". " };
    let texts = text.lines().flat_map(|line| line.split(separator));
    Ok(texts
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect())
}

/// What a plain loop computes for nothing: tokens that only fill batches up.
fn tell_padding(lengths: &[usize]) {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let padded = |lengths: &[usize]| -> usize {
        let batches = lengths.chunks(BATCH);
        batches
            .map(|batch| batch.len() * batch.iter().max().unwrap_or(&0))
            .sum()
    };
    let tokens: usize = lengths.iter().sum();
    let waste = |padded: usize| 100.0 * (padded - tokens) as f64 / tokens as f64;
    println!(
        "{} sentences, {tokens} tokens; padding in batches of {BATCH}: {:.1} % more as they come, {:.1} % sorted by length (the plain loop), none in annbench",
        lengths.len(),
        waste(padded(lengths)),
        waste(padded(&sorted))
    );
}

fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, f64)> {
    let start = Instant::now();
    let result = work()?;
    Ok((result, start.elapsed().as_secs_f64()))
}

fn difference(a: &Matrix, b: &Matrix) -> f32 {
    let pairs = a.as_slice().iter().zip(b.as_slice());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
