//! `builds.parquet`: a row an index.

use std::path::Path;

use super::{
    TableError,
    points::{failure, read_statuses},
    reader::Table,
    writer::Columns,
};
use crate::results::{BuildRow, Memory};

/// Writes the builds of a run. `build_s` is the sum of `train_s` and `add_s`; parameters and warnings
/// are JSON text; what was not measured is null.
///
/// # Errors
/// [`TableError`] if the file cannot be written.
pub fn write_builds(path: &Path, rows: &[BuildRow]) -> Result<(), TableError> {
    let columns = Columns::default()
        .counts("build", rows.iter().map(|row| row.build))
        .texts("label", rows.iter().map(|row| row.label.as_str()))
        .texts("backend", rows.iter().map(|row| row.backend.as_str()))
        .json("requested", rows.iter().map(|row| &row.requested))
        .json("effective", rows.iter().map(|row| &row.effective))
        .counts("n", rows.iter().map(|row| row.n))
        .flags("is_exact", rows.iter().map(|row| row.is_exact))
        .counts("repetition", rows.iter().map(|row| row.repetition))
        .seeds("seed", rows.iter().map(|row| row.seed))
        .counts("threads", rows.iter().map(|row| row.threads))
        .optional_texts("failure", rows.iter().map(|row| failure(&row.status)))
        .floats("build_s", rows.iter().map(BuildRow::build_s))
        .floats("train_s", rows.iter().map(|row| row.train_s))
        .floats("add_s", rows.iter().map(|row| row.add_s));
    memory(columns, rows)
        .optional_texts(
            "index_file",
            rows.iter().map(|row| row.index_file.as_deref()),
        )
        .flags("from_cache", rows.iter().map(|row| row.from_cache))
        .json("warnings", rows.iter().map(|row| &row.warnings))
        .write(path)
}

/// Reads what [`write_builds`] wrote.
///
/// # Errors
/// [`TableError`] if the file cannot be read or is no such table.
pub fn read_builds(path: &Path) -> Result<Vec<BuildRow>, TableError> {
    let table = Table::read(path)?;
    let builds = table.counts("build")?;
    let mut labels = table.texts("label")?.into_iter();
    let mut backends = table.texts("backend")?.into_iter();
    let mut requested = table.json("requested")?.into_iter();
    let mut effective = table.json("effective")?.into_iter();
    let n = table.counts("n")?;
    let is_exact = table.flags("is_exact")?;
    let repetitions = table.counts("repetition")?;
    let seeds = table.seeds("seed")?;
    let threads = table.counts("threads")?;
    let mut statuses = read_statuses(&table)?.into_iter();
    let train_s = table.floats("train_s")?;
    let add_s = table.floats("add_s")?;
    let memory = read_memory(&table)?;
    let mut index_files = table.optional_texts("index_file")?.into_iter();
    let from_cache = table.flags("from_cache")?;
    let mut warnings = table.json("warnings")?.into_iter();
    let row = |row: usize| {
        Some(BuildRow {
            build: builds[row],
            label: labels.next()?,
            backend: backends.next()?,
            requested: requested.next()?,
            effective: effective.next()?,
            n: n[row],
            is_exact: is_exact[row],
            repetition: repetitions[row],
            seed: seeds[row],
            threads: threads[row],
            status: statuses.next()?,
            train_s: train_s[row],
            add_s: add_s[row],
            memory: memory[row],
            index_file: index_files.next()?,
            from_cache: from_cache[row],
            warnings: warnings.next()?,
        })
    };
    Ok((0..table.len()).map_while(row).collect())
}

fn memory(columns: Columns, rows: &[BuildRow]) -> Columns {
    let part = |part: fn(Memory) -> Option<u64>| rows.iter().map(move |row| part(row.memory));
    columns
        .optional_counts("estimate_bytes", part(|memory| memory.estimate_bytes))
        .optional_counts("serialized_bytes", part(|memory| memory.serialized_bytes))
        .optional_counts("rss_bytes", part(|memory| memory.rss_bytes))
        .optional_counts("peak_rss_bytes", part(|memory| memory.peak_rss_bytes))
}

fn read_memory(table: &Table) -> Result<Vec<Memory>, TableError> {
    let estimate_bytes = table.optional_counts("estimate_bytes")?;
    let serialized_bytes = table.optional_counts("serialized_bytes")?;
    let rss_bytes = table.optional_counts("rss_bytes")?;
    let peak_rss_bytes = table.optional_counts("peak_rss_bytes")?;
    let memory = |row: usize| Memory {
        estimate_bytes: estimate_bytes[row],
        serialized_bytes: serialized_bytes[row],
        rss_bytes: rss_bytes[row],
        peak_rss_bytes: peak_rss_bytes[row],
    };
    Ok((0..table.len()).map(memory).collect())
}
