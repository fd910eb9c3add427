//! What is shown of a build under way.

use annbench_index::{BuildPhase, BuildProgress};

use crate::observer::Observer;

/// Shows the phases of a build as steps.
pub(super) struct BuildSteps<'a> {
    label: String,
    observer: &'a mut dyn Observer,
    phase: Option<BuildPhase>,
}

impl<'a> BuildSteps<'a> {
    pub(super) fn new(label: &str, observer: &'a mut dyn Observer) -> Self {
        observer.begin(&format!("build {label}"), None);
        Self {
            label: label.to_owned(),
            observer,
            phase: None,
        }
    }

    pub(super) fn show(&mut self, progress: BuildProgress) {
        if self.phase != Some(progress.phase) {
            self.phase = Some(progress.phase);
            let doing = match progress.phase {
                BuildPhase::Train => "train",
                BuildPhase::Add => "add",
            };
            self.observer.end();
            let step = format!("build {}: {doing}", self.label);
            self.observer.begin(&step, Some(progress.total as u64));
        }
        self.observer.advance(progress.done as u64);
    }

    pub(super) fn end(self) {
        self.observer.end();
    }
}
