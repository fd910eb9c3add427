//! `annbench worker`: hidden; what a coordinator starts.

use std::io;

use crate::{backends, exit::Outcome};

pub(crate) fn worker() -> anyhow::Result<Outcome> {
    annbench_runner::worker::end_with_coordinator();
    annbench_runner::worker::serve(
        io::stdin().lock(),
        io::stdout().lock(),
        &backends::registry(),
    )?;
    Ok(Outcome::Fine)
}
