//! Exact k-nearest neighbours: the source of ground truth, also an index backend.
//!
//! Three passes, each over what the one before could not rule out. Sums of products of small
//! integers, which take a quarter of the time and of the memory that f32 does, give each pair an
//! interval that provably holds its score; sums in f32 give narrower ones; and the few that can
//! still be among the `k` best are scored in f64, by the definition that everything in annbench is
//! checked against ([`Metric::score`]). Nothing here depends on FAISS or on BLAS. The only
//! `unsafe` code loads vector and tile registers, calls instructions found at run time and asks the
//! system for the use of them, in the [`Kernel`]s of the first pass.
//!
//! Start reading at [`search`]; a base that serves many batches of queries is made ready once, as
//! a [`Searcher`]; one that does not fit into memory comes in blocks, to a [`BlockSearch`].
//! Vectors are of `f32`, `f16`, `u8` or `i8` ([`Component`]).
//!
//! Invariants:
//!
//! - scores are those of [`Metric::score`] to the last bit, in its order, equal ones by row number;
//! - threads, kernels, progress and blocking change nothing in the result; what they do change is
//!   told by a [`ScanReport`];
//! - memory beside the result is little more than one byte a component of the base and 24 a
//!   vector; without the int8 pass, one f64 a vector.
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
//! and negative infinity for the NaN of a zero vector under cosine. A larger key is nearer. A
//! pass gives each pair an interval `[low, high]` that holds the key of the score *as
//! [`Metric::score`] computes it in f64*. A vector whose `high` lies under the `k`-th largest `low`
//! is therefore neither among the `k` nearest nor tied with the last of them, and need not be
//! scored.
//!
//! # The intervals of the f32 pass
//!
//! They are proven as follows. Write `d` for the dim, `v` for the f32 sum of a pair,
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
//! # The intervals of the int8 pass
//!
//! All vectors are first brought to one size, in exact arithmetic: a base vector `x` becomes
//! `y = f x - m`, where `f` is a power of two that makes all `|f x| < 1` or, for cosine, `1 / |x|`,
//! and `m` is about the mean of all `f x`. A query `q` becomes `z = q / |q|` for similarities and
//! `z = f q - m` for squared distances. A pair's *rank* is `r = z.y`, for squared distances
//! `r = z.y - |y|^2 / 2`. Then
//!
//! - cosine: `c = r + z.m`;
//! - inner product: `p = (|q| / f) (r + z.m)`;
//! - squared distance: `-s = (2 / f^2) (r - |z|^2 / 2)`, for `f^2 s = |z - y|^2`,
//!
//! so that every key is `key_scale * (r + key_offset)` with numbers that depend on the query alone,
//! and the mean, which tells vectors apart in nothing, costs no precision.
//!
//! Now `y = a y' + e` and `z = b z' + g` with vectors of small integers `y'` and `z'`. By
//! Cauchy-Schwarz
//!
//! `|z.y - a b z'.y'| = |b z'.e + g.y| <= b |z'| |e| + |g| |y|`.
//!
//! The integer sum `z'.y'` is exact: 32 bits hold it up to the 32,768 components that are allowed.
//! Where a kernel reads past the last component, codes of the query that are zero meet whatever
//! follows.
//! Where a kernel adds up in 16 bits, it does so modulo `2^16`, from a first value that takes off
//! what codes above zero add; so the sum of a chunk of steps is exact if it lies in 16 bits itself,
//! and it does so where `|z'| |y'|`, both over the components of that sum alone, is less than
//! `2^15`. The largest such `|y'|` of the base is found when it is packed; the codes of a query are
//! made such that `|z'|` obeys, and that no two neighbours' products leave 16 bits, which the
//! instruction adds up in one go.
//!
//! Upper bounds of `|e|`, `|g|` and `|y|` are found when vectors are packed. They hold the rounding
//! of that work: `y` is computed in f64 and rounded to f32 once (`2^-24 |y|`, and less than `2^-34`
//! for f64 and for the norm that cosine divides by), and the difference to its codes rounds twice
//! (together `2^-22 |y|`; a code is the nearest integer or its neighbour, so that a difference is
//! not larger than its component). Bytes are their own codes, and `e` is that rounding alone.
//!
//! Dividing by `b` leaves `a z'.y' + |z'| |e| + (|g| / b) |y| - |y|^2 / (2 b)`, which the kernels
//! compare in f32 with `(floor / key_scale - key_offset) / b`, `floor` being the `k`-th largest
//! lower bound so far. Each of the four terms passes at most six roundings; `|a z'.y'|` is at most
//! `|z'| (|y| + |e|)`, so that adding `2^-20` of `|z'|` to the factors of `|e|` and `|y|` covers its
//! roundings as well as theirs, and the last term, which is subtracted, is made smaller by as much.
//! The right side is rounded down. What f64 changes of a rank, of the score as [`Metric::score`]
//! computes it and of this arithmetic, is below `gamma64(32 d + 512) (|z| + 3)^2`, for `|y| < 3`;
//! twice that is taken off the right side, and once added to either end of an interval.
//!
//! A vector without a direction is a candidate for every query. A query without one, or one that
//! is `10^15` times longer or shorter than the base, is left to the f32 pass; so is the rest of
//! the base for queries for which more than one pair in eight is a candidate, where bounds cost
//! more than they save.
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
pub use backend::{ExactBackend, ExactIndex};
pub use component::Component;
pub use error::{ExactError, Which};
pub use int8::Kernel;
pub use neighbors::ExactNeighbors;
pub use options::{Options, Progress};
pub use report::ScanReport;
pub use searcher::{Searcher, search};
pub use stream::{BlockSearch, search_blocks};
