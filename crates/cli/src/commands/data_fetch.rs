//! `annbench data fetch`: a public set of vectors, downloaded, checked and made a dataset.

use annbench_runner::Observer;
use annbench_store::{
    Progress,
    catalog::Catalog,
    fetch::{FetchOptions, Fetched, Step, fetch as fetch_entry},
    remote::Remote,
};
use anyhow::Result;

use crate::{args::FetchArgs, exit::Outcome, output, progress::Bars};

pub(crate) fn fetch(args: FetchArgs) -> Result<Outcome> {
    let catalog = Catalog::builtin()?;
    let entry = catalog.find(&args.name)?;
    let folder = args.datasets.folder.join(&entry.name);
    let options = FetchOptions {
        mirror: args.mirror,
        again: args.again,
    };
    let mut shown = Shown::default();
    let watch = &mut |step: Step<'_>| shown.step(step);
    let fetched = fetch_entry(entry, &folder, &Remote::new(&folder), &options, watch);
    shown.bars.end();
    let fetched = fetched?;
    match args.output.json {
        true => output::json(&fetched)?,
        false => output::text(&text(&fetched))?,
    }
    Ok(Outcome::Fine)
}

/// A bar for each step.
#[derive(Default)]
struct Shown {
    bars: Bars,
    current: Option<(String, u64)>,
}

impl Shown {
    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Download { file, transfer } => {
                if self.is_new(&format!("download {file}"), transfer.total) {
                    self.bars
                        .begin_transfer(&format!("download {file}"), transfer.total);
                }
                self.bars.advance(transfer.done);
            }
            Step::Check => {
                if self.is_new("check", 0) {
                    self.bars.begin("check", None);
                }
            }
            Step::Read(progress) => self.rows("read", progress),
            Step::Write(progress) => self.rows("write", progress),
        }
    }

    fn rows(&mut self, name: &str, progress: Progress) {
        if self.is_new(name, progress.total as u64) {
            self.bars.begin(name, Some(progress.total as u64));
        }
        self.bars.advance(progress.done as u64);
    }

    /// Whether this is another step than the one shown.
    fn is_new(&mut self, name: &str, total: u64) -> bool {
        let step = Some((name.to_owned(), total));
        let is_new = self.current != step;
        self.current = step;
        is_new
    }
}

fn text(fetched: &Fetched) -> String {
    let folder = fetched.folder.display();
    let mut lines = vec![match fetched.was_there {
        true => format!("{folder}: was here already, and is as it was fetched"),
        false => format!("{folder}: fetched"),
    }];
    for origin in &fetched.origins {
        lines.push(format!("  {}\n    sha256 {}", origin.url, origin.sha256));
    }
    if !fetched.unpinned.is_empty() && !fetched.was_there {
        lines.push(
            "nobody has pinned these hashes yet: compare them with another source if you can, and \
             pin them in datasets/catalog.toml. This folder's manifest holds them: a further fetch must agree."
                .into(),
        );
    }
    lines.join("\n")
}
