//! The f32 pass: sums over the components of several pairs of vectors at once.
//!
//! Every sum runs in [`LANES`] partial sums, one step per chunk of that many components (the last
//! one filled up with zeros, which add nothing), and ends in a tree of `log2(LANES)` additions.
//! [`roundings`] counts what that costs in precision; the bounds of [`crate::bound`] rest on it.

use std::array::from_fn;

/// Components a step takes: the f32 that fill one vector register, so that the compiler turns a
/// step into one instruction.
const LANES: usize = if cfg!(target_feature = "avx512f") {
    16
} else {
    8
};

/// The instruction set the pass was compiled for, as far as it matters to it.
#[cfg(feature = "backend")]
pub(crate) const INSTRUCTIONS: &str = if cfg!(target_feature = "avx512f") {
    "AVX512F"
} else if cfg!(all(target_feature = "avx2", target_feature = "fma")) {
    "AVX2 FMA"
} else if cfg!(target_arch = "aarch64") {
    "NEON"
} else {
    "generic"
};

/// Base vectors a tile takes. With [`QUERIES`] it fills 12 of the 16 registers of AVX2 with sums.
pub(crate) const ROWS: usize = 3;

/// Queries a full tile takes.
pub(crate) const QUERIES: usize = 4;

type Lanes = [f32; LANES];

/// What is summed over the components of a pair.
pub(crate) trait Term {
    /// Roundings of a term before it is added, a fused addition's own not counted.
    const ROUNDINGS: usize;

    /// The sum with the term of `a` and `b` added.
    fn add(a: f32, b: f32, sum: f32) -> f32;
}

/// `a * b`.
pub(crate) struct Product;

/// `(a - b)^2`, from the difference itself: it has no cancellation to lose digits in, unlike
/// `|a|^2 - 2 a.b + |b|^2`.
pub(crate) struct SquaredDifference;

impl Term for Product {
    const ROUNDINGS: usize = 1;

    #[inline(always)]
    fn add(a: f32, b: f32, sum: f32) -> f32 {
        multiply_add(a, b, sum)
    }
}

impl Term for SquaredDifference {
    const ROUNDINGS: usize = 3;

    #[inline(always)]
    fn add(a: f32, b: f32, sum: f32) -> f32 {
        let difference = a - b;
        multiply_add(difference, difference, sum)
    }
}

/// `a * b + sum` in one rounding where the CPU has it; elsewhere the fused form is a slow call
/// into libm, and two roundings must do.
#[inline(always)]
fn multiply_add(a: f32, b: f32, sum: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        a.mul_add(b, sum)
    } else {
        a * b + sum
    }
}

/// The most roundings that one term of a sum over `dim` components passes through.
pub(crate) fn roundings<T: Term>(dim: usize) -> usize {
    T::ROUNDINGS + dim.div_ceil(LANES) + LANES.ilog2() as usize
}

/// `Q` queries side by side: of each step's lanes, those of all queries one after the other, the
/// last filled up with zeros. A pass reads them with one pointer.
#[derive(Debug)]
pub(crate) struct Packed<const Q: usize>(Vec<[Lanes; Q]>);

impl<const Q: usize> Packed<Q> {
    /// Packs vectors of one length.
    pub(crate) fn new(queries: [&[f32]; Q]) -> Self {
        let n_steps = queries
            .iter()
            .map(|query| query.len().div_ceil(LANES))
            .max();
        let lanes_at = |step: usize| {
            queries.map(|query| {
                let start = step * LANES;
                padded(&query[start..query.len().min(start + LANES)])
            })
        };
        Self((0..n_steps.unwrap_or(0)).map(lanes_at).collect())
    }
}

/// The sums of `Q x R` pairs. The rows have one length, which the queries had too.
pub(crate) fn tile<T: Term, const Q: usize, const R: usize>(
    queries: &Packed<Q>,
    rows: [&[f32]; R],
) -> [[f32; R]; Q] {
    let mut sums = [[[0.0; LANES]; R]; Q];
    accumulate::<T, Q, R>(&mut sums, &queries.0, rows);
    totals(&sums)
}

/// The partial sums over every step.
// A function of its own: compiled together with `totals`, where lanes end up as scalars, the whole
// loop fell back to scalars, ten times slower.
#[inline(never)]
fn accumulate<T: Term, const Q: usize, const R: usize>(
    out: &mut [[Lanes; R]; Q],
    queries: &[[Lanes; Q]],
    rows: [&[f32]; R],
) {
    let mut sums = [[[0.0; LANES]; R]; Q];
    // Cut to one length that the compiler sees, or each step would check every index.
    let n_whole = rows[0].len() / LANES;
    let (whole, last) = queries.split_at(n_whole);
    let chunks: [&[Lanes]; R] = from_fn(|i| &rows[i].as_chunks().0[..n_whole]);
    for (at, query_lanes) in whole.iter().enumerate() {
        let row_lanes = from_fn(|i| chunks[i][at]);
        step::<T, Q, R>(&mut sums, query_lanes, &row_lanes);
    }
    if let [query_lanes] = last {
        let row_lanes = from_fn(|i| padded(rows[i].as_chunks::<LANES>().1));
        step::<T, Q, R>(&mut sums, query_lanes, &row_lanes);
    }
    // Summed in a local, which can live in registers; what is behind a reference is memory.
    *out = sums;
}

#[inline(always)]
fn step<T: Term, const Q: usize, const R: usize>(
    sums: &mut [[Lanes; R]; Q],
    queries: &[Lanes; Q],
    rows: &[Lanes; R],
) {
    for (sums, query) in sums.iter_mut().zip(queries) {
        for (sum, row) in sums.iter_mut().zip(rows) {
            for ((sum, a), b) in sum.iter_mut().zip(query).zip(row) {
                *sum = T::add(*a, *b, *sum);
            }
        }
    }
}

#[inline(always)]
fn padded(rest: &[f32]) -> Lanes {
    let mut lanes = [0.0; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    lanes
}

// Loops, not `map`: the compiler left the closures of nested maps as calls, each on memory.
#[inline(always)]
fn totals<const Q: usize, const R: usize>(sums: &[[Lanes; R]; Q]) -> [[f32; R]; Q] {
    let mut totals = [[0.0; R]; Q];
    for (totals, sums) in totals.iter_mut().zip(sums) {
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = tree_sum(*sum);
        }
    }
    totals
}

/// Adds the lanes up as a tree.
#[inline(always)]
fn tree_sum(mut lanes: Lanes) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Term>(expected: fn(f32, f32) -> f32) {
        for dim in 1..=3 * LANES + 1 {
            let a: Vec<f32> = (0..dim).map(|i| i as f32 - 3.0).collect();
            let rows: [Vec<f32>; 2] = [vec![2.0; dim], vec![-1.0; dim]];
            let sums = tile::<T, 1, 2>(&Packed::new([&a]), [&rows[0], &rows[1]]);
            for (row, sum) in rows.iter().zip(sums[0]) {
                let terms = a.iter().zip(row).map(|(&a, &b)| expected(a, b));
                assert_eq!(sum, terms.sum::<f32>(), "dim {dim}");
            }
        }
    }

    #[test]
    fn sums_of_small_integers_are_exact_in_any_dim() {
        check::<Product>(|a, b| a * b);
        check::<SquaredDifference>(|a, b| (a - b) * (a - b));
    }
}
