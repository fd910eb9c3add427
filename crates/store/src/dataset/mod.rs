//! What a benchmark runs on: a base file, perhaps a query file, and what is known of them.

mod error;
mod manifest;

use std::path::{Path, PathBuf};

use annbench_vectors::Metric;

pub use error::DatasetError;
pub use manifest::{FileEntry, Manifest, Origin};

use crate::{
    Embeddings, Format, KnownTruth, LoadError, LoadOptions, Progress, hash, hdf5,
    load_error::nearest_entry, load_on, read_truth, shards,
};

/// Name of the manifest in a dataset's folder.
pub const MANIFEST_NAME: &str = "dataset.toml";

/// A dataset that was found; nothing of it is read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// The metric its vectors are made for, where it is known.
    pub metric: Option<Metric>,
    /// Where the vectors come from, in words.
    pub source: Option<String>,
    /// Their licence.
    pub licence: Option<String>,
    /// Components a vector has, where the manifest says so.
    pub dim: Option<usize>,
    /// The file of base vectors.
    pub base: DataFile,
    /// The file of queries, where there is one.
    pub queries: Option<DataFile>,
    /// The exact neighbours of these queries by this metric, where the dataset brings them.
    pub ground_truth: Option<DataFile>,
    /// The columns to read, where the manifest names them.
    pub columns: LoadOptions,
}

/// A file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Where it lies.
    pub path: PathBuf,
    /// sha256 it must have, where the manifest says so.
    pub sha256: Option<String>,
    /// Rows it must have, where the manifest says so.
    pub n: Option<usize>,
}

