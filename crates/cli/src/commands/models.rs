//! Models and what annbench does with them. They and what computes them take minutes to compile, so
//! they are there only where the feature `embed` is on; without it, all here says so.

#[cfg(feature = "embed")]
pub(crate) use with_models::{locate, question, write};

#[cfg(not(feature = "embed"))]
pub(crate) use without_models::{locate, question, write};

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use annbench_embed::{Corpus, CorpusError, MetadataError, Recipe, TextError};
use annbench_runner::Stop;

#[cfg(feature = "embed")]
use with_models::is_bad_model;
#[cfg(not(feature = "embed"))]
use without_models::is_bad_model;

/// Whether the user can mend what went wrong.
pub(crate) fn is_bad_input(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<CorpusError>()
        || cause.is::<TextError>()
        || cause.is::<MetadataError>()
        || is_bad_model(cause)
}

/// A model that is at hand.
#[derive(Debug)]
pub(crate) struct Located {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// sha256 of all that matters in it.
    pub(crate) fingerprint: String,
}

/// What is to be embedded, and by what.
#[cfg_attr(
    not(feature = "embed"),
    expect(dead_code, reason = "without models, nothing is located or done")
)]
pub(crate) struct Task<'a> {
    pub(crate) corpus: Corpus<'a>,
    pub(crate) model: &'a Located,
    pub(crate) recipe: &'a Recipe,
    /// The cache's folder.
    pub(crate) cache: &'a Path,
    /// Texts computed together, at most.
    pub(crate) batch: Option<usize>,
    pub(crate) threads: Option<usize>,
    /// By which it can be stopped from outside.
    pub(crate) stop: &'a Stop,
}

/// What was done.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Texts in all.
    pub(crate) n: usize,
    /// Texts that were computed, rather than found in the cache.
    pub(crate) computed: usize,
    /// Components a vector has.
    pub(crate) dim: usize,
    /// Time it took.
    pub(crate) seconds: f64,
}

#[cfg(not(feature = "embed"))]
mod without_models {
    use annbench_vectors::Matrix;
    use anyhow::Result;

    use super::{Located, Path, Recipe, Tally, Task};
    use crate::{exit::BadArgument, progress::Bars};

    fn missing<T>() -> Result<T> {
        let reason = "this annbench was built without the models; build it with `--features embed`, as `cargo xtask bench` does for texts";
        Err(BadArgument(reason.into()).into())
    }

    /// The folder of a model.
    pub(crate) fn locate(_: &str, _: &Path, _: &mut Bars) -> Result<Located> {
        missing()
    }

    /// Embeds a corpus and writes the table.
    pub(crate) fn write(_: &Task<'_>, _: &mut Bars) -> Result<Tally> {
        missing()
    }

    /// Embeds one text.
    pub(crate) fn question(_: &str, _: &Located, _: &Recipe, _: &mut Bars) -> Result<Matrix> {
        missing()
    }

    /// Whether it is the model that the user can mend.
    pub(super) fn is_bad_model(_: &(dyn std::error::Error + 'static)) -> bool {
        false
    }
}

#[cfg(feature = "embed")]
mod with_models {
    use std::{error::Error, time::Instant};

    use annbench_embed::{
        CorpusError, EmbedError, EmbedOptions, Hub, HubError, Kept, Model, ModelError,
        VectorSource, fingerprint,
    };
    use annbench_runner::{Interrupted, Observer};
    use annbench_vectors::Matrix;
    use anyhow::Result;

    use super::{Located, Path, Recipe, Tally, Task};
    use crate::progress::Bars;

    /// The folder of a model: one relative to `base`, or the hub's.
    pub(crate) fn locate(name: &str, base: &Path, bars: &mut Bars) -> Result<Located> {
        let mut shown = String::new();
        let folder = Hub::from_env().locate(name, base, &mut |file, progress| {
            if shown != file {
                shown = file.to_owned();
                bars.begin_transfer(&format!("download {file}"), progress.total as u64);
            }
            bars.advance(progress.done as u64);
        });
        bars.end();
        let folder = folder?;
        Ok(Located {
            fingerprint: fingerprint(&folder)?,
            folder,
        })
    }

    /// Embeds a corpus and writes the table. All that is computed is kept in the cache.
    pub(crate) fn write(task: &Task<'_>, bars: &mut Bars) -> Result<Tally> {
        let model = load(task.model, bars)?;
        let options = EmbedOptions {
            batch: task.batch.unwrap_or(EmbedOptions::default().batch),
            threads: task.threads,
            prefix: task.recipe.prefix.clone(),
        };
        let log = format!("{}.vectors", task.recipe.key());
        let log = task.cache.join("embeddings").join(log);
        let mut source = Kept::open(&model, options, &log)?.until(task.stop.flag());
        let start = Instant::now();
        let written = task.corpus.write(&mut source, &mut bars.rows("embed"));
        bars.end();
        let n = written.map_err(|error| match error {
            CorpusError::Stopped => Interrupted {
                kept: format!(
                    "{} texts were embedded and are kept; the same command goes on with the others",
                    source.computed()
                ),
            }
            .into(),
            error => anyhow::Error::from(error),
        })?;
        Ok(Tally {
            n,
            computed: source.computed(),
            dim: source.dim(),
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// Embeds one text: `1 x dim`.
    pub(crate) fn question(
        text: &str,
        model: &Located,
        recipe: &Recipe,
        bars: &mut Bars,
    ) -> Result<Matrix> {
        let options = EmbedOptions {
            prefix: recipe.query_prefix.clone(),
            ..EmbedOptions::default()
        };
        Ok(load(model, bars)?.embed(&[text], &options, &mut |_| {})?)
    }

    /// Whether it is the model that the user can mend.
    pub(super) fn is_bad_model(cause: &(dyn Error + 'static)) -> bool {
        cause.is::<ModelError>() || cause.is::<HubError>() || cause.is::<EmbedError>()
    }

    fn load(model: &Located, bars: &mut Bars) -> Result<Model> {
        Ok(bars.during("load the model", |_| Model::load(&model.folder))?)
    }
}
