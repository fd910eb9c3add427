//! Sums of products of small integers, by the instructions that this CPU has.
//!
//! All kernels give the same sums, to the last bit, for codes within their [`Limits`]. The
//! crate's only `unsafe` is here: loads from slices whose length is known, and calls of
//! functions compiled for instructions that were found at run time.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
mod batch;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
use std::fmt;

use super::{
    facts::{Facts, Threshold},
    lanes::CHUNKS,
};
use crate::schedule::Portion;

#[cfg(target_arch = "x86_64")]
pub(crate) use amx::Tiles;
pub(crate) use batch::{BATCH, Batch, Products, TILE};

/// Base vectors of a block, that a kernel takes together.
pub(crate) const ROWS: usize = 16;

/// Queries that make a batch of their own: fewer meet a base faster three at a time.
const LEAST_IN_BATCH: usize = 8;

/// Components of a step: those of one row that stand side by side.
pub(crate) const STEP: usize = 4;

/// [`STEP`] codes of each row of a block: row by row.
pub(crate) type Codes = [u8; ROWS * STEP];

/// [`STEP`] codes of a query, the first in the lowest byte.
pub(crate) type QueryCodes = i32;

/// Queries as a kernel takes them.
#[derive(Debug)]
pub(crate) struct Tile<const Q: usize> {
    /// Of each step the codes of all queries.
    pub(crate) codes: Vec<[QueryCodes; Q]>,
    /// Steps that are added up in 16 bits, one of [`CHUNKS`], where the kernel does so: then no
    /// sum of either lane over such a chunk leaves that range, if its first value is a start.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "only AVX2 adds up in 16 bits")
    )]
    pub(crate) chunk: usize,
    /// What the kernel adds to all sums of a query: for one that adds up in 16 bits, of each chunk
    /// [`start`]; for one of signed codes, one value; for others none.
    pub(crate) starts: Vec<[QueryCodes; Q]>,
}

impl<const Q: usize> Tile<Q> {
    /// For a kernel that adds up in 32 bits.
    pub(crate) fn new(codes: Vec<[QueryCodes; Q]>) -> Self {
        Self {
            codes,
            chunk: CHUNKS[0],
            starts: Vec::new(),
        }
    }

    /// For a kernel to which a base's code of 128 is none: the sums with it are added again.
    pub(crate) fn signed(codes: Vec<[QueryCodes; Q]>) -> Self {
        let sum = |query: usize| {
            codes
                .iter()
                .map(|step| sum_of_codes(step[query]))
                .sum::<i32>()
        };
        let start = std::array::from_fn(|query| 128 * sum(query));
        Self {
            starts: vec![start],
            ..Self::new(codes)
        }
    }

    /// For a kernel that adds up in 16 bits: what the codes of a row differ from `zeros`.
    pub(crate) fn in_16_bits(codes: Vec<[QueryCodes; Q]>, zeros: &[i16], chunk: usize) -> Self {
        let chunks = codes.chunks(chunk).zip(zeros.chunks(chunk * STEP));
        let starts = chunks.map(|(codes, zeros)| {
            std::array::from_fn(|query| start(codes.iter().map(|step| step[query]), zeros))
        });
        Self {
            starts: starts.collect(),
            codes,
            chunk,
        }
    }
}

fn sum_of_codes(step: QueryCodes) -> i32 {
    let codes = step.to_le_bytes();
    codes.map(|code| i32::from(code.cast_signed())).iter().sum()
}

/// Minus the products with the codes of `zeros`, of both lanes, each modulo 2^16.
fn start(codes: impl Iterator<Item = QueryCodes>, zeros: &[i16]) -> QueryCodes {
    let mut lanes = [0; 2];
    for (step, zeros) in codes.zip(zeros.chunks(STEP)) {
        for (at, (code, zero)) in step.to_le_bytes().into_iter().zip(zeros).enumerate() {
            lanes[at / (STEP / 2)] -= i32::from(code.cast_signed()) * i32::from(*zero);
        }
    }
    let [first, second] = lanes.map(|sum| (sum as u16).to_le_bytes());
    i32::from_le_bytes([first[0], first[1], second[0], second[1]])
}

