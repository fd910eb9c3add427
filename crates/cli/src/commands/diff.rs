//! `annbench diff`: two runs against each other, for people and for CI.

use std::{
    io,
    path::{Path, PathBuf},
};

use annbench_report::{Diff, Gate, Regression, Run};
use annbench_runner::Runs;
use annbench_store::read_ids;
use annbench_vectors::Ids;
use anyhow::Result;
use serde::Serialize;

use crate::{
    args::DiffArgs,
    exit::{BadArgument, Outcome},
    output,
};

pub(crate) fn diff(args: DiffArgs) -> Result<Outcome> {
    let gate: Option<Gate> = args.gate.as_deref().map(str::parse).transpose()?;
    let runs = Runs::new(&args.results.out);
    let folders = [runs.find(&args.a)?, runs.find(&args.b)?];
    if gate.is_some() && is_same(&folders)? {
        let message = format!(
            "--gate: A and B are the same run, {}; name two",
            folders[0].display()
        );
        return Err(BadArgument(message).into());
    }
    let (a, b) = (Run::read(&folders[0])?, Run::read(&folders[1])?);
    let diff = Diff::new(&a, &b, args.across_machines);
    let judged = gate.map(|gate| (gate, gate.regressions(&diff)));
    let regressions = judged.as_ref().map(|(_, found)| found.as_slice());
    match args.output.json {
        true => output::json(&Document {
            a: &a.record.run_id,
            b: &b.record.run_id,
            diff: &diff,
            gate,
            regressions,
        })?,
        false => print(&folders, &diff, judged.as_ref())?,
    }
    match judged {
        Some((gate, found)) => match gate.blind(&diff) {
            Some(why) => Err(BadArgument(format!("--gate: {why}")).into()),
            None if found.is_empty() => Ok(Outcome::Fine),
            None => Ok(Outcome::Partial),
        },
        None => Ok(Outcome::Fine),
    }
}

/// Whether both lead to one folder, by whatever way.
fn is_same([a, b]: &[PathBuf; 2]) -> io::Result<bool> {
    Ok(a.canonicalize()? == b.canonicalize()?)
}

#[derive(Serialize)]
struct Document<'a> {
    a: &'a str,
    b: &'a str,
    #[serde(flatten)]
    diff: &'a Diff<'a>,
    gate: Option<Gate>,
    regressions: Option<&'a [Regression]>,
}

fn print(
    [a, b]: &[PathBuf; 2],
    diff: &Diff<'_>,
    judged: Option<&(Gate, Vec<Regression>)>,
) -> Result<()> {
    let ids = ids(b)?;
    let name = |row: u64| match ids.as_ref().and_then(|ids| ids.get(row as usize)) {
        Some(id) => id.to_string(),
        None => row.to_string(),
    };
    output::text(&format!(
        "A  {}\nB  {}\n\n{}",
        a.display(),
        b.display(),
        diff.text(output::room(), &name)
    ))?;
    if let Some((gate, found)) = judged.filter(|(gate, _)| gate.blind(diff).is_none()) {
        output::text(&format!("\n{}", gate.text(diff, found)))?;
    }
    Ok(())
}

/// The user's own names of rows; none where rows go by their numbers.
fn ids(run: &Path) -> Result<Option<Ids>> {
    let file = run.join("indexes/ids.parquet");
    match file.is_file() {
        true => Ok(Some(read_ids(&file)?)),
        false => Ok(None),
    }
}
