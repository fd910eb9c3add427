//! The repository: where it is, what is in it, how its binary is built.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    json,
    native::NativeFlags,
    process::{self, Failure, Outcome},
};

/// Folders that hold what programs make, never what people write.
const MADE: [&str; 4] = ["target", ".git", "runs", "cache"];

/// The repository and the flags it is compiled with.
pub(crate) struct Workspace {
    /// Its root folder.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it makes.
    pub(crate) target: PathBuf,
    /// The compiler flags for cargo.
    pub(crate) flags: NativeFlags,
}

impl Workspace {
    /// The workspace that this crate belongs to.
    pub(crate) fn open() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .map(Path::to_owned)
            .ok_or_else(|| Failure::new("xtask lies in no workspace"))?;
        let mut workspace = Self {
            target: root.join("target"),
            root,
            flags: NativeFlags::of_environment(),
        };
        let metadata = workspace.cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        let metadata = process::stdout(&mut { metadata })?;
        if let Some(target) = json::string_after(&metadata, "target_directory") {
            workspace.target = target.into();
        }
        Ok(workspace)
    }

    /// A cargo command in the root folder, with native flags.
    ///
    /// What `cargo run` said to this process about the package `xtask` is taken back: build
    /// scripts that watch such a variable would run again at each change of terminal.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            let of_xtask = name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
            });
            if of_xtask {
                command.env_remove(name);
            }
        }
        for (name, value) in &self.flags.env {
            command.env(name, value);
        }
        command.current_dir(&self.root).args(args);
        command
    }

    /// Builds annbench, with or without models, and gives the path of its binary.
    pub(crate) fn build_annbench(&self, models: bool) -> Outcome<PathBuf> {
        let features: &[&str] = if models { &["--features=embed"] } else { &[] };
        annbench_among(self.build(&[&["--package=annbench"], features].concat())?)
    }

    /// Builds annbench as its tests do, and gives the path of its binary.
    ///
    /// For any other choice of packages and features cargo compiles some ninety crates anew: those
    /// that share a dependency with the models have it with other features.
    pub(crate) fn build_annbench_for_checks(&self) -> Outcome<PathBuf> {
        annbench_among(self.build(&["--workspace", "--all-features", "--bins", "--tests"])?)
    }

    /// Builds `what`, optimised, and gives the paths of the programs it consists of.
    pub(crate) fn build(&self, what: &[&str]) -> Outcome<Vec<PathBuf>> {
        let mut build = self.cargo(&["build", "--release"]);
        let output = build
            .args(what)
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::new(format!("cargo did not start: {error}")))?;
        if !output.status.success() {
            let failed = process::shown(&build);
            return Err(Failure::new(format!("`{failed}` failed, see above")));
        }
        let messages = String::from_utf8_lossy(&output.stdout);
        let programs = messages
            .lines()
            .filter_map(|line| json::string_after(line, "executable"));
        Ok(programs.map(PathBuf::from).collect())
    }

    /// The files that are tracked by git or would be, relative to the root; where there is no
    /// git, all that are not made by programs.
    pub(crate) fn files(&self) -> Outcome<Vec<PathBuf>> {
        let mut git = Command::new("git");
        git.current_dir(&self.root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let mut files = match process::stdout(&mut git) {
            Ok(list) => list.split_terminator('\0').map(PathBuf::from).collect(),
            Err(_) => walk(&self.root, &self.root)?,
        };
        files.retain(|file| self.root.join(file).is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The text of a file, relative to the root.
    pub(crate) fn read(&self, file: &Path) -> Outcome<String> {
        let path = self.root.join(file);
        fs::read_to_string(&path).map_err(|error| Failure::file(file, &error))
    }
}

/// The binary among programs that are built; those of tests have a hash in their names.
fn annbench_among(built: Vec<PathBuf>) -> Outcome<PathBuf> {
    let mut built = built.into_iter();
    let binary = built.find(|program| program.file_stem().is_some_and(|stem| stem == "annbench"));
    binary.ok_or_else(|| Failure::new("cargo built no binary in package annbench"))
}

/// All files under `folder`, relative to `root`.
fn walk(root: &Path, folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| Failure::file(folder, &error))?.path();
        let made = path
            .file_name()
            .is_some_and(|name| MADE.iter().any(|made| name == *made));
        if path.is_dir() && !path.is_symlink() && !made {
            files.extend(walk(root, &path)?);
        } else if path.is_file() {
            files.extend(path.strip_prefix(root).map(Path::to_owned));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_told_from_its_tests() {
        let built = |names: &[&str]| names.iter().map(PathBuf::from).collect();
        let found = annbench_among(built(&["deps/annbench-0a1b", "xtask", "release/annbench"]));
        assert_eq!(found, Ok("release/annbench".into()));
        assert!(annbench_among(built(&["deps/annbench-0a1b"])).is_err());
    }

    #[test]
    fn a_walk_finds_what_git_would_and_nothing_made() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = walk(root, root).unwrap();
        assert!(files.contains(&"src/workspace.rs".into()));
        assert!(!files.iter().any(|file| file.starts_with("target")));
    }
}
