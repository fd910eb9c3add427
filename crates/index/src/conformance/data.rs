//! Vectors to test with, and the truth about them.

use annbench_vectors::{Matrix, MatrixView, Metric, Neighbors};

const DIM: usize = 16;

/// `n x dim` vectors, uniform in [-1, 1), the same for the same seed; L2-normalised for cosine.
#[expect(
    clippy::expect_used,
    reason = "the suite's own vectors: DIM is not 0, no row is zeros"
)]
pub(super) fn vectors(n: usize, seed: u64, metric: Metric) -> Matrix {
    let mut state = seed;
    let values = (0..n * DIM).map(|_| uniform(&mut state)).collect();
    let mut matrix = Matrix::from_vec(values, DIM).expect("whole rows");
    if metric == Metric::Cosine {
        annbench_vectors::normalize_rows(&mut matrix).expect("no zero row");
    }
    matrix
}

/// SplitMix64 (Steele, Lea and Flood, 2014), its upper 24 bits as a float.
fn uniform(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

/// Every row twice, one after the other.
pub(super) fn doubled(base: MatrixView<'_>) -> Matrix {
    let rows: Vec<usize> = (0..base.n()).flat_map(|row| [row, row]).collect();
    base.select(&rows)
}

/// recall@k as the project defines it: returned ids whose exact score is no worse than the k-th
/// true neighbour's, distinct, over k (or n where that is less).
pub(super) fn recall(
    base: MatrixView<'_>,
    queries: MatrixView<'_>,
    found: &Neighbors,
    metric: Metric,
) -> f64 {
    let k = found.k().min(base.n());
    let mut hits = 0;
    for (query_idx, query) in queries.rows().enumerate() {
        let scores: Vec<f64> = base.rows().map(|row| metric.score(row, query)).collect();
        let mut sorted = scores.clone();
        sorted.sort_by(|a, b| metric.nearer_first(*a, *b));
        let worst = sorted[k - 1];
        let mut ids = found.ids(query_idx).to_vec();
        ids.sort_unstable();
        ids.dedup();
        hits += ids
            .iter()
            .filter(|id| as_near(metric, scores[**id as usize], worst))
            .count();
    }
    hits as f64 / (k * queries.n()) as f64
}

/// Whether `score` is no worse than `worst`, up to the rounding of f32 arithmetic.
fn as_near(metric: Metric, score: f64, worst: f64) -> bool {
    metric.nearer_first(score, worst).is_le() || (score - worst).abs() <= tolerance(worst)
}

/// How far apart two computations of one score may be: f32 sums of a few dozen products, and
/// squared distances computed as |a|^2 + |b|^2 - 2ab, which cancels.
pub(super) fn tolerance(score: f64) -> f64 {
    1e-4 * score.abs().max(1.0)
}
