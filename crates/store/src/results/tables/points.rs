//! `points.parquet`: a row an operating point and mode.

use std::path::Path;

use super::{TableError, reader::Table, writer::Columns};
use crate::results::{ColdStart, Estimate, LatencyUs, Mode, PointRow, Repay, Spread, Status};

/// Writes the points of a run.
///
/// Intervals are three columns (`qps`, `qps_low`, `qps_high`), latencies a column each
/// (`latency_p99_us`); parameters and warnings are JSON text. What was not measured is null; a build
/// that is never repaid is so after infinitely many queries (`repay_queries`).
///
/// # Errors
/// [`TableError`] if the file cannot be written.
pub fn write_points(path: &Path, rows: &[PointRow]) -> Result<(), TableError> {
    let columns = Columns::default()
        .counts("point", rows.iter().map(|row| row.point))
        .counts("build", rows.iter().map(|row| row.build))
        .texts("label", rows.iter().map(|row| row.label.as_str()))
        .texts("backend", rows.iter().map(|row| row.backend.as_str()))
        .json("requested", rows.iter().map(|row| &row.requested))
        .json("effective", rows.iter().map(|row| &row.effective))
        .texts("mode", rows.iter().map(|row| row.mode.name()))
        .counts("threads", rows.iter().map(|row| row.threads))
        .optional_counts("rate_qps", rows.iter().map(|row| row.rate_qps))
        .optional_counts("slo_p99_us", rows.iter().map(|row| row.slo_p99_us))
        .optional_counts(
            "distinct_queries",
            widened(rows.iter().map(|row| row.distinct_queries)),
        )
        .json("role", rows.iter().map(|row| row.role))
        .counts("n", rows.iter().map(|row| row.n))
        .counts("k", rows.iter().map(|row| row.k))
        .optional_texts("failure", rows.iter().map(|row| failure(&row.status)));
    let columns = estimates(columns, "recall", || rows.iter().map(|row| row.recall));
    let columns = estimates(columns, "qps", || rows.iter().map(|row| row.qps));
    repays(latencies(columns, rows), rows)
        .json("tier", rows.iter().map(|row| row.tier))
        .json("ties", rows.iter().map(|row| &row.ties))
        .optional_floats("spread_builds", spreads(rows, |spread| spread.builds))
        .optional_floats("spread_rounds", spreads(rows, |spread| spread.rounds))
        .optional_floats("spread_queries", spreads(rows, |spread| spread.queries))
        .json("settled", rows.iter().map(|row| row.settled))
        .counts("n_queries", rows.iter().map(|row| row.n_queries))
        .float_lists("rounds_s", rows.iter().map(|row| row.rounds_s.as_slice()))
        .json("in_force", rows.iter().map(|row| &row.in_force))
        .optional_floats("load_s", cold(rows, |cold| Some(cold.load_s)))
        .optional_floats(
            "first_query_us",
            cold(rows, |cold| Some(cold.first_query_us)),
        )
        .optional_counts(
            "load_read_bytes",
            rows.iter().map(|row| row.cold?.read_bytes),
        )
        .json("recall_at", rows.iter().map(|row| &row.recall_at))
        .json("warnings", rows.iter().map(|row| &row.warnings))
        .write(path)
}

