//! Users' arrays of vectors, in any dtype that serves and either order.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    path::Path,
};

use half::f16;

use super::{Element, Header, NpyError};
use crate::{
    Dtype, Embeddings, Format, LoadError, LoadOptions, Progress, embeddings::numbered,
    inspect::Layout, raw,
};

/// Elements converted at a time.
const CHUNK: usize = 1 << 18;

/// Reads a 2-D float array; row numbers are its ids.
pub(crate) fn load(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    options.refuse_columns(path, Format::Npy)?;
    let (mut file, header) = open(path)?;
    let dtype = stored_dtype(path, &header)?;
    let (n, dim) = header.matrix_shape(path)?;
    if n == 0 {
        return Err(LoadError::NoRows { path: path.into() });
    }
    let length = file
        .metadata()
        .map_err(|source| io_error(path, source))?
        .len();
    header.check_length(path, dtype.bytes(), length)?;
    let mut values = super::array::zeroed(path, (n * dim) as u64)?;
    let mut source = Source {
        file: &mut file,
        dtype,
        data_offset: header.data_offset,
    };
    let read = match header.fortran_order {
        false => read_rows(&mut source, &mut values, dim, progress),
        true => read_columns(&mut source, &mut values, dim, progress),
    };
    read.map_err(|source| io_error(path, source))?;
    numbered(path, "array", (values, dim), options.faults)
}

/// What the header says of the array.
pub(crate) fn layout(path: &Path) -> Result<Layout, LoadError> {
    let (_, header) = open(path)?;
    Ok(Layout::of(stored_dtype(path, &header)?))
}

/// Opens an npy file and reads its header.
fn open(path: &Path) -> Result<(File, Header), LoadError> {
    let mut file = File::open(path).map_err(|source| LoadError::io(path, source))?;
    let header = Header::read(path, &mut file)?;
    Ok((file, header))
}

/// The type of an array's elements. Single bytes have no order, which NumPy writes as `|`.
fn stored_dtype(path: &Path, header: &Header) -> Result<Dtype, NpyError> {
    match header.descr.as_str() {
        f16::DESCR => Ok(Dtype::F16),
        f32::DESCR => Ok(Dtype::F32),
        f64::DESCR => Ok(Dtype::F64),
        "|u1" | "<u1" => Ok(Dtype::U8),
        "|i1" | "<i1" => Ok(Dtype::I8),
        other => Err(NpyError::Dtype {
            path: path.into(),
            found: other.into(),
            expected:
                "float16, float32, float64, uint8 or int8, little-endian (<f2, <f4, <f8, |u1, |i1)"
                    .into(),
        }),
    }
}

fn io_error(path: &Path, source: io::Error) -> LoadError {
    LoadError::Io {
        path: path.into(),
        source,
    }
}

/// Elements of a file, as f32.
struct Source<'a> {
    file: &'a mut File,
    dtype: Dtype,
    data_offset: u64,
}

impl Source<'_> {
    /// Fills `out` with the elements from the file's present place on.
    fn read(&mut self, out: &mut [f32]) -> io::Result<()> {
        raw::read(self.file, self.dtype, out)
    }

    /// Goes to element number `element`.
    fn seek(&mut self, element: usize) -> io::Result<()> {
        let byte = self.data_offset + element as u64 * self.dtype.bytes();
        self.file.seek(SeekFrom::Start(byte)).map(drop)
    }
}

