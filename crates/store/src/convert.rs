//! From one file of vectors to another, whole or in part.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use half::{f16, slice::HalfFloatSliceExt};

use crate::{
    Dtype, Embeddings, Format, LoadError, LoadOptions, Progress, WriteError, WriteOptions, flat,
    load, npy, parquet, sample::sample_rows,
};

/// Which rows to keep, and how to store them.
///
/// Rows are chosen in the order of the fields: `rows`, then `skip_rows`, then `sample`, then
/// `limit`. They stay in the order of `rows`, or of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertOptions {
    /// The columns to read. Other columns are kept in Parquet if asked; the other formats have no
    /// room for them, nor for ids.
    pub load: LoadOptions,
    /// Only these rows, in this order, by row number in the input.
    pub rows: Option<Vec<usize>>,
    /// All but these rows, by row number in the input.
    pub skip_rows: Vec<usize>,
    /// Of what is left, a seeded sample of so many, see [`sample_rows`].
    pub sample: Option<usize>,
    /// Seed of the sample.
    pub seed: u64,
    /// Of what is left, the first so many.
    pub limit: Option<usize>,
    /// How components are stored.
    pub dtype: Dtype,
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
        }
    }
}

impl ConvertOptions {
    /// The row numbers these options choose of an input of `n` rows; `None` for all of them.
    fn choose(&self, input: &Path, n: usize) -> Result<Option<Vec<usize>>, ConvertError> {
        self.check(input, n)?;
        let is_whole = self.rows.is_none() && self.skip_rows.is_empty();
        if is_whole && self.sample.is_none() && self.limit.is_none() {
            return Ok(None);
        }
        let skipped: HashSet<usize> = self.skip_rows.iter().copied().collect();
        let mut rows = self.rows.clone().unwrap_or_else(|| (0..n).collect());
        rows.retain(|row| !skipped.contains(row));
        if let Some(count) = self.sample {
            let places = sample_rows(rows.len(), count, self.seed);
            rows = places.into_iter().map(|place| rows[place]).collect();
        }
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        match rows.is_empty() {
            true => Err(ConvertError::NothingLeft { path: input.into() }),
            false => Ok(Some(rows)),
        }
    }

    fn check(&self, input: &Path, n: usize) -> Result<(), ConvertError> {
        let wanted = self.rows.as_deref().unwrap_or_default();
        let past_end = wanted.iter().chain(&self.skip_rows).find(|&&row| row >= n);
        if let Some(&row) = past_end {
            return Err(ConvertError::PastEnd {
                path: input.into(),
                row,
                n,
            });
        }
        let mut seen = HashSet::new();
        match wanted.iter().find(|&&row| !seen.insert(row)) {
            Some(&row) => Err(ConvertError::Repeated { row }),
            None => Ok(()),
        }
    }
}

