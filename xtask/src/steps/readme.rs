//! Every command that README.md shows is run, so that none is a promise only.

mod parse;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use parse::{Block, blocks};

use crate::{
    cli,
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

const FILE: &str = "README.md";

/// How a command of README.md is checked.
#[derive(Debug, PartialEq, Eq)]
enum Check {
    /// By a shell, in the root folder, with `annbench` on the search path.
    Run(String),
    /// By reading the arguments: the chore is running already, or is marked as not to be run.
    ParseXtask(Vec<String>),
    /// By asking for the help of this subcommand.
    HelpOf(String),
    /// Not at all: another program's.
    Nothing,
}

/// Checks every command, the rest of them after one that failed.
pub(super) fn check(workspace: &Workspace) -> Outcome {
    let text = workspace.read(Path::new(FILE))?;
    let blocks = blocks(&text);
    let place = Place::new(workspace)?;
    let mut failed = Vec::new();
    for block in &blocks {
        for (line, command) in &block.commands {
            if let Err(failure) = check_command(&place, block, command) {
                failed.push(format!("{FILE}:{line}: {failure}"));
            }
        }
    }
    super::violations(failed)
}

fn check_command(place: &Place, block: &Block, command: &str) -> Outcome {
    match plan(command, block.not_run.is_some()) {
        Check::Nothing => Ok(()),
        Check::ParseXtask(args) => cli::parse(&args)
            .map(drop)
            .map_err(|error| Failure::new(format!("`{command}`: {error}"))),
        Check::HelpOf(subcommand) => place.run(&format!("annbench {subcommand} --help")),
        Check::Run(line) => {
            println!("  $ {line}");
            place.run(&line)
        }
    }
}

/// Decides how to check `command`, from its words.
fn plan(command: &str, not_run: bool) -> Check {
    let is_setting = |word: &&str| {
        word.split_once('=')
            .is_some_and(|(name, _)| is_variable(name))
    };
    let words: Vec<&str> = command.split_whitespace().skip_while(is_setting).collect();
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match words.as_slice() {
        // The checks must not run themselves; what `bench` runs stands in for it.
        ["cargo", "xtask", "bench", rest @ ..] if !not_run => Check::Run(run_of(rest)),
        ["cargo", "xtask", "annbench", rest @ ..] if !not_run => {
            Check::Run(format!("annbench {}", rest.join(" ")))
        }
        ["cargo", "xtask", rest @ ..] => Check::ParseXtask(owned(rest)),
        ["annbench", subcommand, ..] if not_run => Check::HelpOf((*subcommand).to_owned()),
        ["annbench" | "cargo", ..] if !not_run => Check::Run(command.to_owned()),
        _ => Check::Nothing,
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// What `cargo xtask bench` comes to.
fn run_of(args: &[&str]) -> String {
    let args: Vec<String> = ["bench"]
        .iter()
        .chain(args)
        .map(|arg| (*arg).to_owned())
        .collect();
    match cli::parse(&args) {
        Ok(cli::Request::Annbench { args, .. }) => format!("annbench {}", args.join(" ")),
        _ => format!("cargo xtask {}", args.join(" ")),
    }
}

/// Where the commands run: the root folder, with results in a folder that goes away.
struct Place<'a> {
    workspace: &'a Workspace,
    out: PathBuf,
    path: std::ffi::OsString,
}

impl<'a> Place<'a> {
    fn new(workspace: &'a Workspace) -> Outcome<Self> {
        let annbench = workspace.build_annbench_for_checks()?;
        let out = workspace
            .target
            .join(format!("annbench-readme-{}", std::process::id()));
        fs::create_dir_all(&out).map_err(|error| Failure::file(&out, &error))?;
        let folders = annbench.parent().map(Path::to_owned).into_iter();
        let known = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(folders.chain(env::split_paths(&known)))
            .map_err(|error| Failure::new(format!("the search path: {error}")))?;
        Ok(Self {
            workspace,
            out,
            path,
        })
    }

    fn run(&self, line: &str) -> Outcome {
        let mut shell = Command::new("sh");
        shell
            .current_dir(&self.workspace.root)
            .envs(self.workspace.flags.env.clone())
            .args(["-eu", "-c", line])
            .env("PATH", &self.path)
            .env_remove("ANNBENCH_DATA")
            .env_remove("CORPUS_PATH")
            .env_remove("CORPUS_META_PATH")
            .env("ANNBENCH_OUT", &self.out);
        let output = process::output(&mut shell)?;
        match output.status.success() {
            true => Ok(()),
            false => Err(Failure::new(failed(line, &output))),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // What stays behind lies in the target folder and harms nobody.
        drop(fs::remove_dir_all(&self.out));
    }
}

fn failed(line: &str, output: &Output) -> String {
    format!(
        "`{line}` failed: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr).trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &str, not_run: bool, expected: Check) {
        assert_eq!(plan(command, not_run), expected, "{command}");
    }

    #[test]
    fn commands_are_run_as_they_stand() {
        for command in [
            "annbench backends",
            "cargo run --release --example x",
            "A=1 annbench schema",
        ] {
            check(command, false, Check::Run(command.into()));
        }
        check("git clone x", false, Check::Nothing);
    }

    #[test]
    fn chores_are_not_run_within_themselves() {
        let bench = Check::Run("annbench run configs/default.toml".into());
        check("cargo xtask bench", false, bench);
        check(
            "cargo xtask test",
            false,
            Check::ParseXtask(vec!["test".into()]),
        );
        let quick = Check::Run("annbench quick x.parquet".into());
        check("cargo xtask annbench quick x.parquet", false, quick);
    }

    #[test]
    fn marked_commands_are_only_looked_at() {
        check(
            "annbench quick you.parquet",
            true,
            Check::HelpOf("quick".into()),
        );
        check("cargo install --path crates/cli", true, Check::Nothing);
        let bench = vec!["bench".into(), "yours.toml".into()];
        check(
            "cargo xtask bench yours.toml",
            true,
            Check::ParseXtask(bench),
        );
    }
}
