//! All that the outputs for people say, before it is laid out.

use crate::{
    Fact, Mark, Note, Notes, Run, Table, answer::Answer, builds, facts, notes, points, scaling,
    sharpness::sharpness, split::split, verdict::strictest,
};

/// A run in the order a reader needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary<'a> {
    /// The experiment's name.
    pub title: &'a str,
    /// What must be seen before anything else; mostly empty.
    pub alarms: Vec<Note>,
    /// Data, machine, libraries.
    pub facts: Vec<Fact>,
    /// What to take, in a paragraph: the fastest points at a recall of 0.95, and until how many
    /// queries exact search is enough.
    pub decision: String,
    /// The exact baseline and the verdicts at other recalls, a sentence each.
    pub verdicts: Vec<String>,
    /// The operating points under the main loads ([`Run::main_loads`]).
    pub points: Table,
    /// What signs in the tables mean.
    pub legend: String,
    /// What the run can tell apart, a sentence a main load.
    pub sharpness: Vec<String>,
    /// The operating points under all other loads; without rows where there are none.
    pub under_load: Table,
    /// The points on parts of the base; without rows where there are none.
    pub scaling: Table,
    /// What that table shows.
    pub scaling_legend: Option<String>,
    /// The indexes.
    pub builds: Table,
    /// Warnings and reasons of failure.
    pub notes: Notes,
    /// What it takes to repeat the run.
    pub details: Vec<Fact>,
}

impl<'a> Summary<'a> {
    /// Gathers what there is to say of a run.
    pub fn new(run: &'a Run) -> Self {
        let mut notes = Notes::to_run(run);
        let points = points::for_people(run, &mut notes);
        let under_load = points::under_load(run, &mut notes);
        let Answer { decision, rest } = Answer::of(run, &strictest(run));
        Self {
            title: &run.record.experiment,
            alarms: notes::alarms(run),
            facts: facts::headline(&run.record),
            decision,
            verdicts: rest,
            legend: legend(&[&points, &under_load]),
            points,
            sharpness: [sharpness(run), split(run)].concat(),
            under_load,
            scaling: scaling::scaling(run),
            scaling_legend: scaling::legend(run),
            builds: builds::builds(run),
            notes,
            details: facts::details(&run.record),
        }
    }
}

/// What the signs in the tables mean, as far as they are there.
fn legend(tables: &[&Table]) -> String {
    let signs = [Mark::Front, Mark::Tied, Mark::Wide];
    let shown = signs
        .into_iter()
        .filter(|mark| tables.iter().any(|t| t.shows(*mark)));
    let sentences = shown.map(|mark| format!("{} {}", mark.sign().trim(), meaning(mark)));
    let mut sentences: Vec<String> = sentences.collect();
    sentences.push("± is the longer arm of a 95 % interval.".to_owned());
    sentences.join(" ")
}

fn meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Front => {
            "on the Pareto front of its load: no point measured is both faster and at least as \
             accurate."
        }
        Mark::Tied => {
            "tied with the front: behind it by the estimates, but no point is better beyond doubt."
        }
        Mark::Wide => "still wider than asked for when the budget was spent.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_legend_explains_the_signs_that_are_there() {
        let mut run = fixture::run();
        let legend = Summary::new(&run).legend;
        assert!(
            ["● ", "○ ", "* ", "± "]
                .iter()
                .all(|sign| legend.contains(sign)),
            "{legend}"
        );
        for row in &mut run.points {
            row.settled = None;
            row.tier = row.tier.map(|_| annbench_store::results::Tier::Beaten);
        }
        assert_eq!(
            Summary::new(&run).legend,
            "± is the longer arm of a 95 % interval."
        );
    }
}
