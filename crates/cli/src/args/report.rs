//! Arguments of the command report.

use std::path::PathBuf;

use annbench_report::{Format, Part};
use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::groups::ResultsArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench report latest                                    the page and the CSV, anew
  annbench report default --format all -o results           every format, in a folder
  annbench report default -o table.tex --table points       one table for a paper
  annbench report default --plots svg,png -o figures        the charts, one column wide
  annbench report default --table points -o - | head        one table to the next program, as CSV
RUN is a run's folder, an experiment's folder or name (its newest run), a run's name, or latest.
Of a run that is not finished, what it holds is reported, and the exit code is 1.
In the run's own folder files are replaced, elsewhere only with --force.")]
pub(crate) struct ReportArgs {
    /// The run to report
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// What to write: html, md, csv, json, latex, or all of them [default: what FILE ends in; of a
    /// folder html and csv, or csv with --table, or nothing with --plots]
    #[arg(long, value_parser = formats(), value_delimiter = ',', value_name = "FORMATS")]
    pub(crate) format: Vec<Formats>,
    /// Write these tables, each alone, instead of the whole run: points, under-load, scaling, indexes
    #[arg(long, value_parser = part(), value_delimiter = ',', value_name = "TABLES")]
    pub(crate) table: Vec<Part>,
    /// Write the charts as well, as svg or png or both
    #[arg(long, value_delimiter = ',', value_name = "FORMATS")]
    pub(crate) plots: Vec<Picture>,
    /// A file or a folder to write to, or - for stdout [default: the run's folder]
    #[arg(short, long, value_name = "FILE_OR_DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
}

/// One value of `--format`.
#[derive(Debug, Clone)]
pub(crate) struct Formats(pub(crate) Vec<Format>);

/// A format of charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// Lines and text, for LaTeX and browsers
    Svg,
    /// Pixels, 600 an inch
    Png,
}

/// The names of [`Format`], and `all`.
fn formats() -> impl TypedValueParser<Value = Formats> {
    let names = Format::ALL.map(Format::name).into_iter().chain(["all"]);
    PossibleValuesParser::new(names).map(|name| {
        let is_meant = |format: &Format| name == "all" || format.name() == name;
        Formats(Format::ALL.into_iter().filter(is_meant).collect())
    })
}

/// The names of [`Part`].
fn part() -> impl TypedValueParser<Value = Part> {
    PossibleValuesParser::new(Part::ALL.map(Part::name)).map(|name| {
        let named = Part::ALL.into_iter().find(|part| part.name() == name);
        named.unwrap_or(Part::Points)
    })
}
