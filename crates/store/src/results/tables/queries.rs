//! `queries.parquet`: a row an operating point, mode and query.

use std::path::Path;

use super::{
    TableError,
    points::{read_modes, widened},
    reader::Table,
    writer::Columns,
};
use crate::results::{Load, QueryRow};

/// Writes the queries of a run.
///
/// # Errors
/// [`TableError`] if the file cannot be written.
pub fn write_queries(path: &Path, rows: &[QueryRow]) -> Result<(), TableError> {
    Columns::default()
        .counts("point", rows.iter().map(|row| row.point))
        .texts("mode", rows.iter().map(|row| row.load.mode.name()))
        .counts("threads", rows.iter().map(|row| row.load.threads))
        .optional_counts("rate_qps", rows.iter().map(|row| row.load.rate_qps))
        .optional_counts("slo_p99_us", rows.iter().map(|row| row.load.slo_p99_us))
        .optional_counts(
            "distinct_queries",
            widened(rows.iter().map(|row| row.load.distinct_queries)),
        )
        .counts("query_idx", rows.iter().map(|row| row.query_idx))
        .optional_counts("latency_ns", rows.iter().map(|row| row.latency_ns))
        .counts("hits", rows.iter().map(|row| row.hits))
        .counts("returned", rows.iter().map(|row| row.returned))
        .row_lists("missed", rows.iter().map(|row| row.missed.as_slice()))
        .write(path)
}

/// Reads what [`write_queries`] wrote.
///
/// # Errors
/// [`TableError`] if the file cannot be read or is no such table.
pub fn read_queries(path: &Path) -> Result<Vec<QueryRow>, TableError> {
    let table = Table::read(path)?;
    let points = table.counts("point")?;
    let modes = read_modes(&table)?;
    let threads = table.counts("threads")?;
    let rate_qps = table.optional_counts("rate_qps")?;
    let slo_p99_us = table.optional_counts("slo_p99_us")?;
    let distinct_queries = table.optional_counts("distinct_queries")?;
    let query_idx = table.counts("query_idx")?;
    let latency_ns = table.optional_counts("latency_ns")?;
    let hits = table.counts("hits")?;
    let returned = table.counts("returned")?;
    let mut missed = table.row_lists("missed")?.into_iter();
    let row = |row: usize| {
        Some(QueryRow {
            point: points[row],
            load: Load {
                mode: modes[row],
                threads: threads[row],
                rate_qps: rate_qps[row],
                slo_p99_us: slo_p99_us[row],
                distinct_queries: distinct_queries[row].map(|count| count as usize),
            },
            query_idx: query_idx[row],
            latency_ns: latency_ns[row],
            hits: hits[row],
            returned: returned[row],
            missed: missed.next()?,
        })
    };
    Ok((0..table.len()).map_while(row).collect())
}
