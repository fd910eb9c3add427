//! `annbench inspect`: what a file of embeddings holds.

use annbench_eval::doctor::{Duplicates, Norms, Survey};
use annbench_runner::{Observer, all_threads};
use annbench_store::{
    inspect::{ColumnCard, Inspected, Outline, Role, inspect as inspect_file},
    remote::{Brought, address, shown},
};
use anyhow::Result;
use serde::Serialize;

use super::{inputs::load_options, locate};
use crate::{args::InspectArgs, exit::Outcome, output, progress::Bars};

pub(crate) fn inspect(args: InspectArgs) -> Result<Outcome> {
    let options = load_options(&args.source.columns);
    if let Some(address) = address(&args.file) {
        let outline = locate::transfer(address, |progress| {
            locate::remote(&args.source.cache).outline(address, &options, progress)
        });
        if let Some((outline, brought)) = outline? {
            return show_outline(&args, address, &outline, &brought);
        }
    }
    let file = locate::file(&args.file, &options, &args.source.cache)?;
    let mut bars = Bars::default();
    let inspection = bars.during("read and compare the vectors", |bars| {
        let inspected = inspect_file(&file, &options, &mut |progress| {
            bars.advance(progress.done as u64);
        });
        inspected.map(Inspection::of)
    })?;
    match args.output.json {
        true => output::json(&inspection)?,
        false => output::text(&text(&args, &inspection))?,
    }
    Ok(Outcome::Fine)
}

/// What a file holds.
#[derive(Serialize)]
struct Inspection {
    #[serde(flatten)]
    outline: Outline,
    /// None where there is no vector.
    norms: Option<Norms>,
    /// Vectors without a direction, which cosine refuses.
    zero_vectors: usize,
    duplicates: Duplicates,
}

impl Inspection {
    fn of(Inspected { outline, vectors }: Inspected) -> Self {
        let (survey, duplicates) = Survey::with_duplicates(vectors.view(), all_threads());
        Self {
            outline,
            norms: survey.norms,
            zero_vectors: survey.zeros.count,
            duplicates,
        }
    }
}

/// What the footer of a Parquet file tells that lies elsewhere.
fn show_outline(
    args: &InspectArgs,
    address: &str,
    outline: &Outline,
    brought: &Brought,
) -> Result<Outcome> {
    if args.output.json {
        output::json(outline)?;
        return Ok(Outcome::Fine);
    }
    let mut lines = vec![
        format!(
            "{}: {} bytes, {} of them read",
            shown(address),
            outline.bytes,
            brought.transferred
        ),
        vectors(outline),
    ];
    lines.extend(layout(outline.row_groups, &outline.columns));
    lines.push(
        "  not read    norms, zeros and duplicates: bring the file here with `annbench data convert`"
            .into(),
    );
    output::text(&lines.join("\n"))?;
    Ok(Outcome::Fine)
}

fn text(args: &InspectArgs, inspection: &Inspection) -> String {
    let Inspection {
        outline,
        norms,
        zero_vectors,
        duplicates,
    } = inspection;
    let mut lines = vec![
        format!("{}: {} bytes", args.file.display(), outline.bytes),
        vectors(outline),
    ];
    lines.extend(norms.as_ref().map(lengths));
    let consequence = match zero_vectors {
        0 => "",
        _ => ": refused under cosine",
    };
    lines.push(format!("  zero        {zero_vectors} vectors{consequence}"));
    lines.push(format!("  duplicates  {}", repeated(duplicates)));
    lines.extend(layout(outline.row_groups, &outline.columns));
    lines.join("\n")
}

fn vectors(outline: &Outline) -> String {
    let Outline { n, dim, dtype, .. } = outline;
    format!("  vectors     {n} x {dim}, stored as {dtype}")
}

fn lengths(norms: &Norms) -> String {
    format!(
        "  norms       {:.4} to {:.4}, median {:.4}; {:.1} % of unit length",
        norms.min,
        norms.max,
        norms.median,
        100.0 * norms.unit_share
    )
}

/// The row groups and the columns, a line each.
fn layout(row_groups: Option<usize>, columns: &[ColumnCard]) -> Vec<String> {
    let groups = row_groups.map(|groups| format!("  row groups  {groups}"));
    let columns = columns.iter().map(|column| {
        let role = match column.role {
            Role::Vector => "  <- vectors",
            Role::Id => "  <- ids",
            Role::Other => "",
        };
        format!("  column      {}: {}{role}", column.name, column.data_type)
    });
    groups.into_iter().chain(columns).collect()
}

fn repeated(duplicates: &Duplicates) -> String {
    match duplicates.example {
        Some((first, second)) => format!(
            "{} rows equal an earlier one, such as {second} and {first}",
            duplicates.count
        ),
        None => "none".to_owned(),
    }
}
