//! All that the outputs for people say, before it is laid out.

use crate::{
    Fact, Note, Notes, Run, Table, Verdict, builds, facts, notes, points,
    verdict::{baseline_sentence, strictest},
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
    /// The exact baseline in a sentence, where there is one.
    pub baseline: Option<String>,
    /// The fastest points at the usual recalls, each at the highest recall it is the answer to.
    pub verdicts: Vec<Verdict<'a>>,
    /// The operating points.
    pub points: Table,
    /// The indexes.
    pub builds: Table,
    /// Warnings and reasons of failure.
    pub notes: Notes,
    /// What it takes to repeat the run.
    pub details: Vec<Fact>,
}

/// What the mark in the table means.
pub(crate) const LEGEND: &str = "● on the Pareto front of its mode: no point measured is both \
     faster and at least as accurate. ± is the longer arm of a 95 % interval.";

impl<'a> Summary<'a> {
    /// Gathers what there is to say of a run.
    pub fn new(run: &'a Run) -> Self {
        let mut notes = Notes::to_run(run);
        let points = points::for_people(run, &mut notes);
        Self {
            title: &run.record.experiment,
            alarms: notes::alarms(run),
            facts: facts::headline(&run.record),
            baseline: baseline_sentence(run),
            verdicts: strictest(run),
            points,
            builds: builds::builds(run),
            notes,
            details: facts::details(&run.record),
        }
    }

    /// The verdict to read if only one is read: the first mode at a recall of 0.95, or above where
    /// the answer is the same.
    pub fn headline(&self) -> Option<&Verdict<'a>> {
        let at_usual = self.verdicts.iter().find(|verdict| verdict.recall >= 0.95);
        at_usual.or(self.verdicts.first())
    }
}
