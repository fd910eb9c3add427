//! What FAISS, OpenMP and BLAS are in this process.

use annbench_index::Library;

use crate::runtime;

/// FAISS as found in this process.
pub(crate) fn found() -> Library {
    let compile_options = runtime::compile_options();
    Library {
        name: "faiss".to_owned(),
        version: runtime::version(),
        unused_cpu_features: unused(&compile_options, &cpu_features()),
        compile_options,
        blas: runtime::openblas_config(),
        blas_core: runtime::openblas_core(),
        blas_threads: runtime::openblas_threads(),
        openmp_threads: Some(runtime::openmp_threads()),
    }
}

/// The instruction sets of this CPU that FAISS has code for, best first.
fn cpu_features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    return [
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
    ]
    .into_iter()
    .filter_map(|(name, present)| present.then_some(name))
    .collect();
    #[cfg(target_arch = "aarch64")]
    return [
        ("sve", std::arch::is_aarch64_feature_detected!("sve")),
        ("neon", std::arch::is_aarch64_feature_detected!("neon")),
    ]
    .into_iter()
    .filter_map(|(name, present)| present.then_some(name))
    .collect();
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return Vec::new();
}

/// Which of the CPU's instruction sets the words of `get_compile_options` leave out. FAISS names
/// the best one it was compiled for, which includes the lesser ones.
fn unused(compile_options: &str, cpu: &[&str]) -> Vec<String> {
    let compiled: Vec<&str> = compile_options.split_whitespace().collect();
    cpu.iter()
        .filter(|feature| {
            let names: &[&str] = match **feature {
                "avx512f" => &["AVX512"],
                "avx2" => &["AVX2", "AVX512"],
                "sve" => &["SVE"],
                _ => &["NEON", "SVE"],
            };
            !names.iter().any(|name| compiled.contains(name))
        })
        .map(|feature| (*feature).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A generic build searches IVF-Flat at half the speed. If this fails, FAISS was compiled
    /// without `CXXFLAGS=-march=native` (see `.cargo/config.toml`) or for another machine.
    #[test]
    fn the_faiss_in_this_process_is_compiled_for_this_cpu() {
        let library = found();
        let options: Vec<&str> = library.compile_options.split_whitespace().collect();
        assert!(options.contains(&"OPTIMIZE"), "{options:?}");
        assert_eq!(library.unused_cpu_features, [""; 0], "{options:?}");
        assert!(
            cpu_features().is_empty() || !options.contains(&"GENERIC"),
            "{options:?}"
        );
    }

    #[test]
    fn what_the_cpu_has_and_faiss_leaves_out_is_named() {
        for (options, cpu, expected) in [
            (
                "OPTIMIZE GENERIC",
                &["avx512f", "avx2"][..],
                &["avx512f", "avx2"][..],
            ),
            ("OPTIMIZE AVX2", &["avx512f", "avx2"], &["avx512f"]),
            ("OPTIMIZE AVX512", &["avx512f", "avx2"], &[]),
            ("OPTIMIZE AVX2", &["avx2"], &[]),
            ("OPTIMIZE NEON", &["sve", "neon"], &["sve"]),
            ("OPTIMIZE SVE NEON", &["sve", "neon"], &[]),
        ] {
            assert_eq!(unused(options, cpu), expected, "{options} on {cpu:?}");
        }
    }

    #[test]
    fn the_version_is_the_one_this_crate_was_written_for() {
        assert_eq!(found().version, "1.12.0");
    }
}
