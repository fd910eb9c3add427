//! The worker's loop.

use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
};

use annbench_index::{BuildJob, Index, IndexCard, Library, Registry, SearchSetup};
use annbench_store::{
    npy::MappedMatrix,
    results::{InForce, Memory, Mode},
};
use annbench_vectors::MatrixView;
use anyhow::{Context, Result};

use super::{
    answers, cold,
    memory::Gauge,
    pinned::Pinned,
    protocol::{BuildRequest, MeasureRequest, Reply, Request},
    timed::search,
};

/// Serves requests until the input ends.
///
/// # Errors
/// Whatever reading and writing the two streams says; a request that cannot be met is answered
/// with [`Reply::Failed`] instead.
pub fn serve(input: impl BufRead, output: impl Write, registry: &Registry) -> io::Result<()> {
    let mut worker = Worker {
        registry,
        output,
        index: None,
        backend: String::new(),
        maps: HashMap::new(),
    };
    for line in input.lines() {
        let reply = match worker.answer(&line?) {
            Ok(reply) => reply,
            Err(error) => Reply::Failed {
                reason: format!("{error:#}"),
            },
        };
        send(&mut worker.output, &reply)?;
    }
    Ok(())
}

fn send(output: &mut impl Write, reply: &Reply) -> io::Result<()> {
    serde_json::to_writer(&mut *output, reply)?;
    output.write_all(b"\n")?;
    output.flush()
}

struct Worker<'a, W> {
    registry: &'a Registry,
    output: W,
    index: Option<Box<dyn Index>>,
    /// Name of its backend.
    backend: String,
    maps: HashMap<PathBuf, MappedMatrix>,
}

impl<W: Write> Worker<'_, W> {
    fn answer(&mut self, line: &str) -> Result<Reply> {
        let request = serde_json::from_str(line).context("read a request")?;
        match request {
            Request::Libraries => Ok(Reply::Libraries(self.libraries())),
            Request::Build(request) => self.build(request),
            Request::Load { path } => self.load(&path),
            Request::LoadCold { path } => self.load_cold(&path),
            Request::Measure(request) => self.measure(&request),
        }
    }

    fn libraries(&self) -> Vec<Library> {
        self.registry
            .iter()
            .map(|backend| backend.library())
            .collect()
    }

    fn build(&mut self, request: BuildRequest) -> Result<Reply> {
        let base = MappedMatrix::open(&request.base)?;
        touch(base.view());
        let gauge = Gauge::start();
        let mut card = request.card;
        let backend = self.registry.get(&card.backend)?;
        let output = &mut self.output;
        let mut job = BuildJob::with_progress(card.threads, card.seed, |progress| {
            // A coordinator that is gone is noticed at the next reply.
            let _ = send(output, &Reply::Progress(progress));
        })
        .alone();
        let built = backend.build(base.view(), card.metric, &card.params, &mut job)?;
        drop(job);
        let gain = gauge.gain();
        card.train_s = built.train.as_secs_f64();
        card.add_s = built.add.as_secs_f64();
        built.index.save(&request.index)?;
        card.write(&request.index)?;
        let memory = Memory {
            estimate_bytes: built.index.bytes_estimate(),
            serialized_bytes: Some(file_size(&request.index)?),
            rss_bytes: gain.rss_bytes,
            peak_rss_bytes: gain.peak_rss_bytes,
        };
        Ok(self.ready(built.index, &card, memory))
    }

    fn load(&mut self, path: &Path) -> Result<Reply> {
        let gauge = Gauge::start();
        let (index, card) = self.registry.open(path)?;
        let gain = gauge.gain();
        let memory = Memory {
            estimate_bytes: index.bytes_estimate(),
            serialized_bytes: Some(file_size(path)?),
            rss_bytes: gain.rss_bytes,
            peak_rss_bytes: gain.peak_rss_bytes,
        };
        Ok(self.ready(index, &card, memory))
    }

    fn load_cold(&mut self, path: &Path) -> Result<Reply> {
        let loaded = cold::load(self.registry, path)?;
        self.index = Some(loaded.index);
        self.backend = loaded.backend;
        Ok(Reply::LoadedCold {
            load_s: loaded.load_s,
            read_bytes: loaded.read_bytes,
        })
    }

    /// Takes an index that is there to be searched.
    fn ready(&mut self, index: Box<dyn Index>, card: &IndexCard, memory: Memory) -> Reply {
        let n = index.len();
        self.index = Some(index);
        self.backend = card.backend.clone();
        Reply::Ready {
            train_s: card.train_s,
            add_s: card.add_s,
            memory,
            n,
        }
    }

    fn measure(&mut self, request: &MeasureRequest) -> Result<Reply> {
        if !self.maps.contains_key(&request.queries) {
            let queries = MappedMatrix::open(&request.queries)?;
            touch(queries.view());
            self.maps.insert(request.queries.clone(), queries);
        }
        let queries = self.maps[&request.queries].view();
        let index = self.index.as_mut().context("no index is built yet")?;
        let setup = SearchSetup {
            k: request.k,
            threads: match request.load.mode {
                Mode::Batch => request.load.threads,
                Mode::Single | Mode::Concurrent | Mode::OpenLoop | Mode::Cold => 1,
            },
        };
        let pinned = pin(&request.cpus);
        let effective = index.configure(&request.search, setup)?;
        let timed = search(index.as_ref(), queries, request)?;
        let in_force = self.in_force(pinned, &request.cpus)?;
        answers::write(&request.answers, &timed.latencies_ns, &timed.neighbors)
            .with_context(|| format!("write {}", request.answers.display()))?;
        Ok(Reply::Measured {
            effective,
            elapsed_ns: timed.elapsed_ns,
            disturbance: timed.disturbance,
            repeat_speedup: timed.repeat_speedup,
            in_force,
        })
    }

    /// What the measurement that has just ended ran on.
    fn in_force(&self, pinned: io::Result<Option<Pinned>>, asked: &[usize]) -> Result<InForce> {
        let library = self.registry.get(&self.backend)?.library();
        let mut in_force = InForce {
            openmp_threads: library.openmp_threads,
            blas_threads: library.blas_threads,
            ..InForce::default()
        };
        match pinned.and_then(|pinned| pinned.map(|pinned| pinned.in_force()).transpose()) {
            Ok(None) => {}
            Ok(Some(cpus)) if cpus.iter().all(|cpu| asked.contains(cpu)) => in_force.cpus = cpus,
            Ok(Some(cpus)) => in_force.refused = Some(format!("threads could run on {cpus:?}")),
            Err(error) => in_force.refused = Some(error.to_string()),
        }
        Ok(in_force)
    }
}

/// Holds all threads to these CPUs, if there are any.
fn pin(cpus: &[usize]) -> io::Result<Option<Pinned>> {
    match cpus {
        [] => Ok(None),
        cpus => Pinned::to(cpus).map(Some),
    }
}

/// Reads every page of the base, so that the build is charged neither with the time nor with the
/// memory of bringing it in.
fn touch(base: MatrixView<'_>) {
    let a_page_apart = 4096 / size_of::<f32>();
    let sum: f32 = base.as_slice().iter().step_by(a_page_apart).sum();
    std::hint::black_box(sum);
}

fn file_size(path: &Path) -> Result<u64> {
    let metadata = std::fs::metadata(path);
    Ok(metadata
        .with_context(|| format!("read {}", path.display()))?
        .len())
}
