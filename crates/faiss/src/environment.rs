//! The environment that BLAS and OpenMP read when they are loaded.

/// The variables that steer BLAS or OpenMP; one that ends in `_` stands for all that begin so.
pub const STEERING_VARIABLES: &[&str] = &[
    "ATLAS_",
    "BLIS_",
    "GOMP_",
    "GOTOBLAS_",
    "GOTO_NUM_THREADS",
    "KMP_",
    "MKL_",
    "OMP_",
    "OPENBLAS_",
    "VECLIB_",
];

/// What a process that measures FAISS should set in place of all [`STEERING_VARIABLES`]: names and
/// values.
///
/// FAISS alternates between OpenMP's threads and BLAS's. By default OpenMP's spin while they wait
/// for the next parallel region, on the very cores that OpenBLAS's threads then need, and a batch
/// over Flat is hardly faster than with OpenBLAS held to one thread. Told to sleep while they wait,
/// they leave all cores to each pool in turn, which is as fast as an OpenBLAS that shares OpenMP's
/// threads and needs no other package. Thread counts are not set here: [`runtime::set_threads`](crate::runtime::set_threads)
/// sets both for each measurement, and OpenBLAS's own choice, all cores, is the most it then gets.
///
/// Medians in seconds over 5 interleaved repetitions on 2 cores (Zen 3, OpenBLAS 0.3.21, 115,659 x
/// 384 vectors, batches of 2,000 queries, k = 10), by `examples/threads.rs`:
///
/// | OpenBLAS | OMP_WAIT_POLICY | Flat batch | IVF1024 train | IVF batch | HNSW batch |
/// |---|---|---|---|---|---|
/// | own threads, 1 | unset | 2.77 | 14.6 | 0.24 | 0.26 |
/// | own threads, 1 | passive | 2.66 | 14.0 | 0.24 | 0.22 |
/// | own threads, 1 | active | 2.68 | 14.6 | 0.25 | 0.22 |
/// | own threads, 2 | unset | 2.49 | 8.8 | 0.24 | 0.22 |
/// | **own threads, 2** | **passive** | 1.62 | 9.1 | 0.25 | 0.22 |
/// | own threads, 2 | active | 2.88 | 15.4 | 0.23 | 0.24 |
/// | OpenMP's threads | unset | 1.66 | 9.0 | 0.24 | 0.22 |
/// | OpenMP's threads | passive | 1.55 | 9.0 | 0.25 | 0.23 |
/// | OpenMP's threads | active | 1.59 | 9.0 | 0.24 | 0.25 |
pub const WORKER_ENVIRONMENT: &[(&str, &str)] = &[("OMP_WAIT_POLICY", "passive")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_workers_are_given_replaces_what_the_user_had() {
        for (name, _) in WORKER_ENVIRONMENT {
            let steers = |variable: &&str| match variable.strip_suffix('_') {
                Some(_) => name.starts_with(variable),
                None => name == variable,
            };
            assert!(STEERING_VARIABLES.iter().any(steers), "{name}");
        }
    }
}
