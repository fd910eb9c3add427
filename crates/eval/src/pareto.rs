//! The Pareto front.

use std::cmp::Ordering;

/// The numbers of the points that no other point beats: none is at least as large in both
/// coordinates and larger in one. Both are to be large (recall and qps, say; negate what is to be
/// small). Points that are equal to one on the front are on it too; a point with a NaN never is.
/// In ascending order.
pub fn front(points: &[(f64, f64)]) -> Vec<usize> {
    let is_number = |at: &usize| !points[*at].0.is_nan() && !points[*at].1.is_nan();
    let mut order: Vec<usize> = (0..points.len()).filter(is_number).collect();
    order.sort_by(|a, b| largest_first(points[*a], points[*b]));
    let mut front: Vec<usize> = Vec::new();
    for at in order {
        // In this order the last one taken is as large as any in the second coordinate.
        let last = front.last().map(|last| points[*last]);
        if last.is_none_or(|last| points[at].1 > last.1 || points[at] == last) {
            front.push(at);
        }
    }
    front.sort_unstable();
    front
}

/// The first coordinate decides, then the second. Neither is NaN.
fn largest_first(a: (f64, f64), b: (f64, f64)) -> Ordering {
    b.partial_cmp(&a).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};

    #[test]
    fn only_unbeaten_points_are_on_the_front() {
        let nan = f64::NAN;
        let cases = [
            (vec![], vec![]),
            (vec![(1.0, 1.0)], vec![0]),
            (
                vec![(0.9, 10.0), (0.8, 10.0), (0.9, 9.0), (0.7, 30.0)],
                vec![0, 3],
            ),
            (vec![(0.5, 5.0), (0.5, 5.0), (0.4, 5.0)], vec![0, 1]),
            (vec![(nan, 9.0), (0.1, nan), (0.1, 1.0)], vec![2]),
            (
                vec![(0.0, 1.0), (-0.0, 1.0), (f64::INFINITY, 0.0)],
                vec![0, 1, 2],
            ),
        ];
        for (points, expected) in cases {
            assert_eq!(front(&points), expected, "{points:?}");
        }
    }

    fn beats(a: (f64, f64), b: (f64, f64)) -> bool {
        a.0 >= b.0 && a.1 >= b.1 && a != b
    }

    fn coordinate() -> impl Strategy<Value = f64> {
        select(vec![
            0.0,
            -0.0,
            1.0,
            2.0,
            3.0,
            -1.0,
            f64::INFINITY,
            f64::NAN,
        ])
    }

    proptest! {
        #[test]
        fn the_front_is_unbeaten_and_complete(points in vec((coordinate(), coordinate()), 0..40)) {
            let front = front(&points);
            for (at, &point) in points.iter().enumerate() {
                let is_number = !point.0.is_nan() && !point.1.is_nan();
                let unbeaten = is_number && !points.iter().any(|&other| beats(other, point));
                prop_assert_eq!(front.contains(&at), unbeaten, "{:?}", point);
            }
        }
    }
}
