//! What is wrong with a set of vectors, and how hard it is to search, before a benchmark runs on it.
//!
//! [`examine`] looks at everything: one pass over all components, a comparison of all rows, and the
//! exact neighbours of a sample. [`glance`] stops before the neighbours and keeps what matters.
//! Both return [`Finding`]s, which say what there is, what follows from it and what to do.

mod duplicates;
mod finding;
mod headroom;
mod hubness;
mod intrinsic;
mod moments;
mod neighborhood;
mod parts;
mod shift;
mod study;
mod survey;
mod words;

use annbench_exact::ExactError;
use annbench_vectors::{Ids, MatrixView, Metric};
use serde::Serialize;

pub use duplicates::{Duplicates, Leak, RepeatedIds};
pub use finding::{Finding, Severity, Side};
pub use headroom::Headroom;
pub use hubness::Hubness;
pub use intrinsic::IntrinsicDimension;
pub use shift::Shift;
pub use study::{Study, Surroundings};
pub use survey::{Dimension, Norms, Rows, Survey};

use duplicates::{Sorted, repeated_ids};
use neighborhood::Usable;

/// Vectors to be examined. Components may be NaN or infinite, ids may repeat: that is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The base, n x dim.
    pub base: MatrixView<'a>,
    /// What its rows are called, one name a row, where they have names of their own.
    pub ids: Option<&'a Ids>,
    /// The queries, n_queries x dim, where there are any.
    pub queries: Option<MatrixView<'a>>,
    /// Whether the queries were rows of the base and have been taken out of it.
    pub held_out: bool,
    /// What makes two of them near.
    pub metric: Metric,
}

/// How to examine.
pub struct ExamineOptions<'a> {
    /// Base vectors, and queries, whose exact neighbours are found; twenty times as many are compared
    /// with each other. At least 1.
    pub sample: usize,
    /// Threads to use, at least 1. The result does not depend on them.
    pub threads: usize,
    /// Draws `count` of the row numbers `0..n`, ascending, or all where there are fewer: called
    /// with `n` and `count`. The result is as random as this is.
    pub choose: &'a dyn Fn(usize, usize) -> Vec<usize>,
}

/// A part of an examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The pass over all components.
    Survey,
    /// Rows are compared with each other and with the queries.
    Compare,
    /// Neighbours of the sample of the base are found.
    Neighbors,
    /// Neighbours of the sample of the queries are found.
    QueryNeighbors,
    /// Neighbours are ranked again by rounded vectors.
    Rounding,
    /// The sample is compared with itself.
    Hubs,
}

/// How far an examination is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is done now.
    pub stage: Stage,
    /// How much of it is done.
    pub done: u64,
    /// Of how much; 0 where that is not known.
    pub total: u64,
}

impl Step {
    fn begin(stage: Stage) -> Self {
        let (done, total) = (0, 0);
        Self { stage, done, total }
    }
}

/// Is told how far an examination is, from whichever thread got there.
pub type Listener<'a> = dyn FnMut(Step) + Send + 'a;

/// All that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Examination {
    /// What makes two vectors near.
    pub metric: Metric,
    /// The pass over the base.
    pub base: Survey,
    /// The pass over the queries.
    pub queries: Option<Survey>,
    /// Base vectors that equal an earlier one.
    pub duplicates: Duplicates,
    /// What neighbours tell; `None` where fewer than two vectors can be searched.
    pub study: Option<Study>,
    /// What to know and do about it, the gravest first.
    #[serde(skip)]
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Whether a run on these vectors makes sense: nothing found forbids it.
    pub fn allows_run(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity() < Severity::Fatal)
    }
}

/// Looks at everything.
///
/// Takes a copy of the base only where some of its rows cannot be searched.
///
/// # Errors
/// [`ExactError`] if queries and base differ in dim or `threads` is zero.
pub fn examine(
    subject: &Subject<'_>,
    options: &ExamineOptions<'_>,
    listener: &mut Listener<'_>,
) -> Result<Examination, ExactError> {
    let found = Looked::at(subject, options.threads, listener)?;
    let usable = Usable::of(subject.base, &found.base, subject.metric);
    let queries = subject.queries.zip(found.queries.as_ref());
    let queries = queries.map(|(queries, survey)| Usable::of(queries, survey, subject.metric));
    let study = study::study(&usable, queries.as_ref(), subject.metric, options, listener)?;
    let mut findings = found.findings(subject);
    findings.extend(finding::of_study(study.as_ref()));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
    Ok(Examination {
        metric: subject.metric,
        duplicates: found.duplicates,
        base: found.base,
        queries: found.queries,
        study,
        findings,
    })
}

/// What there is to warn of that needs no neighbours, the gravest first: one pass over the
/// components and a comparison of rows, about as fast as memory is read.
///
/// # Errors
/// [`ExactError`] if queries and base differ in dim or `threads` is zero.
pub fn glance(subject: &Subject<'_>, threads: usize) -> Result<Vec<Finding>, ExactError> {
    let mut findings = Looked::at(subject, threads, &mut |_| {})?.findings(subject);
    findings.retain(|finding| finding.severity() > Severity::Note);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
    Ok(findings)
}

/// What is found without neighbours.
struct Looked {
    base: Survey,
    queries: Option<Survey>,
    duplicates: Duplicates,
    repeated_queries: Duplicates,
    leak: Leak,
    repeated_ids: Option<RepeatedIds>,
}

impl Looked {
    fn at(
        subject: &Subject<'_>,
        threads: usize,
        listener: &mut Listener<'_>,
    ) -> Result<Self, ExactError> {
        check(subject, threads)?;
        listener(Step::begin(Stage::Survey));
        let base = Survey::of(subject.base, threads);
        let queries = subject.queries.map(|queries| Survey::of(queries, threads));
        listener(Step::begin(Stage::Compare));
        let sorted = Sorted::new(subject.base, &base);
        let asked = subject.queries.zip(queries.as_ref());
        Ok(Self {
            duplicates: sorted.duplicates(),
            leak: asked.map_or_else(Leak::default, |(it, survey)| sorted.leak(it, survey)),
            repeated_queries: asked.map_or_else(Duplicates::default, |(it, survey)| {
                Sorted::new(it, survey).duplicates()
            }),
            repeated_ids: subject.ids.and_then(repeated_ids),
            base,
            queries,
        })
    }

    fn findings(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut findings = finding::of_survey(&self.base, Side::Base, subject.metric);
        if let Some(queries) = &self.queries {
            findings.extend(finding::of_survey(queries, Side::Queries, subject.metric));
            let n = queries.n;
            findings.extend(Finding::repeated_queries(self.repeated_queries, n));
            findings.extend(Finding::leak(self.leak, n, subject.held_out));
        }
        findings.extend(Finding::duplicates(self.duplicates, self.base.n));
        findings.extend(self.repeated_ids.clone().map(Finding::RepeatedIds));
        findings
    }
}

fn check(subject: &Subject<'_>, threads: usize) -> Result<(), ExactError> {
    let base = subject.base.dim();
    match subject.queries.map(MatrixView::dim) {
        _ if threads == 0 => Err(ExactError::ZeroThreads),
        Some(queries) if queries != base => Err(ExactError::DimMismatch { queries, base }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
