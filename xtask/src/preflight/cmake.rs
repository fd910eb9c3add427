//! cmake: the system's, or a newer one in the target folder where the system's is too old.
//!
//! Ubuntu 22.04 has 3.22 and no newer package; Python's index has every version, compiled.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Finding, packages::Need, tools::finding};
use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// What FAISS 1.12 asks for in its `CMakeLists.txt`.
const AT_LEAST: (u32, u32) = (3, 24);

/// Where a fetched cmake lies, from the root folder.
const FETCHED: &str = "target/annbench-tools/bin/cmake";

/// Looks for a cmake that is new enough.
pub(super) fn cmake(root: &Path) -> Finding {
    let program = program(root);
    let name = program.display();
    let (need, state) = match version_of(&program) {
        None => (Need::Cmake, Err(format!("{name} is not found"))),
        Some(version) if version < AT_LEAST => {
            let (major, minor) = version;
            (Need::NewerCmake, Err(format!("{name} is {major}.{minor}")))
        }
        Some((major, minor)) => (Need::Cmake, Ok(format!("cmake {major}.{minor}"))),
    };
    finding("cmake >= 3.24", need, state)
}

/// The fetched cmake, if build scripts must be told of it.
pub(super) fn to_be_named(root: &Path) -> Option<PathBuf> {
    let program = program(root);
    (program == root.join(FETCHED)).then_some(program)
}

/// The cmake that build scripts shall run: the user's choice, the system's if it will do, or the
/// fetched one if there is one.
fn program(root: &Path) -> PathBuf {
    if let Some(chosen) = env::var_os("CMAKE").filter(|chosen| !chosen.is_empty()) {
        return chosen.into();
    }
    let system = PathBuf::from("cmake");
    let fetched = root.join(FETCHED);
    let will_do = version_of(&system).is_some_and(|version| version >= AT_LEAST);
    if will_do || !fetched.is_file() {
        system
    } else {
        fetched
    }
}

/// Fetches a newer one.
pub(super) fn fetch(workspace: &Workspace) -> Outcome {
    for words in fetching() {
        eprintln!("setup: {}", words.join(" "));
        let mut command = Command::new(words[0]);
        process::run(command.args(&words[1..]).current_dir(&workspace.root))?;
    }
    Ok(())
}

/// The commands that fetch one, in the root folder.
pub(super) fn fetching() -> [Vec<&'static str>; 2] {
    let pip = "target/annbench-tools/bin/pip";
    [
        vec!["python3", "-m", "venv", "target/annbench-tools"],
        vec![pip, "install", "--quiet", "cmake~=3.31"],
    ]
}

fn version_of(program: &Path) -> Option<(u32, u32)> {
    version(&process::stdout(Command::new(program).arg("--version")).ok()?)
}

/// Major and minor version in text such as `cmake version 3.25.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let word = text
        .split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let mut numbers = word.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_cmake_prints() {
        let check = |text, expected| assert_eq!(version(text), expected, "{text}");
        check(
            "cmake version 3.25.1\n\nCMake suite maintained",
            Some((3, 25)),
        );
        check("cmake version 4.0.0-rc2", Some((4, 0)));
        check("cmake version 4.1-rc1", Some((4, 1)));
        check("cmake3 version 3.9", Some((3, 9)));
        check("cmake", None);
        assert!(version("cmake version 3.9").unwrap() < AT_LEAST);
    }
}