/// Reads what [`write_points`] wrote.
///
/// # Errors
/// [`TableError`] if the file cannot be read or is no such table.
pub fn read_points(path: &Path) -> Result<Vec<PointRow>, TableError> {
    let table = Table::read(path)?;
    let points = table.counts("point")?;
    let builds = table.counts("build")?;
    let mut labels = table.texts("label")?.into_iter();
    let mut backends = table.texts("backend")?.into_iter();
    let mut requested = table.json("requested")?.into_iter();
    let mut effective = table.json("effective")?.into_iter();
    let modes = read_modes(&table)?;
    let threads = table.counts("threads")?;
    let rate_qps = table.optional_counts("rate_qps")?;
    let slo_p99_us = table.optional_counts("slo_p99_us")?;
    let distinct_queries = table.optional_counts("distinct_queries")?;
    let mut roles = table.json("role")?.into_iter();
    let n = table.counts("n")?;
    let k = table.counts("k")?;
    let mut statuses = read_statuses(&table)?.into_iter();
    let recall = read_estimates(&table, "recall")?;
    let mut recall_at = table.json_or_default("recall_at")?.into_iter();
    let qps = read_estimates(&table, "qps")?;
    let latency_us = read_latencies(&table)?;
    let repay = read_repays(&table)?;
    let mut tiers = table.json("tier")?.into_iter();
    let mut ties = table.json("ties")?.into_iter();
    let spread = read_spreads(&table)?;
    let mut settled = table.json("settled")?.into_iter();
    let n_queries = table.counts("n_queries")?;
    let mut rounds_s = table.float_lists("rounds_s")?.into_iter();
    let mut in_force = table.json("in_force")?.into_iter();
    let cold = read_cold(&table)?;
    let mut warnings = table.json("warnings")?.into_iter();
    let row = |row: usize| {
        Some(PointRow {
            point: points[row],
            build: builds[row],
            label: labels.next()?,
            backend: backends.next()?,
            requested: requested.next()?,
            effective: effective.next()?,
            mode: modes[row],
            threads: threads[row],
            rate_qps: rate_qps[row],
            slo_p99_us: slo_p99_us[row],
            distinct_queries: distinct_queries[row].map(|count| count as usize),
            role: roles.next()?,
            n: n[row],
            k: k[row],
            status: statuses.next()?,
            recall: recall[row],
            recall_at: recall_at.next()?,
            qps: qps[row],
            repay: repay[row],
            tier: tiers.next()?,
            ties: ties.next()?,
            spread: spread[row],
            settled: settled.next()?,
            latency_us: latency_us[row],
            n_queries: n_queries[row],
            rounds_s: rounds_s.next()?,
            in_force: in_force.next()?,
            cold: cold[row],
            warnings: warnings.next()?,
        })
    };
    Ok((0..table.len()).map_while(row).collect())
}

/// The reason of a failed row; null in a row that is fine.
pub(super) fn failure(status: &Status) -> Option<&str> {
    match status {
        Status::Ok => None,
        Status::Failed(reason) => Some(reason),
    }
}

pub(super) fn read_statuses(table: &Table) -> Result<Vec<Status>, TableError> {
    let failures = table.optional_texts("failure")?.into_iter();
    Ok(failures
        .map(|failure| failure.map_or(Status::Ok, Status::Failed))
        .collect())
}

pub(super) fn read_modes(table: &Table) -> Result<Vec<Mode>, TableError> {
    let mode = |(row, name): (usize, String)| {
        Mode::ALL
            .into_iter()
            .find(|mode| mode.name() == name)
            .ok_or_else(|| table.cell("mode", row, format!("unknown mode `{name}`")))
    };
    table
        .texts("mode")?
        .into_iter()
        .enumerate()
        .map(mode)
        .collect()
}

/// Counts as a column holds them.
pub(super) fn widened(
    counts: impl Iterator<Item = Option<usize>>,
) -> impl Iterator<Item = Option<u64>> {
    counts.map(|count| count.map(|count| count as u64))
}

fn cold(
    rows: &[PointRow],
    part: fn(ColdStart) -> Option<f64>,
) -> impl Iterator<Item = Option<f64>> {
    rows.iter().map(move |row| row.cold.and_then(part))
}

fn read_cold(table: &Table) -> Result<Vec<Option<ColdStart>>, TableError> {
    let load_s = table.optional_floats("load_s")?;
    let first_query_us = table.optional_floats("first_query_us")?;
    let read_bytes = table.optional_counts("load_read_bytes")?;
    let cold = |row: usize| {
        Some(ColdStart {
            load_s: load_s[row]?,
            first_query_us: first_query_us[row]?,
            read_bytes: read_bytes[row],
        })
    };
    Ok((0..table.len()).map(cold).collect())
}

