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
    Ok(other_kernels(libraries, &own_choice))
}

/// Libraries whose kernels in force are not those of their own choice.
fn other_kernels(in_force: &[Library], own_choice: &[Library]) -> Vec<Warning> {
    let pairs = in_force.iter().zip(own_choice);
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
    warnings
}

/// Doubts about how the libraries and this program itself were compiled.
pub(crate) fn compiled_for_less(libraries: &[Library], is_optimised: bool) -> Vec<Warning> {
    let unused = |library: &&Library| !library.unused_cpu_features.is_empty();
    let generic = distinct(libraries).into_iter().filter(unused);
    let generic = generic.map(|library| Warning::GenericBuild {
        library: library.name.clone(),
        unused: library.unused_cpu_features.clone(),
    });
    let debug = (!is_optimised).then_some(Warning::DebugBuild);
    generic.chain(debug).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn library(blas_core: &str, unused: &[&str]) -> Library {
        Library {
            name: "faiss".into(),
            unused_cpu_features: unused.iter().map(|&name| name.into()).collect(),
            blas_core: Some(blas_core.into()),
            ..Library::default()
        }
    }

    #[test]
    fn kernels_other_than_blas_would_choose_are_told_once() {
        let (old, new) = (library("Haswell", &[]), library("Zen", &[]));
        let in_force = [old.clone(), old];
        let expected = Warning::BlasBelowCpu {
            in_force: "Haswell".into(),
            own_choice: "Zen".into(),
        };
        let own = [new.clone(), new.clone()];
        assert_eq!(other_kernels(&in_force, &own), [expected]);
        assert_eq!(other_kernels(&own, &own), []);
    }

    #[test]
    fn what_was_compiled_for_less_than_this_cpu_is_told() {
        let generic = library("Zen", &["avx2"]);
        let expected = Warning::GenericBuild {
            library: "faiss".into(),
            unused: vec!["avx2".into()],
        };
        let both = [generic.clone(), generic];
        assert_eq!(compiled_for_less(&both, true), [expected]);
        let native = [library("Zen", &[])];
        assert_eq!(compiled_for_less(&native, true), []);
        assert_eq!(compiled_for_less(&native, false), [Warning::DebugBuild]);
    }
}
