//! Which format a file has: by its first bytes, not by its name alone.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::LoadError;

/// A file format of vectors that annbench reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// NumPy's array file.
    Npy,
}

impl Format {
    /// The format that a file's name asks for, by its extension; `None` for any other.
    pub fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "parquet" | "pq" => Some(Self::Parquet),
            "npy" => Some(Self::Npy),
            _ => None,
        }
    }

    /// The format that a file has, by its first bytes.
    ///
    /// # Errors
    /// [`LoadError`] if the file is missing, a folder, empty, or of no format that annbench
    /// reads; the error says what it looks like.
    pub fn detect(path: &Path) -> Result<Self, LoadError> {
        let start = first_bytes(path)?;
        match () {
            () if start.is_empty() => Err(LoadError::EmptyFile { path: path.into() }),
            () if start.starts_with(b"PAR1") => Ok(Self::Parquet),
            () if start.starts_with(b"\x93NUMPY") => Ok(Self::Npy),
            () => Err(LoadError::UnknownFormat {
                path: path.into(),
                expected: Self::of_extension(path),
                looks_like: looks_like(&start),
            }),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parquet => "Parquet",
            Self::Npy => "npy",
        })
    }
}

fn first_bytes(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut start = Vec::new();
    let read = || -> io::Result<Vec<u8>> {
        File::open(path)?.take(256).read_to_end(&mut start)?;
        Ok(start)
    };
    if path.is_dir() {
        return Err(LoadError::Folder { path: path.into() });
    }
    read().map_err(|source| LoadError::io(path, source))
}

/// A guess in words at what a file's first bytes belong to.
fn looks_like(start: &[u8]) -> &'static str {
    let known: [(&[u8], &str); 9] = [
        (b"PARE", "an encrypted Parquet file"),
        (b"\x89HDF", "an HDF5 file"),
        (b"ARROW1", "an Arrow IPC (Feather) file"),
        (b"PK\x03\x04", "a zip archive, such as .npz"),
        (b"\x1f\x8b", "gzip-compressed data"),
        (b"\x28\xb5\x2f\xfd", "zstd-compressed data"),
        (b"SQLite format 3", "an SQLite database"),
        (b"\x80\x04", "a Python pickle"),
        (
            b"version https://git-lfs",
            "a Git LFS pointer, not the file itself",
        ),
    ];
    let found = known.iter().find(|(magic, _)| start.starts_with(magic));
    match (found, std::str::from_utf8(start)) {
        (Some((_, name)), _) => name,
        (None, Ok(text)) if text.trim_start().starts_with(['{', '[']) => "JSON text",
        (None, Ok(text)) if !text.contains('\0') => "text",
        (None, Err(error)) if error.error_len().is_none() => "text",
        _ => "binary data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_kind_is_told_apart() {
        let cases: [(&[u8], &str); 6] = [
            (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
            (b"{\"id\": 1}", "JSON text"),
            (b"id,embedding\n1,\"[0.5]\"", "text"),
            (b"\x20\x00\x00\x00\xff\xfe", "binary data"),
            (
                b"version https://git-lfs.github.com/spec/v1",
                "a Git LFS pointer, not the file itself",
            ),
            ("naïve".as_bytes(), "text"),
        ];
        for (start, expected) in cases {
            assert_eq!(looks_like(start), expected);
        }
    }

    #[test]
    fn first_bytes_win_over_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.parquet");
        std::fs::write(&path, b"\x93NUMPY\x01\x00").unwrap();
        assert_eq!(Format::detect(&path).unwrap(), Format::Npy);
        std::fs::write(&path, b"hello").unwrap();
        let message = Format::detect(&path).unwrap_err().to_string();
        assert!(
            message.contains("not a Parquet file: it looks like text"),
            "{message}"
        );
    }
}
