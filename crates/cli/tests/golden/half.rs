//! What is reported of a run that is not finished: a finished one, made to look as if it had been cut
//! off.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

const EXPERIMENT: &str = "name = \"half\"\nk = 3\n[dataset]\npath = \"base.npy\"\nmetric = \"l2\"\n\
    queries = { sample = 5 }\n[measure]\nrounds = 2\nmodes = [\"single\"]\n[[index]]\ntype = \"flat\"\n\
    [[index]]\ntype = \"ivf_flat\"\nnlist = 4\nsearch.nprobe = [1, 4]\n";

fn annbench(world: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_annbench"))
        .args(arguments)
        .current_dir(world)
        .env_remove("ANNBENCH_OUT")
        .env_remove("ANNBENCH_CACHE")
        .env_remove("ANNBENCH_DATA")
        .output()
        .unwrap()
}

/// The only run there is.
fn the_run(world: &Path) -> PathBuf {
    let runs = fs::read_dir(world.join("runs/half")).unwrap();
    let mut runs = runs.map(|run| run.unwrap().path());
    runs.find(|path| !path.is_symlink()).unwrap()
}

/// Cuts the run off before the third point, which may be a control, was measured for the first time.
fn cut_off(run: &Path) {
    let record = run.join("run.json");
    let mut text: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    text["finished"] = Value::Null;
    fs::write(record, text.to_string()).unwrap();
    let journal = run.join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let third = text.match_indices("{\"answered\"").nth(2).unwrap().0;
    fs::write(journal, &text[..third]).unwrap();
    for table in ["points.parquet", "report.html"] {
        fs::remove_file(run.join(table)).unwrap();
    }
}

/// How many points are said to have been measured, of three.
fn measured(said: &str) -> Option<usize> {
    let said = said.strip_prefix("UNFINISHED: ")?;
    said.split_once(" of 3 points have been measured")?
        .0
        .parse()
        .ok()
}

#[test]
fn a_run_that_is_not_finished_reports_what_it_holds_and_says_so() {
    let world = tempfile::tempdir().unwrap();
    let (world, values) = (world.path(), (0..400u32).map(|i| (i * 37 % 101) as f32));
    let base = world.join("base.npy");
    annbench_store::npy::write(&base, &values.collect::<Vec<f32>>(), &[100, 4]).unwrap();
    fs::write(world.join("half.toml"), EXPERIMENT).unwrap();
    assert!(annbench(world, &["run", "half.toml"]).status.success());
    let run = the_run(world);
    cut_off(&run);
    let told = annbench(world, &["report", "half", "--format", "html,json"]);
    let said = String::from_utf8(told.stdout).unwrap();
    let errors = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(1), "{said}{errors}");
    assert!(
        measured(&said).is_some_and(|measured| measured < 3),
        "{said}"
    );
    let measured = measured(&said).unwrap();
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(
        page.contains(&format!("UNFINISHED: {measured} of 3")),
        "the page says so"
    );
    let report: Value =
        serde_json::from_slice(&fs::read(run.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["points"].as_array().map(Vec::len), Some(measured));
    assert_eq!(report["record"]["finished"], json!(null));
    // The run goes on as if nobody had looked.
    assert!(annbench(world, &["run", "half.toml"]).status.success());
    assert!(annbench(world, &["report", "latest"]).status.success());
}
