//! From one file of vectors to another, whole or in part, block by block.

mod choice;
mod distinct;

use std::path::{Path, PathBuf};

use annbench_vectors::Ids;

use crate::{
    Dtype, Embeddings, Faults, Format, LoadError, LoadOptions, Progress, WriteError,
    atomic::AtomicWriter,
    blocks::{Blocks, Source},
    hdf5,
    npy::NpyWriter,
    shards::Parts,
    writer::{self, BlockWriter, check_dtype},
};
use choice::Choice;
use distinct::DistinctIds;

pub use crate::hdf5::Companions;

/// Which rows to keep, and how to store them.
///
/// Rows are chosen in the order of the fields: `rows`, then `skip_rows`, then `sample`, then
/// `limit`. They stay in the order of `rows`, or of the input.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvertOptions {
    /// The columns to read. Other columns are kept in Parquet if asked; the other formats have no
    /// room for them, nor for ids.
    pub load: LoadOptions,
    /// Only these rows, in this order, by row number in the input.
    pub rows: Option<Vec<usize>>,
    /// All but these rows, by row number in the input.
    pub skip_rows: Vec<usize>,
    /// Of what is left, a seeded sample of so many, see [`sample_rows`](crate::sample::sample_rows).
    pub sample: Option<usize>,
    /// Seed of the sample.
    pub seed: u64,
    /// Of what is left, the first so many.
    pub limit: Option<usize>,
    /// How components are stored.
    pub dtype: Dtype,
    /// What an HDF5 output holds beside the base. `None`: what an HDF5 input holds, where that
    /// still fits the rows.
    pub companions: Option<Companions>,
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self {
            load: LoadOptions {
                keep_columns: true,
                ..LoadOptions::default()
            },
            rows: None,
            skip_rows: Vec::new(),
            sample: None,
            seed: 42,
            limit: None,
            dtype: Dtype::F32,
            companions: None,
        }
    }
}

impl ConvertOptions {
    /// Whether all rows are kept, in their order.
    fn is_whole(&self) -> bool {
        let is_listed = self.rows.is_some() || !self.skip_rows.is_empty();
        !is_listed && self.sample.is_none() && self.limit.is_none()
    }

    /// What an HDF5 output holds beside the base.
    fn companions(&self, input: &Path, from: Format, to: Format) -> Result<Companions, LoadError> {
        match (&self.companions, from, to) {
            (Some(companions), ..) => Ok(companions.clone()),
            (None, Format::Hdf5, Format::Hdf5) => hdf5::companions(input, self.is_whole()),
            _ => Ok(Companions::default()),
        }
    }
}

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

/// A conversion that did not happen; the output is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The input is refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The output cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A row number past the end of the input.
    #[error("{}: row {row} is asked for, it has {n} rows; give row numbers from 0", .path.display())]
    PastEnd {
        /// The input.
        path: PathBuf,
        /// The row asked for.
        row: usize,
        /// Rows it has.
        n: usize,
    },
    /// A row number given twice.
    #[error("row {row} is asked for twice; give each row once, ids must stay distinct")]
    Repeated {
        /// The row.
        row: usize,
    },
    /// No row is left.
    #[error("{}: no row is left to write; ask for more rows or skip fewer", .path.display())]
    NothingLeft {
        /// The input.
        path: PathBuf,
    },
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

/// A conversion under way.
struct Conversion<'a> {
    input: &'a Path,
    output: &'a Path,
    format: Format,
    options: &'a ConvertOptions,
    companions: &'a Companions,
    progress: &'a mut dyn FnMut(Progress),
}

