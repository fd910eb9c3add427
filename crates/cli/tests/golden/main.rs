//! Golden cases of the command line.
//!
//! `cases/NAME/` holds one case:
//!
//! - `command`: a line of intent after `#`, then one or more `annbench …` lines, run in turn, with
//!   variables of the environment before them if need be (`NAME=value annbench …`);
//! - any other file but the expected ones: input, copied into the folder where the commands run;
//! - `stdout`, `stderr`, `exit`: what is expected; a missing one of the first two means nothing.
//!
//! Each case runs in a folder of its own with `small.npy` (200 x 8), `queries.npy` (20 x 8) and
//! `wide.npy` (20 x 9). Places and names of runs are scrubbed. In what is expected, a line `...`
//! stands for any number of lines and `[..]` for anything within a line: measured tables differ from
//! run to run. `UPDATE_GOLDEN=1 cargo test` writes what is found over what is expected, where the
//! two differ: read the diff before you commit it.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and helpers of tests do too"
)]

mod half;
mod pattern;
mod scrub;

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use annbench_store::npy;

const EXPECTED: [&str; 3] = ["stdout", "stderr", "exit"];

#[test]
fn every_case_prints_what_it_should() {
    let mut failures = String::new();
    for case in cases() {
        let case = Case::read(&case);
        let found = case.run();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            case.rewrite(&found);
        } else {
            case.compare(&found, &mut failures);
        }
    }
    assert!(
        failures.is_empty(),
        "{failures}\nUPDATE_GOLDEN=1 rewrites what is expected"
    );
}

#[test]
fn every_case_has_a_command_and_no_stray_files() {
    for case in cases() {
        let Case {
            intent, commands, ..
        } = Case::read(&case);
        assert!(
            !intent.is_empty() && !commands.is_empty(),
            "{}",
            case.display()
        );
        let used = fs::read_to_string(case.join("command")).unwrap();
        for entry in fs::read_dir(&case).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let known = name == "command" || EXPECTED.contains(&name.as_str());
            assert!(
                known || used.contains(&name),
                "{}: stray file {name}",
                case.display()
            );
        }
    }
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cases");
    let entries = fs::read_dir(folder).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 20, "{} cases", cases.len());
    cases
}

struct Case {
    folder: PathBuf,
    intent: String,
    commands: Vec<Invocation>,
}

struct Invocation {
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
}

#[derive(Default)]
struct Found {
    stdout: String,
    stderr: String,
    exit: String,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("command")).unwrap();
        let (intent, commands) = text.split_once('\n').unwrap();
        Self {
            folder: folder.to_owned(),
            intent: intent.trim_start_matches('#').trim().to_owned(),
            commands: commands.lines().filter_map(Invocation::read).collect(),
        }
    }

    fn run(&self) -> Found {
        let world = tempfile::tempdir().unwrap();
        self.lay_out(world.path());
        let mut found = Found::default();
        for command in &self.commands {
            let output = Command::new(env!("CARGO_BIN_EXE_annbench"))
                .args(&command.arguments)
                .current_dir(world.path())
                .env_remove("ANNBENCH_DATA")
                .env_remove("ANNBENCH_OUT")
                .env_remove("ANNBENCH_CACHE")
                .env_remove("COLUMNS")
                .env_remove("CORPUS_PATH")
                .env_remove("CORPUS_META_PATH")
                .envs(command.variables.iter().cloned())
                .output()
                .unwrap();
            let scrub = |bytes: &[u8]| {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                scrub::scrub(&text, world.path())
            };
            found.stdout += &scrub(&output.stdout);
            found.stderr += &scrub(&output.stderr);
            found.exit = format!("{}\n", output.status.code().unwrap());
        }
        found
    }

    fn lay_out(&self, world: &Path) {
        for (name, n, dim) in [("small", 200, 8), ("queries", 20, 8), ("wide", 20, 9)] {
            let seed = name.len() as u32;
            let values: Vec<f32> = (0..n * dim)
                .map(|i| value(i as u32 + 7919 * seed))
                .collect();
            npy::write(&world.join(format!("{name}.npy")), &values, &[n, dim]).unwrap();
        }
        for entry in fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name != "command" && !EXPECTED.contains(&name) {
                fs::copy(&path, world.join(name)).unwrap();
            }
        }
    }

    fn rewrite(&self, found: &Found) {
        for (name, text) in found.files() {
            let path = self.folder.join(name);
            if pattern::fits(&fs::read_to_string(&path).unwrap_or_default(), text) {
                continue;
            }
            match text.is_empty() {
                true if path.exists() => fs::remove_file(path).unwrap(),
                true => {}
                false => fs::write(path, text).unwrap(),
            }
        }
    }

    fn compare(&self, found: &Found, failures: &mut String) {
        for (name, text) in found.files() {
            let expected = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            if !pattern::fits(&expected, text) {
                let case = self.folder.file_name().unwrap().to_str().unwrap();
                writeln!(
                    failures,
                    "\n== {case}: {}\n-- expected {name}:\n{expected}\n-- found {name}:\n{text}",
                    self.intent
                )
                .unwrap();
            }
        }
    }
}

impl Invocation {
    fn read(line: &str) -> Option<Self> {
        let (before, after) = line.split_once("annbench")?;
        let variables = before
            .split_whitespace()
            .filter_map(|word| word.split_once('='));
        Some(Self {
            variables: variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            arguments: after.split_whitespace().map(argument).collect(),
        })
    }
}

/// `""` is the argument without a letter.
fn argument(word: &str) -> String {
    match word {
        "\"\"" => String::new(),
        word => word.to_owned(),
    }
}

impl Found {
    fn files(&self) -> [(&str, &str); 3] {
        [
            ("stdout", &self.stdout),
            ("stderr", &self.stderr),
            ("exit", &self.exit),
        ]
    }
}

/// Values without a pattern that an index could make use of, the same on every machine.
fn value(i: u32) -> f32 {
    let mixed = (i ^ 0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
    ((mixed >> 8) as f32 / (1 << 23) as f32) - 1.0
}