/// Asks for values that will be needed soon, line by line.
#[inline]
pub(crate) fn fetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for at in (0..size_of_val(values)).step_by(size_of::<Codes>()) {
        let line = values.as_ptr().cast::<i8>().wrapping_add(at);
        // SAFETY: every x86-64 CPU has the instruction, and whatever the address, it only moves
        // data between caches.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// Sums of one query with the rows of a block.
pub(crate) type Sums = [i32; ROWS];

/// Some rows of a block, the first in the lowest bit.
pub(crate) type RowBits = u16;

/// The instructions that multiply small integers, chosen at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kernel {
    /// AMX: 16,384 products an instruction, added up in 32 bits. It takes many queries at a time;
    /// where there are few, AVX-512 VNNI does its work.
    AmxInt8,
    /// AVX-512 VNNI: 64 products an instruction, added up in 32 bits.
    Avx512Vnni,
    /// AVX-VNNI: 32 products an instruction, added up in 32 bits.
    AvxVnni,
    /// AVX2: 32 products an instruction, added up in 16 bits.
    Avx2,
    /// NEON with the dot products of ARMv8.2: 16 products an instruction, added up in 32 bits.
    NeonDot,
    /// Whatever the compiler makes of plain loops. Slower than the f32 pass, and so only used
    /// where it is asked for.
    Portable,
}

/// What a kernel needs the codes to keep within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Largest code of a base vector that was quantised; the smallest is 0.
    pub(crate) largest_code: u8,
    /// Whether sums pass through 16 bits, which then must hold them, and count from the code of
    /// the mean.
    pub(crate) in_16_bits: bool,
    /// Whether it takes the codes of a base for signed ones, that count from 128.
    pub(crate) signed: bool,
}

impl Kernel {
    /// Every kernel, the fastest first.
    pub const ALL: [Self; 6] = [
        Self::AmxInt8,
        Self::Avx512Vnni,
        Self::AvxVnni,
        Self::Avx2,
        Self::NeonDot,
        Self::Portable,
    ];

    /// Whether this CPU has the instructions.
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::AmxInt8 => return Self::Avx512Vnni.is_available() && amx::is_available(),
            Self::Avx512Vnni => {
                return is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vnni");
            }
            Self::AvxVnni => {
                return Self::Avx2.is_available() && is_x86_feature_detected!("avxvnni");
            }
            Self::Avx2 => {
                return is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            }
            Self::NeonDot | Self::Portable => {}
        }
        #[cfg(target_arch = "aarch64")]
        if self == Self::NeonDot {
            return std::arch::is_aarch64_feature_detected!("dotprod");
        }
        self == Self::Portable
    }

    /// The fastest kernel of this CPU that is faster than the f32 pass.
    pub fn best() -> Option<Self> {
        let fast = Self::ALL
            .into_iter()
            .filter(|kernel| *kernel != Self::Portable);
        fast.into_iter().find(|kernel| kernel.is_available())
    }

    /// What the instructions are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::AmxInt8 => "AMX INT8",
            Self::Avx512Vnni => "AVX512 VNNI",
            Self::AvxVnni => "AVX-VNNI",
            Self::Avx2 => "AVX2",
            Self::NeonDot => "NEON SDOT",
            Self::Portable => "portable",
        }
    }

    pub(crate) fn limits(self) -> Limits {
        match self {
            // Seven bits, so that the products of four components and more fit into 16.
            Self::Avx2 => Limits {
                largest_code: 126,
                in_16_bits: true,
                signed: false,
            },
            _ => Limits {
                largest_code: 254,
                in_16_bits: false,
                signed: self == Self::NeonDot,
            },
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The tile registers, which no other CPU has.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Debug)]
pub(crate) enum Tiles {}

