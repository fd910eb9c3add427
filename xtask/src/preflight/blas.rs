//! BLAS and LAPACK: there, linked as FAISS links them, and not the slow reference ones.

use std::process::Command;

use super::{
    Finding,
    packages::{DEBIAN_BLAS, Need},
    probe::{Compiler, ProbeFolder},
    tools::{finding, first_error},
};
use crate::process;

/// Solves a product and a factorisation of two by two, then tells which libraries did it: the
/// kernel lists every file mapped into a process, with links resolved.
const SOURCE: &str = r#"
#include <stdio.h>
#include <string.h>
void sgemm_(const char *, const char *, const int *, const int *, const int *, const float *,
            const float *, const int *, const float *, const int *, const float *, float *,
            const int *);
void sgetrf_(const int *, const int *, float *, const int *, int *, int *);
int main(void) {
    const int two = 2;
    const float one = 1, zero = 0;
    float a[4] = {2, 1, 1, 3}, b[4] = {1, 0, 0, 1}, c[4] = {0, 0, 0, 0};
    int pivots[2], info = 1;
    sgemm_("N", "N", &two, &two, &two, &one, a, &two, b, &two, &zero, c, &two);
    sgetrf_(&two, &two, a, &two, pivots, &info);
    if (c[0] != 2 || c[3] != 3 || info != 0) return 1;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    while (maps && fgets(line, sizeof line, maps)) {
        char *path = strchr(line, '/');
        if (path) fputs(path, stdout);
    }
    return 0;
}
"#;

/// Names, in the path of a library, of implementations worth measuring with.
const FAST: [&str; 8] = [
    "openblas",
    "mkl",
    "blis",
    "atlas",
    "flexiblas",
    "armpl",
    "nvpl",
    "accelerate",
];

/// Compiles, links and runs a program that uses both.
pub(super) fn blas(folder: &ProbeFolder) -> Finding {
    let what = "BLAS and LAPACK";
    let compiler = Compiler::from_env("CC", "cc");
    if !compiler.answers() {
        let reason = format!("not looked for: {} is not found", compiler.name());
        return finding(what, Need::Blas, Err(reason));
    }
    let linked = folder.compile(&compiler, "blas.c", SOURCE, &["-lblas", "-llapack"]);
    let program = match linked {
        Ok(program) => program,
        Err(failure) => {
            let reason = first_error(&failure.to_string());
            return finding(what, Need::Blas, Err(reason));
        }
    };
    match process::stdout(&mut Command::new(program)) {
        Ok(mapped) => found(what, &mapped),
        Err(failure) => finding(what, Need::Blas, Err(first_error(&failure.to_string()))),
    }
}

fn found(what: &'static str, mapped: &str) -> Finding {
    match library(mapped) {
        Library::Fast(name) => finding(what, Need::Blas, Ok(name.into())),
        Library::Unknown => finding(what, Need::Blas, Ok("BLAS".into())),
        Library::Reference(path) => Finding {
            warning: Some(slow(&path)),
            ..finding(what, Need::Blas, Ok("reference BLAS".into()))
        },
    }
}

fn slow(path: &str) -> String {
    format!(
        "{path} is the reference BLAS: FAISS trains and searches in batches many times slower with \
         it; on Debian and Ubuntu install {DEBIAN_BLAS} (and choose it with `update-alternatives \
         --config libblas.so.3-$(uname -m)-linux-gnu`), elsewhere let libblas and liblapack be OpenBLAS"
    )
}

/// Which BLAS a process has mapped.
#[derive(Debug, PartialEq, Eq)]
enum Library {
    Fast(&'static str),
    Reference(String),
    Unknown,
}

fn library(mapped: &str) -> Library {
    let lower = mapped.to_lowercase();
    if let Some(name) = FAST.iter().find(|name| lower.contains(**name)) {
        return Library::Fast(name);
    }
    let blas = mapped.lines().find(|line| line.contains("libblas"));
    blas.map_or(Library::Unknown, |path| {
        Library::Reference(path.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_told_from_the_files_a_process_maps() {
        let check = |mapped: &str, expected| assert_eq!(library(mapped), expected, "{mapped}");
        let debian = "/usr/lib/x86_64-linux-gnu";
        check(
            &format!("{debian}/libc.so.6\n{debian}/openblas-pthread/libblas.so.3\n"),
            Library::Fast("openblas"),
        );
        check(
            "/usr/lib64/libflexiblas.so.3.4\n",
            Library::Fast("flexiblas"),
        );
        check(
            &format!("{debian}/libm.so.6\n{debian}/blas/libblas.so.3.11.0\n"),
            Library::Reference(format!("{debian}/blas/libblas.so.3.11.0")),
        );
        check("/lib/libc.so.6\n", Library::Unknown);
    }

    #[test]
    fn the_reference_library_will_do_but_is_warned_of() {
        let finding = found("BLAS", "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0\n");
        assert!(finding.state.is_ok());
        assert!(finding.warning.unwrap().contains(DEBIAN_BLAS));
    }
}
