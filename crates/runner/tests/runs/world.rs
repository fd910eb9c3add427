//! A folder of its own for each test, with data, results and cache; and what a run leaves there.

use std::path::{Path, PathBuf};

use annbench_index::Registry;
use annbench_runner::{
    Experiment, Finished, Mistake, Observer, Plan, Prepared, Setup, Silent, Steering, Stop,
    Written, run,
};
use annbench_store::{
    Embeddings, WriteOptions,
    results::{
        RunRecord, Warning,
        tables::{read_record, write_record},
    },
    write_parquet,
};
use annbench_vectors::{Ids, Matrix};

use crate::backends::registry;

pub(crate) struct World {
    path: PathBuf,
    /// Removed with the world, unless that belongs to another process.
    _folder: Option<tempfile::TempDir>,
}

/// How a run is to go.
pub(crate) struct Going<'a> {
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) stop: Stop,
    pub(crate) fresh: bool,
    pub(crate) rebuild: bool,
    pub(crate) is_repetition: bool,
}

impl<'a> Going<'a> {
    pub(crate) fn on(observer: &'a mut dyn Observer) -> Self {
        Self {
            observer,
            stop: Stop::default(),
            fresh: false,
            rebuild: false,
            is_repetition: false,
        }
    }
}

/// Is told and keeps the notes.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Vec<String>);

impl Observer for Notes {
    fn begin(&mut self, _: &str, _: Option<u64>) {}
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn note(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
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
        Self {
            path: folder.path().to_owned(),
            _folder: Some(folder),
        }
    }

    /// The world that another process has made.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self {
            path,
            _folder: None,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn runs(&self) -> PathBuf {
        self.path.join("runs")
    }

    /// Runs an experiment over these indexes: ten queries held out, three rounds.
    pub(crate) fn run(&self, indexes: &str) -> Finished {
        self.write(indexes);
        self.go(Going::on(&mut Silent)).unwrap()
    }

    /// Runs what was written last.
    pub(crate) fn go(&self, going: Going<'_>) -> anyhow::Result<Finished> {
        let written = self.read()?;
        let data = self.prepare(&written)?;
        let registry = registry();
        let plan = Plan::resolve(&written, &data, &registry)?;
        let setup = Setup {
            is_repetition: going.is_repetition,
            ..self.setup(&registry, going.stop, going.fresh, going.rebuild)?
        };
        run(&written, &data, &plan, &setup, going.observer)
    }

    pub(crate) fn setup<'a>(
        &self,
        registry: &'a Registry,
        stop: Stop,
        fresh: bool,
        rebuild: bool,
    ) -> anyhow::Result<Setup<'a>> {
        Ok(Setup {
            registry,
            steering: Steering::default(),
            worker: (std::env::current_exe()?, vec!["worker".into()]),
            runs: self.runs(),
            cache: self.path.join("cache"),
            fresh,
            rebuild,
            is_repetition: false,
            stop,
        })
    }

    /// Why an experiment is refused.
    pub(crate) fn refused(&self, indexes: &str) -> String {
        self.write(indexes);
        let written = match self.read() {
            Ok(written) => written,
            Err(mistake) => return mistake.to_string(),
        };
        let data = self.prepare(&written).unwrap();
        let plan = Plan::resolve(&written, &data, &registry());
        plan.map(|_| "was not refused").unwrap_err().to_string()
    }

    /// Makes a finished run look as if it had been cut off.
    pub(crate) fn unfinish(&self, finished: &Finished) {
        self.change(finished, |record| record.finished = None);
    }

    /// Changes the record of a finished run.
    pub(crate) fn change(&self, finished: &Finished, change: impl FnOnce(&mut RunRecord)) {
        let path = finished.folder.join("run.json");
        let mut record = read_record(&path).unwrap();
        change(&mut record);
        write_record(&path, &record).unwrap();
    }

    /// The journal of the run that got furthest, line by line.
    pub(crate) fn journal(&self) -> Vec<String> {
        let runs = std::fs::read_dir(self.runs().join("test"))
            .into_iter()
            .flatten();
        let journals = runs.map(|run| run.unwrap().path().join("journal.jsonl"));
        let texts = journals.filter_map(|path| std::fs::read_to_string(path).ok());
        let longest = texts.max_by_key(String::len).unwrap_or_default();
        let whole = longest.rfind('\n').map_or("", |end| &longest[..end]);
        whole.lines().map(str::to_owned).collect()
    }

    pub(crate) fn write(&self, indexes: &str) {
        let measure = match indexes.contains("[measure]") {
            true => "",
            false => "[measure]\nrounds = 3\n",
        };
        let text = format!(
            "name = \"test\"\nk = 5\n[dataset]\npath = \"base.parquet\"\nmetric = \"l2\"\n\
             queries.sample = 10\n{measure}{indexes}"
        );
        std::fs::write(self.path.join("test.toml"), text).unwrap();
    }

    pub(crate) fn read(&self) -> Result<Written, Mistake> {
        Experiment::load(&self.path.join("test.toml"), &[])
    }

    pub(crate) fn prepare(&self, written: &Written) -> anyhow::Result<Prepared> {
        Prepared::load(written, &self.path.join("cache"), &mut Silent)
    }
}

/// All that a run found, but for times and where the indexes came from.
/// Whether another run of the same plan may do without it.
fn is_of_time(warning: &Warning) -> bool {
    matches!(
        warning,
        Warning::Trend { .. }
            | Warning::Disturbed { .. }
            | Warning::PageFaults { .. }
            | Warning::Preempted { .. }
            | Warning::ClockMoved { .. }
    )
}

pub(crate) fn but_for_times(finished: &Finished) -> String {
    let mut builds = finished.builds.clone();
    for build in &mut builds {
        (build.train_s, build.add_s) = (0.0, 0.0);
        (build.memory, build.from_cache) = (Default::default(), false);
        let is_told = |warning: &Warning| !matches!(warning, Warning::FromCache { .. });
        build.warnings.retain(is_told);
    }
    let mut points = finished.points.clone();
    for point in &mut points {
        (point.qps, point.latency_us, point.repay) = (None, None, None);
        (point.tier, point.settled, point.spread) = (None, None, Default::default());
        point.ties.clear();
        point.warnings.retain(|warning| !is_of_time(warning));
        point.rounds_s.fill(0.0);
    }
    let mut queries = finished.queries.clone();
    for query in &mut queries {
        query.latency_ns = query.latency_ns.map(|_| 0);
    }
    format!("{builds:#?}\n{points:#?}\n{queries:#?}")
}
