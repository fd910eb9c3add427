//! Parquet: the reader of plain pages with its levels, and the general one behind it. Begin with a
//! corpus of small files, such as `tests/foreign/pyarrow.parquet` of the crate.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| annbench_fuzz::check("vectors.parquet", bytes));
