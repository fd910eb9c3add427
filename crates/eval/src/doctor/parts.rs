//! Work cut into parts that several threads share, with results in the order of the parts.

/// `work(part)` for each of `0..n_parts`, on `threads` threads (0 counts as 1).
///
/// Parts do not depend on the threads, so neither does what is summed up from their results.
pub(super) fn in_parts<T: Send>(
    n_parts: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let mut results: Vec<Option<T>> = (0..n_parts).map(|_| None).collect();
    let each = n_parts.div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for (share_idx, share) in results.chunks_mut(each).enumerate() {
            let work = &work;
            scope.spawn(move || {
                for (place, result) in share.iter_mut().enumerate() {
                    *result = Some(work(share_idx * each + place));
                }
            });
        }
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_parts() {
        for (n_parts, threads) in [(0, 2), (1, 0), (7, 1), (7, 3), (2, 9)] {
            let expected: Vec<usize> = (0..n_parts).map(|part| part * part).collect();
            assert_eq!(in_parts(n_parts, threads, |part| part * part), expected);
        }
    }
}
