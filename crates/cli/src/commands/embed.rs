//! `annbench embed`: texts to a file of embeddings.

use std::{fs, path::Path};

use annbench_embed::{Corpus, Metadata, Recipe, Split, Texts};
use annbench_store::{Format, TextColumns, WriteOptions};
use anyhow::{Context, Result};

use super::models::{self, Located, Tally, Task};
use crate::{
    args::EmbedArgs,
    exit::{BadArgument, Outcome},
    interrupt::Signals,
    output,
    progress::Bars,
};

pub(crate) fn embed(args: EmbedArgs) -> Result<Outcome> {
    prepare_output(&args.output)?;
    let mut bars = Bars::default();
    let metadata = args.metadata.as_deref().map(Metadata::read).transpose()?;
    let texts = texts(&args);
    let count = bars.during("read the texts", |_| texts.count())?;
    if let Some(metadata) = &metadata {
        metadata.check(count)?;
    }
    let model = models::locate(&args.model, Path::new(""), &mut bars)?;
    let tally = write(&args, &texts, metadata.as_ref(), &model, &mut bars)?;
    output::text(&summary(&args, &tally))?;
    Ok(Outcome::Fine)
}

fn write(
    args: &EmbedArgs,
    texts: &Texts,
    metadata: Option<&Metadata>,
    model: &Located,
    bars: &mut Bars,
) -> Result<Tally> {
    let signals = Signals::default();
    let recipe = Recipe {
        model: args.model.clone(),
        fingerprint: model.fingerprint.clone(),
        prefix: args.prefix.clone(),
        query_prefix: args.query_prefix.clone(),
    };
    let options = WriteOptions {
        dtype: args.dtype.dtype,
        notes: recipe.notes(),
        ..WriteOptions::default()
    };
    let task = Task {
        corpus: Corpus {
            texts,
            metadata,
            output: &args.output,
            options: &options,
        },
        model,
        recipe: &recipe,
        cache: &args.cache.folder,
        batch: Some(args.batch),
        threads: args.threads.threads,
        stop: signals.listen()?,
    };
    models::write(&task, bars)
}

fn texts(args: &EmbedArgs) -> Texts {
    Texts::File {
        path: args.input.clone(),
        split: match args.paragraphs {
            true => Split::Paragraphs,
            false => Split::Lines,
        },
        columns: TextColumns {
            text: args.column.clone(),
            id: args.id.id_column.clone(),
        },
    }
}

/// What cannot be written is better known before the work than after it.
fn prepare_output(output: &Path) -> Result<()> {
    if Format::of_extension(output) != Some(Format::Parquet) || output.is_dir() {
        let reason = "texts and embeddings are kept in a Parquet file; end its name in .parquet";
        return Err(BadArgument(format!("{}: {reason}", output.display())).into());
    }
    match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder)
            .with_context(|| format!("make the folder {}", folder.display())),
        _ => Ok(()),
    }
}

fn summary(args: &EmbedArgs, tally: &Tally) -> String {
    let Tally {
        n,
        computed,
        dim,
        seconds,
    } = tally;
    let speed = match computed {
        0 => String::new(),
        _ => format!(", {:.1} texts a second", *computed as f64 / seconds),
    };
    format!(
        "{}: {n} texts x {dim}, {}; {computed} computed{speed}, {} known already",
        args.output.display(),
        args.dtype.dtype,
        n - computed,
    )
}
