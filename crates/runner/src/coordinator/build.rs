//! Building the indexes, or loading those that an earlier part of this run has built.

use std::path::PathBuf;

use annbench_index::{BuildPhase, BuildProgress, DatasetRef, IndexCard, Library};
use annbench_store::results::{BuildRow, Memory, Status, Warning};
use anyhow::Result;

use super::{Coordinator, WorkerError, WorkerProcess};
use crate::{
    ledger::Event,
    observer::Observer,
    plan::PlannedBuild,
    worker::protocol::{BuildRequest, Reply, Request},
};

/// What a worker says of a finished build.
struct Ready {
    train_s: f64,
    add_s: f64,
    memory: Memory,
}

impl Coordinator<'_> {
    /// Starts a worker a build. A build that fails becomes a failed row; the others go on.
    pub(crate) fn build_all(&mut self) -> Result<()> {
        for number in 0..self.plan.builds.len() {
            let worker = match self.ledger.events().builds.get(&number) {
                Some(row) => self.load(row.clone())?,
                None => self.build(number)?,
            };
            self.workers.push(worker);
        }
        Ok(())
    }

    fn load(&mut self, row: BuildRow) -> Result<Option<WorkerProcess>> {
        let Some(index) = row.index_file.as_ref().map(|file| self.folder.file(file)) else {
            return Ok(None);
        };
        let request = Request::Load { path: index };
        match self.start(row.build, &row.label, &request)? {
            Ok((worker, _)) => Ok(Some(worker)),
            // Lost or damaged since it was built: what cannot be loaded is built again.
            Err(reason) => {
                self.observer
                    .note(&format!("{}: {reason}; building it again", row.label));
                self.build(row.build)
            }
        }
    }

    fn build(&mut self, number: usize) -> Result<Option<WorkerProcess>> {
        let planned = &self.plan.builds[number];
        let file = index_file(number, planned);
        let request = Request::Build(BuildRequest {
            base: self.data.base_path.clone(),
            index: self.folder.file(&file),
            card: self.card(planned),
        });
        let (worker, outcome) = match self.start(number, &planned.label, &request)? {
            Ok((worker, ready)) => (Some(worker), Ok(ready)),
            Err(reason) => (None, Err(reason)),
        };
        let row = build_row(
            number,
            planned,
            file.to_string_lossy().into_owned(),
            outcome,
        );
        if let Status::Failed(reason) = &row.status {
            self.observer
                .note(&format!("{}: build failed: {reason}", row.label));
        }
        self.ledger.record(Event::Built(row))?;
        Ok(worker)
    }

    fn start(
        &mut self,
        number: usize,
        label: &str,
        request: &Request,
    ) -> Result<Result<(WorkerProcess, Ready), WorkerError>> {
        let log = self.folder.file(format!("logs/build-{number:02}.log"));
        let mut worker = WorkerProcess::start(self.launcher, &log)?;
        let mut steps = BuildSteps::new(label, self.observer);
        let reply = worker.ask(request, |progress| steps.show(progress));
        steps.end();
        Ok(reply.and_then(ready).map(|ready| (worker, ready)))
    }

    /// The description of an index to be; the worker fills in the times and its library.
    fn card(&self, planned: &PlannedBuild) -> IndexCard {
        IndexCard {
            backend: planned.backend.clone(),
            metric: self.plan.metric,
            n: self.data.card.n,
            dim: self.data.card.dim,
            requested: planned.requested.clone(),
            params: planned.effective.clone(),
            seed: planned.seed,
            threads: planned.threads,
            train_s: 0.0,
            add_s: 0.0,
            library: Library::default(),
            dataset: DatasetRef {
                name: self.data.card.name.clone(),
                sha256: self.data.card.base_sha256.clone(),
            },
            ids: self.data.has_ids().then(|| PathBuf::from("ids.parquet")),
        }
    }
}

fn ready(reply: Reply) -> Result<Ready, WorkerError> {
    match reply {
        Reply::Ready {
            train_s,
            add_s,
            memory,
        } => Ok(Ready {
            train_s,
            add_s,
            memory,
        }),
        other => Err(WorkerError::Refused(format!("unexpected reply {other:?}"))),
    }
}

fn build_row(
    number: usize,
    planned: &PlannedBuild,
    file: String,
    outcome: Result<Ready, WorkerError>,
) -> BuildRow {
    let mut row = BuildRow {
        build: number,
        label: planned.label.clone(),
        backend: planned.backend.clone(),
        requested: planned.requested.to_map(),
        effective: planned.effective.to_map(),
        is_exact: planned.is_exact,
        seed: planned.seed,
        threads: planned.threads,
        status: Status::Ok,
        train_s: 0.0,
        add_s: 0.0,
        memory: Memory::default(),
        index_file: None,
        warnings: warnings(planned),
    };
    match outcome {
        Ok(ready) => {
            row.train_s = ready.train_s;
            row.add_s = ready.add_s;
            row.memory = ready.memory;
            row.index_file = Some(file);
        }
        Err(reason) => row.status = Status::Failed(reason.to_string()),
    }
    row
}

fn warnings(planned: &PlannedBuild) -> Vec<Warning> {
    let adjusted = planned.adjustments.iter().cloned();
    let adjusted = adjusted.map(|adjustment| Warning::Adjusted {
        key: adjustment.key,
        requested: adjustment.requested,
        effective: adjustment.effective,
        reason: adjustment.reason,
    });
    let unseeded = (!planned.is_repeatable).then_some(Warning::UnseededBuild {
        threads: planned.threads,
    });
    adjusted.chain(unseeded).collect()
}

/// `indexes/03-hnsw-m-32.index`: the number keeps it unique, the label makes it readable.
fn index_file(number: usize, planned: &PlannedBuild) -> PathBuf {
    let words: String = planned
        .label
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    PathBuf::from(format!("indexes/{number:02}-{words}.index"))
}

/// Shows the phases of a build as steps.
struct BuildSteps<'a> {
    label: String,
    observer: &'a mut dyn Observer,
    phase: Option<BuildPhase>,
}

impl<'a> BuildSteps<'a> {
    fn new(label: &str, observer: &'a mut dyn Observer) -> Self {
        observer.begin(&format!("build {label}"), None);
        Self {
            label: label.to_owned(),
            observer,
            phase: None,
        }
    }

    fn show(&mut self, progress: BuildProgress) {
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

    fn end(self) {
        self.observer.end();
    }
}
