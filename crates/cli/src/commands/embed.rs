//! `annbench embed`: texts to a file of embeddings. The model and what computes it take minutes to
//! compile, so they are there only where the feature `embed` is on.

use anyhow::Result;

use crate::{args::EmbedArgs, exit::Outcome};

#[cfg(not(feature = "embed"))]
pub(crate) fn embed(_: EmbedArgs) -> Result<Outcome> {
    let reason = "this annbench was built without the models; build it with `--features embed`";
    Err(crate::exit::BadArgument(reason.into()).into())
}

#[cfg(feature = "embed")]
pub(crate) use with_model::{embed, is_bad_input};

/// Whether the user can mend what went wrong.
#[cfg(not(feature = "embed"))]
pub(crate) fn is_bad_input(_: &(dyn std::error::Error + 'static)) -> bool {
    false
}

#[cfg(feature = "embed")]
mod with_model {
    use std::{error::Error, fs, path::Path, time::Instant};

    use annbench_embed::{
        EmbedError, EmbedOptions, Model, ModelError, Split, TextError, read_texts, with_texts,
    };
    use annbench_runner::Observer;
    use annbench_store::{Format, WriteOptions, write_parquet};
    use annbench_vectors::Matrix;
    use anyhow::Context;

    use super::{EmbedArgs, Outcome, Result};
    use crate::{exit::BadArgument, output, progress::Bars};

    pub(crate) fn embed(args: EmbedArgs) -> Result<Outcome> {
        prepare_output(&args.output)?;
        let texts = read_texts(&args.input, split(&args))?;
        let mut bars = Bars::default();
        let model = bars.during("load the model", |_| Model::load(&args.model))?;
        let start = Instant::now();
        let vectors = embed_all(&model, &texts, &args, &mut bars)?;
        let seconds = start.elapsed().as_secs_f64();
        let options = WriteOptions {
            dtype: args.dtype,
            ..WriteOptions::default()
        };
        let embeddings = with_texts(vectors, &texts)?;
        bars.during("write", |_| {
            write_parquet(&args.output, &embeddings, &options)
        })?;
        output::text(&format!(
            "{}: {} texts x {}, {}; {:.1} texts a second",
            args.output.display(),
            embeddings.n(),
            embeddings.dim(),
            args.dtype,
            embeddings.n() as f64 / seconds
        ))?;
        Ok(Outcome::Fine)
    }

    pub(crate) fn is_bad_input(cause: &(dyn Error + 'static)) -> bool {
        cause.is::<ModelError>() || cause.is::<TextError>() || cause.is::<EmbedError>()
    }

    fn embed_all(
        model: &Model,
        texts: &[String],
        args: &EmbedArgs,
        bars: &mut Bars,
    ) -> Result<Matrix, EmbedError> {
        let options = EmbedOptions {
            batch: args.batch,
            threads: args.threads,
        };
        bars.begin("embed", Some(texts.len() as u64));
        let advance = &mut |progress: annbench_store::Progress| bars.advance(progress.done as u64);
        let vectors = model.embed(texts, &options, advance);
        bars.end();
        vectors
    }

    /// What cannot be written is better known before the work than after it.
    fn prepare_output(output: &Path) -> Result<()> {
        if Format::of_extension(output) != Some(Format::Parquet) || output.is_dir() {
            let reason =
                "texts and embeddings are kept in a Parquet file; end its name in .parquet";
            return Err(BadArgument(format!("{}: {reason}", output.display())).into());
        }
        match output.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder)
                .with_context(|| format!("make the folder {}", folder.display())),
            _ => Ok(()),
        }
    }

    fn split(args: &EmbedArgs) -> Split {
        match args.paragraphs {
            true => Split::Paragraphs,
            false => Split::Lines,
        }
    }
}
