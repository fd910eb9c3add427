//! `annbench completions`: for the user's shell.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{args::Cli, exit::Outcome, output};

pub(crate) fn completions(shell: Shell) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "annbench", &mut script);
    output::bytes(&script)?;
    Ok(Outcome::Fine)
}
