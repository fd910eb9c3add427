//! What each query takes of a round's time.

use crate::{order::median, samples::total_ns};

/// For each query the median over rounds of its share in the round's time, so that neither a slow
/// round nor an interrupt in one counts; `None` unless each round holds a latency of each of two or
/// more queries.
pub(crate) fn query_shares<'a>(
    rounds: impl Iterator<Item = &'a [u64]>,
    n_queries: usize,
) -> Option<Vec<f64>> {
    let rounds: Vec<(&[u64], f64)> = rounds.map(|round| (round, total_ns(round))).collect();
    let is_by_query = rounds.iter().all(|(round, _)| round.len() == n_queries);
    if !is_by_query || n_queries < 2 || rounds.is_empty() {
        return None;
    }
    let mut shares = vec![0.0; rounds.len()];
    let median_share = |query_idx: usize| {
        for (share, (round, total_ns)) in shares.iter_mut().zip(&rounds) {
            *share = round[query_idx] as f64 / total_ns;
        }
        shares.sort_unstable_by(f64::total_cmp);
        median(&shares)
    };
    (0..n_queries).map(median_share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(rounds: &[&[u64]], n_queries: usize) -> Option<Vec<f64>> {
        query_shares(rounds.iter().copied(), n_queries)
    }

    #[test]
    fn an_interrupt_in_one_round_does_not_make_a_query_slow() {
        let rounds: [&[u64]; 3] = [&[10, 30], &[970, 30], &[20, 60]];
        assert_eq!(shares(&rounds, 2), Some(vec![0.25, 0.75]));
    }

    #[test]
    fn durations_of_whole_rounds_say_nothing_of_queries() {
        assert_eq!(shares(&[&[10], &[20]], 2), None);
        assert_eq!(shares(&[&[10], &[20]], 1), None);
        assert_eq!(shares(&[&[1, 2], &[1, 2, 3]], 2), None);
        assert_eq!(shares(&[], 2), None);
    }
}
