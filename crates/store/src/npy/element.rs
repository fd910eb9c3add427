//! The element types that annbench stores in npy files.

use half::f16;

mod sealed {
    pub trait Sealed {}
}

/// A plain number that an npy file can hold.
pub trait Element: bytemuck::Pod + sealed::Sealed {
    /// NumPy's name of the type, little-endian.
    const DESCR: &'static str;
}

macro_rules! elements {
    ($($type:ty => $descr:literal),* $(,)?) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const DESCR: &'static str = $descr;
        }
    )*};
}

elements!(f16 => "<f2", f32 => "<f4", f64 => "<f8", i64 => "<i8", u64 => "<u8");
