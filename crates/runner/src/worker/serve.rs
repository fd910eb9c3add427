//! The worker's loop.

use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
};

use annbench_index::{BuildJob, Index, IndexCard, Library, Registry, SearchSetup};
use annbench_store::{npy::MappedMatrix, results::Memory, results::Mode};
use annbench_vectors::{MatrixView, Neighbors};
use anyhow::{Context, Result};

use super::{
    Monotonic, answers, batch,
    memory::Gauge,
    one_by_one,
    protocol::{BuildRequest, MeasureRequest, Reply, Request},
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
    maps: HashMap<PathBuf, MappedMatrix>,
}

impl<W: Write> Worker<'_, W> {
    fn answer(&mut self, line: &str) -> Result<Reply> {
        let request = serde_json::from_str(line).context("read a request")?;
        match request {
            Request::Libraries => Ok(Reply::Libraries(self.libraries())),
            Request::Build(request) => self.build(request),
            Request::Load { path } => self.load(&path),
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
        self.index = Some(built.index);
        Ok(ready(&card, memory))
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
        self.index = Some(index);
        Ok(ready(&card, memory))
    }

    fn measure(&mut self, request: &MeasureRequest) -> Result<Reply> {
        if !self.maps.contains_key(&request.queries) {
            let queries = MappedMatrix::open(&request.queries)?;
            self.maps.insert(request.queries.clone(), queries);
        }
        let queries = self.maps[&request.queries].view();
        let index = self.index.as_mut().context("no index is built yet")?;
        let setup = SearchSetup {
            k: request.k,
            threads: request.threads,
        };
        let effective = index.configure(&request.search, setup)?;
        let mut neighbors = Neighbors::new(queries.n(), request.k);
        let latencies_ns = search(index.as_ref(), queries, request, &mut neighbors)?;
        answers::write(&request.answers, &latencies_ns, &neighbors)
            .with_context(|| format!("write {}", request.answers.display()))?;
        Ok(Reply::Measured { effective })
    }
}

fn search(
    index: &dyn Index,
    queries: MatrixView<'_>,
    request: &MeasureRequest,
    neighbors: &mut Neighbors,
) -> Result<Vec<u64>> {
    let clock = Monotonic::start();
    let warmup = queries.slice(0..request.warmup_queries.min(queries.n()));
    let mut warm = Neighbors::new(warmup.n(), request.k);
    // Written, not zeroed: see `Neighbors::new`.
    let mut latencies_ns = vec![u64::MAX; queries.n()];
    match request.mode {
        Mode::Single => {
            one_by_one(
                index,
                warmup,
                &mut warm,
                &mut latencies_ns[..warmup.n()],
                &clock,
            )?;
            one_by_one(index, queries, neighbors, &mut latencies_ns, &clock)?;
            Ok(latencies_ns)
        }
        Mode::Batch => {
            batch(index, warmup, &mut warm, &clock)?;
            Ok(vec![batch(index, queries, neighbors, &clock)?])
        }
    }
}

fn ready(card: &IndexCard, memory: Memory) -> Reply {
    Reply::Ready {
        train_s: card.train_s,
        add_s: card.add_s,
        memory,
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
