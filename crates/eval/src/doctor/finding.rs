//! What there is to know about a set of vectors, and how grave it is.

use std::fmt;

use annbench_vectors::Metric;
use serde::Serialize;

use super::{
    duplicates::{Duplicates, Leak, RepeatedIds},
    headroom::Headroom,
    hubness::Hubness,
    shift::Shift,
    study::{Study, Surroundings},
    survey::{Norms, Rows, Survey},
};

/// Share of repeated vectors from which they distort a benchmark.
const MANY: f64 = 0.01;
/// Probability of being farther, from which queries count as shifted: a medium effect by Cohen's
/// convention (d = 0.5, of which this is the probability).
const SHIFTED: f64 = 0.64;
/// Shift of means that counts as medium by the same convention.
const MEANS_SHIFTED: f64 = 0.5;
/// recall@k from which on nothing is lost that matters.
const HARMLESS: f64 = 0.99;

/// Vectors below which figures of a sample say nothing.
const LEAST: usize = 100;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Results will not mean what one would think.
    Warning,
    /// A run is refused or meaningless.
    Fatal,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Fatal => "fatal",
        })
    }
}

/// Which vectors a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Those searched.
    Base,
    /// Those searched for.
    Queries,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Base => "base",
            Self::Queries => "queries",
        })
    }
}

/// Something to know about a set of vectors.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// Rows with components that are NaN or infinite.
    NotFinite {
        /// Where.
        side: Side,
        /// The rows.
        rows: Rows,
        /// Components that are NaN.
        nan: usize,
        /// Components that are infinite.
        infinite: usize,
    },
    /// Rows of zeros.
    Zeros {
        /// Where.
        side: Side,
        /// The rows.
        rows: Rows,
        /// Whether the metric needs a direction.
        refused: bool,
    },
    /// Ids that occur more than once.
    RepeatedIds(RepeatedIds),
    /// Vectors so long, or so short, that squares of their lengths leave f32.
    Magnitude {
        /// Where.
        side: Side,
        /// The longest length.
        norm: f64,
    },
    /// Fewer than two vectors are left to search.
    TooFew,
    /// Base vectors that equal an earlier one.
    Duplicates {
        /// How many, and of how many kinds.
        duplicates: Duplicates,
        /// Of so many vectors.
        n: usize,
    },
    /// Base vectors that nearly equal another.
    NearDuplicates {
        /// How many.
        count: usize,
        /// Of so many looked at.
        of: usize,
        /// One of them, and the base row it nearly equals.
        example: Option<(usize, usize)>,
    },
    /// Queries that equal an earlier one.
    RepeatedQueries {
        /// How many, and of how many kinds.
        duplicates: Duplicates,
        /// Of so many queries.
        n: usize,
    },
    /// Queries that equal a base vector.
    Leak {
        /// How many.
        leak: Leak,
        /// Of so many queries.
        n: usize,
        /// Whether they were taken out of the base, which has copies of them, then.
        held_out: bool,
    },
    /// Queries that nearly equal a base vector.
    NearLeak {
        /// How many.
        count: usize,
        /// Of so many looked at.
        of: usize,
        /// One of them, and the base row it nearly equals.
        example: Option<(usize, usize)>,
    },
    /// Queries come from elsewhere than the base.
    Shifted(Shift),
    /// Lengths differ.
    Norms {
        /// The metric in use.
        metric: Metric,
        /// The lengths.
        norms: Norms,
    },
    /// Lengths are equal.
    EqualNorms,
    /// Dimensions in which all vectors are the same.
    Constant {
        /// The dimensions.
        dimensions: Rows,
        /// Of so many.
        dim: usize,
    },
    /// How hard neighbours are to find.
    Difficulty {
        /// Around which vectors.
        side: Side,
        /// What lies there.
        around: Surroundings,
    },
    /// How unevenly vectors are neighbours.
    Hubs(Hubness),
    /// What smaller components would cost.
    Rounded(Headroom),
}

impl Finding {
    /// How grave it is.
    pub fn severity(&self) -> Severity {
        let warn_if = |is_grave: bool| match is_grave {
            true => Severity::Warning,
            false => Severity::Note,
        };
        match self {
            Self::NotFinite { .. } | Self::RepeatedIds(_) | Self::TooFew => Severity::Fatal,
            Self::Magnitude { .. } => Severity::Fatal,
            Self::Zeros { refused: true, .. } => Severity::Fatal,
            Self::Zeros { .. } | Self::Leak { .. } | Self::Shifted(_) => Severity::Warning,
            Self::Duplicates { duplicates, n } => {
                warn_if(duplicates.largest > 10 || is_many(duplicates.count, *n))
            }
            Self::RepeatedQueries { duplicates, n } => warn_if(is_many(duplicates.count, *n)),
            Self::NearDuplicates { count, of, .. } | Self::NearLeak { count, of, .. } => {
                warn_if(is_many(*count, *of))
            }
            Self::Constant {
                dimensions, dim, ..
            } => warn_if(10 * dimensions.count >= *dim),
            Self::Hubs(hubness) => warn_if(hubness.is_marked()),
            Self::Norms { metric, .. } => warn_if(*metric == Metric::InnerProduct),
            Self::EqualNorms | Self::Difficulty { .. } | Self::Rounded(_) => Severity::Note,
        }
    }

