//! The few structures of HDF5 that a file of plain arrays needs, as bytes.
//!
//! Written by hand: the crate that reads HDF5 writes whole datasets from memory, and a conversion
//! must not hold its vectors there. Every structure has a length that does not depend on the number
//! of rows, so that headers can be written again once that number is known.
//!
//! # Source
//! HDF5 File Format Specification, version 3.0: superblock version 2, object headers version 2,
//! global heaps. The checksum is Bob Jenkins's lookup3, `hashlittle` with an initial value of 0.

/// An address that points nowhere.
const UNDEFINED: u64 = u64::MAX;
/// Length of [`superblock`].
pub(super) const SUPERBLOCK_BYTES: u64 = 48;
/// Length of [`heap`], the least that HDF5 allows.
pub(super) const HEAP_BYTES: usize = 4096;

const DATASPACE: u8 = 0x01;
const LINK_INFO: u8 = 0x02;
const DATATYPE: u8 = 0x03;
const FILL_VALUE: u8 = 0x05;
const LINK: u8 = 0x06;
const LAYOUT: u8 = 0x08;
const GROUP_INFO: u8 = 0x0a;
const ATTRIBUTE: u8 = 0x0c;

/// The type of a dataset's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    F32,
    I32,
}

/// The start of the file: where the root group is and where the file ends.
pub(super) fn superblock(root: u64, end: u64) -> Vec<u8> {
    let mut bytes = b"\x89HDF\r\n\x1a\n".to_vec();
    // Version 2, addresses and lengths of 8 bytes, no flags.
    bytes.extend([2, 8, 8, 0]);
    for address in [0, UNDEFINED, end, root] {
        bytes.extend(address.to_le_bytes());
    }
    with_checksum(bytes)
}

/// The root group: named datasets at addresses, and attributes that are made already.
pub(super) fn group(links: &[(&str, u64)], attributes: Vec<Vec<u8>>) -> Vec<u8> {
    let mut messages = vec![
        (LINK_INFO, [&[0, 0][..], &[0xff; 16]].concat()),
        (GROUP_INFO, vec![0, 0]),
    ];
    for (name, address) in links {
        let head = [1, 0, name.len() as u8];
        let link = [&head[..], name.as_bytes(), &address.to_le_bytes()].concat();
        messages.push((LINK, link));
    }
    messages.extend(attributes.into_iter().map(|body| (ATTRIBUTE, body)));
    object(&messages)
}

/// A dataset of `shape` whose numbers lie one after the other from `address` on.
pub(super) fn dataset(number: Number, shape: [u64; 2], address: u64) -> Vec<u8> {
    // Version 2, two axes, no largest lengths, a simple space.
    let mut space = vec![2, 2, 0, 1];
    space.extend(shape.map(u64::to_le_bytes).as_flattened());
    let mut layout = vec![3, 1];
    layout.extend(address.to_le_bytes());
    layout.extend((shape[0] * shape[1] * 4).to_le_bytes());
    object(&[
        (DATASPACE, space),
        (DATATYPE, number_type(number)),
        // Version 3: space is taken late, and nothing is filled in.
        (FILL_VALUE, vec![3, 0x0a]),
        (LAYOUT, layout),
    ])
}

/// An attribute that holds a whole number.
pub(super) fn number_attribute(name: &str, value: i32) -> Vec<u8> {
    attribute(name, number_type(Number::I32), &value.to_le_bytes())
}

/// An attribute that holds a text of any length, which is entry `entry` of the heap at `heap`.
pub(super) fn text_attribute(name: &str, text: &str, heap: u64, entry: u32) -> Vec<u8> {
    // Class 9 (variable length), a string in UTF-8, of 16 bytes here; then the type of its bytes.
    let mut string = vec![0x19, 0x01, 0x01, 0, 16, 0, 0, 0];
    string.extend([0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]);
    let mut value = (text.len() as u32).to_le_bytes().to_vec();
    value.extend(heap.to_le_bytes());
    value.extend(entry.to_le_bytes());
    attribute(name, string, &value)
}

/// A global heap of texts, numbered from 1.
pub(super) fn heap(texts: &[&str]) -> Vec<u8> {
    let mut bytes = b"GCOL\x01\0\0\0".to_vec();
    bytes.extend((HEAP_BYTES as u64).to_le_bytes());
    for (entry, text) in (1u16..).zip(texts) {
        bytes.extend(entry.to_le_bytes());
        // Referenced once; four bytes are reserved.
        bytes.extend([1, 0, 0, 0, 0, 0]);
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    // Entry 0 is the room that is left, itself included.
    let left = (HEAP_BYTES - bytes.len()) as u64;
    bytes.extend([0; 8]);
    bytes.extend(left.to_le_bytes());
    bytes.resize(HEAP_BYTES, 0);
    bytes
}

fn attribute(name: &str, datatype: Vec<u8>, value: &[u8]) -> Vec<u8> {
    // A space of one value: version 2, no axes.
    let space = [2, 0, 0, 0];
    let mut body = vec![3, 0];
    for length in [name.len() + 1, datatype.len(), space.len()] {
        body.extend((length as u16).to_le_bytes());
    }
    body.push(0);
    body.extend(name.as_bytes());
    body.push(0);
    [&body, &datatype, &space[..], value].concat()
}

fn number_type(number: Number) -> Vec<u8> {
    let (head, properties): ([u8; 4], &[u8]) = match number {
        // IEEE 754: sign at bit 31, exponent of 8 bits at 23 with bias 127, mantissa of 23 at 0.
        Number::F32 => (
            [0x11, 0x20, 0x1f, 0],
            &[0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0],
        ),
        // Two's complement.
        Number::I32 => ([0x10, 0x08, 0, 0], &[0, 0, 32, 0]),
    };
    [&head[..], &4u32.to_le_bytes(), properties].concat()
}

fn object(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, message) in messages {
        body.push(*kind);
        body.extend((message.len() as u16).to_le_bytes());
        body.push(0);
        body.extend(message);
    }
    // Version 2; the length takes four bytes.
    let mut bytes = b"OHDR\x02\x02".to_vec();
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    with_checksum(bytes)
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = lookup3(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let mut state = [start; 3];
    let last = bytes.len().saturating_sub(1) / 12 * 12;
    for (place, block) in bytes.chunks(12).enumerate() {
        let mut padded = [0; 12];
        padded[..block.len()].copy_from_slice(block);
        let words = padded.as_chunks::<4>().0;
        for (sum, word) in state.iter_mut().zip(words) {
            *sum = sum.wrapping_add(u32::from_le_bytes(*word));
        }
        state = match place * 12 == last {
            true => finished(state),
            false => mixed(state),
        };
    }
    state[2]
}

fn mixed(mut state: [u32; 3]) -> [u32; 3] {
    for turn in [4, 6, 8, 16, 19, 4] {
        let [a, b, c] = state;
        // The three take turns: b is the first of the next step.
        state = [
            b,
            c.wrapping_add(b),
            a.wrapping_sub(c) ^ c.rotate_left(turn),
        ];
    }
    state
}

fn finished([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    for (i, turn) in [14, 11, 25, 16, 4, 14, 24].into_iter().enumerate() {
        match i % 3 {
            0 => c = (c ^ b).wrapping_sub(b.rotate_left(turn)),
            1 => a = (a ^ c).wrapping_sub(c.rotate_left(turn)),
            _ => b = (b ^ a).wrapping_sub(a.rotate_left(turn)),
        }
    }
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_lookup3() {
        // The self-test that comes with the hash function.
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }
}
