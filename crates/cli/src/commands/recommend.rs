//! `annbench recommend`: one configuration, from a run that was measured.

use annbench_report::{Advice, Constraints, Run};
use annbench_runner::Runs;
use annbench_store::results::{Load, Mode};
use anyhow::Result;

use crate::{
    args::RecommendArgs,
    exit::{BadArgument, Outcome},
    output,
};

pub(crate) fn recommend(args: RecommendArgs) -> Result<Outcome> {
    let folder = Runs::new(&args.results.out).find(&args.run)?;
    let run = Run::read(&folder)?.at_confidence(args.confidence)?;
    check_k(&run, args.k)?;
    let load = load(&run, args.mode)?;
    if args.p99.is_some() && !load.mode.times_queries() {
        let message = "--p99: a query of a batch has no latency of its own; use --mode single";
        return Err(BadArgument(message.into()).into());
    }
    let constraints = Constraints {
        recall: args.recall,
        p99_us: args.p99.map(|p99| p99.as_secs_f64() * 1e6),
        memory_bytes: args.memory,
        build_s: args.build.map(|build| build.as_secs_f64()),
    };
    let advice = Advice::new(&run, constraints, load, args.confidence);
    match args.output.json {
        true => output::json(&advice)?,
        false => output::text(&advice.text(&run, output::style()))?,
    }
    Ok(match advice.answer {
        Some(_) => Outcome::Fine,
        None => Outcome::Partial,
    })
}

fn check_k(run: &Run, wanted: Option<usize>) -> Result<(), BadArgument> {
    match wanted {
        Some(k) if k != run.k() => Err(BadArgument(format!(
            "--k {k}: the run was measured with k = {}; run the experiment with --set k={k}",
            run.k()
        ))),
        _ => Ok(()),
    }
}

/// Of the loads of a mode the largest, which the table shows.
fn load(run: &Run, wanted: Option<Mode>) -> Result<Load, BadArgument> {
    let of_mode = |load: &Load| wanted.is_none_or(|mode| load.mode == mode);
    let mut main = run.main_loads().into_iter().filter(of_mode);
    let largest = || run.loads().into_iter().rfind(of_mode);
    main.next().or_else(largest).ok_or_else(|| {
        let measured: Vec<String> = run.loads().iter().map(Load::to_string).collect();
        BadArgument(match wanted {
            Some(mode) => format!(
                "--mode {}: the run measured {}; add it to [measure] modes and run again",
                mode.name(),
                measured.join(" and ")
            ),
            None => "the run has no operating points; run the experiment again".into(),
        })
    })
}
