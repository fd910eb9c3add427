//! A folder of its own for each test, with data, results and cache.

use std::path::PathBuf;

use annbench_runner::{
    Experiment, Finished, Mistake, Plan, Prepared, Setup, Silent, Steering, Written, run,
};
use annbench_store::{
    Embeddings, WriteOptions,
    results::tables::{read_record, write_record},
    write_parquet,
};
use annbench_vectors::{Ids, Matrix};

use crate::backends::registry;

pub(crate) struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// A base of 100 vectors of 4 components, no two alike.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let values = (0..400u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32);
        let vectors = Matrix::from_vec(values.collect(), 4).unwrap();
        let base = Embeddings::new(vectors, Ids::Rows(100)).unwrap();
        let path = folder.path().join("base.parquet");
        write_parquet(&path, &base, &WriteOptions::default()).unwrap();
        Self { folder }
    }

    pub(crate) fn runs(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    /// Runs an experiment over these indexes: ten queries held out, three rounds.
    pub(crate) fn run(&self, indexes: &str) -> Finished {
        let written = self.written(indexes).unwrap();
        let data = self.prepare(&written).unwrap();
        let registry = registry();
        let plan = Plan::resolve(&written, &data, &registry).unwrap();
        let setup = Setup {
            registry: &registry,
            steering: Steering::default(),
            worker: (std::env::current_exe().unwrap(), vec!["worker".into()]),
            runs: self.runs(),
            cache: self.folder.path().join("cache"),
            fresh: false,
        };
        run(&written, &data, &plan, &setup, &mut Silent).unwrap()
    }

    /// Why an experiment is refused.
    pub(crate) fn refused(&self, indexes: &str) -> String {
        let written = match self.written(indexes) {
            Ok(written) => written,
            Err(mistake) => return mistake.to_string(),
        };
        let data = self.prepare(&written).unwrap();
        let plan = Plan::resolve(&written, &data, &registry());
        plan.map(|_| "was not refused").unwrap_err().to_string()
    }

    /// Makes a finished run look as if it had been cut off.
    pub(crate) fn unfinish(&self, finished: &Finished) {
        let path = finished.folder.join("run.json");
        let mut record = read_record(&path).unwrap();
        record.finished = None;
        write_record(&path, &record).unwrap();
    }

    fn written(&self, indexes: &str) -> Result<Written, Mistake> {
        let measure = match indexes.contains("[measure]") {
            true => "",
            false => "[measure]\nrounds = 3\n",
        };
        let text = format!(
            "name = \"test\"\nk = 5\n[dataset]\npath = \"base.parquet\"\nmetric = \"l2\"\n\
             queries.sample = 10\n{measure}{indexes}"
        );
        let path = self.folder.path().join("test.toml");
        std::fs::write(&path, text).unwrap();
        Experiment::load(&path, &[])
    }

    fn prepare(&self, written: &Written) -> anyhow::Result<Prepared> {
        Prepared::load(written, &self.folder.path().join("cache"), &mut Silent)
    }
}