impl Dataset {
    /// Finds a dataset: a folder that holds `dataset.toml`, a manifest, a single file of vectors, or
    /// the Parquet files of one table (a folder of them, or a pattern such as `train-*.parquet`). A
    /// file of ann-benchmarks brings its queries, metric and ground truth along.
    ///
    /// # Errors
    /// [`DatasetError`] if there is nothing of the kind; for a missing path it names the nearest
    /// one there is.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        match path {
            path if !path.exists() && shards::find(path)?.is_some() => Self::from_file(path),
            path if !path.exists() => Err(DatasetError::NotFound {
                path: path.into(),
                nearest: nearest_entry(path),
            }),
            path if path.is_dir() => Self::from_folder(path),
            path if is_toml => Self::from_manifest(path),
            path => Self::from_file(path),
        }
    }

    /// Reads the base vectors, after checking the file against the manifest. Columns that
    /// `options` names win over the manifest's.
    ///
    /// # Errors
    /// [`DatasetError`] if the file is not the one the manifest describes, or is refused.
    pub fn load_base(
        &self,
        options: &LoadOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Embeddings, DatasetError> {
        self.load_base_on(options, 1, progress)
    }

    /// [`load_base`](Self::load_base) on several threads, as [`load_on`] does.
    ///
    /// # Errors
    /// As [`load_base`](Self::load_base).
    pub fn load_base_on(
        &self,
        options: &LoadOptions,
        threads: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Embeddings, DatasetError> {
        self.load(&self.base, options, threads, progress)
    }

    /// Reads the queries as [`load_base`](Self::load_base) reads the base; `None` where the dataset
    /// has no query file. Of an HDF5 file in the layout of ann-benchmarks they are its `test`,
    /// whatever column is named for the base.
    ///
    /// # Errors
    /// [`DatasetError`] if the file is not the one the manifest describes, or is refused.
    pub fn load_queries(
        &self,
        options: &LoadOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Embeddings>, DatasetError> {
        let Some(file) = &self.queries else {
            return Ok(None);
        };
        let mut options = options.clone();
        if Format::detect(&file.path)? == Format::Hdf5 && hdf5::has_queries(&file.path)? {
            options.vector_column = Some(hdf5::TEST.into());
        }
        self.load(file, &options, 1, progress).map(Some)
    }

    /// Reads the exact neighbours of the dataset's own queries; `None` where it brings none.
    ///
    /// # Errors
    /// [`DatasetError`] if the file is not the one the manifest describes, or is refused.
    pub fn load_truth(&self) -> Result<Option<KnownTruth>, DatasetError> {
        let Some(file) = &self.ground_truth else {
            return Ok(None);
        };
        file.verify()?;
        let known = read_truth(&file.path)?;
        match file.n {
            Some(n) if n != known.rows.n() => Err(file.differs("n", n, known.rows.n())),
            _ => Ok(Some(known)),
        }
    }

    /// The options with the manifest's columns where they name none.
    pub fn with_columns(&self, options: &LoadOptions) -> LoadOptions {
        let columns = self.columns.clone();
        LoadOptions {
            vector_column: options.vector_column.clone().or(columns.vector_column),
            id_column: options.id_column.clone().or(columns.id_column),
            ..options.clone()
        }
    }

    /// Compares the files with the hashes in the manifest, without reading vectors.
    ///
    /// # Errors
    /// [`DatasetError`] for the first file that differs or cannot be read.
    pub fn verify(&self) -> Result<(), DatasetError> {
        let mut files = [&self.base].into_iter().chain(&self.queries);
        files.try_for_each(DataFile::verify)?;
        self.ground_truth.iter().try_for_each(DataFile::verify)
    }

    fn load(
        &self,
        file: &DataFile,
        options: &LoadOptions,
        threads: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Embeddings, DatasetError> {
        file.verify()?;
        let options = self.with_columns(options);
        let embeddings = load_on(&file.path, &options, threads, progress)?;
        match (file.n, self.dim) {
            (Some(n), _) if n != embeddings.n() => Err(file.differs("n", n, embeddings.n())),
            (_, Some(dim)) if dim != embeddings.dim() => {
                Err(file.differs("dim", dim, embeddings.dim()))
            }
            _ => Ok(embeddings),
        }
    }

    fn from_folder(folder: &Path) -> Result<Self, DatasetError> {
        let manifest = folder.join(MANIFEST_NAME);
        match manifest.exists() {
            true => Self::from_manifest(&manifest),
            false if shards::find(folder)?.is_some() => Self::from_file(folder),
            false => Err(DatasetError::NoManifest {
                folder: folder.into(),
                files: data_files(folder),
            }),
        }
    }

    fn from_manifest(path: &Path) -> Result<Self, DatasetError> {
        let manifest = Manifest::read(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let data_file = |entry: FileEntry| DataFile {
            path: folder.join(entry.file),
            sha256: entry.sha256,
            n: entry.n,
        };
        let dataset = Self {
            name: manifest.name,
            metric: manifest.metric,
            source: manifest.source,
            licence: manifest.licence,
            dim: manifest.dim,
            base: data_file(manifest.base),
            queries: manifest.queries.map(data_file),
            ground_truth: manifest.ground_truth.map(data_file),
            columns: LoadOptions {
                vector_column: manifest.vector_column,
                id_column: manifest.id_column,
                ..LoadOptions::default()
            },
        };
        let files = [&dataset.base].into_iter().chain(&dataset.queries);
        for file in files.chain(&dataset.ground_truth) {
            detect(&file.path)?;
        }
        Ok(dataset)
    }

    fn from_file(path: &Path) -> Result<Self, DatasetError> {
        detect(path)?;
        let stem = path.file_stem().unwrap_or_default();
        let file = DataFile {
            path: path.into(),
            sha256: None,
            n: None,
        };
        let is_hdf5 = path.is_file() && Format::detect(path)? == Format::Hdf5;
        let has_queries = is_hdf5 && hdf5::has_queries(path)?;
        let has_truth = has_queries && hdf5::has_truth(path)?;
        Ok(Self {
            name: stem.to_string_lossy().into_owned(),
            metric: if is_hdf5 { hdf5::metric(path)? } else { None },
            source: None,
            licence: None,
            dim: None,
            queries: has_queries.then(|| file.clone()),
            ground_truth: has_truth.then(|| file.clone()),
            base: file,
            columns: LoadOptions::default(),
        })
    }
}

impl DataFile {
    fn differs(&self, what: &'static str, expected: usize, found: usize) -> DatasetError {
        DatasetError::Shape {
            path: self.path.clone(),
            what,
            expected,
            found,
        }
    }

    fn verify(&self) -> Result<(), DatasetError> {
        let Some(expected) = &self.sha256 else {
            return Ok(());
        };
        let found = sha256(&self.path)?;
        match found.eq_ignore_ascii_case(expected) {
            true => Ok(()),
            false => Err(DatasetError::Hash {
                path: self.path.clone(),
                expected: expected.clone(),
                found,
            }),
        }
    }
}

/// sha256 of a file, or of the hashes of several that make one table.
fn sha256(path: &Path) -> Result<String, LoadError> {
    let of_file =
        |file: &Path| hash::sha256_file(file).map_err(|source| LoadError::io(file, source));
    let Some(files) = shards::find(path)? else {
        return of_file(path);
    };
    let hashes: Vec<String> = files
        .iter()
        .map(|file| of_file(file))
        .collect::<Result<_, _>>()?;
    let parts: Vec<&str> = hashes.iter().map(String::as_str).collect();
    Ok(hash::sha256_parts(&parts))
}

/// Refuses what is no file of vectors, nor several that make one table.
fn detect(path: &Path) -> Result<(), LoadError> {
    match shards::find(path)? {
        Some(files) => files
            .iter()
            .try_for_each(|file| Format::detect(file).map(drop)),
        None => Format::detect(path).map(drop),
    }
}

/// Names of the files in a folder that could be a dataset of their own, sorted.
fn data_files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| Format::of_extension(&entry.path()).is_some())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy;

    const MANIFEST: &str = r#"
name = "tiny"
metric = "cosine"
dim = 2

[base]
file = "base.npy"
n = 3
"#;

    /// A folder with `base.npy` (3 x 2) and the given manifest.
    fn folder(manifest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        npy::write(&folder.path().join("base.npy"), &[1.0f32; 6], &[3, 2]).unwrap();
        std::fs::write(folder.path().join(MANIFEST_NAME), manifest).unwrap();
        folder
    }

    fn check(manifest: &str) -> Result<Embeddings, String> {
        let folder = folder(manifest);
        Dataset::open(folder.path())
            .and_then(|dataset| dataset.load_base(&LoadOptions::default(), &mut |_| {}))
            .map_err(|error| {
                let source = std::error::Error::source(&error);
                format!(
                    "{error}: {}",
                    source.map(ToString::to_string).unwrap_or_default()
                )
            })
    }

    #[test]
    fn a_folder_its_manifest_and_a_single_file_are_datasets() {
        let folder = folder(MANIFEST);
        let by_folder = Dataset::open(folder.path()).unwrap();
        assert_eq!(
            (by_folder.name.as_str(), by_folder.metric),
            ("tiny", Some(Metric::Cosine))
        );
        assert_eq!(
            Dataset::open(&folder.path().join(MANIFEST_NAME)).unwrap(),
            by_folder
        );
        let by_file = Dataset::open(&folder.path().join("base.npy")).unwrap();
        assert_eq!((by_file.name.as_str(), by_file.metric), ("base", None));
        assert_eq!(by_file.base.path, by_folder.base.path);
        by_folder
            .load_base(&LoadOptions::default(), &mut |_| {})
            .unwrap();
        assert_eq!(
            by_folder
                .load_queries(&LoadOptions::default(), &mut |_| {})
                .unwrap(),
            None
        );
    }

    #[test]
    fn a_manifest_that_does_not_fit_is_refused() {
        let hash = "0".repeat(64);
        let cases = [
            (
                MANIFEST.replace("dim = 2", "dimm = 2"),
                "unknown field `dimm`",
            ),
            (MANIFEST.replace("cosine", "euclid"), "euclid"),
            (
                MANIFEST.replace("n = 3", "n = 4"),
                "n = 3, the manifest says n = 4",
            ),
            (
                MANIFEST.replace("dim = 2", "dim = 5"),
                "dim = 2, the manifest says dim = 5",
            ),
            (format!("{MANIFEST}sha256 = \"{hash}\"\n"), &hash),
            (
                MANIFEST.replace("base.npy", "bse.npy"),
                "bse.npy: no such file; did you mean `base.npy`?",
            ),
        ];
        for (manifest, expected) in cases {
            let message = check(&manifest).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
        check(MANIFEST).unwrap();
    }

    #[test]
    fn several_files_are_a_dataset_with_a_hash() {
        let folder = folder(
            &MANIFEST
                .replace("base.npy", "parts")
                .replace("n = 3", "n = 4"),
        );
        let vectors = annbench_vectors::Matrix::from_vec(vec![1.0; 4], 2).unwrap();
        let part = Embeddings::new(vectors, annbench_vectors::Ids::Rows(2)).unwrap();
        for name in ["part-0.parquet", "part-1.parquet"] {
            let path = folder.path().join("parts").join(name);
            crate::write_parquet(&path, &part, &crate::WriteOptions::default()).unwrap();
        }
        let mut by_manifest = Dataset::open(folder.path()).unwrap();
        let by_folder = Dataset::open(&folder.path().join("parts")).unwrap();
        for dataset in [&by_manifest, &by_folder] {
            let base = dataset.load_base(&LoadOptions::default(), &mut |_| {});
            assert_eq!(base.unwrap().n(), 4);
        }
        let hash = sha256(&by_manifest.base.path).unwrap();
        by_manifest.base.sha256 = Some(hash.clone());
        by_manifest.verify().unwrap();
        by_manifest.base.sha256 = Some(hash.replace(['0', '1'], "2"));
        let error = by_manifest.verify().unwrap_err();
        assert!(error.to_string().contains("the manifest says"), "{error}");
    }

    #[test]
    fn a_right_hash_is_accepted() {
        let folder = folder(MANIFEST);
        let hash = hash::sha256_file(&folder.path().join("base.npy")).unwrap();
        check(&format!("{MANIFEST}sha256 = \"{}\"\n", hash.to_uppercase())).unwrap();
    }

    #[test]
    fn a_missing_dataset_is_told_by_its_neighbour() {
        let folder = folder(MANIFEST);
        let message = Dataset::open(&folder.path().join("bsae.npy"))
            .unwrap_err()
            .to_string();
        assert!(message.contains("did you mean `base.npy`?"), "{message}");
        std::fs::remove_file(folder.path().join(MANIFEST_NAME)).unwrap();
        let message = Dataset::open(folder.path()).unwrap_err().to_string();
        assert!(
            message.contains("no dataset.toml") && message.contains("base.npy"),
            "{message}"
        );
    }
}
