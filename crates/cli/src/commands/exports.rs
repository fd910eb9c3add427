//! Files made of a run: which, where, and their writing. The end of a run and `annbench report` have
//! them from here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use annbench_report::{Chart, Format, Part, Run};
use annbench_store::atomic::write_atomic;
use anyhow::{Context, Result};

use crate::{args::Picture, exit::BadArgument};

/// What a run's own folder holds to be read.
pub(crate) const USUAL: [Format; 2] = [Format::Html, Format::Csv];

/// Folder of charts beside the reports.
const FIGURES: &str = "figures";

/// What stands for stdout in the place of a file.
pub(crate) const STDOUT: &str = "-";

/// What to make of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) formats: Vec<Format>,
    /// None for the whole run.
    pub(crate) parts: Vec<Part>,
    pub(crate) plots: Vec<Picture>,
}

/// Where to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Each in a file of its usual name in this folder.
    Folder(PathBuf),
    /// All in this file; there must be one thing to write.
    File(PathBuf),
    /// To stdout; likewise.
    Stdout,
}

/// A file to be.
pub(crate) struct Export {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// All that is wanted of a run, before anything is written.
pub(crate) fn exports(run: &Run, wanted: &Wanted, place: &Place) -> Result<Vec<Export>> {
    let mut exports = texts(run, wanted, place)?;
    if let Place::Folder(folder) = place {
        for picture in &wanted.plots {
            exports.extend(pictures(run, *picture, &folder.join(FIGURES))?);
        }
    }
    Ok(exports)
}

fn texts(run: &Run, wanted: &Wanted, place: &Place) -> Result<Vec<Export>> {
    let text = |name: &str, text: String| Export {
        path: match place {
            Place::Folder(folder) => folder.join(name),
            Place::File(path) => path.clone(),
            Place::Stdout => PathBuf::from(STDOUT),
        },
        bytes: text.into_bytes(),
    };
    let mut exports = Vec::new();
    for format in &wanted.formats {
        if wanted.parts.is_empty() {
            exports.push(text(format.file_name(), format.report(run)?));
        }
        for part in &wanted.parts {
            let name = format!("{}.{}", part.name(), format.extension());
            exports.push(text(&name, table(run, *format, *part)?));
        }
    }
    Ok(exports)
}

/// What cannot be had of a run is the argument's fault.
fn table(run: &Run, format: Format, part: Part) -> Result<String, BadArgument> {
    let table = format.table(run, part);
    table.map_err(|error| BadArgument(error.to_string()))
}

fn pictures(run: &Run, picture: Picture, folder: &Path) -> Result<Vec<Export>> {
    let file = |chart: &Chart| {
        let (ending, bytes) = match picture {
            Picture::Svg => ("svg", chart.svg().into_bytes()),
            Picture::Png => ("png", chart.png()?),
        };
        Ok(Export {
            path: folder.join(format!("{}.{ending}", chart.name)),
            bytes,
        })
    };
    Chart::all(run).iter().map(file).collect()
}

/// Writes files, over those that are there.
pub(crate) fn write(exports: &[Export]) -> Result<()> {
    for Export { path, bytes } in exports {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            fs::create_dir_all(folder)
                .with_context(|| format!("make the folder {}", folder.display()))?;
        }
        write_atomic(path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}
