//! Order statistics of samples that are numbers.

/// The samples in ascending order.
pub(crate) fn sorted(mut samples: Vec<f64>) -> Vec<f64> {
    samples.sort_unstable_by(f64::total_cmp);
    samples
}

/// Median of ascending samples, between the middle two where their number is even; `None` if
/// there are none.
pub(crate) fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(lower + (upper - lower) / 2.0)
}

/// The same of samples in any order.
pub(crate) fn median_of(samples: impl IntoIterator<Item = f64>) -> Option<f64> {
    median(&sorted(samples.into_iter().collect()))
}

/// The sample below which lies the given share of ascending ones, by nearest rank as for latencies.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

pub(crate) fn mean(samples: &[f64]) -> Option<f64> {
    (!samples.is_empty()).then(|| samples.iter().sum::<f64>() / samples.len() as f64)
}
