//! Files that are nothing but numbers; the first byte says of which format.
#![no_main]

const EXTENSIONS: [&str; 7] = ["fvecs", "bvecs", "ivecs", "fbin", "u8bin", "i8bin", "ibin"];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some((choice, bytes)) = bytes.split_first() {
        let extension = EXTENSIONS[usize::from(*choice) % EXTENSIONS.len()];
        annbench_fuzz::check(&format!("vectors.{extension}"), bytes);
    }
});
