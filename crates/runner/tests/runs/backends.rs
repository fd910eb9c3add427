//! Backends that do what no real one should, and a plain one to compare with.

use std::{
    io::Write,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use annbench_index::{
    Adjustment, Backend, BaseFacts, BuildError, BuildJob, BuildPhase, Built, ConfigureError,
    Library, LoadError, NullBackend, ParamError, Registry, Resolved, SaveError, SearchError,
    SearchSetup, TypedIndex,
};
use annbench_vectors::{Matrix, MatrixView, Metric, NeighborsMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) fn registry() -> Registry {
    let registry = Registry::new().with(NullBackend).with(Mock("mock"));
    registry.with(Mock("exact"))
}

/// Brute force, with a way to go wrong, under any name.
pub(crate) struct Mock(&'static str);

/// How the mock behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MockBuild {
    /// What goes wrong in the build: nothing, refuse, needs FILE (refuses until it is there), forget (nothing
    /// is indexed), or one of [`fall`]'s.
    build: String,
    /// What goes wrong in a search: nothing, refuse, waver (every third one is reversed), stray (an id
    /// that was never given), stutter (one id twice), or one of
    /// [`fall`]'s; with ` at SHARE` behind it, only at that share.
    trouble: String,
    /// A file that a worker writes its process id to, and keeps locked while it hangs in a build.
    watch: String,
    /// Whether it says that it is exact.
    exact: bool,
    /// Bytes that make the index larger on disk.
    padding: usize,
    /// Halved where it exceeds a tenth of the base.
    #[schemars(range(min = 1))]
    cells: usize,
}

impl Default for MockBuild {
    fn default() -> Self {
        Self {
            build: "nothing".into(),
            trouble: "nothing".into(),
            watch: String::new(),
            exact: true,
            padding: 0,
            cells: 1,
        }
    }
}

/// How much of the base to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MockSearch {
    /// Share of the base to look at; raising it buys recall and costs time.
    #[schemars(range(min = 0.0, max = 1.0))]
    share: f64,
}

impl Default for MockSearch {
    fn default() -> Self {
        Self { share: 1.0 }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MockIndex {
    values: Vec<f32>,
    dim: usize,
    metric: Metric,
    trouble: String,
    padding: String,
    share: f64,
    #[serde(skip)]
    searches: AtomicUsize,
}

impl Backend for Mock {
    type Build = MockBuild;
    type Search = MockSearch;
    type Index = MockIndex;

    fn name(&self) -> &'static str {
        self.0
    }

    fn summary(&self) -> &'static str {
        "brute force that can go wrong"
    }

    fn library(&self) -> Library {
        Library {
            name: "mock".into(),
            version: "1".into(),
            ..Library::default()
        }
    }

    fn is_exact(&self, build: &MockBuild) -> bool {
        build.exact
    }

    fn resolve(
        &self,
        mut build: MockBuild,
        base: BaseFacts,
    ) -> Result<Resolved<MockBuild>, ParamError> {
        if build.cells > base.n {
            return Err(ParamError::Refused {
                key: "cells".into(),
                value: build.cells.into(),
                problem: format!("exceeds the {} base vectors", base.n),
                remedy: "lower cells".into(),
            });
        }
        let requested = build.cells;
        if requested * 10 <= base.n {
            return Ok(Resolved::unchanged(build));
        }
        build.cells /= 2;
        let adjustment = Adjustment {
            key: "cells".into(),
            requested: requested.into(),
            effective: build.cells.into(),
            reason: "the base is small".into(),
        };
        Ok(Resolved {
            params: build,
            adjustments: vec![adjustment],
        })
    }

    fn check_search(&self, _: &MockBuild, _: &MockSearch, _: BaseFacts) -> Result<(), ParamError> {
        Ok(())
    }

    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        params: &MockBuild,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<MockIndex>, BuildError> {
        let needs = params.build.strip_prefix("needs ").map(Path::new);
        if params.build == "refuse" || needs.is_some_and(|file| !file.exists()) {
            return Err(BuildError::Library {
                doing: "add",
                reason: "the mock refuses".into(),
            });
        }
        let _watched = (!params.watch.is_empty()).then(|| {
            let mut file = std::fs::File::create(&params.watch).unwrap();
            file.lock().unwrap();
            write!(file, "{}", std::process::id()).unwrap();
            job.report(BuildPhase::Train, 1, 1);
            file
        });
        fall(&params.build);
        job.report(BuildPhase::Add, base.n(), base.n());
        let index = MockIndex {
            values: match params.build.as_str() {
                "forget" => Vec::new(),
                _ => base.as_slice().to_vec(),
            },
            dim: base.dim(),
            metric,
            trouble: params.trouble.clone(),
            padding: "x".repeat(params.padding),
            share: 1.0,
            searches: AtomicUsize::new(0),
        };
        Ok(Built {
            index,
            train: Duration::from_millis(1),
            // No two builds take the same time.
            add: Duration::from_nanos(2_000_000 + u64::from(std::process::id())),
        })
    }