impl Conversion<'_> {
    fn run(
        &mut self,
        source: &Source,
        file: &mut AtomicWriter<'_>,
    ) -> Result<Converted, ConvertError> {
        let counted = match self.options.is_whole() {
            true => None,
            false => Some(source.count(&self.options.load)?),
        };
        let choice = counted.map(|n| Choice::of(self.options, self.input, n));
        let mut rows = Rows {
            choice: choice.transpose()?,
            blocks: source.blocks(&self.options.load),
            ids: (self.options.load.faults == Faults::Refuse).then(DistinctIds::default),
            path: self.input,
            seen: 0,
        };
        let first = self.next(&mut rows)?.ok_or_else(|| LoadError::NoRows {
            path: self.input.into(),
        })?;
        let dim = first.dim();
        let mut writer = writer::begin(
            self.output,
            file,
            self.format,
            self.options.dtype,
            &first,
            self.companions,
        )?;
        let n = match rows.order() {
            None => self.copy(first, &mut rows, writer.as_mut())?,
            Some(order) => self.reorder(first, &mut rows, &order, writer.as_mut())?,
        };
        writer.finish()?;
        let n_input = counted.unwrap_or(rows.seen);
        if rows.is_at_end() && rows.seen != n_input {
            return Err(self.miscounted(n_input, rows.seen));
        }
        Ok(Converted {
            n_input,
            n,
            dim,
            bytes: 0,
        })
    }

    /// Writes blocks as they come.
    fn copy(
        &mut self,
        first: Embeddings,
        rows: &mut Rows<'_>,
        writer: &mut dyn BlockWriter,
    ) -> Result<usize, ConvertError> {
        let mut n = 0;
        let mut next = Some(first);
        while let Some(block) = next {
            n += block.n();
            writer.append(&block)?;
            next = self.next(rows)?;
        }
        Ok(n)
    }

    /// Collects all rows that are wanted, and writes them in the order asked for.
    fn reorder(
        &mut self,
        first: Embeddings,
        rows: &mut Rows<'_>,
        order: &[usize],
        writer: &mut dyn BlockWriter,
    ) -> Result<usize, ConvertError> {
        let mut parts = Parts::new(first);
        while let Some(block) = self.next(rows)? {
            parts.append(self.input, self.input, block)?;
        }
        let whole = parts.finish(self.input, self.options.load.faults)?;
        if whole.n() != order.len() {
            return Err(self.miscounted(order.len(), whole.n()));
        }
        writer.append(&whole.select(order))?;
        Ok(whole.n())
    }

    /// The next rows to write.
    fn next(&mut self, rows: &mut Rows<'_>) -> Result<Option<Embeddings>, LoadError> {
        let next = rows.next()?;
        let done = rows.seen;
        let total = rows.blocks.total().max(done);
        (self.progress)(Progress { done, total });
        Ok(next)
    }

    fn miscounted(&self, claimed: usize, found: usize) -> ConvertError {
        ConvertError::Load(LoadError::UnequalColumns {
            path: self.input.into(),
            n: claimed,
            rows: found,
        })
    }
}

/// The rows of the input that are wanted.
struct Rows<'a> {
    blocks: Blocks<'a>,
    choice: Option<Choice>,
    /// Those of the wanted rows so far, where none may come again.
    ids: Option<DistinctIds>,
    path: &'a Path,
    /// Rows of the input passed so far.
    seen: usize,
}

impl Rows<'_> {
    /// The wanted rows of the next block that has any.
    fn next(&mut self) -> Result<Option<Embeddings>, LoadError> {
        loop {
            if self.choice.as_ref().is_some_and(Choice::is_done) {
                return Ok(None);
            }
            let Some((first, block)) = self.blocks.next()? else {
                return Ok(None);
            };
            self.seen += block.n();
            let Some(choice) = &mut self.choice else {
                self.refuse_repeated(&block, first..first + block.n())?;
                return Ok(Some(block));
            };
            let places = choice.places(block.n());
            if !places.is_empty() {
                let wanted = named(first, block).select(&places);
                self.refuse_repeated(&wanted, places.iter().map(|place| first + place))?;
                return Ok(Some(wanted));
            }
        }
    }

    fn refuse_repeated(
        &mut self,
        block: &Embeddings,
        rows: impl Iterator<Item = usize>,
    ) -> Result<(), LoadError> {
        match &mut self.ids {
            Some(ids) => ids.take(self.path, &block.ids, rows),
            None => Ok(()),
        }
    }

    fn order(&mut self) -> Option<Vec<usize>> {
        self.choice.as_mut()?.order.take()
    }

    /// Whether all rows of the input were seen, and not only those wanted.
    fn is_at_end(&self) -> bool {
        !self.choice.as_ref().is_some_and(Choice::is_done)
    }
}

