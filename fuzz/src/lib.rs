//! What every fuzz target does with its bytes.

use std::path::PathBuf;

use annbench_store::{
    LoadOptions,
    convert::{ConvertOptions, convert},
    load,
};
use tempfile::TempDir;

thread_local! {
    /// Libfuzzer calls a target many thousand times a second, on one thread.
    static FOLDER: TempDir = TempDir::new().expect("a folder for scratch files");
}

/// Reads `bytes` as a file called `name`, whole and block by block: both give the same vectors, or
/// the whole file is refused.
pub fn check(name: &str, bytes: &[u8]) {
    let folder: PathBuf = FOLDER.with(|folder| folder.path().into());
    let (file, blocks) = (folder.join(name), folder.join("blocks.npy"));
    std::fs::write(&file, bytes).expect("write the scratch file");
    let options = LoadOptions {
        keep_columns: true,
        ..LoadOptions::default()
    };
    let Ok(whole) = load(&file, &options, &mut |_| {}) else {
        return;
    };
    convert(&file, &blocks, &ConvertOptions::default(), &mut |_| {}).expect("is sound");
    let read = load(&blocks, &LoadOptions::default(), &mut |_| {}).expect("was just written");
    assert!(whole.vectors == read.vectors);
}
