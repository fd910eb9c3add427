//! `annbench repeat`: the whole measurement several times, and how much its figures differ, by the
//! method they are summed up with.

use std::collections::BTreeMap;

use annbench_eval::Method;
use annbench_runner::Finished;
use annbench_store::results::Load;
use anyhow::Result;
use serde::Serialize;

use super::run::{Prelude, measure, prepare};
use crate::{args::RepeatArgs, exit::Outcome, output};

pub(crate) fn repeat(args: RepeatArgs) -> Result<Outcome> {
    let format = args.run.output;
    let mut job = super::run::job(args.run)?;
    job.folders.fresh = true;
    let Prelude::Ready(mut ready) = prepare(&job)? else {
        return Ok(Outcome::Fine);
    };
    let mut runs = Vec::new();
    for _ in 0..args.times {
        runs.push(measure(&job, &mut ready)?);
        // Built once, even where it is asked to build anew.
        job.folders.rebuild = false;
        job.is_repetition = true;
    }
    let steadiness = steadiness(&runs);
    match format.json {
        true => output::json(&steadiness)?,
        false => output::text(&text(&steadiness, runs.len()))?,
    }
    Ok(match runs.iter().all(Finished::is_complete) {
        true => Outcome::Fine,
        false => Outcome::Partial,
    })
}

/// How steady the figures of a method are at one point.
#[derive(Debug, Serialize)]
struct Steadiness {
    index: String,
    search: String,
    load: Load,
    method: &'static str,
    /// Its figures, a repetition each.
    qps: Vec<f64>,
    /// Median of them.
    median: f64,
    /// Sample standard deviation over the mean, in percent.
    spread_percent: f64,
    /// Largest over smallest, less one, in percent.
    range_percent: f64,
}

fn steadiness(runs: &[Finished]) -> Vec<Steadiness> {
    let mut figures: BTreeMap<(usize, Load, usize), Vec<f64>> = BTreeMap::new();
    for told in runs.iter().flat_map(|run| &run.by_method) {
        let method = Method::ALL.iter().position(|method| *method == told.method);
        let key = (told.point, told.load, method.unwrap_or_default());
        figures.entry(key).or_default().push(told.qps);
    }
    let row = |((point, load, method), qps): ((usize, Load, usize), Vec<f64>)| {
        let points = runs.iter().flat_map(|run| &run.points);
        let named = points.into_iter().find(|row| row.point == point)?;
        Some(Steadiness {
            index: named.label.clone(),
            search: serde_json::Value::from(named.requested.clone()).to_string(),
            load,
            method: Method::ALL[method].name(),
            median: annbench_eval::median_interval(&qps, 0.95)?.value,
            spread_percent: 100.0 * spread(&qps),
            range_percent: 100.0 * range(&qps),
            qps,
        })
    };
    figures.into_iter().filter_map(row).collect()
}

fn spread(qps: &[f64]) -> f64 {
    let mean = qps.iter().sum::<f64>() / qps.len() as f64;
    let squares = qps.iter().map(|qps| (qps - mean).powi(2)).sum::<f64>();
    (squares / (qps.len() - 1).max(1) as f64).sqrt() / mean
}

fn range(qps: &[f64]) -> f64 {
    let largest = qps.iter().copied().fold(f64::MIN, f64::max);
    let smallest = qps.iter().copied().fold(f64::MAX, f64::min);
    largest / smallest - 1.0
}

fn text(rows: &[Steadiness], times: usize) -> String {
    let mut text = format!("{times} repetitions of the whole measurement; qps by each method\n");
    let mut before = None;
    for row in rows {
        let point = (&row.index, &row.search, row.load);
        if before != Some(point) {
            text += &format!("\n{} {}  {}\n", row.index, row.search, row.load);
            text += "  method           median qps   spread   largest over smallest\n";
        }
        before = Some(point);
        text += &format!(
            "  {:<14} {:>12.0} {:>7.2} % {:>+17.1} %\n",
            row.method, row.median, row.spread_percent, row.range_percent
        );
    }
    text
}
