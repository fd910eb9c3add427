//! Numbers that are the same on every machine: a stream of its own for each row, and no function
//! of a system's mathematical library.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// What random numbers are for: each purpose has streams of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Base = 1,
    Queries = 2,
    Structure = 3,
    ShiftedQueries = 4,
    ShiftedStructure = 5,
}

/// The streams of one purpose.
#[derive(Debug, Clone)]
pub(super) struct Streams(ChaCha8Rng);

impl Streams {
    pub(super) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = purpose as u8;
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The stream of a row. Rows share no numbers, so they can be made in any order.
    pub(super) fn row(&self, row: u64) -> Stream {
        let mut rng = self.0.clone();
        rng.set_stream(row);
        let spare = None;
        Stream { rng, spare }
    }
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    rng: ChaCha8Rng,
    /// Normal numbers come in pairs.
    spare: Option<f64>,
}

impl Stream {
    /// Uniform in `0..256`.
    pub(super) fn byte(&mut self) -> u8 {
        (self.rng.next_u32() >> 24) as u8
    }

    /// Uniform in `0..bound`, up to one part in 2^32.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        // The high half of a product (D. Lemire, *Fast random integer generation in an interval*,
        // 2019, without its rejection).
        ((u64::from(self.rng.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// Uniform in `-1..1`, of 53 bits.
    fn signed(&mut self) -> f64 {
        let scale = 1.0 / (1u64 << 52) as f64;
        (self.rng.next_u64() >> 11) as f64 * scale - 1.0
    }

    /// -1 or 1.
    pub(super) fn sign(&mut self) -> f64 {
        if self.rng.next_u32() >> 31 == 0 {
            -1.0
        } else {
            1.0
        }
    }

    /// Normal with mean 0 and variance 1.
    ///
    /// # Source
    /// The polar method: G. Marsaglia and T. Bray, *A convenient method for generating normal
    /// variables*, 1964. It needs no sine, and square roots are exact by IEEE 754.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (self.signed(), self.signed());
            let squared = x * x + y * y;
            if squared > 0.0 && squared < 1.0 {
                let factor = (-2.0 * ln(squared) / squared).sqrt();
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }
}

/// The natural logarithm of a normal positive number, by additions, products and one quotient:
/// libraries differ in the last bit of theirs, and files would differ with them.
///
/// # Source
/// `ln m = 2 artanh((m - 1) / (m + 1))` by its power series, after taking out a power of two.
fn ln(x: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    const ONE: u64 = 1023 << 52;
    let mut exponent = (x.to_bits() >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits(x.to_bits() & MANTISSA | ONE);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    // |t| < 0.172: what follows the eleventh term is below the precision of f64.
    let series = (0..11)
        .rev()
        .fold(0.0, |sum, term| sum * t * t + 1.0 / f64::from(2 * term + 1));
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * t * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_logarithm_is_that_of_the_library(x in 1e-300f64..1e3) {
            prop_assert!((ln(x) - x.ln()).abs() <= 1e-15 * (1.0 + x.ln().abs()), "{} {}", ln(x), x.ln());
        }
    }

    #[test]
    fn normal_numbers_have_their_moments() {
        let mut stream = Streams::new(1, Purpose::Base).row(0);
        let n = 200_000;
        let numbers: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let moment =
            |power| numbers.iter().map(|x| f64::powi(*x, power)).sum::<f64>() / f64::from(n);
        // Five standard errors: sqrt(1, 2, 15, 96 / n).
        for (power, expected, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let tolerance = 5.0 * f64::sqrt(variance / f64::from(n));
            assert!(
                (moment(power) - expected).abs() < tolerance,
                "{power}: {}",
                moment(power)
            );
        }
    }

    #[test]
    fn numbers_below_a_bound_are_uniform() {
        let mut stream = Streams::new(1, Purpose::Base).row(0);
        let mut counts = [0u32; 10];
        (0..100_000).for_each(|_| counts[stream.below(10) as usize] += 1);
        // 10,000 expected with a standard deviation of 95; five of them.
        assert!(
            counts.iter().all(|count| (9_525..=10_475).contains(count)),
            "{counts:?}"
        );
    }
}
