//! A matrix that lies in a file and is mapped into memory: the one `unsafe` of this crate.

use std::{fs::File, path::Path};

use annbench_vectors::MatrixView;
use memmap2::Mmap;

use super::{Element, Header, NpyError, array::check_layout};

/// An `n x dim` f32 matrix in an npy file, mapped into memory and shared between threads and
/// processes. Opening reads the header only.
#[derive(Debug)]
pub struct MappedMatrix {
    map: Mmap,
    data_offset: usize,
    dim: usize,
}

impl MappedMatrix {
    /// Maps a C-ordered 2-D f32 array.
    ///
    /// The file must not be cut or changed in place while it is mapped; annbench's own files are
    /// only ever replaced as a whole.
    ///
    /// # Errors
    /// [`NpyError`] if the file cannot be read, holds anything else, or has another length than
    /// its header says.
    pub fn open(path: &Path) -> Result<Self, NpyError> {
        let io = |source| NpyError::Io {
            path: path.into(),
            source,
        };
        let mut file = File::open(path).map_err(io)?;
        let header = Header::read(path, &mut file)?;
        check_layout(path, &header, &[f32::DESCR])?;
        let (_, dim) = header.matrix_shape(path)?;
        let length = file.metadata().map_err(io)?.len();
        header.check_length(path, size_of::<f32>() as u64, length)?;
        if !header.data_offset.is_multiple_of(4) {
            return Err(NpyError::Unaligned {
                path: path.into(),
                offset: header.data_offset,
            });
        }
        Ok(Self {
            map: map(&file).map_err(io)?,
            data_offset: header.data_offset as usize,
            dim,
        })
    }

    /// The matrix.
    ///
    /// # Panics
    /// Never for a map that [`open`](Self::open) returned: it checked shape and alignment.
    #[expect(clippy::expect_used, reason = "open() checked the shape")]
    pub fn view(&self) -> MatrixView<'_, f32> {
        let values = bytemuck::cast_slice(&self.map[self.data_offset..]);
        MatrixView::new(values, self.dim).expect("open() checked that rows are whole")
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.view().n()
    }

    /// Components a row has.
    pub fn dim(&self) -> usize {
        self.dim
    }
}

#[expect(unsafe_code, reason = "a file can only be mapped unsafely")]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is read-only, and every bit pattern is a valid u8 and, later, f32. What Rust
    // cannot rule out is another process that cuts or rewrites the file in place. annbench writes
    // such files under a temporary name and renames them (see `atomic`), which leaves the mapped
    // file as it was; `open` says that others must do the same.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annbench_vectors::Matrix;

    fn is_shared<T: Send + Sync>() {}

    #[test]
    fn a_mapped_matrix_is_the_written_one() {
        is_shared::<MappedMatrix>();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.npy");
        let matrix = Matrix::from_vec((0..60).map(|i| i as f32).collect(), 5).unwrap();
        super::super::write_matrix(&path, matrix.view()).unwrap();
        let mapped = MappedMatrix::open(&path).unwrap();
        assert_eq!(mapped.view(), matrix.view());
        assert_eq!((mapped.n(), mapped.dim()), (12, 5));
        assert_eq!(
            mapped.view().as_slice().as_ptr().addr() % 64,
            0,
            "aligned for SIMD"
        );
    }

    #[test]
    fn a_map_outlives_the_replacement_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.npy");
        super::super::write(&path, &[1.0f32; 1_000], &[10, 100]).unwrap();
        let mapped = MappedMatrix::open(&path).unwrap();
        super::super::write(&path, &[2.0f32; 4], &[1, 4]).unwrap();
        assert!(mapped.view().as_slice().iter().all(|&value| value == 1.0));
    }

    #[test]
    fn a_cut_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.npy");
        super::super::write(&path, &[1.0f32; 100], &[10, 10]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(MappedMatrix::open(&path).is_err(), "{length} bytes");
        }
    }
}
