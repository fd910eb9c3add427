//! What a vector may be made of.

use half::f16;

mod sealed {
    pub trait Sealed {}
}

/// A component of a vector: `f32`, or one of the smaller types that convert to it without loss.
///
/// Scores are those of the converted components.
pub trait Component: sealed::Sealed + Copy + Send + Sync + std::fmt::Debug + 'static {
    /// The least value of a type of one byte, which holds all integers from there on; `None` for
    /// types that hold fractions.
    #[doc(hidden)]
    const FIRST_OF_BYTE: Option<f64>;

    /// The value in f32, exactly.
    fn to_f32(self) -> f32;

    /// How far an integer is from the first of its type.
    #[doc(hidden)]
    fn to_byte(self) -> u8 {
        0
    }

    /// The values in f32: themselves, or a copy in `room`.
    #[doc(hidden)]
    #[inline]
    fn widen<'v>(values: &'v [Self], room: &'v mut Vec<f32>) -> &'v [f32] {
        room.clear();
        room.extend(values.iter().map(|value| value.to_f32()));
        room
    }
}

// Marked to be inlined, because the generic code around them is compiled in the caller's crate: as
// calls, one a component, they made packing several times slower.
impl sealed::Sealed for f32 {}
impl sealed::Sealed for f16 {}
impl sealed::Sealed for u8 {}
impl sealed::Sealed for i8 {}

impl Component for f32 {
    const FIRST_OF_BYTE: Option<f64> = None;

    #[inline]
    fn to_f32(self) -> f32 {
        self
    }

    #[inline]
    fn widen<'v>(values: &'v [f32], _: &'v mut Vec<f32>) -> &'v [f32] {
        values
    }
}

impl Component for f16 {
    const FIRST_OF_BYTE: Option<f64> = None;

    #[inline]
    fn to_f32(self) -> f32 {
        f16::to_f32(self)
    }
}

impl Component for u8 {
    const FIRST_OF_BYTE: Option<f64> = Some(0.0);

    #[inline]
    fn to_byte(self) -> u8 {
        self
    }

    #[inline]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Component for i8 {
    const FIRST_OF_BYTE: Option<f64> = Some(-128.0);

    #[inline]
    fn to_byte(self) -> u8 {
        self.cast_unsigned() ^ 0x80
    }

    #[inline]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_the_order_and_the_distances_of_integers() {
        for value in [-128i8, -1, 0, 127] {
            let byte = f64::from(value.to_byte());
            assert_eq!(byte + i8::FIRST_OF_BYTE.unwrap(), f64::from(value));
        }
        assert_eq!((200u8.to_byte(), u8::FIRST_OF_BYTE), (200, Some(0.0)));
    }

    #[test]
    fn only_the_smaller_types_are_copied() {
        let (mut room, values) = (Vec::new(), [1.5f32, 2.0]);
        assert_eq!(f32::widen(&values, &mut room), values);
        assert!(room.is_empty());
        assert_eq!(i8::widen(&[-3, 4], &mut room), [-3.0, 4.0]);
    }
}
