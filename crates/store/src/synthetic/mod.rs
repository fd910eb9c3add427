//! Vectors made by a seed, for tests of scale: as many as the disk holds.
//!
//! A [`Recipe`] says what they are like, a [`Generator`] makes them, [`make`] writes them to disk
//! block by block. Each row has a ChaCha8 stream of its own and is computed by operations that
//! IEEE 754 fixes to the last bit, so that a recipe gives the same numbers on every machine, on any
//! number of threads.

mod clusters;
mod error;
mod random;
mod space;
mod write;

use annbench_vectors::{Matrix, zeroed_vec};

pub use clusters::ClusterSpec;
pub use error::{MakeError, RecipeError};
pub use write::{Made, file_bytes, make, require_space};

use clusters::Clusters;
use random::{Purpose, Stream, Streams};

/// Most bytes that the centers and directions of clusters may take.
const MOST_STRUCTURE_BYTES: u128 = 1 << 30;
/// How far, in standard deviations, each component of shifted normal vectors lies off.
const SHIFT: f64 = 1.0;

/// What vectors are like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Their distribution.
    pub kind: Kind,
    /// Components a vector has.
    pub dim: usize,
    /// Seed of all that is random.
    pub seed: u64,
}

/// A distribution of vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Every component normal with mean 0 and variance 1.
    Gaussian,
    /// Uniform on the sphere of radius 1.
    Sphere,
    /// A mixture of clusters of few dimensions each.
    Clustered(ClusterSpec),
    /// Every component a whole number, uniform from 0 to 255.
    U8,
}

/// Which vectors of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Those to be searched.
    Base,
    /// Queries of the same distribution.
    Queries,
    /// Queries of another: clusters of their own; normal components, on the sphere before they are
    /// scaled, with their mean one standard deviation off to either side; of two whole numbers the
    /// larger.
    ShiftedQueries,
}

/// Makes the vectors of a recipe.
#[derive(Debug, Clone)]
pub struct Generator {
    recipe: Recipe,
    streams: Streams,
    shape: Shape,
}

/// What vectors are made of.
#[derive(Debug, Clone)]
enum Shape {
    /// Normal numbers about these means, scaled to length 1 or not.
    Normal {
        means: Vec<f64>,
        scaled: bool,
    },
    Clustered(Clusters),
    /// The largest of so many bytes.
    Bytes {
        draws: usize,
    },
}

impl Generator {
    /// Gets ready to make a part of a recipe's vectors.
    ///
    /// # Errors
    /// [`RecipeError`] if the recipe makes no sense.
    pub fn new(recipe: Recipe, part: Part) -> Result<Self, RecipeError> {
        recipe.check()?;
        let purpose = match part {
            Part::Base => Purpose::Base,
            Part::Queries => Purpose::Queries,
            Part::ShiftedQueries => Purpose::ShiftedQueries,
        };
        Ok(Self {
            recipe,
            streams: Streams::new(recipe.seed, purpose),
            shape: Shape::new(&recipe, part == Part::ShiftedQueries),
        })
    }

    /// What it makes.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Makes the rows from number `first` on into `out`, which holds whole rows (row-major), on
    /// `threads` threads (0 counts as 1).
    pub fn fill(&self, first: u64, out: &mut [f32], threads: usize) {
        let dim = self.recipe.dim;
        let rows_each = (out.len() / dim).div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            for (share, rows) in out.chunks_mut(rows_each * dim).enumerate() {
                let start = first + (share * rows_each) as u64;
                scope.spawn(move || {
                    for (row, values) in (start..).zip(rows.chunks_exact_mut(dim)) {
                        self.shape.fill(&mut self.streams.row(row), values);
                    }
                });
            }
        });
    }

    /// The first `n` rows.
    ///
    /// # Errors
    /// [`RecipeError::TooLarge`] if there is no memory for them.
    pub fn matrix(&self, n: usize, threads: usize) -> Result<Matrix, RecipeError> {
        let dim = self.recipe.dim;
        let too_large = || RecipeError::TooLarge { n, dim };
        let values = n.checked_mul(dim).ok_or_else(too_large)?;
        let mut values: Vec<f32> = zeroed_vec(values).ok_or_else(too_large)?;
        self.fill(0, &mut values, threads);
        Matrix::from_vec(values, dim).map_err(|_| RecipeError::ZeroDim)
    }
}

impl Recipe {
    fn check(&self) -> Result<(), RecipeError> {
        let dim = self.dim;
        match self.kind {
            // Lists in files have lengths of 32 bits with a sign.
            _ if i32::try_from(dim).is_err() => Err(RecipeError::TooWide { dim }),
            _ if dim == 0 => Err(RecipeError::ZeroDim),
            Kind::Clustered(spec) if spec.clusters == 0 => Err(RecipeError::NoClusters),
            Kind::Clustered(spec) if spec.intrinsic_dim == 0 || spec.intrinsic_dim > dim => {
                let intrinsic_dim = spec.intrinsic_dim;
                Err(RecipeError::IntrinsicDim { intrinsic_dim, dim })
            }
            Kind::Clustered(spec) if !(spec.spread > 0.0 && spec.spread < 1e6) => {
                Err(RecipeError::Spread {
                    spread: spec.spread,
                })
            }
            Kind::Clustered(spec) if spec.bytes(dim) > MOST_STRUCTURE_BYTES => {
                Err(RecipeError::Structure {
                    bytes: spec.bytes(dim),
                })
            }
            _ => Ok(()),
        }
    }
}

impl Shape {
    fn new(recipe: &Recipe, is_shifted: bool) -> Self {
        let Recipe { kind, dim, seed } = *recipe;
        match kind {
            Kind::Gaussian | Kind::Sphere => Self::Normal {
                means: means(dim, seed, is_shifted),
                scaled: kind == Kind::Sphere,
            },
            Kind::Clustered(spec) => {
                let purpose = match is_shifted {
                    true => Purpose::ShiftedStructure,
                    false => Purpose::Structure,
                };
                Self::Clustered(Clusters::new(spec, dim, seed, purpose))
            }
            Kind::U8 => Self::Bytes {
                draws: 1 + usize::from(is_shifted),
            },
        }
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f32]) {
        match self {
            Self::Normal {
                means,
                scaled: false,
            } => {
                for (value, mean) in out.iter_mut().zip(means) {
                    *value = (mean + stream.normal()) as f32;
                }
            }
            Self::Normal {
                means,
                scaled: true,
            } => {
                let numbers: Vec<f64> = means.iter().map(|mean| mean + stream.normal()).collect();
                let norm = numbers.iter().map(|x| x * x).sum::<f64>().sqrt();
                for (value, number) in out.iter_mut().zip(numbers) {
                    *value = (number / norm) as f32;
                }
            }
            Self::Clustered(clusters) => clusters.fill(stream, out),
            Self::Bytes { draws } => {
                for value in out {
                    let largest = (0..*draws).map(|_| stream.byte()).max();
                    *value = f32::from(largest.unwrap_or_default());
                }
            }
        }
    }
}

/// Zero, or off to a random side in each dimension.
fn means(dim: usize, seed: u64, is_shifted: bool) -> Vec<f64> {
    let mut sides = Streams::new(seed, Purpose::ShiftedStructure).row(0);
    let mean = |_| {
        if is_shifted {
            SHIFT * sides.sign()
        } else {
            0.0
        }
    };
    (0..dim).map(mean).collect()
}

#[cfg(test)]
mod tests;
