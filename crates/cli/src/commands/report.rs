//! `annbench report`: the report of a run made anew, in any format and at any place.

use std::path::{Path, PathBuf};

use annbench_report::{Details, Format, Run};
use annbench_runner::{FoundRun, RunState, Runs, SoFar, so_far};
use annbench_store::results::Warning;
use anyhow::Result;

use super::exports::{self, Export, Place, STDOUT, USUAL, Wanted};
use crate::{
    args::ReportArgs,
    exit::{BadArgument, Outcome},
    output,
};

pub(crate) fn report(args: ReportArgs) -> Result<Outcome> {
    let found = Runs::new(&args.results.out).find_begun(&args.run)?;
    let place = place(args.output.as_deref(), &found.folder)?;
    let wanted = wanted(&args, &place)?;
    let run = read(&found)?;
    let exports = exports::exports(&run, &wanted, &place)?;
    if place == Place::Stdout {
        return pipe(&exports);
    }
    if args.output.is_some() && !args.force {
        nothing_is_there(&exports)?;
    }
    exports::write(&exports)?;
    tell(&run, &exports)
}

/// The one thing that was asked for, for the next program; of an unfinished run it says so itself.
fn pipe(exports: &[Export]) -> Result<Outcome> {
    for export in exports {
        output::bytes(&export.bytes)?;
    }
    Ok(Outcome::Fine)
}

/// The run's folder, the folder given, or the file given: what has an ending is a file.
fn place(output: Option<&Path>, run: &Path) -> Result<Place, BadArgument> {
    Ok(match output {
        None => Place::Folder(run.to_owned()),
        Some(path) if path.as_os_str().is_empty() => {
            return Err(BadArgument("-o: name a file or a folder".into()));
        }
        Some(path) if path == Path::new(STDOUT) => Place::Stdout,
        Some(path) if path.is_dir() || ends_in_slash(path) || path.extension().is_none() => {
            Place::Folder(path.to_owned())
        }
        Some(path) => Place::File(path.to_owned()),
    })
}

fn ends_in_slash(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.ends_with(std::path::is_separator)
}

fn wanted(args: &ReportArgs, place: &Place) -> Result<Wanted, BadArgument> {
    let mut formats: Vec<Format> = Vec::new();
    for format in args.format.iter().flat_map(|formats| &formats.0) {
        let is_page_of_a_table = *format == Format::Html && !args.table.is_empty() && is_all(args);
        if !formats.contains(format) && !is_page_of_a_table {
            formats.push(*format);
        }
    }
    if formats.is_empty() {
        formats = usual(args, place)?;
    }
    let wanted = Wanted {
        formats,
        parts: args.table.clone(),
        plots: args.plots.clone(),
    };
    match place {
        Place::File(path) => one_thing(path, wanted),
        Place::Stdout => one_thing(Path::new(STDOUT), wanted),
        Place::Folder(_) => Ok(wanted),
    }
}

/// Whether every format is meant, rather than one by name.
fn is_all(args: &ReportArgs) -> bool {
    let mut formats = args.format.iter();
    formats.any(|formats| formats.0.len() == Format::ALL.len())
}

/// What is written where no format is asked for.
fn usual(args: &ReportArgs, place: &Place) -> Result<Vec<Format>, BadArgument> {
    match place {
        Place::File(path) => Ok(vec![of_ending(path)?]),
        Place::Stdout => Ok(vec![Format::Csv]),
        Place::Folder(_) if !args.table.is_empty() => Ok(vec![Format::Csv]),
        Place::Folder(_) if !args.plots.is_empty() => Ok(Vec::new()),
        Place::Folder(_) => Ok(USUAL.to_vec()),
    }
}

fn of_ending(path: &Path) -> Result<Format, BadArgument> {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let mut formats = Format::ALL.into_iter();
    let format = formats.find(|format| ending.eq_ignore_ascii_case(format.extension()));
    format.ok_or_else(|| {
        let endings = Format::ALL.map(|format| format!(".{}", format.extension()));
        BadArgument(format!(
            "-o {}: no format ends in .{ending}; end it in one of {}, say which with --format, or name a \
             folder by a / at its end",
            path.display(),
            endings.join(" ")
        ))
    })
}

fn one_thing(path: &Path, wanted: Wanted) -> Result<Wanted, BadArgument> {
    let is_one = wanted.formats.len() == 1 && wanted.parts.len() <= 1 && wanted.plots.is_empty();
    is_one.then_some(wanted).ok_or_else(|| {
        BadArgument(format!(
            "-o {}: this takes several files; name a folder instead, by a / at its end",
            path.display()
        ))
    })
}

/// The run as it was recorded; of one that is not finished, what it holds.
fn read(found: &FoundRun) -> Result<Run> {
    if found.state == RunState::Finished {
        return Ok(Run::read(&found.folder)?);
    }
    let SoFar {
        record,
        builds,
        points,
        queries,
    } = so_far(&found.folder)?;
    Ok(Run {
        record,
        builds,
        points,
        queries,
        details: Details::read(&found.folder)?,
    })
}

fn nothing_is_there(exports: &[Export]) -> Result<(), BadArgument> {
    let there: Vec<&PathBuf> = exports
        .iter()
        .map(|export| &export.path)
        .filter(|path| path.exists())
        .collect();
    let more = match there.len() {
        0 => return Ok(()),
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let first = there[0].display();
    Err(BadArgument(format!(
        "{first}{more}: there already; --force replaces what is there"
    )))
}

fn tell(run: &Run, exports: &[Export]) -> Result<Outcome> {
    let mut outcome = Outcome::Fine;
    let warnings = run.record.warnings.iter();
    for warning in warnings.filter(|warning| matches!(warning, Warning::Unfinished { .. })) {
        output::text(&format!("{warning}; {}\n", warning.advice()))?;
        outcome = Outcome::Partial;
    }
    for export in exports {
        output::text(&export.path.display().to_string())?;
    }
    if exports.is_empty() {
        output::text("the run has nothing to draw: no point was measured")?;
    }
    Ok(outcome)
}
