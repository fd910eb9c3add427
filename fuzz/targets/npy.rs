//! The header of npy files, and elements of every type and order.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| annbench_fuzz::check("vectors.npy", bytes));
