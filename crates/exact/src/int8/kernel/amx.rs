//! AMX: `tdpbsud` multiplies the codes of 16 steps of 16 queries with those of 16 rows and adds
//! them up in 32 bits, 16,384 products an instruction, of which one begins every 16 cycles.
//!
//! A block is a tile register's second operand as it lies in memory: of each step four codes of
//! every row.

use std::{
    arch::{
        asm,
        x86_64::{__cpuid_count, _xgetbv},
    },
    marker::PhantomData,
    sync::OnceLock,
};

use super::{BATCH, Batch, Codes, Facts, Products, RowBits, Sums, TILE, Threshold, avx512};

/// Bytes from one row of a tile to the next: rows fill cache lines.
const STRIDE: usize = 64;

/// Whether the CPU has tile registers and the system lets this process use them. It is asked for
/// once, the permission being the process's; what the CPU says costs a virtual machine microseconds.
pub(super) fn is_available() -> bool {
    static IS_AVAILABLE: OnceLock<bool> = OnceLock::new();
    *IS_AVAILABLE.get_or_init(|| cpu_has_tiles() && system_keeps_tiles() && is_permitted())
}

/// # Source
/// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, CPUID: leaf 7, EDX.
fn cpu_has_tiles() -> bool {
    const TILES_AND_INT8: u32 = 1 << 24 | 1 << 25;
    let most = __cpuid_count(0, 0).eax;
    most >= 7 && __cpuid_count(7, 0).edx & TILES_AND_INT8 == TILES_AND_INT8
}

/// Whether the system saves tiles when it switches threads.
///
/// # Source
/// The same, volume 1, section 13.3: XCR0 names the state that is enabled, 17 and 18 that of tiles.
fn system_keeps_tiles() -> bool {
    const CONFIGURATION_AND_DATA: u64 = 1 << 17 | 1 << 18;
    // SAFETY: a CPU that has tiles has XSAVE, and one that has AVX, which is asked first, a system
    // that lets programs read XCR0.
    is_x86_feature_detected!("xsave")
        && is_x86_feature_detected!("avx")
        && unsafe { _xgetbv(0) } & CONFIGURATION_AND_DATA == CONFIGURATION_AND_DATA
}

/// Linux enlarges the state of a thread for processes that ask.
///
/// # Source
/// Linux, Documentation/arch/x86/xstate.rst: `arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA)`.
#[cfg(target_os = "linux")]
fn is_permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const REQUEST_PERMISSION: u64 = 0x1023;
    const TILE_DATA: u64 = 18;
    let result: i64;
    // SAFETY: the call takes two numbers and no memory; the instruction changes the registers named.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") REQUEST_PERMISSION,
            in("rsi") TILE_DATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn is_permitted() -> bool {
    false
}

/// What `ldtilecfg` reads: the palette, the bytes of a row of each register, and its rows.
///
/// # Source
/// The same, volume 2, LDTILECFG.
#[repr(C, align(64))]
struct Configuration([u8; 64]);

impl Configuration {
    /// All eight registers hold 16 rows of 64 bytes.
    const FULL: Self = {
        let mut bytes = [0; 64];
        bytes[0] = 1;
        let mut register = 0;
        while register < 8 {
            bytes[16 + 2 * register] = STRIDE as u8;
            bytes[48 + register] = TILE as u8;
            register += 1;
        }
        Self(bytes)
    };
}

/// The tile registers of the thread that made this, configured for as long as it lives. Nobody
/// else's code may run meanwhile: it might configure them for itself.
#[derive(Debug)]
pub(crate) struct Tiles(PhantomData<*const ()>);

impl Tiles {
    /// # Safety
    /// The CPU has AMX and AVX512F, and this process the permission to use them.
    pub(super) unsafe fn new() -> Self {
        // SAFETY: the instruction reads 64 bytes that are a configuration of the only palette
        // there is.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &Configuration::FULL, options(nostack, readonly));
        }
        Self(PhantomData)
    }

    /// The sums of all queries with the rows of two blocks. The codes of each are given from its
    /// first step on, as far as the tiles of the queries reach: what lies beyond a block meets
    /// codes that are zero.
    #[inline]
    pub(crate) fn multiply(&self, queries: &Batch, blocks: [&[Codes]; 2], out: &mut Products) {
        let [first, second] = blocks.map(|codes| codes[..queries.steps()].as_ptr());
        // SAFETY: the registers are configured (`self`), all for 16 rows of 64 bytes. From
        // `queries` two such tiles are read for each 16 of its steps, from each block one, and it
        // has that many steps; `starts` has two tiles, `out` has four, which is what is read and
        // written there.
        unsafe {
            asm!(
                "tileloadd tmm0, [{starts} + {stride}]",
                "tileloadd tmm1, [{starts} + {stride}]",
                "tileloadd tmm2, [{starts} + {stride} + 1024]",
                "tileloadd tmm3, [{starts} + {stride} + 1024]",
                "test {left}, {left}",
                "jz 3f",
                "2:",
                "tileloadd tmm4, [{queries} + {stride}]",
                "tileloadd tmm6, [{first} + {stride}]",
                "tdpbsud tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{second} + {stride}]",
                "tdpbsud tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{queries} + {stride} + 1024]",
                "tdpbsud tmm2, tmm5, tmm6",
                "tdpbsud tmm3, tmm5, tmm7",
                "add {queries}, 2048",
                "add {first}, 1024",
                "add {second}, 1024",
                "sub {left}, 1",
                "jnz 2b",
                "3:",
                "tilestored [{out} + {stride}], tmm0",
                "tilestored [{out} + {stride} + 1024], tmm2",
                "tilestored [{out} + {stride} + 2048], tmm1",
                "tilestored [{out} + {stride} + 3072], tmm3",
                starts = in(reg) queries.starts(),
                stride = in(reg) STRIDE,
                left = inout(reg) queries.steps() / TILE => _,
                queries = inout(reg) queries.tiles() => _,
                first = inout(reg) first => _,
                second = inout(reg) second => _,
                out = in(reg) out,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }

    /// Of each query the rows whose upper bounds are not below its threshold, or are no numbers.
    #[inline]
    pub(crate) fn survivors(
        &self,
        sums: &[Sums; BATCH],
        facts: &Facts,
        thresholds: &[Threshold; BATCH],
    ) -> [RowBits; BATCH] {
        // SAFETY: who made `self` saw to it that the CPU has AVX512F.
        unsafe { avx512::survivors(sums, facts, thresholds) }
    }
}

impl Drop for Tiles {
    /// Gives the registers back, so that switching threads need not save them.
    fn drop(&mut self) {
        // SAFETY: the instruction changes the registers alone, which nobody else uses.
        unsafe {
            asm!(
                "tilerelease",
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nomem, nostack, preserves_flags),
            );
        }
    }
}
