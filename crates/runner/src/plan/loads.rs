//! Modes with what there is to choose in them, spelt out.

use std::collections::BTreeSet;

use annbench_store::results::{Load, Mode};

use super::resolve::positive;
use crate::{
    experiment::{Counts, Mistake, Written},
    threads::all_threads,
};

/// Every load that the experiment asks for, each once, in the order of the modes.
pub(super) fn loads(written: &Written, n_queries: usize) -> Result<Vec<Load>, Mistake> {
    let measure = &written.experiment.measure;
    let modes: BTreeSet<Mode> = measure.modes.iter().copied().collect();
    if modes.is_empty() {
        let message = "no mode to measure; use [\"single\", \"batch\"]";
        return Err(written.places.mistake("measure.modes", message));
    }
    refuse_unused(written, &modes)?;
    let mut loads = BTreeSet::new();
    for mode in modes {
        loads.extend(of_mode(written, mode, n_queries)?);
    }
    Ok(loads.into_iter().collect())
}

/// A key of a mode that is not measured would be a wish that nobody heard.
fn refuse_unused(written: &Written, modes: &BTreeSet<Mode>) -> Result<(), Mistake> {
    let measure = &written.experiment.measure;
    let keys = [
        ("slo_p99", measure.slo_p99.is_some(), Mode::OpenLoop),
        ("working_set", measure.working_set.is_some(), Mode::Single),
    ];
    for (key, is_given, mode) in keys {
        if is_given && !modes.contains(&mode) {
            let message = format!("is of mode {0} alone; add \"{0}\" to modes", mode.name());
            return Err(written.places.mistake(&format!("measure.{key}"), message));
        }
    }
    Ok(())
}

fn of_mode(written: &Written, mode: Mode, n_queries: usize) -> Result<Vec<Load>, Mistake> {
    let measure = &written.experiment.measure;
    let threaded = |threads: Vec<usize>| {
        let load = |threads| Load::new(mode, threads);
        threads.into_iter().map(load).collect()
    };
    match mode {
        Mode::Single => {
            let mut loads = vec![Load::new(mode, 1)];
            loads.extend(working_sets(written, n_queries)?);
            Ok(loads)
        }
        Mode::Cold => Ok(threaded(vec![1])),
        Mode::Batch => {
            let threads = counts(written, "measure.threads", measure.threads.as_ref())?;
            Ok(threaded(threads.unwrap_or_else(|| vec![all_threads()])))
        }
        Mode::Concurrent => {
            let clients = counts(written, "measure.clients", measure.clients.as_ref())?;
            Ok(threaded(clients.unwrap_or_else(doubling)))
        }
        Mode::OpenLoop => arrivals(written),
    }
}

fn working_sets(written: &Written, n_queries: usize) -> Result<Vec<Load>, Mistake> {
    let key = "measure.working_set";
    let given = written.experiment.measure.working_set.as_ref();
    let sets = counts(written, key, given)?.unwrap_or_default();
    if let Some(distinct) = sets.iter().find(|&&distinct| distinct > n_queries) {
        let message = format!("{distinct} exceeds the {n_queries} queries; lower it");
        return Err(written.places.mistake(key, message));
    }
    let load = |distinct| Load {
        distinct_queries: Some(distinct),
        ..Load::new(Mode::Single, 1)
    };
    Ok(sets.into_iter().map(load).collect())
}

/// Given rates, and those to be found.
fn arrivals(written: &Written) -> Result<Vec<Load>, Mistake> {
    let measure = &written.experiment.measure;
    let open_loop = Load::new(Mode::OpenLoop, all_threads());
    let rates = counts(written, "measure.rates", measure.rates.as_ref())?;
    let given = rates.unwrap_or_default().into_iter().map(|rate| Load {
        rate_qps: Some(rate as u64),
        ..open_loop
    });
    let found = times_us(written)?.into_iter().map(|slo_p99_us| Load {
        slo_p99_us: Some(slo_p99_us),
        ..open_loop
    });
    let loads: Vec<Load> = given.chain(found).collect();
    if loads.is_empty() {
        let message = "mode open_loop needs rates or an slo; add rates = [1000, 2000], in queries a \
                       second, or slo_p99 = \"2ms\"";
        return Err(written.places.mistake("measure.modes", message));
    }
    Ok(loads)
}

/// The times under `slo_p99`, in microseconds.
fn times_us(written: &Written) -> Result<Vec<u64>, Mistake> {
    let key = "measure.slo_p99";
    let Some(times) = &written.experiment.measure.slo_p99 else {
        return Ok(Vec::new());
    };
    if times.as_slice().is_empty() {
        let message = "the list is empty; give it at least one value";
        return Err(written.places.mistake(key, message));
    }
    let time_us = |text: &String| {
        let time = humantime::parse_duration(text).map_err(|error| {
            let message = format!("{text:?} is no duration ({error}); write 2ms or 500us");
            written.places.mistake(key, message)
        })?;
        match u64::try_from(time.as_micros()) {
            Ok(time_us @ 1..=MOST_US) => Ok(time_us),
            _ => {
                let message = format!("{text:?} must lie between 1us and 1m");
                Err(written.places.mistake(key, message))
            }
        }
    };
    times.as_slice().iter().map(time_us).collect()
}

/// A trial at a rate lasts several times as long as the latency that is allowed.
const MOST_US: u64 = 60_000_000;

/// The numbers given under a key, all at least 1 and at least one of them.
fn counts(
    written: &Written,
    key: &str,
    counts: Option<&Counts>,
) -> Result<Option<Vec<usize>>, Mistake> {
    let Some(counts) = counts.map(Counts::as_slice) else {
        return Ok(None);
    };
    if counts.is_empty() {
        let message = "the list is empty; give it at least one value";
        return Err(written.places.mistake(key, message));
    }
    let counts = counts.iter().map(|&count| positive(written, key, count));
    counts.collect::<Result<_, _>>().map(Some)
}

/// 1, 2, 4 and so on, up to all threads of the machine.
fn doubling() -> Vec<usize> {
    let all = all_threads();
    let doubled = std::iter::successors(Some(1), |&clients| Some(clients * 2));
    let mut clients: Vec<usize> = doubled.take_while(|&clients| clients < all).collect();
    clients.push(all);
    clients
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_double_up_to_the_machine_and_end_with_it() {
        let clients = doubling();
        assert_eq!(clients.last(), Some(&all_threads()));
        assert!(clients.is_sorted_by(|a, b| a < b) && clients[0] == 1 || all_threads() == 1);
    }
}
