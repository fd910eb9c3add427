//! cmake, make and the C++ compiler.

use std::{env, process::Command};

use super::{
    Finding, Missing,
    packages::Need,
    probe::{Compiler, ProbeFolder},
};
use crate::process;

/// What FAISS 1.12 asks for in its `CMakeLists.txt`.
const CMAKE_AT_LEAST: (u32, u32) = (3, 24);

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

/// cmake, the one that build scripts run.
pub(super) fn cmake(_: &ProbeFolder) -> Finding {
    let program = env::var("CMAKE").unwrap_or_else(|_| "cmake".into());
    let output = process::stdout(Command::new(&program).arg("--version"));
    let state = match output.as_deref().map(version) {
        Ok(Some(found)) if found >= CMAKE_AT_LEAST => Ok(format!("cmake {}.{}", found.0, found.1)),
        Ok(Some((major, minor))) => Err(format!("{program} is {major}.{minor}")),
        Ok(None) => Err(format!("{program} tells no version")),
        Err(_) => Err(format!("{program} is not found")),
    };
    finding("cmake >= 3.24", Need::Cmake, state)
}

/// What cmake runs the compiler with, unless the user chose another generator.
pub(super) fn make(_: &ProbeFolder) -> Finding {
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

/// Major and minor version in text such as `cmake version 3.25.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let word = text
        .split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let mut numbers = word.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_cmake_prints() {
        let check = |text, expected| assert_eq!(version(text), expected, "{text}");
        check(
            "cmake version 3.25.1\n\nCMake suite maintained",
            Some((3, 25)),
        );
        check("cmake version 4.0.0-rc2", Some((4, 0)));
        check("cmake3 version 3.9", Some((3, 9)));
        check("cmake", None);
        assert!(version("cmake version 3.9").unwrap() < CMAKE_AT_LEAST);
    }

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
