//! Exact k-nearest neighbours: the source of ground truth, also an index backend.
//!
//! An f32 pass over all pairs gives each an interval that provably holds its score; the few that
//! can still be among the `k` best are scored again in f64, by the definition that everything in
//! annbench is checked against ([`Metric::score`]). Nothing here depends on FAISS, on BLAS or on
//! `unsafe` code.
//!
//! Start reading at [`search`]; a base that serves many batches of queries is made ready once, as
//! a [`Searcher`].
//!
//! Invariants:
//!
//! - scores are those of [`Metric::score`] to the last bit, in its order, equal ones by row number;
//! - threads, progress and blocking change nothing in the result;
//! - memory beside the result does not grow with the base, apart from one f64 a vector.
//!
//! ```
//! use annbench_exact::{Options, search};
//! use annbench_vectors::{Matrix, Metric};
//!
//! let base = Matrix::from_vec(vec![0.0, 3.0, 1.0, 3.0], 1)?;
//! let queries = Matrix::from_vec(vec![2.5], 1)?;
//! let mut options = Options::new(2);
//! let found = search(base.view(), queries.view(), Metric::L2, 1, &mut options)?;
//! assert_eq!((found.ids(0), found.scores(0)), (&[1][..], &[0.25][..]));
//! assert_eq!(found.ties_at_k(0), 2, "row 3 is as near, and had no place");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why no neighbour is missed
//!
//! Every score has a *key*: the score itself for similarities, its negative for squared distances,
//! and negative infinity for the NaN of a zero vector under cosine. A larger key is nearer. The f32
//! pass gives each pair an interval `[low, high]` that holds the key of the score *as
//! [`Metric::score`] computes it in f64*. A vector whose `high` lies under the `k`-th largest `low`
//! is therefore neither among the `k` nearest nor tied with the last of them, and need not be
//! scored.
//!
//! The intervals are proven as follows. Write `d` for the dim, `v` for the f32 sum of a pair,
//! `u = 2^-24` and `w = 2^-53` for half the distance from 1 to the next f32 and f64, `N` for the
//! most roundings that a term of the sum passes through, `gamma(N) = N u / (1 - N u)`, and
//! `gamma64(N)` likewise with `w`. `N` is `d` divided by the number of partial sums (8 or 16,
//! rounded up), plus the depth of the tree that adds those up, plus the roundings of the term
//! itself.
//!
//! Rounding to nearest multiplies a result by `1 + delta`, `|delta| <= u`, unless it is subnormal;
//! then an error of at most `2^-150` is added. Sums and differences have no such absolute error, and
//! a product of at most `N` factors `1 + delta` is within `gamma(N)` of 1 (Higham, *Accuracy and
//! Stability of Numerical Algorithms*, 2nd ed., lemma 3.1). Zeros that fill up the last step add
//! nothing. An f32 overflow leaves a sum infinite or NaN until its end, and then the interval is the
//! whole line; so below, `v` is finite and nothing overflowed. In f64, sums of products of two f32
//! neither overflow nor go subnormal.
//!
//! - *Inner product*, `p = q.x`: each product passes at most `N` roundings, so
//!   `|v - p| <= gamma(N) sum |q_i x_i| + 2 d 2^-150 <= gamma(N) |q| |x| + d 2^-149`
//!   (Cauchy-Schwarz; the 2 covers the factors that the absolute errors themselves pass through).
//!   The score is within `gamma64(d) |q| |x|` of `p`.
//! - *Cosine*, `c = p / (|q| |x|)`: the same divided by the norms. The score's two norms and its
//!   quotient err by less than `gamma64(2 d + 8)`, relative, as do the norms used here; `|c| <= 1`.
//! - *Squared distance*, `s`: all terms are positive, so relative errors stay relative:
//!   `|v - s| <= gamma(N) s + d 2^-149`, hence `(v - d 2^-149) (1 - g) <= s <= (v + d 2^-149) (1 + g)`
//!   with `g = gamma(N) / (1 - gamma(N))`; and the score is within `gamma64(d + 3) s` of `s`.
//!
//! All of these errors are below `relative = 1.001 g + gamma64(16 d + 128)` and
//! `absolute = d 2^-148`: the thousandth covers the norms' own error where it meets `g`, and the
//! surplus in both covers the few f64 operations that evaluate the interval. Where `N u` reaches
//! 1/4, above thirty million components, `relative` is infinite, and every pair is scored.
//!
//! [`Metric::score`]: annbench_vectors::Metric::score

#[cfg(feature = "backend")]
mod backend;
mod bound;
mod component;
mod error;
mod int8;
mod kernel;
mod neighbors;
mod norms;
mod options;
mod queries;
mod report;
mod scan;
mod schedule;
mod score;
mod searcher;
mod stream;
mod top;

#[cfg(feature = "backend")]
pub use backend::{ExactBackend, ExactIndex, ExactParams};
pub use component::{Bytes, Component};
pub use error::{ExactError, Which};
pub use int8::Kernel;
pub use neighbors::ExactNeighbors;
pub use options::{Options, Progress};
pub use report::ScanReport;
pub use searcher::{Searcher, search};
pub use stream::{BlockSearch, search_blocks};
