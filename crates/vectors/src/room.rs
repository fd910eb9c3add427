//! Memory for many values at once: the one `unsafe` of this crate.

use bytemuck::Zeroable;

/// Bytes from which on large pages are asked for: a few of them.
const LARGE: usize = 8 << 20;

/// `len` zeros, for values that are written right after; `None` if there is no memory for them.
///
/// On Linux a long vector comes in large pages where the system grants them to whoever asks: the
/// first write to each of 45,000 small ones took longer than reading 178 MB from a Parquet file
/// into them.
pub fn zeroed_vec<T: Zeroable>(len: usize) -> Option<Vec<T>> {
    let values = bytemuck::allocation::try_zeroed_vec(len).ok()?;
    if size_of_val(&*values) >= LARGE {
        ask_for_large_pages(&values);
    }
    Some(values)
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "memory can only be advised on unsafely")]
fn ask_for_large_pages<T>(values: &[T]) {
    use rustix::mm::{Advice, madvise};

    let page = rustix::param::page_size();
    let range = values.as_ptr_range();
    let skipped = range.start.addr().next_multiple_of(page) - range.start.addr();
    let whole_pages = size_of_val(values).saturating_sub(skipped) / page * page;
    let first = range.start.cast::<u8>().wrapping_add(skipped);
    // A system without large pages says so in the result, and goes on with small ones.
    // SAFETY: the pages lie within `values`, and this advice leaves what they hold as it is.
    _ = unsafe { madvise(first.cast_mut().cast(), whole_pages, Advice::LinuxHugepage) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_large_pages<T>(_: &[T]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_vectors_are_as_zero_as_short_ones() {
        for len in [0, 1, LARGE / 4 - 1, LARGE / 4, LARGE + 4099] {
            let mut values = zeroed_vec::<f32>(len).unwrap();
            assert!(values.len() == len && values.iter().all(|value| *value == 0.0));
            values.fill(1.5);
            values.push(2.5);
            assert!(values[..len].iter().all(|value| *value == 1.5));
        }
    }

    #[test]
    fn more_than_there_can_be_is_refused() {
        assert_eq!(zeroed_vec::<u64>(usize::MAX / 8), None);
    }
}
