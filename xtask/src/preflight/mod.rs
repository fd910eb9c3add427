//! Prepares a machine: native tools, compiler flags, a target folder made for this CPU.

mod blas;
mod browser;
mod cmake;
mod cpu;
mod install;
mod packages;
mod probe;
mod tools;

use std::thread;

pub(crate) use browser::browser;
use packages::{Manager, Need};
use probe::ProbeFolder;

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

/// How to prepare.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// Install nothing, only say how.
    pub(crate) no_install: bool,
    /// Do not ask before `sudo`.
    pub(crate) yes: bool,
}

/// What a look at one tool found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// The tool.
    what: &'static str,
    /// What was found, or what is missing of it.
    state: Result<String, Missing>,
    /// What is wrong with it although it will do.
    warning: Option<String>,
}

/// Something that must be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Missing {
    /// What to install.
    need: Need,
    /// Why what is there won't do.
    reason: String,
}

/// Prepares the machine, or says what a person has to do.
pub(crate) fn setup(workspace: &mut Workspace, options: Options) -> Outcome {
    for note in &workspace.flags.notes {
        eprintln!("warning: {note}");
    }
    let mut needs = look(workspace)?;
    // The second time for a package that is there now, and too old.
    for _ in 0..2 {
        if !needs.is_empty() {
            fill(workspace, options, &needs)?;
            needs = look(workspace)?;
        }
    }
    if !needs.is_empty() {
        let remedies: Vec<&str> = needs.iter().map(|need| need.remedy()).collect();
        return Err(Failure::new(remedies.join("; ")));
    }
    if let Some(cmake) = cmake::to_be_named(&workspace.root) {
        workspace
            .flags
            .env
            .push(("CMAKE", cmake.display().to_string()));
    }
    cpu::check_target(workspace)
}

/// The components of the Rust toolchain that the checks take and a minimal one lacks.
pub(crate) fn rust_components(options: Options) -> Outcome {
    let missing: Vec<&str> = [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")]
        .into_iter()
        .filter(|(program, _)| !answers(program))
        .map(|(_, component)| component)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut add = std::process::Command::new("rustup");
    add.args(["component", "add"]).args(&missing);
    if options.no_install || process::find("rustup").is_none() {
        let command = process::shown(&add);
        return Err(Failure::new(format!(
            "the Rust toolchain lacks {}: install with `{command}`",
            missing.join(" and ")
        )));
    }
    process::run(&mut add)
}

fn answers(program: &str) -> bool {
    let mut command = std::process::Command::new(program);
    process::stdout(command.arg("--version")).is_ok()
}

/// Shows what there is, and gives what is missing.
fn look(workspace: &Workspace) -> Outcome<Vec<Need>> {
    let findings = findings(workspace)?;
    show(&findings);
    Ok(needs(&findings))
}

/// Looks at all tools, at the same time: each is a compiler run or two.
fn findings(workspace: &Workspace) -> Outcome<Vec<Finding>> {
    let folder = &ProbeFolder::in_target(workspace)?;
    Ok(thread::scope(|scope| {
        let looks = [
            scope.spawn(|| cmake::cmake(&workspace.root)),
            scope.spawn(tools::make),
            scope.spawn(|| tools::compiler(folder)),
            scope.spawn(|| blas::blas(folder)),
        ];
        let findings = looks.into_iter().filter_map(|look| look.join().ok());
        findings.collect()
    }))
}

fn needs(findings: &[Finding]) -> Vec<Need> {
    findings
        .iter()
        .filter_map(|finding| finding.state.as_ref().err())
        .map(|missing| missing.need)
        .collect()
}

/// One line while all is well; a list as soon as something is not.
fn show(findings: &[Finding]) {
    let all_well = needs(findings).is_empty();
    for finding in findings {
        match &finding.state {
            Ok(found) if !all_well => eprintln!("  ✓ {}: {found}", finding.what),
            Ok(_) => {}
            Err(missing) => eprintln!("  ✗ {}: {}", finding.what, missing.reason),
        }
    }
    if all_well {
        let found = findings
            .iter()
            .filter_map(|finding| finding.state.as_ref().ok());
        let found: Vec<&str> = found.map(String::as_str).collect();
        eprintln!("setup: {}", found.join(", "));
    }
    for warning in findings
        .iter()
        .filter_map(|finding| finding.warning.as_ref())
    {
        eprintln!("warning: {warning}");
    }
}

/// Installs what is missing.
fn fill(workspace: &Workspace, options: Options, needs: &[Need]) -> Outcome {
    let Some(manager) = Manager::of_system() else {
        return Err(Failure::new(packages::list_for_people(needs)));
    };
    if let Some(note) = manager.note() {
        eprintln!("note: {note}");
    }
    install::install(manager, needs, options)?;
    if manager.fetches_cmake(needs) {
        cmake::fetch(workspace)?;
    }
    eprintln!("setup: installed {}", manager.packages(needs).join(", "));
    Ok(())
}
