//! The libraries behind the backends, as found in a worker.

use annbench_index::Library;
use annbench_store::results::{LibraryCard, Warning};
use anyhow::{Context, Result};

use crate::{
    coordinator::{Interrupted, Launcher, WorkerError, WorkerProcess},
    plan::Plan,
    run::Setup,
    worker::protocol::{Reply, Request},
};

/// Asks a worker, which has the environment that all workers will have, what it is made of.
pub(crate) fn probe(launcher: &Launcher, plan: &Plan, setup: &Setup<'_>) -> Result<Vec<Library>> {
    std::fs::create_dir_all(&setup.runs)
        .with_context(|| format!("make the folder {}", setup.runs.display()))?;
    let log = tempfile::NamedTempFile::new().context("make a temporary file")?;
    let mut worker = WorkerProcess::start(launcher, log.path())?;
    match worker.ask(&Request::Libraries, plan.build_limit(), |_| {}) {
        Ok(Reply::Libraries(libraries)) => Ok(libraries),
        Ok(other) => anyhow::bail!("a worker asked for its libraries replied {other:?}"),
        Err(WorkerError::Stopped) => {
            let kept = "nothing was measured yet".into();
            Err(Interrupted { kept }.into())
        }
        Err(error) => Err(error).context("ask a worker for its libraries"),
    }
}

/// What a run of the same plan must have in common with this one.
pub(crate) fn versions(libraries: &[Library]) -> Vec<String> {
    let version = |library: &Library| {
        format!(
            "{} {} {} {}",
            library.name,
            library.version,
            library.compile_options,
            library.blas_core.as_deref().unwrap_or_default()
        )
    };
    std::iter::once(format!("annbench {}", env!("CARGO_PKG_VERSION")))
        .chain(libraries.iter().map(version))
        .collect()
}

/// Where the user's environment is kept, compares the kernels in force with BLAS's own choice.
pub(crate) fn kernels_below_cpu(
    launcher: &Launcher,
    libraries: &[Library],
    plan: &Plan,
    setup: &Setup<'_>,
) -> Result<Vec<Warning>> {
    if !launcher.environment.record.kept || launcher.environment.record.found.is_empty() {
        return Ok(Vec::new());
    }
    let mut own = launcher.clone();
    own.environment.record.kept = false;
    let own_choice = probe(&own, plan, setup)?;
    let pairs = libraries.iter().zip(&own_choice);
    let mut warnings: Vec<Warning> = pairs
        .filter(|(in_force, own)| in_force.blas_core != own.blas_core)
        .filter_map(|(in_force, own)| {
            Some(Warning::BlasBelowCpu {
                in_force: in_force.blas_core.clone()?,
                own_choice: own.blas_core.clone()?,
            })
        })
        .collect();
    warnings.dedup();
    Ok(warnings)
}

/// The libraries, each once: several backends may share one.
pub(crate) fn distinct(libraries: &[Library]) -> Vec<&Library> {
    let mut distinct: Vec<&Library> = Vec::new();
    for library in libraries {
        if !distinct.contains(&library) {
            distinct.push(library);
        }
    }
    distinct
}

/// A library as a run records it.
pub(crate) fn library_card(library: &Library) -> LibraryCard {
    LibraryCard {
        name: library.name.clone(),
        version: library.version.clone(),
        compile_options: library.compile_options.clone(),
        blas: library.blas.clone(),
        blas_core: library.blas_core.clone(),
        blas_threads: library.blas_threads,
        openmp_threads: library.openmp_threads,
    }
}