/// C order: the file is the matrix.
fn read_rows(
    source: &mut Source<'_>,
    values: &mut [f32],
    dim: usize,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<()> {
    let total = values.len() / dim;
    let rows_at_once = (CHUNK / dim).max(1);
    source.seek(0)?;
    for (chunk_idx, chunk) in values.chunks_mut(rows_at_once * dim).enumerate() {
        source.read(chunk)?;
        let done = chunk_idx * rows_at_once + chunk.len() / dim;
        progress(Progress { done, total });
    }
    Ok(())
}

/// Fortran order: each component of all rows is contiguous. Rows go in blocks that stay in the
/// cache while their components are gathered one by one.
fn read_columns(
    source: &mut Source<'_>,
    values: &mut [f32],
    dim: usize,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<()> {
    let total = values.len() / dim;
    let rows_at_once = (CHUNK / dim).max(1024);
    let mut component_values = vec![0.0; rows_at_once];
    for (block_idx, block) in values.chunks_mut(rows_at_once * dim).enumerate() {
        let (start, rows) = (block_idx * rows_at_once, block.len() / dim);
        for component in 0..dim {
            source.seek(component * total + start)?;
            let column = &mut component_values[..rows];
            source.read(column)?;
            let cells = block[component..].iter_mut().step_by(dim);
            cells.zip(column).for_each(|(cell, value)| *cell = *value);
        }
        progress(Progress {
            done: start + rows,
            total,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An array file whose header is of our making and whose elements are given as bytes.
    fn write(path: &Path, descr: &str, fortran_order: bool, shape: &[usize], bytes: &[u8]) {
        let header = Header::bytes(descr, shape);
        let mut text = String::from_utf8_lossy(&header[10..]).into_owned();
        if fortran_order {
            text = text.replace("False", "True ");
        }
        std::fs::write(path, [&header[..10], text.as_bytes(), bytes].concat()).unwrap();
    }

    fn check(
        descr: &str,
        fortran_order: bool,
        shape: &[usize],
        bytes: &[u8],
    ) -> Result<Vec<f32>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.npy");
        write(&path, descr, fortran_order, shape, bytes);
        load(&path, &LoadOptions::default(), &mut |_| {})
            .map(|embeddings| embeddings.vectors.into_vec())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_float_type_and_order_gives_the_same_matrix() {
        let (n, dim) = (3_000, 7);
        let rows: Vec<f32> = (0..n * dim).map(|i| (i % 2_048) as f32).collect();
        let columns: Vec<f32> = (0..n * dim).map(|i| rows[i % n * dim + i / n]).collect();
        for (fortran_order, values) in [(false, &rows), (true, &columns)] {
            let halves: Vec<f16> = values.iter().map(|&v| f16::from_f32(v)).collect();
            let doubles: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
            let cases: [(&str, &[u8]); 3] = [
                ("<f2", bytemuck::cast_slice(&halves)),
                ("<f4", bytemuck::cast_slice(values)),
                ("<f8", bytemuck::cast_slice(&doubles)),
            ];
            for (descr, bytes) in cases {
                let read = check(descr, fortran_order, &[n, dim], bytes).unwrap();
                assert!(read == rows, "{descr} {fortran_order}");
            }
        }
    }

    #[test]
    fn arrays_that_are_no_vectors_are_refused() {
        let nan = bytemuck::cast_slice::<f32, u8>(&[1.0, 2.0, 3.0, f32::NAN]).to_vec();
        let huge = 1e300f64.to_le_bytes().to_vec();
        let cases: [(&str, &[usize], &[u8], &str); 7] = [
            ("<i8", &[1, 1], &[0; 8], "dtype <i8"),
            (">f4", &[1, 1], &[0; 4], "dtype >f4"),
            ("<f4", &[1], &[0; 4], "shape [1]"),
            ("<f4", &[0, 4], &[], "no rows"),
            ("<f4", &[4, 0], &[], "shape [4, 0]"),
            ("<f4", &[2, 2], &nan, "row 1: component 1 is NaN"),
            ("<f8", &[1, 1], &huge, "row 0: component 0 is inf as f32"),
        ];
        for (descr, shape, bytes, expected) in cases {
            let message = check(descr, false, shape, bytes).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_header_that_promises_more_than_the_file_is_refused() {
        let message = check("<f4", false, &[1 << 40, 1 << 10], &[0; 64]).unwrap_err();
        assert!(message.contains("where the header says"), "{message}");
    }

    #[test]
    fn a_column_named_for_an_array_is_refused() {
        let options = LoadOptions {
            id_column: Some("id".into()),
            ..LoadOptions::default()
        };
        let error = load(Path::new("x.npy"), &options, &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("leave out id_column"));
    }
}