    pub(super) fn duplicates(duplicates: Duplicates, n: usize) -> Option<Self> {
        (duplicates.count > 0).then_some(Self::Duplicates { duplicates, n })
    }

    pub(super) fn repeated_queries(duplicates: Duplicates, n: usize) -> Option<Self> {
        (duplicates.count > 0).then_some(Self::RepeatedQueries { duplicates, n })
    }

    pub(super) fn leak(leak: Leak, n: usize, held_out: bool) -> Option<Self> {
        (leak.count > 0).then_some(Self::Leak { leak, n, held_out })
    }
}

fn is_many(count: usize, of: usize) -> bool {
    count as f64 >= MANY * of as f64
}

impl Headroom {
    /// Whether components of 8 bits cost no recall that matters.
    pub fn int8_is_harmless(&self) -> bool {
        self.int8 >= HARMLESS
    }

    /// Whether components of 16 bits cost no recall that matters.
    pub fn f16_is_harmless(&self) -> bool {
        self.f16.is_some_and(|recall| recall >= HARMLESS)
    }
}

/// What a pass over vectors tells.
pub(super) fn of_survey(survey: &Survey, side: Side, metric: Metric) -> Vec<Finding> {
    let mut findings = Vec::new();
    if survey.not_finite.count > 0 {
        findings.push(Finding::NotFinite {
            side,
            rows: survey.not_finite.clone(),
            nan: survey.nan,
            infinite: survey.infinite,
        });
    }
    if survey.zeros.count > 0 {
        findings.push(Finding::Zeros {
            side,
            rows: survey.zeros.clone(),
            refused: metric == Metric::Cosine,
        });
    }
    findings.extend(magnitude(survey, side));
    let dimensions = survey.constant();
    let usable = survey.n - survey.not_finite.count;
    if side == Side::Base && dimensions.count > 0 && usable > 1 {
        let dim = survey.dim;
        findings.push(Finding::Constant { dimensions, dim });
    }
    findings.extend(norms(survey, side, metric));
    findings
}

/// Indexes sum squares in f32: those of such lengths are infinite or zero there.
fn magnitude(survey: &Survey, side: Side) -> Option<Finding> {
    let norm = survey.norms?.max;
    // Distances are up to twice as long as the vectors.
    let overflows = 4.0 * norm * norm > f64::from(f32::MAX);
    let underflows = norm > 0.0 && norm * norm < f64::from(f32::MIN_POSITIVE);
    (overflows || underflows).then_some(Finding::Magnitude { side, norm })
}

fn norms(survey: &Survey, side: Side, metric: Metric) -> Option<Finding> {
    let norms = survey.norms.filter(|norms| norms.max > 0.0)?;
    match (side, survey.norms_are_equal()) {
        (Side::Queries, _) => None,
        (_, true) => Some(Finding::EqualNorms),
        (_, false) => Some(Finding::Norms { metric, norms }),
    }
}

/// What the neighbours of a sample tell.
pub(super) fn of_study(study: Option<&Study>) -> Vec<Finding> {
    let Some(study) = study else {
        return vec![Finding::TooFew];
    };
    let has_near = |around: &Surroundings| around.nearly_equal > 0;
    let near_duplicates = Some(study.base).filter(has_near);
    let near_duplicates = near_duplicates.map(|around| Finding::NearDuplicates {
        count: around.nearly_equal,
        of: around.probes,
        example: around.example,
    });
    let near_leak = study.queries.filter(has_near);
    let near_leak = near_leak.map(|around| Finding::NearLeak {
        count: around.nearly_equal,
        of: around.probes,
        example: around.example,
    });
    let is_shifted = |shift: &Shift| shift.farther > SHIFTED || shift.mean_shift > MEANS_SHIFTED;
    let shifted = study.shift.filter(is_shifted).map(Finding::Shifted);
    let found = [near_duplicates, near_leak, shifted];
    let figures = figures(study);
    found.into_iter().flatten().chain(figures).collect()
}

/// Figures that a handful of vectors would not carry.
fn figures(study: &Study) -> Vec<Finding> {
    let Some(hubness) = study.hubness.filter(|hubness| hubness.n >= LEAST) else {
        return Vec::new();
    };
    let (side, around) = match study.queries {
        Some(queries) => (Side::Queries, queries),
        None => (Side::Base, study.base),
    };
    let difficulty = around
        .intrinsic_dimension
        .map(|_| Finding::Difficulty { side, around });
    let rounded = study.headroom.map(Finding::Rounded);
    [difficulty, Some(Finding::Hubs(hubness)), rounded]
        .into_iter()
        .flatten()
        .collect()
}
