//! From the catalogue to a dataset's folder: downloaded, checked, converted.
//!
//! A folder holds its manifest last of all, so that one with a manifest is whole. Downloads lie in
//! `.download` within it until then, and a fetch that was cut goes on with what is missing.

mod download;
mod error;

use std::path::{Path, PathBuf};

pub use error::FetchError;

use crate::{
    Dtype, Embeddings, Faults, Format, LoadOptions, Progress, WriteOptions,
    catalog::{Entry, Piece},
    dataset::{Dataset, FileEntry, MANIFEST_NAME, Manifest, Origin},
    hash::sha256_file,
    remote::{Remote, Transfer, shown},
    write_parquet,
};
use download::{Arrived, Download, io_error};

/// How to fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchOptions {
    /// A folder at an address, where the files lie under their own names; instead of the
    /// catalogue's addresses.
    pub mirror: Option<String>,
    /// Fetch again what is there; it must be the same as before.
    pub again: bool,
}

/// What a fetch is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Downloading a file.
    Download {
        /// Its name.
        file: &'a str,
        /// How far it is, in bytes.
        transfer: Transfer,
    },
    /// Hashing what has come.
    Check,
    /// Reading what has come, in rows.
    Read(Progress),
    /// Writing Parquet, in rows.
    Write(Progress),
}

/// A set that is here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fetched {
    /// Its folder.
    pub folder: PathBuf,
    /// The files it came from, with their hashes.
    pub origins: Vec<Origin>,
    /// Files whose hash the catalogue does not pin.
    pub unpinned: Vec<String>,
    /// Whether it was there before, and is as it was.
    pub was_there: bool,
}

