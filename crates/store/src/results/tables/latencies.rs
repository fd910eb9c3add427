//! `latencies.hlog`: the distribution of latencies at each point and load, as HdrHistogram's own
//! tools read it.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{
        Deserializer, V2DeflateSerializer,
        interval_log::{IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag},
    },
};
use serde::{Deserialize, Serialize};

use super::{READ, TableError, io_error};
use crate::{atomic, results::Load};

/// Decimal digits to which a latency is kept.
const DIGITS: u8 = 3;

/// Nanoseconds in the unit of the log's column of maxima, milliseconds.
const NS_PER_MS: f64 = 1e6;

/// The latencies of one point under one load, all rounds together.
#[derive(Debug, Clone, PartialEq)]
pub struct PointLatencies {
    /// Number of the point in the plan.
    pub point: usize,
    /// How queries were offered.
    pub load: Load,
    /// Latencies in nanoseconds, in any order.
    pub latencies_ns: Vec<u64>,
    /// How long all rounds took.
    pub elapsed: Duration,
}

impl PointLatencies {
    /// What tells this entry of the log from others.
    pub fn tag(&self) -> String {
        latency_tag(self.point, self.load)
    }
}

/// What tells the entry of a point and load from others: `3:open_loop;500_qps;2_threads`.
pub fn latency_tag(point: usize, load: Load) -> String {
    let load = load.to_string();
    let load = load.replace(", ", ";").replace(' ', "_");
    format!("{point}:{load}")
}

/// An entry of the log: how often each latency was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyHistogram {
    /// Which point and load it is of; see [`latency_tag`].
    pub tag: String,
    /// Latencies in nanoseconds to three digits, ascending, with how often each was measured.
    pub counts: Vec<(u64, u64)>,
}

/// Writes an HdrHistogram interval log (format V2, compressed) of a run that began at `started`, an
/// entry with a tag of its own for each point and load; values are nanoseconds, to three digits.
///
/// # Errors
/// [`TableError`] if the file cannot be written.
pub fn write_latencies(
    path: &Path,
    started: SystemTime,
    all: impl IntoIterator<Item = PointLatencies>,
) -> Result<(), TableError> {
    let bytes = encode(started, all).map_err(|problem| TableError::Histogram {
        path: path.into(),
        problem,
    })?;
    atomic::write_atomic(path, &bytes).map_err(io_error("write", path))
}

fn encode(
    started: SystemTime,
    all: impl IntoIterator<Item = PointLatencies>,
) -> Result<Vec<u8>, String> {
    let (mut bytes, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    let mut builder = IntervalLogWriterBuilder::new();
    let mut log = builder
        .add_comment("[Histogram log format version 1.3]")
        .add_comment("Latencies in nanoseconds; a tag is POINT:LOAD, as in points.parquet.")
        .with_start_time(started)
        .with_base_time(started)
        .with_max_value_divisor(NS_PER_MS)
        .begin_log_with(&mut bytes, &mut serializer)
        .map_err(|error| error.to_string())?;
    for one in all {
        let histogram = histogram(&one.latencies_ns).map_err(|error| error.to_string())?;
        let tag = one.tag();
        log.write_histogram(&histogram, Duration::ZERO, one.elapsed, Tag::new(&tag))
            .map_err(|error| error.to_string())?;
    }
    Ok(bytes)
}

/// Reads what [`write_latencies`] wrote; nothing where there is no such file.
///
/// # Errors
/// [`TableError`] if the file cannot be read or is no such log.
pub fn read_latencies(path: &Path) -> Result<Vec<LatencyHistogram>, TableError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = std::fs::read(path).map_err(io_error(READ, path))?;
    decode(&bytes).map_err(|problem| TableError::Histogram {
        path: path.into(),
        problem,
    })
}

fn decode(bytes: &[u8]) -> Result<Vec<LatencyHistogram>, String> {
    let mut decoder = Deserializer::new();
    let mut all = Vec::new();
    for entry in IntervalLogIterator::new(bytes) {
        let entry = entry.map_err(|error| format!("{error:?}"))?;
        if let LogEntry::Interval(interval) = entry {
            let encoded = BASE64_STANDARD.decode(interval.encoded_histogram());
            let encoded = encoded.map_err(|error| error.to_string())?;
            let histogram: Histogram<u64> = decoder
                .deserialize(&mut encoded.as_slice())
                .map_err(|error| error.to_string())?;
            let counts = histogram.iter_recorded();
            all.push(LatencyHistogram {
                tag: interval.tag().map_or("", |tag| tag.as_str()).to_owned(),
                counts: counts
                    .map(|step| (step.value_iterated_to(), step.count_at_value()))
                    .collect(),
            });
        }
    }
    Ok(all)
}

fn histogram(latencies_ns: &[u64]) -> Result<Histogram<u64>, Box<dyn std::error::Error>> {
    // Grows by itself to hold what comes.
    let mut histogram = Histogram::new(DIGITS)?;
    for &latency_ns in latencies_ns {
        histogram.record(latency_ns)?;
    }
    Ok(histogram)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::results::Mode;

    fn latencies(latencies_ns: Vec<u64>, load: Load) -> PointLatencies {
        PointLatencies {
            point: 3,
            load,
            latencies_ns,
            elapsed: Duration::from_millis(1_500),
        }
    }

    #[test]
    fn every_load_has_a_tag_that_a_log_can_hold() {
        let open_loop = Load::new(Mode::OpenLoop, 2);
        for (load, expected) in [
            (Load::new(Mode::Single, 1), "3:single"),
            (Load::new(Mode::Concurrent, 4), "3:concurrent;4_clients"),
            (
                Load {
                    rate_qps: Some(500),
                    ..open_loop
                },
                "3:open_loop;500_qps;2_threads",
            ),
            (
                Load {
                    slo_p99_us: Some(1_500),
                    ..open_loop
                },
                "3:open_loop;p99<1.5ms;2_threads",
            ),
        ] {
            let one = latencies(vec![1], load);
            assert_eq!(one.tag(), expected);
            assert!(Tag::new(&one.tag()).is_some());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_log_reads_back_to_three_digits(
            mut samples in vec(0u64..100_000_000_000, 1..300),
        ) {
            let load = Load::new(Mode::Single, 1);
            let bytes = encode(SystemTime::UNIX_EPOCH, [latencies(samples.clone(), load)]).unwrap();
            let found = decode(&bytes).unwrap();
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(&found[0].tag, "3:single");
            let counts = found[0].counts.iter();
            let read: Vec<u64> = counts.flat_map(|&(ns, count)| vec![ns; count as usize]).collect();
            prop_assert_eq!(read.len(), samples.len());
            samples.sort_unstable();
            for (&read, &exact) in read.iter().zip(&samples) {
                prop_assert!(read.abs_diff(exact) as f64 <= 0.001 * exact as f64 + 1.0, "{} {}", read, exact);
            }
        }
    }

    #[test]
    fn a_log_of_nothing_is_a_log() {
        let bytes = encode(SystemTime::UNIX_EPOCH, []).unwrap();
        assert_eq!(decode(&bytes), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_log_is_refused_and_what_is_not_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latencies.hlog");
        assert_eq!(read_latencies(&path).unwrap(), []);
        std::fs::write(&path, "Tag=1:single,0.0,1.0,2.0,no base64!\n").unwrap();
        let message = read_latencies(&path).unwrap_err().to_string();
        assert!(message.contains("make no histogram"), "{message}");
    }
}
