//! Scores in f64 of several vectors at once.

use annbench_vectors::Metric;

/// Vectors scored together, side by side in one register: the additions of one score wait for each
/// other.
pub(crate) const TOGETHER: usize = 8;

/// Components that are put side by side at a time.
const COMPONENTS: usize = 8;

/// [`Metric::score`] of each row, to the last bit: the same additions in the same order.
pub(crate) fn scores(metric: Metric, query: &[f32], rows: [&[f32]; TOGETHER]) -> [f64; TOGETHER] {
    match metric {
        Metric::InnerProduct => sums(query, rows, |a, b| a * b),
        Metric::L2 => sums(query, rows, |a, b| (a - b) * (a - b)),
        Metric::Cosine => cosines(query, rows),
    }
}

fn sums(
    query: &[f32],
    rows: [&[f32]; TOGETHER],
    term: impl Fn(f64, f64) -> f64,
) -> [f64; TOGETHER] {
    // What the sum of an empty iterator is: a sum of negative zeros stays negative.
    let mut sums = [-0.0; TOGETHER];
    for (values, columns) in side_by_side(query, &rows) {
        for (value, column) in values.iter().zip(&columns) {
            for (sum, component) in sums.iter_mut().zip(column) {
                *sum += term(f64::from(*value), f64::from(*component));
            }
        }
    }
    sums
}

fn cosines(query: &[f32], rows: [&[f32]; TOGETHER]) -> [f64; TOGETHER] {
    let (mut dots, mut squares, mut query_squared) = ([0.0; TOGETHER], [0.0; TOGETHER], 0.0);
    for (values, columns) in side_by_side(query, &rows) {
        for (value, column) in values.iter().zip(&columns) {
            let value = f64::from(*value);
            query_squared += value * value;
            for ((dot, squared), component) in dots.iter_mut().zip(&mut squares).zip(column) {
                let component = f64::from(*component);
                *dot += value * component;
                *squared += component * component;
            }
        }
    }
    std::array::from_fn(|at| dots[at] / (f64::sqrt(query_squared) * f64::sqrt(squares[at])))
}

/// Components of the query, and to each of them that of every row.
fn side_by_side<'q>(
    query: &'q [f32],
    rows: &[&[f32]; TOGETHER],
) -> impl Iterator<Item = (&'q [f32], [[f32; TOGETHER]; COMPONENTS])> {
    let chunks = query.chunks(COMPONENTS).enumerate();
    chunks.map(|(at, values)| {
        let first = at * COMPONENTS;
        let mut columns = [[0.0; TOGETHER]; COMPONENTS];
        for (of_row, row) in rows.iter().enumerate() {
            for (column, component) in columns.iter_mut().zip(&row[first..first + values.len()]) {
                column[of_row] = *component;
            }
        }
        (values, columns)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn scores_are_those_of_the_metric_to_the_last_bit(
            components in (1usize..50).prop_flat_map(|dim| vec(vec(-1e3f32..1e3, dim), TOGETHER + 1)),
        ) {
            let rows = std::array::from_fn(|at| &*components[at + 1]);
            for metric in Metric::ALL {
                let one = |row| metric.score(&components[0], row).to_bits();
                let together = scores(metric, &components[0], rows).map(f64::to_bits);
                prop_assert_eq!(together, rows.map(one));
            }
        }
    }

    #[test]
    fn zeros_keep_their_sign() {
        for metric in Metric::ALL {
            let one = metric.score(&[-0.0, 0.0], &[1.0, -1.0]).to_bits();
            let together = scores(metric, &[-0.0, 0.0], [&[1.0, -1.0]; TOGETHER]);
            assert_eq!(together.map(f64::to_bits), [one; TOGETHER], "{metric}");
        }
    }
}
