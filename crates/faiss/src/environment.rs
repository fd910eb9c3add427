//! The environment that BLAS and OpenMP read when they are loaded.

/// The variables that steer BLAS or OpenMP, by name or by prefix (ending in `_`).
pub const STEERING_VARIABLES: &[&str] = &[
    "OPENBLAS_",
    "GOTO_NUM_THREADS",
    "GOTOBLAS_",
    "OMP_",
    "GOMP_",
    "KMP_",
    "MKL_",
    "BLIS_",
    "VECLIB_",
    "ATLAS_",
];
