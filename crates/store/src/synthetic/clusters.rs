//! Clusters, each around a center in a flat space of its own.

use super::random::{Purpose, Stream, Streams};

/// A mixture of clusters of equal weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterSpec {
    /// How many clusters.
    pub clusters: u32,
    /// Directions that a cluster extends in.
    pub intrinsic_dim: usize,
    /// Root mean square distance of a vector from the center of its cluster; centers lie at about
    /// 1 from the origin and 1.4 from each other.
    pub spread: f64,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            clusters: 100,
            intrinsic_dim: 16,
            spread: 0.5,
        }
    }
}

impl ClusterSpec {
    /// Bytes that centers and directions take in memory.
    pub(super) fn bytes(&self, dim: usize) -> u128 {
        u128::from(self.clusters) * (self.intrinsic_dim as u128 + 1) * dim as u128 * 4
    }
}

/// The centers and directions of all clusters.
#[derive(Debug, Clone)]
pub(super) struct Clusters {
    spec: ClusterSpec,
    dim: usize,
    /// Of each cluster its center, then its directions, orthonormal.
    axes: Vec<f32>,
}

impl Clusters {
    pub(super) fn new(spec: ClusterSpec, dim: usize, seed: u64, purpose: Purpose) -> Self {
        let streams = Streams::new(seed, purpose);
        let axes = (0..u64::from(spec.clusters))
            .flat_map(|cluster| axes(&mut streams.row(cluster), &spec, dim))
            .collect();
        Self { spec, dim, axes }
    }

    /// Makes one vector.
    pub(super) fn fill(&self, stream: &mut Stream, out: &mut [f32]) {
        let cluster = stream.below(self.spec.clusters) as usize;
        let length = (self.spec.intrinsic_dim + 1) * self.dim;
        let (center, directions) =
            self.axes[cluster * length..(cluster + 1) * length].split_at(self.dim);
        let mut sum: Vec<f64> = center.iter().map(|&value| f64::from(value)).collect();
        let scale = self.spec.spread / (self.spec.intrinsic_dim as f64).sqrt();
        for direction in directions.chunks_exact(self.dim) {
            let step = scale * stream.normal();
            for (sum, &along) in sum.iter_mut().zip(direction) {
                *sum += step * f64::from(along);
            }
        }
        for (value, sum) in out.iter_mut().zip(sum) {
            *value = sum as f32;
        }
    }
}

/// The center of a cluster, then its directions.
fn axes(stream: &mut Stream, spec: &ClusterSpec, dim: usize) -> Vec<f32> {
    let scale = 1.0 / (dim as f64).sqrt();
    let center: Vec<f32> = (0..dim).map(|_| (scale * stream.normal()) as f32).collect();
    let mut directions: Vec<Vec<f64>> = Vec::with_capacity(spec.intrinsic_dim);
    while directions.len() < spec.intrinsic_dim {
        let random = (0..dim).map(|_| stream.normal()).collect();
        directions.extend(orthonormal(random, &directions));
    }
    let directions = directions.into_iter().flatten().map(|value| value as f32);
    center.into_iter().chain(directions).collect()
}

/// What is left of a direction when the others are taken out of it, of length 1; `None` where that
/// is next to nothing.
///
/// # Source
/// Modified Gram-Schmidt: G. Golub and C. Van Loan, *Matrix Computations*, 5.2.8.
fn orthonormal(mut direction: Vec<f64>, others: &[Vec<f64>]) -> Option<Vec<f64>> {
    let before = dot(&direction, &direction);
    for other in others {
        let along = dot(&direction, other);
        direction
            .iter_mut()
            .zip(other)
            .for_each(|(value, other)| *value -= along * other);
    }
    let squared = dot(&direction, &direction);
    let norm = squared.sqrt();
    direction.iter_mut().for_each(|value| *value /= norm);
    (squared > 1e-12 * before).then_some(direction)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_orthonormal_even_where_they_fill_the_space() {
        let spec = ClusterSpec {
            intrinsic_dim: 7,
            ..ClusterSpec::default()
        };
        let mut stream = Streams::new(3, Purpose::Structure).row(0);
        let axes = axes(&mut stream, &spec, 7);
        let row = |at: usize| -> Vec<f64> {
            axes[at * 7..(at + 1) * 7]
                .iter()
                .map(|&value| value.into())
                .collect()
        };
        for a in 1..8 {
            for b in 1..8 {
                let expected = f64::from(u8::from(a == b));
                assert!((dot(&row(a), &row(b)) - expected).abs() < 1e-6);
            }
        }
    }
}
