//! Files that nobody in this project wrote; they lie beside the repository on some machines.

use std::path::{Path, PathBuf};

/// A file of `../shared` (seen from the workspace), or `None`, said out loud.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: shared/{name} is not beside the repository");
    None
}

/// A fixture, or `None`, said out loud.
pub(crate) fn fixture(name: &str) -> Option<PathBuf> {
    shared(&format!("fixtures/{name}"))
}
