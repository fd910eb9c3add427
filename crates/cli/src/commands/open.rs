//! `annbench open`: a run's report, where there is a screen to show it on.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use annbench_runner::Runs;
use anyhow::{Context, Result};

use crate::{
    args::OpenArgs,
    exit::{BadArgument, Outcome},
    output,
};

pub(crate) fn open(args: OpenArgs) -> Result<Outcome> {
    let runs = Runs::new(&args.results.out);
    let folder = match &args.run {
        Some(run) => runs.find(run)?,
        None => runs.newest()?,
    };
    let report = folder.join("report.html");
    if !report.is_file() {
        let message = format!(
            "{}: no such file; annbench report {} makes it anew",
            report.display(),
            folder.display()
        );
        return Err(BadArgument(message).into());
    }
    show(&report)?;
    Ok(Outcome::Fine)
}

/// Shows a file with the program that the user has for it, or prints where it lies where there is
/// no display.
pub(crate) fn show(file: &Path) -> Result<()> {
    if has_display() {
        hand_over(file)?;
    }
    output::text(&file.display().to_string())?;
    Ok(())
}

/// Starts the platform's opener, which finds the program and goes on without us.
fn hand_over(file: &Path) -> Result<()> {
    let mut opener = match () {
        () if cfg!(target_os = "macos") => Command::new("open"),
        () if cfg!(windows) => Command::new("explorer"),
        () => Command::new("xdg-open"),
    };
    // What a browser says on its standard streams is nobody's business here.
    let silent = opener.arg(file).stdin(Stdio::null()).stdout(Stdio::null());
    let started = silent.stderr(Stdio::null()).spawn();
    started.with_context(|| format!("open {}; open it by hand", file.display()))?;
    Ok(())
}

/// Windows and macOS always have one as far as a program can tell.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set)
}
