//! What a vector may be made of.

use half::f16;

mod sealed {
    pub trait Sealed {}
}

/// Integers as bytes from 0 to 255 that keep their differences.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Bytes<T> {
    /// The byte of a value.
    pub of: fn(T) -> u8,
    /// The value whose byte is 0.
    pub first: f64,
}

/// A component of a vector: `f32`, or one of the smaller types that convert to it without loss.
///
/// Scores are those of the converted components.
pub trait Component: sealed::Sealed + Copy + Send + Sync + std::fmt::Debug + 'static {
    /// How to see the integers this type holds as bytes; `None` if it holds fractions.
    #[doc(hidden)]
    const BYTES: Option<Bytes<Self>>;

    /// The value in f32, exactly.
    fn to_f32(self) -> f32;

    /// The values in f32: themselves, or a copy in `room`.
    #[doc(hidden)]
    fn widen<'v>(values: &'v [Self], room: &'v mut Vec<f32>) -> &'v [f32] {
        room.clear();
        room.extend(values.iter().map(|value| value.to_f32()));
        room
    }
}

impl sealed::Sealed for f32 {}
impl sealed::Sealed for f16 {}
impl sealed::Sealed for u8 {}
impl sealed::Sealed for i8 {}

impl Component for f32 {
    const BYTES: Option<Bytes<f32>> = None;

    fn to_f32(self) -> f32 {
        self
    }

    fn widen<'v>(values: &'v [f32], _: &'v mut Vec<f32>) -> &'v [f32] {
        values
    }
}

impl Component for f16 {
    const BYTES: Option<Bytes<f16>> = None;

    fn to_f32(self) -> f32 {
        f16::to_f32(self)
    }
}

impl Component for u8 {
    const BYTES: Option<Bytes<u8>> = Some(Bytes {
        of: |value| value,
        first: 0.0,
    });

    fn to_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Component for i8 {
    const BYTES: Option<Bytes<i8>> = Some(Bytes {
        of: |value| value.cast_unsigned() ^ 0x80,
        first: -128.0,
    });

    fn to_f32(self) -> f32 {
        f32::from(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_the_order_and_the_distances_of_integers() {
        let bytes = i8::BYTES.unwrap();
        for value in [-128i8, -1, 0, 127] {
            let byte = f64::from((bytes.of)(value));
            assert_eq!(byte + bytes.first, f64::from(value));
        }
        assert_eq!((u8::BYTES.unwrap().of)(200), 200);
    }

    #[test]
    fn only_the_smaller_types_are_copied() {
        let (mut room, values) = (Vec::new(), [1.5f32, 2.0]);
        assert_eq!(f32::widen(&values, &mut room), values);
        assert!(room.is_empty());
        assert_eq!(i8::widen(&[-3, 4], &mut room), [-3.0, 4.0]);
    }
}