#[cfg(not(target_arch = "x86_64"))]
impl Tiles {
    pub(crate) fn multiply(&self, _: &Batch, _: [&[Codes]; 2], _: &mut Products) {
        match *self {}
    }

    pub(crate) fn survivors(
        &self,
        _: &[Sums; BATCH],
        _: &Facts,
        _: &[Threshold; BATCH],
    ) -> [RowBits; BATCH] {
        match *self {}
    }
}

/// A kernel that this CPU has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Engine(Kernel);

impl Engine {
    pub(crate) fn new(kernel: Kernel) -> Option<Self> {
        kernel.is_available().then_some(Self(kernel))
    }

    pub(crate) fn kernel(self) -> Kernel {
        self.0
    }

    /// Of so many queries those that are searched in batches: the rest fills too little of one.
    pub(crate) fn batched(self, n_queries: usize) -> usize {
        match (self.0, n_queries % BATCH) {
            (Kernel::AmxInt8, 0..LEAST_IN_BATCH) => n_queries / BATCH * BATCH,
            (Kernel::AmxInt8, _) => n_queries,
            _ => 0,
        }
    }

    /// Queries of a task.
    pub(crate) fn portion(self) -> Portion {
        match self.0 {
            // So fast that its threads would wait for memory if they read a base more often.
            Kernel::AmxInt8 => Portion {
                most: 512,
                multiple: BATCH,
            },
            _ => Portion::FEW,
        }
    }

    /// Configures the tile registers of this thread, if the kernel works on such.
    pub(crate) fn tiles(self) -> Option<Tiles> {
        #[cfg(target_arch = "x86_64")]
        if self.0 == Kernel::AmxInt8 {
            // SAFETY: an `Engine` is made of available kernels only, and this one asks for AMX, its
            // permission and AVX512F.
            return Some(unsafe { Tiles::new() });
        }
        None
    }

