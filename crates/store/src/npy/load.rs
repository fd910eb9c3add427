//! Users' arrays of vectors, in any dtype that serves and either order.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    path::Path,
};

use half::f16;

use super::{Element, Header, NpyError};
use crate::{
    Dtype, Format, LoadError, LoadOptions,
    dense::{CHUNK, Dense},
    raw,
};

/// Rows to gather at a time where a file is in column order: fewer would read it in scraps.
const LEAST_GATHERED: usize = 1024;

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

/// An opened array of vectors.
pub(crate) struct Array<'a> {
    path: &'a Path,
    file: File,
    dtype: Dtype,
    header: Header,
    n: usize,
    dim: usize,
    row: usize,
}

impl<'a> Array<'a> {
    /// Opens a 2-D array whose length is the one its header promises.
    pub(crate) fn open(path: &'a Path, options: &LoadOptions) -> Result<Self, LoadError> {
        options.refuse_columns(path, Format::Npy)?;
        let io = |source| LoadError::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let header = Header::read(path, &mut file)?;
        let dtype = stored_dtype(path, &header)?;
        let (n, dim) = header.matrix_shape(path)?;
        if n == 0 {
            return Err(LoadError::NoRows { path: path.into() });
        }
        let length = file.metadata().map_err(io)?.len();
        header.check_length(path, dtype.bytes(), length)?;
        file.seek(SeekFrom::Start(header.data_offset)).map_err(io)?;
        Ok(Self {
            path,
            file,
            dtype,
            header,
            n,
            dim,
            row: 0,
        })
    }

    /// Fortran order: each component of all rows is contiguous. They are gathered one by one into
    /// a block that stays in the cache meanwhile.
    fn gather(&mut self, out: &mut [f32]) -> io::Result<()> {
        let mut column = vec![0.0; out.len() / self.dim];
        for component in 0..self.dim {
            let element = (component * self.n + self.row) as u64;
            let byte = self.header.data_offset + element * self.dtype.bytes();
            self.file.seek(SeekFrom::Start(byte))?;
            raw::read(&mut self.file, self.dtype, &mut column)?;
            let cells = out[component..].iter_mut().step_by(self.dim);
            cells.zip(&column).for_each(|(cell, value)| *cell = *value);
        }
        Ok(())
    }
}

impl Dense for Array<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.n, self.dim)
    }

    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn place(&self) -> String {
        "array".into()
    }

    fn fill(&mut self, out: &mut [f32]) -> Result<(), LoadError> {
        let read = match self.header.fortran_order {
            false => raw::read(&mut self.file, self.dtype, out),
            true => self.gather(out),
        };
        self.row += out.len() / self.dim;
        read.map_err(|source| LoadError::io(self.path, source))
    }

    fn rows_at_once(&self) -> usize {
        let least = match self.header.fortran_order {
            false => 1,
            true => LEAST_GATHERED,
        };
        (CHUNK / self.dim).max(least)
    }
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
        crate::load(&path, &LoadOptions::default(), &mut |_| {})
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
        let error = Array::open(Path::new("x.npy"), &options)
            .map(drop)
            .unwrap_err();
        assert!(error.to_string().contains("leave out id_column"));
    }
}
