//! Things worth keeping between runs, found again by a key made of what went into them.

use std::{
    io,
    path::{Path, PathBuf},
};

use annbench_vectors::Matrix;

use crate::{
    hash,
    npy::{self, MappedMatrix, NpyError},
};

/// A folder of files named by kind and key.
///
/// Several processes may share it: entries are written under a temporary name and renamed, and an
/// entry once written is never changed. A damaged one is made again.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens a cache, creating its folder if it is missing.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.into(),
        })
    }

    /// The cache's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where an entry lies, or would: `<folder>/<kind>/<key>.<extension>`.
    ///
    /// A key that is no plain file name (letters, digits, `-`, `_` and dots within, at most 120 of
    /// them) is replaced by its sha256; [`hash::sha256_parts`] makes keys.
    pub fn path(&self, kind: &str, key: &str, extension: &str) -> PathBuf {
        let name = format!("{}.{extension}", file_name(key));
        self.folder.join(file_name(kind)).join(name)
    }

    /// Maps the matrix of a key; where there is none, or a damaged one, `make` makes it first.
    ///
    /// # Errors
    /// [`CacheError`] if `make` fails, or the entry cannot be written or mapped.
    pub fn matrix<E>(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<Matrix, E>,
    ) -> Result<MappedMatrix, CacheError<E>> {
        let path = self.path("matrix", key, "npy");
        if let Ok(mapped) = MappedMatrix::open(&path) {
            return Ok(mapped);
        }
        let matrix = make().map_err(CacheError::Make)?;
        npy::write_matrix(&path, matrix.view()).map_err(|source| CacheError::Write {
            path: path.clone(),
            source,
        })?;
        Ok(MappedMatrix::open(&path)?)
    }
}

fn file_name(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain = !key.is_empty() && key.len() <= 120 && !key.starts_with('.');
    match plain && key.chars().all(is_plain) {
        true => key.into(),
        false => hash::sha256_parts(&[key]),
    }
}

/// A cache entry that could neither be used nor made.
#[derive(Debug, thiserror::Error)]
pub enum CacheError<E> {
    /// Making it failed.
    #[error(transparent)]
    Make(E),
    /// Writing it failed.
    #[error("write the cache entry {}; free space there, or use another cache folder", .path.display())]
    Write {
        /// The entry's file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Mapping what was just written failed.
    #[error(transparent)]
    Map(#[from] NpyError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{cell::Cell, convert::Infallible};

    fn matrix(seed: f32) -> Result<Matrix, Infallible> {
        Ok(Matrix::from_vec((0..12).map(|i| seed + i as f32).collect(), 3).unwrap())
    }

    #[test]
    fn a_matrix_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("cache")).unwrap();
        let made = Cell::new(0);
        for _ in 0..3 {
            let make = || {
                made.set(made.get() + 1);
                matrix(0.5)
            };
            let mapped = cache.matrix("base", make).unwrap();
            assert_eq!(mapped.view(), matrix(0.5).unwrap().view());
        }
        assert_eq!(made.get(), 1);
    }

    #[test]
    fn a_damaged_entry_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        cache.matrix("base", || matrix(0.5)).unwrap();
        let path = cache.path("matrix", "base", "npy");
        let whole = std::fs::read(&path).unwrap();
        for damaged in [&b""[..], b"no array at all", &whole[..whole.len() - 4]] {
            std::fs::write(&path, damaged).unwrap();
            cache.matrix("base", || matrix(0.5)).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn a_failed_make_leaves_no_entry() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let failed = cache.matrix("base", || Err("no vectors"));
        assert_eq!(failed.unwrap_err().to_string(), "no vectors");
        assert!(!cache.path("matrix", "base", "npy").exists());
    }

    #[test]
    fn writers_of_one_key_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mapped = cache.matrix("base", || matrix(1.0)).unwrap();
                    assert_eq!(mapped.view(), matrix(1.0).unwrap().view());
                });
            }
        });
        assert_eq!(
            std::fs::read_dir(folder.path().join("matrix"))
                .unwrap()
                .count(),
            1
        );
    }

    #[test]
    fn a_key_cannot_leave_the_folder() {
        let cache = Cache {
            folder: "cache".into(),
        };
        for key in ["../../etc/passwd", "", "a/b", ".hidden", &"x".repeat(500)] {
            let path = cache.path("truth", key, "npy");
            assert_eq!(path.parent(), Some(Path::new("cache/truth")), "{key}");
        }
        assert_eq!(
            cache.path("truth", "ab-1.2", "npy"),
            Path::new("cache/truth/ab-1.2.npy")
        );
    }
}
