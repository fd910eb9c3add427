//! `annbench data check`: what is wrong with vectors, and how hard they are to search.

use annbench_eval::doctor::{Examination, ExamineOptions, Stage, Step, Subject, examine};
use annbench_report::examination_json;
use annbench_runner::Observer;
use annbench_store::{
    Embeddings, Faults, LoadOptions, dataset::Dataset, load_on, sample::sample_rows,
};
use annbench_vectors::{Ids, Metric};
use anyhow::Result;

use super::{
    inputs::{at_least_one, load_options, threads},
    locate,
};
use crate::{
    args::CheckArgs,
    exit::{BadArgument, Outcome},
    output,
    progress::Bars,
};

pub(crate) fn check(args: CheckArgs) -> Result<Outcome> {
    let mut bars = Bars::default();
    let patient = Patient::load(&args, &mut bars)?;
    let examination = patient.examine(&args, &mut bars)?;
    match args.output.json {
        true => output::json(&examination_json(&examination)?)?,
        false => {
            let name = args.file.display().to_string();
            output::text(&annbench_report::examination(
                &examination,
                &name,
                output::style(),
            ))?;
        }
    }
    Ok(match examination.allows_run() {
        true => Outcome::Fine,
        false => Outcome::Partial,
    })
}

/// What is examined.
struct Patient {
    base: Embeddings,
    queries: Option<Embeddings>,
    metric: Metric,
}

impl Patient {
    fn load(args: &CheckArgs, bars: &mut Bars) -> Result<Self> {
        let options = LoadOptions {
            faults: Faults::Keep,
            ..load_options(&args.columns)
        };
        let dataset = Dataset::open(&locate::dataset(&args.file, &options, &args.cache)?)?;
        // Queries need no names.
        let unnamed = LoadOptions {
            id_column: Some(String::new()),
            ..options.clone()
        };
        let n_threads = threads(args.threads)?;
        let base = dataset.load_base_on(&options, n_threads, &mut bars.rows("read the base"));
        bars.end();
        let base = base?;
        let queries = match &args.queries {
            Some(file) => {
                let file = locate::file(file, &unnamed, &args.cache)?;
                Some(load_on(&file, &unnamed, n_threads, &mut |_| {})?)
            }
            None => dataset.load_queries(&unnamed, &mut |_| {})?,
        };
        let metric = args
            .metric
            .metric
            .or(dataset.metric)
            .unwrap_or(Metric::Cosine);
        Ok(Self {
            base,
            queries,
            metric,
        })
    }

    fn examine(&self, args: &CheckArgs, bars: &mut Bars) -> Result<Examination> {
        let subject = Subject {
            base: self.base.vectors.view(),
            ids: (!matches!(self.base.ids, Ids::Rows(_))).then_some(&self.base.ids),
            queries: self.queries.as_ref().map(|queries| queries.vectors.view()),
            held_out: false,
            metric: self.metric,
        };
        let options = ExamineOptions {
            sample: at_least_one("--sample", args.sample)?,
            threads: threads(args.threads)?,
            choose: &|n, count| sample_rows(n, count, args.seed.seed),
        };
        let mut stage = None;
        let examination = examine(&subject, &options, &mut |step| show(bars, &mut stage, step));
        bars.end();
        // All that can be wrong with valid arguments is that the two sides do not fit.
        Ok(examination.map_err(|error| BadArgument(error.to_string()))?)
    }
}

fn show(bars: &mut Bars, stage: &mut Option<(Stage, bool)>, step: Step) {
    let current = (step.stage, step.total > 0);
    if *stage != Some(current) {
        bars.begin(in_words(step.stage), (step.total > 0).then_some(step.total));
        *stage = Some(current);
    }
    bars.advance(step.done);
}

fn in_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Survey => "look at every component",
        Stage::Compare => "compare the vectors",
        Stage::Neighbors => "find neighbours of a sample",
        Stage::QueryNeighbors => "find neighbours of the queries",
        Stage::Rounding => "round the vectors",
        Stage::Hubs => "look for hubs",
    }
}
