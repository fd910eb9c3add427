//! From the catalogue to a dataset's folder: downloaded, checked, converted.
//!
//! A folder holds its manifest last of all, so that one with a manifest is whole. Downloads lie in
//! `.download` within it until then, and a fetch that was cut goes on with what is missing.

mod download;
mod error;
mod unpack;

use std::path::{Path, PathBuf};

pub use error::FetchError;

use crate::{
    Dtype, Embeddings, Faults, Format, KnownTruth, LoadOptions, Progress, WriteOptions,
    catalog::{Entry, Piece, Pieces},
    dataset::{Dataset, FileEntry, MANIFEST_NAME, Manifest, Origin},
    flat::write_ivecs,
    hash::sha256_file,
    read_truth,
    remote::{Remote, Transfer, shown},
    write_parquet,
};
use download::{Download, io_error};

/// How to fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchOptions {
    /// A folder at an address, or of this machine, where the files lie under their own names;
    /// instead of the catalogue's addresses.
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
/// has queries, `queries.parquet` and `ground_truth.ivecs`. Integers of 8 bits are stored as f16, which holds them exactly.
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
    if made.as_ref().is_err_and(FetchError::is_wrong_content) {
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
    let entry = download.entry;
    let (files, origins) = arrive(download, watch)?;
    let (base, queries, truth) = read(entry, &files, watch)?;
    check_shape(entry, &base, queries.as_ref())?;
    let mut write = |name, vectors: &Embeddings| write_file(entry, folder, name, vectors, watch);
    let base = write("base.parquet", &base)?;
    let queries = queries.map(|vectors| write("queries.parquet", &vectors));
    let manifest = Manifest {
        name: entry.name.clone(),
        source: Some(format!("{}, from {}", entry.about, shown(&entry.base.url))),
        licence: Some(entry.licence.clone()),
        metric: Some(entry.metric),
        dim: Some(entry.dim),
        vector_column: None,
        id_column: None,
        base,
        queries: queries.transpose()?,
        ground_truth: truth.map(|truth| write_truth(folder, &truth)).transpose()?,
        origins,
    };
    manifest.write(&folder.join(MANIFEST_NAME))?;
    Ok(manifest.origins)
}

/// Downloads all files, then checks them, and says where the pieces lie.
fn arrive(
    download: &Download<'_>,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<(Pieces<PathBuf>, Vec<Origin>), FetchError> {
    let pieces = download.entry.pieces();
    let mut brought = Vec::new();
    for piece in pieces.downloads() {
        brought.push((piece, download.bring(piece, watch)?));
    }
    let checked = brought
        .iter()
        .map(|(piece, paths)| download.check(piece, paths, watch));
    let origins = checked.collect::<Result<_, _>>()?;
    let files = pieces.try_map(|piece| download.open(piece))?;
    Ok((files, origins))
}

/// Base, queries and ground truth.
type Contents = (Embeddings, Option<Embeddings>, Option<KnownTruth>);

/// Reads the vectors; queries and ground truth from their own files or from that of the base.
fn read(
    entry: &Entry,
    files: &Pieces<PathBuf>,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Contents, FetchError> {
    let progress = &mut |progress| watch(Step::Read(progress));
    let options = LoadOptions {
        vector_column: entry.vector_column.clone(),
        id_column: entry.id_column.clone(),
        keep_columns: false,
        faults: Faults::Refuse,
    };
    let dataset = Dataset::open(&files.base)?;
    let base = dataset.load_base(&options, progress)?;
    let queries = match &files.queries {
        Some(file) => Some(crate::load(file, &LoadOptions::default(), progress)?),
        None => dataset.load_queries(&options, progress)?,
    };
    let truth = match &files.ground_truth {
        Some(file) => Some(read_truth(file)?),
        None => dataset.load_truth()?,
    };
    Ok((base, queries, truth))
}

/// The manifest of an earlier fetch.
fn earlier(folder: &Path) -> Result<Option<Manifest>, FetchError> {
    let path = folder.join(MANIFEST_NAME);
    Ok(path.exists().then(|| Manifest::read(&path)).transpose()?)
}

/// Refuses, before anything is downloaded, what could not be read afterwards.
fn refuse_formats(entry: &Entry) -> Result<(), FetchError> {
    let is_unknown = |piece: &&&Piece| Format::of_extension(piece.file_name().as_ref()).is_none();
    match entry.pieces().iter().find(is_unknown) {
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

/// Writes the neighbours. What the set calls their distances is left out: it is computed anew.
fn write_truth(folder: &Path, truth: &KnownTruth) -> Result<FileEntry, FetchError> {
    let name = "ground_truth.ivecs";
    let path = folder.join(name);
    write_ivecs(&path, truth.rows.view())?;
    Ok(FileEntry {
        file: name.into(),
        sha256: Some(sha256_file(&path).map_err(|source| io_error(&path, source))?),
        n: Some(truth.rows.n()),
    })
}

fn fetched(entry: &Entry, folder: &Path, origins: Vec<Origin>, was_there: bool) -> Fetched {
    let pieces = entry.pieces().downloads();
    let unpinned = pieces.iter().filter(|piece| piece.sha256.is_none());
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
