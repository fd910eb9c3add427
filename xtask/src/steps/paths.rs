//! Paths that documents and comments name in backticks exist.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::scan;
use crate::{process::Outcome, workspace::Workspace};

/// First folders of paths that programs make, or that lie outside the repository.
const ELSEWHERE: [&str; 5] = ["target", "runs", "cache", "shared", ".."];

/// Endings of files that only this repository can mean.
const OURS: [&str; 3] = ["rs", "toml", "md"];

/// All names of nothing, as `file:line: what`.
pub(super) fn check(workspace: &Workspace) -> Outcome<Vec<String>> {
    let files: BTreeSet<PathBuf> = workspace.files()?.into_iter().collect();
    let mut found = Vec::new();
    for file in &files {
        let text = match file.extension().and_then(|extension| extension.to_str()) {
            Some("md") => workspace.read(file)?,
            Some("rs") => scan::comments(&workspace.read(file)?),
            _ => continue,
        };
        found.extend(missing(file, &text, &files));
    }
    Ok(found)
}

fn missing(file: &Path, text: &str, files: &BTreeSet<PathBuf>) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for name in names(line) {
            if is_path(name, files) && !exists(file, name, files) {
                found.push(format!(
                    "{}:{}: `{name}` does not exist",
                    file.display(),
                    index + 1
                ));
            }
        }
    }
    found
}

/// What a line holds in backticks, or links to.
fn names(line: &str) -> Vec<&str> {
    let quoted = line.split('`').skip(1).step_by(2);
    let linked = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next());
    quoted.chain(linked).collect()
}

/// Whether `name` can only be meant as a file or folder of this repository.
fn is_path(name: &str, files: &BTreeSet<PathBuf>) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    let Some((first, _)) = name.split_once('/') else {
        return name.ends_with(".md") && name.chars().all(plain) && name.len() > 3;
    };
    if first.is_empty() || ELSEWHERE.contains(&first) || !name.chars().all(plain) {
        return false;
    }
    let is_folder_of_ours = files.iter().any(|file| file.starts_with(first));
    let ending = Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str());
    is_folder_of_ours || ending.is_some_and(|ending| OURS.contains(&ending))
}

/// A name is looked up from the root, and from each folder above the file that names it.
fn exists(file: &Path, name: &str, files: &BTreeSet<PathBuf>) -> bool {
    file.ancestors().skip(1).any(|folder| {
        let path: PathBuf = folder
            .join(name.trim_start_matches("./"))
            .components()
            .collect();
        files.iter().any(|known| known.starts_with(&path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: usize) {
        let files = [
            "README.md",
            "crates/eval/src/recall.rs",
            "configs/default.toml",
            "crates/eval/Cargo.toml",
        ];
        let files: BTreeSet<PathBuf> = files.iter().map(PathBuf::from).collect();
        let found = missing(Path::new("crates/eval/src/lib.rs"), line, &files);
        assert_eq!(found.len(), expected, "{line}: {found:?}");
    }

    #[test]
    fn names_of_files_that_exist_pass_from_the_root_and_from_near() {
        check(
            "see `crates/eval/src/recall.rs` and `src/recall.rs`, `configs/`",
            0,
        );
        check("see `README.md` and [it](README.md#part)", 0);
    }

    #[test]
    fn names_of_nothing_are_found() {
        check("see `crates/eval/src/gone.rs`", 1);
        check("see `src/gone.rs` and `crates/gone/`", 2);
        check("see [it](GONE.md)", 1);
    }

    #[test]
    fn what_is_no_path_of_ours_is_left_alone() {
        check(
            "`n/2`, `a / b`, `runs/x/latest`, `../shared/x.rs`, `crates/*/src`, `/proc/self/maps`",
            0,
        );
        check("[web](https://example.org/a.md) and `[dependencies]`", 0);
    }
}
