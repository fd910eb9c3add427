//! Files that are nothing but numbers: fvecs, bvecs and ivecs of TexMex, fbin, u8bin, i8bin and
//! ibin of the big-ann benchmarks.
//!
//! They have no mark, so the length of the file must agree with its header to the byte.
//!
//! # Source
//! corpus-texmex.irisa.fr and big-ann-benchmarks.com, which define them.

mod bin;
mod truth;
mod vecs;
mod write;

use std::{fs::File, io::BufReader, path::Path};

pub(crate) use truth::refuse_negative;
pub use truth::{Truth, read_scored_truth};
pub(crate) use write::{FlatWriter, write_fvecs, write_ivecs};

use crate::{Dtype, Format, LoadError, LoadOptions, dense::Dense, raw};

/// Opens a flat file of the given format.
pub(crate) fn open<'a>(
    path: &'a Path,
    format: Format,
    options: &LoadOptions,
) -> Result<Box<dyn Dense + 'a>, LoadError> {
    options.refuse_columns(path, format)?;
    let mut flat = Flat::open(path, format)?;
    let has_dims = matches!(format, Format::Fvecs | Format::Bvecs | Format::Ivecs);
    let (n, dim) = match has_dims {
        true => vecs::shape(&mut flat)?,
        false => bin::shape(&mut flat)?,
    };
    Ok(Box::new(Vectors {
        flat,
        n,
        dim,
        has_dims,
        row: 0,
    }))
}

/// The vectors of a flat file.
struct Vectors<'a> {
    flat: Flat<'a>,
    n: usize,
    dim: usize,
    /// Whether the dim is written before each row.
    has_dims: bool,
    row: usize,
}

impl Dense for Vectors<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.n, self.dim)
    }

    fn dtype(&self) -> Dtype {
        self.flat.format.flat_dtype()
    }

    fn place(&self) -> String {
        "file".into()
    }

    fn fill(&mut self, out: &mut [f32]) -> Result<(), LoadError> {
        let first = self.row;
        self.row += out.len() / self.dim;
        if self.has_dims {
            return vecs::fill(&mut self.flat, self.dim, first, out);
        }
        let dtype = self.dtype();
        let read = raw::read(&mut self.flat.file, dtype, out);
        read.map_err(|source| self.flat.io(source))
    }
}

/// An opened flat file.
struct Flat<'a> {
    path: &'a Path,
    format: Format,
    file: BufReader<File>,
    bytes: u64,
}

impl<'a> Flat<'a> {
    fn open(path: &'a Path, format: Format) -> Result<Self, LoadError> {
        let file = File::open(path).map_err(|source| LoadError::io(path, source))?;
        let metadata = file
            .metadata()
            .map_err(|source| LoadError::io(path, source))?;
        Ok(Self {
            path,
            format,
            file: BufReader::with_capacity(1 << 16, file),
            bytes: metadata.len(),
        })
    }

    fn malformed(&self, place: impl Into<String>, problem: String) -> LoadError {
        LoadError::Malformed {
            path: self.path.into(),
            format: self.format,
            place: place.into(),
            problem,
        }
    }

    fn io(&self, source: std::io::Error) -> LoadError {
        LoadError::io(self.path, source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense;

    /// Reads `bytes` as a file of the format.
    fn check(format: Format, bytes: &[u8]) -> Result<(Vec<f32>, usize), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        std::fs::write(&path, bytes).unwrap();
        open(&path, format, &LoadOptions::default())
            .and_then(|mut flat| {
                dense::load(&path, flat.as_mut(), crate::Faults::Refuse, &mut |_| {})
            })
            .map(|read| (read.vectors.as_slice().to_vec(), read.dim()))
            .map_err(|error| error.to_string())
    }

    fn words(words: &[i32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn numbers_of_each_kind_are_read() {
        let rows = (vec![1.0, 2.0, 250.0, 4.0], 2);
        let bytes = [&words(&[2])[..], &[1, 2], &words(&[2]), &[250, 4]].concat();
        assert_eq!(check(Format::Bvecs, &bytes).unwrap(), rows);
        assert_eq!(
            check(Format::Ivecs, &words(&[2, 1, 2, 2, 250, 4])).unwrap(),
            rows
        );
        assert_eq!(
            check(Format::Ibin, &words(&[2, 2, 1, 2, 250, 4])).unwrap(),
            rows
        );
        let bytes = [&words(&[1, 2])[..], &[1, 200]].concat();
        assert_eq!(check(Format::U8bin, &bytes).unwrap(), (vec![1.0, 200.0], 2));
        assert_eq!(check(Format::I8bin, &bytes).unwrap(), (vec![1.0, -56.0], 2));
    }

    #[test]
    fn a_header_that_does_not_fit_the_file_is_refused_by_place() {
        let one = 1.0f32.to_bits() as i32;
        let cases = [
            (
                Format::Fvecs,
                words(&[i32::MAX, one]),
                "row 0: dim = 2147483647",
            ),
            (Format::Fvecs, words(&[-1, one]), "row 0: dim = -1"),
            (Format::Fvecs, words(&[0, one]), "row 0: dim = 0"),
            (Format::Fvecs, words(&[1, one, 2, one]), "row 1: dim = 2"),
            (Format::Fvecs, words(&[1, one, 1]), "row 1: the file ends"),
            (Format::Fvecs, vec![1, 0], "row 0: the file ends"),
            (
                Format::Fbin,
                words(&[-1, -1, one]),
                "header: n = 4294967295 and dim = 4294967295",
            ),
            (
                Format::Fbin,
                words(&[2, 1, one]),
                "header: n = 2 and dim = 1 take 16 bytes, the file has 12",
            ),
            (Format::Fbin, words(&[1, 0]), "header: dim = 0"),
            (Format::Fbin, words(&[1]), "header: the file ends"),
            (
                Format::Fvecs,
                words(&[1, f32::NAN.to_bits() as i32]),
                "row 0: component 0 is NaN",
            ),
        ];
        for (format, bytes, expected) in cases {
            let message = check(format, &bytes).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
        assert!(
            check(Format::Fbin, &words(&[0, 4]))
                .unwrap_err()
                .contains("no rows")
        );
    }
}
