//! What was timed at one operating point.

use std::{borrow::Cow, collections::BTreeMap};

/// The rounds of one build, by their numbers.
pub(crate) type Rounds<'a> = BTreeMap<usize, Cow<'a, [u64]>>;

/// The latencies of one operating point in one mode, in nanoseconds: by build, round and query.
///
/// A round holds either one latency for each query, in the order of the queries and the same
/// queries in each round and build (mode single), or one duration for all of them (mode batch).
/// Builds and rounds go by numbers, since a run that was cut short lacks some: rounds of one number
/// were measured in the same stretch of time at all points, and are compared with each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples<'a> {
    builds: BTreeMap<usize, Rounds<'a>>,
}

impl<'a> Samples<'a> {
    /// No samples yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a round of a build, in place of one that has the same numbers.
    ///
    /// One that took no time is left out, as a clock too coarse to see it has nothing to say of it.
    pub fn push(&mut self, build: usize, round: usize, latencies_ns: impl Into<Cow<'a, [u64]>>) {
        let latencies_ns = latencies_ns.into();
        if latencies_ns.iter().any(|&latency_ns| latency_ns > 0) {
            let rounds = self.builds.entry(build).or_default();
            rounds.insert(round, latencies_ns);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.builds.is_empty()
    }

    /// Number of builds.
    pub fn n_builds(&self) -> usize {
        self.builds.len()
    }

    /// The builds by number, each with its rounds by number: latencies in nanoseconds.
    pub fn rounds(&self) -> impl Iterator<Item = (usize, usize, &[u64])> {
        self.builds.iter().flat_map(|(&build, rounds)| {
            let rounds = rounds.iter();
            rounds.map(move |(&round, latencies_ns)| (build, round, &**latencies_ns))
        })
    }

    /// Rounds that both have, of the builds that both have. A point that was built once is compared
    /// with each build of the other.
    pub(crate) fn paired<'s>(&'s self, other: &'s Self) -> Vec<Pair<'s>> {
        let more = if other.n_builds() > self.n_builds() {
            other
        } else {
            self
        };
        let pair = |&build: &usize| Some((build, self.build(build)?, other.build(build)?));
        let builds = more.builds.keys().filter_map(pair);
        builds
            .flat_map(|(build, a, b)| {
                a.iter().filter_map(move |(&round, a)| {
                    let b = b.get(&round)?;
                    Some(Pair { build, round, a, b })
                })
            })
            .collect()
    }

    fn build(&self, build: usize) -> Option<&Rounds<'a>> {
        match (self.builds.len(), self.builds.values().next()) {
            (1, only) => only,
            _ => self.builds.get(&build),
        }
    }
}

/// A round that two points have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) build: usize,
    pub(crate) round: usize,
    pub(crate) a: &'a [u64],
    pub(crate) b: &'a [u64],
}

/// A figure of each build and round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    builds: BTreeMap<usize, BTreeMap<usize, f64>>,
}

impl FromIterator<(usize, usize, f64)> for Cells {
    fn from_iter<I: IntoIterator<Item = (usize, usize, f64)>>(figures: I) -> Self {
        let mut cells = Self::default();
        for (build, round, figure) in figures {
            cells.builds.entry(build).or_default().insert(round, figure);
        }
        cells
    }
}

impl Cells {
    /// The figures of each build, by round.
    pub(crate) fn builds(&self) -> impl Iterator<Item = &BTreeMap<usize, f64>> {
        self.builds.values()
    }
}

/// Time of a round, in nanoseconds.
pub(crate) fn total_ns(latencies_ns: &[u64]) -> f64 {
    latencies_ns
        .iter()
        .map(|&latency_ns| latency_ns as f64)
        .sum()
}
