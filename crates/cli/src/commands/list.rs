//! `annbench list`: the runs there are, and what each found.

use annbench_report::{Constraints, Run, columns_within, count, point_name, recommend};
use annbench_runner::{FoundRun, NoRun, RunState, Runs};
use anyhow::Result;
use serde::Serialize;

use crate::{args::ListArgs, exit::Outcome, output};

/// Recall that the best qps of a run is told at.
const RECALL: f64 = 0.95;

pub(crate) fn list(args: ListArgs) -> Result<Outcome> {
    let results = Runs::new(&args.results.out);
    let (runs, damaged) = (results.list(), results.damaged());
    let lines: Vec<Line> = runs.iter().map(Line::new).collect();
    match args.output.json {
        true => output::json(&lines)?,
        false if lines.is_empty() && damaged.is_empty() => output::text(&format!(
            "no runs in {}; begin with annbench quick FILE or annbench run CONFIG.toml",
            args.results.out.display()
        ))?,
        false if lines.is_empty() => {}
        false => output::text(&table(&lines, output::room()))?,
    }
    for run in &damaged {
        complain(run);
    }
    Ok(match damaged.is_empty() {
        true => Outcome::Fine,
        false => Outcome::Partial,
    })
}

/// Of a run that cannot be listed there is nothing but why.
#[expect(clippy::print_stderr, reason = "cli prints")]
fn complain(run: &NoRun) {
    let causes = anyhow::Chain::new(run).map(ToString::to_string);
    eprintln!("error: {}", causes.collect::<Vec<_>>().join(": "));
}

/// What is told of a run.
#[derive(Debug, Serialize)]
struct Line {
    experiment: String,
    run: String,
    started: String,
    dataset: String,
    n: usize,
    dim: usize,
    k: Option<usize>,
    state: RunState,
    /// Builds and rows of points that failed; none where the run's tables cannot be read.
    failed: Option<usize>,
    /// Queries a second of the fastest point that is sure of recall 0.95, under the first load.
    best_qps: Option<f64>,
    /// The index and the load of it.
    best: Option<String>,
    folder: String,
}

impl Line {
    fn new(found: &FoundRun) -> Self {
        let record = &found.record;
        let is_finished = found.state == RunState::Finished;
        let run = is_finished.then(|| Run::read_without_queries(&found.folder).ok());
        let run = run.flatten();
        let (best_qps, best) = run.as_ref().and_then(best).unzip();
        Self {
            experiment: record.experiment.clone(),
            run: record.run_id.clone(),
            started: record.started.clone(),
            dataset: record.dataset.name.clone(),
            n: record.dataset.n,
            dim: record.dataset.dim,
            k: run.as_ref().map(Run::k),
            state: found.state,
            failed: run.as_ref().map(failed),
            best_qps,
            best,
            folder: found.folder.display().to_string(),
        }
    }

    /// `finished`, `finished, 2 failed`, `unreadable`.
    fn state(&self) -> String {
        match (self.state, self.failed) {
            (RunState::Finished, Some(0)) => "finished".into(),
            (RunState::Finished, Some(failed)) => format!("finished, {failed} failed"),
            (RunState::Finished, None) => "unreadable".into(),
            (RunState::Running, _) => "running".into(),
            (RunState::Unfinished, _) => "unfinished".into(),
        }
    }

    fn cells(&self) -> [String; 5] {
        [
            self.experiment.clone(),
            self.run.clone(),
            self.data(),
            self.found(),
            self.state(),
        ]
    }

    fn data(&self) -> String {
        format!("{} {} x {}", self.dataset, count(self.n), self.dim)
    }

    /// `11,748 hnsw m=32 ef_search=16 (single)`
    fn found(&self) -> String {
        let best = self.best_qps.zip(self.best.as_ref());
        best.map_or_else(
            || "–".into(),
            |(qps, best)| format!("{} {best}", count(qps.round() as usize)),
        )
    }
}

fn failed(run: &Run) -> usize {
    let builds = run.builds.iter().filter(|build| !build.status.is_ok());
    let points = run.candidates().filter(|point| {
        let build = run.build_of(point);
        !point.status.is_ok() && build.is_none_or(|build| build.status.is_ok())
    });
    builds.count() + points.count()
}

fn best(run: &Run) -> Option<(f64, String)> {
    let load = run.main_loads().into_iter().next()?;
    let best = recommend(run, &Constraints::recall(RECALL), load)?.best;
    Some((
        best.qps?.value,
        format!("{} ({})", point_name(best), load.mode.name()),
    ))
}

fn table(lines: &[Line], width: usize) -> String {
    let head = [
        "experiment",
        "run",
        "dataset",
        "best qps at recall 0.95",
        "state",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(lines.iter().map(Line::cells));
    columns_within(&rows, width).join("\n")
}
