//! `annbench tune`: the best index and parameters, without measuring a whole grid.

use annbench_report::columns;
use annbench_runner::{Goal, Landing, Trail, tune as tune_plan};
use anyhow::Result;

use super::run::{Prelude, Ready, job, prepare, report, setup};
use crate::{args::TuneArgs, exit::Outcome, output};

pub(crate) fn tune(args: TuneArgs) -> Result<Outcome> {
    let format = args.run.output;
    let job = job(with_goal(args)?)?;
    let Prelude::Ready(mut ready) = prepare(&job)? else {
        return Ok(Outcome::Fine);
    };
    let Ready {
        registry,
        data,
        plan,
        stop,
        bars,
    } = &mut *ready;
    let setup = setup(&job, registry, stop)?;
    let goal = Goal::of(&job.written, plan)?;
    let tuned = tune_plan(&job.written, data, plan, &goal, &setup, bars)?;
    if !format.json {
        output::text(&(text(&tuned.trail) + "\n"))?;
    }
    report(tuned.finished, format)
}

/// The flags as settings of the experiment, which its record then shows.
fn with_goal(args: TuneArgs) -> Result<crate::args::RunArgs> {
    let mut run = args.run;
    if !args.recall.is_empty() {
        run.set.push(format!(
            "tune.recall={}",
            serde_json::to_string(&args.recall)?
        ));
    }
    run.set
        .extend(args.mode.map(|mode| format!("tune.mode={:?}", mode.name())));
    run.set
        .extend(args.points.map(|points| format!("tune.points={points}")));
    Ok(run)
}

fn text(trail: &Trail) -> String {
    let mut lines = vec![format!(
        "tuned for {}: {} points of {} indexes measured on the tuning queries; the grid has {} of {}",
        trail.load,
        trail.looked.len(),
        trail.n_builds(),
        trail.grid_points,
        trail.grid_builds
    )];
    let head = [
        "target",
        "index",
        "landed on",
        "recall",
        "miss",
        "interpolated",
        "qps",
        "qps at target",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(trail.landings.iter().map(cells));
    lines.extend(columns(&rows));
    lines.join("\n")
}

fn cells(landing: &Landing) -> [String; 8] {
    let error = landing.interpolation_error;
    [
        landing.target.to_string(),
        landing.label.clone(),
        landing.search.clone(),
        format!("{:.4}", landing.recall),
        format!("{:+.4}", landing.miss),
        error.map_or_else(|| "–".into(), |error| format!("off by {error:+.4}")),
        format!("{:.0}", landing.qps),
        format!("{:.0}", landing.qps_at_target),
    ]
}