    /// Adds to `sums` the products of the codes of every query with those of every row of a block;
    /// returns of each query the rows, as bits, whose upper bounds are not below its threshold, or
    /// are no numbers.
    #[inline]
    pub(crate) fn meet<const Q: usize>(
        self,
        block: &[Codes],
        tile: &Tile<Q>,
        bounds: (&Facts, &[Threshold; Q]),
        sums: &mut [Sums; Q],
    ) -> [RowBits; Q] {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Engine` is made of available kernels only, so the CPU has AVX2 and FMA.
            Kernel::Avx2 => unsafe { avx2::meet(block, tile, bounds, sums) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above, for AVX-VNNI.
            Kernel::AvxVnni => unsafe { avx_vnni::meet(block, &tile.codes, bounds, sums) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above, for AVX512F and AVX512 VNNI, which the kernel for AMX asks for too.
            Kernel::AmxInt8 | Kernel::Avx512Vnni => unsafe {
                avx512::meet(block, &tile.codes, bounds, sums)
            },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above, for NEON and its dot products.
            Kernel::NeonDot => unsafe { neon::meet(block, tile, bounds, sums) },
            _ => portable::meet(block, &tile.codes, bounds, sums),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};

    const QUERIES: usize = 3;

    fn naive(block: &[Codes], queries: &[[QueryCodes; QUERIES]]) -> [Sums; QUERIES] {
        let mut sums = [[7; ROWS]; QUERIES];
        for (codes, queries) in block.iter().zip(queries) {
            for (sums, query) in sums.iter_mut().zip(queries) {
                for (sum, row) in sums.iter_mut().zip(codes.as_chunks::<STEP>().0) {
                    for (code, query) in row.iter().zip(query.to_le_bytes()) {
                        *sum += i32::from(*code) * i32::from(query.cast_signed());
                    }
                }
            }
        }
        sums
    }

    fn tile(
        kernel: Kernel,
        queries: &[[QueryCodes; QUERIES]],
        zeros: &[i16],
        chunk: usize,
    ) -> Tile<QUERIES> {
        if kernel.limits().in_16_bits {
            Tile::in_16_bits(queries.to_vec(), zeros, chunk)
        } else if kernel.limits().signed {
            Tile::signed(queries.to_vec())
        } else {
            Tile::new(queries.to_vec())
        }
    }

    /// `zero` must make a chunk fit into 16 bits.
    fn check(block: &[Codes], queries: &[[QueryCodes; QUERIES]], zero: u8, chunk: usize) {
        let zeros = vec![i16::from(zero); queries.len() * STEP];
        for kernel in Kernel::ALL {
            let Some(engine) = Engine::new(kernel) else {
                eprintln!("skipped: this CPU has no {kernel}");
                continue;
            };
            let mut sums = [[7; ROWS]; QUERIES];
            let tile = tile(kernel, queries, &zeros, chunk);
            engine.meet(
                block,
                &tile,
                (&Facts::UNKNOWN, &[Threshold::UNREACHABLE; QUERIES]),
                &mut sums,
            );
            let mut expected = naive(block, queries);
            if kernel.limits().in_16_bits {
                let of_zeros = naive(&vec![[zero; ROWS * STEP]; block.len()], queries);
                let sums = expected.as_flattened_mut().iter_mut();
                sums.zip(of_zeros.as_flattened())
                    .for_each(|(sum, of_zeros)| *sum -= of_zeros - 7);
            }
            assert_eq!(sums, expected, "{kernel}");
        }
    }

    proptest! {
        #[test]
        fn kernels_let_the_same_rows_pass(
            sums in any::<[i16; ROWS]>(),
            numbers in any::<[[i8; ROWS]; 4]>(),
            threshold in any::<[i8; 4]>(),
            least in -3_000i16..3_000,
        ) {
            // Small integers, so that every order of operations gives the same.
            let row = |at: usize| numbers[at].map(f32::from);
            let facts = Facts { scale: [1.0; ROWS], error: row(1), norm: row(2), bias: row(3) };
            let [alpha, beta, gamma, _] = threshold.map(f32::from);
            let threshold = Threshold { alpha, beta, gamma, least: f32::from(least) };
            let sums = sums.map(|sum| i32::from(sum) / 8);
            let passes = |at: &usize| {
                let upper = sums[*at] as f32
                    + alpha * facts.error[*at]
                    + beta * facts.norm[*at]
                    + gamma * facts.bias[*at];
                upper >= f32::from(least)
            };
            let rows = (0..ROWS).filter(passes).fold(0, |rows, at| rows | 1 << at);
            for engine in Kernel::ALL.into_iter().filter_map(Engine::new) {
                let bounds = (&facts, &[Threshold::UNREACHABLE, threshold, threshold]);
                let survivors = engine.meet(&[], &Tile::new(Vec::new()), bounds, &mut [sums; 3]);
                prop_assert_eq!(survivors, [0, rows, rows]);
            }
        }
    }

    #[test]
    fn rows_of_unknown_bounds_pass() {
        let nan = Facts {
            error: [f32::NAN; ROWS],
            ..Facts::UNKNOWN
        };
        for engine in Kernel::ALL.into_iter().filter_map(Engine::new) {
            for facts in [Facts::UNKNOWN, nan] {
                let bounds = (&facts, &[Threshold::UNREACHABLE]);
                let survivors = engine.meet(&[], &Tile::new(Vec::new()), bounds, &mut [[0; ROWS]]);
                assert_eq!(survivors, [0xFFFF]);
            }
        }
    }

    fn packed(codes: [i8; STEP]) -> QueryCodes {
        i32::from_le_bytes(codes.map(i8::cast_unsigned))
    }

    #[test]
    fn sums_that_leave_16_bits_on_the_way_are_exact() {
        // 32,004 a step before the code of the mean is taken off, and 254 after.
        for (code, zero) in [(126, 125), (125, 126), (0, 1), (126, 126)] {
            for (query, chunk) in [(127, 4), (-127, 4), (127, 8), (-127, 8)] {
                let block = vec![[code; ROWS * STEP]; 19];
                let queries = [[packed([query; STEP]); QUERIES]; 19];
                check(&block, &queries, zero, chunk);
            }
        }
        let (block, query) = ([[255; ROWS * STEP]; 9], packed([64, 64, -64, -64]));
        check(&block, &[[query; QUERIES]; 9], 240, 8);
    }

    proptest! {
        #[test]
        fn kernels_agree_to_the_last_bit(
            steps in vec((any::<[[u8; 32]; 2]>(), any::<[[i8; STEP]; QUERIES]>()), 0..40),
            zero in 60u8..67,
            chunk in select(&CHUNKS[..]),
        ) {
            let block: Vec<Codes> = steps
                .iter()
                .map(|(halves, _)| std::array::from_fn(|at| halves[at / 32][at % 32] & 127))
                .collect();
            // 8 products of at most 60 x 67, or 16 of 30 x 67.
            let most = (240 / chunk) as i8;
            let small = |codes: [i8; STEP]| packed(codes.map(|code| code.clamp(-most, most)));
            let queries: Vec<_> = steps.iter().map(|(_, codes)| codes.map(small)).collect();
            check(&block, &queries, zero, chunk);
        }
    }

    /// Steps of the blocks beyond those of the queries count for nothing, and queries that lack
    /// have sums of zero.
    fn check_tiles(blocks: [&[Codes]; 2], queries: &[Vec<QueryCodes>], start: i32) {
        let tiles = Engine::new(Kernel::AmxInt8).and_then(Engine::tiles);
        let Some(tiles) = tiles else {
            eprintln!("skipped: this CPU has no tile registers");
            return;
        };
        let steps = queries[0].len();
        let batch = Batch::new(steps, queries.iter().map(|codes| (&**codes, start)));
        let mut products = Products([[[1; ROWS]; BATCH]; 2]);
        tiles.multiply(&batch, blocks, &mut products);
        for (block, products) in blocks.into_iter().zip(&products.0) {
            let mut expected = [[0; ROWS]; BATCH];
            for (sums, codes) in expected.iter_mut().zip(queries) {
                let codes: Vec<_> = codes.iter().map(|codes| [*codes; QUERIES]).collect();
                *sums = naive(&block[..steps], &codes)[0].map(|sum| sum - 7 + start);
            }
            assert_eq!(*products, expected);
        }
    }

    proptest! {
        #[test]
        fn tiles_hold_the_sums_of_every_query(
            steps in 1usize..50,
            codes in vec(any::<[u8; 32]>(), 256),
            queries in vec(vec(any::<QueryCodes>(), 50), 1..=BATCH),
            start in -1_000..1_000,
        ) {
            let blocks: Vec<Codes> = codes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[first, second]| std::array::from_fn(|at| [first, second][at / 32][at % 32]))
                .collect();
            let queries: Vec<_> = queries.iter().map(|codes| codes[..steps].to_vec()).collect();
            let (first, second) = blocks.split_at(64);
            check_tiles([first, second], &queries, start);
        }
    }

    #[test]
    fn the_largest_sums_fit_into_tiles() {
        // 32,768 components, the most there are.
        let (block, steps) = ([[254; ROWS * STEP]; 1 << 13], 1 << 13);
        for code in [127, -127] {
            let queries = vec![vec![packed([code; STEP]); steps]; 3];
            check_tiles([&block; 2], &queries, 0);
        }
    }

    #[test]
    fn a_few_queries_are_left_out_of_batches() {
        let Some(engine) = Engine::new(Kernel::AmxInt8) else {
            eprintln!("skipped: this CPU has no tile registers");
            return;
        };
        let batched = |n_queries| engine.batched(n_queries);
        assert_eq!([1, 7, 8, 32, 39, 40].map(batched), [0, 0, 8, 32, 32, 40]);
    }
}
