//! Local intrinsic dimension: how many directions the data leads to from where one stands.

use serde::Serialize;

use super::neighborhood::quantile;

/// Most neighbours an estimate takes: more of them vary less but are less local.
const MOST_NEIGHBORS: usize = 100;
/// Share of the base, as one in so many, that counts as local.
const LOCAL_ONE_IN: usize = 20;
/// Fewest neighbours an estimate takes, where the base has them.
const LEAST_NEIGHBORS: usize = 10;

/// Local intrinsic dimensions of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IntrinsicDimension {
    /// That of the sample as a whole: the harmonic mean of the estimates.
    pub mean: f64,
    /// A tenth of the estimates lies at or below this.
    pub p10: f64,
    /// Nine tenths of the estimates lie at or below this.
    pub p90: f64,
    /// Neighbours an estimate takes.
    pub k: usize,
}

/// Neighbours that are local in a base of `n`.
pub(super) fn local_k(n: usize) -> usize {
    (n / LOCAL_ONE_IN).clamp(LEAST_NEIGHBORS, MOST_NEIGHBORS)
}

/// Estimates it from the distances of each probe to its nearest neighbours, ascending; `None`
/// where no probe has two neighbours at different distances above `zero`, which counts as 0.
///
/// # Source
/// The maximum likelihood estimate of E. Levina and P. Bickel, *Maximum likelihood estimation of
/// intrinsic dimension*, NIPS 2004, equation 8, which is that of L. Amsaleg et al., *Estimating
/// local intrinsic dimensionality*, KDD 2015. Averaged by inverses as D. MacKay and Z. Ghahramani
/// propose in their comment on the former (2005): the mean of the estimates themselves is biased.
pub(super) fn intrinsic_dimension(
    distances: &[Vec<f64>],
    k: usize,
    zero: f64,
) -> Option<IntrinsicDimension> {
    let local = distances.iter().map(|list| &list[..k.min(list.len())]);
    let inverses: Vec<f64> = local.filter_map(|list| inverse(list, zero)).collect();
    let mean = inverses.iter().sum::<f64>() / inverses.len() as f64;
    let estimates = || inverses.iter().map(|inverse| 1.0 / inverse);
    Some(IntrinsicDimension {
        mean: 1.0 / mean,
        p10: quantile(estimates(), 0.1)?,
        p90: quantile(estimates(), 0.9)?,
        k,
    })
}

/// One over the estimate of one probe: the mean logarithm of the last distance over the others.
fn inverse(distances: &[f64], zero: f64) -> Option<f64> {
    let start = distances.partition_point(|&distance| distance <= zero);
    let (last, others) = distances[start..].split_last()?;
    let sum: f64 = others.iter().map(|distance| (last / distance).ln()).sum();
    let inverse = sum / others.len() as f64;
    (inverse > 0.0).then_some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distances_of_a_ball_give_its_dimension() {
        // In a ball of dimension d, the j-th of k nearest lies at about (j / k)^(1 / d).
        for dimension in [1.0, 3.0, 20.0] {
            let list: Vec<f64> = (1..=100)
                .map(|j| f64::powf(j as f64 / 100.0, 1.0 / dimension))
                .collect();
            let found = intrinsic_dimension(&[list], 100, 0.0).unwrap();
            assert!((found.mean / dimension - 1.0).abs() < 0.04, "{found:?}");
        }
    }

    #[test]
    fn equal_vectors_have_none_and_spoil_no_other() {
        assert_eq!(
            intrinsic_dimension(&[vec![0.0; 9], vec![2.0; 9], vec![]], 9, 0.0),
            None
        );
        let one = intrinsic_dimension(&[vec![1.0, 2.0]], 9, 0.0).unwrap();
        let with_zeros = [vec![0.0, 0.0, 1.0, 2.0], vec![0.0; 4]];
        assert_eq!(intrinsic_dimension(&with_zeros, 9, 0.0).unwrap(), one);
        assert!((one.mean - 1.0 / 2f64.ln()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn the_unit_of_length_does_not_matter(
            mut list in proptest::collection::vec(0.1f64..10.0, 2..50), unit in 0.01f64..100.0,
        ) {
            list.sort_by(f64::total_cmp);
            let scaled = list.iter().map(|distance| distance * unit).collect();
            let k = list.len();
            let a = intrinsic_dimension(&[list], k, 0.0);
            let b = intrinsic_dimension(&[scaled], k, 0.0);
            prop_assert_eq!(a.is_some(), b.is_some());
            if let (Some(a), Some(b)) = (a, b) {
                prop_assert!((a.mean / b.mean - 1.0).abs() < 1e-6);
            }
        }
    }
}
