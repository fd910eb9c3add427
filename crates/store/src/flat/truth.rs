//! Ground truth of the formats that know nothing but numbers.

use std::{io::Read, path::Path};

use annbench_vectors::Matrix;

use super::{Flat, bin, vecs};
use crate::{Format, LoadError};

/// Reads the true neighbours of each query, `n_queries x k` row numbers of the base, best first:
/// from ivecs, or from ibin with or without the distances that big-ann puts after the rows.
///
/// # Errors
/// [`LoadError`] if the file is of another format, damaged, or holds a number below 0.
pub(crate) fn read_truth(path: &Path) -> Result<Matrix<u32>, LoadError> {
    let format = Format::detect(path)?;
    let mut flat = Flat::open(path, format)?;
    let (rows, k) = match format {
        Format::Ivecs => ivecs(&mut flat)?,
        Format::Ibin => ibin(&mut flat)?,
        _ => {
            let problem =
                format!("is {format}, ground truth is read from Parquet, npy, ivecs and ibin");
            return Err(flat.malformed("file", problem));
        }
    };
    let negative = rows.iter().position(|&row| i32::try_from(row).is_err());
    if let Some(index) = negative {
        let row = rows[index].cast_signed();
        let problem = format!("neighbour {} is {row}, no row number", index % k);
        return Err(flat.malformed(format!("query {}", index / k), problem));
    }
    Matrix::from_vec(rows, k).map_err(|_| LoadError::NoRows { path: path.into() })
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

fn ibin(flat: &mut Flat<'_>) -> Result<(Vec<u32>, usize), LoadError> {
    let (n, k) = bin::header(flat)?;
    // Distances are as many f32 as there are rows.
    bin::check_length(flat, n, k, 8).or_else(|_| bin::check_length(flat, n, k, 4))?;
    Ok((words(flat, (n * k) as usize)?, k as usize))
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
        read_truth(&path)
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
