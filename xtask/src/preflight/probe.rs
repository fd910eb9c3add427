//! Tiny programs, compiled to see what a compiler and its libraries can do.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

/// A folder for probes, gone when dropped.
pub(super) struct ProbeFolder(PathBuf);

impl ProbeFolder {
    /// In the target folder, where programs may be run; `/tmp` may forbid it.
    pub(super) fn in_target(workspace: &Workspace) -> Outcome<Self> {
        let name = format!("annbench-probe-{}", std::process::id());
        let folder = workspace.target.join(name);
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        Ok(Self(folder))
    }

    /// Compiles and links `source`, gives the program's path.
    pub(super) fn compile(
        &self,
        compiler: &Compiler,
        file: &str,
        source: &str,
        flags: &[&str],
    ) -> Outcome<PathBuf> {
        let input = self.0.join(file);
        let program = self.0.join(file.replace('.', "-"));
        fs::write(&input, source).map_err(|error| Failure::file(&input, &error))?;
        // Libraries stand after the file that uses them, or a linker may drop them.
        let mut command = compiler.command();
        command.arg(&input).arg("-o").arg(&program).args(flags);
        process::stdout(&mut command)?;
        Ok(program)
    }
}

impl Drop for ProbeFolder {
    fn drop(&mut self) {
        // What stays behind lies in the target folder and harms nobody.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A compiler: a program and the arguments it always gets.
pub(super) struct Compiler(Vec<String>);

impl Compiler {
    /// The one that `variable` names, as build scripts take it, or `default`.
    pub(super) fn from_env(variable: &str, default: &str) -> Self {
        let words = env::var(variable).unwrap_or_default();
        let words: Vec<String> = words.split_whitespace().map(String::from).collect();
        match words.is_empty() {
            true => Self(vec![default.to_owned()]),
            false => Self(words),
        }
    }

    /// Its name, without folders.
    pub(super) fn name(&self) -> String {
        let name = Path::new(&self.0[0]).file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Whether it is there at all.
    pub(super) fn answers(&self) -> bool {
        process::stdout(self.command().arg("--version")).is_ok()
    }

    /// A command that starts with it.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.0[0]);
        command.args(&self.0[1..]);
        command
    }
}
