//! An index that comes from disk, as far as that can be had.

use std::{fs, path::Path, time::Instant};

use annbench_index::{Index, Registry};
use anyhow::Result;

/// An index just loaded.
pub(super) struct Loaded {
    pub(super) index: Box<dyn Index>,
    /// Name of its backend.
    pub(super) backend: String,
    pub(super) load_s: f64,
    /// Bytes that came from a disk meanwhile.
    pub(super) read_bytes: Option<u64>,
}

/// Has the kernel forget what it holds of an index's file, then loads it.
///
/// What is forgotten: the pages of that file. What is not: the program and its libraries, the
/// caches of the disk, what other processes hold of the file in memory.
///
/// # Errors
/// If the index cannot be loaded. That the file system forgets nothing is no error: the bytes read
/// tell.
pub(super) fn load(registry: &Registry, path: &Path) -> Result<Loaded> {
    forget(path);
    let before = bytes_from_disk();
    let start = Instant::now();
    let (index, card) = registry.open(path)?;
    let load_s = start.elapsed().as_secs_f64();
    let read_bytes = bytes_from_disk()
        .zip(before)
        .map(|(after, before)| after.saturating_sub(before));
    Ok(Loaded {
        index,
        backend: card.backend,
        load_s,
        read_bytes,
    })
}

#[cfg(target_os = "linux")]
fn forget(path: &Path) {
    use rustix::fs::{Advice, fadvise};
    // Pages not yet on disk stay, so they are written first. Whether it worked is read off later.
    if let Ok(file) = fs::File::open(path) {
        let _ = file.sync_data();
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}

#[cfg(not(target_os = "linux"))]
fn forget(_: &Path) {}

/// Bytes this process has had read from storage, from the kernel's own books.
fn bytes_from_disk() -> Option<u64> {
    let io = fs::read_to_string("/proc/self/io").ok()?;
    io.lines()
        .find_map(|line| line.strip_prefix("read_bytes:"))?
        .trim()
        .parse()
        .ok()
}
