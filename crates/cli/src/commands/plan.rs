//! What `--dry-run` prints: everything that would be built and measured.

use std::{collections::BTreeSet, fmt::Write};

use annbench_runner::{Plan, PlannedBuild, Prepared};
use anyhow::Result;

use crate::{args::OutputArgs, exit::Outcome, output};

pub(crate) fn show(plan: &Plan, data: &Prepared, format: OutputArgs) -> Result<Outcome> {
    match format.json {
        true => output::json(plan)?,
        false => output::text(&text(plan, data))?,
    }
    Ok(Outcome::Fine)
}

fn text(plan: &Plan, data: &Prepared) -> String {
    let card = &data.card;
    let loads: Vec<String> = plan.loads.iter().map(ToString::to_string).collect();
    let rounds = match plan.rounds {
        Some(rounds) => format!("{rounds} rounds"),
        None => format!(
            "rounds until intervals are {} % wide to either side",
            100.0 * plan.target
        ),
    };
    let mut text = format!(
        "experiment {}\n  data     {}: {} x {}, {}; {} queries, {}\n  measure  {} points in {}, k = {}\n           {rounds}, or for {:?}\n",
        plan.name,
        card.name,
        card.n,
        card.dim,
        card.metric,
        card.n_queries,
        card.queries,
        plan.candidates().count(),
        loads.join(" and "),
        plan.k,
        plan.budget,
    );
    if let Some(truth) = &card.ground_truth {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  truth    {truth}");
    }
    text.push_str(&parts(plan, card.n));
    let builds = plan.builds.iter().enumerate();
    let is_shown =
        |build: &PlannedBuild| !build.is_control && build.repetition == 0 && build.n == card.n;
    for (number, build) in builds.filter(|(_, build)| is_shown(build)) {
        let times = match times_built(plan, build) {
            1 => String::new(),
            times => format!(", built {times} times"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\nindex {number}: {}  ({}){times}",
            build.label, build.effective
        );
        if plan.is_added_baseline(number) {
            text.push_str(
                "  note     added, as no index above is exact; [measure] baseline = false leaves it out\n",
            );
        }
        for adjustment in &build.adjustments {
            let _ = writeln!(
                text,
                "  note     {} = {} instead of {}: {}",
                adjustment.key, adjustment.effective, adjustment.requested, adjustment.reason
            );
        }
        for (_, point) in plan.candidates().filter(|(_, point)| point.build == number) {
            let search = point.search.to_string();
            let search = if search.is_empty() {
                "no search parameters"
            } else {
                &search
            };
            let _ = writeln!(text, "  point    {search}");
        }
    }
    text.push_str("\nnothing was built: this was a dry run\n");
    text
}

/// What is measured on parts of the base; nothing where there are none.
fn parts(plan: &Plan, n: usize) -> String {
    let sizes: BTreeSet<usize> = plan.builds.iter().map(|build| build.n).collect();
    let parts: Vec<String> = sizes
        .into_iter()
        .filter(|&size| size < n)
        .map(|size| size.to_string())
        .collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!(
            "  subsets  all points also on {} of the base vectors\n",
            parts.join(", ")
        ),
    }
}

fn times_built(plan: &Plan, first: &PlannedBuild) -> usize {
    let same = |build: &&PlannedBuild| {
        (&build.label, &build.backend, &build.effective)
            == (&first.label, &first.backend, &first.effective)
    };
    let repetitions = plan.builds.iter().filter(same);
    repetitions
        .map(|build| build.repetition + 1)
        .max()
        .unwrap_or(1)
}
