//! A model that remembers: what it computed once is not computed again.

use std::{
    collections::HashSet,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use annbench_store::vector_log::{Key, VectorLog, key_of};
use annbench_vectors::Matrix;

use crate::{CorpusError, EmbedOptions, Model, VectorSource};

/// A model with a log of its vectors. Each batch is in the log before the next is handed over, so
/// that who is interrupted goes on where it was.
#[derive(Debug)]
pub struct Kept<'m> {
    model: &'m Model,
    options: EmbedOptions,
    log: VectorLog,
    stop: Option<&'m AtomicBool>,
    computed: usize,
}

impl<'m> Kept<'m> {
    /// A model with the log at `path`, which belongs to this model and this prefix alone.
    ///
    /// # Errors
    /// [`CorpusError`] if the log cannot be used.
    pub fn open(model: &'m Model, options: EmbedOptions, path: &Path) -> Result<Self, CorpusError> {
        Ok(Self {
            log: VectorLog::open(path, model.dim())?,
            model,
            options,
            stop: None,
            computed: 0,
        })
    }

    /// Stops with [`CorpusError::Stopped`] after the batch during which this became true.
    pub fn until(self, stop: &'m AtomicBool) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// Texts that were computed, rather than found in the log.
    pub fn computed(&self) -> usize {
        self.computed
    }

    /// Computes what the log lacks.
    fn fill(
        &mut self,
        texts: &[String],
        keys: &[Key],
        advance: &mut dyn FnMut(usize),
    ) -> Result<(), CorpusError> {
        let mut seen = HashSet::new();
        let is_new = |row: &usize| !self.log.contains(&keys[*row]) && seen.insert(keys[*row]);
        let new: Vec<usize> = (0..texts.len()).filter(is_new).collect();
        advance(texts.len() - new.len());
        let lacking: Vec<&str> = new.iter().map(|&row| texts[row].as_str()).collect();
        let (log, computed, stop) = (&mut self.log, &mut self.computed, self.stop);
        self.model
            .embed_each(&lacking, &self.options, &mut |places, vectors| {
                let keys = places.iter().map(|&place| keys[new[place]]);
                log.append(keys.zip(vectors.chunks_exact(self.model.dim())))?;
                advance(places.len());
                *computed += places.len();
                match stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                    true => Err(CorpusError::Stopped),
                    false => Ok(()),
                }
            })
    }
}

impl VectorSource for Kept<'_> {
    fn dim(&self) -> usize {
        self.model.dim()
    }

    fn vectors(
        &mut self,
        texts: &[String],
        advance: &mut dyn FnMut(usize),
    ) -> Result<Matrix, CorpusError> {
        let keys: Vec<Key> = texts.iter().map(|text| key_of(text)).collect();
        self.fill(texts, &keys, advance)?;
        let mut values = vec![0.0; texts.len() * self.dim()];
        for (key, vector) in keys.iter().zip(values.chunks_exact_mut(self.model.dim())) {
            self.log.get(key, vector)?;
        }
        Ok(Matrix::from_vec(values, self.dim())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pooling, tiny};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_text_is_computed_once() {
        let folder = tiny::folder(Pooling::Mean);
        let model = Model::load(folder.path()).unwrap();
        let log = folder.path().join("log");
        let plain = |texts: &[String]| {
            let options = EmbedOptions::default();
            model.embed(texts, &options, &mut |_| {}).unwrap()
        };
        let open = || Kept::open(&model, EmbedOptions::default(), &log).unwrap();
        let check = |kept: &mut Kept<'_>, all: &[String], expected: usize, computed: usize| {
            let mut done = 0;
            let vectors = kept.vectors(all, &mut |texts| done += texts).unwrap();
            assert_eq!((done, kept.computed()), (all.len(), computed));
            assert_eq!((vectors.n(), vectors.dim()), (expected, tiny::HIDDEN));
            vectors
        };
        let first = texts(&["the sun", "sun", "the sun", ""]);
        let mut kept = open();
        let vectors = check(&mut kept, &first, 4, 3);
        assert_eq!(vectors.row(0), plain(&first).row(0));
        assert_eq!(vectors.row(3), plain(&first).row(3));
        drop(kept);
        let changed = texts(&["the sun", "is out", ""]);
        let vectors = check(&mut open(), &changed, 3, 1);
        assert_eq!(vectors.row(1), plain(&changed).row(1));
    }

    #[test]
    fn who_is_stopped_keeps_what_was_computed_and_goes_on_with_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let made = tiny::folder(Pooling::Mean);
        let model = Model::load(made.path()).unwrap();
        let all: Vec<String> = (1..=12).map(|n| vec!["sun"; n].join(" ")).collect();
        let open = |name: &str| {
            let options = EmbedOptions {
                batch: 3,
                threads: Some(1),
                prefix: None,
            };
            Kept::open(&model, options, &folder.path().join(name)).unwrap()
        };
        let undisturbed = open("undisturbed").vectors(&all, &mut |_| {}).unwrap();
        let stop = AtomicBool::new(false);
        let mut kept = open("stopped").until(&stop);
        // What was in the log, none of it, is counted before the first batch is done.
        let mut told = 0;
        let mut stop_at_once = |texts: usize| {
            told += texts;
            stop.store(told > 0, Ordering::Relaxed);
        };
        let error = kept.vectors(&all, &mut stop_at_once).unwrap_err();
        assert!(matches!(error, CorpusError::Stopped), "{error}");
        assert_eq!(kept.computed(), 3);
        drop(kept);
        let mut kept = open("stopped");
        let resumed = kept.vectors(&all, &mut |_| {}).unwrap();
        assert_eq!(kept.computed(), 9);
        assert_eq!(resumed, undisturbed);
    }
}
