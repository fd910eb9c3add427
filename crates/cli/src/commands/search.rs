//! `annbench search`: queries against an index that a run has persisted.

use std::{io::Write, path::Path};

use annbench_index::{IndexCard, SearchSetup};
use annbench_store::read_ids;
use annbench_vectors::{Ids, Neighbors};
use anyhow::{Context, Result};
use serde::Serialize;

use super::inputs;
use crate::{
    args::SearchArgs,
    backends::registry,
    exit::{BadArgument, Outcome},
};

pub(crate) fn search(args: SearchArgs) -> Result<Outcome> {
    let (mut index, card) = registry().open(&args.index.index)?;
    let ids = ids(&args.index.index, &card)?;
    let queries = inputs::queries(&args.index, card.metric)?;
    let setup = SearchSetup {
        k: inputs::at_least_one("--k", args.index.k)?,
        threads: inputs::threads(args.threads)?,
    };
    inputs::configure(&mut *index, &card, &args.index, setup)?;
    let mut neighbors = Neighbors::new(queries.n(), setup.k);
    index
        .search(queries.vectors.view(), &mut neighbors.as_mut())
        .map_err(|error| BadArgument(error.to_string()))?;
    print(
        &found(&neighbors, &queries.ids, &ids),
        &card,
        args.output.json,
    )?;
    Ok(Outcome::Fine)
}

/// The user's own names of the indexed rows.
pub(super) fn ids(index: &Path, card: &IndexCard) -> Result<Ids> {
    let Some(file) = &card.ids else {
        return Ok(Ids::Rows(card.n));
    };
    let path = index.with_file_name(file);
    let ids = read_ids(&path)?;
    if ids.len() != card.n {
        let message = format!(
            "{}: names {} rows, the index has {}; run the experiment again",
            path.display(),
            ids.len(),
            card.n
        );
        return Err(BadArgument(message).into());
    }
    Ok(ids)
}

/// One neighbour of one query.
#[derive(Debug, Serialize)]
struct Found {
    query: String,
    rank: usize,
    id: String,
    score: f32,
}

fn found(neighbors: &Neighbors, queries: &Ids, ids: &Ids) -> Vec<Found> {
    let name = |ids: &Ids, row| ids.get(row).map_or_else(String::new, |id| id.to_string());
    let mut all = Vec::new();
    for query_idx in 0..neighbors.n_queries() {
        let pairs = neighbors
            .ids(query_idx)
            .iter()
            .zip(neighbors.scores(query_idx));
        all.extend(pairs.enumerate().map(|(rank, (&row, &score))| Found {
            query: name(queries, query_idx),
            rank: rank + 1,
            id: name(ids, row as usize),
            score,
        }));
    }
    all
}

/// A line a neighbour: JSON, or columns with tabs between, ready for other programs.
fn print(found: &[Found], card: &IndexCard, json: bool) -> Result<()> {
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    if !json {
        writeln!(stdout, "query\trank\tid\t{}", card.metric.score_name())?;
    }
    for Found {
        query,
        rank,
        id,
        score,
    } in found
    {
        match json {
            true => {
                let name = card.metric.score_name();
                let line = serde_json::json!({"query": query, "rank": rank, "id": id, name: score});
                writeln!(stdout, "{line}")?;
            }
            false => writeln!(stdout, "{query}\t{rank}\t{id}\t{score}")?,
        }
    }
    stdout.flush().context("write the neighbours")
}
