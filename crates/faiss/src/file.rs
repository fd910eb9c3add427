//! The file an index is kept in: FAISS's own bytes, then a seal.
//!
//! FAISS allocates by the sizes it reads and follows the ids of a graph without looking, so a
//! damaged file can abort the process or be searched out of bounds. The seal says how many bytes
//! there are and what their sha256 is; nothing reaches FAISS before it fits. Python's
//! `faiss.read_index` reads such a file too: it stops where FAISS's bytes end.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use annbench_index::{LoadError, SaveError};
use sha2::{Digest, Sha256};

use crate::native::Native;

const MAGIC: &[u8; 16] = b"annbench-faiss-1";
const SEAL_BYTES: usize = 32 + 8 + MAGIC.len();
const BUFFER_BYTES: usize = 1 << 20;

/// Writes the index under a temporary name beside `path` and renames it.
pub(crate) fn save(native: &Native, path: &Path) -> Result<(), SaveError> {
    let unfinished = unfinished_name(path);
    let written = write_sealed(native, &unfinished, path)
        .and_then(|()| std::fs::rename(&unfinished, path).map_err(|e| save_io(path, e)));
    if written.is_err() {
        // The first error says what happened; a file that cannot be removed adds nothing.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

fn unfinished_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.unfinished", std::process::id()));
    name.into()
}

fn write_sealed(native: &Native, unfinished: &Path, path: &Path) -> Result<(), SaveError> {
    let file = File::create(unfinished).map_err(|e| save_io(path, e))?;
    let mut writer = Sealing {
        to: BufWriter::with_capacity(BUFFER_BYTES, file),
        sha256: Sha256::new(),
        bytes: 0,
        error: None,
    };
    let written = native.write(&mut writer);
    if let Some(error) = writer.error.take() {
        return Err(save_io(path, error));
    }
    written.map_err(|reason| SaveError::Library {
        path: path.to_owned(),
        reason,
    })?;
    writer.seal().map_err(|e| save_io(path, e))
}

/// Counts and hashes what passes through; keeps an error that FAISS would only call a failure.
struct Sealing {
    to: BufWriter<File>,
    sha256: Sha256,
    bytes: u64,
    error: Option<io::Error>,
}

impl Sealing {
    fn seal(mut self) -> io::Result<()> {
        self.to.write_all(&self.sha256.finalize())?;
        self.to.write_all(&self.bytes.to_le_bytes())?;
        self.to.write_all(MAGIC)?;
        self.to.flush()
    }
}

impl Write for Sealing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.to.write_all(bytes) {
            let kind = error.kind();
            self.error = Some(error);
            return Err(kind.into());
        }
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Reads an index whose seal fits.
pub(crate) fn load(path: &Path) -> Result<Native, LoadError> {
    let damaged = |reason: &str| LoadError::Library {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let mut file = File::open(path).map_err(|e| load_io(path, e))?;
    let bytes = check_seal(&mut file)
        .map_err(|e| load_io(path, e))?
        .map_err(damaged)?;
    file.rewind().map_err(|e| load_io(path, e))?;
    let mut body = BufReader::with_capacity(BUFFER_BYTES, file).take(bytes);
    Native::read(&mut body).map_err(|reason| damaged(&reason))
}

/// How many bytes are FAISS's, if length and sha256 are those of the seal; else what is wrong.
fn check_seal(file: &mut File) -> io::Result<Result<u64, &'static str>> {
    let length = file.seek(SeekFrom::End(0))?;
    let Some(bytes) = length.checked_sub(SEAL_BYTES as u64) else {
        return Ok(Err("it is shorter than any index"));
    };
    let mut seal = [0; SEAL_BYTES];
    file.seek(SeekFrom::Start(bytes))?;
    file.read_exact(&mut seal)?;
    let (sha256, rest) = seal.split_at(32);
    let (sealed_bytes, magic) = rest.split_at(8);
    if magic != MAGIC {
        return Ok(Err("it does not end as an index of annbench does"));
    }
    if sealed_bytes != bytes.to_le_bytes() {
        return Ok(Err("its length is not the one it was written with"));
    }
    file.rewind()?;
    let found = hash(&mut file.take(bytes))?;
    Ok(if found == sha256 {
        Ok(bytes)
    } else {
        Err("its bytes are not those it was written with")
    })
}

fn hash(reader: &mut impl Read) -> io::Result<[u8; 32]> {
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(sha256.finalize().into()),
            count => sha256.update(&buffer[..count]),
        }
    }
}

fn save_io(path: &Path, source: io::Error) -> SaveError {
    SaveError::Io {
        path: path.to_owned(),
        source,
    }
}

fn load_io(path: &Path, source: io::Error) -> LoadError {
    LoadError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use annbench_index::TypedIndex;
    use annbench_vectors::{Matrix, Metric};
    use proptest::prelude::*;

    use super::*;
    use crate::{FactoryIndex, FlatIndex, HnswIndex, IvfFlatIndex};

    fn saved(factory: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let base = Matrix::from_vec((0..80).map(|i| i as f32).collect(), 4).unwrap();
        let mut native = Native::create(4, factory, Metric::L2).unwrap();
        native.train(base.view(), &mut |_, _| {}).unwrap();
        native.add(base.view(), false, &mut |_, _| {}).unwrap();
        save(&native, &path).unwrap();
        (folder, path)
    }

    #[test]
    fn nothing_unfinished_is_left_beside_a_saved_index() {
        let (folder, path) = saved("Flat");
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
        assert_eq!(FlatIndex::load(&path, Metric::L2).unwrap().len(), 20);
    }

    #[test]
    fn a_file_of_another_kind_or_metric_is_refused() {
        let (_folder, path) = saved("HNSW4");
        let refused = |error: Option<LoadError>, expected: &str| {
            let said = error.unwrap().to_string();
            assert!(said.contains(expected), "{said}");
        };
        refused(
            FlatIndex::load(&path, Metric::L2).err(),
            "it holds no flat index",
        );
        refused(
            IvfFlatIndex::load(&path, Metric::L2).err(),
            "it holds no ivf_flat index",
        );
        refused(
            HnswIndex::load(&path, Metric::Cosine).err(),
            "metric cosine",
        );
        assert!(HnswIndex::load(&path, Metric::L2).is_ok());
        assert!(
            FactoryIndex::load(&path, Metric::L2).is_ok(),
            "a factory index may be any kind"
        );
    }

    static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let (_folder, path) = saved("IVF2,Flat");
        std::fs::read(path).unwrap()
    });

    fn check_refused(bytes: &[u8]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        assert!(load(file.path()).is_err());
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_refused(place in 0.0..1.0, change in 1u8..) {
            let mut changed = WHOLE.clone();
            changed[(place * WHOLE.len() as f64) as usize] ^= change;
            check_refused(&changed);
        }

        #[test]
        fn any_other_length_is_refused(length in 0.0..1.0, more in 1usize..100) {
            check_refused(&WHOLE[..(length * WHOLE.len() as f64) as usize]);
            check_refused(&[&WHOLE[..], &vec![0; more]].concat());
            check_refused(&[&vec![0; more], &WHOLE[..]].concat());
        }
    }
}
