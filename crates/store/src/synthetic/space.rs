//! How much a disk holds.

use std::path::Path;

/// Bytes that a file at this path may take up; `None` where the system does not say.
pub(super) fn available(path: &Path) -> Option<u64> {
    let path = std::path::absolute(path).ok()?;
    // The folder may be yet to be made: the disk is that of the nearest one there is.
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir())?;
    of_folder(folder)
}

#[cfg(unix)]
fn of_folder(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn of_folder(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_yet_to_be_made_lies_on_the_disk_of_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("to/be/made/out.parquet");
        assert!(available(&deep).is_some_and(|bytes| bytes > 0));
    }
}
