//! `annbench data convert`: any file of embeddings to another, whole or in part.

use annbench_runner::Observer;
use annbench_store::{
    LoadOptions,
    convert::{ConvertOptions, convert as convert_file},
    npy::read_row_numbers,
};
use anyhow::Result;

use super::{companions, inputs::load_options, locate};
use crate::{args::ConvertArgs, exit::Outcome, output, progress::Bars};

pub(crate) fn convert(args: ConvertArgs) -> Result<Outcome> {
    let mut bars = Bars::default();
    let load = LoadOptions {
        keep_columns: true,
        ..load_options(&args.source.columns)
    };
    let input = locate::file(&args.input, &load, &args.source.cache)?;
    let options = ConvertOptions {
        companions: companions::of(&args, &input, &load, &mut bars)?,
        load,
        rows: args.rows.as_deref().map(read_row_numbers).transpose()?,
        skip_rows: match &args.skip_rows {
            Some(file) => read_row_numbers(file)?,
            None => Vec::new(),
        },
        sample: args.sample,
        seed: args.seed.seed,
        limit: args.limit,
        dtype: args.dtype.dtype,
    };
    let converted = convert_file(&input, &args.output, &options, &mut bars.rows("convert"));
    bars.end();
    let converted = converted?;
    output::text(&format!(
        "{}: {} of {} rows x {}, {}, {} bytes",
        args.output.display(),
        converted.n,
        converted.n_input,
        converted.dim,
        args.dtype.dtype,
        converted.bytes
    ))?;
    Ok(Outcome::Fine)
}
