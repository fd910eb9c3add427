//! Hubness: whether few vectors are neighbours of many, and many of none.

use serde::Serialize;

use super::neighborhood::Neighbor;

/// How often the vectors of a sample are neighbours of each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hubness {
    /// Skewness of the number of lists that a vector is in; 0 where all are in about as many.
    pub skewness: f64,
    /// Share of vectors that are in no list, in `0..=1`.
    pub never: f64,
    /// Lists that the vector in most of them is in.
    pub most: usize,
    /// Vectors compared with each other.
    pub n: usize,
    /// Length of a list.
    pub k: usize,
}

/// Counts how often each of the vectors is among the neighbours of another; `None` of no vectors.
///
/// # Source
/// The k-occurrence and its skewness are those of M. Radovanović, A. Nanopoulos and M. Ivanović,
/// *Hubs in space: popular nearest neighbors in high-dimensional data*, JMLR 11, 2010, section 2.
pub(super) fn hubness(lists: &[Vec<Neighbor>], k: usize) -> Option<Hubness> {
    let mut occurrences = vec![0usize; lists.len()];
    for &(row, _) in lists.iter().flatten() {
        occurrences[row] += 1;
    }
    Some(Hubness {
        skewness: skewness(&occurrences),
        never: occurrences.iter().filter(|&&count| count == 0).count() as f64 / lists.len() as f64,
        most: *occurrences.iter().max()?,
        n: lists.len(),
        k,
    })
}

/// The third standardised moment; 0 where all are the same.
fn skewness(counts: &[usize]) -> f64 {
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<usize>() as f64 / n;
    let moment = |power: i32| {
        let powers = counts
            .iter()
            .map(|&count| (count as f64 - mean).powi(power));
        powers.sum::<f64>() / n
    };
    match moment(2) {
        0.0 => 0.0,
        variance => moment(3) / variance.powf(1.5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_skews_the_occurrences() {
        let star: Vec<Vec<Neighbor>> = (0..10)
            .map(|row| vec![(usize::from(row == 0), 1.0)])
            .collect();
        let found = hubness(&star, 1).unwrap();
        assert_eq!((found.most, found.never), (9, 0.8));
        // Occurrences 9, 1 and eight 0: mean 1, variance 7.2, third moment 50.4.
        assert!((found.skewness - 50.4 / 7.2f64.powf(1.5)).abs() < 1e-12);
    }

    #[test]
    fn a_ring_has_no_hubs() {
        let ring: Vec<Vec<Neighbor>> = (0..10).map(|row| vec![((row + 1) % 10, 1.0)]).collect();
        let found = hubness(&ring, 1).unwrap();
        assert_eq!((found.most, found.never, found.skewness), (1, 0.0, 0.0));
        assert_eq!(hubness(&[], 1), None);
    }
}
