//! The crates that compute compile for another processor.
//!
//! Their kernels for ARM are code that no x86 machine ever looks at. What runs needs an ARM machine
//! or an emulator: ARCHITECTURE.md gives the command.

use std::process::Command;

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// 64-bit ARM.
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Crates without any C or C++, which would ask for a compiler of its own.
const PACKAGES: [&str; 4] = [
    "annbench-vectors",
    "annbench-index",
    "annbench-exact",
    "annbench-eval",
];

/// Compiles them, or says that it was skipped where the standard library is not to be had.
pub(super) fn check(workspace: &Workspace) -> Outcome {
    if let Err(why) = standard_library() {
        println!(
            "skipped: no standard library for {TARGET}; run `rustup target add {TARGET}`\n{why}"
        );
        return Ok(());
    }
    let mut clippy = workspace.cargo(&[
        "clippy",
        "--release",
        "--locked",
        "--all-features",
        "--target",
        TARGET,
    ]);
    for package in PACKAGES {
        clippy.args(["--package", package]);
    }
    // The flags of this machine's processor are none of that one's.
    for flags in ["RUSTFLAGS", "CFLAGS", "CXXFLAGS"] {
        clippy.env(flags, "");
    }
    let folder = workspace.target.join("cross");
    clippy.arg("--target-dir").arg(folder);
    process::run(clippy.args(["--", "--deny=warnings"]))
}

/// Sees to it that the toolchain has the standard library of the target.
fn standard_library() -> Outcome {
    let mut sysroot = Command::new("rustc");
    let folder = process::stdout(sysroot.args(["--print", "target-libdir", "--target", TARGET]))?;
    match std::path::Path::new(folder.trim()).is_dir() {
        true => Ok(()),
        false => process::run(Command::new("rustup").args(["target", "add", TARGET])),
    }
}
