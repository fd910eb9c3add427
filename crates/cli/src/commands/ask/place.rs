//! The indexes that are asked, and the run they belong to.

use std::path::{Path, PathBuf};

use annbench_index::Params;
use annbench_store::results::{PointRow, RunRecord, tables};
use anyhow::Result;

use crate::exit::BadArgument;

/// The indexes asked, and the run they belong to.
pub(super) struct Place {
    pub(super) indexes: Vec<PathBuf>,
    run: Option<(PathBuf, RunRecord)>,
}

impl Place {
    /// A run's folder, an experiment's (which stands for its latest run), or an index's file.
    pub(super) fn find(path: &Path) -> Result<Self> {
        if !path.exists() {
            let reason = "no such run or index; give runs/EXPERIMENT/latest";
            return Err(BadArgument(format!("{}: {reason}", path.display())).into());
        }
        let run_folder = match path.is_dir() {
            false => path.parent().and_then(Path::parent).map(Path::to_owned),
            true if path.join("run.json").is_file() => Some(path.to_owned()),
            true => Some(path.join("latest")),
        };
        let record = |folder: PathBuf| {
            let file = folder.join("run.json");
            file.is_file()
                .then(|| tables::read_record(&file).map(|record| (folder, record)))
        };
        let run = run_folder.and_then(record).transpose()?;
        let indexes = match (&run, path.is_dir()) {
            (_, false) => vec![path.to_owned()],
            (Some((folder, _)), true) => approximate(folder)?,
            (None, true) => {
                let reason = "neither a run's folder nor an index; give runs/EXPERIMENT/latest";
                return Err(BadArgument(format!("{}: {reason}", path.display())).into());
            }
        };
        Ok(Self { indexes, run })
    }

    pub(super) fn texts_file(&self, given: Option<&Path>) -> Result<PathBuf, BadArgument> {
        let of_run = || self.run.as_ref()?.1.dataset.base_file.clone();
        let file = given.map(Path::to_owned).or_else(of_run);
        let file = file.ok_or_else(|| {
            let reason =
                "no run tells which texts were indexed; name their Parquet file with --texts";
            BadArgument(reason.into())
        })?;
        match (file.is_file(), given) {
            (true, _) => Ok(file),
            (false, Some(given)) => Err(BadArgument(format!(
                "{}: no such file; give the Parquet file of texts and embeddings that was indexed",
                given.display()
            ))),
            (false, None) => Err(BadArgument(format!(
                "{}: the texts that were indexed are gone; run the experiment again, or name their Parquet file with --texts",
                file.display()
            ))),
        }
    }

    /// What the run says of an index: its label, and the parameters it was first measured with.
    pub(super) fn measured(&self, index: &Path) -> Result<Option<(String, Params)>> {
        let Some((folder, _)) = &self.run else {
            return Ok(None);
        };
        let builds = tables::read_builds(&folder.join("builds.parquet"))?;
        let name = index.file_name();
        let build = builds.into_iter().find(|build| {
            build
                .index_file
                .as_deref()
                .map(Path::new)
                .and_then(Path::file_name)
                == name
        });
        let Some(build) = build else { return Ok(None) };
        let points = tables::read_points(&folder.join("points.parquet"))?;
        let of_build = |point: &&PointRow| point.build == build.build;
        let point = points.iter().find(of_build);
        let params = point.map(|point| point.requested.clone().into());
        Ok(Some((build.label, params.unwrap_or_default())))
    }
}

/// The run's indexes that exact search is to be compared with; an exact one where there is no other.
fn approximate(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut builds = tables::read_builds(&folder.join("builds.parquet"))?;
    builds.retain(|build| build.repetition == 0 && build.index_file.is_some());
    if builds.iter().any(|build| !build.is_exact) {
        builds.retain(|build| !build.is_exact);
    }
    let files = builds.into_iter().filter_map(|build| build.index_file);
    let indexes: Vec<PathBuf> = files.map(|file| folder.join(file)).collect();
    match indexes.is_empty() {
        true => Err(BadArgument(format!("{}: the run has left no index", folder.display())).into()),
        false => Ok(indexes),
    }
}
