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
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    Disturbance, Monotonic, answers, batch,
    disturbance::Watch,
    memory::Gauge,
    one_by_one,
    protocol::{BuildRequest, MeasureRequest, Reply, Request},
    serving::Service,
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
            threads: match request.load.mode {
                Mode::Batch => request.load.threads,
                Mode::Single | Mode::Concurrent | Mode::OpenLoop => 1,
            },
        };
        let effective = index.configure(&request.search, setup)?;
        let timed = search(index.as_ref(), queries, request)?;
        answers::write(&request.answers, &timed.latencies_ns, &timed.neighbors)
            .with_context(|| format!("write {}", request.answers.display()))?;
        Ok(Reply::Measured {
            effective,
            elapsed_ns: timed.elapsed_ns,
            disturbance: timed.disturbance,
        })
    }
}

/// What was timed.
struct Timed {
    /// One a query, or one in all in mode batch.
    latencies_ns: Vec<u64>,
    neighbors: Neighbors,
    elapsed_ns: u64,
    disturbance: Disturbance,
}

fn search(index: &dyn Index, queries: MatrixView<'_>, request: &MeasureRequest) -> Result<Timed> {
    let clock = Monotonic::start();
    warm_up(index, queries, request, &clock)?;
    let mut neighbors = Neighbors::new(queries.n(), request.k);
    // Written, not zeroed: see `Neighbors::new`.
    let mut latencies_ns = vec![u64::MAX; queries.n()];
    let arrivals_ns = arrivals_ns(request, queries.n())?;
    let watch = Watch::start();
    let elapsed_ns = match request.load.mode {
        Mode::Single => {
            one_by_one(index, queries, &mut neighbors, &mut latencies_ns, &clock)?;
            latencies_ns.iter().sum()
        }
        Mode::Batch => {
            latencies_ns = vec![batch(index, queries, &mut neighbors, &clock)?];
            latencies_ns[0]
        }
        Mode::Concurrent | Mode::OpenLoop => {
            let service = Service {
                index,
                queries,
                threads: request.load.threads,
                k: request.k,
                arrivals_ns: arrivals_ns.as_deref(),
                clock: &clock,
            };
            let served = service.run()?;
            (neighbors, latencies_ns) = (served.neighbors, served.latencies_ns);
            served.elapsed_ns
        }
    };
    Ok(Timed {
        latencies_ns,
        neighbors,
        elapsed_ns,
        disturbance: watch.stop(),
    })
}

fn warm_up(
    index: &dyn Index,
    queries: MatrixView<'_>,
    request: &MeasureRequest,
    clock: &Monotonic,
) -> Result<()> {
    let queries = queries.slice(0..request.warmup_queries.min(queries.n()));
    let mut neighbors = Neighbors::new(queries.n(), request.k);
    match request.load.mode {
        Mode::Batch => {
            batch(index, queries, &mut neighbors, clock)?;
        }
        _ => {
            let mut latencies_ns = vec![u64::MAX; queries.n()];
            one_by_one(index, queries, &mut neighbors, &mut latencies_ns, clock)?;
        }
    }
    Ok(())
}

/// When queries are due in mode open loop: as independent of each other as those of many users, so
/// that the times between them are exponential (a Poisson process).
fn arrivals_ns(request: &MeasureRequest, n_queries: usize) -> Result<Option<Vec<u64>>> {
    if request.load.mode != Mode::OpenLoop {
        return Ok(None);
    }
    let rate_qps = request
        .load
        .rate_qps
        .context("mode open_loop without a rate")? as f64;
    let mut random = ChaCha8Rng::seed_from_u64(request.arrivals_seed);
    let mut due_s = 0.0;
    let mut next = || {
        due_s -= (1.0 - random.random::<f64>()).ln() / rate_qps;
        (due_s * 1e9) as u64
    };
    Ok(Some((0..n_queries).map(|_| next()).collect()))
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

#[cfg(test)]
mod tests {
    use annbench_index::Params;
    use annbench_store::results::Load;

    use super::*;

    fn arrivals(rate_qps: Option<u64>, seed: u64) -> Result<Option<Vec<u64>>> {
        let request = MeasureRequest {
            queries: PathBuf::new(),
            k: 1,
            load: Load {
                mode: Mode::OpenLoop,
                threads: 1,
                rate_qps,
            },
            arrivals_seed: seed,
            search: Params::new(),
            warmup_queries: 0,
            answers: PathBuf::new(),
        };
        arrivals_ns(&request, 10_000)
    }

    #[test]
    fn arrivals_keep_their_rate_and_are_as_irregular_as_chance() {
        let arrivals_ns = arrivals(Some(1_000), 7).unwrap().unwrap();
        assert!(arrivals_ns.is_sorted());
        let gaps: Vec<f64> = arrivals_ns
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64)
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Both are a million ns; of 10,000 gaps they are known to 1 and 1.4 percent.
        assert!((mean / 1e6 - 1.0).abs() < 0.04, "{mean}");
        assert!((variance.sqrt() / 1e6 - 1.0).abs() < 0.06, "{variance}");
        assert_ne!(arrivals(Some(1_000), 8).unwrap().unwrap(), arrivals_ns);
    }

    #[test]
    fn arrivals_without_a_rate_are_refused() {
        assert!(arrivals(None, 7).is_err());
    }
}
