//! The project's chores: set up a machine, run the benchmark, run every check.
//!
//! `cargo xtask` compiles this crate in a second or two, because it depends on nothing, and only
//! then decides what the rest of the workspace needs. Start reading at [`run`]; [`cli`] says what
//! can be asked for, [`preflight`] prepares the machine, [`steps`] are the checks.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command of the terminal: printing is its job"
)]

mod cli;
mod help;
mod json;
mod models;
mod native;
mod preflight;
mod process;
mod steps;
mod workspace;

use std::process::ExitCode;

use cli::Request;
use process::Outcome;
use workspace::Workspace;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let request = match cli::parse(&args) {
        Ok(request) => request,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    match run(request) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked for. Every command but the help prepares the machine first.
fn run(request: Request) -> Outcome<ExitCode> {
    match request {
        Request::Help(text) => print!("{text}"),
        Request::Setup(options) => preflight::setup(&mut Workspace::open()?, options)?,
        Request::Annbench { options, args } => return annbench(options, &args),
        Request::Test { options, selection } => {
            let mut workspace = Workspace::open()?;
            preflight::setup(&mut workspace, options)?;
            preflight::rust_components(options)?;
            if selection.has_browser_tests() {
                preflight::browser(options);
            }
            return steps::run(&workspace, &selection);
        }
        Request::Schema(options) => {
            let mut workspace = Workspace::open()?;
            preflight::setup(&mut workspace, options)?;
            steps::schema::rewrite(&workspace)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds annbench and becomes it: its output, its exit code, its Ctrl-C.
fn annbench(options: preflight::Options, args: &[String]) -> Outcome<ExitCode> {
    let mut workspace = Workspace::open()?;
    preflight::setup(&mut workspace, options)?;
    let binary = workspace.build_annbench(models::are_wanted(args))?;
    process::replace_with(std::process::Command::new(binary).args(args))
}