/// A block whose rows are called by their numbers in the input where they have no ids.
fn named(first: usize, mut block: Embeddings) -> Embeddings {
    if let Ids::Rows(n) = block.ids {
        block.ids = Ids::Integers((first..first + n).map(|row| row as i64).collect());
    }
    block
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

/// Writes the vectors alone as an npy array of the given type, atomically.
///
/// # Errors
/// [`WriteError`] if a component does not fit the type or the file system refuses.
pub fn write_npy(path: &Path, embeddings: &Embeddings, dtype: Dtype) -> Result<(), WriteError> {
    check_dtype(path, Format::Npy, dtype)?;
    writer::create(path, |file| {
        let mut writer = Box::new(NpyWriter::begin(path, file, dtype, embeddings.dim())?);
        writer.append(embeddings)?;
        writer.finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{load, npy};
    use annbench_vectors::{Ids, Matrix};

    fn ten_rows(folder: &Path) -> PathBuf {
        let path = folder.join("in.npy");
        let values: Vec<f32> = (0..20).map(|i| i as f32).collect();
        npy::write(&path, &values, &[10, 2]).unwrap();
        path
    }

    fn check(options: ConvertOptions) -> Result<Vec<i64>, String> {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (ten_rows(folder.path()), folder.path().join("out.parquet"));
        convert(&input, &output, &options, &mut |_| {}).map_err(|error| {
            assert!(!output.exists());
            error.to_string()
        })?;
        let read = load(&output, &LoadOptions::default(), &mut |_| {}).unwrap();
        let Ids::Integers(ids) = read.ids else {
            return Ok(vec![]);
        };
        for (row, &id) in ids.iter().enumerate() {
            assert_eq!(
                read.vectors.row(row),
                [2.0 * id as f32, 2.0 * id as f32 + 1.0]
            );
        }
        Ok(ids)
    }

    #[test]
    fn repeated_ids_are_refused_across_blocks_and_where_the_rows_are_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (
            folder.path().join("in.csv"),
            folder.path().join("out.parquet"),
        );
        let n = 20_000;
        let id = |row: usize| if row == n - 1 { 3 } else { row };
        let lines: String = (0..n)
            .map(|row| format!("doc-{},\"[{row}, 1]\"\n", id(row)))
            .collect();
        std::fs::write(&input, format!("id,embedding\n{lines}")).unwrap();
        let check = |options: ConvertOptions| {
            let converted = convert(&input, &output, &options, &mut |_| {});
            converted
                .map(|done| done.n)
                .map_err(|error| error.to_string())
        };
        let message = check(ConvertOptions::default()).unwrap_err();
        let expected = "rows 3 and 19999 both have the id `doc-3`";
        assert!(message.contains(expected), "{message}");
        assert!(!output.exists());
        let without = |row| ConvertOptions {
            skip_rows: vec![row],
            ..ConvertOptions::default()
        };
        assert_eq!(check(without(3)), Ok(n - 1));
        assert!(check(without(4)).unwrap_err().contains(expected));
    }

    #[test]
    fn chosen_rows_keep_their_number_as_id() {
        let default = ConvertOptions::default;
        let cases = [
            (
                ConvertOptions {
                    rows: Some(vec![7, 3, 5]),
                    ..default()
                },
                vec![7, 3, 5],
            ),
            (
                ConvertOptions {
                    rows: Some(vec![7, 3, 5]),
                    limit: Some(2),
                    ..default()
                },
                vec![7, 3],
            ),
            (
                ConvertOptions {
                    skip_rows: vec![0, 1, 2, 9],
                    limit: Some(4),
                    ..default()
                },
                vec![3, 4, 5, 6],
            ),
            (
                ConvertOptions {
                    skip_rows: vec![1, 2],
                    sample: Some(99),
                    ..default()
                },
                vec![0, 3, 4, 5, 6, 7, 8, 9],
            ),
            (default(), vec![]),
        ];
        for (options, expected) in cases {
            assert_eq!(check(options).unwrap(), expected);
        }
        let sampled = check(ConvertOptions {
            skip_rows: vec![4],
            sample: Some(5),
            ..default()
        })
        .unwrap();
        assert_eq!(sampled.len(), 5);
        assert!(sampled.is_sorted() && !sampled.contains(&4));
    }

    #[test]
    fn options_that_do_not_fit_are_refused() {
        let default = ConvertOptions::default;
        let cases = [
            (
                ConvertOptions {
                    rows: Some(vec![3, 10]),
                    ..default()
                },
                "row 10 is asked for, it has 10 rows",
            ),
            (
                ConvertOptions {
                    skip_rows: vec![11],
                    ..default()
                },
                "row 11 is asked for",
            ),
            (
                ConvertOptions {
                    rows: Some(vec![3, 3]),
                    ..default()
                },
                "row 3 is asked for twice",
            ),
            (
                ConvertOptions {
                    rows: Some(vec![3]),
                    skip_rows: vec![3],
                    ..default()
                },
                "no row is left",
            ),
            (
                ConvertOptions {
                    limit: Some(0),
                    ..default()
                },
                "no row is left",
            ),
        ];
        for (options, expected) in cases {
            let message = check(options).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn every_format_and_type_holds_the_values() {
        let folder = tempfile::tempdir().unwrap();
        let input = ten_rows(folder.path());
        let expected = load(&input, &LoadOptions::default(), &mut |_| {}).unwrap();
        for name in ["out.npy", "out.parquet"] {
            for dtype in [Dtype::F16, Dtype::F32, Dtype::F64] {
                let output = folder.path().join(name);
                let options = ConvertOptions {
                    dtype,
                    ..ConvertOptions::default()
                };
                let converted = convert(&input, &output, &options, &mut |_| {}).unwrap();
                assert_eq!((converted.n_input, converted.n, converted.dim), (10, 10, 2));
                assert_eq!(
                    load(&output, &LoadOptions::default(), &mut |_| {}).unwrap(),
                    expected
                );
            }
        }
        for name in ["out.fvecs", "out.fbin"] {
            let output = folder.path().join(name);
            convert(&input, &output, &ConvertOptions::default(), &mut |_| {}).unwrap();
            let read = load(&output, &LoadOptions::default(), &mut |_| {}).unwrap();
            assert_eq!(read, expected, "{name}");
        }
    }

    #[test]
    fn a_type_that_the_format_does_not_take_is_refused() {
        let cases = [
            ("out.fbin", Dtype::F16, "fbin takes f32, not f16"),
            ("out.npy", Dtype::I8, "npy takes f16, f32, f64, u8, not i8"),
            (
                "out.parquet",
                Dtype::Bf16,
                "Parquet takes f16, f32, f64, u8, not bf16",
            ),
        ];
        for (output, dtype, expected) in cases {
            let options = ConvertOptions {
                dtype,
                ..ConvertOptions::default()
            };
            let missing = Path::new("missing.npy");
            let error = convert(missing, Path::new(output), &options, &mut |_| {});
            let message = error.unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn an_output_of_no_known_format_is_refused_before_reading() {
        let error = convert(
            Path::new("missing.npy"),
            Path::new("out.ivecs"),
            &ConvertOptions::default(),
            &mut |_| {},
        );
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("end it in .parquet, .npy, .hdf5, .fvecs or .fbin")
        );
    }

    #[test]
    fn a_component_beyond_half_precision_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let vectors = Matrix::from_vec(vec![1.0, 2.0, 3.0, 70_000.0], 2).unwrap();
        let embeddings = Embeddings::new(vectors, Ids::Rows(2)).unwrap();
        let error = write_npy(&folder.path().join("out.npy"), &embeddings, Dtype::F16).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("row 1 holds 70000, which f16 has no place for"),
            "{error}"
        );
    }
}
