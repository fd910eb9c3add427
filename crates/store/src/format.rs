//! The formats of vectors: their names and marks, and who reads and writes each.
//!
//! This is the one list. Another format takes a variant of [`Format`], a row in [`CARDS`], and an arm
//! in [`Format::open`]; loading, conversion, inspection and datasets go through it.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::{
    Dtype, Embeddings, LoadError, LoadOptions, Progress,
    arrow_ipc::{self, ArrowTable},
    columnar::{self, Table},
    dense::{self, Dense},
    flat, hdf5,
    inspect::Layout,
    npy,
    parquet::{self, ParquetTable},
    safetensors::{self, Tensor},
    text::TextTable,
};

/// A file format of vectors that annbench reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Apache Parquet: a column of lists of f16, f32, f64, u8 or i8. Written.
    Parquet,
    /// NumPy's array file: f16, f32, f64, u8 or i8, in C or Fortran order. Written.
    Npy,
    /// Arrow IPC, as a file (Feather) or a stream (Hugging Face datasets).
    Arrow,
    /// Tensors of f16, bf16, f32, f64, u8 or i8 with names.
    Safetensors,
    /// HDF5 as ann-benchmarks lays it out: base, queries and ground truth. Written.
    Hdf5,
    /// TexMex: each row its dim (i32) and its f32 components. Written.
    Fvecs,
    /// TexMex with u8 components.
    Bvecs,
    /// TexMex with i32 components; usually ground truth.
    Ivecs,
    /// Big-ann: n and dim (u32), then f32 components. Written.
    Fbin,
    /// Big-ann with u8 components.
    U8bin,
    /// Big-ann with i8 components.
    I8bin,
    /// Big-ann with i32 components; usually ground truth.
    Ibin,
    /// JSON lines: an object a row, one of its values an array of numbers.
    JsonLines,
    /// Comma-separated values with a header, one column of texts such as `[0.1, 0.2]`.
    Csv,
}

/// What a format goes by.
struct Card {
    format: Format,
    name: &'static str,
    extensions: &'static [&'static str],
    /// The bytes that files of the format begin with, if they all begin with the same.
    mark: Option<&'static [u8]>,
    is_written: bool,
}

static CARDS: [Card; 14] = [
    Card::new(Format::Parquet, "Parquet", &["parquet", "pq"])
        .mark(b"PAR1")
        .written(),
    Card::new(Format::Npy, "npy", &["npy"])
        .mark(b"\x93NUMPY")
        .written(),
    Card::new(
        Format::Arrow,
        "Arrow IPC",
        &["arrow", "feather", "ipc", "arrows"],
    ),
    Card::new(Format::Safetensors, "safetensors", &["safetensors"]),
    Card::new(Format::Hdf5, "HDF5", &["hdf5", "h5"])
        .mark(b"\x89HDF\r\n\x1a\n")
        .written(),
    Card::new(Format::Fvecs, "fvecs", &["fvecs"]).written(),
    Card::new(Format::Bvecs, "bvecs", &["bvecs"]),
    Card::new(Format::Ivecs, "ivecs", &["ivecs"]),
    Card::new(Format::Fbin, "fbin", &["fbin"]).written(),
    Card::new(Format::U8bin, "u8bin", &["u8bin"]),
    Card::new(Format::I8bin, "i8bin", &["i8bin"]),
    Card::new(Format::Ibin, "ibin", &["ibin"]),
    Card::new(
        Format::JsonLines,
        "JSON lines",
        &["jsonl", "ndjson", "json"],
    ),
    Card::new(Format::Csv, "CSV", &["csv", "tsv"]),
];

impl Card {
    const fn new(format: Format, name: &'static str, extensions: &'static [&'static str]) -> Self {
        Self {
            format,
            name,
            extensions,
            mark: None,
            is_written: false,
        }
    }

    const fn mark(mut self, mark: &'static [u8]) -> Self {
        self.mark = Some(mark);
        self
    }

    const fn written(mut self) -> Self {
        self.is_written = true;
        self
    }
}

/// `.parquet, .npy, …`: the first extension of each format that passes.
fn extensions(passes: impl Fn(&Card) -> bool) -> String {
    let names: Vec<String> = CARDS
        .iter()
        .filter(|card| passes(card))
        .map(|card| format!(".{}", card.extensions[0]))
        .collect();
    match names.split_last() {
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The extensions that annbench reads, for a message.
pub(crate) fn readable() -> String {
    extensions(|_| true)
}

/// The extensions that annbench writes, for a message.
pub(crate) fn writable() -> String {
    extensions(|card| card.is_written)
}

impl Format {
    /// The format that a file's name asks for, by its extension; `None` for any other.
    pub fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        let fits = |card: &&Card| card.extensions.contains(&extension.as_str());
        CARDS.iter().find(fits).map(|card| card.format)
    }

    /// The format that a file has: by its first bytes, or, for a format without a mark, by its
    /// extension where the first bytes do not speak against it.
    ///
    /// # Errors
    /// [`LoadError`] if the file is missing, a folder, empty, or of no format that annbench
    /// reads; the error says what it looks like.
    pub fn detect(path: &Path) -> Result<Self, LoadError> {
        let start = first_bytes(path)?;
        if start.is_empty() {
            return Err(LoadError::EmptyFile { path: path.into() });
        }
        let expected = Self::of_extension(path);
        let by_name = || expected.filter(|format| format.may_begin_with(&start));
        Self::of_mark(&start)
            .or_else(by_name)
            .ok_or_else(|| LoadError::UnknownFormat {
                path: path.into(),
                expected,
                looks_like: looks_like(&start),
            })
    }

    /// Whether annbench writes the format.
    pub fn is_written(self) -> bool {
        self.card().is_some_and(|card| card.is_written)
    }

    /// The format's name in prose, such as `JSON lines`.
    pub fn name(self) -> &'static str {
        self.card().map_or("", |card| card.name)
    }

    fn card(self) -> Option<&'static Card> {
        CARDS.iter().find(|card| card.format == self)
    }

