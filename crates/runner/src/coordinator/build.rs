//! Getting the indexes: those that an earlier part of this run has built, those that the cache
//! holds, and the rest by building them.

use std::path::{Path, PathBuf};

use annbench_index::{DatasetRef, IndexCard, Library};
use annbench_store::results::{BuildRow, Memory};
use anyhow::{Context, Result};

use super::{
    Coordinator, WorkerError, WorkerProcess,
    build_row::{Built, build_row, index_file},
    index_cache,
    steps::BuildSteps,
};
use crate::{
    ledger::Event,
    plan::PlannedBuild,
    worker::protocol::{BuildRequest, Reply, Request},
};

/// Bytes of cached indexes that are worth a word.
const MUCH: u64 = 10_000_000_000;

/// What a worker says of an index that it has built or loaded.
pub(super) struct Ready {
    train_s: f64,
    add_s: f64,
    memory: Memory,
    n: usize,
}

impl Coordinator<'_> {
    /// Starts a worker a build. A build that fails becomes a failed row; the others go on.
    pub(crate) fn build_all(&mut self) -> Result<()> {
        for number in 0..self.plan.builds.len() {
            let worker = self.provide(number)?;
            self.workers.push(worker);
        }
        self.say_if_much_is_cached();
        Ok(())
    }

    /// A worker with an index, however that is to be had; none if it fails.
    pub(super) fn provide(&mut self, number: usize) -> Result<Option<WorkerProcess>> {
        self.write_shuffled_ids(number)?;
        match self.ledger.events().builds.get(&number) {
            Some(row) => self.load(row.clone()),
            None => self.get(number),
        }
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
                self.get(row.build)
            }
        }
    }

    /// Writes the names of rows as an index that is built again has them.
    fn write_shuffled_ids(&mut self, number: usize) -> Result<()> {
        let data = self.data;
        let file = shuffled_ids(&self.plan.builds[number]);
        let path = self.folder.file("indexes").join(file);
        match self.insertion_order(number) {
            Some(order) if !path.exists() => data.write_shuffled_ids(order, &path),
            _ => Ok(()),
        }
    }

    fn get(&mut self, number: usize) -> Result<Option<WorkerProcess>> {
        match self.fetch(number)? {
            Some(worker) => Ok(Some(worker)),
            None => self.build(number),
        }
    }

    /// Has an index of the cache loaded, if it is there and can be.
    fn fetch(&mut self, number: usize) -> Result<Option<WorkerProcess>> {
        let planned = &self.plan.builds[number];
        let Some(built) = self.take_from_cache(number)? else {
            return Ok(None);
        };
        let path = self.folder.file(&built.file);
        match self.start(number, &planned.label, &Request::Load { path })? {
            Ok((worker, ready)) => {
                let built = Built {
                    n: ready.n,
                    ..built
                };
                self.write_down(build_row(number, planned, Ok(built)))?;
                Ok(Some(worker))
            }
            Err(reason) => {
                self.observer
                    .note(&format!("{}: {reason}; building it again", planned.label));
                Ok(None)
            }
        }
    }

    /// Lays an index of the cache into the run's folder, with a description as this run has it.
    fn take_from_cache(&mut self, number: usize) -> Result<Option<Built>> {
        let planned = &self.plan.builds[number];
        let passing = self.folder.scratch("fetched.index");
        let key = self.cache.key(planned, &self.data.card);
        let cached = match self.cache.fetch(&key, &passing) {
            Ok(Some(cached)) => cached,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.observer
                    .note(&format!("{}: {error:#}; building it again", planned.label));
                let _ = index_cache::remove(&passing);
                return Ok(None);
            }
        };
        let own = self.card(planned);
        let card = IndexCard {
            requested: own.requested,
            dataset: own.dataset,
            ids: own.ids,
            ..cached.card
        };
        card.write(&passing)?;
        Ok(Some(Built {
            train_s: card.train_s,
            add_s: card.add_s,
            memory: cached.memory,
            n: planned.n,
            file: self.adopt(&passing, number)?,
            cached: Some(cached.built),
        }))
    }

    fn build(&mut self, number: usize) -> Result<Option<WorkerProcess>> {
        let planned = &self.plan.builds[number];
        let passing = self.folder.scratch("built.index");
        let request = Request::Build(BuildRequest {
            base: self.base_of(number)?,
            index: passing.clone(),
            card: self.card(planned),
        });
        let (worker, outcome) = match self.start(number, &planned.label, &request)? {
            Ok((worker, ready)) => (Some(worker), Ok(self.finished(number, &passing, ready)?)),
            Err(reason) => {
                let reason = self.unless_disk_is_full(reason)?;
                let _ = index_cache::remove(&passing);
                self.observer
                    .note(&format!("{}: build failed: {reason}", planned.label));
                (None, Err(reason))
            }
        };
        self.write_down(build_row(number, planned, outcome))?;
        Ok(worker)
    }

    /// Puts an index that was just built where it belongs.
    fn finished(&mut self, number: usize, passing: &Path, ready: Ready) -> Result<Built> {
        let built = Built {
            train_s: ready.train_s,
            add_s: ready.add_s,
            memory: ready.memory,
            n: ready.n,
            file: self.adopt(passing, number)?,
            cached: None,
        };
        self.keep_in_cache(&self.plan.builds[number], &built);
        Ok(built)
    }

    /// The base as a build inserts it.
    fn base_of(&mut self, number: usize) -> Result<PathBuf> {
        let (data, seed) = (self.data, self.plan.builds[number].seed);
        match self.insertion_order(number) {
            Some(order) => data.shuffled(order, seed),
            None => Ok(data.base_path.clone()),
        }
    }

    /// Starts a worker and has it build or load an index.
    pub(super) fn start(
        &mut self,
        number: usize,
        label: &str,
        request: &Request,
    ) -> Result<Result<(WorkerProcess, Ready), WorkerError>> {
        let log = self.folder.file(format!("logs/build-{number:02}.log"));
        let mut worker = WorkerProcess::start(self.launcher, &log)?;
        let mut steps = BuildSteps::new(label, self.observer);
        let limit = self.plan.build_limit();
        let reply = worker.ask(request, limit, |progress| steps.show(progress));
        steps.end();
        match reply.and_then(ready) {
            Ok(ready) => Ok(Ok((worker, ready))),
            Err(error) => Ok(Err(error.unless_stopped()?)),
        }
    }

    /// Gives a finished index its place in the run's folder, and names it relative to that.
    fn adopt(&self, passing: &Path, number: usize) -> Result<String> {
        let file = index_file(number, &self.plan.builds[number]);
        let index = self.folder.file(&file);
        std::fs::rename(IndexCard::path(passing), IndexCard::path(&index))
            .and_then(|()| std::fs::rename(passing, &index))
            .with_context(|| format!("move the finished index to {}", index.display()))?;
        Ok(file.to_string_lossy().into_owned())
    }

    /// A cache that cannot be written costs a later run time, and this one nothing.
    fn keep_in_cache(&mut self, planned: &PlannedBuild, built: &Built) {
        let key = self.cache.key(planned, &self.data.card);
        let index = self.folder.file(&built.file);
        if let Err(error) = self.cache.keep(&key, &index, built.memory) {
            let note = format!("{}: not kept in the cache: {error:#}", planned.label);
            self.observer.note(&note);
        }
    }

    fn write_down(&mut self, row: BuildRow) -> Result<()> {
        if self.is_another_index(&row) {
            let points = self.plan.points_of(row.build);
            let points = points.map(|(point, _)| point).collect();
            self.ledger.record(Event::Forgotten(points))?;
        }
        self.ledger.record(Event::Built(row))
    }

    /// Whether an index takes the place of one that it does not equal, so that what was measured of
    /// that no longer holds. Two builds never take the same time to the nanosecond.
    fn is_another_index(&self, row: &BuildRow) -> bool {
        let before = self.ledger.events().builds.get(&row.build);
        before.is_some_and(|before| {
            row.status.is_ok()
                && !self.plan.builds[row.build].is_repeatable
                && (before.train_s, before.add_s) != (row.train_s, row.add_s)
        })
    }

    fn say_if_much_is_cached(&mut self) {
        let bytes = self.cache.bytes();
        if bytes > MUCH {
            self.observer.note(&format!(
                "the cached indexes in {} take {:.1} GB; the folder may be deleted, they are then built \
                 again",
                self.cache.folder().display(),
                bytes as f64 / 1e9
            ));
        }
    }

    /// The description of an index to be; the worker fills in the times and its library.
    fn card(&self, planned: &PlannedBuild) -> IndexCard {
        IndexCard {
            backend: planned.backend.clone(),
            metric: self.plan.metric,
            n: planned.n,
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
            ids: match (planned.repetition, planned.n) {
                (0, n) if n == self.data.card.n => {
                    self.data.has_ids().then(|| PathBuf::from("ids.parquet"))
                }
                _ => Some(shuffled_ids(planned)),
            },
        }
    }
}

fn ready(reply: Reply) -> Result<Ready, WorkerError> {
    match reply {
        Reply::Ready {
            train_s,
            add_s,
            memory,
            n,
        } => Ok(Ready {
            train_s,
            add_s,
            memory,
            n,
        }),
        other => Err(WorkerError::Refused(format!("unexpected reply {other:?}"))),
    }
}

/// The names of rows in the order of a build of its own, beside the indexes.
fn shuffled_ids(planned: &PlannedBuild) -> PathBuf {
    PathBuf::from(format!("ids-{}-{}.parquet", planned.seed, planned.n))
}
