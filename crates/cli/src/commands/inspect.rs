//! `annbench inspect`: what a file of embeddings holds.

use annbench_runner::Observer;
use annbench_store::{
    inspect::{ColumnCard, Inspection, Outline, Role, inspect_with},
    remote::{Brought, address, shown},
};
use anyhow::Result;

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
        inspect_with(&file, &options, &mut |progress| {
            bars.advance(progress.done as u64);
        })
    })?;
    match args.output.json {
        true => output::json(&inspection)?,
        false => output::text(&text(&args, &inspection))?,
    }
    Ok(Outcome::Fine)
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
        format!(
            "  vectors     {} x {}, stored as {}",
            outline.n, outline.dim, outline.dtype
        ),
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
    let norms = &inspection.norms;
    let mut lines = vec![
        format!("{}: {} bytes", args.file.display(), inspection.bytes),
        format!(
            "  vectors     {} x {}, stored as {}",
            inspection.n, inspection.dim, inspection.dtype
        ),
        format!(
            "  norms       {:.4} to {:.4}, median {:.4}; {:.1} % of unit length",
            norms.min,
            norms.max,
            norms.median,
            100.0 * norms.unit_share
        ),
        format!(
            "  zero        {} vectors{}",
            inspection.zero_vectors,
            if inspection.zero_vectors > 0 {
                ": refused under cosine"
            } else {
                ""
            }
        ),
        format!("  duplicates  {}", duplicates(inspection)),
    ];
    lines.extend(layout(inspection.row_groups, &inspection.columns));
    lines.join("\n")
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

fn duplicates(inspection: &Inspection) -> String {
    match inspection.duplicates.example {
        Some((first, second)) => format!(
            "{} rows equal an earlier one, such as {second} and {first}",
            inspection.duplicates.count
        ),
        None => "none".to_owned(),
    }
}
