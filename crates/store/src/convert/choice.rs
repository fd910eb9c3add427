//! Which rows of the input are kept: resolved before the first is read, so that one pass does.

use std::{collections::HashSet, path::Path};

use super::{ConvertError, ConvertOptions};
use crate::sample::sample_rows;

/// The rows to keep, told as they come by in ascending order.
///
/// It takes memory for the rows that options list or sample, not for those of the input.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Rows left out, ascending.
    skipped: Vec<usize>,
    /// Of the others, the places of those to keep, ascending; `None` for all.
    wanted: Option<Vec<usize>>,
    /// Rows to keep at most.
    most: Option<usize>,
    /// The order to put kept rows into, where it is not the input's.
    pub(super) order: Option<Vec<usize>>,
    passed_skipped: usize,
    passed: usize,
    kept: usize,
}

impl Choice {
    /// What the options choose of an input of `n` rows.
    pub(super) fn of(
        options: &ConvertOptions,
        input: &Path,
        n: usize,
    ) -> Result<Self, ConvertError> {
        check(options, input, n)?;
        let choice = match &options.rows {
            Some(rows) => listed(options, rows),
            None => unlisted(options, n),
        };
        match choice.wanted.as_ref().map(Vec::len).or(choice.most) {
            Some(0) => Err(nothing_left(input)),
            None if choice.skipped.len() == n => Err(nothing_left(input)),
            _ => Ok(choice),
        }
    }

    /// Of `rows` rows that follow those seen before, the places of those to keep.
    pub(super) fn places(&mut self, rows: usize) -> Vec<usize> {
        (0..rows).filter(|_| self.takes_next()).collect()
    }

    /// Whether no row to come is wanted.
    pub(super) fn is_done(&self) -> bool {
        let most = self.wanted.as_ref().map(Vec::len).or(self.most);
        most.is_some_and(|most| self.kept >= most)
    }

    fn takes_next(&mut self) -> bool {
        let row = self.passed + self.passed_skipped;
        if self.skipped.get(self.passed_skipped) == Some(&row) {
            self.passed_skipped += 1;
            return false;
        }
        let takes = match &self.wanted {
            Some(wanted) => wanted.get(self.kept) == Some(&self.passed),
            None => !self.is_done(),
        };
        self.passed += 1;
        self.kept += usize::from(takes);
        takes
    }
}

/// Rows that are named one by one.
fn listed(options: &ConvertOptions, rows: &[usize]) -> Choice {
    let skipped: HashSet<usize> = options.skip_rows.iter().copied().collect();
    let mut rows: Vec<usize> = rows
        .iter()
        .copied()
        .filter(|row| !skipped.contains(row))
        .collect();
    if let Some(count) = options.sample {
        let places = sample_rows(rows.len(), count, options.seed);
        rows = places.into_iter().map(|place| rows[place]).collect();
    }
    rows.truncate(options.limit.unwrap_or(usize::MAX));
    let mut ascending = rows.clone();
    ascending.sort_unstable();
    let place = |row: &usize| ascending.partition_point(|other| other < row);
    Choice {
        order: (!rows.is_sorted()).then(|| rows.iter().map(place).collect()),
        wanted: Some(ascending),
        ..Choice::default()
    }
}

fn unlisted(options: &ConvertOptions, n: usize) -> Choice {
    let mut skipped = options.skip_rows.clone();
    skipped.sort_unstable();
    skipped.dedup();
    let sampled = options.sample.map(|count| {
        let mut places = sample_rows(n - skipped.len(), count, options.seed);
        places.truncate(options.limit.unwrap_or(usize::MAX));
        places
    });
    Choice {
        skipped,
        wanted: sampled,
        most: options.limit,
        ..Choice::default()
    }
}

fn check(options: &ConvertOptions, input: &Path, n: usize) -> Result<(), ConvertError> {
    let wanted = options.rows.as_deref().unwrap_or_default();
    let mut named = wanted.iter().chain(&options.skip_rows);
    if let Some(&row) = named.find(|&&row| row >= n) {
        return Err(ConvertError::PastEnd {
            path: input.into(),
            row,
            n,
        });
    }
    let mut seen = HashSet::new();
    match wanted.iter().find(|&&row| !seen.insert(row)) {
        Some(&row) => Err(ConvertError::Repeated { row }),
        None => Ok(()),
    }
}

fn nothing_left(input: &Path) -> ConvertError {
    ConvertError::NothingLeft { path: input.into() }
}
