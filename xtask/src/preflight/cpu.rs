//! The CPU that the target folder was compiled for.
//!
//! Native code from another CPU dies of an illegal instruction or leaves half of this one unused,
//! and cargo does not notice: the flag says `native` on both. A stamp in the target folder does.

use std::{fs, path::Path, process::Command};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

const STAMP: &str = "annbench-cpu";

/// What compiled code depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    /// The CPU's name and its instruction sets.
    cpu: String,
    /// The flags that choose instructions when FAISS is compiled.
    cxxflags: String,
}

/// What must be compiled again.
#[derive(Debug, PartialEq, Eq)]
enum Stale {
    /// All of it.
    Everything,
    /// FAISS: its build script does not watch the flags.
    Faiss,
}

/// Cleans the target folder of what was compiled for another CPU or with other flags.
pub(super) fn check_target(workspace: &Workspace) -> Outcome {
    let path = workspace.target.join(STAMP);
    let now = Stamp {
        cpu: this_cpu(),
        cxxflags: machine_flags(workspace.flags.cxxflags()),
    };
    let before = fs::read_to_string(&path)
        .ok()
        .and_then(|text| Stamp::parse(&text));
    match before.and_then(|before| now.stale(&before)) {
        Some(Stale::Everything) => {
            eprintln!("setup: the target folder was compiled on another CPU; cleaning it");
            process::run(&mut workspace.cargo(&["clean", "--release"]))?;
        }
        Some(Stale::Faiss) => {
            eprintln!("setup: FAISS was compiled with other CXXFLAGS; it will be compiled again");
            process::run(&mut workspace.cargo(&["clean", "--release", "--package", "faiss-sys"]))?;
        }
        None => {}
    }
    write(&path, &now.text())
}

impl Stamp {
    fn text(&self) -> String {
        format!("{}\n{}\n", self.cpu, self.cxxflags)
    }

    fn parse(text: &str) -> Option<Self> {
        let (cpu, rest) = text.split_once('\n')?;
        Some(Self {
            cpu: cpu.to_owned(),
            cxxflags: rest.strip_suffix('\n')?.to_owned(),
        })
    }

    fn stale(&self, before: &Self) -> Option<Stale> {
        if self.cpu != before.cpu {
            Some(Stale::Everything)
        } else if self.cxxflags != before.cxxflags {
            Some(Stale::Faiss)
        } else {
            None
        }
    }
}

/// Name and instruction sets, on one line.
fn this_cpu() -> String {
    match fs::read_to_string("/proc/cpuinfo") {
        Ok(text) => cpu_of(&text),
        Err(_) => process::stdout(Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]))
            .unwrap_or_default()
            .trim()
            .to_owned(),
    }
}

/// The first processor's name and features, in the words of Linux on x86 and on ARM.
fn cpu_of(cpuinfo: &str) -> String {
    let value = |key: &str| {
        let line = cpuinfo
            .lines()
            .find(|line| line.split(':').next().map(str::trim) == Some(key));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim())
    };
    [
        "model name",
        "CPU implementer",
        "CPU part",
        "flags",
        "Features",
    ]
    .into_iter()
    .filter_map(value)
    .collect::<Vec<_>>()
    .join("; ")
}

/// The flags that choose instructions: `-march` and its kin.
fn machine_flags(cxxflags: &str) -> String {
    let flags = cxxflags
        .split_whitespace()
        .filter(|flag| flag.starts_with("-m"));
    flags.collect::<Vec<_>>().join(" ")
}

/// Writes only what differs, so that the file's time says when the target folder was begun.
fn write(path: &Path, text: &str) -> Outcome {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| Failure::file(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(cpu: &str, cxxflags: &str) -> Stamp {
        Stamp {
            cpu: cpu.into(),
            cxxflags: cxxflags.into(),
        }
    }

    #[test]
    fn another_cpu_makes_everything_stale_other_flags_only_faiss() {
        let now = stamp("Zen 5; avx512f", "-march=native");
        let check = |before: Stamp, expected| assert_eq!(now.stale(&before), expected);
        check(now.clone(), None);
        check(
            stamp("Zen 2; avx2", "-march=native"),
            Some(Stale::Everything),
        );
        check(stamp("Zen 5; avx512f", ""), Some(Stale::Faiss));
    }

    #[test]
    fn a_stamp_survives_its_file_and_a_damaged_one_is_none() {
        for flags in ["", "-march=native -mtune=native"] {
            let stamp = stamp("Zen 5; avx512f", flags);
            assert_eq!(Stamp::parse(&stamp.text()), Some(stamp));
        }
        assert_eq!(Stamp::parse(""), None);
        assert_eq!(Stamp::parse("half a line"), None);
    }

    #[test]
    fn processors_are_read_in_the_words_of_x86_and_arm() {
        let check = |text, expected| assert_eq!(cpu_of(text), expected);
        check(
            "processor\t: 0\nmodel\t\t: 68\nmodel name\t: Zen\nflags\t\t: sse avx2\n\nprocessor\t: 1\nmodel name\t: B\n",
            "Zen; sse avx2",
        );
        check(
            "CPU part\t: 0xd40\nFeatures\t: asimd sve\n",
            "0xd40; asimd sve",
        );
    }

    #[test]
    fn only_flags_that_choose_instructions_count() {
        assert_eq!(machine_flags("-O2 -march=native -g"), "-march=native");
        assert_eq!(machine_flags("-O3"), "");
    }
}
