//! JSON lines, CSV and TSV; the first byte says which.
#![no_main]

const EXTENSIONS: [&str; 3] = ["jsonl", "csv", "tsv"];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some((choice, bytes)) = bytes.split_first() {
        let extension = EXTENSIONS[usize::from(*choice) % EXTENSIONS.len()];
        annbench_fuzz::check(&format!("vectors.{extension}"), bytes);
    }
});
