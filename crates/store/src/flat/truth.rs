//! Ground truth of the formats that know nothing but numbers.

use std::{io::Read, path::Path};

use annbench_vectors::Matrix;

use super::{Flat, bin, vecs};
use crate::{Format, LoadError, hdf5};

/// The true neighbours of queries, as a dataset brings them.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Row numbers of the base, `n_queries x k`, best first.
    pub rows: Matrix<u32>,
    /// What the dataset calls the distances of these rows, in the same shape, where it has them:
    /// Euclidean and not squared in files of ann-benchmarks, squared in those of big-ann.
    pub distances: Option<Matrix<f32>>,
}

/// Reads the true neighbours of each query, `n_queries x k` row numbers of the base, best first, and
/// their distances where the file has them: from ivecs, from ibin with or without the distances that big-ann puts after the rows, or from
/// the HDF5 of ann-benchmarks.
///
/// # Errors
/// [`LoadError`] if the file is of another format, damaged, or holds a number below 0.
pub fn read_scored_truth(path: &Path) -> Result<Truth, LoadError> {
    let format = Format::detect(path)?;
    if format == Format::Hdf5 {
        return hdf5::truth(path);
    }
    let mut flat = Flat::open(path, format)?;
    let (rows, k, has_distances) = match format {
        Format::Ivecs => ivecs(&mut flat).map(|(rows, k)| (rows, k, false))?,
        Format::Ibin => ibin(&mut flat)?,
        _ => {
            let problem = format!("is {format}, ground truth is read from ivecs, ibin and HDF5");
            return Err(flat.malformed("file", problem));
        }
    };
    refuse_negative(&rows, k, |place, problem| flat.malformed(place, problem))?;
    let no_rows = || LoadError::NoRows { path: path.into() };
    let distances = match has_distances {
        true => Some(words(&mut flat, rows.len())?),
        false => None,
    };
    let distances = distances.map(|bits| {
        let values = bits.into_iter().map(f32::from_bits).collect();
        Matrix::from_vec(values, k)
    });
    Ok(Truth {
        rows: Matrix::from_vec(rows, k).map_err(|_| no_rows())?,
        distances: distances.transpose().map_err(|_| no_rows())?,
    })
}

/// Refuses numbers that are negative as i32, by query and place in its `k` neighbours.
pub(crate) fn refuse_negative(
    rows: &[u32],
    k: usize,
    refuse: impl Fn(String, String) -> LoadError,
) -> Result<(), LoadError> {
    let is_negative = |&row: &u32| row.cast_signed() < 0;
    match rows.iter().position(is_negative) {
        None => Ok(()),
        Some(index) => {
            let row = rows[index].cast_signed();
            let problem = format!("neighbour {} is {row}, no row number", index % k);
            Err(refuse(format!("query {}", index / k), problem))
        }
    }
}

fn ivecs(flat: &mut Flat<'_>) -> Result<(Vec<u32>, usize), LoadError> {
    let (n, k) = vecs::shape(flat)?;
    let words = words(flat, n * (k + 1) - 1)?;
    let mut rows = words[..k].to_vec();
    for (query, record) in words[k..].chunks_exact(k + 1).enumerate() {
        vecs::same_dim(flat, query + 1, k, record[0].cast_signed())?;
        rows.extend_from_slice(&record[1..]);
    }
    Ok((rows, k))
}

/// Rows, k, and whether the file is long enough for distances behind them.
fn ibin(flat: &mut Flat<'_>) -> Result<(Vec<u32>, usize, bool), LoadError> {
    let (n, k) = bin::header(flat)?;
    let has_distances = bin::check_length(flat, n, k, 8).is_ok();
    if !has_distances {
        bin::check_length(flat, n, k, 4)?;
    }
    Ok((words(flat, (n * k) as usize)?, k as usize, has_distances))
}

/// The next `count` words, which the file's length was found to hold.
fn words(flat: &mut Flat<'_>, count: usize) -> Result<Vec<u32>, LoadError> {
    let mut words = vec![0u32; count];
    let bytes = bytemuck::cast_slice_mut(&mut words);
    flat.file
        .read_exact(bytes)
        .map_err(|source| flat.io(source))?;
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, words: &[i32]) -> Result<Vec<u32>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytemuck::cast_slice::<i32, u8>(words)).unwrap();
        read_scored_truth(&path)
            .map(|truth| truth.rows)
            .map(Matrix::into_vec)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn rows_are_read_with_and_without_distances() {
        let expected = Ok(vec![7, 20_000_001, 5, 6]);
        assert_eq!(check("truth.ivecs", &[2, 7, 20_000_001, 2, 5, 6]), expected);
        assert_eq!(check("truth.ibin", &[2, 2, 7, 20_000_001, 5, 6]), expected);
        assert_eq!(
            check("truth.ibin", &[2, 2, 7, 20_000_001, 5, 6, 0, 0, 0, 0]),
            expected
        );
    }

    #[test]
    fn distances_come_with_the_rows_that_have_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("truth.ibin");
        let words = [2u32, 1, 7, 5, 0.5f32.to_bits(), 2f32.to_bits()];
        std::fs::write(&path, bytemuck::cast_slice::<u32, u8>(&words)).unwrap();
        let truth = read_scored_truth(&path).unwrap();
        assert_eq!(truth.rows.as_slice(), [7, 5]);
        assert_eq!(truth.distances.unwrap().as_slice(), [0.5, 2.0]);
    }

    #[test]
    fn what_is_no_row_number_is_refused() {
        let cases = [
            (
                "truth.ivecs",
                vec![2, 7, 3, 2, 5, -1],
                "query 1: neighbour 1 is -1",
            ),
            ("truth.ivecs", vec![2, 7, 3, 1, 5, 6], "row 1: dim = 1"),
            (
                "truth.ibin",
                vec![2, 2, 7, 3, 5],
                "take 24 bytes, the file has 20",
            ),
            (
                "truth.fbin",
                vec![1, 1, 0],
                "is fbin, ground truth is read from",
            ),
        ];
        for (name, words, expected) in cases {
            let message = check(name, &words).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
