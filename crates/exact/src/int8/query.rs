//! Queries packed for the int8 pass.

use annbench_vectors::Metric;

use super::{
    base::PackedBase,
    facts::{Gate, QueryFacts},
    kernel::{QueryCodes, STEP},
    quantize::{largest, quantize},
};

/// Steps that a kernel with sums of 16 bits shall be able to add up before it widens them. More
/// make it faster, and the codes of queries coarser.
const CHUNK: usize = 4;

/// Steps it adds up at most, where the codes allow it.
const LONGEST_CHUNK: usize = 8;

/// Lengths, in scaled units, with which f32 is safe from its ends.
const SAFE_NORMS: std::ops::Range<f64> = 1e-15..1e15;

/// A query as a kernel takes it.
#[derive(Debug)]
pub(crate) struct PackedQuery {
    codes: Vec<QueryCodes>,
    chunk: usize,
    /// Added to a sum over the codes of a base vector, so that codes count from the mean.
    correction: i32,
    gate: Gate,
}

impl PackedQuery {
    /// `None` if the query is nothing that int8 can stand for: without a direction, or out of all
    /// proportion to the base.
    pub(crate) fn new(base: &PackedBase, query: &[f32], norm: f64) -> Option<Self> {
        let factor = base.center().query_factor(norm)?;
        let (scaled, facts) = scaled(base, query, factor);
        if !SAFE_NORMS.contains(&facts.norm_squared.sqrt()) {
            return None;
        }
        let most = most_in_16_bits(base);
        let mut codes = vec![0; query.len().next_multiple_of(STEP)];
        let quantized = quantize(&scaled, scale(&scaled, most), &mut codes);
        let signed = || codes.iter().map(|code| i32::from(code.cast_signed()));
        let facts = QueryFacts {
            quantized,
            codes_norm: f64::from(signed().map(|code| code * code).sum::<i32>()).sqrt(),
            given_norm: norm,
            ..facts
        };
        let with_zeros = signed().zip(base.zeros()).map(|(code, zero)| code * zero);
        Some(Self {
            correction: -with_zeros.sum::<i32>(),
            chunk: longest_chunk(&codes, most)?,
            codes: codes
                .as_chunks()
                .0
                .iter()
                .map(|step| i32::from_le_bytes(*step))
                .collect(),
            gate: Gate::new(&facts, base.center()),
        })
    }
}

/// The query in the units of the base, and what f64 says of it. Similarities do not ask for the
/// mean to be taken from both.
fn scaled(base: &PackedBase, query: &[f32], factor: f64) -> (Vec<f32>, QueryFacts) {
    let center = base.center();
    let shift = f64::from(u8::from(center.metric() == Metric::L2));
    let (mut norm_squared, mut with_mean) = (0.0, 0.0);
    let mut scaled = Vec::with_capacity(query.len());
    for (value, mean) in query.iter().zip(&center.mean) {
        let value = f64::from(*value) * factor - shift * mean;
        norm_squared += value * value;
        with_mean += value * mean;
        scaled.push(value as f32);
    }
    let facts = QueryFacts {
        norm_squared,
        with_mean,
        ..QueryFacts::default()
    };
    (scaled, facts)
}

/// The most that the positive codes of a query, or the negative ones, may add up to where a
/// kernel adds their products up in 16 bits.
fn most_in_16_bits(base: &PackedBase) -> Option<i32> {
    let in_16_bits = base.engine().kernel().limits().in_16_bits;
    in_16_bits.then(|| i32::from(i16::MAX) / i32::from(base.largest_code()))
}

/// The scale at which codes fit into a byte and [`CHUNK`] steps into 16 bits.
fn scale(vector: &[f32], most: Option<i32>) -> f32 {
    let of_byte = largest(vector) / 127.0;
    let Some(most) = most else {
        return of_byte;
    };
    let mut longest_sum = 0f32;
    for chunk in vector.chunks(CHUNK * STEP) {
        for sums in lane_sums(chunk.iter().copied()) {
            longest_sum = sums.into_iter().map(f32::abs).fold(longest_sum, f32::max);
        }
    }
    // Rounding adds at most a half to each of the codes of a lane.
    let room = most as f32 - CHUNK as f32;
    of_byte.max(longest_sum / room * 1.000_01)
}

/// The most steps, a power of two of them, whose products 16 bits hold in every chunk of so many;
/// `None` if not even one. Half of a chunk that fits does so too.
fn longest_chunk(codes: &[u8], most: Option<i32>) -> Option<usize> {
    let Some(most) = most else {
        return Some(LONGEST_CHUNK);
    };
    let fits = |chunk: usize| {
        codes.chunks(chunk * STEP).all(|codes| {
            let codes = codes.iter().map(|code| f32::from(code.cast_signed()));
            let sums = lane_sums(codes);
            sums.as_flattened()
                .iter()
                .all(|sum| sum.abs() <= most as f32)
        })
    };
    let halvings = std::iter::successors(Some(LONGEST_CHUNK), |chunk| Some(chunk / 2));
    halvings
        .take_while(|chunk| *chunk > 0)
        .find(|chunk| fits(*chunk))
}

/// The sums of the positive and of the negative values of both lanes: the first two components of
/// every step, and the others.
fn lane_sums(values: impl Iterator<Item = f32>) -> [[f32; 2]; 2] {
    let mut sums = [[0.0; 2]; 2];
    for (at, value) in values.enumerate() {
        let lane = usize::from(at % STEP >= STEP / 2);
        sums[lane][usize::from(value < 0.0)] += value;
    }
    sums
}

/// Queries that a kernel takes together.
#[derive(Debug)]
pub(crate) struct PackedGroup<const Q: usize> {
    /// Of each step the codes of all queries.
    pub(crate) codes: Vec<[QueryCodes; Q]>,
    pub(crate) chunk: usize,
    pub(crate) corrections: [i32; Q],
    pub(crate) gates: [Gate; Q],
    /// Which queries these are.
    pub(crate) which: [usize; Q],
}

impl<const Q: usize> PackedGroup<Q> {
    pub(crate) fn new(queries: &[(usize, PackedQuery); Q]) -> Self {
        let steps = queries.iter().map(|(_, query)| query.codes.len()).max();
        let codes_at = |step: usize| queries.each_ref().map(|(_, query)| query.codes[step]);
        let chunks = queries.iter().map(|(_, query)| query.chunk);
        Self {
            codes: (0..steps.unwrap_or(0)).map(codes_at).collect(),
            chunk: chunks.min().unwrap_or(1),
            corrections: queries.each_ref().map(|(_, query)| query.correction),
            gates: queries.each_ref().map(|(_, query)| query.gate.clone()),
            which: queries.each_ref().map(|(which, _)| *which),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_as_long_as_16_bits_allow() {
        let longest = |code: u8, most| longest_chunk(&[code; 64], Some(most));
        assert_eq!(longest(1, 260), Some(8));
        assert_eq!(longest(127, 260), Some(1));
        assert_eq!(longest(65, 260), Some(2));
        assert_eq!(longest(127, 253), None);
        assert_eq!(longest_chunk(&[127; 64], None), Some(8));
    }

    #[test]
    fn the_scale_leaves_room_for_a_chunk() {
        for most in [128, 260] {
            let vector: Vec<f32> = (0..96).map(|at| ((at * 37) % 19) as f32 - 2.5).collect();
            let mut codes = [0; 96];
            quantize(&vector, scale(&vector, Some(most)), &mut codes);
            assert!(longest_chunk(&codes, Some(most)).unwrap() >= CHUNK);
        }
    }
}
