//! `annbench data convert`: any file of embeddings to another, whole or in part.

use annbench_runner::Observer;
use annbench_store::{
    LoadOptions,
    convert::{ConvertOptions, Step, convert as convert_file},
    npy::read_row_numbers,
};
use anyhow::Result;

use super::locate;
use crate::{args::ConvertArgs, exit::Outcome, output, progress::Bars};

pub(crate) fn convert(args: ConvertArgs) -> Result<Outcome> {
    let options = ConvertOptions {
        load: LoadOptions {
            vector_column: args.columns.vector_column,
            id_column: args.columns.id_column,
            keep_columns: true,
            ..LoadOptions::default()
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
    };
    let input = locate::file(&args.input, &options.load, &args.cache)?;
    let mut bars = Bars::default();
    let mut current = None;
    let converted = convert_file(&input, &args.output, &options, &mut |step, progress| {
        if current != Some(step) {
            let name = match step {
                Step::Read => "read",
                Step::Write => "write",
            };
            bars.begin(name, Some(progress.total as u64));
            current = Some(step);
        }
        bars.advance(progress.done as u64);
    });
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
