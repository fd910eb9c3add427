//! Which bytes of a file are here.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Ranges of bytes: sorted, disjoint, none empty, none touching the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// Adds a range; what it overlaps or touches becomes one with it.
    pub(super) fn add(&mut self, mut range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let first = self.0.partition_point(|have| have.end < range.start);
        let after = self.0.partition_point(|have| have.start <= range.end);
        if let (Some(low), true) = (self.0.get(first), first < after) {
            range.start = range.start.min(low.start);
            range.end = range.end.max(self.0[after - 1].end);
        }
        self.0.splice(first..after, [range]);
    }

    /// What of a range is not here, in order.
    pub(super) fn missing(&self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut missing = Vec::new();
        let mut start = range.start;
        for have in self.0.iter().filter(|have| have.end > range.start) {
            if have.start >= range.end {
                break;
            }
            if have.start > start {
                missing.push(start..have.start);
            }
            start = have.end;
        }
        if start < range.end {
            missing.push(start..range.end);
        }
        missing
    }

    /// Whether the ranges are what [`add`](Self::add) makes, within a file of `size` bytes.
    pub(super) fn are_sound(&self, size: u64) -> bool {
        let ends = self.0.windows(2).all(|pair| pair[0].end < pair[1].start);
        ends && self
            .0
            .iter()
            .all(|have| have.start < have.end && have.end <= size)
    }
}

/// Cuts ranges into parts of at most `part_bytes`.
pub(super) fn cut(ranges: Vec<Range<u64>>, part_bytes: u64) -> Vec<Range<u64>> {
    let part_bytes = part_bytes.max(1);
    let parts = ranges.into_iter().flat_map(|range| {
        let starts =
            (range.start..range.end).step_by(usize::try_from(part_bytes).unwrap_or(usize::MAX));
        starts.map(move |start| start..range.end.min(start.saturating_add(part_bytes)))
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_here_and_what_is_missing_make_up_the_whole(
            added in prop::collection::vec((0u64..60, 0u64..12), 0..12),
            part_bytes in 1u64..9,
        ) {
            let mut ranges = Ranges::default();
            let mut bytes = [false; 72];
            for (start, length) in added {
                ranges.add(start..start + length);
                bytes[start as usize..(start + length) as usize].fill(true);
                prop_assert!(ranges.are_sound(72), "{ranges:?}");
            }
            for part in cut(ranges.missing(3..70), part_bytes) {
                prop_assert!(!part.is_empty() && part.end - part.start <= part_bytes);
                for byte in part {
                    prop_assert!(!bytes[byte as usize]);
                    bytes[byte as usize] = true;
                }
            }
            prop_assert!(bytes[3..70].iter().all(|&is_here| is_here));
        }
    }

    #[test]
    fn ranges_that_overlap_or_leave_the_file_are_not_sound() {
        let check = |ranges: &[Range<u64>], expected| {
            assert_eq!(
                Ranges(ranges.to_vec()).are_sound(10),
                expected,
                "{ranges:?}"
            );
        };
        check(&[0..4, 5..10], true);
        check(&[0..4, 4..10], false);
        check(&[0..4, 5..11], false);
        check(&[Range { start: 4, end: 3 }], false);
    }
}
