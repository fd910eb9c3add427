//! `annbench data list`: the field's public sets, and which of them are here.

use std::{fmt::Write, path::Path};

use annbench_store::{
    catalog::{Catalog, Entry},
    dataset::MANIFEST_NAME,
};
use anyhow::Result;
use serde::Serialize;

use crate::{args::CatalogArgs, exit::Outcome, output};

/// A line of the list.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    entry: Entry,
    /// Whether it was fetched.
    is_here: bool,
}

pub(crate) fn list(args: CatalogArgs) -> Result<Outcome> {
    let listed: Vec<Listed> = Catalog::builtin()?
        .entries
        .into_iter()
        .map(|entry| Listed {
            is_here: is_here(&args.datasets.folder, &entry),
            entry,
        })
        .collect();
    match args.output.json {
        true => output::json(&listed)?,
        false => output::text(&text(&listed))?,
    }
    Ok(Outcome::Fine)
}

fn is_here(datasets: &Path, entry: &Entry) -> bool {
    datasets.join(&entry.name).join(MANIFEST_NAME).exists()
}

fn text(listed: &[Listed]) -> String {
    let width = listed
        .iter()
        .map(|line| line.entry.name.len())
        .max()
        .unwrap_or(0);
    let mut text = format!(
        "  {:width$}  {:>10}  {:>4}  {:13}  {:>6}  licence\n",
        "name", "n", "dim", "metric", "MB"
    );
    for Listed { entry, is_here } in listed {
        let mark = if *is_here { '*' } else { ' ' };
        let megabytes = entry.megabytes.map_or("?".into(), |size| size.to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{mark} {:width$}  {:>10}  {:>4}  {:13}  {megabytes:>6}  {}",
            entry.name,
            entry.n,
            entry.dim,
            entry.metric.to_string(),
            licence(&entry.licence),
        );
    }
    text + &notes(listed)
}

/// The licence's name, without where it is stated.
fn licence(licence: &str) -> &str {
    match licence.starts_with("none found") {
        true => "not stated",
        false => licence.split([',', '(']).next().unwrap_or(licence).trim(),
    }
}

fn notes(listed: &[Listed]) -> String {
    let here = listed.iter().filter(|line| line.is_here).count();
    let untried = listed.iter().filter(|line| !line.entry.tried).count();
    format!(
        "\n{} sets, {here} here (*). `annbench data fetch NAME` brings one; --json shows addresses and sources.\n\
         {untried} of them stand here by their source pages alone: nobody has tried their addresses yet.",
        listed.len()
    )
}
