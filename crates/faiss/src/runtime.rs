//! The runtimes under FAISS: how it was compiled, OpenMP's and OpenBLAS's threads.
#![expect(unsafe_code, reason = "the shim is called through C")]

use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    fn annbench_compile_options(buffer: *mut c_char, bytes: usize);
    fn annbench_set_threads(threads: c_int) -> c_int;
    fn annbench_openmp_threads() -> c_int;
    fn annbench_openblas_config() -> *const c_char;
    fn annbench_openblas_core() -> *const c_char;
    fn annbench_openblas_threads() -> c_int;
    fn annbench_openblas_parallel() -> c_int;
}

/// How OpenBLAS shares work among threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlasThreading {
    /// It does not.
    Sequential,
    /// With threads of its own, beside OpenMP's.
    OwnPool,
    /// With OpenMP's threads: one pool with FAISS.
    OpenMp,
}

/// The instruction sets FAISS says it was compiled for, such as `OPTIMIZE AVX2`.
pub fn compile_options() -> String {
    let mut buffer = [0; 256];
    // SAFETY: the shim writes a terminated text within the bytes it is given.
    let options = unsafe {
        annbench_compile_options(buffer.as_mut_ptr(), buffer.len());
        CStr::from_ptr(buffer.as_ptr())
    };
    options.to_string_lossy().trim().to_owned()
}

/// FAISS's version.
pub fn version() -> String {
    // SAFETY: a constant of FAISS, terminated.
    let version = unsafe { CStr::from_ptr(faiss_sys::faiss_get_version()) };
    version.to_string_lossy().into_owned()
}

/// Gives FAISS's parallel regions in the calling thread this many threads, and OpenBLAS no more in
/// the whole process; returns how many a region really gets, which a limit in the environment can
/// lower.
pub fn set_threads(threads: usize) -> usize {
    let wanted = c_int::try_from(threads).unwrap_or(c_int::MAX).max(1);
    // SAFETY: OpenMP takes any positive number.
    unsafe { annbench_set_threads(wanted) as usize }
}

/// Threads that a parallel region started by the calling thread would ask for.
pub fn openmp_threads() -> usize {
    // SAFETY: no conditions.
    unsafe { annbench_openmp_threads() as usize }
}

/// Version and build of OpenBLAS in its own words; `None` where the BLAS is another.
pub fn openblas_config() -> Option<String> {
    // SAFETY: OpenBLAS returns a constant text.
    text(unsafe { annbench_openblas_config() })
}

/// The CPU family whose kernels OpenBLAS chose.
pub fn openblas_core() -> Option<String> {
    // SAFETY: OpenBLAS returns a constant text.
    text(unsafe { annbench_openblas_core() })
}

/// Threads OpenBLAS would use.
pub fn openblas_threads() -> Option<usize> {
    // SAFETY: no conditions.
    usize::try_from(unsafe { annbench_openblas_threads() }).ok()
}

/// How OpenBLAS shares work; `None` where the BLAS is another.
pub fn openblas_threading() -> Option<BlasThreading> {
    // SAFETY: no conditions.
    match unsafe { annbench_openblas_parallel() } {
        0 => Some(BlasThreading::Sequential),
        1 => Some(BlasThreading::OwnPool),
        2 => Some(BlasThreading::OpenMp),
        _ => None,
    }
}

fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: what is not null is a terminated constant of OpenBLAS.
    let text = unsafe { CStr::from_ptr(pointer) };
    Some(text.to_string_lossy().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parallel_region_gets_the_threads_it_was_given() {
        for threads in [1, 2, 1] {
            assert_eq!(set_threads(threads), threads);
            assert_eq!(openmp_threads(), threads);
        }
    }

    #[test]
    fn a_count_of_threads_belongs_to_the_thread_that_set_it() {
        set_threads(1);
        std::thread::spawn(|| assert_eq!(set_threads(2), 2))
            .join()
            .unwrap();
        assert_eq!(openmp_threads(), 1);
    }
}
