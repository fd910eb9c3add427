//! What source code may do where: `unsafe`, printing, ending the process.

use std::path::{Path, PathBuf};

use super::scan;
use crate::{process::Outcome, workspace::Workspace};

/// Folders whose code may be `unsafe`: calls into FAISS, and CPU instructions.
const UNSAFE: [&str; 2] = ["crates/faiss", "crates/exact"];

/// One file of each may be `unsafe`: the memory map, and the advice on memory.
const ONE_UNSAFE_FILE: [&str; 2] = ["crates/store/src", "crates/vectors/src"];

/// Code that talks to the user itself.
const PRINTING: [&str; 2] = ["crates/cli", "xtask"];

/// How a library would talk past its caller, or end the process under it.
const LOUD: [&str; 5] = [
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "process::exit",
];

/// All violations in the workspace, one a line, as `file:line: what`.
pub(super) fn check(workspace: &Workspace) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    let mut files = Vec::new();
    for file in workspace.files()? {
        if file.extension().is_some_and(|extension| extension == "rs") {
            files.push((file.clone(), workspace.read(&file)?));
        }
    }
    for (file, source) in &files {
        found.extend(loud_lines(file, source));
    }
    found.extend(unsafe_lines(&files));
    Ok(found)
}

fn unsafe_lines(files: &[(PathBuf, String)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut allowed: Vec<(&str, &Path)> = Vec::new();
    for (file, source) in files {
        let lines = scan::lines_with(&scan::code(source), "unsafe");
        if lines.is_empty() || lies_in(file, &UNSAFE) {
            continue;
        }
        let folder = ONE_UNSAFE_FILE
            .into_iter()
            .find(|folder| file.starts_with(folder));
        let other = allowed.iter().find(|(taken, _)| Some(*taken) == folder);
        let hint = match (folder, other) {
            (Some(folder), None) => {
                allowed.push((folder, file));
                continue;
            }
            (Some(folder), Some((_, other))) => {
                format!(
                    "in {folder} only one file may, and {} does",
                    other.display()
                )
            }
            (None, _) => {
                "only faiss, exact, store's memory map and the advice on memory of vectors may"
                    .to_owned()
            }
        };
        found.extend(
            lines
                .iter()
                .map(|line| format!("{}:{line}: unsafe code: {hint}", file.display())),
        );
    }
    found
}

/// Lines of a library's own code (no test, example or build script) that print or exit.
fn loud_lines(file: &Path, source: &str) -> Vec<String> {
    let is_library = file.starts_with("crates") && file.iter().any(|folder| folder == "src");
    if !is_library || lies_in(file, &PRINTING) {
        return Vec::new();
    }
    let code = scan::code_without_tests(source);
    let mut found = Vec::new();
    for word in LOUD {
        for line in scan::lines_with(&code, word) {
            found.push(format!(
                "{}:{line}: {word} in a library: return it, only cli and xtask print and exit",
                file.display()
            ));
        }
    }
    found
}

fn lies_in(file: &Path, folders: &[&str]) -> bool {
    folders.iter().any(|folder| file.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_kept_in_its_places() {
        let check = |files: &[&str], expected: usize| {
            let files: Vec<(PathBuf, String)> = files
                .iter()
                .map(|file| (file.into(), "unsafe {}".into()))
                .collect();
            assert_eq!(
                unsafe_lines(&files).len(),
                expected,
                "{:?}",
                unsafe_lines(&files)
            );
        };
        check(
            &[
                "crates/faiss/src/ffi.rs",
                "crates/exact/src/simd.rs",
                "crates/store/src/map.rs",
                "crates/vectors/src/room.rs",
            ],
            0,
        );
        check(&["crates/eval/src/lib.rs"], 1);
        check(&["crates/store/src/map.rs", "crates/store/src/zz.rs"], 1);
        check(&["crates/vectors/src/a.rs", "crates/vectors/src/b.rs"], 1);
        check(&["crates/faiss2/src/lib.rs", "benches/src/lib.rs"], 2);
    }

    #[test]
    fn libraries_neither_print_nor_exit() {
        let check = |file: &str, source: &str, expected: usize| {
            assert_eq!(
                loud_lines(Path::new(file), source).len(),
                expected,
                "{file}: {source}"
            );
        };
        check("crates/eval/src/lib.rs", "println!(\"x\");", 1);
        check("crates/eval/src/lib.rs", "std::process::exit(1)", 1);
        check(
            "crates/eval/src/lib.rs",
            "/// println!(\"x\");\nfn f() {}",
            0,
        );
        check(
            "crates/eval/src/lib.rs",
            "#[cfg(test)] mod t { fn f() { println!(); } }",
            0,
        );
        check("crates/cli/src/main.rs", "println!(\"x\");", 0);
        check("crates/eval/tests/eval.rs", "eprintln!(\"skipped\");", 0);
        check("crates/eval/examples/e.rs", "println!(\"x\");", 0);
    }
}
