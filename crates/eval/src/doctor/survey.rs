//! One pass over all vectors: what each row and each dimension is.

use annbench_vectors::MatrixView;
use serde::Serialize;

use super::{
    duplicates::{Duplicates, Sorted, fingerprint},
    moments::Moments,
    parts::in_parts,
};

/// Rows named of those that a finding counts.
const NAMED_ROWS: usize = 5;
/// Most parts the pass is cut into: each keeps sums of every dimension.
const MOST_PARTS: usize = 256;
/// Fewest rows of a part.
const LEAST_ROWS: usize = 1 << 12;
/// How far from 1 the length of a unit vector may be: f16 components round it by less.
const UNIT_TOLERANCE: f64 = 1e-3;

/// What a pass over `n` vectors found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Survey {
    /// Number of vectors.
    pub n: usize,
    /// Components a vector has.
    pub dim: usize,
    /// Rows with a component that is NaN or infinite. They count in nothing below.
    pub not_finite: Rows,
    /// Components that are NaN.
    pub nan: usize,
    /// Components that are infinite.
    pub infinite: usize,
    /// Rows of zeros alone.
    pub zeros: Rows,
    /// Euclidean lengths of the finite rows; none where there is no finite row.
    pub norms: Option<Norms>,
    /// What the finite rows have in each dimension.
    #[serde(skip)]
    pub dimensions: Vec<Dimension>,
    /// A fingerprint of each row, for finding equal ones.
    #[serde(skip)]
    pub(super) fingerprints: Vec<u64>,
}

/// Some rows of a matrix: how many, and the first five.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// How many there are.
    pub count: usize,
    /// The first of them, ascending.
    pub first: Vec<usize>,
}

impl Rows {
    /// Counts rows that come in ascending order.
    pub(super) fn of(rows: impl IntoIterator<Item = usize>) -> Self {
        let mut found = Self::default();
        for row in rows {
            found.count += 1;
            if found.first.len() < NAMED_ROWS {
                found.first.push(row);
            }
        }
        found
    }
}

/// Euclidean lengths of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Norms {
    /// The shortest.
    pub min: f64,
    /// The middle one; of an even number, the lower.
    pub median: f64,
    /// The longest.
    pub max: f64,
    /// Share of lengths that are 1 within 0.001, in `0..=1`.
    pub unit_share: f64,
}

/// What the values of one dimension are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dimension {
    /// The least.
    pub min: f32,
    /// The greatest.
    pub max: f32,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation.
    pub deviation: f64,
}

impl Dimension {
    /// Whether all values are the same.
    pub fn is_constant(&self) -> bool {
        self.min == self.max
    }
}

impl Survey {
    /// Looks at every component once, on `threads` threads; the result does not depend on them.
    pub fn of(vectors: MatrixView<'_>, threads: usize) -> Self {
        let rows_each = vectors.n().div_ceil(MOST_PARTS).max(LEAST_ROWS);
        let n_parts = vectors.n().div_ceil(rows_each);
        let center = center(vectors);
        let parts = in_parts(n_parts, threads, |part| {
            let end = vectors.n().min((part + 1) * rows_each);
            Part::of(vectors.slice(part * rows_each..end), &center)
        });
        Self::sum_up(vectors, &parts, &center)
    }

    /// [`of`](Self::of), and the finite rows that equal an earlier one.
    pub fn with_duplicates(vectors: MatrixView<'_>, threads: usize) -> (Self, Duplicates) {
        let survey = Self::of(vectors, threads);
        let duplicates = Sorted::new(vectors, &survey).duplicates();
        (survey, duplicates)
    }

    fn sum_up(vectors: MatrixView<'_>, parts: &[Part], center: &[f32]) -> Self {
        let norms: Vec<f64> = parts.iter().flat_map(|part| part.norms.clone()).collect();
        let rows_where = |is_it: fn(f64) -> bool| {
            let rows = norms.iter().enumerate();
            Rows::of(rows.filter(|(_, norm)| is_it(**norm)).map(|(row, _)| row))
        };
        let mut moments = Moments::new(vectors.dim());
        parts.iter().for_each(|part| moments.merge(&part.moments));
        Self {
            n: vectors.n(),
            dim: vectors.dim(),
            not_finite: rows_where(|norm| !norm.is_finite()),
            nan: parts.iter().map(|part| part.nan).sum(),
            infinite: parts.iter().map(|part| part.infinite).sum(),
            zeros: rows_where(|norm| norm == 0.0),
            dimensions: moments.dimensions(center),
            fingerprints: parts
                .iter()
                .flat_map(|part| part.fingerprints.iter().copied())
                .collect(),
            norms: Norms::of(norms),
        }
    }

    /// Dimensions in which all values are the same.
    pub fn constant(&self) -> Rows {
        let dimensions = self.dimensions.iter().enumerate();
        Rows::of(
            dimensions
                .filter(|(_, it)| it.is_constant())
                .map(|(at, _)| at),
        )
    }

    /// Whether lengths are equal to 0.1 %, so that cosine, inner product and L2 rank alike.
    pub fn norms_are_equal(&self) -> bool {
        self.norms
            .is_some_and(|norms| norms.max <= norms.min * 1.001)
    }
}

