//! From a vector a token to a vector a text.

use std::fmt;

/// How the vectors of a text's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Their mean; padding does not count.
    Mean,
    /// The first token's, which stands for the whole text.
    Cls,
}

impl Pooling {
    /// Pools `tokens` (row-major, `pooled.len()` values each; without padding) into `pooled`.
    /// A text without tokens becomes zeros.
    pub(crate) fn pool(self, tokens: &[f32], pooled: &mut [f32]) {
        let dim = pooled.len();
        let used = match self {
            Self::Mean => tokens,
            Self::Cls => &tokens[..dim.min(tokens.len())],
        };
        let share = 1.0 / (used.len() / dim).max(1) as f32;
        pooled.fill(0.0);
        for token in used.chunks_exact(dim) {
            for (sum, value) in pooled.iter_mut().zip(token) {
                *sum += value;
            }
        }
        for sum in pooled {
            *sum *= share;
        }
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mean => "mean",
            Self::Cls => "cls",
        })
    }
}

/// Scales a vector to Euclidean length 1; zeros stay zeros, as in sentence-transformers.
pub(crate) fn normalize(vector: &mut [f32]) {
    let squared: f64 = vector.iter().map(|&value| f64::from(value).powi(2)).sum();
    if squared > 0.0 {
        let scale = squared.sqrt().recip();
        for value in vector {
            *value = (f64::from(*value) * scale) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_pooled_as_by_hand() {
        let check = |pooling: Pooling, tokens: &[f32], expected: [f32; 2]| {
            let mut pooled = [f32::NAN; 2];
            pooling.pool(tokens, &mut pooled);
            assert_eq!(pooled, expected, "{pooling} of {tokens:?}");
        };
        check(Pooling::Mean, &[1.0, 2.0, 3.0, 6.0], [2.0, 4.0]);
        check(Pooling::Cls, &[1.0, 2.0, 3.0, 6.0], [1.0, 2.0]);
        check(Pooling::Mean, &[], [0.0, 0.0]);
        check(Pooling::Cls, &[], [0.0, 0.0]);
    }

    #[test]
    fn lengths_become_one_and_zeros_stay() {
        let mut vector = [3e-20, 4e-20];
        normalize(&mut vector);
        assert_eq!(vector, [0.6, 0.8]);
        let mut zeros = [0.0; 3];
        normalize(&mut zeros);
        assert_eq!(zeros, [0.0; 3]);
    }
}
