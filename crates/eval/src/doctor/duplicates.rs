//! Vectors that equal others in every component.

use std::cmp::Ordering;

use annbench_vectors::{Ids, MatrixView};
use serde::Serialize;

use super::survey::Survey;

/// Vectors that equal an earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// How many there are.
    pub count: usize,
    /// Different vectors that occur more than once.
    pub groups: usize,
    /// Rows of the vector that occurs most often.
    pub largest: usize,
    /// Two equal rows, `(earlier, later)`.
    pub example: Option<(usize, usize)>,
}

/// Queries that equal a base vector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// How many there are.
    pub count: usize,
    /// One of them, `(query, base row)`.
    pub example: Option<(usize, usize)>,
}

/// Ids that an earlier row has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepeatedIds {
    /// How many rows.
    pub count: usize,
    /// One such id.
    pub id: String,
    /// Two rows that have it, `(earlier, later)`.
    pub example: (usize, usize),
}

/// A number that equal rows share; -0 and 0 are equal.
///
/// Rows that share it are compared, so its quality is a matter of speed alone.
pub(super) fn fingerprint(row: &[f32]) -> u64 {
    // An odd number with its bits well spread: 2^64 over the golden ratio (Knuth, volume 3, 6.4).
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    // Products of one lane wait for each other; those of eight do not.
    let mut lanes = [FACTOR; 8];
    let (chunks, rest) = row.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = mixed(*lane, bits(value).into(), FACTOR);
        }
    }
    let all = lanes
        .into_iter()
        .chain(rest.iter().map(|&value| bits(value).into()));
    all.fold(FACTOR, |so_far, more| mixed(so_far, more, FACTOR))
}

fn mixed(so_far: u64, more: u64, factor: u64) -> u64 {
    let product = (so_far ^ more).wrapping_mul(factor);
    product ^ (product >> 32)
}

/// The bits of a number; 0 and -0 have the same.
fn bits(value: f32) -> u32 {
    (value + 0.0).to_bits()
}

/// Rows in the order of their fingerprints.
pub(super) struct Sorted<'a> {
    vectors: MatrixView<'a>,
    order: Vec<(u64, usize)>,
}

impl<'a> Sorted<'a> {
    /// The finite rows of surveyed vectors.
    pub(super) fn new(vectors: MatrixView<'a>, survey: &Survey) -> Self {
        let numbered = survey.fingerprints.iter().copied().zip(0..);
        let is_finite = |row: usize| vectors.row(row).iter().all(|value| value.is_finite());
        let mut order: Vec<(u64, usize)> = match survey.not_finite.count {
            0 => numbered.collect(),
            _ => numbered.filter(|&(_, row)| is_finite(row)).collect(),
        };
        order.sort_unstable();
        Self { vectors, order }
    }

    /// Counts the rows that equal an earlier one.
    pub(super) fn duplicates(&self) -> Duplicates {
        let mut found = Duplicates::default();
        for run in self
            .order
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|run| run.len() > 1)
        {
            let mut rows: Vec<usize> = run.iter().map(|&(_, row)| row).collect();
            rows.sort_by(|&a, &b| self.by_content(a, b));
            for equal in rows.chunk_by(|&a, &b| self.by_content(a, b).is_eq()) {
                found.add(equal);
            }
        }
        found
    }

    fn by_content(&self, a: usize, b: usize) -> Ordering {
        compare(self.vectors.row(a), self.vectors.row(b))
    }

    /// Counts the queries that equal one of the rows.
    pub(super) fn leak(&self, queries: MatrixView<'_>, survey: &Survey) -> Leak {
        let mut leak = Leak::default();
        for (query_idx, &wanted) in survey.fingerprints.iter().enumerate() {
            if let Some(row) = self.find(wanted, queries.row(query_idx)) {
                leak.count += 1;
                leak.example = leak.example.or(Some((query_idx, row)));
            }
        }
        leak
    }

    fn find(&self, wanted: u64, values: &[f32]) -> Option<usize> {
        let start = self
            .order
            .partition_point(|&(fingerprint, _)| fingerprint < wanted);
        let same = self.order[start..]
            .iter()
            .take_while(|(it, _)| *it == wanted);
        let mut rows = same.map(|&(_, row)| row);
        rows.find(|&row| compare(self.vectors.row(row), values).is_eq())
    }
}

