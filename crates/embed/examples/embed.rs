//! Embeds texts and shows how near each is to the first: `embed MODEL_DIR TEXT TEXT ...`.
//!
//! `cargo run --release -p annbench-embed --example embed -- models/all-MiniLM-L6-v2 sun rain`

#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::{error::Error, path::Path};

use annbench_embed::{EmbedOptions, Model};
use annbench_vectors::Metric;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, texts @ ..] = &arguments[..] else {
        println!("usage: embed MODEL_DIR TEXT TEXT ...");
        println!("MODEL_DIR is the folder of a sentence-transformers model of the BERT family");
        return Ok(());
    };
    let model = Model::load(Path::new(folder))?;
    println!("{model:?}");
    let vectors = model.embed(texts, &EmbedOptions::default(), &mut |_| {})?;
    for (text, vector) in texts.iter().zip(vectors.rows()) {
        println!(
            "{:.4}  {text}",
            Metric::Cosine.score(vectors.row(0), vector)
        );
    }
    Ok(())
}
