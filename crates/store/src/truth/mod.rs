//! Ground truth as a file: written for whoever wants it, read for an experiment that has it.
//!
//! This is the one place that knows which formats hold it: [`write_truth`] and [`read_truth`].

mod table;

use std::path::{Path, PathBuf};

use annbench_vectors::{Ids, Matrix, MatrixView, Metric};

use crate::{Format, LoadError, WriteError, flat, npy};

/// The exact neighbours of every query, as a file is to hold them.
#[derive(Debug, Clone, Copy)]
pub struct TruthTable<'a> {
    /// The metric of the scores.
    pub metric: Metric,
    /// Number of base rows.
    pub n: usize,
    /// Base rows, n_queries x found, nearest first.
    pub rows: MatrixView<'a, u64>,
    /// Scores beside `rows`.
    pub scores: MatrixView<'a, f64>,
    /// For each query, how many base rows have the score of its last neighbour.
    pub ties_at_k: &'a [u64],
    /// What the base calls `rows`, one name each, where it has names.
    pub ids: Option<&'a Ids>,
    /// What the queries are called, where they have names.
    pub query_ids: Option<&'a Ids>,
}

/// Neighbours that somebody found earlier.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTruth {
    /// Base rows, n_queries x found, nearest first.
    pub rows: Matrix<u64>,
    /// The metric they are nearest by, where the file says so.
    pub metric: Option<Metric>,
}

/// Writes ground truth in the format that the file's name asks for, and returns the files:
///
/// - `.parquet`: a row a query with the columns `query` (its number), `rows`, `scores`, `ties_at_k`
///   and, where there are names, `query_id` and `ids`;
/// - `.ivecs` with the scores as f32 in `NAME_scores.fvecs`;
/// - `.npy`: rows as int64, with the scores as float64 in `NAME_scores.npy`.
///
/// # Errors
/// [`WriteError`] if the name asks for another format, or a file cannot be written.
pub fn write_truth(path: &Path, truth: &TruthTable<'_>) -> Result<Vec<PathBuf>, WriteError> {
    match Format::of_extension(path) {
        Some(Format::Parquet) => {
            table::write(path, truth)?;
            Ok(vec![path.to_owned()])
        }
        Some(Format::Ivecs) => {
            let scores = beside(path, "fvecs");
            flat::write_ivecs(path, truth.rows)?;
            let as_f32 = truth.scores.map(|&score| score as f32);
            flat::write_fvecs(&scores, as_f32)?;
            Ok(vec![path.to_owned(), scores])
        }
        Some(Format::Npy) => {
            let scores = beside(path, "npy");
            let rows = truth.rows.map(|&row| row as i64);
            write_npy(path, rows.view())?;
            write_npy(&scores, truth.scores)?;
            Ok(vec![path.to_owned(), scores])
        }
        _ => Err(WriteError::NoTruthFormat { path: path.into() }),
    }
}

/// Says whether ground truth can be written under this name, before any work is done for it.
///
/// # Errors
/// [`WriteError::NoTruthFormat`] if not.
pub fn check_truth_path(path: &Path) -> Result<(), WriteError> {
    match Format::of_extension(path) {
        Some(Format::Parquet | Format::Ivecs | Format::Npy) => Ok(()),
        _ => Err(WriteError::NoTruthFormat { path: path.into() }),
    }
}

/// Reads what [`write_truth`] writes, or others write of the kind: Parquet with a column `rows` of
/// integer lists, ivecs, ibin (with or without the distances that big-ann puts after the rows), npy
/// of int64 or uint64, the HDF5 of ann-benchmarks.
///
/// # Errors
/// [`LoadError`] if the file is of another format, damaged, or holds a number below 0.
pub fn read_truth(path: &Path) -> Result<KnownTruth, LoadError> {
    let rows = match Format::detect(path)? {
        Format::Parquet => return table::read(path),
        Format::Npy => npy::read_row_lists(path)?,
        _ => flat::read_scored_truth(path)?
            .rows
            .view()
            .map(|&row| u64::from(row)),
    };
    Ok(KnownTruth { rows, metric: None })
}

/// The file of scores beside that of rows.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}_scores.{extension}"))
}

fn write_npy<T: npy::Element>(path: &Path, values: MatrixView<'_, T>) -> Result<(), WriteError> {
    npy::write_matrix(path, values).map_err(|source| WriteError::Io {
        path: path.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(name: &str, ids: Option<&Ids>) -> (Vec<String>, KnownTruth) {
        let rows = Matrix::from_vec(vec![3u64, 1, 20_000_001, 2, 9, 4], 3).unwrap();
        let scores = Matrix::from_vec(vec![0.5, 0.25, 0.125, 1.0, 0.5, 0.5], 3).unwrap();
        let truth = TruthTable {
            metric: Metric::InnerProduct,
            n: 30_000_000,
            rows: rows.view(),
            scores: scores.view(),
            ties_at_k: &[1, 2],
            ids,
            query_ids: None,
        };
        let folder = tempfile::tempdir().unwrap();
        let written = write_truth(&folder.path().join(name), &truth).unwrap();
        let names = written
            .iter()
            .map(|file| file.file_name().unwrap().to_string_lossy().into_owned());
        let read = read_truth(&written[0]).unwrap();
        assert_eq!(read.rows, rows, "{name}");
        (names.collect(), read)
    }

    #[test]
    fn every_format_gives_the_rows_back() {
        let (files, read) = round_trip("truth.parquet", None);
        assert_eq!(files, ["truth.parquet"]);
        assert_eq!(read.metric, Some(Metric::InnerProduct));
        let (files, read) = round_trip("truth.ivecs", None);
        assert_eq!(files, ["truth.ivecs", "truth_scores.fvecs"]);
        assert_eq!(read.metric, None);
        let (files, _) = round_trip("truth.npy", None);
        assert_eq!(files, ["truth.npy", "truth_scores.npy"]);
        let names = Ids::Strings(["d", "b", "x", "c", "j", "e"].map(String::from).to_vec());
        round_trip("truth.parquet", Some(&names));
    }

    #[test]
    fn a_name_that_asks_for_another_format_is_refused() {
        let empty = Matrix::from_vec(vec![1u64], 1).unwrap();
        let scores = Matrix::from_vec(vec![1.0], 1).unwrap();
        let truth = TruthTable {
            metric: Metric::L2,
            n: 2,
            rows: empty.view(),
            scores: scores.view(),
            ties_at_k: &[1],
            ids: None,
            query_ids: None,
        };
        let error = write_truth(Path::new("truth.csv"), &truth).unwrap_err();
        assert!(error.to_string().contains("end it in .parquet"), "{error}");
    }
}
