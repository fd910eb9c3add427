//! Sums over rows, dimension by dimension.

use super::survey::Dimension;

/// What values of each dimension come to.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    rows: usize,
    min: Vec<f32>,
    max: Vec<f32>,
    /// Of the differences from the center.
    sum: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    pub(super) fn new(dim: usize) -> Self {
        Self {
            rows: 0,
            min: vec![f32::INFINITY; dim],
            max: vec![f32::NEG_INFINITY; dim],
            sum: vec![0.0; dim],
            squares: vec![0.0; dim],
        }
    }

    /// Adds a row of finite values. Loops of one array each are those that compilers make fast.
    pub(super) fn add(&mut self, row: &[f32], center: &[f32]) {
        self.rows += 1;
        for (min, &value) in self.min.iter_mut().zip(row) {
            *min = if value < *min { value } else { *min };
        }
        for (max, &value) in self.max.iter_mut().zip(row) {
            *max = if value > *max { value } else { *max };
        }
        let sums = self.sum.iter_mut().zip(&mut self.squares);
        for ((sum, squares), (&value, &center)) in sums.zip(row.iter().zip(center)) {
            let difference = f64::from(value) - f64::from(center);
            *sum += difference;
            *squares += difference * difference;
        }
    }

    /// Adds what another part found about the same center.
    pub(super) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        for (at, min) in self.min.iter_mut().enumerate() {
            *min = min.min(other.min[at]);
            self.max[at] = self.max[at].max(other.max[at]);
            self.sum[at] += other.sum[at];
            self.squares[at] += other.squares[at];
        }
    }

    /// Nothing where there was no row.
    pub(super) fn dimensions(&self, center: &[f32]) -> Vec<Dimension> {
        let n = self.rows as f64;
        let dimension = |at: usize| {
            let mean = self.sum[at] / n;
            let variance = (self.squares[at] / n - mean * mean).max(0.0);
            Dimension {
                min: self.min[at],
                max: self.max[at],
                mean: f64::from(center[at]) + mean,
                deviation: variance.sqrt(),
            }
        };
        match self.rows {
            0 => Vec::new(),
            _ => (0..center.len()).map(dimension).collect(),
        }
    }
}
