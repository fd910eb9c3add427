//! How large sums in 16 bits can become.
//!
//! A kernel that adds products up in 16 bits has two lanes a row: one for the first two components
//! of every step, one for the others. Over a chunk of steps the sum of a lane is, by
//! Cauchy-Schwarz, at most the product of two norms: of the query's codes in that lane, and of
//! the row's, counted from the code of the mean.

use super::kernel::STEP;

/// Steps that a kernel may add up before it widens the sums. More make it faster.
pub(crate) const CHUNKS: [usize; 2] = [4, 8];

/// Components of the shortest chunk, of which two make the other.
const GROUP: usize = CHUNKS[0] * STEP;

/// The square of the largest sum that 16 bits hold.
const MOST_SQUARED: u64 = (i16::MAX as u64).pow(2);

/// The squares of norms: the largest that codes have within a lane of a chunk, for each of
/// [`CHUNKS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LaneSquares([u32; CHUNKS.len()]);

impl LaneSquares {
    /// Of a vector's codes, which are at most 255 in size.
    pub(crate) fn of(codes: &[i16]) -> Self {
        let mut largest = Self::default();
        let (pairs, last) = codes.as_chunks::<{ 2 * GROUP }>();
        for pair in pairs {
            largest.see(pair);
        }
        let mut padded = [0; 2 * GROUP];
        padded[..last.len()].copy_from_slice(last);
        largest.see(&padded);
        largest
    }

    #[inline(always)]
    fn see(&mut self, pair: &[i16; 2 * GROUP]) {
        let (first, second) = pair.split_at(GROUP);
        let (first, second) = (of_lanes(first), of_lanes(second));
        for lane in 0..first.len() {
            self.0[0] = self.0[0].max(first[lane]).max(second[lane]);
            self.0[1] = self.0[1].max(first[lane] + second[lane]);
        }
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

// Products of 16 bits, of which neighbours are added up: the compiler makes one instruction of that.
#[inline(always)]
fn of_lanes(codes: &[i16]) -> [u32; 2] {
    let mut squares = [0; STEP / 2];
    for step in codes.as_chunks::<STEP>().0 {
        for (square, pair) in squares.iter_mut().zip(step.as_chunks::<2>().0) {
            let [first, second] = pair.map(i32::from);
            *square += first * first + second * second;
        }
    }
    squares.map(i32::cast_unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_lane_of_every_chunk_counts() {
        let mut codes = [0; 41];
        (codes[3], codes[6], codes[18], codes[39]) = (3, 4, -5, 7);
        assert_eq!(LaneSquares::of(&codes), LaneSquares([49, 50]));
        assert_eq!(LaneSquares::of(&[1, 2]), LaneSquares([5; 2]));
        assert_eq!(LaneSquares::of(&[]), LaneSquares([0; 2]));
    }

    #[test]
    fn chunks_are_as_long_as_16_bits_allow() {
        let longest =
            |code: i16| LaneSquares::of(&[code; 64]).longest_chunk(LaneSquares::of(&[63; 64]));
        assert_eq!(longest(32), Some(8));
        assert_eq!(longest(33), Some(4));
        assert_eq!(longest(65), Some(4));
        assert_eq!(longest(66), None);
    }
}
