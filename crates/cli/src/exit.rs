//! How a command ended, as an exit code and, if it went wrong, a message.

use std::{io, process::ExitCode};

use annbench_eval::ExactError;
use annbench_index::{ConfigureError, ParamError, UnknownBackend};
use annbench_report::{ConfidenceError, GateError};
use annbench_runner::{Interrupted, Mistake, NoRun, SoFarError, TooLarge};
use annbench_store::{
    LoadError, RemoteError, WriteError,
    catalog::UnknownEntry,
    convert::ConvertError,
    dataset::DatasetError,
    fetch::FetchError,
    results::tables::TableError,
    synthetic::{MakeError, RecipeError},
};
use annbench_vectors::ZeroVector;

use crate::commands;

/// How a command ended that did not go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All was done.
    Fine,
    /// Something failed and is missing from the results; the rest is there.
    Partial,
}

/// The exit code of a run that was stopped: shells say 128 and the number of the signal, SIGINT.
pub(crate) const STOPPED: u8 = 130;

/// The process's exit code: 0 fine, 1 partial or a failure of the machine, 2 bad input, 130 stopped
/// by a signal.
#[expect(clippy::print_stderr, reason = "cli prints")]
pub(crate) fn code(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Partial) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            eprintln!("{error}");
            ExitCode::from(STOPPED)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if is_bad_input(&error) { 2 } else { 1 })
        }
    }
}

/// Whoever read the output has seen enough (`annbench backends | head`): that is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn is_bad_input(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<Mistake>()
            || cause.is::<BadArgument>()
            || cause.is::<NoRun>()
            || cause.is::<SoFarError>()
            || cause.is::<ConfidenceError>()
            || cause.is::<GateError>()
            || cause.is::<ParamError>()
            || cause.is::<ConfigureError>()
            || cause.is::<UnknownBackend>()
            || cause.is::<annbench_index::LoadError>()
            || cause.is::<LoadError>()
            || cause.is::<DatasetError>()
            || cause.is::<ConvertError>()
            || cause.is::<TooLarge>()
            || cause.is::<ZeroVector>()
            || cause.is::<ExactError>()
            || matches!(cause.downcast_ref(), Some(WriteError::NoTruthFormat { .. }))
            || cause.is::<UnknownEntry>()
            || cause.downcast_ref().is_some_and(TableError::is_bad_input)
            || cause.downcast_ref().is_some_and(RemoteError::is_bad_input)
            || cause.downcast_ref().is_some_and(FetchError::is_bad_input)
            || cause.is::<RecipeError>()
            || cause.is::<MakeError>()
            || commands::models::is_bad_input(cause)
    })
}

/// An argument that cannot be used, and what to do instead.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadArgument(pub(crate) String);