/// What a conversion is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading the input.
    Read,
    /// Writing the output.
    Write,
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
/// Ids of a part keep naming rows of the whole: row numbers of the input become an `id` column.
///
/// # Errors
/// [`ConvertError`] if the input is refused, the options do not fit it, or the output cannot be
/// written; the output is then as it was.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &ConvertOptions,
    progress: &mut dyn FnMut(Step, Progress),
) -> Result<Converted, ConvertError> {
    let format = output_format(output, options.dtype)?;
    let whole = load(input, &options.load, &mut |done| progress(Step::Read, done))?;
    let n_input = whole.n();
    let embeddings = match options.choose(input, n_input)? {
        Some(rows) => whole.select(&rows),
        None => whole,
    };
    let progress = &mut |done| progress(Step::Write, done);
    write(output, format, &embeddings, options.dtype, progress)?;
    Ok(Converted {
        n_input,
        n: embeddings.n(),
        dim: embeddings.dim(),
        bytes: std::fs::metadata(output).map_or(0, |metadata| metadata.len()),
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

/// Refuses a component type that the format does not take.
pub(crate) fn check_dtype(path: &Path, format: Format, dtype: Dtype) -> Result<(), WriteError> {
    let takes: &[Dtype] = match format {
        Format::Fvecs | Format::Fbin => &[Dtype::F32],
        _ => &[Dtype::F16, Dtype::F32, Dtype::F64],
    };
    match takes.contains(&dtype) {
        true => Ok(()),
        false => Err(WriteError::Dtype {
            path: path.into(),
            format,
            dtype,
            takes: takes
                .iter()
                .map(|dtype| dtype.name())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

fn write(
    path: &Path,
    format: Format,
    embeddings: &Embeddings,
    dtype: Dtype,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), WriteError> {
    match format {
        Format::Fvecs | Format::Fbin => {
            flat::write(path, embeddings.vectors.view(), format, progress)
        }
        Format::Npy => write_npy(path, embeddings, dtype),
        _ => {
            let options = WriteOptions {
                dtype,
                ..WriteOptions::default()
            };
            parquet::write_with_progress(path, embeddings, &options, progress)
        }
    }
}

/// Writes the vectors alone as an npy array of the given type, atomically.
///
/// # Errors
/// [`WriteError`] if a component does not fit the type or the file system refuses.
pub fn write_npy(path: &Path, embeddings: &Embeddings, dtype: Dtype) -> Result<(), WriteError> {
    check_dtype(path, Format::Npy, dtype)?;
    let vectors = embeddings.vectors.view();
    parquet::check_range(path, vectors, dtype)?;
    let written = match dtype {
        Dtype::F16 => {
            let mut halves = vec![f16::ZERO; vectors.as_slice().len()];
            halves.convert_from_f32_slice(vectors.as_slice());
            npy::write(path, &halves, &[vectors.n(), vectors.dim()])
        }
        Dtype::F64 => {
            let doubles: Vec<f64> = vectors.as_slice().iter().map(|&v| v.into()).collect();
            npy::write(path, &doubles, &[vectors.n(), vectors.dim()])
        }
        _ => npy::write_matrix(path, vectors),
    };
    written.map_err(|source| WriteError::Io {
        path: path.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
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
        convert(&input, &output, &options, &mut |_, _| {}).map_err(|error| {
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
                let converted = convert(&input, &output, &options, &mut |_, _| {}).unwrap();
                assert_eq!((converted.n_input, converted.n, converted.dim), (10, 10, 2));
                assert_eq!(
                    load(&output, &LoadOptions::default(), &mut |_| {}).unwrap(),
                    expected
                );
            }
        }
        for name in ["out.fvecs", "out.fbin"] {
            let output = folder.path().join(name);
            convert(&input, &output, &ConvertOptions::default(), &mut |_, _| {}).unwrap();
            let read = load(&output, &LoadOptions::default(), &mut |_| {}).unwrap();
            assert_eq!(read, expected, "{name}");
        }
    }

    #[test]
    fn a_type_that_the_format_does_not_take_is_refused() {
        let cases = [
            ("out.fbin", Dtype::F16, "fbin takes f32, not f16"),
            ("out.npy", Dtype::U8, "npy takes f16, f32, f64, not u8"),
            (
                "out.parquet",
                Dtype::Bf16,
                "Parquet takes f16, f32, f64, not bf16",
            ),
        ];
        for (output, dtype, expected) in cases {
            let options = ConvertOptions {
                dtype,
                ..ConvertOptions::default()
            };
            let missing = Path::new("missing.npy");
            let error = convert(missing, Path::new(output), &options, &mut |_, _| {});
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
            &mut |_, _| {},
        );
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("end it in .parquet, .npy, .fvecs or .fbin")
        );
    }

    #[test]
    fn a_component_beyond_half_precision_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let vectors = Matrix::from_vec(vec![1.0, 2.0, 3.0, 70_000.0], 2).unwrap();
        let embeddings = Embeddings::new(vectors, Ids::Rows(2)).unwrap();
        let error = write_npy(&folder.path().join("out.npy"), &embeddings, Dtype::F16).unwrap_err();
        assert!(
            error.to_string().contains("row 1 holds 70000, beyond f16"),
            "{error}"
        );
    }
}
