//! The file an exact index is kept in. All numbers are little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `annexact` |
//! | 4 | version of this layout, 1 |
//! | 4 | metric: 0 cosine, 1 inner product, 2 squared Euclidean distance |
//! | 8 | n, the number of vectors |
//! | 8 | dim, the components of each |
//! | 4 n dim | the vectors in f32, row-major |
//! | 32 | sha256 of all bytes before it |

use std::{
    error::Error,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use annbench_index::LoadError;
use annbench_vectors::{Matrix, MatrixView, Metric};
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"annexact";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const SHA256_BYTES: usize = 32;

/// Values turned into bytes, or back, at a time.
const VALUES_AT_ONCE: usize = 1 << 14;

/// Why a file was not understood.
#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("it does not begin with `annexact`")]
    Magic,
    #[error("its layout has version {0}, this program reads version 1")]
    Version(u32),
    #[error("it holds {found} bytes, its header promises {promised}")]
    Length { found: u64, promised: u128 },
    #[error("it was built for {found}, not for {asked}")]
    Metric { found: &'static str, asked: Metric },
    #[error("its checksum does not fit")]
    Checksum,
}

/// Writes under a temporary name in the same folder, then renames.
pub(super) fn write(path: &Path, base: MatrixView<'_>, metric: Metric) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default; this one becomes a user's file like any other.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder)?;
    write_all(BufWriter::new(temporary.as_file_mut()), base, metric)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn write_all(mut to: impl Write, base: MatrixView<'_>, metric: Metric) -> io::Result<()> {
    let mut sha256 = Sha256::new();
    let mut put = |bytes: &[u8]| {
        sha256.update(bytes);
        to.write_all(bytes)
    };
    put(&header(base, metric))?;
    let mut bytes = Vec::with_capacity(4 * VALUES_AT_ONCE);
    for values in base.as_slice().chunks(VALUES_AT_ONCE) {
        bytes.clear();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        put(&bytes)?;
    }
    to.write_all(&sha256.finalize())?;
    to.flush()
}

fn header(base: MatrixView<'_>, metric: Metric) -> Vec<u8> {
    let parts: [&[u8]; 5] = [
        MAGIC,
        &VERSION.to_le_bytes(),
        &code(metric).to_le_bytes(),
        &(base.n() as u64).to_le_bytes(),
        &(base.dim() as u64).to_le_bytes(),
    ];
    parts.concat()
}

fn code(metric: Metric) -> u32 {
    match metric {
        Metric::Cosine => 0,
        Metric::InnerProduct => 1,
        Metric::L2 => 2,
    }
}

/// Reads the vectors of a file that was written for `metric`.
pub(super) fn read(path: &Path, metric: Metric) -> Result<Matrix, LoadError> {
    let read_failed = |source| LoadError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(read_failed)?;
    let length = file.metadata().map_err(read_failed)?.len();
    let mut from = BufReader::new(file);
    if length < (HEADER_BYTES + SHA256_BYTES) as u64 {
        let promised = (HEADER_BYTES + SHA256_BYTES) as u128;
        return Err(damaged(
            path,
            &Damage::Length {
                found: length,
                promised,
            },
        ));
    }
    let mut header = [0; HEADER_BYTES];
    from.read_exact(&mut header).map_err(read_failed)?;
    let (n_values, dim) =
        check_header(&header, length, metric).map_err(|damage| damaged(path, &damage))?;
    let mut sha256 = Sha256::new_with_prefix(header);
    let values = read_values(&mut from, n_values, &mut sha256).map_err(read_failed)?;
    let mut expected = [0; SHA256_BYTES];
    from.read_exact(&mut expected).map_err(read_failed)?;
    if sha256.finalize()[..] != expected {
        return Err(damaged(path, &Damage::Checksum));
    }
    Matrix::from_vec(values, dim).map_err(|error| damaged(path, &error))
}

/// The number of values and the dim; whatever is wrong, nothing has been allocated for it.
fn check_header(
    header: &[u8; HEADER_BYTES],
    length: u64,
    metric: Metric,
) -> Result<(usize, usize), Damage> {
    if !header.starts_with(MAGIC) {
        return Err(Damage::Magic);
    }
    match u32_at(header, 8) {
        VERSION => {}
        other => return Err(Damage::Version(other)),
    }
    let (n, dim) = (u64_at(header, 16), u64_at(header, 24));
    let frame = (HEADER_BYTES + SHA256_BYTES) as u128;
    let promised = (u128::from(n) * u128::from(dim))
        .saturating_mul(4)
        .saturating_add(frame);
    if promised != u128::from(length) {
        return Err(Damage::Length {
            found: length,
            promised,
        });
    }
    if u32_at(header, 12) != code(metric) {
        let found = Metric::ALL
            .iter()
            .find(|known| code(**known) == u32_at(header, 12));
        return Err(Damage::Metric {
            found: found.map_or("an unknown metric", |metric| metric.name()),
            asked: metric,
        });
    }
    // It is less than the length of a file, and so a size.
    Ok(((n * dim) as usize, dim as usize))
}

fn read_values(from: &mut impl Read, n_values: usize, sha256: &mut Sha256) -> io::Result<Vec<f32>> {
    let mut values = Vec::with_capacity(n_values);
    let mut bytes = vec![0; 4 * VALUES_AT_ONCE];
    while values.len() < n_values {
        let part = &mut bytes[..4 * VALUES_AT_ONCE.min(n_values - values.len())];
        from.read_exact(part)?;
        sha256.update(&*part);
        values.extend(
            part.as_chunks()
                .0
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes)),
        );
    }
    Ok(values)
}

