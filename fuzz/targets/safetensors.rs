//! The header of safetensors.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| annbench_fuzz::check("vectors.safetensors", bytes));
