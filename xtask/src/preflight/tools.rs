//! make and the C++ compiler.

use std::env;

use super::{
    Finding, Missing,
    packages::Need,
    probe::{Compiler, ProbeFolder},
};
use crate::process;

const CXX17_OPENMP: &str = "\
#include <optional>
#include <omp.h>
#if __cplusplus < 201703L
#error this compiler has no C++17
#endif
int main() {
    std::optional<int> threads = omp_get_max_threads();
    int sum = 0;
#pragma omp parallel reduction(+ : sum)
    sum += 1;
    return threads.value_or(0) > 0 && sum > 0 ? 0 : 1;
}
";

const CXX17: &str = "#include <optional>\nint main() { return std::optional<int>(0).value(); }\n";

/// What cmake runs the compiler with, unless the user chose another generator.
pub(super) fn make() -> Finding {
    let state = match env::var("CMAKE_GENERATOR") {
        Ok(generator) if !generator.is_empty() => Ok(generator),
        _ if process::find("make").is_some() => Ok("make".into()),
        _ => Err("make is not found".into()),
    };
    finding("make", Need::Make, state)
}

/// A compiler for C++17 with OpenMP: FAISS searches with its threads.
pub(super) fn compiler(folder: &ProbeFolder) -> Finding {
    let what = "C++17 compiler with OpenMP";
    let compiler = Compiler::from_env("CXX", "c++");
    let name = compiler.name();
    if !compiler.answers() {
        return finding(what, Need::Compiler, Err(format!("{name} is not found")));
    }
    let with_openmp = ["-std=c++17", "-fopenmp", "-lgomp"];
    let state = folder.compile(&compiler, "openmp.cpp", CXX17_OPENMP, &with_openmp);
    if let Err(failure) = state {
        let plain = folder.compile(&compiler, "plain.cpp", CXX17, &["-std=c++17"]);
        let need = match plain {
            Ok(_) => Need::OpenMp,
            Err(_) => Need::Compiler,
        };
        let reason = format!("{name} cannot: {}", first_error(&failure.to_string()));
        return finding(what, need, Err(reason));
    }
    finding(what, Need::Compiler, Ok(format!("{name} with OpenMP")))
}

pub(super) fn finding(what: &'static str, need: Need, state: Result<String, String>) -> Finding {
    Finding {
        what,
        state: state.map_err(|reason| Missing { need, reason }),
        warning: None,
    }
}

/// The line of a compiler's output that says what is wrong.
pub(super) fn first_error(output: &str) -> String {
    let is_error = |line: &&str| line.contains("error") || line.contains("cannot find");
    let line = output.lines().find(is_error);
    line.or(output.lines().last())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_line_of_a_compiler_is_kept() {
        let output =
            "`c++ x.cpp` failed: exit status: 1\nx.cpp:1:10: fatal error: omp.h: No such file\n";
        assert_eq!(
            first_error(output),
            "x.cpp:1:10: fatal error: omp.h: No such file"
        );
        assert_eq!(first_error("only this"), "only this");
        assert_eq!(first_error(""), "");
    }
}