/// Brings a set of the catalogue into `folder`: `dataset.toml`, `base.parquet` and, where the set
/// has queries, `queries.parquet`. Integers of 8 bits are stored as f16, which holds them exactly.
///
/// A set that is there whole is checked against its manifest and left as it is.
///
/// # Errors
/// [`FetchError`] if the download fails, is not what was pinned, or cannot be read or written.
pub fn fetch(
    entry: &Entry,
    folder: &Path,
    remote: &Remote,
    options: &FetchOptions,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Fetched, FetchError> {
    let earlier = earlier(folder)?;
    if let (Some(manifest), false) = (&earlier, options.again) {
        watch(Step::Check);
        Dataset::open(folder)?.verify()?;
        return Ok(fetched(entry, folder, manifest.origins.clone(), true));
    }
    refuse_formats(entry)?;
    let download = Download {
        entry,
        folder: folder.join(".download"),
        remote,
        mirror: options.mirror.as_deref(),
        earlier: earlier.as_ref().map_or(&[], |manifest| &manifest.origins),
    };
    let made = make(&download, folder, watch);
    if matches!(
        made,
        Err(FetchError::Hash { .. } | FetchError::Size { .. } | FetchError::Shape { .. })
    ) {
        clear(&download.folder)?;
        // Not if something else lies there.
        _ = std::fs::remove_dir(folder);
    }
    let origins = made?;
    clear(&download.folder)?;
    Ok(fetched(entry, folder, origins, false))
}

/// Downloads and converts; the manifest comes last.
fn make(
    download: &Download<'_>,
    folder: &Path,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Vec<Origin>, FetchError> {
    let (base, queries) = arrive(download, watch)?;
    let (base_vectors, query_vectors) = read(download.entry, &base, queries.as_ref(), watch)?;
    let entry = download.entry;
    check_shape(entry, &base_vectors, query_vectors.as_ref())?;
    let mut write = |name, vectors: &Embeddings| write_file(entry, folder, name, vectors, watch);
    let base_entry = write("base.parquet", &base_vectors)?;
    let query_entry = query_vectors
        .map(|vectors| write("queries.parquet", &vectors))
        .transpose()?;
    let arrived = [Some(base), queries].into_iter().flatten();
    let manifest = Manifest {
        name: entry.name.clone(),
        source: Some(format!("{}, from {}", entry.about, shown(&entry.base.url))),
        licence: Some(entry.licence.clone()),
        metric: Some(entry.metric),
        dim: Some(entry.dim),
        vector_column: None,
        id_column: None,
        base: base_entry,
        queries: query_entry,
        origins: arrived.map(|arrived| arrived.origin).collect(),
    };
    manifest.write(&folder.join(MANIFEST_NAME))?;
    Ok(manifest.origins)
}

/// Downloads all pieces, then checks them.
fn arrive(
    download: &Download<'_>,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<(Arrived, Option<Arrived>), FetchError> {
    let entry = download.entry;
    let base = download.bring(&entry.base, watch)?;
    let queries = match &entry.queries {
        Some(piece) => Some((piece, download.bring(piece, watch)?)),
        None => None,
    };
    let base = download.check(&entry.base, &base, watch)?;
    let queries = queries.map(|(piece, paths)| download.check(piece, &paths, watch));
    Ok((base, queries.transpose()?))
}

/// Reads the vectors, and the queries from their own file or from that of the base.
fn read(
    entry: &Entry,
    base: &Arrived,
    queries: Option<&Arrived>,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<(Embeddings, Option<Embeddings>), FetchError> {
    let progress = &mut |progress| watch(Step::Read(progress));
    let options = LoadOptions {
        vector_column: entry.vector_column.clone(),
        id_column: entry.id_column.clone(),
        keep_columns: false,
        faults: Faults::Refuse,
    };
    let dataset = Dataset::open(&base.path)?;
    let vectors = dataset.load_base(&options, progress)?;
    let queries = match queries {
        Some(queries) => Some(crate::load(
            &queries.path,
            &LoadOptions::default(),
            progress,
        )?),
        None => dataset.load_queries(&options, progress)?,
    };
    Ok((vectors, queries))
}

/// The manifest of an earlier fetch.
fn earlier(folder: &Path) -> Result<Option<Manifest>, FetchError> {
    let path = folder.join(MANIFEST_NAME);
    Ok(path.exists().then(|| Manifest::read(&path)).transpose()?)
}

/// Refuses, before anything is downloaded, what could not be read afterwards.
fn refuse_formats(entry: &Entry) -> Result<(), FetchError> {
    let pieces = [Some(&entry.base), entry.queries.as_ref()];
    let is_unknown = |piece: &&Piece| Format::of_extension(Path::new(&piece.url)).is_none();
    match pieces.into_iter().flatten().find(is_unknown) {
        Some(piece) => Err(FetchError::Format {
            address: shown(&piece.url),
        }),
        None => Ok(()),
    }
}

fn check_shape(
    entry: &Entry,
    base: &Embeddings,
    queries: Option<&Embeddings>,
) -> Result<(), FetchError> {
    let n_queries = queries.map_or(0, Embeddings::n);
    let facts = [
        ("n", entry.n, base.n()),
        ("dim", entry.dim, base.dim()),
        ("n_queries", entry.n_queries.unwrap_or(n_queries), n_queries),
    ];
    match facts
        .into_iter()
        .find(|(_, expected, found)| expected != found)
    {
        Some((what, expected, found)) => Err(FetchError::Shape {
            name: entry.name.clone(),
            what,
            expected,
            found,
        }),
        None => Ok(()),
    }
}

fn write_file(
    entry: &Entry,
    folder: &Path,
    name: &str,
    vectors: &Embeddings,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<FileEntry, FetchError> {
    let path = folder.join(name);
    let dtype = match entry.dtype {
        Some(Dtype::U8 | Dtype::I8) => Dtype::F16,
        _ => Dtype::F32,
    };
    let options = WriteOptions {
        dtype,
        ..WriteOptions::default()
    };
    let (done, total) = (0, vectors.n());
    watch(Step::Write(Progress { done, total }));
    write_parquet(&path, vectors, &options)?;
    Ok(FileEntry {
        file: name.into(),
        sha256: Some(sha256_file(&path).map_err(|source| io_error(&path, source))?),
        n: Some(vectors.n()),
    })
}

fn fetched(entry: &Entry, folder: &Path, origins: Vec<Origin>, was_there: bool) -> Fetched {
    let pieces = [Some(&entry.base), entry.queries.as_ref()];
    let unpinned = pieces
        .into_iter()
        .flatten()
        .filter(|piece| piece.sha256.is_none());
    Fetched {
        folder: folder.into(),
        origins,
        unpinned: unpinned.map(|piece| shown(&piece.url)).collect(),
        was_there,
    }
}

fn clear(folder: &Path) -> Result<(), FetchError> {
    match std::fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(io_error(folder, source))
        }
        _ => Ok(()),
    }
}
