//! `annbench data convert`: any file of embeddings to another, whole or in part.

use annbench_runner::Observer;
use annbench_store::{
    LoadOptions, Progress,
    convert::{ConvertOptions, convert as convert_file},
    npy::read_row_numbers,
};
use anyhow::Result;

use crate::{args::ConvertArgs, exit::Outcome, output, progress::Bars};

pub(crate) fn convert(args: ConvertArgs) -> Result<Outcome> {
    let options = ConvertOptions {
        load: LoadOptions {
            vector_column: args.columns.vector_column,
            id_column: args.columns.id_column,
            keep_columns: true,
        },
        rows: args.rows.as_deref().map(read_row_numbers).transpose()?,
        skip_rows: match &args.skip_rows {
            Some(file) => read_row_numbers(file)?,
            None => Vec::new(),
        },
        sample: args.sample,
        seed: args.seed,
        limit: args.limit,
        dtype: args.dtype,
        companions: None,
    };
    let mut bars = Bars::default();
    bars.begin_rows("convert");
    let progress = &mut |progress: Progress| bars.rows(progress.done, progress.total);
    let converted = convert_file(&args.input, &args.output, &options, progress);
    bars.end();
    let converted = converted?;
    output::text(&format!(
        "{}: {} of {} rows x {}, {}, {} bytes",
        args.output.display(),
        converted.n,
        converted.n_input,
        converted.dim,
        args.dtype,
        converted.bytes
    ))?;
    Ok(Outcome::Fine)
}
