//! Reading the reference files that lie beside the repository, where they do.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use annbench_vectors::Matrix;
use npyz::{Deserialize, NpyFile};

/// The file or folder of that name, or `None` after saying so.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: shared/{name} is not beside the repository");
    None
}

/// All values of an npy file, with the number of columns (1 if it has one dimension).
pub(crate) fn npy<T: Deserialize>(path: &Path) -> (Vec<T>, usize) {
    values(BufReader::new(File::open(path).unwrap()))
}

/// All values of one array of an npz file, with the number of columns.
pub(crate) fn npz<T: Deserialize>(path: &Path, array: &str) -> (Vec<T>, usize) {
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let entry = archive.by_name(&format!("{array}.npy")).unwrap();
    values(BufReader::new(entry))
}

pub(crate) fn matrix(path: &Path) -> Matrix {
    let (values, dim) = npy::<f32>(path);
    Matrix::from_vec(values, dim).unwrap()
}

fn values<T: Deserialize>(reader: impl Read) -> (Vec<T>, usize) {
    let file = NpyFile::new(reader).unwrap();
    let columns = file.shape().get(1).copied().unwrap_or(1) as usize;
    (file.into_vec().unwrap(), columns)
}