    fn load(&self, path: &Path, _: Metric) -> Result<MockIndex, LoadError> {
        let json = std::fs::read(path).map_err(|source| LoadError::Io {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&json).map_err(|error| LoadError::Library {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    }
}

/// Ends this process, or keeps it from ever ending, in the way named; any other name does nothing.
fn fall(how: &str) {
    match how {
        "abort" => {
            eprintln!("mock: about to abort");
            std::process::abort();
        }
        "hang" => loop {
            std::thread::park();
        },
        // What the kernel does to a process for want of memory, and for a bad address.
        "kill" => signal_itself("KILL"),
        "segfault" => signal_itself("SEGV"),
        _ => {}
    }
}

#[cfg(unix)]
fn signal_itself(name: &str) {
    use rustix::process::{Signal, getpid, kill_process};
    let signal = match name {
        "KILL" => Signal::KILL,
        _ => Signal::SEGV,
    };
    // Rust's own handler takes the first SIGSEGV and leaves the second to the kernel.
    for _ in 0..2 {
        kill_process(getpid(), signal).unwrap();
    }
}

#[cfg(not(unix))]
fn signal_itself(_: &str) {
    std::process::abort();
}

impl MockIndex {
    fn base(&self) -> Matrix {
        Matrix::from_vec(self.values.clone(), self.dim).unwrap()
    }

    fn best(&self, query: &[f32], reversed: bool) -> Vec<(u64, f32)> {
        let base = self.base();
        let looked_at = (self.share * base.n() as f64) as usize;
        let mut pairs: Vec<(u64, f64)> = base
            .rows()
            .take(looked_at)
            .enumerate()
            .map(|(row, vector)| (row as u64, self.metric.score(vector, query)))
            .collect();
        pairs.sort_by(|a, b| self.metric.nearer_first(a.1, b.1));
        if reversed {
            pairs.reverse();
        }
        let pairs = pairs.into_iter();
        pairs.map(|(row, score)| (row, score as f32)).collect()
    }
}

impl TypedIndex for MockIndex {
    type Search = MockSearch;

    fn configure(
        &mut self,
        params: &MockSearch,
        _: SearchSetup,
    ) -> Result<MockSearch, ConfigureError> {
        self.share = params.share;
        Ok(params.clone())
    }

    fn search(
        &self,
        queries: MatrixView<'_>,
        out: &mut NeighborsMut<'_>,
    ) -> Result<(), SearchError> {
        SearchError::check_shapes(queries, self.dim, out)?;
        let (trouble, share) = self
            .trouble
            .split_once(" at ")
            .unwrap_or((&self.trouble, ""));
        if share.is_empty() || share == self.share.to_string() {
            match trouble {
                "refuse" => return Err(SearchError::Library("the mock refuses".into())),
                trouble => fall(trouble),
            }
        }
        let earlier = self.searches.fetch_add(1, Ordering::Relaxed);
        let reversed = self.trouble == "waver" && earlier.is_multiple_of(3);
        for (query_idx, query) in queries.rows().enumerate() {
            let mut best = self.best(query, reversed);
            match trouble {
                "stray" => best[0].0 = 1_000_000,
                "stutter" => best[1].0 = best[0].0,
                _ => {}
            }
            out.fill(query_idx, best);
        }
        Ok(())
    }

    fn save(&self, path: &Path) -> Result<(), SaveError> {
        std::fs::write(path, serde_json::to_vec(self).unwrap()).map_err(|source| SaveError::Io {
            path: path.to_owned(),
            source,
        })
    }

    fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn bytes_estimate(&self) -> Option<u64> {
        Some(4 * self.values.len() as u64)
    }
}