impl Duplicates {
    /// Takes rows that are equal, ascending.
    fn add(&mut self, equal: &[usize]) {
        let &[first, second, ..] = equal else { return };
        self.count += equal.len() - 1;
        self.groups += 1;
        self.largest = self.largest.max(equal.len());
        let is_earlier = self.example.is_none_or(|(_, later)| second < later);
        if is_earlier {
            self.example = Some((first, second));
        }
    }
}

/// Some order of rows, in which equal ones are equal.
fn compare(a: &[f32], b: &[f32]) -> Ordering {
    a.iter().map(|&v| bits(v)).cmp(b.iter().map(|&v| bits(v)))
}

/// The ids that an earlier row has; `None` if they are distinct.
pub(super) fn repeated_ids(ids: &Ids) -> Option<RepeatedIds> {
    let rows = match ids {
        Ids::Rows(_) => return None,
        Ids::Integers(_) | Ids::Strings(_) => 0..ids.len(),
    };
    let mut order: Vec<_> = rows.filter_map(|row| Some((ids.get(row)?, row))).collect();
    order.sort_unstable();
    let pairs = order.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let first = pairs.clone().min_by_key(|pair| pair[1].1)?;
    Some(RepeatedIds {
        count: pairs.count(),
        id: first[0].0.to_string(),
        example: (first[0].1, first[1].1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::collections::HashMap;

    fn duplicates_of(values: &[f32], dim: usize) -> Duplicates {
        let vectors = MatrixView::new(values, dim).unwrap();
        Sorted::new(vectors, &Survey::of(vectors, 1)).duplicates()
    }

    #[test]
    fn both_zeros_are_equal_and_nan_equals_nothing() {
        let values = [0.0, 1.0, f32::NAN, 1.0, -0.0, 1.0, f32::NAN, 1.0];
        let found = duplicates_of(&values, 2);
        assert_eq!((found.count, found.example), (1, Some((0, 2))));
    }

    #[test]
    fn rows_of_one_fingerprint_are_compared() {
        let values = [1.0, 2.0, 1.0, 3.0];
        let vectors = MatrixView::new(&values, 1).unwrap();
        let mut survey = Survey::of(vectors, 1);
        survey.fingerprints.fill(7);
        let sorted = Sorted::new(vectors, &survey);
        let found = sorted.duplicates();
        assert_eq!(
            (found.count, found.groups, found.example),
            (1, 1, Some((0, 2)))
        );
        assert_eq!(sorted.leak(vectors, &survey).count, 4);
    }

    #[test]
    fn repeated_ids_are_counted() {
        let ids = Ids::Strings(["b", "a", "b", "b", "a"].map(String::from).into());
        let expected = RepeatedIds {
            count: 3,
            id: "b".into(),
            example: (0, 2),
        };
        assert_eq!(repeated_ids(&ids), Some(expected));
        assert_eq!(repeated_ids(&Ids::Integers(vec![3, 1, 2])), None);
        assert_eq!(repeated_ids(&Ids::Rows(9)), None);
    }

    proptest! {
        #[test]
        fn duplicates_and_leaks_are_those_of_the_definition(
            rows in vec(vec(0u8..3, 9), 1..60), queries in vec(vec(0u8..3, 9), 1..20),
        ) {
            let rows: Vec<Vec<u8>> = rows.iter().map(|row| row[..2].repeat(5)).collect();
            let queries: Vec<Vec<u8>> = queries.iter().map(|row| row[..2].repeat(5)).collect();
            let flat = |rows: &[Vec<u8>]| rows.concat().iter().map(|&v| f32::from(v)).collect::<Vec<_>>();
            let (base, asked) = (flat(&rows), flat(&queries));
            let base = MatrixView::new(&base, 10).unwrap();
            let asked = MatrixView::new(&asked, 10).unwrap();
            let sorted = Sorted::new(base, &Survey::of(base, 2));
            let mut counts: HashMap<&[u8], usize> = HashMap::new();
            rows.iter().for_each(|row| *counts.entry(row).or_default() += 1);
            let found = sorted.duplicates();
            prop_assert_eq!(found.count, rows.len() - counts.len());
            prop_assert_eq!(found.groups, counts.values().filter(|&&count| count > 1).count());
            let leaked = queries.iter().filter(|query| rows.contains(query)).count();
            prop_assert_eq!(sorted.leak(asked, &Survey::of(asked, 1)).count, leaked);
        }
    }
}
