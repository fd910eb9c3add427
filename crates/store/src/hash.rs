//! sha256 of files, matrices and keys, as lower-case hex.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use annbench_vectors::MatrixView;
use sha2::{Digest, Sha256};

/// sha256 of a file's bytes; the file is streamed.
///
/// # Errors
/// What the file system says.
pub fn sha256_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    let mut hasher = Sha256::new();
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(hasher)),
            Ok(length) => hasher.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// sha256 of a matrix: `n` and `dim` as little-endian u64, then the values row-major as
/// little-endian f32. Equal matrices have equal hashes on every machine and from every file format.
pub fn sha256_matrix(matrix: MatrixView<'_>) -> String {
    let mut hasher = MatrixHasher::new(matrix.n(), matrix.dim());
    hasher.update(matrix);
    hasher.finish()
}

/// [`sha256_matrix`] of a matrix that comes block by block.
#[derive(Debug, Clone)]
pub struct MatrixHasher(Sha256);

impl MatrixHasher {
    /// Begins with the shape of the whole.
    pub fn new(n: usize, dim: usize) -> Self {
        let mut hasher = Sha256::new();
        hasher.update((n as u64).to_le_bytes());
        hasher.update((dim as u64).to_le_bytes());
        Self(hasher)
    }

    /// Takes the next rows.
    pub fn update(&mut self, block: MatrixView<'_>) {
        self.0
            .update(bytemuck::cast_slice::<f32, u8>(block.as_slice()));
    }

    /// The hash of all rows taken.
    pub fn finish(self) -> String {
        hex(self.0)
    }
}

/// sha256 of several texts, each with its length, so that `["ab", "c"]` and `["a", "bc"]` differ.
/// Meant for the keys of a [cache](crate::cache::Cache).
pub fn sha256_parts(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex(hasher)
}

fn hex(hasher: Sha256) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use annbench_vectors::Matrix;

    #[test]
    fn a_file_hashes_to_the_standard_test_vector() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_file(&path).unwrap(), expected);
    }

    #[test]
    fn shape_and_values_both_count() {
        let hash = |values: Vec<f32>, dim| {
            let matrix = Matrix::from_vec(values, dim).unwrap();
            sha256_matrix(matrix.view())
        };
        let wide = hash(vec![1.0, 2.0, 3.0, 4.0], 4);
        assert_eq!(wide, hash(vec![1.0, 2.0, 3.0, 4.0], 4));
        assert_ne!(wide, hash(vec![1.0, 2.0, 3.0, 4.0], 2));
        assert_ne!(wide, hash(vec![1.0, 2.0, 3.0, 5.0], 4));
        let mut hasher = MatrixHasher::new(2, 2);
        for block in [vec![1.0, 2.0], vec![3.0, 4.0]] {
            hasher.update(Matrix::from_vec(block, 2).unwrap().view());
        }
        assert_eq!(hasher.finish(), hash(vec![1.0, 2.0, 3.0, 4.0], 2));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(sha256_parts(&["ab", "c"]), sha256_parts(&["a", "bc"]));
        assert_eq!(sha256_parts(&["ab", "c"]), sha256_parts(&["ab", "c"]));
    }
}
