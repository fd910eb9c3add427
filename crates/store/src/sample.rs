//! Seeded samples that stay the same in every version of annbench and on every machine.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// `count` of the row numbers `0..n`, each subset equally likely, ascending; all of them where
/// `count >= n`.
///
/// # Source
/// Algorithm S (selection sampling), D. Knuth, *The Art of Computer Programming*, volume 2, 3.4.2.
pub fn sample_rows(n: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = Vec::with_capacity(count.min(n));
    for row in 0..n {
        let wanted = count.saturating_sub(rows.len());
        if below(&mut rng, n - row) < wanted {
            rows.push(row);
        }
    }
    rows
}

/// A uniform number in `0..bound`. Written out rather than taken from `rand`, whose way of
/// bounding numbers has changed between versions and would change every sample with it.
fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    let bound = bound as u64;
    // Numbers past the last whole multiple of the bound would favour small results.
    let last = u64::MAX - u64::MAX % bound;
    loop {
        let number = rng.next_u64();
        if number < last {
            return (number % bound) as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sample_is_the_same_for_ever() {
        // Changing this breaks every published sample: the shipped dataset and held-out queries.
        assert_eq!(sample_rows(100, 5, 42), [8, 28, 49, 65, 81]);
    }

    #[test]
    fn every_row_is_taken_about_equally_often() {
        let mut taken = [0; 10];
        for seed in 0..2_000 {
            for row in sample_rows(10, 3, seed) {
                taken[row] += 1;
            }
        }
        // 600 expected with a standard deviation of 20.5; six of them.
        assert!(
            taken.iter().all(|count| (477..=723).contains(count)),
            "{taken:?}"
        );
    }

    proptest! {
        #[test]
        fn a_sample_is_ascending_and_has_its_size(n in 0usize..300, count in 0usize..400, seed: u64) {
            let rows = sample_rows(n, count, seed);
            prop_assert_eq!(rows.len(), count.min(n));
            prop_assert!(rows.is_sorted_by(|a, b| a < b));
            prop_assert!(rows.iter().all(|&row| row < n));
        }
    }
}
