//! Queries packed for the int8 pass.

use std::{iter::successors, mem::take};

use annbench_vectors::Metric;

use super::{
    base::PackedBase,
    facts::{Gate, QueryFacts, Threshold},
    kernel::{QueryCodes, STEP, Tile},
    lanes::{CHUNKS, LaneSquares},
    quantize::{Quantized, largest, quantize},
};
use crate::{Component, bound::Measure, scan::Query};

/// By how much the scale of a query's codes grows from try to try until 16 bits hold their sums.
const COARSER: f32 = 1.1;

/// Tries, which end with codes that are all zero.
const TRIES: usize = 64;

/// Of them, those for more than the shortest chunk: what coarser codes cost in candidates, it
/// gains in time.
const TRIES_FOR_LONGER: usize = 4;

/// Lengths, in scaled units, with which f32 is safe from its ends.
const SAFE_NORMS: std::ops::Range<f64> = 1e-15..1e15;

/// A query as a kernel takes it.
#[derive(Debug)]
pub(crate) struct PackedQuery {
    pub(super) codes: Vec<QueryCodes>,
    chunk: usize,
    /// Added to a sum over the codes of a base vector, so that codes count from the mean.
    pub(super) correction: i32,
    pub(super) gate: Gate,
}

impl PackedQuery {
    /// `None` if the query is nothing that int8 can stand for: without a direction, or out of all
    /// proportion to the base.
    pub(crate) fn new<M: Measure, T: Component>(
        base: &PackedBase,
        query: &Query<'_, M, T>,
    ) -> Option<Self> {
        let (vector, norm) = (query.view.vector, query.view.norm);
        let factor = base.center().query_factor(norm)?;
        let (scaled, facts) = scaled(base, vector, factor);
        if !SAFE_NORMS.contains(&facts.norm_squared.sqrt()) {
            return None;
        }
        let (quantized, codes, chunk) = quantized(base, &scaled)?;
        let signed = || codes.iter().map(|code| i32::from(code.cast_signed()));
        let facts = QueryFacts {
            quantized,
            codes_norm: f64::from(signed().map(|code| code * code).sum::<i32>()).sqrt(),
            given_norm: norm,
            ..facts
        };
        let with_zeros = signed()
            .zip(base.zeros())
            .map(|(code, zero)| code * i32::from(*zero));
        Some(Self {
            correction: -with_zeros.sum::<i32>(),
            chunk,
            codes: codes
                .as_chunks()
                .0
                .iter()
                .map(|step| i32::from_le_bytes(*step))
                .collect(),
            gate: Gate::new(&facts, base.center(), query.top.floor()),
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

/// The finest codes of a query of which 16 bits hold all sums, where the kernel asks for that, and
/// the steps that may be added up.
fn quantized(base: &PackedBase, scaled: &[f32]) -> Option<(Quantized, Vec<u8>, usize)> {
    let finest = largest(scaled) / 127.0;
    let mut codes = vec![0; scaled.len().next_multiple_of(STEP)];
    let scales = || successors(Some(finest), |scale| Some(scale * COARSER));
    let longer = scales()
        .take(TRIES_FOR_LONGER)
        .map(|scale| (scale, CHUNKS[1]));
    let any = scales().take(TRIES).map(|scale| (scale, CHUNKS[0]));
    longer.chain(any).find_map(|(scale, least)| {
        let quantized = quantize(scaled, scale, 0, &mut codes);
        let chunk = longest_chunk(base, &codes).filter(|chunk| *chunk >= least)?;
        Some((quantized, take(&mut codes), chunk))
    })
}

/// `None` if 16 bits don't hold the sums of even the shortest chunk, or those of two neighbours
/// before the code of the mean is taken off.
fn longest_chunk(base: &PackedBase, codes: &[u8]) -> Option<usize> {
    let Some(of_base) = base.lane_squares() else {
        return Some(CHUNKS[1]);
    };
    let codes: Vec<i16> = codes
        .iter()
        .map(|code| i16::from(code.cast_signed()))
        .collect();
    let most = i16::MAX / i16::from(base.largest_code());
    let (pairs, _) = codes.as_chunks::<2>();
    let fits = |pair: &[i16; 2]| {
        let positive: i16 = pair.iter().filter(|code| **code > 0).sum();
        let all: i16 = pair.iter().sum();
        positive <= most && positive - all <= most
    };
    let of_query = LaneSquares::of(&codes);
    pairs
        .iter()
        .all(fits)
        .then(|| of_query.longest_chunk(of_base))?
}

/// Queries that a kernel takes together.
#[derive(Debug)]
pub(crate) struct PackedGroup<const Q: usize> {
    pub(crate) tile: Tile<Q>,
    /// The first values of sums, so that these count from the mean.
    pub(crate) corrections: [i32; Q],
    pub(crate) gates: [Gate; Q],
    /// Those of the gates, side by side.
    pub(crate) thresholds: [Threshold; Q],
    /// Which queries these are.
    pub(crate) which: [usize; Q],
}

impl<const Q: usize> PackedGroup<Q> {
    pub(crate) fn new(base: &PackedBase, queries: &[(usize, PackedQuery); Q]) -> Self {
        let steps = queries.iter().map(|(_, query)| query.codes.len()).max();
        let codes_at = |step: usize| queries.each_ref().map(|(_, query)| query.codes[step]);
        let codes = (0..steps.unwrap_or(0)).map(codes_at).collect();
        let chunk = queries.iter().map(|(_, query)| query.chunk).min();
        let (tile, corrections) = match chunk.filter(|_| base.lane_squares().is_some()) {
            Some(chunk) => (Tile::in_16_bits(codes, base.zeros(), chunk), [0; Q]),
            None => (
                match base.engine().kernel().limits().signed {
                    true => Tile::signed(codes),
                    false => Tile::new(codes),
                },
                queries.each_ref().map(|(_, query)| query.correction),
            ),
        };
        Self {
            tile,
            corrections,
            gates: queries.each_ref().map(|(_, query)| query.gate.clone()),
            thresholds: queries.each_ref().map(|(_, query)| query.gate.threshold()),
            which: queries.each_ref().map(|(which, _)| *which),
        }
    }
}
