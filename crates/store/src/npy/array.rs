//! Reading and writing arrays of annbench's own.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use annbench_vectors::{Matrix, MatrixView, zeroed_vec};

use super::{Element, Header, NpyError};
use crate::atomic;

/// Writes a matrix as a C-ordered 2-D array, atomically.
///
/// Elements begin at a multiple of 64 bytes, so that a memory map of the file is aligned.
///
/// # Errors
/// What the file system says.
pub fn write_matrix<T: Element>(path: &Path, matrix: MatrixView<'_, T>) -> io::Result<()> {
    write(path, matrix.as_slice(), &[matrix.n(), matrix.dim()])
}

/// Writes `values` as a C-ordered array of the given shape, atomically.
///
/// # Errors
/// What the file system says, or `InvalidInput` where the shape does not hold the values.
pub fn write<T: Element>(path: &Path, values: &[T], shape: &[usize]) -> io::Result<()> {
    if shape.iter().product::<usize>() != values.len() {
        let problem = format!("{} values do not fill the shape {shape:?}", values.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    atomic::write_with(path, |file| {
        file.write_all(&Header::bytes(T::DESCR, shape))?;
        file.write_all(bytemuck::cast_slice(values))
    })
}

/// Reads a C-ordered 2-D array of `T`.
///
/// # Errors
/// [`NpyError`] if the file cannot be read or holds anything else; its length is checked before
/// anything is allocated.
pub fn read<T: Element>(path: &Path) -> Result<Matrix<T>, NpyError> {
    let (values, header) = read_values(path)?;
    let (_, dim) = header.matrix_shape(path)?;
    Matrix::from_vec(values, dim).map_err(|_| NpyError::Shape {
        path: path.into(),
        shape: header.shape,
        expected: "whole rows",
    })
}

/// Reads row numbers: a 1-D array of int64 or uint64.
///
/// # Errors
/// [`NpyError`] if the file cannot be read, holds anything else, or a negative number.
pub fn read_row_numbers(path: &Path) -> Result<Vec<usize>, NpyError> {
    // Signed and unsigned are told apart by the header; both are eight bytes.
    let (values, header) = read_values_as::<i64>(path, &["<i8", "<u8"])?;
    if header.shape.len() != 1 {
        return Err(NpyError::Shape {
            path: path.into(),
            shape: header.shape,
            expected: "one axis of row numbers",
        });
    }
    let number = |(entry, value): (usize, i64)| {
        usize::try_from(value).map_err(|_| NpyError::RowNumber {
            path: path.into(),
            entry,
            value,
        })
    };
    values.into_iter().enumerate().map(number).collect()
}

/// Reads lists of row numbers, one a row: a C-ordered 2-D array of int64 or uint64.
///
/// # Errors
/// [`NpyError`] if the file cannot be read, holds anything else, or a negative number.
pub(crate) fn read_row_lists(path: &Path) -> Result<Matrix<u64>, NpyError> {
    let (values, header) = read_values_as::<i64>(path, &["<i8", "<u8"])?;
    let (_, length) = header.matrix_shape(path)?;
    let number = |(entry, value): (usize, i64)| {
        u64::try_from(value).map_err(|_| NpyError::RowNumber {
            path: path.into(),
            entry,
            value,
        })
    };
    let values = values.into_iter().enumerate().map(number);
    Matrix::from_vec(values.collect::<Result<_, _>>()?, length).map_err(|_| NpyError::Shape {
        path: path.into(),
        shape: header.shape,
        expected: "whole rows",
    })
}

fn read_values<T: Element>(path: &Path) -> Result<(Vec<T>, Header), NpyError> {
    read_values_as(path, &[T::DESCR])
}

fn read_values_as<T: Element>(path: &Path, descrs: &[&str]) -> Result<(Vec<T>, Header), NpyError> {
    let io = |source| NpyError::Io {
        path: path.into(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let header = Header::read(path, &mut file)?;
    check_layout(path, &header, descrs)?;
    header.check_length(path, size_of::<T>() as u64, length)?;
    let mut values = zeroed(path, header.elements().unwrap_or(0))?;
    file.read_exact(bytemuck::cast_slice_mut(&mut values))
        .map_err(io)?;
    Ok((values, header))
}

pub(super) fn check_layout(path: &Path, header: &Header, descrs: &[&str]) -> Result<(), NpyError> {
    if !descrs.contains(&header.descr.as_str()) {
        return Err(NpyError::Dtype {
            path: path.into(),
            found: header.descr.clone(),
            expected: descrs.join(" or "),
        });
    }
    match header.fortran_order && header.shape.len() > 1 {
        true => Err(NpyError::FortranOrder { path: path.into() }),
        false => Ok(()),
    }
}

/// Room for as many elements as the file was found to hold.
pub(super) fn zeroed<T: Element>(path: &Path, elements: u64) -> Result<Vec<T>, NpyError> {
    zeroed_vec(elements as usize).ok_or_else(|| NpyError::TooLarge {
        path: path.into(),
        elements,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip<T: Element + PartialEq + std::fmt::Debug>(values: Vec<T>, dim: usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("array.npy");
        let matrix = Matrix::from_vec(values, dim).unwrap();
        write_matrix(&path, matrix.view()).unwrap();
        assert_eq!(read::<T>(&path).unwrap(), matrix);
    }

    proptest! {
        // Each case writes three files and syncs them.
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn arrays_round_trip(n in 0usize..20, dim in 1usize..20, start: u64) {
            let values = || (0..(n * dim) as u64).map(|i| start.wrapping_add(i * 0x9e37_79b9));
            round_trip(values().collect::<Vec<u64>>(), dim);
            round_trip(values().map(|value| value as f64 / 3.0).collect(), dim);
            round_trip(values().map(|value| value as f32 / 3.0).collect(), dim);
        }
    }

    #[test]
    fn a_file_of_another_type_shape_or_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("array.npy");
        write(&path, &[1.0f32, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
        let message = read::<f64>(&path).unwrap_err().to_string();
        assert!(message.contains("dtype <f4, need <f8"), "{message}");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let message = read::<f32>(&path).unwrap_err().to_string();
        assert!(
            message.contains("143 bytes where the header says 144"),
            "{message}"
        );
        write(&path, &[1.0f32, 2.0], &[2]).unwrap();
        assert!(matches!(read::<f32>(&path), Err(NpyError::Shape { .. })));
    }

    #[test]
    fn row_numbers_are_whole_and_not_negative() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.npy");
        write(&path, &[3i64, 0, 2], &[3]).unwrap();
        assert_eq!(read_row_numbers(&path).unwrap(), [3, 0, 2]);
        write(&path, &[5u64], &[1]).unwrap();
        assert_eq!(read_row_numbers(&path).unwrap(), [5]);
        write(&path, &[3i64, -1], &[2]).unwrap();
        let message = read_row_numbers(&path).unwrap_err().to_string();
        assert!(message.contains("entry 1 is -1"), "{message}");
        write(&path, &[3i64, 1], &[1, 2]).unwrap();
        assert!(matches!(
            read_row_numbers(&path),
            Err(NpyError::Shape { .. })
        ));
    }
}
