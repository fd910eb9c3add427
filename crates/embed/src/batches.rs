//! Which texts are computed together.

/// Tokens in a batch at most, padding included. Sixty-four texts of 512 tokens would take gigabytes
/// on each thread, and are no faster than the same in parts.
const MAX_TOKENS: usize = 8192;

/// Numbers of texts computed together, longest texts first, so that little is padded, the time
/// left is known early and no thread is left with the longest batch at the end.
pub(crate) fn by_length(lengths: &[usize], batch: usize) -> Vec<Vec<usize>> {
    let mut rows: Vec<usize> = (0..lengths.len()).collect();
    rows.sort_by_key(|&row| std::cmp::Reverse(lengths[row]));
    let mut batches = Vec::new();
    let mut rest = &rows[..];
    while let Some(&longest) = rest.first() {
        let room = (MAX_TOKENS / lengths[longest].max(1)).max(1);
        let (next, after) = rest.split_at(room.min(batch).min(rest.len()));
        batches.push(next.to_vec());
        rest = after;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_of_like_length_come_together_longest_first() {
        assert_eq!(
            by_length(&[3, 9, 1, 8, 2], 2),
            [vec![1, 3], vec![0, 4], vec![2]]
        );
        assert_eq!(by_length(&[4096, 4096, 4096], 64), [vec![0, 1], vec![2]]);
        assert_eq!(by_length(&[100_000, 0], 64), [vec![0], vec![1]]);
        assert!(by_length(&[], 64).is_empty());
    }

    proptest! {
        #[test]
        fn every_text_is_in_one_batch(
            lengths in proptest::collection::vec(0usize..600, 0..300),
            batch in 1usize..100,
        ) {
            let batches = by_length(&lengths, batch);
            prop_assert!(batches.iter().all(|rows| (1..=batch).contains(&rows.len())));
            let mut rows = batches.concat();
            rows.sort_unstable();
            prop_assert!(rows.into_iter().eq(0..lengths.len()));
        }
    }
}
