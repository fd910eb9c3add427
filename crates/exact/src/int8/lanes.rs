//! How large sums in 16 bits can become.
//!
//! A kernel that adds products up in 16 bits has two lanes a row: one for the first two components
//! of every step, one for the others. Over a chunk of steps the sum of a lane is, by
//! Cauchy-Schwarz, at most the product of two norms: of the query's codes in that lane, and of
//! the row's, counted from the code of the mean.

use super::kernel::STEP;

/// Steps that a kernel may add up before it widens the sums. More make it faster.
pub(crate) const CHUNKS: [usize; 3] = [4, 8, 16];

/// Components of the shortest chunk, in whole numbers of which the others are made.
const GROUP: usize = CHUNKS[0] * STEP;

/// The square of the largest sum that 16 bits hold.
const MOST_SQUARED: u64 = (i16::MAX as u64).pow(2);

/// The squares of norms: the largest that codes have within a lane of a chunk, for each of
/// [`CHUNKS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LaneSquares([u32; CHUNKS.len()]);

impl LaneSquares {
    /// Of a vector's codes, which are at most 255 in size; `room` is overwritten.
    pub(crate) fn of(codes: &[i32], room: &mut Vec<[u32; 2]>) -> Self {
        room.clear();
        let (groups, last) = codes.as_chunks();
        room.extend(groups.iter().map(of_group));
        let mut padded = [0; GROUP];
        padded[..last.len()].copy_from_slice(last);
        room.push(of_group(&padded));
        Self(CHUNKS.map(|chunk| {
            let chunks = room.chunks(chunk / CHUNKS[0]);
            chunks.map(largest_lane).max().unwrap_or(0)
        }))
    }

    /// The larger of each.
    pub(crate) fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at].max(other.0[at])))
    }

    /// The longest of [`CHUNKS`] for which 16 bits hold every sum of products with codes of such
    /// norms.
    pub(crate) fn longest_chunk(self, other: Self) -> Option<usize> {
        let fits = |at: &usize| u64::from(self.0[*at]) * u64::from(other.0[*at]) <= MOST_SQUARED;
        (0..CHUNKS.len()).rev().find(fits).map(|at| CHUNKS[at])
    }
}

// Loops: of `map` the compiler made calls.
#[inline(always)]
fn of_group(codes: &[i32; GROUP]) -> [u32; 2] {
    let mut squares = [0; GROUP];
    for (square, code) in squares.iter_mut().zip(codes) {
        *square = code * code;
    }
    let mut of_steps = [0; STEP];
    for step in squares.as_chunks::<STEP>().0 {
        for (sum, square) in of_steps.iter_mut().zip(step) {
            *sum += square;
        }
    }
    let [a, b, c, d] = of_steps.map(i32::cast_unsigned);
    [a + b, c + d]
}

fn largest_lane(groups: &[[u32; 2]]) -> u32 {
    let lane = |lane: usize| groups.iter().map(|group| group[lane]).sum();
    u32::max(lane(0), lane(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(codes: &[i32]) -> LaneSquares {
        LaneSquares::of(codes, &mut Vec::new())
    }

    #[test]
    fn the_largest_lane_of_every_chunk_counts() {
        let mut codes = [0; 41];
        (codes[3], codes[6], codes[18], codes[39]) = (3, 4, -5, 7);
        assert_eq!(of(&codes), LaneSquares([49, 50, 99]));
        assert_eq!(of(&[1, 2]), LaneSquares([5; 3]));
        assert_eq!(of(&[]), LaneSquares([0; 3]));
    }

    #[test]
    fn chunks_are_as_long_as_16_bits_allow() {
        let longest = |code: i32| of(&[code; 64]).longest_chunk(of(&[63; 64]));
        assert_eq!(longest(16), Some(16));
        assert_eq!(longest(17), Some(8));
        assert_eq!(longest(32), Some(8));
        assert_eq!(longest(65), Some(4));
        assert_eq!(longest(66), None);
    }
}