    fn of_mark(start: &[u8]) -> Option<Self> {
        let begins = |card: &&Card| card.mark.is_some_and(|mark| start.starts_with(mark));
        let marked = CARDS.iter().find(begins).map(|card| card.format);
        let sniffed = || match start {
            _ if arrow_ipc::begins(start) => Some(Self::Arrow),
            _ if safetensors::begins(start) => Some(Self::Safetensors),
            _ => None,
        };
        marked.or_else(sniffed)
    }

    /// Whether a file of a format without a mark may begin so.
    fn may_begin_with(self, start: &[u8]) -> bool {
        match self {
            Self::Parquet | Self::Npy | Self::Arrow | Self::Safetensors | Self::Hdf5 => false,
            Self::JsonLines => looks_like(start) == "JSON text",
            Self::Csv => matches!(looks_like(start), "text" | "JSON text"),
            _ => matches!(looks_like(start), "binary data" | "text"),
        }
    }

    /// Opens a file of this format: what it needs before its first row is read and checked.
    pub(crate) fn open<'a>(
        self,
        path: &'a Path,
        options: &LoadOptions,
    ) -> Result<Opened<'a>, LoadError> {
        use Opened::{Matrix, Rows};
        Ok(match self {
            Self::Parquet => Rows(Box::new(ParquetTable::open(path, options)?)),
            Self::Arrow => Rows(Box::new(ArrowTable::open(path)?)),
            Self::JsonLines | Self::Csv => Rows(Box::new(TextTable::open(path, self, options)?)),
            Self::Npy => Matrix(Box::new(npy::Array::open(path, options)?)),
            Self::Safetensors => Matrix(Box::new(Tensor::open(path, options)?)),
            Self::Hdf5 => Matrix(Box::new(hdf5::Arrays::vectors(path, options)?)),
            _ => Matrix(flat::open(path, self, options)?),
        })
    }

    /// Reads a file of this format.
    pub(crate) fn load(
        self,
        path: &Path,
        options: &LoadOptions,
        threads: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Embeddings, LoadError> {
        if self == Self::Parquet {
            return parquet::load(path, options, threads, progress);
        }
        match self.open(path, options)? {
            Opened::Matrix(mut dense) => {
                dense::load(path, dense.as_mut(), options.faults, progress)
            }
            Opened::Rows(mut table) => columnar::load(path, table.as_mut(), options, progress),
        }
    }

    /// Says what a file of this format says of itself.
    pub(crate) fn layout(self, path: &Path, options: &LoadOptions) -> Result<Layout, LoadError> {
        match self.open(path, options)? {
            Opened::Matrix(dense) => Ok(Layout::of(dense.dtype())),
            Opened::Rows(table) => columnar::layout(path, table.as_ref(), options),
        }
    }

    /// The component type that the name of a flat format fixes.
    pub(crate) fn flat_dtype(self) -> Dtype {
        match self {
            Self::Bvecs | Self::U8bin => Dtype::U8,
            Self::I8bin => Dtype::I8,
            Self::Ivecs | Self::Ibin => Dtype::I32,
            _ => Dtype::F32,
        }
    }
}

/// An opened file of vectors.
pub(crate) enum Opened<'a> {
    /// One that holds a matrix.
    Matrix(Box<dyn Dense + 'a>),
    /// One that holds a table.
    Rows(Box<dyn Table + 'a>),
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
    let known: [(&[u8], &str); 7] = [
        (b"PARE", "an encrypted Parquet file"),
        (b"PK\x03\x04", "a zip archive, such as .npz"),
        (b"\x1f\x8b\x08", "gzip-compressed data"),
        (b"\x28\xb5\x2f\xfd", "zstd-compressed data"),
        (b"SQLite format 3", "an SQLite database"),
        (b"\x80\x04\x95", "a Python pickle"),
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
        let cases: [(&[u8], &str); 5] = [
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
