//! The help texts.

use crate::steps::STEPS;

/// A command and its help.
pub(crate) struct CommandHelp {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does, in a line.
    summary: &'static str,
    /// Usage, flags and examples.
    text: &'static str,
}

/// The flags that every command which prepares the machine takes.
const SETUP_FLAGS: &str = "  --no-install   install nothing; where something is missing, print the command and exit with 1
  --yes          do not ask before sudo
";

/// Every command.
pub(crate) const COMMANDS: [CommandHelp; 6] = [
    CommandHelp {
        name: "setup",
        summary: "find cmake, a C++ compiler, BLAS; install what is missing",
        text: "\
Usage: cargo xtask setup [--no-install] [--yes]

Finds what FAISS is compiled with: cmake >= 3.24, make, a C++17 compiler with OpenMP, BLAS and
LAPACK. What is missing is installed with apt, dnf, pacman or brew: directly as root, through
sudo where it needs no password, else after asking. The other commands do this by themselves.
A target folder that was compiled for another CPU is cleaned: its code could crash here.

{flags}
Examples:
  cargo xtask setup
  cargo xtask setup --no-install
",
    },
    CommandHelp {
        name: "bench",
        summary: "set up, build, run an experiment (configs/default.toml)",
        text: "\
Usage: cargo xtask bench [CONFIG.toml] [FLAGS OF `annbench run`]

Sets up, builds annbench for this CPU and runs `annbench run CONFIG.toml`, by default
configs/default.toml. Exits as annbench does.

{flags}
Examples:
  cargo xtask bench
  cargo xtask bench configs/sweep.toml --dry-run
  cargo xtask bench --set index.0.nlist=64 --out runs
  cargo xtask annbench run --help      what else a run takes
",
    },
    CommandHelp {
        name: "annbench",
        summary: "set up, build, run any other command of annbench",
        text: "\
Usage: cargo xtask annbench ARGUMENTS...

Sets up, builds annbench for this CPU and runs it with the arguments, all of which are its own.

Examples:
  cargo xtask annbench quick embeddings.parquet
  cargo xtask annbench --help
",
    },
    CommandHelp {
        name: "test",
        summary: "check everything: format, lints, tests, docs, configs, README",
        text: "\
Usage: cargo xtask test [FILTER] [-- ARGUMENTS FOR THE TESTS]
       cargo xtask test --only STEP,STEP

Runs every step, goes on after one that failed, and ends with a summary; exits with 1 if any
failed. With a FILTER runs the tests whose name contains it, and nothing else. Everything is
compiled with --release, as the benchmark is: FAISS takes minutes to compile, and once is enough.

Steps:
{steps}
  --only         run these steps
{flags}
Examples:
  cargo xtask test
  cargo xtask test recall
  cargo xtask test recall -- --nocapture
  cargo xtask test --only fmt,clippy
",
    },
    CommandHelp {
        name: "ci",
        summary: "the same as test",
        text: "\
Usage: cargo xtask ci

The same as `cargo xtask test`: what CI checks and what you check are one thing.

Examples:
  cargo xtask ci
",
    },
    CommandHelp {
        name: "schema",
        summary: "write configs/experiment.schema.json anew",
        text: "\
Usage: cargo xtask schema [--no-install] [--yes]

Writes what `annbench schema` prints to configs/experiment.schema.json, from which editors
complete and check experiment files. Do so after a change of the experiment file's form.

{flags}
Examples:
  cargo xtask schema
",
    },
];

/// All commands, a line each.
pub(crate) fn overview() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND\n\nCommands:\n");
    for command in &COMMANDS {
        text += &format!("  {:<10} {}\n", command.name, command.summary);
    }
    text += "\nExamples:\n  cargo xtask bench\n  cargo xtask test\n  cargo xtask setup --help\n";
    text
}

/// The help of one command.
pub(crate) fn of(name: &str) -> Option<String> {
    let command = COMMANDS.iter().find(|command| command.name == name)?;
    let steps: String = STEPS
        .iter()
        .map(|step| format!("  {:<10} {}\n", step.name, step.about))
        .collect();
    let text = command
        .text
        .replace("{flags}", SETUP_FLAGS)
        .replace("{steps}", &steps);
    Some(text)
}
