//! `annbench inspect`: what a file of embeddings holds.

use annbench_runner::Observer;
use annbench_store::inspect::{Inspection, Role, inspect_with};
use anyhow::Result;

use super::inputs::load_options;
use crate::{args::InspectArgs, exit::Outcome, output, progress::Bars};

pub(crate) fn inspect(args: InspectArgs) -> Result<Outcome> {
    let mut bars = Bars::default();
    let options = load_options(&args.columns);
    let inspection = bars.during("read and compare the vectors", |bars| {
        inspect_with(&args.file, &options, &mut |progress| {
            bars.advance(progress.done as u64);
        })
    })?;
    match args.output.json {
        true => output::json(&inspection)?,
        false => output::text(&text(&args, &inspection))?,
    }
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
    if let Some(groups) = inspection.row_groups {
        lines.push(format!("  row groups  {groups}"));
    }
    for column in &inspection.columns {
        let role = match column.role {
            Role::Vector => "  <- vectors",
            Role::Id => "  <- ids",
            Role::Other => "",
        };
        lines.push(format!(
            "  column      {}: {}{role}",
            column.name, column.data_type
        ));
    }
    lines.join("\n")
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