fn u32_at(header: &[u8; HEADER_BYTES], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&header[at..at + 4]);
    u32::from_le_bytes(bytes)
}

fn u64_at(header: &[u8; HEADER_BYTES], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&header[at..at + 8]);
    u64::from_le_bytes(bytes)
}

pub(super) fn damaged(path: &Path, reason: &dyn Error) -> LoadError {
    LoadError::Library {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let base = Matrix::from_vec((0..30_000).map(|i| i as f32).collect(), 3).unwrap();
        write(&path, base.view(), Metric::L2).unwrap();
        (folder, path)
    }

    fn check_refused(change: impl FnOnce(&mut Vec<u8>), expected: &str) {
        let (_folder, path) = saved();
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let message = read(&path, Metric::L2).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn what_is_written_is_read_and_nothing_is_left_beside_it() {
        let (folder, path) = saved();
        let read = read(&path, Metric::L2).unwrap();
        assert_eq!(
            (read.n(), read.row(9_999)),
            (10_000, &[29_997.0, 29_998.0, 29_999.0][..])
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_metric_is_refused() {
        let (_folder, path) = saved();
        let message = read(&path, Metric::Cosine).unwrap_err().to_string();
        assert!(
            message.contains("it was built for l2, not for cosine"),
            "{message}"
        );
    }

    #[test]
    fn damage_is_found_before_anything_is_allocated_for_it() {
        check_refused(|bytes| bytes[0] = b'x', "it does not begin with `annexact`");
        check_refused(|bytes| bytes[8] = 2, "its layout has version 2");
        check_refused(
            |bytes| bytes[23] = 1,
            "its header promises 864691128455255296",
        );
        check_refused(|bytes| bytes[16..32].fill(255), "its header promises");
        check_refused(
            |bytes| bytes.truncate(40),
            "it holds 40 bytes, its header promises 64",
        );
        check_refused(|bytes| bytes.truncate(100_000), "it holds 100000 bytes");
        check_refused(
            |bytes| bytes.push(0),
            "it holds 120065 bytes, its header promises 120064",
        );
        check_refused(|bytes| bytes[5_000] ^= 1, "its checksum does not fit");
    }
}
