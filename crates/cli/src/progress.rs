//! Progress on stderr: a bar with the time left, gone when the step is done; nothing where stderr
//! is no terminal.

use std::{io::IsTerminal, time::Duration};

use annbench_runner::Observer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Draws the steps of a run.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    current: Option<ProgressBar>,
}

impl Bars {
    /// Shows a step while `work` runs.
    pub(crate) fn during<T>(&mut self, step: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.begin(step, None);
        let result = work(self);
        self.end();
        result
    }

    /// Shows rows as they are done, how many of them in a second and the time left, where their
    /// number is known or becomes so.
    pub(crate) fn rows(&mut self, step: &str) -> impl FnMut(annbench_store::Progress) {
        self.end();
        let bar = ProgressBar::with_draw_target(Some(1), target());
        bar.set_style(style(
            "{msg} {wide_bar} {human_pos} rows, {per_sec} {elapsed} left {eta}",
        ));
        bar.set_message(step.to_owned());
        self.current = Some(bar.clone());
        move |progress| {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
        }
    }
}

impl Observer for Bars {
    fn begin(&mut self, step: &str, total: Option<u64>) {
        self.end();
        let bar = match total {
            Some(total) => ProgressBar::with_draw_target(Some(total), target()),
            None => ProgressBar::new_spinner().with_style(style("{spinner} {msg} {elapsed}")),
        };
        match total {
            // No ticking here: whoever redraws takes time from the worker that is measured.
            Some(_) => bar.set_style(style("{msg} {wide_bar} {percent:>3}% {elapsed} left {eta}")),
            None => bar.enable_steady_tick(Duration::from_secs(1)),
        }
        bar.set_message(step.to_owned());
        self.current = Some(bar);
    }

    fn begin_transfer(&mut self, step: &str, total: u64) {
        self.begin(step, Some(total));
        if let Some(bar) = &self.current {
            bar.set_style(style(
                "{msg} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, left {eta}",
            ));
        }
    }

    fn advance(&mut self, done: u64) {
        if let Some(bar) = &self.current {
            bar.set_position(done);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.current.take() {
            bar.finish_and_clear();
        }
    }

    #[expect(clippy::print_stderr, reason = "cli prints")]
    fn note(&mut self, text: &str) {
        match &self.current {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }
}

fn target() -> ProgressDrawTarget {
    match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
