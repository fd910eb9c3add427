//! From one file of vectors to another, whole or in part, block by block.

mod choice;
mod conversion;
mod distinct;
mod error;
mod options;
mod rows;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::{
    Dtype, Format, Progress, WriteError,
    blocks::Source,
    writer::{self, check_dtype},
};
use conversion::Conversion;

pub use crate::hdf5::Companions;
pub use error::ConvertError;
pub use options::ConvertOptions;

/// What a conversion wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Converted {
    /// Rows of the input.
    pub n_input: usize,
    /// Rows of the output.
    pub n: usize,
    /// Components a vector has.
    pub dim: usize,
    /// Size of the output.
    pub bytes: u64,
}

/// Reads `input`, chooses rows, and writes `output` in the format its extension names.
///
/// Both happen block by block, with about a block of each file in memory, or with the batches and
/// row groups that the files are made of where those are larger; rows that are asked for in another
/// order than the input's are all held. Text is read twice, for its number of rows and the type of
/// its ids. `progress` hears of input rows; the total is a guess where the input does not tell it.
///
/// Ids of a part keep naming rows of the whole: row numbers of the input become an `id` column.
/// Ids that repeat one another are refused, unless faults are kept; some 50 bytes a row with an id
/// are held for that.
///
/// # Errors
/// [`ConvertError`] if the input is refused, the options do not fit it, or the output cannot be
/// written; the output is then as it was.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &ConvertOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Converted, ConvertError> {
    let format = output_format(output, options.dtype)?;
    let source = Source::find(input)?;
    let companions = options.companions(input, source.format()?, format)?;
    let mut conversion = Conversion {
        input,
        output,
        format,
        options,
        companions: &companions,
        progress,
    };
    let converted = writer::create(output, |file| conversion.run(&source, file))?;
    Ok(Converted {
        bytes: std::fs::metadata(output).map_or(0, |metadata| metadata.len()),
        ..converted
    })
}

/// The format that the output's name asks for, if it can be written and holds the type.
fn output_format(output: &Path, dtype: Dtype) -> Result<Format, WriteError> {
    let format = Format::of_extension(output).filter(|format| format.is_written());
    let format = format.ok_or_else(|| WriteError::UnknownFormat {
        path: output.into(),
    })?;
    check_dtype(output, format, dtype)?;
    Ok(format)
}
