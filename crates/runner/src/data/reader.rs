//! The files of a dataset, whose faults are told at the keys of the experiment that name them.

use std::path::{Path, PathBuf};

use annbench_store::{
    Embeddings, LoadOptions, Progress,
    dataset::Dataset,
    remote::{Remote, Transfer, address, shown as shown_address, within},
};
use annbench_vectors::Metric;
use anyhow::{Context, Result};

use super::queries::Queries;
use crate::{
    experiment::{Mistake, Written},
    observer::Observer,
    threads::all_threads,
};

/// Reads the parts of a dataset, and points at the experiment where they do not fit.
pub(super) struct Reader<'a> {
    pub(super) written: &'a Written,
    pub(super) remote: Remote,
    pub(super) observer: &'a mut dyn Observer,
}

impl Reader<'_> {
    pub(super) fn mistake(&self, key: &str, error: impl std::error::Error) -> Mistake {
        self.written.places.mistake(key, chain(&error))
    }

    pub(super) fn open(&mut self) -> Result<Dataset> {
        let Some(path) = &self.written.experiment.dataset.path else {
            let message = "texts have no vectors yet; embed them first";
            return Err(self
                .written
                .places
                .mistake("dataset.corpus", message)
                .into());
        };
        let path = within(&self.written.folder, path);
        let local = self.local("dataset.path", &path, Some(&self.options()))?;
        let dataset = Dataset::open(&local).map_err(|error| self.mistake("dataset.path", error));
        let mut dataset = dataset?;
        if let (Some(address), None) = (address(&path), &dataset.source) {
            dataset.source = Some(shown_address(address));
        }
        Ok(dataset)
    }

    /// The path itself, or that of a copy of what lies at the address: of what reading with `options`
    /// takes, or of all.
    pub(super) fn local(
        &mut self,
        key: &str,
        path: &Path,
        options: Option<&LoadOptions>,
    ) -> Result<PathBuf> {
        let Some(address) = address(path) else {
            return Ok(path.into());
        };
        let step = format!("download {}", shown_address(address));
        let mut progress = transferred(self.observer, &step);
        let brought = match options {
            Some(options) => self.remote.bring(address, options, &mut progress),
            None => self.remote.bring_all(address, &mut progress),
        };
        drop(progress);
        self.observer.end();
        match brought {
            Ok(brought) => Ok(brought.path),
            Err(error) if error.is_bad_input() => Err(self.mistake(key, error).into()),
            Err(error) => Err(error).context(key.to_owned()),
        }
    }

    /// The file of exact neighbours that the experiment names.
    pub(super) fn truth_file(&mut self) -> Result<Option<PathBuf>> {
        let Some(file) = &self.written.experiment.dataset.ground_truth else {
            return Ok(None);
        };
        let path = within(&self.written.folder, file);
        self.local("dataset.ground_truth", &path, None).map(Some)
    }

    pub(super) fn metric(&self, dataset: &Dataset) -> Metric {
        let asked = self.written.experiment.dataset.metric;
        asked.or(dataset.metric).unwrap_or(Metric::Cosine)
    }

    pub(super) fn base(&mut self, dataset: &Dataset) -> Result<Embeddings, Mistake> {
        let options = self.options();
        self.observer.begin("read the base", None);
        let base = dataset.load_base_on(
            &options,
            all_threads(),
            &mut shown(self.observer, "read the base"),
        );
        self.observer.end();
        base.map_err(|error| self.mistake("dataset.path", error))
    }

    /// Keeps as much of the base as the experiment asks for.
    pub(super) fn limit(&self, base: &mut Embeddings) -> Result<(), Mistake> {
        let limit = self.written.experiment.dataset.limit;
        if let Some(limit) = self.positive("dataset.limit", limit)? {
            keep(base, |row| row < limit);
        }
        Ok(())
    }

    pub(super) fn positive(
        &self,
        key: &str,
        value: Option<usize>,
    ) -> Result<Option<usize>, Mistake> {
        match value {
            Some(0) => Err(self.written.places.mistake(key, "must be at least 1")),
            value => Ok(value),
        }
    }

    pub(super) fn options(&self) -> LoadOptions {
        let spec = &self.written.experiment.dataset;
        LoadOptions {
            vector_column: spec.vector_column.clone(),
            id_column: spec.id_column.clone(),
            ..LoadOptions::default()
        }
    }

    pub(super) fn check_fit(&self, base: &Embeddings, found: &Queries) -> Result<(), Mistake> {
        match (base.dim(), found.vectors.dim()) {
            (base, queries) if base == queries => Ok(()),
            (base, queries) => Err(self.written.places.mistake(
                found.origin.key(),
                format!("queries have dim = {queries}, the base has dim = {base}; embed both with one model"),
            )),
        }
    }
}

/// Keeps some rows of vectors and ids.
pub(super) fn keep(embeddings: &mut Embeddings, mut wanted: impl FnMut(usize) -> bool) {
    let rows: Vec<usize> = (0..embeddings.n()).filter(|&row| wanted(row)).collect();
    if rows.len() == embeddings.n() {
        return;
    }
    embeddings.ids = embeddings.ids.select(&rows);
    embeddings.vectors.retain_rows(wanted);
}

fn shown<'a>(observer: &'a mut dyn Observer, step: &'a str) -> impl FnMut(Progress) + use<'a> {
    let mut begun = false;
    move |progress| {
        if !begun {
            observer.begin(step, Some(progress.total as u64));
            begun = true;
        }
        observer.advance(progress.done as u64);
    }
}

fn transferred<'a>(
    observer: &'a mut dyn Observer,
    step: &'a str,
) -> impl FnMut(Transfer) + use<'a> {
    let mut total = None;
    move |transfer| {
        if total.replace(transfer.total) != Some(transfer.total) {
            observer.begin_transfer(step, transfer.total);
        }
        observer.advance(transfer.done);
    }
}

/// An error with all its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
