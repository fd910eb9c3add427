//! `annbench schema`: the JSON Schema of the experiment file.

use crate::{backends, exit::Outcome, output};

pub(crate) fn schema() -> anyhow::Result<Outcome> {
    output::json(&annbench_runner::experiment_schema(&backends::registry()))?;
    Ok(Outcome::Fine)
}
