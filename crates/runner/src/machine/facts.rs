//! CPU, memory and operating system.

use annbench_store::results::Machine;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::threads::all_threads;

/// The machine this process runs on.
pub fn machine() -> Machine {
    let what = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(what).ok();
    let cpu = system.as_ref().and_then(|system| system.cpus().first());
    Machine {
        cpu: cpu
            .map(|cpu| cpu.brand().trim().to_owned())
            .unwrap_or_default(),
        cpu_flags: cpu_flags(),
        physical_cores: System::physical_core_count().ok(),
        threads: all_threads(),
        memory_bytes: system.as_ref().map_or(0, System::total_memory),
        os: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned()),
    }
}

/// The instruction sets that vector search makes use of.
fn cpu_flags() -> Vec<String> {
    macro_rules! present {
        ($detected:ident: $($flag:tt),+) => {
            [$(($flag, std::arch::$detected!($flag))),+]
        };
    }
    #[cfg(target_arch = "x86_64")]
    let flags = present!(is_x86_feature_detected:
        "sse4.2", "popcnt", "avx", "f16c", "fma", "avx2", "avxvnni", "avx512f", "avx512bw", "avx512dq",
        "avx512vl", "avx512vnni", "avx512vpopcntdq", "avx512bf16", "avx512fp16");
    #[cfg(target_arch = "aarch64")]
    let flags = present!(is_aarch64_feature_detected:
        "neon", "fp16", "dotprod", "i8mm", "bf16", "sve", "sve2");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let flags: [(&str, bool); 0] = [];
    flags
        .into_iter()
        .filter(|(_, present)| *present)
        .map(|(flag, _)| flag.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_a_name_memory_and_threads() {
        let machine = machine();
        assert!(!machine.cpu.is_empty() && !machine.os.is_empty());
        assert!(machine.memory_bytes > 1 << 20 && machine.threads >= 1);
    }
}