fn spreads(
    rows: &[PointRow],
    level: fn(Spread) -> Option<f64>,
) -> impl Iterator<Item = Option<f64>> {
    rows.iter().map(move |row| level(row.spread))
}

fn read_spreads(table: &Table) -> Result<Vec<Spread>, TableError> {
    let builds = table.optional_floats("spread_builds")?;
    let rounds = table.optional_floats("spread_rounds")?;
    let queries = table.optional_floats("spread_queries")?;
    let spread = |row: usize| Spread {
        builds: builds[row],
        rounds: rounds[row],
        queries: queries[row],
    };
    Ok((0..table.len()).map(spread).collect())
}

fn estimates<I: Iterator<Item = Option<Estimate>>>(
    columns: Columns,
    name: &str,
    values: impl Fn() -> I,
) -> Columns {
    let part = |part: fn(Estimate) -> f64| values().map(move |value| value.map(part));
    columns
        .optional_floats(name, part(|estimate| estimate.value))
        .optional_floats(&format!("{name}_low"), part(|estimate| estimate.low))
        .optional_floats(&format!("{name}_high"), part(|estimate| estimate.high))
}

fn read_estimates(table: &Table, name: &str) -> Result<Vec<Option<Estimate>>, TableError> {
    let values = table.optional_floats(name)?;
    let lows = table.optional_floats(&format!("{name}_low"))?;
    let highs = table.optional_floats(&format!("{name}_high"))?;
    let estimate = |row: usize| {
        Some(Estimate {
            value: values[row]?,
            low: lows[row]?,
            high: highs[row]?,
        })
    };
    Ok((0..table.len()).map(estimate).collect())
}

fn repays(columns: Columns, rows: &[PointRow]) -> Columns {
    let part = |part: fn(Repay) -> Option<f64>| {
        let queries = move |repay| part(repay).unwrap_or(f64::INFINITY);
        rows.iter().map(move |row| row.repay.map(queries))
    };
    columns
        .optional_floats("repay_queries", part(|repay| repay.queries))
        .optional_floats("repay_queries_low", part(|repay| repay.low))
        .optional_floats("repay_queries_high", part(|repay| repay.high))
}

fn read_repays(table: &Table) -> Result<Vec<Option<Repay>>, TableError> {
    let queries = table.optional_floats("repay_queries")?;
    let lows = table.optional_floats("repay_queries_low")?;
    let highs = table.optional_floats("repay_queries_high")?;
    let ever = |queries: f64| queries.is_finite().then_some(queries);
    let repay = |row: usize| {
        Some(Repay {
            queries: ever(queries[row]?),
            low: ever(lows[row]?),
            high: ever(highs[row]?),
        })
    };
    Ok((0..table.len()).map(repay).collect())
}

fn latencies(columns: Columns, rows: &[PointRow]) -> Columns {
    let part = |part: fn(LatencyUs) -> Option<f64>| {
        rows.iter().map(move |row| row.latency_us.and_then(part))
    };
    columns
        .optional_floats("latency_mean_us", part(|latency| Some(latency.mean)))
        .optional_floats("latency_std_us", part(|latency| Some(latency.std)))
        .optional_floats("latency_p50_us", part(|latency| Some(latency.p50)))
        .optional_floats("latency_p95_us", part(|latency| latency.p95))
        .optional_floats("latency_p99_us", part(|latency| latency.p99))
}

fn read_latencies(table: &Table) -> Result<Vec<Option<LatencyUs>>, TableError> {
    let mean = table.optional_floats("latency_mean_us")?;
    let std = table.optional_floats("latency_std_us")?;
    let p50 = table.optional_floats("latency_p50_us")?;
    let p95 = table.optional_floats("latency_p95_us")?;
    let p99 = table.optional_floats("latency_p99_us")?;
    let latency = |row: usize| {
        Some(LatencyUs {
            mean: mean[row]?,
            std: std[row]?,
            p50: p50[row]?,
            p95: p95[row],
            p99: p99[row],
        })
    };
    Ok((0..table.len()).map(latency).collect())
}
