//! The `annbench` program: arguments, backends, stdout and exit codes. Everything else lies in the
//! crates it calls.

mod args;
mod backends;
mod commands;
mod exit;
mod interrupt;
mod output;
mod progress;

use std::process::ExitCode;

use args::{Cli, Command, DataCommand};
use clap::Parser;

fn main() -> ExitCode {
    exit::code(run(Cli::parse()))
}

fn run(cli: Cli) -> anyhow::Result<exit::Outcome> {
    match cli.command {
        Command::Run(args) => commands::run::run(args),
        Command::Quick(args) => commands::quick::quick(args),
        Command::Tune(args) => commands::tune::tune(args),
        Command::Recommend(args) => commands::recommend::recommend(args),
        Command::Diff(args) => commands::diff::diff(args),
        Command::Report(args) => commands::report::report(args),
        Command::List(args) => commands::list::list(args),
        Command::Open(args) => commands::open::open(args),
        Command::Search(args) => commands::search::search(args),
        Command::Ask(args) => commands::ask::ask(args),
        Command::Backends(output) => commands::backends::backends(output),
        Command::Inspect(args) => commands::inspect::inspect(args),
        Command::Data(DataCommand::Convert(args)) => commands::convert::convert(args),
        Command::Data(DataCommand::List(args)) => commands::data_list::list(args),
        Command::Data(DataCommand::Fetch(args)) => commands::data_fetch::fetch(args),
        Command::Truth(args) => commands::truth::truth(args),
        Command::Data(DataCommand::Check(args)) => commands::check::check(args),
        Command::Data(DataCommand::Make(args)) => commands::make::make(args),
        Command::Embed(args) => commands::embed::embed(args),
        Command::Schema => commands::schema::schema(),
        Command::Overhead(args) => commands::overhead::overhead(args),
        Command::Selftest(args) => commands::selftest::selftest(args),
        Command::Repeat(args) => commands::repeat::repeat(args),
        Command::Completions { shell } => commands::completions::completions(shell),
        Command::Worker => commands::worker::worker(),
    }
}
