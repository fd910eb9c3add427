//! How far tokens are from each other: texts of one length, and MPNet's bias for distances.

use candle_core::{Device, Result, Tensor};
use candle_nn::VarBuilder;

use crate::config::Config;

/// How many texts of which length follow each other.
pub(crate) fn lengths_in_runs(texts: &[&[u32]]) -> Vec<(usize, usize)> {
    let runs = texts.chunk_by(|a, b| a.len() == b.len());
    runs.map(|run| (run.len(), run[0].len())).collect()
}

/// What MPNet adds to the attention of one token on another, for how far apart they are.
pub(crate) struct PlaceBias {
    /// `BUCKETS x heads`.
    table: Tensor,
    heads: usize,
}

/// Distances that are told apart: half of them backwards, half forwards.
const BUCKETS: usize = 32;
/// From here on, all distances are one.
const FAR: f64 = 128.0;

impl PlaceBias {
    pub(crate) fn load(weights: &VarBuilder<'_>, config: &Config) -> Result<Self> {
        let heads = config.num_attention_heads;
        let table = weights.get((BUCKETS, heads), "relative_attention_bias.weight")?;
        Ok(Self { table, heads })
    }

    /// For texts of `length` tokens: `1 x heads x length x length`.
    pub(crate) fn of(&self, length: usize) -> Result<Tensor> {
        let pairs = (0..length).flat_map(|from| (0..length).map(move |to| bucket(from, to)));
        let buckets = Tensor::from_iter(pairs, &Device::Cpu)?;
        let bias = self.table.index_select(&buckets, 0)?;
        let bias = bias.reshape((1, length, length, self.heads))?;
        bias.permute((0, 3, 1, 2))?.contiguous()
    }
}

/// The bucket of the way from one place to another: near places have one each, far ones share.
///
/// # Source
/// `relative_position_bucket` of `MPNetEncoder` in Hugging Face transformers, which is that of T5
/// (Raffel et al., 2020).
fn bucket(from: usize, to: usize) -> u32 {
    let half = BUCKETS / 2;
    let near = half / 2;
    let distance = from.abs_diff(to);
    let within = match distance < near {
        true => distance,
        false => {
            let share = (distance as f64 / near as f64).ln() / (FAR / near as f64).ln();
            (near + (share * (half - near) as f64) as usize).min(half - 1)
        }
    };
    (within + if to > from { half } else { 0 }) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_places_have_buckets_of_their_own_and_far_ones_share() {
        for (from, to, expected) in [
            (0, 0, 0),
            (7, 0, 7),
            (0, 7, 23),
            (8, 0, 8),
            (11, 0, 8),
            (12, 0, 9),
            (16, 0, 10),
            (0, 16, 26),
            (127, 0, 15),
            (500, 0, 15),
            (0, 500, 31),
        ] {
            assert_eq!(bucket(from, to), expected, "{from} to {to}");
        }
    }

    #[test]
    fn texts_of_one_length_are_a_run() {
        let (one, two): (&[u32], &[u32]) = (&[1], &[1, 2]);
        assert_eq!(
            lengths_in_runs(&[two, two, one, two]),
            [(2, 2), (1, 1), (1, 2)]
        );
        assert_eq!(lengths_in_runs(&[]), []);
    }
}