impl Norms {
    fn of(mut norms: Vec<f64>) -> Option<Self> {
        norms.retain(|norm| norm.is_finite());
        let last = norms.len().checked_sub(1)?;
        let is_unit = |norm: &&f64| (**norm - 1.0).abs() <= UNIT_TOLERANCE;
        let n_unit = norms.iter().filter(is_unit).count();
        let (_, median, _) = norms.select_nth_unstable_by(last / 2, f64::total_cmp);
        let median = *median;
        Some(Self {
            min: norms.iter().copied().fold(f64::INFINITY, f64::min),
            median,
            max: norms.iter().copied().fold(0.0, f64::max),
            unit_share: n_unit as f64 / norms.len() as f64,
        })
    }
}

/// Numbers near which the values of each dimension lie: the first finite row. Squares are summed
/// about them, for those of a large mean would swallow a small deviation.
fn center(vectors: MatrixView<'_>) -> Vec<f32> {
    let mut rows = vectors.rows();
    let first = rows.find(|row| row.iter().all(|value| value.is_finite()));
    first.map_or_else(|| vec![0.0; vectors.dim()], <[f32]>::to_vec)
}

/// What one part of the pass found.
struct Part {
    /// NaN or infinite where a component is.
    norms: Vec<f64>,
    fingerprints: Vec<u64>,
    nan: usize,
    infinite: usize,
    moments: Moments,
}

impl Part {
    fn of(vectors: MatrixView<'_>, center: &[f32]) -> Self {
        let mut part = Self {
            norms: Vec::with_capacity(vectors.n()),
            fingerprints: Vec::with_capacity(vectors.n()),
            nan: 0,
            infinite: 0,
            moments: Moments::new(vectors.dim()),
        };
        for row in vectors.rows() {
            let norm = squared_norm(row).sqrt();
            part.norms.push(norm);
            part.fingerprints.push(fingerprint(row));
            match norm.is_finite() {
                true => part.moments.add(row, center),
                false => {
                    part.nan += row.iter().filter(|value| value.is_nan()).count();
                    part.infinite += row.iter().filter(|value| value.is_infinite()).count();
                }
            }
        }
        part
    }
}

/// The sum of the squares, in f64, where squares of finite f32 do not overflow.
pub(super) fn squared_norm(row: &[f32]) -> f64 {
    let (chunks, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    let rest = rest.iter().map(|&value| f64::from(value).powi(2));
    sums.iter().sum::<f64>() + rest.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn rows_that_are_not_finite_are_counted_and_left_out_of_the_rest() {
        let nan = f32::NAN;
        let values = [3.0, 4.0, nan, nan, 0.0, 0.0, f32::INFINITY, nan, 6.0, 8.0];
        let survey = Survey::of(MatrixView::new(&values, 2).unwrap(), 2);
        assert_eq!(survey.not_finite, Rows::of([1, 3]));
        assert_eq!((survey.nan, survey.infinite), (3, 1));
        assert_eq!(survey.zeros, Rows::of([2]));
        let norms = survey.norms.unwrap();
        assert_eq!((norms.min, norms.median, norms.max), (0.0, 5.0, 10.0));
        assert_eq!(survey.dimensions[1].mean, 4.0);
    }

    #[test]
    fn lengths_of_one_are_counted_as_far_as_half_precision_rounds_them() {
        let values = [0.6, 0.8, 1.0009, 0.0, 1.002, 0.0, 0.0, 0.0];
        let survey = Survey::of(MatrixView::new(&values, 2).unwrap(), 1);
        assert_eq!(survey.norms.unwrap().unit_share, 0.5);
    }

    #[test]
    fn a_constant_dimension_is_told_from_one_that_hardly_varies() {
        let values = [1e6, 7.0, 1e6 + 1.0, 7.0, 1e6 + 2.0, 7.0];
        let survey = Survey::of(MatrixView::new(&values, 2).unwrap(), 1);
        assert_eq!(survey.constant(), Rows::of([1]));
        let expected = (2.0f64 / 3.0).sqrt();
        assert!((survey.dimensions[0].deviation - expected).abs() < 1e-9);
    }

    #[test]
    fn a_matrix_without_finite_rows_has_no_norms() {
        let survey = Survey::of(MatrixView::new(&[f32::NAN; 4], 2).unwrap(), 1);
        assert_eq!((survey.not_finite.count, survey.norms), (2, None));
    }

    proptest! {
        #[test]
        fn the_survey_does_not_depend_on_threads_and_is_that_of_the_definition(
            values in vec(-1e3f32..1e3, 3..300), threads in 1usize..5,
        ) {
            let values = &values[..values.len() / 3 * 3];
            // Many rows, so that there are several parts.
            let many = values.repeat(3 * LEAST_ROWS / (values.len() / 3));
            let vectors = MatrixView::new(&many, 3).unwrap();
            let survey = Survey::of(vectors, threads);
            prop_assert_eq!(&survey, &Survey::of(vectors, 1));
            let n = vectors.n() as f64;
            for (at, found) in survey.dimensions.iter().enumerate() {
                let column = || vectors.rows().map(|row| f64::from(row[at]));
                let mean = column().sum::<f64>() / n;
                let variance = column().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
                prop_assert!((found.mean - mean).abs() < 1e-6);
                prop_assert!((found.deviation - variance.sqrt()).abs() < 1e-6);
            }
        }
    }
}
